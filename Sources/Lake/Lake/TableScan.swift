public import LakeFiles
public import SQL

/// Turns a catalog table and the files chosen for a query into a relation of the engine: one `SELECT` that gives
/// the table's columns, as the table's types, whatever each file holds.
public struct TableScan: Sendable {
  public struct Column: Hashable, Sendable {
    /// In lower case.
    public var name: String
    public var type: HiveType

    public init(_ name: String, _ type: HiveType) {
      self.name = name
      self.type = type
    }
  }

  public struct File: Hashable, Sendable {
    public var path: LakePath
    public var bytes: Int64
    /// Changes with every version of the object: its ETag. Empty where it is not known.
    public var tag: String

    public init(path: LakePath, bytes: Int64, tag: String = "") {
      self.path = path
      self.bytes = bytes
      self.tag = tag
    }
  }

  /// Files that share their partition's values; of a table without partition keys, all files and no values.
  public struct Partition: Hashable, Sendable {
    public var values: [String?]
    public var files: [File]

    public init(values: [String?], files: [File]) {
      self.values = values
      self.files = files
    }
  }

  /// The table cannot be read as it is described; the text is Athena's.
  public struct Unreadable: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
  }

  public var columns: [Column]
  public var partitionColumns: [Column]
  /// The SerDe's class.
  public var serde: String
  public var serdeParameters: [String: String]
  public var inputFormat: String
  public var tableParameters: [String: String]
  /// Makes Parquet faster where something is known of the files; the rows are the same.
  public var parquet = ParquetFiles.unknown

  public init(
    columns: [Column], partitionColumns: [Column], serde: String, serdeParameters: [String: String],
    inputFormat: String, tableParameters: [String: String]
  ) {
    self.columns = columns
    self.partitionColumns = partitionColumns
    self.serde = serde
    self.serdeParameters = serdeParameters
    self.inputFormat = inputFormat
    self.tableParameters = tableParameters
  }

  /// The relation's text, in brackets.
  ///
  /// All files are read by one scan. A partition's values are found by the number of the file, which the engine
  /// knows before it opens one: a condition on them leaves files out, and costs nothing a row.
  /// - Parameters:
  ///   - wanted: the columns that the query names, in lower case; `$path` is the file's path, `$size` its bytes.
  /// - Throws: `Unreadable`.
  public func relation(columns wanted: [String], partitions: [Partition]) throws(Unreadable) -> String {
    let filled = partitions.filter { !$0.files.isEmpty }
    guard !filled.isEmpty else { return "(\(empty(wanted)))" }
    let needed = columns.filter { wanted.contains($0.name) }
    let reader = try reader(filled.flatMap(\.files), needed)
    var items: [String] = []
    for name in wanted {
      let quoted = DuckDBText.identifier(name)
      if let index = columns.firstIndex(where: { $0.name == name }) {
        items.append("\(reader.values[columns[index].name] ?? "NULL") AS \(quoted)")
      } else if let index = partitionColumns.firstIndex(where: { $0.name == name }) {
        items.append("\(try keyValue(index, filled)) AS \(quoted)")
      } else if name == "$path" {
        items.append("\(reader.path) AS \(quoted)")
      } else if name == "$size" {
        items.append("\(sizes(filled)) AS \(quoted)")
      }
    }
    if items.isEmpty { items = ["1 AS \"$none\""] }
    return "(SELECT \(items.joined(separator: ", ")) FROM \(reader.source))"
  }

  /// What a format's reader gives: where rows come from, and each needed column as its type.
  struct Reader {
    var source: String
    var values: [String: String]
    /// The path of a row's file.
    var path = "filename"
  }

  private func reader(_ files: [File], _ needed: [Column]) throws(Unreadable) -> Reader {
    let kind = try TableFormatKind(serde: serde, inputFormat: inputFormat)
    func list(_ paths: [String]) -> String { "[" + paths.map(DuckDBText.string).joined(separator: ", ") + "]" }
    switch kind {
    case .parquet: return ParquetReader(scan: self).reader(list(files.map(\.path.pattern)), needed)
    case .avro: return RecordReader(scan: self, kind: .avro).reader(list(files.map(\.path.pattern)), needed)
    case .orc: return RecordReader(scan: self, kind: .orc).reader(list(files.map(\.path.pattern)), needed)
    case .openXJSON, .hiveJSON, .lazyText, .openCSV, .regex: break
    }
    let paths = try TextCompression.locations(files)
    let lines = list(paths)
    var reader =
      switch kind {
      case .openXJSON, .hiveJSON: try JSONReader(scan: self).reader(lines, needed)
      case .openCSV: try OpenCSVReader(scan: self).reader(lines, needed)
      case .regex: try RegexReader(scan: self).reader(lines, needed)
      default: try LazyTextReader(scan: self).reader(lines, needed)
      }
    if paths.contains(where: { $0.hasPrefix(TextCompression.decoded) }) {
      reader.path = "regexp_replace(filename, '^decoded://[^/]*/', '')"
    }
    return reader
  }

  /// The size of the row's file, in bytes.
  private func sizes(_ partitions: [Partition]) -> String {
    let sizes = partitions.flatMap(\.files).map { String($0.bytes) }
    return "(CAST([\(sizes.joined(separator: ", "))] AS BIGINT[]))[CAST(file_index AS BIGINT) + 1]"
  }

  private func empty(_ wanted: [String]) -> String {
    let items = wanted.map { name -> String in
      let type =
        (columns + partitionColumns).first { $0.name == name }?.type.duckDBName
        ?? (name == "$size" ? "BIGINT" : "VARCHAR")
      return "CAST(NULL AS \(type)) AS \(DuckDBText.identifier(name))"
    }
    return "SELECT \(items.isEmpty ? "1 AS \"$none\"" : items.joined(separator: ", ")) WHERE false"
  }

  /// The value of a partition key for the row's file.
  /// - Throws: `Unreadable` for a value that is none of the key's type.
  private func keyValue(_ index: Int, _ partitions: [Partition]) throws(Unreadable) -> String {
    let key = partitionColumns[index]
    let type = key.type.duckDBName
    var literals: [String] = []
    var distinct: Set<String?> = []
    for partition in partitions {
      let value = index < partition.values.count ? partition.values[index] : nil
      if let value, PartitionValue(value, type: key.type) == nil {
        throw Unreadable(
          "HIVE_INVALID_PARTITION_VALUE: Invalid partition value '\(value)' for \(key.type.description.uppercased()) "
            + "partition key: \(key.name)")
      }
      distinct.insert(value)
      let literal = value.map(DuckDBText.string) ?? "NULL"
      for _ in partition.files { literals.append(literal) }
    }
    if distinct.count == 1 { return "CAST(\(literals[0]) AS \(type))" }
    return "(CAST([\(literals.joined(separator: ", "))] AS \(type)[]))[CAST(file_index AS BIGINT) + 1]"
  }

  /// Lines that a header takes at the top of each file.
  func headerLines() throws(Unreadable) -> Int {
    if let footer = tableParameters["skip.footer.line.count"], footer != "0" {
      throw Unreadable("NOT_SUPPORTED: skip.footer.line.count is not implemented by Tarn yet")
    }
    guard let text = tableParameters["skip.header.line.count"] ?? serdeParameters["skip.header.line.count"] else {
      return 0
    }
    guard let count = Int(text), count >= 0 else {
      throw Unreadable("HIVE_INVALID_METADATA: Invalid value for skip.header.line.count property: \(text)")
    }
    return count
  }
}

