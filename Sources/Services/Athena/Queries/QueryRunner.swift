import AthenaModel
import DequeModule
import Kernel
import Logging
import Storage

/// Takes queries from QUEUED through RUNNING to their end, a bounded number at once.
actor QueryRunner {
  private struct Live {
    var record: QueryExecutionRecord
    let scope: Scope
    let job: QueryJob
    var task: Task<Void, Never>?
    var began: Timestamp?
  }

  private let keys: any KeyStore
  private let clock: any WallClock
  private let metrics: any MetricTap
  let executor: any StatementExecutor
  private let logger: Logger

  private var waiting: Deque<String> = []
  private var live: [String: Live] = [:]
  private var running = 0
  private var stopped = false

  init(
    keys: any KeyStore, clock: any WallClock, metrics: any MetricTap, executor: any StatementExecutor, logger: Logger
  ) {
    self.keys = keys
    self.clock = clock
    self.metrics = metrics
    self.executor = executor
    self.logger = logger
  }

  /// Writes the query down as QUEUED and runs it as soon as there is room.
  /// - Throws: `TooManyRequestsException` when too many wait already.
  func submit(_ record: QueryExecutionRecord, _ job: QueryJob) async throws {
    guard !stopped, waiting.count < AthenaLimits.queuedQueriesMax else {
      throw AthenaError.tooManyRequestsException(
        "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number "
          + "of concurrent queries submitted by this account.")
    }
    let scope = job.context.scope
    live[record.id] = Live(record: record, scope: scope, job: job)
    waiting.append(record.id)
    do {
      try await keys.write { transaction in
        try transaction.set(QueryExecutionRecord.key(scope, record.id), record: record)
        try transaction.set(
          QueryExecutionRecord.index(
            scope, workGroup: record.workGroup, submitted: record.submitted, record.id), [])
        try transaction.set(QueryExecutionRecord.open(scope, record.id), [])
      }
    } catch {
      live[record.id] = nil
      waiting.removeAll { $0 == record.id }
      throw error
    }
    startNext()
  }

  /// The state of a query that has not ended yet, with what it has read so far.
  func current(_ id: String) -> QueryExecutionRecord? {
    guard var record = live[id]?.record, let job = live[id]?.job else { return nil }
    record.scannedBytes = job.monitor.scannedBytes
    record.times.total = (clock.now() - record.submitted).milliseconds
    return record
  }

  /// Asks a query to stop. One that waits ends at once.
  func cancel(_ id: String) async throws {
    guard let query = live[id] else { return }
    query.job.monitor.cancel()
    query.task?.cancel()
    if let place = waiting.firstIndex(of: id) {
      waiting.remove(at: place)
      await finish(id, .failure(CancellationError()))
    }
  }

  func stop() async {
    stopped = true
    let tasks = live.values.compactMap(\.task)
    for id in Array(live.keys) { try? await cancel(id) }
    for task in tasks { await task.value }
  }

  func failInterrupted() async throws {
    let now = clock.now()
    try await keys.write { transaction in
      for entry in try transaction.entries(QueryExecutionRecord.open) {
        try transaction.delete(entry.key)
        guard let parts = entry.key.elements, parts.count == 4, let account = parts[1].string.flatMap(AccountID.init),
          let region = parts[2].string, let id = parts[3].string
        else { continue }
        let key = QueryExecutionRecord.key(Scope(account: account, region: Region(region)), id)
        guard var record = try transaction.get(key, as: QueryExecutionRecord.self), !record.isOver else { continue }
        record.state = QueryExecutionState.failed.rawValue
        record.reason = "Query was interrupted when the server stopped. Please run it again."
        record.failure = .init(category: 1, type: 0, retryable: true, message: record.reason ?? "")
        record.completed = now
        try transaction.set(key, record: record)
      }
    }
  }

  // MARK: - Running

  private func startNext() {
    while running < AthenaLimits.runningQueriesMax, let id = waiting.popFirst() {
      guard var query = live[id] else { continue }
      running += 1
      query.began = clock.now()
      query.record.state = QueryExecutionState.running.rawValue
      let (executor, job) = (executor, query.job)
      query.task = Task {
        let result: Result<QueryOutcome, any Error>
        do {
          result = .success(try await executor.execute(job))
        } catch {
          result = .failure(error)
        }
        await self.ended(id, result)
      }
      live[id] = query
    }
  }

  private func ended(_ id: String, _ result: Result<QueryOutcome, any Error>) async {
    await finish(id, result)
    running -= 1
    startNext()
  }

  /// Writes the end down, and only then lets go of the query: nobody sees a state that a crash could take back.
  private func finish(_ id: String, _ result: Result<QueryOutcome, any Error>) async {
    guard let query = live[id] else { return }
    let record = Self.closed(query.record, query.job.monitor, began: query.began, ended: clock.now(), result)
    let scope = query.scope
    do {
      try await keys.write { transaction in
        // A workgroup that was deleted meanwhile took its executions with it.
        guard try transaction.get(QueryExecutionRecord.open(scope, id)) != nil else { return }
        try transaction.delete(QueryExecutionRecord.open(scope, id))
        guard try transaction.get(QueryExecutionRecord.key(scope, id)) != nil else { return }
        try transaction.set(QueryExecutionRecord.key(scope, id), record: record)
        if ResultReuse.isReusable(record) { try transaction.set(ResultReuse.key(scope, record), Array(id.utf8)) }
      }
    } catch {
      // The record stays open, and the next start will close it as interrupted.
      logger.error(
        "a query's end could not be written down",
        metadata: ["query": "\(id)", "state": "\(record.state)", "error": "\(error)"])
    }
    live[id] = nil
    if query.job.publishesMetrics { metrics.record(QueryMetrics.samples(record, scope: scope, now: clock.now())) }
  }

  private static func closed(
    _ open: QueryExecutionRecord, _ monitor: QueryMonitor, began: Timestamp?, ended: Timestamp,
    _ result: Result<QueryOutcome, any Error>
  ) -> QueryExecutionRecord {
    var record = open
    record.completed = ended
    record.scannedBytes = monitor.scannedBytes
    let began = began ?? ended
    let planned = monitor.planned ?? ended
    let engineEnded = monitor.engineEnded ?? ended
    record.times.queue = (began - record.submitted).milliseconds
    record.times.planning = (planned - began).milliseconds
    // AWS counts planning as part of the engine's time.
    record.times.engine = (engineEnded - began).milliseconds
    record.times.processing = (ended - engineEnded).milliseconds
    record.times.total = (ended - record.submitted).milliseconds
    switch result {
    case .success(let outcome):
      record.state = QueryExecutionState.succeeded.rawValue
      record.columns = outcome.columns
      record.outputLocation = outcome.outputLocation ?? record.outputLocation
      record.outputBytes = outcome.outputBytes
      record.outputRows = outcome.outputRows
      record.updateCount = outcome.updateCount
      record.hasHeader = outcome.hasHeader
      record.manifestLocation = outcome.manifestLocation
    case .failure where monitor.wasCutOff:
      record.state = QueryExecutionState.cancelled.rawValue
      record.reason = "Bytes scanned limit was exceeded"
    case .failure(let error) where error is CancellationError || monitor.isCancelled:
      record.state = QueryExecutionState.cancelled.rawValue
      record.reason = "Query cancelled by user"
    case .failure(let error):
      let failure = QueryFailure(wrapping: error)
      record.state = QueryExecutionState.failed.rawValue
      record.reason = failure.reason
      record.failure = .init(
        category: failure.category, type: failure.type, retryable: failure.category == 1, message: failure.reason)
    }
    return record
  }
}

