import CDuckDB
public import Kernel
public import LakeFiles

/// One caller's work in the engine: statements one after the other, the objects they write, and what they cost.
///
/// Objects that statements write become visible with `commitWrites`, all at once; without it they never do.
///
/// A session for one query is of no use once it was cancelled or a statement failed. A lasting session, which may hold
/// a transaction open from one statement to the next, goes on after `renew`.
public final class EngineSession: Sendable {
  /// Which kinds of statements a session runs.
  public enum Policy: Sendable {
    /// SELECT, EXPLAIN, `COPY … TO`, and temporary views, tables and macros: all that reads the lake or writes
    /// objects.
    case queries
    /// Whatever the locked engine allows. For SQL that is this process's own.
    case everything
  }

  public struct Counters: Hashable, Sendable {
    /// Bytes of objects read for this session: what Athena bills as data scanned.
    public var bytesRead: Int64
    /// Calls that read them.
    public var reads: Int64
    /// Objects opened for reading.
    public var filesOpened: Int64
    public var bytesWritten: Int64
  }

  private let engine: LakeEngine
  private let lake: LakeSession
  private let isLasting: Bool

  private struct State {
    var connection: Connection?
    var running = false
    var cancelled = false
    /// A statement failed after it may have written something.
    var failed = false
    /// A transaction is being committed or rolled back.
    var isEnding = false
  }
  private let state = Locked(State())

  init(engine: LakeEngine, caller: RequestContext, isLasting: Bool) {
    self.engine = engine
    self.isLasting = isLasting
    lake = LakeSession(files: engine.files, caller: caller)
  }

  deinit { lake.abortWrites() }

  /// With whose rights the lake is asked.
  public var caller: RequestContext { lake.caller }

  /// Lets what comes next ask the lake with other rights.
  public func act(as caller: RequestContext) { lake.act(as: caller) }

  /// Lets some objects be read with rights of their own, until `renew`.
  public func act(as caller: RequestContext, reading paths: [LakePath]) { lake.act(as: caller, reading: paths) }

  /// Says how the objects that statements write from now on are named and compressed.
  public func shape(_ output: LakeOutput) { lake.shape(output) }

  /// The size of an object that is finished and not yet published.
  public func bytes(of path: LakePath) -> Int64? { lake.bytes(of: path) }

  // MARK: Statements

  /// Runs one statement and returns once its first rows are there. Its rows come as they are computed, and the next
  /// statement can be run when they were read to their end or the result was closed.
  /// - Parameters:
  ///   - sql: one statement in DuckDB's tongue.
  ///   - parameters: values of `$1`, `$2`, ….
  /// - Throws: `EngineError`.
  public func run(
    _ sql: String, _ parameters: [EngineParameter] = [], policy: Policy = .queries
  ) async throws -> QueryResult {
    guard sql.utf8.count <= Limits.statementBytesMax else {
      throw EngineError(kind: .invalidInput, message: "A statement has at most \(Limits.statementBytesMax) bytes.")
    }
    let begun = state.withLock { state in
      defer { state.running = true }
      return !state.running
    }
    guard begun else { throw EngineError(kind: .invalidInput, message: "The session's last result is still open.") }
    return try await withTaskCancellationHandler {
      let asked = engine.clock.now()
      do {
        try await engine.turns.enter(self)
      } catch {
        state.withLock { $0.running = false }
        throw error
      }
      let turn = Turn(engine: engine, session: self)
      do {
        let running = try await running()
        _ = lake.takeFailure()
        return try await execute(sql, parameters, policy, on: running, turn: turn, asked: asked)
      } catch {
        state.withLock { $0.failed = true }
        turn.end()
        throw explained(error)
      }
    } onCancel: {
      cancel()
    }
  }

  /// Runs a statement whose rows do not matter, to its end.
  /// - Returns: the number of rows that came.
  @discardableResult
  public func execute(
    _ sql: String, _ parameters: [EngineParameter] = [], policy: Policy = .queries
  ) async throws -> Int {
    let result = try await run(sql, parameters, policy: policy)
    var rows = 0
    while let chunk = try await result.next() { rows += chunk.rows }
    return rows
  }

