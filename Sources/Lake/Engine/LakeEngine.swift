import CDuckDB
public import Kernel
public import LakeFiles

/// The SQL engine over the lake: one DuckDB in this process, whose `s3://` files are the object store's own.
///
/// Nothing is started before the first query; then one instance serves every session, with one memory limit.
/// A query reads and writes nothing but objects its caller may reach, and files of its own session: the machine's
/// files, other databases, extensions and settings are out of reach of any SQL text.
public final class LakeEngine: Sendable {
  public struct Options: Sendable {
    /// Memory for all queries together; what does not fit is spilled, or the query fails.
    public var memoryBytes: Int
    /// Threads that work on queries.
    public var threads: Int
    /// Where spilled data goes. Made when first needed, emptied by the engine.
    public var temporaryFolder: String
    /// Bytes that may be spilled at a time.
    public var temporaryBytesMax: Int
    public var concurrentQueriesMax: Int
    /// Tables that are kept; `nil` for an engine that only reads the lake.
    public var database: DatabaseFile?

    public init(
      memoryBytes: Int, threads: Int, temporaryFolder: String, temporaryBytesMax: Int = 64 << 30,
      concurrentQueriesMax: Int = Limits.concurrentQueriesMax, database: DatabaseFile? = nil
    ) {
      self.memoryBytes = memoryBytes
      self.threads = threads
      self.temporaryFolder = temporaryFolder
      self.temporaryBytesMax = temporaryBytesMax
      self.concurrentQueriesMax = concurrentQueriesMax
      self.database = database
    }
  }

  let files: any LakeFileSystem
  let clock: any WallClock
  let turns: Turns
  private let starter: EngineStarter

  /// - Parameters:
  ///   - functions: what SQL may call beside DuckDB's own functions.
  ///   - clock: measures how long queries take.
  public init(
    options: Options, files: any LakeFileSystem, functions: EngineFunctions = EngineFunctions(),
    clock: any WallClock
  ) {
    self.files = files
    self.clock = clock
    turns = Turns(atOnce: options.concurrentQueriesMax, waitingMax: Limits.waitingQueriesMax)
    starter = EngineStarter(options: options, functions: functions)
  }

  /// DuckDB's version.
  public static var version: String { String(cString: cduck_version()) }

  /// A session for one caller's query, with that caller's rights. Costs nothing until it runs something.
  /// - Parameter isLasting: the session goes on after a statement was cancelled or failed.
  public func session(for caller: RequestContext, isLasting: Bool = false) -> EngineSession {
    EngineSession(engine: self, caller: caller, isLasting: isLasting)
  }

  /// Starts the engine now and not at the first query.
  public func start() async throws { _ = try await running() }

  /// Lets the instance go, and with it the database file, once every session is closed; returns then.
  /// What is asked of the engine later starts it anew.
  public func stop() async { await starter.stop() }

  /// Moves what the database file's log holds into the file. Not possible while a transaction that writes is open.
  /// - Throws: `EngineError`.
  public func checkpoint() async throws {
    let running = try await running()
    try await running.pool.run { _ = try calling { cduck_checkpoint(running.database, $0) ? true : nil } }
  }

  /// Calls `body` on a thread that may block, while the database file's log and then the file may be copied: statements
  /// go on, and what commits meanwhile may be in the copy or not.
  public func withFilesHeld<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    let running = try await running()
    return try await running.pool.run {
      let hold = try calling { cduck_hold_checkpoints(running.database, $0) }
      defer { cduck_hold_free(hold) }
      return try body()
    }
  }

  /// Sets what all queries together may take from now on.
  /// - Throws: `EngineError`, and leaves the limit as it was, while queries hold more.
  public func limitMemory(to bytes: Int) async throws { try await starter.limitMemory(to: bytes) }

  func running() async throws -> RunningEngine { try await starter.running() }

  /// After an error that leaves the instance unusable: the next query gets a new one.
  func retire(_ engine: RunningEngine) { Task { await starter.retire(engine) } }
}

/// The engine once it is started: the instance and the threads that wait for it.
final class RunningEngine: @unchecked Sendable {
  // Safe: DuckDB's instance may be used from any thread, and the pointer never changes.
  let database: OpaquePointer
  let pool: BlockingPool
  private let closed: Closing?
  init(database: OpaquePointer, pool: BlockingPool, closed: Closing?) {
    self.database = database
    self.pool = pool
    self.closed = closed
  }
  deinit {
    guard let closed else { return cduck_close(database) }
    // Closing a file writes its log into it, which takes a while.
    nonisolated(unsafe) let database = database
    let close: @Sendable () -> Void = {
      cduck_close(database)
      closed.finish()
    }
    do { try pool.submit(close) } catch { close() }
  }

