import Kernel
package import SQL

/// A column that a crawl found.
package struct CrawledColumn: Hashable, Sendable, Codable {
  /// In lower case, as the catalog keeps it.
  package var name: String
  /// Hive's text of the type.
  package var type: String

  package init(_ name: String, _ type: HiveType) {
    self.name = name
    self.type = type.settled.description
  }

  init(name: String, type: String) {
    self.name = name
    self.type = type
  }
}

/// How the rows of a file are written.
package struct FileFormat: Hashable, Sendable, Codable {
  package enum Rows: Hashable, Sendable, Codable {
    case parquet, orc
    case avro
    /// Documents by lines; `path` is the custom classifier's.
    case json(path: String?)
    /// Text without quotation marks, read by LazySimpleSerDe.
    case delimited(String)
    /// Text with quotation marks, read by OpenCSVSerde.
    case quoted(delimiter: String, quote: String)
    case grok(pattern: String, custom: String?)
  }

  /// `parquet`, `json`, `csv` …, or what a custom classifier says.
  package var classification: String
  /// `none`, `gzip`, `bzip2`; within a columnar file its own matter and `none` here.
  var compression = "none"
  var rows: Rows
  /// The first line of each file names the columns.
  var hasHeader = false

  package init(classification: String, compression: String = "none", rows: Rows, hasHeader: Bool = false) {
    self.classification = classification
    self.compression = compression
    self.rows = rows
    self.hasHeader = hasHeader
  }
}

/// What a file says of its rows.
package struct FileSchema: Hashable, Sendable {
  package var format: FileFormat
  package var columns: [CrawledColumn]

  package init(format: FileFormat, columns: [CrawledColumn]) {
    self.format = format
    self.columns = columns
  }

  /// Whether files of both can be files of one table at all.
  func isCompatible(with other: FileSchema) -> Bool { format == other.format }

  /// Whether both are taken for one table's without being told so: the same format, and most columns shared.
  ///
  /// Source: AWS Glue, "How does a crawler determine when to create partitions": schemas that are similar.
  func isSimilar(to other: FileSchema) -> Bool {
    guard isCompatible(with: other) else { return false }
    if columns == other.columns { return true }
    let (mine, theirs) = (Set(columns.map(\.name)), Set(other.columns.map(\.name)))
    let shared = mine.intersection(theirs).count
    return Double(2 * shared) >= CrawlLimits.similarity * Double(mine.count + theirs.count)
  }

  /// Takes in the columns of another file of the same table.
  mutating func merge(_ other: FileSchema) {
    guard columns != other.columns else { return }
    columns = ColumnMerge.merged(columns, other.columns)
  }
}

/// What can be counted of files.
package struct FileCounts: Hashable, Sendable {
  var objects: Int64 = 0
  /// As stored.
  var bytes: Int64 = 0
  /// Rows; of text, as many as the lines that were read let expect.
  var records: Int64 = 0

  package init(objects: Int64 = 0, bytes: Int64 = 0, records: Int64 = 0) {
    self.objects = objects
    self.bytes = bytes
    self.records = records
  }

  static func += (left: inout FileCounts, right: FileCounts) {
    left.objects = left.objects.saturatingAdd(right.objects)
    left.bytes = left.bytes.saturatingAdd(right.bytes)
    left.records = left.records.saturatingAdd(right.records)
  }
}

/// How the types of one column in several files become one: `int` with `double` gives `double`, structs merge, text
/// wins over all else.
enum ColumnMerge {
  static func merged(_ left: [CrawledColumn], _ right: [CrawledColumn]) -> [CrawledColumn] {
    var columns = left
    var places = Dictionary(left.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for column in right {
      guard let place = places[column.name] else {
        guard columns.count < CrawlLimits.columnsMax else { continue }
        places[column.name] = columns.count
        columns.append(column)
        continue
      }
      guard columns[place].type != column.type else { continue }
      let types = ((try? HiveType.parse(columns[place].type)) ?? .string, (try? HiveType.parse(column.type)) ?? .string)
      columns[place] = CrawledColumn(column.name, types.0.merged(with: types.1))
    }
    return columns
  }
}

extension HiveType {
  /// Stands for the type of values that were all null: any other type takes its place.
  package static let unseen = HiveType.union([])

  /// Without `unseen`: what was never seen is text.
  package var settled: HiveType {
    switch self {
    case .union(let types) where types.isEmpty: .string
    case .array(let element): .array(element.settled)
    case .map(let key, let value): .map(key.settled, value.settled)
    case .structure(let fields): .structure(fields.map { Field($0.name, $0.type.settled) })
    default: self
    }
  }

  private var integerRank: Int? {
    switch self {
    case .tinyint: 1
    case .smallint: 2
    case .int: 3
    case .bigint: 4
    default: nil
    }
  }

  package func merged(with other: HiveType) -> HiveType {
    if self == other || other == .unseen { return self }
    if self == .unseen { return other }
    if let left = integerRank, let right = other.integerRank { return left >= right ? self : other }
    switch (self, other) {
    case (.structure(let left), .structure(let right)): return .structure(Self.merged(left, right))
    case (.array(let left), .array(let right)): return .array(left.merged(with: right))
    case (.map(let key, let value), .map(let otherKey, let otherValue)):
      return .map(key.merged(with: otherKey), value.merged(with: otherValue))
    case (.decimal(let precision, let scale), .decimal(let otherPrecision, let otherScale)):
      let digits = max(precision - scale, otherPrecision - otherScale)
      let common = max(scale, otherScale)
      return digits + common <= 38 ? .decimal(precision: digits + common, scale: common) : .double
    case (.date, .timestamp), (.timestamp, .date): return .timestamp
    case _ where isNumber && other.isNumber: return .double
    default: return .string
    }
  }

  private var isNumber: Bool {
    switch self {
    case .float, .double, .decimal: true
    default: integerRank != nil
    }
  }

  private static func merged(_ left: [Field], _ right: [Field]) -> [Field] {
    var fields = left
    var places = Dictionary(
      left.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    for field in right {
      if let place = places[field.name.lowercased()] {
        fields[place].type = fields[place].type.merged(with: field.type)
      } else if fields.count < CrawlLimits.columnsMax {
        places[field.name.lowercased()] = fields.count
        fields.append(field)
      }
    }
    return fields
  }
}
