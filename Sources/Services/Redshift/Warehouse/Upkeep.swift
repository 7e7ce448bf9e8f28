import Engine
import Logging
import SQL

/// VACUUM and ANALYZE.
extension WarehouseSession {
  func vacuum(_ vacuum: RedshiftVacuum) async throws -> SQLOutcome {
    guard !isInBlock else { throw SQLFailure("25001", "VACUUM cannot run inside a transaction block") }
    var relations: [CatalogRelation] = []
    if let name = vacuum.table {
      guard case .relation(let relation) = try object(named: name), relation.form != .view else {
        throw SQLFailure("42809", "\"\(name)\" is not a table")
      }
      guard relation.isTemporary || rights.owns(relation.owner) || rights.has(permission: "VACUUM") else {
        throw SQLFailure("42501", "must be owner of relation \(relation.name)")
      }
      relations = [relation]
    } else {
      relations = catalog.relations.values.filter { relation in
        relation.form != .view && rights.owns(relation.owner)
          && catalog.schemas[relation.schema]?.database == database.id
      }
    }
    for relation in relations where vacuum.kind != .deleteOnly {
      try await atomically {
        guard let relation = relation.isTemporary ? temporaries.relations[relation.id] : catalog.relations[relation.id]
        else { return }
        try await lock(relation)
        try await sortRows(of: relation)
      }
    }
    // Moves the log into the file, and gives the place of deleted rows back; not while others write.
    do {
      try await warehouse.engine.checkpoint()
    } catch {
      warehouse.logger.notice(
        "the log was not moved into the file after VACUUM",
        metadata: ["namespace": "\(warehouse.settings.id)", "error": "\(error)"])
    }
    return .done(tag: "VACUUM")
  }

  /// Writes a table's rows anew, ordered by its sort key: blocks then hold narrow ranges of it, and scans skip them.
  func sortRows(of relation: CatalogRelation) async throws {
    guard !relation.sortKeys.isEmpty else { return }
    try await rewrite(relation) { before, columns in
      "SELECT \(columns) FROM \(before) ORDER BY "
        + relation.sortKeys.map { RedshiftPrinter.quoted($0) }.joined(separator: ", ")
    }
  }

  /// Puts a query's rows in the place of a relation's.
  private func rewrite(
    _ relation: CatalogRelation, from query: (_ table: String, _ columns: String) -> String
  ) async throws {
    var fresh = relation
    fresh.storage = warehouse.newID()
    try await build(fresh, sequences: false)
    let columns = relation.columns.map { RedshiftPrinter.quoted($0.name) }.joined(separator: ", ")
    let before = CatalogTable.table(of: relation)
    _ = try await changed(
      "INSERT INTO \(CatalogTable.table(of: fresh)) (\(columns)) \(query(before, columns))")
    try await engine.execute("DROP TABLE \(before)", policy: .everything)
    try await put(fresh)
  }

  func analyze(_ analyze: RedshiftAnalyze) async throws -> SQLOutcome {
    if let name = analyze.table {
      guard case .relation(let relation) = try object(named: name), relation.form != .view else {
        throw SQLFailure("42809", "\"\(name)\" is not a table")
      }
      for column in analyze.columns where relation.column(column.key) == nil {
        throw SQLFailure("42703", "column \"\(column.key)\" of relation \"\(relation.name)\" does not exist")
      }
      guard relation.isTemporary || rights.owns(relation.owner) || rights.has(permission: "ANALYZE") else {
        throw SQLFailure("42501", "permission denied for relation \(relation.name)")
      }
      try await engine.execute("ANALYZE \(CatalogTable.table(of: relation))", policy: .everything)
    }
    return .done(tag: "ANALYZE")
  }
}

extension WarehouseSession {
  /// Rows of the engine's tables by their numbers, as the engine estimates them.
  func tableSizes() async throws -> [Int: Int] {
    let result = try await engine.run(
      "SELECT table_name, estimated_size FROM duckdb_tables() WHERE database_name IN ('\(CatalogTable.file)', 'temp') "
        + "AND table_name LIKE 't%'", policy: .everything)
    var sizes: [Int: Int] = [:]
    while let chunk = try await result.next() {
      for row in 0..<chunk.rows {
        if let id = Int(chunk.columns[0].string(row).dropFirst()), !chunk.columns[1].isNull(row) {
          sizes[id] = Int(clamping: chunk.columns[1].integer(row))
        }
      }
    }
    return sizes
  }
}
