import LakeFiles
import SQL

/// Reads Parquet by name, without regard to case: a column that a file does not have is NULL, one that the table does
/// not have is left alone, and what has another type is cast as it is read.
struct ParquetReader {
  let scan: TableScan

  func reader(_ list: String, _ needed: [TableScan.Column]) -> TableScan.Reader {
    // Without a column wanted, rows are still counted: then any of the table's columns stands for the schema.
    let columns = needed.isEmpty ? Array(scan.columns.prefix(1)) : needed
    let values = Dictionary(uniqueKeysWithValues: Set(needed.map(\.name)).map { ($0, DuckDBText.identifier($0)) })
    let text = "binary_as_string = \(Self.binaryIsText(columns))"
    let cardinality: String
    switch scan.parquet {
    case _ where columns.isEmpty: return .init(source: "read_parquet(\(list), hive_partitioning = false)", values: [:])
    case .asDeclared:
      return .init(source: "read_parquet(\(list), \(text), hive_partitioning = false)", values: values)
    case .rows(let rows): cardinality = ", explicit_cardinality = \(max(1, rows))"
    case .unknown: cardinality = ""
    }
    let schema = columns.map { column in
      let name = DuckDBText.string(column.name)
      return "\(name): {name: \(name), type: \(DuckDBText.string(column.type.duckDBName)), default_value: NULL}"
    }
    return .init(
      source: "read_parquet(\(list), \(text)\(cardinality), schema = MAP {\(schema.joined(separator: ", "))})",
      values: values)
  }

  /// Old writers mark no text as such. Where no column is binary, all that is unmarked is text.
  static func binaryIsText(_ columns: [TableScan.Column]) -> Bool { !columns.contains { $0.type.contains(.binary) } }
}

/// What is known of a Parquet table's files before a query reads them.
public enum ParquetFiles: Hashable, Sendable {
  case unknown
  /// Every file has the columns that are wanted, of the table's types. They are read as they are, so that the engine
  /// has the footers' statistics: it orders joins by them and leaves out what cannot match.
  case asDeclared
  /// The files are read through the table's schema; they hold about so many rows.
  case rows(Int64)
}

extension TableScan {
  /// The question how a file types its columns; its rows are a column's name, in lower case, and its type.
  /// `nil` for a table that is no Parquet.
  public func parquetTypesQuestion(columns wanted: [String], file: File) -> String? {
    guard (try? TableFormatKind(serde: serde, inputFormat: inputFormat)) == .parquet else { return nil }
    let text = ParquetReader.binaryIsText(columns.filter { wanted.contains($0.name) })
    return """
      SELECT lower(column_name), column_type FROM (DESCRIBE SELECT * FROM read_parquet(\
      \(DuckDBText.string(file.path.pattern)), binary_as_string = \(text), hive_partitioning = false))
      """
  }

  /// The question how many rows the files hold.
  public static func parquetRowsQuestion(_ files: [File]) -> String {
    let list = files.map { DuckDBText.string($0.path.pattern) }.joined(separator: ", ")
    return "SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata([\(list)])"
  }

  /// Whether a file has the wanted columns, once each and of the table's types.
  /// - Parameters:
  ///   - types: the answer to `parquetTypesQuestion`.
  public func isAsDeclared(columns wanted: [String], types: [(name: String, type: String)]) -> Bool {
    var found: [String: String] = [:]
    // Of two columns that differ in case only, which one is meant is the table's schema to say.
    for (name, type) in types where found.updateValue(type, forKey: name) != nil { return false }
    return columns.allSatisfy { !wanted.contains($0.name) || found[$0.name] == $0.type.duckDBName }
  }
}

extension HiveType {
  /// Whether the type is `other` or holds it somewhere.
  func contains(_ other: HiveType) -> Bool {
    if self == other { return true }
    return switch self {
    case .array(let element): element.contains(other)
    case .map(let key, let value): key.contains(other) || value.contains(other)
    case .structure(let fields): fields.contains { $0.type.contains(other) }
    case .union(let types): types.contains { $0.contains(other) }
    default: false
    }
  }

  var hasStructure: Bool {
    switch self {
    case .structure: true
    case .array(let element): element.hasStructure
    case .map(_, let value): value.hasStructure
    default: false
    }
  }

  var hasMap: Bool {
    switch self {
    case .map: true
    case .array(let element): element.hasMap
    case .structure(let fields): fields.contains { $0.type.hasMap }
    default: false
    }
  }

  var isNested: Bool {
    switch self {
    case .array, .map, .structure, .union: true
    default: false
    }
  }
}
