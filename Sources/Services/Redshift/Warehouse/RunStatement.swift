import Engine
import Kernel
import PostgresWire
import SQL

extension WarehouseSession {
  /// Runs one statement.
  func run(
    _ statement: RedshiftStatement, text: String, parameters: [EngineParameter]
  ) async throws -> SQLOutcome {
    switch statement {
    case .query(let query): return try await select(query, parameters: parameters)
    case .explain(let inner, _): return try await explain(inner, parameters: parameters)
    case .insert, .update, .delete, .merge:
      return try await changeRows(statement, parameters: parameters)
    case .truncate(let name): return try await truncate(name)
    case .copy(let copy): return try await self.copy(copy, text: text)
    case .unload(let unload): return try await self.unload(unload)

    case .createTable(let create): return try await done("CREATE TABLE") { try await self.create(create) }
    case .createTableAs(let create): return try await createTableAs(create)
    case .selectInto(let into): return try await selectInto(into)
    case .alterTable(let name, let change): return try await alterTable(name, change)
    case .dropTable(let names, let ifExists, let cascade):
      return try await done("DROP TABLE") {
        try await self.dropRelations(names, .table, ifExists: ifExists, cascade: cascade)
      }
    case .createView(let create): return try await done("CREATE VIEW") { try await self.createView(create) }
    case .dropView(let names, let ifExists, let cascade):
      return try await done("DROP VIEW") {
        try await self.dropRelations(names, .view, ifExists: ifExists, cascade: cascade)
      }
    case .createMaterializedView(let create): return try await createMaterializedView(create)
    case .refreshMaterializedView(let name, let behavior): return try await refreshMaterializedView(name, behavior)
    case .alterMaterializedView(let name, let change): return try await alterMaterializedView(name, change)
    case .dropMaterializedView(let names, let ifExists, let cascade):
      return try await done("DROP MATERIALIZED VIEW") {
        try await self.dropRelations(names, .materializedView, ifExists: ifExists, cascade: cascade)
      }

    case .createSchema(let create): return try await done("CREATE SCHEMA") { try await self.createSchema(create) }
    case .alterSchema(let name, let change):
      return try await done("ALTER SCHEMA") { try await self.alterSchema(name, change) }
    case .dropSchema(let names, let ifExists, let cascade, _):
      return try await done("DROP SCHEMA") {
        try await self.dropSchemas(names, ifExists: ifExists, cascade: cascade)
      }
    case .createExternalSchema(let create):
      return try await done("CREATE SCHEMA") { try await self.createExternalSchema(create) }
    case .createExternalTable(let create): return try await createExternalTable(create)
    case .alterExternalTable(let name, let change):
      return try await alterExternalTable(name, change)
    case .createDatabase(let create):
      return try await done("CREATE DATABASE") { try await self.createDatabase(create) }
    case .alterDatabase(let name, let change):
      return try await done("ALTER DATABASE") { try await self.alterDatabase(name, change) }
    case .dropDatabase(let name, let ifExists, _):
      return try await done("DROP DATABASE") { try await self.dropDatabase(name, ifExists: ifExists) }

    case .createFunction(let routine):
      return try await done("CREATE FUNCTION") { try await self.createRoutine(routine, isProcedure: false) }
    case .createProcedure(let routine):
      return try await done("CREATE PROCEDURE") { try await self.createProcedure(routine) }
    case .call(let name, let arguments):
      return try await call(name, arguments, parameters: parameters, text: text)
    case .dropRoutine(let name, let isProcedure, let ifExists, _):
      return try await done(isProcedure ? "DROP PROCEDURE" : "DROP FUNCTION") {
        try await self.dropRoutine(name, isProcedure: isProcedure, ifExists: ifExists)
      }

    case .createUser, .alterUser, .dropUser, .createGroup, .alterGroup, .dropGroup, .createRole, .alterRole,
      .dropRole, .grant, .revoke:
      return try await changeRights(statement)

    case .alterDefaultPrivileges(let change):
      return try await done("ALTER DEFAULT PRIVILEGES") { try await self.alterDefaultPrivileges(change) }
    case .showObjects(let show): return try await showObjects(show, parameters: parameters)
    case .createRLSPolicy, .dropRLSPolicy, .attachRLSPolicy, .detachRLSPolicy, .createMaskingPolicy,
      .dropMaskingPolicy, .attachMaskingPolicy, .detachMaskingPolicy:
      return try await changePolicies(statement)

    case .begin, .commit, .rollback, .lock, .declareCursor, .fetch, .closeCursor, .prepare, .execute, .deallocate,
      .set, .setSessionAuthorization, .show, .reset:
      return try await sessionStatement(statement, text: text, parameters: parameters)

    case .vacuum(let vacuum): return try await self.vacuum(vacuum)
    case .analyze(let analyze): return try await self.analyze(analyze)
    case .comment(let comment): return try await done("COMMENT") { try await self.comment(comment) }
    case .use(let name):
      guard name.key == database.name else {
        throw SQLFailure("0A000", "USE of another database is not implemented by Tarn yet")
      }
      return .done(tag: "USE")
    case .cancel(let process, _):
      if try !warehouse.signal(process, by: self.process, ends: false) {
        notice("WARNING", "01000", "PID \(process) is not a PostgreSQL server process")
      }
      return .done(tag: "CANCEL")
    case .empty: return .empty
    default:
      throw SQLFailure("0A000", "this statement is not implemented by Tarn yet")
    }
  }

