import Engine
import PostgresWire
import SQL

/// A cursor: its rows, as they were when it was declared, in a temporary table of the engine.
struct Cursor {
  var table: String
  var columns: [SQLColumn]
  var rows: Int
  var position: Int
}

/// Transactions, cursors, prepared statements and parameters.
extension WarehouseSession {
  static func noCursor(_ name: String) -> SQLFailure { SQLFailure("34000", "cursor \"\(name)\" does not exist") }
  static func noStatement(_ name: String) -> SQLFailure {
    SQLFailure("26000", "prepared statement \"\(name)\" does not exist")
  }

  func sessionStatement(
    _ statement: RedshiftStatement, text: String, parameters: [EngineParameter]
  ) async throws -> SQLOutcome {
    switch statement {
    case .begin: return try await beginBlock()
    case .commit: return try await commitBlock()
    case .rollback: return try await rollBackBlock()
    case .lock(let names):
      do {
        for name in names { try await lock(named: name) }
      } catch {
        if !isInBlock { await warehouse.locks.release(process) }
        throw error
      }
      if !isInBlock { await warehouse.locks.release(process) }
      return .done(tag: "LOCK TABLE")
    case .declareCursor(let name, let query): return try await declare(name, query)
    case .fetch(let fetch): return try await self.fetch(fetch)
    case .closeCursor(let name):
      if let name {
        guard let cursor = cursors.removeValue(forKey: name.key) else { throw Self.noCursor(name.key) }
        try await drop(cursor)
      } else {
        for cursor in cursors.values { try await drop(cursor) }
        cursors = [:]
      }
      return .done(tag: "CLOSE CURSOR")
    case .prepare(let name, let types, let inner):
      guard namedStatements[name.key] == nil else {
        throw SQLFailure("42P05", "prepared statement \"\(name.key)\" already exists")
      }
      _ = try await describe(inner, text: text, parameterTypes: types.map(\.postgres))
      namedStatements[name.key] = NamedStatement(types: types, statement: inner)
      return .done(tag: "PREPARE")
    case .execute(let name, let arguments):
      guard let named = namedStatements[name.key] else { throw Self.noStatement(name.key) }
      let values = try await evaluate(arguments)
      return try await run(named.statement, text: text, parameters: values)
    case .deallocate(let name):
      if let name {
        guard namedStatements.removeValue(forKey: name.key) != nil else { throw Self.noStatement(name.key) }
      } else {
        namedStatements = [:]
      }
      return .done(tag: name == nil ? "DEALLOCATE ALL" : "DEALLOCATE")
    case .set(let setting): return try await set(setting)
    case .setSessionAuthorization(let name):
      guard let name, name.lowercased() != "default" else {
        actingUser = nil
        return .done(tag: "SET")
      }
      guard rights.isSuperuser || actingUser != nil else {
        throw SQLFailure("42501", "permission denied to set session authorization")
      }
      guard let user = catalog.user(name) ?? catalog.user(name.asciiLowercased) else {
        throw SQLFailure("42704", "user \"\(name)\" does not exist")
      }
      actingUser = user.id
      return .done(tag: "SET")
    case .show(let name): return try await show(name)
    case .reset(let name):
      try settings.reset(name)
      try await settle()
      return .done(tag: "RESET")
    default: throw SQLFailure("0A000", "this statement is not implemented by Tarn yet")
    }
  }

  private func lock(named name: QualifiedName) async throws {
    guard case .relation(let relation) = try object(named: name) else { return }
    guard ["INSERT", "UPDATE", "DELETE"].contains(where: { rights.may($0, on: relation) }) else {
      throw SQLFailure("42501", "permission denied for relation \(relation.name)")
    }
    try await lock(relation)
  }

  // MARK: Transactions

  private func beginBlock() async throws -> SQLOutcome {
    if isInBlock {
      notice("WARNING", "25001", "there is already a transaction in progress")
      return .done(tag: "BEGIN")
    }
    try await startWork()
    isInBlock = true
    return .done(tag: "BEGIN")
  }

  private func commitBlock() async throws -> SQLOutcome {
    guard isInBlock else {
      notice("WARNING", "25P01", "there is no transaction in progress")
      return .done(tag: "COMMIT")
    }
    if hasFailed {
      endBlock(committed: false)
      return .done(tag: "ROLLBACK")
    }
    do {
      try await commitWork()
    } catch {
      await rollBackWork()
      endBlock(committed: false)
      throw error
    }
    endBlock(committed: true)
    return .done(tag: "COMMIT")
  }

  private func rollBackBlock() async throws -> SQLOutcome {
    guard isInBlock else {
      notice("WARNING", "25P01", "there is no transaction in progress")
      return .done(tag: "ROLLBACK")
    }
    if !hasFailed { await rollBackWork() }
    endBlock(committed: false)
    return .done(tag: "ROLLBACK")
  }

  // MARK: Cursors

