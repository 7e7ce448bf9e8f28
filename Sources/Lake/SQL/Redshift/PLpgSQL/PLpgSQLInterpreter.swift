/// What a procedure asks of the session that runs it.
public protocol PLpgSQLHost: Sendable {
  /// Runs one statement of Redshift's to its end.
  /// - Throws: what failed; `failure(of:)` words it.
  func run(_ sql: String) async throws -> PLpgSQLResult
  /// Shows a message: `INFO`, `NOTICE`, `WARNING`, `LOG`, `DEBUG`.
  func notice(_ level: String, _ message: String) async
  /// The code and message that SQLSTATE and SQLERRM have for an error.
  func failure(of error: any Error) -> (sqlState: String, message: String)
  /// Rolls back what the procedure did, so that an exception's handler can run, in a transaction of its own.
  func recover() async throws
  /// Keeps what a handler did, though the procedure fails after it.
  func settle() async throws
  /// Throws when the statement was cancelled. Asked in every turn of a loop.
  func checkCancelled() throws
}

/// The rows of a statement that a procedure runs.
public struct PLpgSQLResult: Sendable {
  public struct Column: Sendable {
    public var name: String
    public var type: RedshiftType
    public init(name: String, type: RedshiftType) {
      self.name = name
      self.type = type
    }
  }
  public var columns: [Column]
  /// In PostgreSQL's text form.
  public var rows: [[String?]]
  /// Rows that were given or changed.
  public var count: Int

  public init(columns: [Column] = [], rows: [[String?]] = [], count: Int = 0) {
    self.columns = columns
    self.rows = rows
    self.count = count
  }
}

/// An error that a procedure raises itself.
public struct PLpgSQLError: Error, Sendable {
  public var sqlState: String
  public var message: String
  public init(_ sqlState: String, _ message: String) {
    self.sqlState = sqlState
    self.message = message
  }
}

/// An argument of a call.
public struct PLpgSQLArgument: Sendable {
  public var name: String?
  public var mode: RedshiftArgument.Mode
  public var type: RedshiftType
  /// In PostgreSQL's text form; `nil` is NULL.
  public var value: String?
  public init(name: String?, mode: RedshiftArgument.Mode, type: RedshiftType, value: String?) {
    self.name = name
    self.mode = mode
    self.type = type
    self.value = value
  }
}

/// Runs one procedure's body.
public final class PLpgSQLInterpreter {
  struct Value {
    var type: RedshiftType
    var text: String?
    var isConstant = false
    var notNull = false
  }
  enum Variable {
    case value(Value)
    case record([(name: String, value: Value)]?)
    case cursor(Cursor)
    case alias(String)
  }
  struct Cursor {
    var query: PLpgSQLText?
    var result: PLpgSQLResult?
    var position = 0
  }
  private enum Flow {
    case next
    case leave(isExit: Bool, label: String?)
    case finish
  }

  private let host: any PLpgSQLHost
  private let isAtomic: Bool
  private var scopes: [[String: Variable]] = []
  private var rowCount = 0
  private var caught: (error: any Error, sqlState: String, message: String)?

  /// - Parameter isAtomic: whether the procedure is one transaction, so that a caught error fails it after its handler;
  ///   false for NONATOMIC.
  public init(host: any PLpgSQLHost, isAtomic: Bool = true) {
    self.host = host
    self.isAtomic = isAtomic
  }

  /// Runs the body.
  /// - Returns: the values of OUT and INOUT arguments, in their order.
  /// - Throws: `PLpgSQLError` and what the host throws.
  public func run(
    _ block: PLpgSQLBlock, arguments: [PLpgSQLArgument]
  ) async throws -> [(name: String, type: RedshiftType, value: String?)] {
    var scope: [String: Variable] = ["found": .value(Value(type: .boolean, text: "f"))]
    for (index, argument) in arguments.enumerated() {
      let name = argument.name ?? "$\(index + 1)"
      scope[name] = .value(Value(type: argument.type, text: argument.value))
      if argument.name != nil { scope["$\(index + 1)"] = .alias(name) }
    }
    scopes = [scope]
    _ = try await run(block)
    return arguments.enumerated().compactMap { index, argument in
      guard argument.mode != .input else { return nil }
      let name = argument.name ?? "$\(index + 1)"
      guard case .value(let value)? = scopes.first?[name] else { return nil }
      return (name, value.type, value.text)
    }
  }

