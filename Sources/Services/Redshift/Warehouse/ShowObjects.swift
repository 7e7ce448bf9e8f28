import Engine
import LakeFiles
import SQL

/// SHOW of lists and of definitions.
extension WarehouseSession {
  /// What a SHOW statement gives: its columns, and how its rows are found.
  func showView(_ show: RedshiftShow, parameters: [String?] = []) throws -> SystemView {
    if let list = try ShowLists.view(show, parameters: parameters, database: database.name) { return list }
    func definition(_ title: String, _ text: String) -> SystemView {
      SystemView("pg_catalog", columns: [SystemView.Column(name: title, type: .varcharMax)]) { _ in [[text]] }
    }
    switch show.kind {
    case .table, .view:
      guard let name = show.name, case .relation(let relation) = try object(named: name) else {
        throw SQLFailure("42809", "SHOW \(show.kind.rawValue) needs a table or view")
      }
      guard (relation.form == .table) == (show.kind == .table) else {
        throw SQLFailure("42809", "\"\(relation.name)\" is not a \(show.kind.rawValue.lowercased())")
      }
      return relation.form == .table
        ? definition("Show Table DDL statement", self.definition(relation))
        : definition("Show View DDL statement", relation.text ?? "")
    case .procedure:
      let parts = show.name?.parts.map(\.key) ?? []
      let places = parts.count > 1 ? [parts[parts.count - 2]] : settings.searchPath
      for place in places {
        guard let schema = catalog.schema(place == "$user" ? user.name : place, in: database.id) else { continue }
        if let found = catalog.routines(parts.last ?? "", in: schema.id).first(where: \.isProcedure) {
          guard rights.may("EXECUTE", on: found) else {
            throw SQLFailure("42501", "permission denied for procedure \(found.name)")
          }
          return definition("Stored Procedure Definition", found.text)
        }
      }
      throw SQLFailure("42883", "procedure \(parts.joined(separator: ".")) does not exist")
    default: throw SQLFailure("0A000", "SHOW \(show.kind.rawValue) is not implemented by Tarn yet")
    }
  }

  func showObjects(_ show: RedshiftShow, parameters: [EngineParameter]) async throws -> SQLOutcome {
    let values = parameters.map { parameter -> String? in
      switch parameter {
      case .string(let text), .untyped(let text): text
      default: nil
      }
    }
    let view = try showView(show, parameters: values)
    var rows = try await view.rows(systemSource())
    if let limit = show.limit { rows = Array(rows.prefix(limit)) }
    guard rows.count <= WarehouseLimits.shownRowsMax else {
      throw SQLFailure(
        "54000", "SHOW \(show.kind.rawValue) would give more than \(WarehouseLimits.shownRowsMax) rows")
    }
    let relation = rows.isEmpty ? view.relation(at: "", isEmpty: true) : view.relation(at: attach(rows), isEmpty: false)
    return try await self.rows(of: "SELECT * FROM \(relation)", declared: view.shownColumns, command: "SHOW")
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