  /// What waits for the instance to be gone: its database file must not be opened twice.
  final class Closing: Sendable {
    private struct State {
      var isClosed = false
      var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Locked(State())

    func finish() {
      let waiting = state.withLock { state in
        defer { state.waiting = [] }
        state.isClosed = true
        return state.waiting
      }
      for done in waiting { done.resume() }
    }

    func wait() async {
      await withCheckedContinuation { done in
        let isClosed = state.withLock { state in
          if !state.isClosed { state.waiting.append(done) }
          return state.isClosed
        }
        if isClosed { done.resume() }
      }
    }
  }
}

/// Starts the engine once, for whoever asks first.
private actor EngineStarter {
  private var options: LakeEngine.Options
  private let functions: EngineFunctions
  private var start: Task<RunningEngine, any Error>?
  /// The last instance that had the database file open.
  private var closing: RunningEngine.Closing?

  init(options: LakeEngine.Options, functions: EngineFunctions) {
    self.options = options
    self.functions = functions
  }

  func running() async throws -> RunningEngine {
    let task: Task<RunningEngine, any Error>
    if let start {
      task = start
    } else {
      let options = options
      let functions = functions
      let before = closing
      let closing = options.database == nil ? nil : RunningEngine.Closing()
      self.closing = closing
      task = Task.detached {
        await before?.wait()
        let pool = BlockingPool(
          name: "engine", threads: max(1, options.concurrentQueriesMax),
          queueLimit: Limits.waitingQueriesMax + options.concurrentQueriesMax)
        do {
          return try await pool.run { try Self.open(options, functions, pool, closing) }
        } catch {
          closing?.finish()
          throw error
        }
      }
      start = task
    }
    do {
      return try await task.value
    } catch {
      // The next query tries again: a full disk or a missing folder may be gone by then.
      start = nil
      throw error
    }
  }

  func limitMemory(to bytes: Int) async throws {
    if let start, let engine = try? await start.value {
      try await engine.pool.run {
        _ = try calling { cduck_limit_memory(engine.database, Int64(bytes), $0) ? true : nil }
      }
    }
    options.memoryBytes = bytes
  }

  func stop() async {
    let closing = closing
    if await letGo() { await closing?.wait() }
  }

  /// A function of its own, so that no reference of `stop` keeps what it waits for.
  private func letGo() async -> Bool {
    guard let task = start else { return false }
    start = nil
    return (try? await task.value) != nil
  }

  /// Lets the instance go once its last session has ended.
  func retire(_ engine: RunningEngine) async {
    guard let start, let present = try? await start.value, present === engine else { return }
    self.start = nil
  }

  private static func open(
    _ options: LakeEngine.Options, _ functions: EngineFunctions, _ pool: BlockingPool,
    _ closing: RunningEngine.Closing?
  ) throws -> RunningEngine {
    var lake = LakeCallbacks.table
    let database: OpaquePointer = try options.temporaryFolder.withCString { folder in
      var native = cduck_options(
        temporary_folder: folder, memory_bytes: Int64(options.memoryBytes),
        temporary_bytes: Int64(options.temporaryBytesMax), threads: Int32(clamping: max(1, options.threads)),
        file: nil, file_name: nil, file_key: nil)
      guard let file = options.database else { return try calling { cduck_open(&native, &lake, $0) } }
      return try file.path.withCString { path in
        try file.name.withCString { name in
          native.file = path
          native.file_name = name
          guard let key = file.key else { return try calling { cduck_open(&native, &lake, $0) } }
          return try key.withCString { key in
            native.file_key = key
            return try calling { cduck_open(&native, &lake, $0) }
          }
        }
      }
    }
    let engine = RunningEngine(database: database, pool: pool, closed: closing)
    for function in [RegexFields.function] + functions.scalars { try function.register(in: database) }
    for macro in functions.macros {
      var text = macro
      try text.withUTF8 { bytes in
        try bytes.withMemoryRebound(to: CChar.self) { bytes in
          guard let start = bytes.baseAddress else { return }
          _ = try calling { cduck_run(database, start, bytes.count, $0) ? true : nil }
        }
      }
    }
    if let source = options.database?.source {
      _ = try calling { failure in
        source.path.withCString { path in
          guard let key = source.key else { return cduck_fill(database, path, nil, failure) ? true : nil }
          return key.withCString { cduck_fill(database, path, $0, failure) ? true : nil }
        }
      }
    }
    _ = try calling { cduck_lock(database, $0) ? true : nil }
    return engine
  }
}