  /// What a statement takes and gives; nothing is run.
  /// - Throws: `EngineError`.
  public func describe(_ sql: String) async throws -> StatementDescription {
    try await onConnection { connection in
      var sql = sql
      return try sql.withUTF8 { bytes in
        try bytes.withMemoryRebound(to: CChar.self) { bytes in
          guard let start = bytes.baseAddress else {
            throw EngineError(kind: .parser, message: "There is no statement.")
          }
          let pointer = try calling { cduck_describe(connection.pointer, start, bytes.count, $0) }
          defer { cduck_description_free(pointer) }
          return StatementDescription(pointer)
        }
      }
    }
  }

  /// What a name stands for, as the session's transaction sees it.
  /// - Parameter name: a table's or view's; `nil` asks for the schema.
  public func lookUp(catalog: String, schema: String, name: String?) async throws -> DatabaseEntry? {
    try await onConnection { connection in
      let entry = try calling { failure -> cduck_entry? in
        let entry = cduck_lookup(connection.pointer, catalog, schema, name ?? "", failure)
        return entry == CDUCK_ENTRY_FAILED ? nil : entry
      }
      return switch entry {
      case CDUCK_ENTRY_TABLE: .table
      case CDUCK_ENTRY_VIEW: .view
      case CDUCK_ENTRY_SCHEMA: .schema
      default: nil
      }
    }
  }

  /// Whether a transaction is open between BEGIN and its end.
  public var isInTransaction: Bool {
    state.withLock({ $0.connection }).map { cduck_in_transaction($0.pointer) } ?? false
  }

  /// Commits the open transaction. Nothing cancels that: whoever hears that it failed may trust that nothing is kept.
  /// - Throws: `EngineError`.
  public func commit() async throws { try await endTransaction(commits: true) }

  /// Rolls the open transaction back, if there is one. Nothing cancels that. The last result must have been closed.
  public func rollBack() async {
    renew()
    guard isInTransaction else { return }
    // What fails here is an engine that is of no use any more, and it is told of that.
    try? await endTransaction(commits: false)
  }

  private func endTransaction(commits: Bool) async throws {
    let connection = state.withLock { state in
      state.isEnding = true
      return state.connection
    }
    defer { state.withLock { $0.isEnding = false } }
    guard let connection else {
      throw EngineError(kind: .invalidInput, message: "The session has no transaction.")
    }
    let end: @Sendable () throws -> Void = {
      _ = try calling { cduck_end_transaction(connection.pointer, commits, $0) ? true : nil }
    }
    do {
      do {
        try await connection.engine.pool.run(end)
      } catch is BlockingPool.Overloaded {
        // A transaction that stays open keeps more waiting than this thread.
        try end()
      }
    } catch {
      throw explained(error)
    }
  }

  /// Forgets that a statement failed or was cancelled, what was written and not committed, and attached files.
  public func renew() {
    lake.abortWrites()
    lake.resume()
    state.withLock { state in
      state.failed = false
      state.cancelled = false
    }
  }

  /// Rolls back what is open and lets go of the connection. The last result must have been closed.
  public func close() async {
    lake.abortWrites()
    guard let connection = state.withLock({ $0.connection.take() }) else { return }
    // Rolling back may take a while.
    let pool = connection.engine.pool
    try? await pool.run { withExtendedLifetime(connection) {} }
  }

