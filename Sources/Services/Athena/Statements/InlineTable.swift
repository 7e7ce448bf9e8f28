import Lake
import SQL

/// A table whose rows are known before the statement runs: they become part of its text.
struct InlineTable: Sendable {
  var columns: [BoundColumn]
  /// Values as text, in the columns' order; `nil` is NULL.
  var rows: [[String?]]

  /// All columns stand as keys, so that conditions on them are told before rows are made.
  static func bound(_ name: TableName, _ columns: [BoundColumn]) -> BoundTable {
    BoundTable(database: name.database, name: name.name, content: .table(columns: [], partitionColumns: columns))
  }

  /// The relation's text, in brackets.
  func relation(_ wanted: [String]) -> String {
    let names = columns.indices.map { "c\($0)" }.joined(separator: ", ")
    var items = wanted.compactMap { name -> String? in
      guard let index = columns.firstIndex(where: { $0.name == name }) else { return nil }
      return "CAST(c\(index) AS \(columns[index].type.duckDBName)) AS \(DuckDBText.identifier(name))"
    }
    if items.isEmpty { items = ["1 AS \"$none\""] }
    let nothing = "(" + columns.map { _ in "NULL" }.joined(separator: ", ") + ")"
    let values = rows.map { row in
      "(" + row.map { $0.map(DuckDBText.string) ?? "NULL" }.joined(separator: ", ") + ")"
    }
    return "(SELECT \(items.joined(separator: ", ")) FROM (VALUES "
      + "\((rows.isEmpty ? [nothing] : values).joined(separator: ", "))) "
      + "AS t(\(names))\(rows.isEmpty ? " WHERE false" : ""))"
  }
}