  // MARK: Blocks

  private func run(_ block: PLpgSQLBlock) async throws -> Flow {
    scopes.append([:])
    defer { scopes.removeLast() }
    let depth = scopes.count
    do {
      for declaration in block.declarations { try await declare(declaration) }
      return inner(try await run(block.statements), block.label)
    } catch {
      guard let handler = block.handler, !(error is CancellationError) else { throw error }
      try host.checkCancelled()
      scopes.removeLast(max(0, scopes.count - depth))
      let (state, message) = describe(error)
      let outer = caught
      caught = (error, state, message)
      defer { caught = outer }
      try await host.recover()
      let flow = inner(try await run(handler), block.label)
      // One transaction cannot go on after an error: Redshift fails it again when the handler is done.
      if isAtomic {
        try await host.settle()
        throw error
      }
      return flow
    }
  }

  private func describe(_ error: any Error) -> (String, String) {
    if let own = error as? PLpgSQLError { return (own.sqlState, own.message) }
    return host.failure(of: error)
  }

  /// EXIT with a block's label ends that block.
  private func inner(_ flow: Flow, _ label: String?) -> Flow {
    if case .leave(true, let target?) = flow, target == label { return .next }
    return flow
  }

  private func declare(_ declaration: PLpgSQLDeclaration) async throws {
    let variable: Variable
    switch declaration.kind {
    case .alias(let name): variable = .alias(name)
    case .record: variable = .record(nil)
    case .cursor(let query): variable = .cursor(Cursor(query: query))
    case .variable(let type, let isConstant, let notNull, let text):
      var value = Value(type: type, text: nil, isConstant: isConstant, notNull: notNull)
      if let text { value.text = try await evaluate(text, as: type) }
      if notNull, value.text == nil {
        throw PLpgSQLError("22004", "variable \"\(declaration.name)\" declared NOT NULL cannot default to NULL")
      }
      variable = .value(value)
    }
    scopes[scopes.count - 1][declaration.name] = variable
  }

  private func run(_ statements: [PLpgSQLStatement]) async throws -> Flow {
    for statement in statements {
      let flow = try await run(statement)
      guard case .next = flow else { return flow }
    }
    return .next
  }

  private func run(_ statement: PLpgSQLStatement) async throws -> Flow {
    switch statement {
    case .nothing: break
    case .assign(let target, let text): try await assign(target, text)
    case .sql(let text, let targets, let strict): try await sql(text, targets, strict)
    case .perform(let text):
      let result = try await host.run("SELECT " + bound(text))
      note(result)
    case .execute(let command, let targets):
      let result = try await host.run(try await dynamic(command))
      note(result)
      if !targets.isEmpty { try await give(result, 0, to: targets) }
    case .choose(let branches, let otherwise, let needsOne):
      for branch in branches where try await isTrue(branch.condition) { return try await run(branch.body) }
      if let otherwise { return try await run(otherwise) }
      if needsOne { throw PLpgSQLError("20000", "case not found") }
    case .loop(let label, let body):
      return try await loop(label, body) { true }
    case .whileLoop(let label, let condition, let body):
      return try await loop(label, body) { try await self.isTrue(condition) }
    case .forRange(let range, let body): return try await forRange(range, body)
    case .forRows(let label, let targets, let query, let isDynamic, let body):
      return try await forRows(label, targets, query, isDynamic, body)
    case .leave(let isExit, let label, let condition):
      if let condition, !(try await isTrue(condition)) { break }
      return .leave(isExit: isExit, label: label)
    case .finish: return .finish
    case .raise(let level, let message, let arguments): try await raise(level, message, arguments)
    case .open(let name, let query, let isDynamic): try await open(name, query, isDynamic)
    case .fetch(let name, let targets): try await fetch(name, targets)
    case .close(let name): try await close(name)
    case .diagnostics(let target): try set(target, "\(rowCount)")
    case .block(let block): return try await run(block)
    }
    return .next
  }