  /// Runs what changes the catalog, in one transaction.
  func done(_ tag: String, _ body: () async throws -> Void) async throws -> SQLOutcome {
    try await atomically(body)
    return .done(tag: tag)
  }

  // MARK: Queries

  func select(_ query: Query, parameters: [EngineParameter]) async throws -> SQLOutcome {
    let (sql, names) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    if !names.found.read.isEmpty || !names.externalColumns.isEmpty { try await admit() }
    for setting in names.found.settings {
      try settings.set(setting.name, to: setting.value, local: setting.isLocal && isInBlock, inBlock: isInBlock)
    }
    if !names.found.settings.isEmpty { try await settle() }
    return try await rows(of: sql, parameters: parameters, declared: ResultColumns.described(query, names))
  }

  /// Runs a query of the engine, whose rows go to the client as they come.
  func rows(
    of sql: String, parameters: [EngineParameter] = [], declared: [SQLColumn?] = [], command: String = "SELECT"
  ) async throws -> SQLOutcome {
    let before = engine.counters
    let result = try await engine.run(sql, parameters, policy: .everything)
    let columns = Self.columns(result.columns, declared)
    let (catalog, history, query, engine) = (catalog, warehouse.history, queryID, engine)
    // The queries of a procedure are part of its CALL, which ends later.
    let isWhole = procedureDepth == 0
    let ticket = isWhole ? work.withLock { $0.take() } : nil
    ticket?.returns { [weak result] in result?.rows ?? 0 }
    let workload = warehouse.workload
    return .rows(
      EngineRows(result, columns: columns, command: command, style: TextStyle(settings)) { error in
        Self.worded(SQLFailure(error, catalog: catalog), query, ticket)
      } whenDone: { [weak self] rows, failure in
        let after = engine.counters
        if isWhole {
          let work = ticket?.work
          history.end(query, rows: rows, failure: failure) { entry in
            entry.bytesRead = after.bytesRead - before.bytesRead
            entry.filesOpened = after.filesOpened - before.filesOpened
            entry.work = work
          }
          if let ticket { workload.release(ticket) }
        }
        if let failure { await self?.rowsFailed(failure) }
      })
  }

  /// Rows failed while they were read, after `execute` had returned.
  func rowsFailed(_ failure: SQLFailure) async {
    if failure.isFatal { warehouse.broken() }
    guard isInBlock, !hasFailed else { return }
    hasFailed = true
    Task { await self.rollBackWork() }
  }

  static func columns(_ columns: [QueryResult.Column], _ declared: [SQLColumn?]) -> [SQLColumn] {
    columns.enumerated().map { index, column in
      let type = column.type.postgres
      if index < declared.count, columns.count == declared.count, var known = declared[index],
        known.type.oid == type.oid
      {
        known.name = EngineName.unmarked(column.name)
        return known
      }
      if index < declared.count, columns.count == declared.count, var known = declared[index],
        known.type.oid == PostgresType.bpchar.oid, type.oid == PostgresType.varchar.oid
      {
        known.name = EngineName.unmarked(column.name)
        return known
      }
      if index < declared.count, columns.count == declared.count, var known = declared[index], type == .interval,
        [PostgresType.intervalYearToMonth.oid, PostgresType.intervalDayToSecond.oid].contains(known.type.oid)
      {
        known.name = EngineName.unmarked(column.name)
        return known
      }
      return SQLColumn(name: EngineName.unmarked(column.name), type: type)
    }
  }