  private func declare(_ name: Identifier, _ query: Query) async throws -> SQLOutcome {
    guard isInBlock else {
      throw SQLFailure("25P01", "DECLARE CURSOR may only be used in transaction blocks")
    }
    guard cursors[name.key] == nil else { throw SQLFailure("42P03", "cursor \"\(name.key)\" already exists") }
    // As in Redshift: one at a time.
    guard cursors.isEmpty else {
      throw SQLFailure("0A000", "DECLARE CURSOR: only one cursor at a time is supported in a session")
    }
    let (sql, names) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    if !names.found.read.isEmpty || !names.externalColumns.isEmpty { try await admit() }
    let description = try await engine.describe(sql)
    let table = "temp.main.c\(warehouse.newID())"
    let list = description.columns.indices.map { "c\($0)" }.joined(separator: ", ")
    try await engine.execute(
      "CREATE TEMP TABLE \(table) AS SELECT *, row_number() OVER () AS n FROM (\(sql)) AS v(\(list))",
      policy: .everything)
    let count = try await number("SELECT count(*) FROM \(table)")
    cursors[name.key] = Cursor(
      table: table, columns: Self.columns(description.columns, ResultColumns.declared(query, names)), rows: count,
      position: 0)
    return .done(tag: "DECLARE CURSOR")
  }

  private func fetch(_ fetch: RedshiftFetch) async throws -> SQLOutcome {
    guard var cursor = cursors[fetch.cursor.key] else { throw Self.noCursor(fetch.cursor.key) }
    let left = cursor.rows - cursor.position
    let wanted =
      switch fetch.amount {
      case .next: min(1, left)
      case .forward(let count): min(max(0, count), left)
      case .all, .forwardAll: left
      }
    let list = cursor.columns.enumerated().map { "c\($0) AS \(RedshiftPrinter.quoted($1.name))" }
    // Numbered when they were kept: row ids begin anywhere while the transaction is open.
    let sql =
      "SELECT \(list.joined(separator: ", ")) FROM \(cursor.table) WHERE n > \(cursor.position) "
      + "AND n <= \(cursor.position + wanted) ORDER BY n"
    let columns = cursor.columns
    cursor.position += wanted
    cursors[fetch.cursor.key] = cursor
    return try await rows(of: sql, declared: columns.map { $0 }, command: "FETCH")
  }

  private func drop(_ cursor: Cursor) async throws {
    try await engine.execute("DROP TABLE \(cursor.table)", policy: .everything)
  }

  /// The one number that a query of our own gives.
  func number(_ sql: String) async throws -> Int {
    let result = try await engine.run(sql, policy: .everything)
    var number = 0
    while let chunk = try await result.next() {
      if chunk.rows > 0, let column = chunk.columns.first, !column.isNull(0) {
        switch column[0] {
        case .int(let value): number = Int(value)
        case .uint(let value): number = Int(clamping: value)
        case .hugeInt(let value): number = Int(clamping: value)
        default: break
        }
      }
    }
    return number
  }

  /// The values of constant expressions.
  private func evaluate(_ arguments: [Expression]) async throws -> [EngineParameter] {
    guard !arguments.isEmpty else { return [] }
    let (sql, _) = try await printed { printer, _ throws(SQLError) in
      var items: [String] = []
      for argument in arguments { items.append(try printer.expression(argument)) }
      return "SELECT " + items.joined(separator: ", ")
    }
    let result = try await engine.run(sql, policy: .everything)
    var values: [EngineParameter] = []
    while let chunk = try await result.next() {
      if values.isEmpty, chunk.rows > 0 {
        values = chunk.columns.map { column in PostgresText.text(column, 0).map { .untyped($0) } ?? .null }
      }
    }
    return values
  }

  // MARK: Parameters

  private func set(_ setting: RedshiftSetting) async throws -> SQLOutcome {
    if setting.name == "session_characteristics" || setting.name == "seed" { return .done(tag: "SET") }
    let value = setting.isDefault ? nil : setting.values.joined(separator: ", ")
    try settings.set(setting.name, to: value, local: setting.local, inBlock: isInBlock)
    try await settle()
    return .done(tag: "SET")
  }

  /// Tells the engine of parameters that concern it.
  func settle() async throws {
    let zone = settings["timezone"] ?? "UTC"
    do {
      try await engine.execute("SET TimeZone = \(DuckDBText.string(zone))", policy: .everything)
    } catch let error as EngineError where error.message.contains("TimeZone") {
      throw SQLFailure("22023", "unrecognized time zone name: \"\(zone)\"")
    }
  }

  static func showColumns(_ name: String) -> [SQLColumn] {
    let type = RedshiftType.varcharMax.postgres
    if name.lowercased() == "all" {
      return ["name", "setting", "description"].map { SQLColumn(name: $0, type: type) }
    }
    return [SQLColumn(name: SessionSettings.canonical(name), type: type)]
  }

  private func show(_ name: String) async throws -> SQLOutcome {
    if name.lowercased() == "all" {
      let rows = settings.values.sorted { $0.key < $1.key }.map {
        "(\(DuckDBText.string($0.key)), \(DuckDBText.string($0.value)), '')"
      }
      return try await self.rows(
        of: "SELECT * FROM (VALUES \(rows.joined(separator: ", "))) AS v(name, setting, description)", command: "SHOW")
    }
    let canonical = SessionSettings.canonical(name)
    guard let value = settings[canonical] else {
      throw SQLFailure("42704", "unrecognized configuration parameter \"\(name)\"")
    }
    return try await rows(
      of: "SELECT \(DuckDBText.string(value)) AS \(DuckDBText.identifier(canonical))", command: "SHOW")
  }
}