/// How a table's files are written, told from its SerDe.
enum TableFormatKind {
  case parquet, avro, orc, openXJSON, hiveJSON, lazyText, openCSV, regex

  init(serde: String, inputFormat: String) throws(TableScan.Unreadable) {
    switch serde {
    case "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", "parquet.hive.serde.ParquetHiveSerDe":
      self = .parquet
    case "org.openx.data.jsonserde.JsonSerDe": self = .openXJSON
    case "org.apache.hive.hcatalog.data.JsonSerDe", "org.apache.hadoop.hive.serde2.JsonSerDe": self = .hiveJSON
    case "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": self = .lazyText
    case "org.apache.hadoop.hive.serde2.OpenCSVSerde", "com.bizo.hive.serde.csv.CSVSerde": self = .openCSV
    case "org.apache.hadoop.hive.serde2.RegexSerDe", RegexReader.grok: self = .regex
    case "org.apache.hadoop.hive.serde2.avro.AvroSerDe": self = .avro
    case "org.apache.hadoop.hive.ql.io.orc.OrcSerde": self = .orc
    case "" where inputFormat.hasSuffix("MapredParquetInputFormat"): self = .parquet
    case "" where inputFormat.hasSuffix("AvroContainerInputFormat"): self = .avro
    case "" where inputFormat.hasSuffix("OrcInputFormat"): self = .orc
    default:
      throw TableScan.Unreadable(
        "HIVE_UNSUPPORTED_FORMAT: reading tables of \(serde.isEmpty ? inputFormat : serde) is not implemented by "
          + "Tarn yet")
    }
  }
}

/// Text files may be compressed; Hive knows how by the end of the name.
enum TextCompression {
  static let decoded = "decoded://"
  private static let unknown = [".snappy", ".lz4", ".lzo", ".deflate", ".xz"]

  /// Where the engine finds the files: what it does not decompress itself is done on the way.
  static func locations(_ files: [TableScan.File]) throws(TableScan.Unreadable) -> [String] {
    var paths: [String] = []
    for file in files {
      if let ending = unknown.first(where: file.path.key.hasSuffix) {
        throw TableScan.Unreadable(
          "NOT_SUPPORTED: reading text compressed as \(ending.dropFirst()) is not implemented by Tarn yet: \(file.path)"
        )
      }
      paths.append(file.path.key.hasSuffix(".bz2") ? "\(decoded)bzip2/\(file.path)" : file.path.pattern)
    }
    return paths
  }
}
