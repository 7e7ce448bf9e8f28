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

    public init(
      memoryBytes: Int, threads: Int, temporaryFolder: String, temporaryBytesMax: Int = 64 << 30,
      concurrentQueriesMax: Int = Limits.concurrentQueriesMax
    ) {
      self.memoryBytes = memoryBytes
      self.threads = threads
      self.temporaryFolder = temporaryFolder
      self.temporaryBytesMax = temporaryBytesMax
      self.concurrentQueriesMax = concurrentQueriesMax
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
  public func session(for caller: RequestContext) -> EngineSession { EngineSession(engine: self, caller: caller) }

  /// Starts the engine now and not at the first query.
  public func start() async throws { _ = try await running() }

  func running() async throws -> RunningEngine { try await starter.running() }

  /// After an error that leaves the instance unusable: the next query gets a new one.
  func retire(_ engine: RunningEngine) { Task { await starter.retire(engine) } }
}

/// The engine once it is started: the instance and the threads that wait for it.
final class RunningEngine: @unchecked Sendable {
  // Safe: DuckDB's instance may be used from any thread, and the pointer never changes.
  let database: OpaquePointer
  let pool: BlockingPool
  init(database: OpaquePointer, pool: BlockingPool) {
    self.database = database
    self.pool = pool
  }
  deinit { cduck_close(database) }
}

/// Starts the engine once, for whoever asks first.
private actor EngineStarter {
  private let options: LakeEngine.Options
  private let functions: EngineFunctions
  private var start: Task<RunningEngine, any Error>?

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
      task = Task.detached {
        let pool = BlockingPool(
          name: "engine", threads: max(1, options.concurrentQueriesMax),
          queueLimit: Limits.waitingQueriesMax + options.concurrentQueriesMax)
        return try await pool.run { try Self.open(options, functions, pool) }
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

  /// Lets the instance go once its last session has ended.
  func retire(_ engine: RunningEngine) async {
    guard let start, let present = try? await start.value, present === engine else { return }
    self.start = nil
  }

  private static func open(
    _ options: LakeEngine.Options, _ functions: EngineFunctions, _ pool: BlockingPool
  ) throws -> RunningEngine {
    var lake = LakeCallbacks.table
    let database: OpaquePointer = try options.temporaryFolder.withCString { folder in
      var native = cduck_options(
        temporary_folder: folder, memory_bytes: Int64(options.memoryBytes),
        temporary_bytes: Int64(options.temporaryBytesMax), threads: Int32(clamping: max(1, options.threads)))
      return try calling { cduck_open(&native, &lake, $0) }
    }
    let engine = RunningEngine(database: database, pool: pool)
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
    _ = try calling { cduck_lock(database, $0) ? true : nil }
    return engine
  }
}
