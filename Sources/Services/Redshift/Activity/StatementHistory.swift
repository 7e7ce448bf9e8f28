import Kernel

/// What ran in a namespace: for the catalog's views and the metrics. What is kept longer than the namespace is open is
/// in its activity log.
final class StatementHistory: Sendable {
  struct Entry: Codable, Sendable {
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
    var unloadedTo: [Unloaded] = []
    /// The workload queue that it ran in; `nil` for what needs none.
    var work: Work?
    /// Waiting for locks of other transactions.
    var lockWaitMicroseconds: Int64 = 0

    var microseconds: Int64? { ended.map { ($0.nanoseconds - started.nanoseconds) / 1_000 } }
  }

  /// A file that UNLOAD wrote.
  struct Unloaded: Codable, Sendable {
    var path: String
    var rows: Int
    var bytes: Int64
  }

  /// How a statement passed a workload queue: `STL_WLM_QUERY`.
  struct Work: Codable, Sendable {
    var serviceClass: Int
    var queue: String
    var slots: Int
    var queued: Timestamp
    var admitted: Timestamp?
    var ended: Timestamp?
    var priority = "Normal"

    var queueMicroseconds: Int64 { admitted.map { max(0, ($0.nanoseconds - queued.nanoseconds) / 1_000) } ?? 0 }
  }

  /// A row or file that COPY could not take.
  struct LoadError: Codable, Sendable {
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
    var numbers = ActivityRecord.Numbers()
    var running: [Int: Entry] = [:]
    var ended: [Entry] = []
    /// Bytes of the ended statements' texts.
    var textBytes = 0
    var loadErrors: [LoadError] = []
    var connections: [ConnectionEvent] = []
    var users: [UserEvent] = []
    var rules: [RuleEvent] = []
    var durations: [Duration] = []
    var bytesScanned: Int64 = 0

    mutating func add(_ record: ActivityRecord) {
      if let entry = record.statement {
        ended.append(entry)
        textBytes += entry.text.utf8.count
      }
      loadErrors += record.loadErrors ?? []
      if let event = record.connection { connections.append(event) }
      if let event = record.user { users.append(event) }
      if let event = record.rule { rules.append(event) }
    }

    /// Lets the oldest go, some at a time.
    mutating func bound() {
      while ended.count > WarehouseLimits.historyMax + 1_000 || textBytes > WarehouseLimits.historyTextBytesMax,
        !ended.isEmpty
      {
        let count = min(1_000, max(1, ended.count / 10))
        textBytes -= ended[..<count].reduce(0) { $0 + $1.text.utf8.count }
        ended.removeFirst(count)
      }
      func trim<T>(_ events: inout [T], to most: Int) {
        if events.count > most + most / 10 { events.removeFirst(events.count - most) }
      }
      trim(&loadErrors, to: WarehouseLimits.loadErrorsMax)
      trim(&connections, to: WarehouseLimits.historyMax)
      trim(&users, to: WarehouseLimits.historyMax)
      trim(&rules, to: WarehouseLimits.historyMax)
    }
  }
  private let state = Locked(State())
  private let clock: any WallClock
  let log: ActivityLog?
  /// Who else hears of what ended: the audit.
  private let listener = Locked<(@Sendable (ActivityRecord) -> Void)?>(nil)
  private let loading = Locked<Task<Void, Never>?>(nil)

  /// - Parameter log: where it is kept; `nil` keeps it as long as the namespace is open.
  init(clock: any WallClock, log: ActivityLog?) {
    self.clock = clock
    self.log = log
  }

  // MARK: From one opening to the next

  /// Goes on with the numbers that were given out before, and reads what happened then.
  func open() async {
    guard let log else { return }
    if let numbers = try? await log.numbers() {
      // What was not written any more may have had some: leave room for it.
      state.withLock { state in
        guard numbers != ActivityRecord.Numbers() else { return }
        state.numbers.query = numbers.query + WarehouseLimits.numbersSkipped
        state.numbers.transaction = numbers.transaction + WarehouseLimits.numbersSkipped
        state.numbers.process = numbers.process + WarehouseLimits.numbersSkipped
      }
    }
    loading.withLock { loading in
      loading = Task {
        guard let records = try? await log.read() else { return }
        let since = self.clock.now() - WarehouseLimits.activityKept
        self.state.withLock { state in
          var earlier = State()
          for record in records where (record.statement?.started ?? since) >= since { earlier.add(record) }
          earlier.ended += state.ended
          earlier.textBytes += state.textBytes
          earlier.loadErrors += state.loadErrors
          earlier.connections += state.connections
          earlier.users += state.users
          earlier.rules += state.rules
          (state.ended, state.textBytes, state.loadErrors) = (earlier.ended, earlier.textBytes, earlier.loadErrors)
          (state.connections, state.users, state.rules) = (earlier.connections, earlier.users, earlier.rules)
          state.bound()
        }
      }
    }
  }

