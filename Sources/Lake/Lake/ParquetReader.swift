import SQL

/// Reads Parquet by name, without regard to case: a column that a file does not have is NULL, one that the table does
/// not have is left alone, and what has another type is cast as it is read.
struct ParquetReader {
  let scan: TableScan

  func reader(_ list: String, _ needed: [TableScan.Column]) -> TableScan.Reader {
    // Without a column wanted, rows are still counted: then any of the table's columns stands for the schema.
    let columns = needed.isEmpty ? Array(scan.columns.prefix(1)) : needed
    guard !columns.isEmpty else {
      return .init(source: "read_parquet(\(list), hive_partitioning = false)", values: [:])
    }
    let schema = columns.map { column in
      let name = DuckDBText.string(column.name)
      return "\(name): {name: \(name), type: \(DuckDBText.string(column.type.duckDBName)), default_value: NULL}"
    }
    // Old writers mark no text as such. Where no column is binary, all that is unmarked is text.
    let hasBinary = columns.contains { $0.type.contains(.binary) }
    return .init(
      source:
        "read_parquet(\(list), binary_as_string = \(!hasBinary), schema = MAP {\(schema.joined(separator: ", "))})",
      values: Dictionary(uniqueKeysWithValues: Set(needed.map(\.name)).map { ($0, DuckDBText.identifier($0)) }))
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
