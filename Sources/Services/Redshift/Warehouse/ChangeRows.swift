import Engine
import SQL

/// INSERT, UPDATE, DELETE, MERGE and TRUNCATE.
extension WarehouseSession {
  func changeRows(_ statement: RedshiftStatement, parameters: [EngineParameter]) async throws -> SQLOutcome {
    if case .insert(let insert) = statement, case .query(let query) = insert.source,
      case .external? = names().find(insert.table)
    {
      let count = try await insertExternal(query, columns: insert.columns, into: insert.table)
      warehouse.history.note(rows: count, of: queryID)
      return .done(tag: "INSERT 0 \(count)")
    }
    // Rows that are only added are in nobody's way. Who waits begins after the one before has ended, and so finds what
    // that one has left; within a block it may have looked before.
    if case .insert = statement {
    } else if case .relation(let relation)? = names().find(statement.changedTable) {
      try await lock(relation)
    }
    let count: Int
    do {
      count = try await atomically {
        var count = 0
        if case .relation(let relation)? = names().find(statement.changedTable), !relation.isTemporary {
          writes.insert(relation.id)
          // Rows to change are looked for.
          if case .insert = statement {} else { reads.insert(relation.id) }
        }
        let printed = try await printedChange(statement)
        if let query = printed.ambiguity, try await changed(Self.naming(parameters, query), parameters) > 0 {
          throw SQLFailure("21000", "Found multiple matches to update the same tuple.")
        }
        for sql in printed.statements { count += try await changed(sql, parameters) }
        if case .insert = statement {
        } else if count > 0, case .relation(let relation)? = names().find(statement.changedTable) {
          try await noteChange(of: relation.id)
        }
        return count
      }
    } catch {
      if !isInBlock { await warehouse.locks.release(process) }
      throw error
    }
    warehouse.history.note(rows: count, of: queryID)
    switch statement {
    case .insert: return .done(tag: "INSERT 0 \(count)")
    case .update: return .done(tag: "UPDATE \(count)")
    case .delete: return .done(tag: "DELETE \(count)")
    default: return .done(tag: "MERGE \(count)")
    }
  }

  /// What the engine is to run, one after the other.
  struct PrintedChange {
    var statements: [String]
    /// A query whose first row means that rows would be changed by several others at once, which is an error.
    var ambiguity: String?
    var names: SessionNames
  }

  func printedChange(_ statement: RedshiftStatement) async throws -> PrintedChange {
    switch statement {
    case .insert(let insert):
      let (sql, names) = try await printed(privilege: "INSERT") { printer, _ throws(SQLError) in
        try printer.insert(insert)
      }
      return PrintedChange(statements: [sql], names: names)
    case .update(let update):
      let isStrict = settings["error_on_nondeterministic_update"].map(SessionSettings.isOn) ?? false
      var ambiguity: String?
      let (sql, names) = try await printed(privilege: "UPDATE") { printer, _ throws(SQLError) in
        if isStrict { ambiguity = try printer.ambiguity(of: update) }
        return try printer.update(update)
      }
      return PrintedChange(statements: [sql], ambiguity: ambiguity, names: names)
    case .delete(let delete):
      let (sql, names) = try await printed(privilege: "DELETE") { printer, _ throws(SQLError) in
        try printer.delete(delete)
      }
      return PrintedChange(statements: [sql], names: names)
    case .merge(let merge):
      for privilege in merge.privileges.dropFirst() {
        _ = try await printed(privilege: privilege) { printer, names throws(SQLError) in
          try names.target(merge.target)
        }
      }
      var statements: [String] = []
      var ambiguity: String?
      let (_, names) = try await printed(privilege: merge.privileges.first ?? "UPDATE") {
        printer, _ throws(SQLError) in
        statements = try printer.merge(merge)
        ambiguity = try printer.ambiguity(of: merge)
        return ""
      }
      return PrintedChange(statements: statements, ambiguity: ambiguity, names: names)
    default:
      throw SQLFailure("0A000", "this statement is not implemented by Tarn yet")
    }
  }

  /// A query that names every parameter, as the engine takes none that is not named.
  private static func naming(_ parameters: [EngineParameter], _ query: String) -> String {
    guard !parameters.isEmpty else { return query }
    let named = parameters.indices.map { "($\($0 + 1) IS NULL OR true)" }.joined(separator: " AND ")
    return "SELECT * FROM (\(query)) WHERE \(named)"
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
      writes.insert(relation.id)
      _ = try await changed("DELETE FROM \(CatalogTable.table(of: relation))")
      try await noteChange(of: relation.id)
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

extension RedshiftMerge {
  /// What the user must be granted on the target.
  fileprivate var privileges: [String] {
    if removeDuplicates { return ["DELETE", "INSERT"] }
    var found: [String] = []
    for item in cases {
      let privilege =
        switch item.action {
        case .update: "UPDATE"
        case .delete: "DELETE"
        case .insert: "INSERT"
        }
      if !found.contains(privilege) { found.append(privilege) }
    }
    return found
  }
}