  private func explain(_ statement: RedshiftStatement, parameters: [EngineParameter]) async throws -> SQLOutcome {
    let sql: String
    switch statement {
    case .query(let query): (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    case .createTableAs(let create):
      (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(create.query) }
    case .insert, .update, .delete, .merge: sql = try await printedChange(statement).statements.first ?? ""
    default: throw SQLFailure("42601", "EXPLAIN takes a query, CREATE TABLE AS, INSERT, UPDATE, DELETE or MERGE")
    }
    let result = try await engine.run("EXPLAIN \(sql)", parameters, policy: .everything)
    var lines: [String] = []
    while let chunk = try await result.next() {
      for row in 0..<chunk.rows {
        let text = EngineName.unmarked(chunk.columns[chunk.columns.count - 1].string(row))
        lines += text.split(separator: "\n").map(String.init)
      }
    }
    let values = lines.map { "(\(DuckDBText.string($0)))" }.joined(separator: ", ")
    return try await rows(
      of: "SELECT * FROM (VALUES \(values.isEmpty ? "('')" : values)) AS v(\"QUERY PLAN\")", command: "EXPLAIN")
  }

  // MARK: Describing

  func describe(
    _ statement: RedshiftStatement, text: String, parameterTypes: [PostgresType?]
  ) async throws -> PreparedSQL {
    var sql: String?
    var declared: [SQLColumn?] = []
    switch statement {
    case .query(let query):
      let (printed, names) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
      sql = printed
      declared = ResultColumns.described(query, names)
    case .insert(let insert) where names().find(insert.table)?.isExternal == true:
      return PreparedSQL(text: text, parameterTypes: Self.parameters([], parameterTypes), columns: nil)
    case .insert, .update, .delete, .merge:
      let printed = try await printedChange(statement).statements.first ?? ""
      // Without parameters there is nothing to learn, and binding a hundred thousand rows twice is slow.
      if statement.hasOnlyValues {
        return PreparedSQL(text: text, parameterTypes: Self.parameters([], parameterTypes), columns: nil)
      }
      let description = try await engine.describe(printed)
      return PreparedSQL(
        text: text, parameterTypes: Self.parameters(description.parameters, parameterTypes), columns: nil)
    case .showObjects(let show):
      let count = show.parameters
      let types = Self.parameters(Array(repeating: .varchar, count: count), parameterTypes)
      let columns = try showView(show, parameters: Array(repeating: "", count: count)).shownColumns
      return PreparedSQL(text: text, parameterTypes: types, columns: columns)
    case .fetch(let fetch):
      guard let cursor = cursors[fetch.cursor.key] else { throw Self.noCursor(fetch.cursor.key) }
      return PreparedSQL(text: text, parameterTypes: [], columns: cursor.columns)
    case .execute(let name, _):
      guard let named = namedStatements[name.key] else { throw Self.noStatement(name.key) }
      let inner = try await describe(named.statement, text: "", parameterTypes: named.types.map(\.postgres))
      return PreparedSQL(text: text, parameterTypes: [], columns: inner.columns)
    case .call(let name, let arguments):
      let count = arguments.map { RedshiftReferences($0).parameters }.max() ?? 0
      return PreparedSQL(
        text: text, parameterTypes: Self.parameters(Array(repeating: nil, count: count), parameterTypes),
        columns: results(of: name, arguments.count))
    case .show(let name):
      return PreparedSQL(text: text, parameterTypes: [], columns: Self.showColumns(name))
    case .explain:
      return PreparedSQL(
        text: text, parameterTypes: [], columns: [SQLColumn(name: "QUERY PLAN", type: RedshiftType.varcharMax.postgres)]
      )
    default: break
    }
    guard let sql else { return PreparedSQL(text: text, parameterTypes: [], columns: nil) }
    var description = try await engine.describe(sql)
    let types = Self.parameters(description.parameters, parameterTypes)
    let isUnknown = description.parameters.contains { type in
      switch type {
      case nil, .null, .other: true
      default: false
      }
    }
    if isUnknown { description = try await engine.describe(ParameterCasts.cast(sql, types)) }
    return PreparedSQL(
      text: text, parameterTypes: types, columns: Self.columns(description.columns, declared))
  }

  private static func parameters(_ inferred: [EngineType?], _ given: [PostgresType?]) -> [PostgresType] {
    (0..<max(inferred.count, given.count)).map { index in
      if index < given.count, let type = given[index], type.oid != 0, type.oid != PostgresType.unknown.oid {
        return type
      }
      let type = index < inferred.count ? inferred[index] : nil
      switch type {
      case nil, .null, .other: return .varchar
      case .some(let type): return PostgresType(oid: type.postgres.oid, size: type.postgres.size)
      }
    }
  }
}