extension QueryFailure {
  /// Athena's words for an error of another layer.
  init(wrapping error: any Error) {
    switch error {
    case let failure as QueryFailure: self = failure
    case let error as AWSError where error.code.hasPrefix("AccessDenied"):
      self.init("PERMISSION_DENIED: \(error.message)", category: 2, type: 1301)
    case let error as AWSError: self.init(error.message, category: error.fault == .sender ? 2 : 1, type: 1)
    default: self.init("GENERIC_INTERNAL_ERROR: \(error)", category: 1, type: 0)
    }
  }
}

/// What a workgroup with metrics tells CloudWatch about a query. Source: "Monitor Athena queries with CloudWatch".
enum QueryMetrics {
  static func samples(_ record: QueryExecutionRecord, scope: Scope, now: Timestamp) -> [MetricSample] {
    let dimensions = [
      (name: "QueryState", value: record.state), (name: "QueryType", value: record.statementType),
      (name: "WorkGroup", value: record.workGroup),
    ]
    let times = record.times
    let values: [(String, Int64, String)] = [
      ("ProcessedBytes", record.scannedBytes, "Bytes"), ("EngineExecutionTime", times.engine, "Milliseconds"),
      ("TotalExecutionTime", times.total, "Milliseconds"), ("QueryQueueTime", times.queue, "Milliseconds"),
      ("QueryPlanningTime", times.planning, "Milliseconds"),
      ("ServiceProcessingTime", times.processing, "Milliseconds"),
    ]
    return values.map { name, value, unit in
      MetricSample(
        "AWS/Athena", name, dimensions: dimensions, value: Double(value), unit: unit, time: now, scope: scope)
    }
  }
}
