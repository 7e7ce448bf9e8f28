import Engine
import PostgresWire
import SQL

/// CREATE PROCEDURE and CALL.
extension WarehouseSession {
  func createProcedure(_ routine: RedshiftRoutine) async throws {
    let schema = try names().creation(routine.name)
    guard rights.may("CREATE", on: schema) else {
      throw SQLFailure("42501", "permission denied for schema \(schema.name)")
    }
    guard routine.language == "plpgsql" else {
      throw SQLFailure("0A000", "procedures in \(routine.language) are not supported")
    }
    // Read now, so that a body that is none is refused.
    _ = try PLpgSQL.parse(routine.body)
    let types = routine.arguments.map(\.type)
    let before = catalog.routines(routine.name.key, in: schema.id).first { before in
      Self.inputs(before) == routine.arguments.filter { $0.mode != .output }.map(\.type)
    }
    if before != nil, !routine.orReplace || before?.isProcedure == false {
      throw SQLFailure("42723", "procedure \"\(routine.name.key)\" already exists with same argument types")
    }
    if let before, !rights.owns(before.owner) {
      throw SQLFailure("42501", "must be owner of procedure \(before.name)")
    }
    var made = CatalogRoutine(
      id: before?.id ?? warehouse.newID(), schema: schema.id, name: routine.name.key, owner: before?.owner ?? user.id,
      isProcedure: true, argumentNames: routine.arguments.map { $0.name?.key ?? "" },
      argumentModes: routine.arguments.map(\.mode.rawValue), argumentTypes: types.map { CatalogType($0) }, returns: nil,
      volatility: routine.nonatomic ? "NONATOMIC" : "VOLATILE", language: routine.language, body: routine.body,
      text: routine.text, grants: before?.grants ?? [])
    made.securityDefiner = routine.securityDefiner
    try await put(made)
  }

  /// The types by which a routine is told from others of its name.
  static func inputs(_ routine: CatalogRoutine) -> [RedshiftType] {
    zip(routine.argumentTypes, routine.argumentModes).filter { $0.1 != "OUT" }.map(\.0.type)
  }

  /// CALL: the whole procedure is one transaction unless it commits itself.
  func call(
    _ name: QualifiedName, _ values: [Expression], parameters: [EngineParameter] = [], text: String
  ) async throws -> SQLOutcome {
    let candidates = names().routines(name).filter { $0.isProcedure && Self.inputs($0).count == values.count }
    guard let routine = candidates.first else {
      throw SQLFailure(
        "42883", "procedure \(name)(\(values.isEmpty ? "" : "…")) does not exist",
        hint: "No procedure matches the given name and argument types. You may need to add explicit type casts.")
    }
    guard rights.may("EXECUTE", on: routine) else {
      throw SQLFailure("42501", "permission denied for procedure \(routine.name)")
    }
    guard procedureDepth < WarehouseLimits.procedureDepthMax else {
      throw SQLFailure("54001", "stored procedure calls are nested too deeply")
    }
    let block = try PLpgSQL.parse(routine.body)
    let isOwn = !isInBlock && procedureDepth == 0
    let outerUser = actingUser
    if isOwn {
      try await startWork()
      isInBlock = true
      procedureOwnsWork = true
    }
    procedureDepth += 1
    do {
      let arguments = try await self.arguments(of: routine, values, parameters)
      if routine.securityDefiner { actingUser = routine.owner }
      let interpreter = PLpgSQLInterpreter(
        host: ProcedureHost(session: self), isAtomic: routine.volatility != "NONATOMIC")
      let results = try await interpreter.run(block, arguments: arguments)
      procedureDepth -= 1
      actingUser = outerUser
      if isOwn {
        procedureOwnsWork = false
        try await commitWork()
        endBlock(committed: true)
      }
      guard !results.isEmpty else { return .done(tag: "CALL") }
      let items = results.map { result in
        "\(Self.literal(result.value, result.type)) AS \(RedshiftPrinter.quoted(result.name))"
      }
      guard case .query(let query) = try RedshiftParser.statement("SELECT " + items.joined(separator: ", ")) else {
        return .done(tag: "CALL")
      }
      return try await select(query, parameters: [])
    } catch {
      procedureDepth = max(0, procedureDepth - 1)
      actingUser = outerUser
      if isOwn {
        procedureOwnsWork = false
        await rollBackWork()
        endBlock(committed: false)
      }
      if let own = error as? PLpgSQLError { throw SQLFailure(own.sqlState, own.message) }
      throw error
    }
  }

  private func arguments(
    of routine: CatalogRoutine, _ values: [Expression], _ parameters: [EngineParameter]
  ) async throws -> [PLpgSQLArgument] {
    var rest = values[...]
    var arguments: [PLpgSQLArgument] = []
    for (index, type) in routine.argumentTypes.map(\.type).enumerated() {
      let mode = RedshiftArgument.Mode(rawValue: routine.argumentModes[index]) ?? .input
      let name = routine.argumentNames[index]
      var value: String?
      if mode != .output, let given = rest.popFirst() {
        let (sql, _) = try await printed { printer, _ throws(SQLError) in
          let text = try printer.expression(given)
          if case .pseudo = type { return "SELECT CAST(\(text) AS VARCHAR)" }
          return "SELECT CAST(\(text) AS \(type.engineName))"
        }
        value = try await drained(try await rows(of: sql, parameters: parameters)).rows.first?.first ?? nil
      }
      arguments.append(PLpgSQLArgument(name: name.isEmpty ? nil : name, mode: mode, type: type, value: value))
    }
    return arguments
  }

