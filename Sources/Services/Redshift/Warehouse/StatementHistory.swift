import Kernel

/// What ran in a namespace: for the catalog's views and the metrics. It lives as long as the namespace is open.
final class StatementHistory: Sendable {
  struct Entry: Sendable {
    var id: Int
    var user: Int
    var userName: String
    var database: String
    var process: Int
    var transaction: Int
    var label: String
    var text: String
    /// `SELECT`, `INSERT`, `DDL`, `COPY`, `UNLOAD`, `UTILITY`, ….
    var kind: String
    var started: Timestamp
    var ended: Timestamp?
    var rows = 0
    var failure: SQLFailure?
    /// Of the lake.
    var bytesRead: Int64 = 0
    var filesOpened: Int64 = 0
    var bytesWritten: Int64 = 0
    var externalTables: [String] = []
    var loadedFrom: String?
    var unloadedTo: [(path: String, rows: Int, bytes: Int64)] = []
  }

  /// A row or file that COPY could not take.
  struct LoadError: Sendable {
    var query: Int
    var user: Int
    var table: Int
    var time: Timestamp
    var process: Int
    var file: String
    var line: Int
    var column: String
    var type: String
    var columnLength: String
    var position: Int
    var rawLine: String
    var rawField: String
    var code: Int
    var reason: String
  }

  private struct State {
    var nextID = 100
    var running: [Int: Entry] = [:]
    var ended: [Entry] = []
    var loadErrors: [LoadError] = []
    var durations: [Duration] = []
  }
  private let state = Locked(State())
  private let clock: any WallClock

  init(clock: any WallClock) { self.clock = clock }

  /// - Returns: the query's number.
  func begin(_ make: (_ id: Int, _ now: Timestamp) -> Entry) -> Int {
    let now = clock.now()
    let id = state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    let entry = make(id, now)
    state.withLock { $0.running[id] = entry }
    return id
  }

  func end(_ id: Int, rows: Int, failure: SQLFailure?, _ change: @Sendable (inout Entry) -> Void = { _ in }) {
    let now = clock.now()
    state.withLock { state in
      guard var entry = state.running.removeValue(forKey: id) else { return }
      entry.ended = now
      if rows > 0 { entry.rows = rows }
      entry.failure = failure
      change(&entry)
      state.ended.append(entry)
      if state.ended.count > WarehouseLimits.historyMax + 1_000 { state.ended.removeFirst(1_000) }
      state.durations.append(now - entry.started)
      if state.durations.count > WarehouseLimits.historyMax { state.durations.removeFirst(1_000) }
    }
  }

  func note(rows: Int, of id: Int) { state.withLock { $0.running[id]?.rows = rows } }

  /// Adds to what is known of a statement that runs.
  func note(_ id: Int, _ change: @Sendable (inout Entry) -> Void) {
    state.withLock { state in
      guard var entry = state.running[id] else { return }
      change(&entry)
      state.running[id] = entry
    }
  }

  func note(_ errors: [LoadError]) {
    state.withLock { state in
      state.loadErrors += errors
      let over = state.loadErrors.count - WarehouseLimits.loadErrorsMax
      if over > 0 { state.loadErrors.removeFirst(over) }
    }
  }

  var entries: [Entry] {
    state.withLock { state in state.ended + state.running.values.sorted { $0.id < $1.id } }
  }
  var running: [Entry] { state.withLock { $0.running.values.sorted { $0.id < $1.id } } }
  var loadErrors: [LoadError] { state.withLock { $0.loadErrors } }

  func takeLoad() -> (durations: [Duration], running: Int) {
    state.withLock { state in
      defer { state.durations = [] }
      return (state.durations, state.running.count)
    }
  }
}