  private func onConnection<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
    let running = try await running()
    do {
      return try await running.pool.run { [self] in try body(try connect(to: running)) }
    } catch {
      throw explained(error)
    }
  }

  /// Ends what runs, from any thread. A session for one query is of no use afterwards; of a lasting one only what runs
  /// now is ended.
  public func cancel() {
    let isCancelled = state.withLock { state in
      if state.isEnding || (isLasting && !state.running) { return false }
      state.cancelled = true
      lake.stop()
      // Here, so that it does not meet the transaction's end.
      if let connection = state.connection { cduck_interrupt(connection.pointer) }
      return true
    }
    if isCancelled { Task { await engine.turns.giveUp(self) } }
  }

  public var isCancelled: Bool { state.withLock { $0.cancelled } }

  /// What the session's statements have asked of the lake so far. May be read while they run.
  public var counters: Counters {
    guard let connection = state.withLock({ $0.connection }) else {
      return Counters(bytesRead: 0, reads: 0, filesOpened: 0, bytesWritten: 0)
    }
    var native = cduck_counters()
    cduck_connection_counters(connection.pointer, &native)
    return Counters(
      bytesRead: Int64(clamping: native.bytes_read), reads: Int64(clamping: native.reads),
      filesOpened: Int64(clamping: native.files_opened), bytesWritten: Int64(clamping: native.bytes_written))
  }

  /// How much of the running statement is done, 0 to 1; `nil` when that is not known.
  public var progress: Double? {
    guard let connection = state.withLock({ $0.connection }) else { return nil }
    let percent = cduck_progress(connection.pointer)
    return percent >= 0 ? min(percent / 100, 1) : nil
  }

  // MARK: Files

  /// Gives the session a file to read beside the lake's, which costs no bytes of any bill but is counted as read.
  /// - Returns: its path for `read_json`, `read_csv` and the like.
  public func attach(_ file: any LakeFile, as name: String) -> String {
    lake.attach(file, as: name)
    return LakeSession.ownScheme + name
  }

  /// Where `COPY … TO` writes into memory; `takeOutput` has the bytes then.
  public func outputPath(_ name: String) -> String { LakeSession.ownScheme + name }

  /// The bytes of a file that a statement wrote into memory; they are handed over once.
  public func takeOutput(_ name: String) -> [UInt8]? { lake.takeOutput(name) }

  /// Makes what the session wrote visible, all objects or none, durable when it returns.
  /// - Returns: the objects' paths in the order in which they were finished.
  /// - Throws: `EngineError` when a statement of the session failed: then nothing of it is ever visible.
  @discardableResult
  public func commitWrites(_ options: LakePublication = LakePublication()) async throws -> [LakePath] {
    guard state.withLock({ !$0.failed && !$0.cancelled && !$0.running }) else {
      lake.abortWrites()
      throw EngineError(kind: .invalidInput, message: "The session's statements did not all end well.")
    }
    let writers = try lake.takeFinished().filter { !$0.path.bucket.isEmpty }
    guard !writers.isEmpty || options.hasOwnWork else { return [] }
    do {
      try await engine.files.publish(writers, options, for: caller)
    } catch {
      for writer in writers { writer.abort() }
      throw error
    }
    return writers.map(\.path)
  }

  /// The objects that `commitWrites` would publish, in the order in which they were finished.
  public var finishedPaths: [LakePath] { lake.finishedPaths.filter { !$0.bucket.isEmpty } }

  /// Gives up what the session wrote.
  public func abortWrites() { lake.abortWrites() }

  // MARK: How it is done

  private func execute(
    _ sql: String, _ parameters: [EngineParameter], _ policy: Policy, on running: RunningEngine, turn: Turn,
    asked: Timestamp
  ) async throws -> QueryResult {
    let started = engine.clock.now()
    return try await running.pool.run { [self] in
      let connection = try connect(to: running)
      let pending = try prepare(sql, parameters, policy, on: connection)
      let planned = engine.clock.now()
      // A cancellation before the statement began has not reached the engine.
      try checkCancelled()
      let columns = pending.columns
      let kind = cduck_pending_statement(pending.pointer)
      let native = try calling { cduck_execute(pending.pointer, $0) }
      let handle = ResultHandle(native, connection: connection, pool: running.pool)
      return QueryResult(
        session: self, columns: columns, statement: Int(kind), handle: handle, turn: turn, clock: engine.clock,
        times: QueryResult.Times(asked: asked, started: started, planned: planned))
    }
  }

  /// The instance that the session is connected to, even when that is of no use any more: what it holds of a
  /// transaction is there or nowhere.
  private func running() async throws -> RunningEngine {
    if let connection = state.withLock({ $0.connection }) { return connection.engine }
    return try await engine.running()
  }

  private func connect(to running: RunningEngine) throws -> Connection {
    try checkCancelled()
    if let connection = state.withLock({ $0.connection }) { return connection }
    // The engine releases the session when the connection and its last file are gone, and on failure.
    let token = Unmanaged.passRetained(lake).toOpaque()
    let connection = Connection(try calling { cduck_connect(running.database, token, $0) }, engine: running)
    state.withLock { $0.connection = connection }
    return connection
  }

  private func prepare(
    _ sql: String, _ parameters: [EngineParameter], _ policy: Policy, on connection: Connection
  ) throws -> Pending {
    let values = ParameterList(parameters)
    defer { values.free() }
    var sql = sql
    let pointer = try sql.withUTF8 { bytes in
      try bytes.withMemoryRebound(to: CChar.self) { bytes in
        guard let start = bytes.baseAddress else {
          throw EngineError(kind: .parser, message: "There is no statement.")
        }
        return try calling {
          cduck_prepare(
            connection.pointer, start, bytes.count, policy == .queries ? CDUCK_POLICY_QUERIES : CDUCK_POLICY_ALL,
            values.values, values.values.count, $0)
        }
      }
    }
    return Pending(pointer)
  }

  func checkCancelled() throws(EngineError) {
    if isCancelled { throw .cancelled }
  }

  /// The statement's result is read to its end, failed or given up.
  func ended(failed: Bool) {
    state.withLock { state in
      state.running = false
      if failed { state.failed = true }
    }
  }

  /// The error with what made it, as far as that was the lake.
  func explained(_ error: any Error) -> any Error {
    let cause = lake.takeFailure()
    guard var error = error as? EngineError else { return error }
    if error.kind == .internal || error.kind == .fatal, let connection = state.withLock({ $0.connection }) {
      engine.retire(connection.engine)
    }
    if isCancelled, error.kind == .interrupted || cause != nil { return EngineError.cancelled }
    error.cause = error.cause ?? cause
    return error
  }
}