  // MARK: Loops

  private func loop(
    _ label: String?, _ body: [PLpgSQLStatement], _ goesOn: () async throws -> Bool
  ) async throws -> Flow {
    while try await goesOn() {
      try host.checkCancelled()
      if let flow = turn(try await run(body), label) { return flow }
    }
    return .next
  }

  /// What a turn's end means for the loop: `nil` goes on.
  private func turn(_ flow: Flow, _ label: String?) -> Flow? {
    switch flow {
    case .next: return nil
    case .finish: return .finish
    case .leave(let isExit, let target):
      guard target == nil || target == label else { return flow }
      return isExit ? .next : nil
    }
  }

  private func forRange(_ range: PLpgSQLRange, _ body: [PLpgSQLStatement]) async throws -> Flow {
    func number(_ text: PLpgSQLText, _ what: String) async throws -> Int64 {
      guard let value = try await evaluate(text, as: .bigint).flatMap({ Int64($0) }) else {
        throw PLpgSQLError("22004", "\(what) of FOR loop cannot be null")
      }
      return value
    }
    let from = try await number(range.from, "lower bound")
    let to = try await number(range.to, "upper bound")
    var step: Int64 = 1
    if let text = range.step { step = try await number(text, "BY value") }
    guard step > 0 else { throw PLpgSQLError("22023", "BY value of FOR loop must be greater than zero") }
    scopes.append([:])
    defer { scopes.removeLast() }
    var index = from
    while range.isReversed ? index >= to : index <= to {
      try host.checkCancelled()
      scopes[scopes.count - 1][range.variable] = .value(Value(type: .integer, text: "\(index)"))
      if let flow = turn(try await run(body), range.label) { return flow }
      let (next, overflow) =
        range.isReversed ? index.subtractingReportingOverflow(step) : index.addingReportingOverflow(step)
      if overflow { break }
      index = next
    }
    return .next
  }

  private func forRows(
    _ label: String?, _ targets: [[String]], _ query: PLpgSQLText, _ isDynamic: Bool, _ body: [PLpgSQLStatement]
  ) async throws -> Flow {
    let sql: String
    if isDynamic {
      sql = try await dynamic(query)
    } else if query.pieces.count <= 3, case .cursor(let cursor)? = variable(query.written.lowercased()),
      let declared = cursor.query
    {
      sql = bound(declared)
    } else {
      sql = bound(query)
    }
    let result = try await host.run(sql)
    for row in result.rows.indices {
      try host.checkCancelled()
      try await give(result, row, to: targets)
      if let flow = turn(try await run(body), label) { return flow }
    }
    try set(["found"], result.rows.isEmpty ? "f" : "t")
    return .next
  }

  // MARK: SQL

  private func note(_ result: PLpgSQLResult) {
    rowCount = result.count
    scopes[0]["found"] = .value(Value(type: .boolean, text: result.count > 0 ? "t" : "f"))
  }

  private func sql(_ text: PLpgSQLText, _ targets: [[String]], _ strict: Bool) async throws {
    let result = try await host.run(bound(text))
    note(result)
    guard !targets.isEmpty else {
      if !result.columns.isEmpty {
        throw PLpgSQLError("42601", "query has no destination for result data")
      }
      return
    }
    if strict {
      if result.rows.isEmpty { throw PLpgSQLError("P0002", "query returned no rows") }
      if result.rows.count > 1 { throw PLpgSQLError("P0003", "query returned more than one row") }
    }
    try await give(result, 0, to: targets)
  }

