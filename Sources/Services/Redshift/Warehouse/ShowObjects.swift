import Engine
import SQL

/// SHOW DATABASES, SCHEMAS, TABLES, COLUMNS, TABLE and VIEW.
extension WarehouseSession {
  /// The query over the catalog's views that a SHOW statement stands for.
  func query(for show: RedshiftShow) throws -> Query {
    let parts = show.name?.parts.map(\.key) ?? []
    func literal(_ text: String) -> String { RedshiftPrinter.literal(text) }
    var columns = ""
    var view = ""
    var conditions: [String] = []
    var named = ""
    var order = ""
    switch show.kind {
    case .databases:
      columns =
        "database_name, database_owner, database_type, database_acl, database_options AS parameters, "
        + "database_isolation_level"
      view = "svv_redshift_databases"
      named = "database_name"
      order = named
    case .schemas:
      columns =
        "database_name, schema_name, schema_owner, schema_type, schema_acl, source_database, schema_option"
      view = "svv_all_schemas"
      conditions = ["database_name = \(literal(parts.last ?? database.name))"]
      named = "schema_name"
      order = named
    case .tables:
      columns = "database_name, schema_name, table_name, table_type, table_acl, remarks"
      view = "svv_all_tables"
      conditions = [
        "database_name = \(literal(parts.count > 1 ? parts[parts.count - 2] : database.name))",
        "schema_name = \(literal(parts.last ?? "public"))",
      ]
      named = "table_name"
      order = named
    case .columns:
      guard parts.count >= 2 else { throw SQLFailure("42601", "SHOW COLUMNS needs a table with its schema") }
      columns =
        "database_name, schema_name, table_name, column_name, ordinal_position, column_default, is_nullable, "
        + "data_type, character_maximum_length, numeric_precision, numeric_scale, remarks"
      view = "svv_all_columns"
      conditions = [
        "database_name = \(literal(parts.count > 2 ? parts[parts.count - 3] : database.name))",
        "schema_name = \(literal(parts[parts.count - 2]))", "table_name = \(literal(parts[parts.count - 1]))",
      ]
      named = "column_name"
      order = "ordinal_position"
    case .table, .view:
      guard let name = show.name, case .relation(let relation) = try object(named: name) else {
        throw SQLFailure("42809", "SHOW \(show.kind.rawValue) needs a table or view")
      }
      guard (relation.form == .table) == (show.kind == .table) else {
        throw SQLFailure("42809", "\"\(relation.name)\" is not a \(show.kind.rawValue.lowercased())")
      }
      let text = relation.form == .table ? definition(relation) : relation.text ?? ""
      return try parsed(
        "SELECT \(literal(text)) AS \"Show \(relation.form == .table ? "Table" : "View") DDL statement\"")
    default: throw SQLFailure("0A000", "SHOW \(show.kind.rawValue) is not implemented by Tarn yet")
    }
    if let like = show.like { conditions.append("\(named) LIKE \(literal(like))") }
    return try parsed(
      "SELECT \(columns) FROM pg_catalog.\(view)"
        + (conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))") + " ORDER BY \(order)"
        + (show.limit.map { " LIMIT \($0)" } ?? ""))
  }

  private func parsed(_ text: String) throws -> Query {
    guard case .query(let query) = try RedshiftParser.statement(text) else {
      throw SQLFailure("XX000", "not a query: \(text)")
    }
    return query
  }

  /// The statement that would make a table again.
  private func definition(_ relation: CatalogRelation) -> String {
    let schema = catalog.schemas[relation.schema]?.name
    var lines = relation.columns.map { column -> String in
      var line = "    \(column.name) \(column.type.type)"
      if let identity = column.identity { line += " IDENTITY(\(identity.seed),\(identity.step))" }
      if let value = column.defaultText { line += " DEFAULT \(value)" }
      if column.notNull { line += " NOT NULL" }
      line += " ENCODE \(column.encoding == "none" ? "raw" : column.encoding)"
      if relation.distKey == column.name { line += " distkey" }
      return line
    }
    for constraint in relation.constraints where constraint.form != .foreignKey {
      let kind = constraint.form == .primaryKey ? "PRIMARY KEY" : "UNIQUE"
      lines.append("    \(kind) (\(constraint.columns.joined(separator: ", ")))")
    }
    var text = "CREATE TABLE \(schema.map { "\($0)." } ?? "")\(relation.name) (\n\(lines.joined(separator: ",\n"))\n)\n"
    text += "DISTSTYLE \(relation.distribution)"
    if !relation.sortKeys.isEmpty {
      let style = relation.sortStyle == "INTERLEAVED" ? "INTERLEAVED " : ""
      text += "\n\(style)SORTKEY ( \(relation.sortKeys.joined(separator: ", ")) )"
    }
    return text + ";"
  }
}
