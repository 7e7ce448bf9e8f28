/// `START WITH … CONNECT BY …` as a recursive query. It keeps each row as one value, so that the columns of a row and
/// those of the row above are told apart.
extension RedshiftPrinter {
  private static let treeName = "\"$tree\""
  private static let rowName = "\"$row\""
  static let levelName = "\"$level\""

  /// The rows of the tree by the alias of their table, and the level of each.
  mutating func tree(_ hierarchy: Hierarchy, over from: [Relation]) throws(SQLError) -> String {
    guard from.count == 1, let source = from.first else {
      throw SQLError(.notSupported, "CONNECT BY over several tables is not supported", at: hierarchy.position)
    }
    switch source.kind {
    case .table, .aliased: break
    default: throw SQLError(.notSupported, "CONNECT BY over this is not supported", at: source.position)
    }
    let rows = try text(source)
    let alias = Self.quoted(relations.last?.alias ?? "")
    level = "1"
    let start = try hierarchy.start.map { start throws(SQLError) in " WHERE " + (try text(start)) } ?? ""
    level = "(\(Self.treeName).\(Self.levelName) + 1)"
    parentRow = "\(Self.treeName).\(Self.rowName)"
    defer { parentRow = nil }
    let condition = try text(hierarchy.condition)
    level = Self.levelName
    return "(WITH RECURSIVE \(Self.treeName) AS (SELECT 1 AS \(Self.levelName), \(alias) AS \(Self.rowName) "
      + "FROM \(rows)\(start) UNION ALL SELECT \(Self.treeName).\(Self.levelName) + 1, \(alias) "
      + "FROM \(Self.treeName), \(rows) WHERE \(condition)) "
      + "SELECT \(Self.levelName), unnest(\(Self.rowName)) FROM \(Self.treeName)) AS \(alias)"
  }

  /// A column of the row above.
  mutating func prior(_ value: Expression) throws(SQLError) -> String {
    guard let parentRow else {
      throw SQLError(.syntax, "PRIOR may stand in CONNECT BY alone", at: value.position)
    }
    guard let column = Self.path(value).last else {
      throw SQLError(.notSupported, "PRIOR of more than a column is not supported", at: value.position)
    }
    return "\(parentRow).\(quoted(column))"
  }

  /// Whether the name is the pseudo column, and not a column of the table.
  func isLevel(_ name: Identifier) -> Bool {
    level != nil && name.key == "level" && relations.last?.columns["level"] == nil
  }
}