  /// The text that a dynamic statement's expression gives.
  private func dynamic(_ text: PLpgSQLText) async throws -> String {
    guard let command = try await evaluate(text, as: nil) else {
      throw PLpgSQLError("22004", "cannot EXECUTE a null querystring")
    }
    return command
  }

  /// Gives a row's values to variables, or to a record; a missing row gives NULLs.
  private func give(_ result: PLpgSQLResult, _ row: Int, to targets: [[String]]) async throws {
    let values = row < result.rows.count ? result.rows[row] : nil
    if targets.count == 1, targets[0].count == 1, let name = resolved(targets[0][0]),
      case .record? = variable(name)
    {
      let fields = result.columns.enumerated().map { index, column in
        (
          name: column.name,
          value: Value(type: column.type, text: values.flatMap { index < $0.count ? $0[index] : nil })
        )
      }
      store(name, .record(fields))
      return
    }
    for (index, target) in targets.enumerated() {
      let value = values.flatMap { index < $0.count ? $0[index] : nil }
      let type = index < result.columns.count ? result.columns[index].type : .varcharMax
      try await set(target, value, from: type)
    }
  }

  // MARK: Expressions

  private func isTrue(_ condition: PLpgSQLText) async throws -> Bool {
    let value = try await evaluate(condition, as: .boolean)
    return value == "t" || value == "true"
  }

  /// An expression's value as text.
  private func evaluate(_ text: PLpgSQLText, as type: RedshiftType?) async throws -> String? {
    let sql = bound(text)
    if let type, let quick = Self.literal(sql, type) { return quick }
    let isQuery = sql.uppercased().hasPrefix("SELECT ")
    var query = isQuery ? "SELECT (\(sql))" : "SELECT \(sql)"
    if let type, case .pseudo = type {} else if let type { query = "SELECT (\(sql))::\(type)" }
    let result = try await host.run(query)
    guard let row = result.rows.first, let value = row.first else { return nil }
    return value
  }

  /// Numbers and plain texts need no engine.
  private static func literal(_ sql: String, _ type: RedshiftType) -> String? {
    switch type {
    case .integer: return Int32(sql).map { "\($0)" }
    case .bigint: return Int64(sql).map { "\($0)" }
    case .boolean: return sql.lowercased() == "true" ? "t" : sql.lowercased() == "false" ? "f" : nil
    default: return nil
    }
  }

  /// The text with variables' values in their places.
  private func bound(_ text: PLpgSQLText) -> String {
    var result = ""
    for piece in text.pieces {
      switch piece {
      case .text(let text): result += text
      case .name(let parts, let written): result += literal(parts) ?? written
      }
    }
    return result.trimmed
  }

  private func literal(_ parts: [String]) -> String? {
    if parts.count == 1, let caught {
      if parts[0] == "sqlerrm" { return Self.quoted(caught.message) }
      if parts[0] == "sqlstate" { return Self.quoted(caught.sqlState) }
    }
    guard let name = resolved(parts[0]), let variable = variable(name) else { return nil }
    switch variable {
    case .value(let value):
      // `label.name` is not told from `table.column`.
      return parts.count == 1 ? Self.literal(value) : nil
    case .record(let fields):
      guard parts.count == 2 else { return nil }
      guard let field = fields?.first(where: { $0.name == parts[1] }) else { return "NULL" }
      return Self.literal(field.value)
    case .cursor, .alias: return nil
    }
  }

  private static func literal(_ value: Value) -> String {
    guard let text = value.text else {
      if case .pseudo = value.type { return "NULL" }
      return "NULL::\(value.type)"
    }
    switch value.type {
    case .smallint, .integer, .bigint:
      guard let number = Int64(text) else { return quoted(text) }
      return number < 0 ? "(\(number))" : "\(number)"
    case .boolean: return text == "t" || text == "true" ? "TRUE" : "FALSE"
    case .varchar, .char, .pseudo: return quoted(text)
    case .super: return "JSON_PARSE(\(quoted(text)))"
    default: return "\(quoted(text))::\(value.type)"
    }
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
  }

