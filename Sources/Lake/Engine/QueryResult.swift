import CDuckDB
import Kernel

/// The rows of a statement, computed as they are read. For one reader.
public final class QueryResult: Sendable, AsyncSequence {
  public typealias Element = DataChunk

  public struct Column: Hashable, Sendable {
    public var name: String
    public var type: EngineType

    public init(name: String, type: EngineType) {
      self.name = name
      self.type = type
    }
  }

  struct Times: Sendable {
    /// Handed to the session.
    var asked: Timestamp
    /// Its turn came.
    var started: Timestamp
    /// Bound and planned.
    var planned: Timestamp
    /// Read to its end.
    var ended: Timestamp?
  }

  public let columns: [Column]
  private let session: EngineSession
  private let statement: Int
  private let clock: any WallClock
  private let turn: Turn

  private struct State {
    var handle: ResultHandle?
    var buffered: [DataChunk] = []
    var times: Times
    var rows = 0
  }
  private let state: Locked<State>

  init(
    session: EngineSession, columns: [Column], statement: Int, handle: ResultHandle, turn: Turn,
    clock: any WallClock, times: Times
  ) {
    self.session = session
    self.columns = columns
    self.statement = statement
    self.turn = turn
    self.clock = clock
    state = Locked(State(handle: handle, times: times))
  }

  deinit { end(failed: false) }

  /// The next rows, `nil` at the end.
  /// - Throws: `EngineError`.
  public func next() async throws -> DataChunk? {
    let (ready, handle) = state.withLock { state -> (DataChunk?, ResultHandle?) in
      // Chunks are kept in reverse, so that the next one is the last.
      if let chunk = state.buffered.popLast() { return (chunk, nil) }
      return (nil, state.handle)
    }
    if let ready { return ready }
    guard let handle else { return nil }
    let types = columns.map(\.type)
    do {
      let (chunks, isEnd) = try await withTaskCancellationHandler {
        try await handle.fetch(types, for: session)
      } onCancel: {
        session.cancel()
      }
      let first = state.withLock { state in
        state.rows += chunks.reduce(0) { $0 + $1.rows }
        state.buffered = chunks.reversed()
        return state.buffered.popLast()
      }
      if isEnd { end(failed: false) }
      return first
    } catch {
      // Whoever hears of the failure may roll back at once.
      if let handle = takeHandle(droppingRows: false) {
        await handle.free()
        turn.end(failed: true)
      }
      throw session.explained(error)
    }
  }

  /// Gives the rest up; the session can run the next statement when this returns. A result that is dropped is
  /// given up too, some time later.
  public func close() async {
    guard let handle = takeHandle(droppingRows: true) else { return }
    await handle.free()
    turn.end(failed: false)
  }

  /// After the last fetch, which has freed what there was, and when the result is dropped.
  private func end(failed: Bool) {
    guard let handle = takeHandle(droppingRows: false) else { return }
    let turn = turn
    handle.free { turn.end(failed: failed) }
  }

  private func takeHandle(droppingRows: Bool) -> ResultHandle? {
    let now = clock.now()
    return state.withLock { state in
      if state.times.ended == nil { state.times.ended = now }
      if droppingRows { state.buffered = [] }
      return state.handle.take()
    }
  }

  // MARK: What it took

  /// Rows handed out by the engine so far.
  public var rows: Int { state.withLock { $0.rows } }
  /// From `run` to the query's turn.
  public var queueing: Duration { state.withLock { $0.times.started - $0.times.asked } }
  /// Parsing, binding and planning, which lists and opens files.
  public var planning: Duration { state.withLock { $0.times.planned - $0.times.started } }
  /// Running, until now or until the last row was read.
  public var execution: Duration {
    let now = clock.now()
    return state.withLock { ($0.times.ended ?? now) - $0.times.planned }
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let result: QueryResult
    public mutating func next() async throws -> DataChunk? { try await result.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(result: self) }
}

/// The engine's result, touched on the engine's threads alone.
final class ResultHandle: @unchecked Sendable {
  // Safe: `use` lets one fetch at a time have the pointer, and it is freed once, after the last of them.
  private let pointer: OpaquePointer
  private let connection: Connection
  private let pool: BlockingPool
  private struct Use {
    var isBusy = false
    var isGivenUp = false
    var isFreed = false
  }
  private let use = Locked(Use())

  init(_ pointer: OpaquePointer, connection: Connection, pool: BlockingPool) {
    self.pointer = pointer
    self.connection = connection
    self.pool = pool
  }

  deinit { release() }

  /// Some chunks, and whether these were the last.
  func fetch(_ types: [EngineType], for session: EngineSession) async throws -> ([DataChunk], Bool) {
    try await pool.run { [self] in
      guard begin() else { return ([], true) }
      defer { finish() }
      var chunks: [DataChunk] = []
      while chunks.count < Limits.chunksPerFetch {
        var failure = cduck_failure(kind: nil, message: nil, position: -1)
        defer { cduck_failure_clear(&failure) }
        guard !session.isCancelled, let chunk = cduck_fetch(pointer, &failure) else {
          use.withLock { $0.isGivenUp = true }
          if failure.message != nil { throw EngineError(failure) }
          try session.checkCancelled()
          return (chunks, true)
        }
        chunks.append(DataChunk(owning: chunk, types: types))
      }
      return (chunks, false)
    }
  }

  /// Ends the statement and calls `then`, on the engine's threads where one is free: it may have to wait for work
  /// that is under way.
  func free(then: @escaping @Sendable () -> Void) {
    let work: @Sendable () -> Void = { [self] in
      release()
      then()
    }
    if use.withLock({ $0.isFreed }) { return then() }
    do { try pool.submit(work) } catch { work() }
  }

  func free() async {
    await withCheckedContinuation { done in free { done.resume() } }
  }

  private func begin() -> Bool {
    use.withLock { use in
      guard !use.isBusy, !use.isGivenUp else { return false }
      use.isBusy = true
      return true
    }
  }

  private func finish() {
    use.withLock { $0.isBusy = false }
    if use.withLock({ $0.isGivenUp }) { release() }
  }

  private func release() {
    let mayFree = use.withLock { use in
      use.isGivenUp = true
      guard !use.isBusy, !use.isFreed else { return false }
      use.isFreed = true
      return true
    }
    if mayFree { cduck_result_free(pointer) }
  }
}