  private static func literal(_ value: String?, _ type: RedshiftType) -> String {
    let text = value.map { "'" + $0.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'" } ?? "NULL"
    switch type {
    case .pseudo: return text
    case .super: return value == nil ? "NULL" : "JSON_PARSE(\(text))"
    default: return "\(text)::\(type)"
    }
  }

  /// The columns that CALL gives: a procedure's OUT and INOUT arguments.
  func results(of name: QualifiedName, _ count: Int) -> [SQLColumn]? {
    let candidates = names().routines(name).filter { $0.isProcedure && Self.inputs($0).count == count }
    guard let routine = candidates.first else { return nil }
    let columns = routine.argumentTypes.indices.filter { routine.argumentModes[$0] != "IN" }.map { index in
      SQLColumn(
        name: routine.argumentNames[index].isEmpty ? "$\(index + 1)" : routine.argumentNames[index],
        type: routine.argumentTypes[index].type.postgres)
    }
    return columns.isEmpty ? nil : columns
  }

  // MARK: What a procedure's statements do

  func runInProcedure(_ sql: String) async throws -> PLpgSQLResult {
    let tree = try RedshiftParser.statement(sql, keepsCase: settings.keepsCase)
    switch tree {
    case .commit, .rollback:
      guard procedureOwnsWork else {
        throw SQLFailure("2D000", "invalid transaction termination")
      }
      if case .commit = tree { try await commitWork() } else { await rollBackWork() }
      try await startWork()
      return PLpgSQLResult()
    case .begin: throw SQLFailure("0A000", "cannot begin/end transactions in PL/pgSQL")
    case .truncate(let name):
      // Within a procedure: commits as it does outside, and the procedure goes on in a new transaction.
      if procedureOwnsWork {
        _ = try await truncate(name)
        isInBlock = true
        try await startWork()
        return PLpgSQLResult()
      }
    default: break
    }
    return try await drained(try await run(tree, text: sql, parameters: []))
  }

  private func drained(_ outcome: SQLOutcome) async throws -> PLpgSQLResult {
    switch outcome {
    case .empty: return PLpgSQLResult()
    case .done(let tag): return PLpgSQLResult(count: tag.split(separator: " ").last.flatMap { Int($0) } ?? 0)
    case .rows(let rows):
      let columns = rows.columns.map { PLpgSQLResult.Column(name: $0.name, type: Self.type($0.type)) }
      var lines: [[String?]] = []
      while let chunk = try await rows.next() {
        guard lines.count + chunk.rows <= WarehouseLimits.procedureRowsMax else {
          await rows.close()
          throw SQLFailure(
            "54000", "a query of a procedure gives more than \(WarehouseLimits.procedureRowsMax) rows")
        }
        for row in 0..<chunk.rows {
          lines.append(columns.indices.map { rows.text(chunk, column: $0, row: row) })
        }
      }
      return PLpgSQLResult(columns: columns, rows: lines, count: lines.count)
    }
  }

  private static func type(_ type: PostgresType) -> RedshiftType {
    switch type.oid {
    case PostgresType.boolean.oid: .boolean
    case PostgresType.int2.oid: .smallint
    case PostgresType.int4.oid: .integer
    case PostgresType.int8.oid, PostgresType.oid.oid: .bigint
    case PostgresType.float4.oid: .real
    case PostgresType.float8.oid: .double
    case PostgresType.date.oid: .date
    case PostgresType.time.oid: .time
    case PostgresType.timeTZ.oid: .timetz
    case PostgresType.timestamp.oid: .timestamp
    case PostgresType.timestampTZ.oid: .timestamptz
    case PostgresType.superValue.oid: .super
    case PostgresType.numeric.oid:
      type.numericShape.map { .decimal(precision: min(38, max(1, $0.precision)), scale: min(37, $0.scale)) }
        ?? .decimal(precision: 38, scale: 10)
    default: .varcharMax
    }
  }

  /// After an error that the procedure handles: what it did is undone, and its handler has a transaction of its own.
  func recoverProcedure() async throws {
    guard procedureOwnsWork else {
      throw SQLFailure("2D000", "an exception in a transaction block cannot be handled by a stored procedure")
    }
    await rollBackWork()
    try await startWork()
  }

  /// What an exception's handler did stays, e.g. its row in a log table.
  func settleProcedure() async throws {
    guard procedureOwnsWork else { return }
    try await commitWork()
    try await startWork()
  }

  func showNotice(_ level: String, _ message: String) {
    notice(level == "LOG" || level == "DEBUG" ? "DEBUG" : level, "00000", message)
  }

  nonisolated func wordedFailure(_ error: any Error) -> (sqlState: String, message: String) {
    let failure = SQLFailure(error)
    return (failure.sqlState, failure.message)
  }
}

private struct ProcedureHost: PLpgSQLHost {
  let session: WarehouseSession

  func run(_ sql: String) async throws -> PLpgSQLResult { try await session.runInProcedure(sql) }
  func notice(_ level: String, _ message: String) async { await session.showNotice(level, message) }
  func failure(of error: any Error) -> (sqlState: String, message: String) { session.wordedFailure(error) }
  func recover() async throws { try await session.recoverProcedure() }
  func settle() async throws { try await session.settleProcedure() }
  func checkCancelled() throws {
    if session.engine.isCancelled { throw SQLFailure("57014", "Query cancelled on user's request") }
  }
}
