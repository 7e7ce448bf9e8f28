import SQL

/// Reads files that carry their own schema beside Parquet: Avro and ORC. A column that a file does not have is NULL,
/// one that the table does not have is left alone, and what has another type is cast as it is read.
struct RecordReader {
  enum Kind: String { case avro, orc }

  let scan: TableScan
  let kind: Kind

  func reader(_ list: String, _ needed: [TableScan.Column]) -> TableScan.Reader {
    // Without a column wanted, rows are still counted: then any of the table's columns stands for the schema.
    let columns = needed.isEmpty ? Array(scan.columns.prefix(1)) : needed
    let types = columns.map { "\(DuckDBText.string($0.name)): \(DuckDBText.string($0.type.duckDBName))" }
    var options = ", columns = {\(types.joined(separator: ", "))}"
    if readsByPosition {
      let places = columns.map { column in String(scan.columns.firstIndex { $0.name == column.name } ?? -1) }
      options += ", positions = [\(places.joined(separator: ", "))]"
    }
    return .init(
      source: columns.isEmpty
        ? "tarn_records('\(kind.rawValue)', \(list))" : "tarn_records('\(kind.rawValue)', \(list)\(options))",
      values: Dictionary(uniqueKeysWithValues: Set(needed.map(\.name)).map { ($0, DuckDBText.identifier($0)) }))
  }

  /// ORC's columns are the table's one after another, unless the table says that names count; Avro's go by name.
  private var readsByPosition: Bool {
    guard kind == .orc else { return false }
    return scan.serdeParameters["orc.column.index.access"]?.lowercased() != "false"
  }
}
