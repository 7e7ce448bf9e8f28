import Kernel

/// One statement's way through the workload queues.
final class WorkTicket: Sendable {
  private struct State {
    /// The queues that it may run in; the first is where it is, the last the default queue.
    var queues: [WorkloadConfiguration.Queue]
    var slots: Int
    var queued: Timestamp
    var admitted: Timestamp?
    var isReturning = false
    var isOver = false
    var isGivenUp = false
    /// Runs while nothing else does.
    var isAlone = false
    var fired: Set<String> = []
    /// Why it is ended before its time.
    var reason: SQLFailure?
    var priority: String
    var rows: @Sendable () -> Int = { 0 }
  }
  private let state: Locked<State>
  let query: Int
  let process: Int
  let user: Int
  /// Whether it only reads, or makes a table that is not there yet: such statements may hop to another queue.
  let mayHop: Bool
  /// Ends the statement.
  private let onCancel: @Sendable (WorkTicket) -> Void
  /// Bytes of external tables that it has read.
  let bytesScanned: @Sendable () -> Int64

  init(
    query: Int, process: Int, user: Int, queues: [WorkloadConfiguration.Queue], slots: Int, mayHop: Bool,
    now: Timestamp, bytesScanned: @escaping @Sendable () -> Int64, cancel: @escaping @Sendable (WorkTicket) -> Void
  ) {
    self.query = query
    self.process = process
    self.user = user
    self.mayHop = mayHop
    onCancel = cancel
    self.bytesScanned = bytesScanned
    state = Locked(
      State(queues: queues, slots: slots, queued: now, priority: queues.first?.priority ?? "Normal"))
  }

  var queue: WorkloadConfiguration.Queue {
    state.withLock { $0.queues.first ?? WorkloadConfiguration.superuser }
  }
  var slots: Int { state.withLock { $0.slots } }
  var isAdmitted: Bool { state.withLock { $0.admitted != nil } }
  var isReturning: Bool { state.withLock { $0.isReturning } }
  var isGivenUp: Bool { state.withLock { $0.isGivenUp } }
  var isAlone: Bool { state.withLock { $0.isAlone } }
  var reason: SQLFailure? { state.withLock { $0.reason } }
  var priority: String { state.withLock { $0.priority } }

  func admit(at now: Timestamp) { state.withLock { $0.admitted = $0.admitted ?? now } }
  func giveUp() { state.withLock { $0.isGivenUp = true } }
  func runAlone() { state.withLock { $0.isAlone = true } }
  /// Its rows go to the client from now on.
  func returns(_ rows: @escaping @Sendable () -> Int) {
    state.withLock { state in
      state.isReturning = true
      state.rows = rows
    }
  }
  /// - Returns: whether it was under way.
  func end() -> Bool {
    state.withLock { state in
      defer { state.isOver = true }
      return !state.isOver
    }
  }

  /// Lets it go on in the next queue that matches it; the default queue, which is the last, takes none that hops.
  /// - Returns: whether there was one.
  func hop() -> Bool {
    state.withLock { state in
      guard state.queues.count > 2 else { return false }
      state.queues.removeFirst()
      return true
    }
  }

  /// Stops what the statement does now.
  func cancel() { onCancel(self) }

  /// Does something unless the statement is over, and keeps it from being over meanwhile.
  /// - Returns: whether it was done.
  func whileUnderWay(_ body: () -> Void) -> Bool {
    state.withLock { state in
      guard !state.isOver else { return false }
      body()
      return true
    }
  }

  /// Ends the statement with an error of its own.
  func end(with reason: SQLFailure) {
    let first = state.withLock { state in
      guard state.reason == nil, !state.isOver else { return false }
      state.reason = reason
      return true
    }
    if first { cancel() }
  }

  func setPriority(_ priority: String) { state.withLock { $0.priority = priority } }

  func metrics(at now: Timestamp) -> QueryMetrics {
    let (queued, admitted, rows) = state.withLock { ($0.queued, $0.admitted, $0.rows) }
    func micros(_ from: Timestamp, _ to: Timestamp) -> Int64 { max(0, (to.nanoseconds - from.nanoseconds) / 1_000) }
    return QueryMetrics(
      executionMicroseconds: admitted.map { micros($0, now) } ?? 0, queueMicroseconds: micros(queued, admitted ?? now),
      returnedRows: Int64(rows()), bytesScanned: bytesScanned())
  }

  /// The rules of its queue that are met now and were not before, the most severe first.
  func newlyMet(_ measured: QueryMetrics) -> [QueryRule] {
    state.withLock { state in
      let met = (state.queues.first?.rules ?? []).filter { !state.fired.contains($0.name) && $0.isMet(measured) }
      for rule in met { state.fired.insert(rule.name) }
      return met.sorted { ($1.action.severity, $0.name) < ($0.action.severity, $1.name) }
    }
  }

  /// When it is past its queue's time; `nil` while it waits, once its rows are on their way, and when it is ended.
  var deadline: Timestamp? {
    state.withLock { state in
      guard let admitted = state.admitted, !state.isReturning, state.reason == nil,
        let limit = state.queues.first?.executionMillisecondsMax,
        limit > 0
      else { return nil }
      return admitted + .milliseconds(limit)
    }
  }

  /// How it goes into the history.
  var work: StatementHistory.Work {
    state.withLock { state in
      let queue = state.queues.first ?? WorkloadConfiguration.superuser
      return StatementHistory.Work(
        serviceClass: queue.serviceClass, queue: queue.name, slots: state.slots, queued: state.queued,
        admitted: state.admitted, priority: state.priority)
    }
  }
}