/// A connection, freed when the session and its last result are gone.
final class Connection: @unchecked Sendable {
  // Safe: DuckDB locks a connection itself, and the pointer never changes.
  let pointer: OpaquePointer
  let engine: RunningEngine
  init(_ pointer: OpaquePointer, engine: RunningEngine) {
    self.pointer = pointer
    self.engine = engine
  }
  deinit { cduck_disconnect(pointer) }
}

/// A statement that is planned.
private final class Pending {
  let pointer: OpaquePointer
  init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { cduck_pending_free(pointer) }

  var columns: [QueryResult.Column] {
    (0..<cduck_pending_column_count(pointer)).map { index in
      var count = 0
      let name = cduck_pending_column_name(pointer, index, &count).map { bytes in
        String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
      }
      let type = cduck_pending_column_type(pointer, index).map { EngineType($0) }
      return QueryResult.Column(name: name ?? "", type: type ?? .other(id: 0))
    }
  }
}

/// A place among the queries that run at once; given back exactly once.
final class Turn: Sendable {
  private let engine: LakeEngine
  private let session: EngineSession
  private let over = Locked(false)

  init(engine: LakeEngine, session: EngineSession) {
    self.engine = engine
    self.session = session
  }

  deinit { end() }

  func end(failed: Bool = false) {
    let first = over.withLock { over in
      defer { over = true }
      return !over
    }
    guard first else { return }
    session.ended(failed: failed)
    let turns = engine.turns
    Task { await turns.leave() }
  }
}

/// Parameters in the engine's form, with memory of their own until `free`.
private struct ParameterList {
  let values: [cduck_value]
  private let owned: [UnsafeMutableRawBufferPointer]

  init(_ parameters: [EngineParameter]) {
    var owned: [UnsafeMutableRawBufferPointer] = []
    values = parameters.map { parameter in
      func bytes(_ kind: cduck_value_kind, _ bytes: some Collection<UInt8>) -> cduck_value {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        memory.copyBytes(from: bytes)
        owned.append(memory)
        let start = memory.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) }
        return cduck_value(kind: kind, integer: 0, real: 0, bytes: start, count: bytes.count)
      }
      func integer(_ kind: cduck_value_kind, _ integer: Int64) -> cduck_value {
        cduck_value(kind: kind, integer: integer, real: 0, bytes: nil, count: 0)
      }
      return switch parameter {
      case .null: integer(CDUCK_VALUE_NULL, 0)
      case .bool(let value): integer(CDUCK_VALUE_BOOL, value ? 1 : 0)
      case .int(let value): integer(CDUCK_VALUE_INT64, value)
      case .double(let value): cduck_value(kind: CDUCK_VALUE_DOUBLE, integer: 0, real: value, bytes: nil, count: 0)
      case .string(let value): bytes(CDUCK_VALUE_TEXT, value.utf8)
      case .untyped(let value): bytes(CDUCK_VALUE_UNTYPED, value.utf8)
      case .bytes(let value): bytes(CDUCK_VALUE_BLOB, value)
      case .date(let value): integer(CDUCK_VALUE_DATE, Int64(value))
      case .timestamp(let value): integer(CDUCK_VALUE_TIMESTAMP, value)
      case .timestampTZ(let value): integer(CDUCK_VALUE_TIMESTAMP_TZ, value)
      }
    }
    self.owned = owned
  }

  func free() { for memory in owned { memory.deallocate() } }
}