  /// Waits until what happened before the namespace was opened is there.
  func loaded() async {
    let task = loading.withLock { $0 }
    await task?.value
  }

  func close() async {
    await loaded()
    await log?.flush()
  }

  func listen(_ body: (@Sendable (ActivityRecord) -> Void)?) { listener.withLock { $0 = body } }

  /// Keeps what has ended or happened.
  private func keep(_ record: ActivityRecord) {
    var record = record
    let wanted = listener.withLock { $0 }
    record.numbers = state.withLock { state in
      state.add(record)
      state.bound()
      return state.numbers
    }
    log?.append(record)
    wanted?(record)
  }

  // MARK: Numbers

  func newTransaction() -> Int {
    state.withLock { state in
      state.numbers.transaction += 1
      return state.numbers.transaction
    }
  }

  func newProcess() -> Int {
    state.withLock { state in
      state.numbers.process += 1
      return state.numbers.process
    }
  }

  // MARK: Statements

  /// - Returns: the query's number.
  func begin(_ make: (_ id: Int, _ now: Timestamp) -> Entry) -> Int {
    let now = clock.now()
    let id = state.withLock { state in
      state.numbers.query += 1
      return state.numbers.query
    }
    let entry = make(id, now)
    state.withLock { $0.running[id] = entry }
    return id
  }

  func end(_ id: Int, rows: Int, failure: SQLFailure?, _ change: @Sendable (inout Entry) -> Void = { _ in }) {
    let now = clock.now()
    let ended = state.withLock { state -> Entry? in
      guard var entry = state.running.removeValue(forKey: id) else { return nil }
      entry.ended = now
      if rows > 0 { entry.rows = rows }
      entry.failure = failure
      change(&entry)
      if entry.work != nil, entry.work?.ended == nil { entry.work?.ended = now }
      if !entry.externalTables.isEmpty { state.bytesScanned = state.bytesScanned.saturatingAdd(entry.bytesRead) }
      state.durations.append(now - entry.started)
      if state.durations.count > WarehouseLimits.historyMax { state.durations.removeFirst(1_000) }
      return entry
    }
    if let ended { keep(ActivityRecord(statement: ended)) }
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

  // MARK: What else happens

  func note(_ errors: [LoadError]) {
    guard !errors.isEmpty else { return }
    // A record has a bound, and errors hold lines of files.
    for start in stride(from: 0, to: errors.count, by: 100) {
      keep(ActivityRecord(loadErrors: Array(errors[start..<min(start + 100, errors.count)])))
    }
  }
  func note(_ event: ConnectionEvent) { keep(ActivityRecord(connection: event)) }
  func note(_ event: UserEvent) { keep(ActivityRecord(user: event)) }
  func note(_ event: RuleEvent) { keep(ActivityRecord(rule: event)) }

  // MARK: Reading

  var entries: [Entry] {
    state.withLock { state in state.ended + state.running.values.sorted { $0.id < $1.id } }
  }
  var running: [Entry] { state.withLock { $0.running.values.sorted { $0.id < $1.id } } }
  func running(_ id: Int) -> Entry? { state.withLock { $0.running[id] } }
  var loadErrors: [LoadError] { state.withLock { $0.loadErrors } }
  var connections: [ConnectionEvent] { state.withLock { $0.connections } }
  var users: [UserEvent] { state.withLock { $0.users } }
  var rules: [RuleEvent] { state.withLock { $0.rules } }

  func takeLoad() -> (durations: [Duration], running: Int, bytesScanned: Int64) {
    state.withLock { state in
      defer { (state.durations, state.bytesScanned) = ([], 0) }
      return (state.durations, state.running.count, state.bytesScanned)
    }
  }
}
