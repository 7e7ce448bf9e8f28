import Engine
import SQL

/// INSERT, UPDATE, DELETE, MERGE and TRUNCATE.
extension WarehouseSession {
  func changeRows(_ statement: RedshiftStatement, parameters: [EngineParameter]) async throws -> SQLOutcome {
    let count = try await atomically {
      if case .relation(let relation)? = names().find(statement.changedTable) {
        if case .insert = statement {} else { try await lock(relation) }
      }
      let (sql, _) = try await printedChange(statement)
      return try await changed(sql, parameters)
    }
    warehouse.history.note(rows: count, of: queryID)
    switch statement {
    case .insert: return .done(tag: "INSERT 0 \(count)")
    case .update: return .done(tag: "UPDATE \(count)")
    case .delete: return .done(tag: "DELETE \(count)")
    default: return .done(tag: "MERGE \(count)")
    }
  }

  func printedChange(_ statement: RedshiftStatement) async throws -> (sql: String, names: SessionNames) {
    switch statement {
    case .insert(let insert):
      return try await printed(privilege: "INSERT") { printer, names throws(SQLError) in
        try Self.insert(insert, printer, names)
      }
    default:
      throw SQLFailure("0A000", "this statement is not implemented by Tarn yet")
    }
  }

  private static func insert(
    _ insert: RedshiftInsert, _ printer: RedshiftPrinter, _ names: SessionNames
  ) throws(SQLError) -> String {
    let target = try names.target(insert.table)
    let known = try names.columns(insert.table) ?? []
    guard case .query(let query) = insert.source else { return "INSERT INTO \(target) DEFAULT VALUES" }
    let wanted = insert.columns?.map(\.key) ?? known.filter { !$0.isIdentity }.map(\.name)
    var items: [String] = []
    var list: [String] = []
    for (index, name) in wanted.enumerated() {
      guard let column = known.first(where: { $0.name == name }) else {
        throw SQLError(.columnNotFound, "column \"\(name)\" of relation \"\(insert.table.key)\" does not exist")
      }
      list.append("c\(index)")
      items.append(Fitting.fitted("c\(index)", to: column.type))
    }
    return "INSERT INTO \(target) (\(wanted.map(DuckDBText.identifier).joined(separator: ", "))) "
      + "SELECT \(items.joined(separator: ", ")) FROM (\(try printer.query(query))) "
      + "AS v(\(list.joined(separator: ", ")))"
  }

  func truncate(_ name: QualifiedName) async throws -> SQLOutcome {
    guard case .relation(let relation) = try object(named: name), relation.form == .table else {
      throw SQLFailure("42809", "\"\(name)\" is not a table")
    }
    guard relation.isTemporary || rights.may("TRUNCATE", on: relation) else {
      throw SQLFailure("42501", "permission denied for relation \(relation.name)")
    }
    if !isInBlock {
      try await startWork()
    }
    do {
      try await lock(relation)
      _ = try await changed("DELETE FROM \(CatalogTable.table(of: relation))")
      // As in Redshift: TRUNCATE commits the transaction that it stands in.
      try await commitWork()
    } catch {
      await rollBackWork()
      throw error
    }
    if isInBlock { endBlock(committed: true) }
    return .done(tag: "TRUNCATE TABLE")
  }
}

extension RedshiftStatement {
  /// The table whose rows a statement changes.
  var changedTable: QualifiedName {
    switch self {
    case .insert(let insert): insert.table
    case .update(let update): update.table
    case .delete(let delete): delete.table
    case .merge(let merge): merge.target
    default: QualifiedName([])
    }
  }
}