  // MARK: Variables

  private func resolved(_ name: String) -> String? {
    var name = name
    for _ in 0..<16 {
      guard case .alias(let other)? = variable(name) else { return variable(name) == nil ? nil : name }
      name = other
    }
    return nil
  }

  private func variable(_ name: String) -> Variable? {
    for scope in scopes.reversed() {
      if let variable = scope[name] { return variable }
    }
    return nil
  }

  private func store(_ name: String, _ variable: Variable) {
    for index in scopes.indices.reversed() where scopes[index][name] != nil {
      scopes[index][name] = variable
      return
    }
  }

  private func assign(_ target: [String], _ text: PLpgSQLText) async throws {
    guard let name = resolved(target[0]), let variable = variable(name) else {
      throw PLpgSQLError("42601", "\"\(target.joined(separator: "."))\" is not a known variable")
    }
    switch variable {
    case .value(let value):
      if value.isConstant { throw PLpgSQLError("22005", "\"\(name)\" is declared CONSTANT") }
      try set(target, try await evaluate(text, as: value.type))
    case .record(let fields):
      if target.count == 2, let field = fields?.first(where: { $0.name == target[1] }) {
        try set(target, try await evaluate(text, as: field.value.type))
      } else {
        let result = try await host.run("SELECT \(bound(text))")
        try await give(result, 0, to: [target])
      }
    case .cursor, .alias: throw PLpgSQLError("42804", "cannot assign to cursor \"\(name)\"")
    }
  }

  private func set(_ target: [String], _ text: String?) throws {
    guard let name = resolved(target[0]), let variable = variable(name) else {
      throw PLpgSQLError("42601", "\"\(target.joined(separator: "."))\" is not a known variable")
    }
    switch variable {
    case .value(var value):
      if value.isConstant { throw PLpgSQLError("22005", "\"\(name)\" is declared CONSTANT") }
      if value.notNull, text == nil {
        throw PLpgSQLError("22004", "NULL cannot be assigned to variable \"\(name)\" declared NOT NULL")
      }
      value.text = text
      store(name, .value(value))
    case .record(var fields):
      guard target.count == 2, let index = fields?.firstIndex(where: { $0.name == target[1] }) else {
        throw PLpgSQLError("42703", "record \"\(name)\" has no field \"\(target.dropFirst().joined())\"")
      }
      fields?[index].value.text = text
      store(name, .record(fields))
    case .cursor, .alias: throw PLpgSQLError("42804", "cannot assign to cursor \"\(name)\"")
    }
  }

  /// Converts where the types differ.
  private func set(_ target: [String], _ text: String?, from type: RedshiftType) async throws {
    guard let text, let name = resolved(target[0]), case .value(let value)? = variable(name), value.type != type else {
      return try set(target, text)
    }
    switch (type, value.type) {
    case (_, .pseudo), (.varchar, .varchar), (.char, .varchar), (.smallint, .integer), (.smallint, .bigint),
      (.integer, .bigint):
      if case .varchar(let length) = value.type, text.utf8.count > length { break }
      return try set(target, text)
    default: break
    }
    let source = Self.literal(Value(type: type, text: text))
    let result = try await host.run("SELECT (\(source))::\(value.type)")
    try set(target, result.rows.first?.first ?? nil)
  }

  // MARK: Cursors

  private func open(_ name: String, _ query: PLpgSQLText?, _ isDynamic: Bool) async throws {
    guard let key = resolved(name), let variable = variable(key) else {
      throw PLpgSQLError("34000", "cursor \"\(name)\" does not exist")
    }
    switch variable {
    case .cursor(var cursor):
      guard cursor.result == nil else { throw PLpgSQLError("42P03", "cursor \"\(name)\" already in use") }
      guard let text = query ?? cursor.query else { throw PLpgSQLError("34000", "cursor \"\(name)\" has no query") }
      cursor.result = try await host.run(isDynamic ? try await dynamic(text) : bound(text))
      cursor.position = 0
      store(key, .cursor(cursor))
    case .value(var value):
      // A refcursor names a cursor of the session, which the caller may read, too.
      guard let query else { throw PLpgSQLError("42601", "a refcursor needs a query") }
      let cursor = value.text ?? "<unnamed portal 1>"
      value.text = cursor
      store(key, .value(value))
      let sql = isDynamic ? try await dynamic(query) : bound(query)
      _ = try await host.run("DECLARE \(Self.identifier(cursor)) CURSOR FOR \(sql)")
    case .record, .alias: throw PLpgSQLError("42804", "variable \"\(name)\" must be of type cursor or refcursor")
    }
  }

  private static func identifier(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

  private func fetch(_ name: String, _ targets: [[String]]) async throws {
    guard let key = resolved(name), let variable = variable(key) else {
      throw PLpgSQLError("34000", "cursor \"\(name)\" does not exist")
    }
    let result: PLpgSQLResult
    switch variable {
    case .cursor(var cursor):
      guard let open = cursor.result else { throw PLpgSQLError("34000", "cursor \"\(name)\" is not open") }
      let isThere = cursor.position < open.rows.count
      result = PLpgSQLResult(
        columns: open.columns, rows: isThere ? [open.rows[cursor.position]] : [], count: isThere ? 1 : 0)
      if isThere { cursor.position += 1 }
      store(key, .cursor(cursor))
    case .value(let value):
      guard let cursor = value.text else { throw PLpgSQLError("34000", "cursor \"\(name)\" is not open") }
      result = try await host.run("FETCH NEXT FROM \(Self.identifier(cursor))")
    case .record, .alias: throw PLpgSQLError("34000", "cursor \"\(name)\" does not exist")
    }
    try await give(result, 0, to: targets)
    note(PLpgSQLResult(count: result.rows.count))
  }

  private func close(_ name: String) async throws {
    guard let key = resolved(name), let variable = variable(key) else {
      throw PLpgSQLError("34000", "cursor \"\(name)\" does not exist")
    }
    switch variable {
    case .cursor(var cursor):
      cursor.result = nil
      store(key, .cursor(cursor))
    case .value(let value): _ = try await host.run("CLOSE \(Self.identifier(value.text ?? name))")
    case .record, .alias: break
    }
  }

  // MARK: RAISE

  private func raise(_ level: String, _ format: String, _ arguments: [PLpgSQLText]) async throws {
    if level == "AGAIN" {
      if let caught { throw caught.error }
      throw PLpgSQLError("0Z002", "RAISE without parameters cannot be used outside an exception handler")
    }
    var message = ""
    var rest = arguments[...]
    var previous: Character?
    for character in format {
      if character == "%" {
        if previous == "%" {
          previous = nil
          message.append("%")
          continue
        }
      } else if previous == "%" {
        message += try await next(&rest)
        message.append(character)
        previous = character
        continue
      }
      if character != "%" { message.append(character) }
      previous = character
    }
    if previous == "%" { message += try await next(&rest) }
    guard rest.isEmpty else { throw PLpgSQLError("42601", "too many parameters specified for RAISE") }
    if level == "EXCEPTION" { throw PLpgSQLError("P0001", message) }
    await host.notice(level, message)
  }

  private func next(_ rest: inout ArraySlice<PLpgSQLText>) async throws -> String {
    guard let argument = rest.popFirst() else {
      throw PLpgSQLError("42601", "too few parameters specified for RAISE")
    }
    return try await evaluate(argument, as: nil) ?? "<NULL>"
  }
}

extension String {
  /// Without blanks around.
  fileprivate var trimmed: String {
    var slice = self[...]
    while let first = slice.first, first.isWhitespace { slice = slice.dropFirst() }
    while let last = slice.last, last.isWhitespace { slice = slice.dropLast() }
    return String(slice)
  }
}
