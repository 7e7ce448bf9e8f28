import Foundation
import Kernel
import Logging
import Storage

/// Runs and crawls that are written down and are to begin.
struct Launches: Sendable {
  var runs: [JobRunRecord] = []
  var crawls: [CrawlerRecord] = []

  static func + (left: Launches, right: Launches) -> Launches {
    Launches(runs: left.runs + right.runs, crawls: left.crawls + right.crawls)
  }
}

/// Lets triggers fire, and workflows run.
///
/// What a trigger starts is written in the transaction in which it fires, and what follows from a run's end in the one
/// that keeps that end. So a crash loses no step of a chain and does none twice.
final class Orchestrator: Sendable {
  let catalog: GlueCatalog
  let jobs: JobHouse
  let crawls: CrawlHouse?
  let clock: any WallClock
  let random: any RandomSource
  private let logger: Logger

  init(
    catalog: GlueCatalog, jobs: JobHouse, crawls: CrawlHouse?, clock: any WallClock, random: any RandomSource,
    logger: Logger
  ) {
    self.catalog = catalog
    self.jobs = jobs
    self.crawls = crawls
    self.clock = clock
    self.random = random
    self.logger = logger
    jobs.followers.withLock { followers in
      followers = .init(
        follow: { [weak self] run, scope, now, transaction in
          try self?.follow(run, scope, now, transaction) ?? Launches()
        }, launch: { [weak self] launches, scope in self?.launch(launches, scope) })
    }
    crawls?.followers.withLock { followers in
      followers = .init(
        follow: { [weak self] crawl, scope, now, transaction in
          try self?.follow(crawl, scope, now, transaction) ?? Launches()
        }, launch: { [weak self] launches, scope in self?.launch(launches, scope) })
    }
  }

  /// Begins what a transaction has written down.
  func launch(_ launches: Launches, _ scope: Scope) {
    for run in launches.runs where run.state == .starting { jobs.launch(run, scope) }
    for crawler in launches.crawls { crawls?.launch(crawler, scope) }
  }

  // MARK: Firing

  /// Starts all that a trigger starts.
  /// - Parameters:
  ///   - isStrict: throws for what cannot be started, where a person waits for the answer.
  ///   - run: the workflow's run that it belongs to; a trigger that begins a workflow begins a run of it.
  func fire(
    _ trigger: TriggerRecord, _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction,
    run: WorkflowRunRecord? = nil, after predecessors: [JobRunRecord.Predecessor] = [], isStrict: Bool = false
  ) throws -> Launches {
    var run = run
    if run == nil, let workflow = trigger.workflow, trigger.begins {
      run = try begin(workflow, properties: [:], scope, now, transaction)
    }
    var launches = Launches()
    for action in trigger.actions {
      do {
        let started = try start(action, by: trigger, &run, scope, now, transaction, after: predecessors)
        launches = launches + started
      } catch let error as AWSError {
        if isStrict { throw error }
        logger.warning(
          "a trigger could not start its action", metadata: ["trigger": "\(trigger.name)", "error": "\(error.message)"])
        run?.actions.append(
          .init(job: action.job, crawler: action.crawler, trigger: trigger.name, run: nil, state: "ERROR"))
      }
    }
    if var run {
      Self.finish(&run, now)
      try transaction.set(run.key(scope), record: run)
    }
    return launches
  }

  private func start(
    _ action: TriggerRecord.Action, by trigger: TriggerRecord, _ run: inout WorkflowRunRecord?, _ scope: Scope,
    _ now: Timestamp, _ transaction: any KeyTransaction, after predecessors: [JobRunRecord.Predecessor]
  ) throws -> Launches {
    if let job = action.job {
      var asked = JobHouse.Request(job: job)
      asked.arguments = action.arguments
      asked.timeout = action.timeout
      asked.securityConfiguration = action.securityConfiguration
      asked.notifyDelayAfter = action.notifyDelayAfter
      asked.trigger = trigger.name
      (asked.workflow, asked.workflowRun) = (run?.workflow, run?.id)
      asked.predecessors = predecessors
      let record = try JobHouse.begin(asked, "jr_" + random.bytes(32).hex, scope, now, transaction)
      run?.actions.append(
        .init(job: job, trigger: trigger.name, run: record.id, state: record.state.rawValue))
      return Launches(runs: [record])
    }
    guard let crawler = action.crawler, crawls != nil else { return Launches() }
    let record = try CrawlHouse.begin(
      crawler, random.uuid(), scope, now, transaction,
      by: .init(trigger: trigger.name, workflow: run?.workflow, workflowRun: run?.id))
    run?.actions.append(.init(crawler: crawler, trigger: trigger.name, run: record.crawl, state: "RUNNING"))
    return Launches(crawls: [record])
  }

  // MARK: Following

  private func follow(
    _ ended: JobRunRecord, _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction
  ) throws -> Launches {
    // Who was started by hand fires nothing: AWS lets chains begin with triggers.
    guard ended.trigger != nil else { return Launches() }
    return try follow(
      job: ended.job, crawler: nil, run: ended.id, state: ended.state.rawValue, workflow: ended.workflow,
      workflowRun: ended.workflowRun, scope, now, transaction)
  }

  private func follow(
    _ ended: CrawlRecord, _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction
  ) throws -> Launches {
    guard let origin = ended.origin else { return Launches() }
    let state = ended.state == "COMPLETED" ? "SUCCEEDED" : ended.state == "STOPPED" ? "CANCELLED" : "FAILED"
    return try follow(
      job: nil, crawler: ended.crawler, run: ended.id, state: state, workflow: origin.workflow,
      workflowRun: origin.workflowRun, scope, now, transaction)
  }

  private func follow(
    job: String?, crawler: String?, run id: String, state: String, workflow: String?, workflowRun: String?,
    _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction
  ) throws -> Launches {
    var run: WorkflowRunRecord?
    if let workflow, let workflowRun {
      run = try? transaction.workflowRun(workflowRun, of: workflow, scope)
      if let index = run?.actions.firstIndex(where: { $0.run == id || id.hasPrefix(($0.run ?? "-") + "_attempt_") }) {
        run?.actions[index].state = state
        run?.actions[index].run = id
      }
      if let run { try transaction.set(run.key(scope), record: run) }
      guard run?.status == "RUNNING" else {
        if var over = run {
          Self.finish(&over, now)
          try transaction.set(over.key(scope), record: over)
        }
        return Launches()
      }
    }
    var launches = Launches()
    for var trigger in try transaction.triggers(scope) where trigger.isOn && trigger.workflow == workflow {
      let places = trigger.conditions.indices.filter { place in
        let condition = trigger.conditions[place]
        return condition.job == job && condition.crawler == crawler && condition.state == state
      }
      guard !places.isEmpty else { continue }
      var progress =
        trigger.progress.first { $0.workflowRun == workflowRun } ?? TriggerRecord.Progress(workflowRun: workflowRun)
      trigger.progress.removeAll { $0.workflowRun == workflowRun }
      for place in places { progress.met[place] = .init(job: job ?? crawler ?? "", run: id) }
      let isMet = trigger.isAny || progress.met.count == trigger.conditions.count
      if !isMet { trigger.progress.append(progress) }
      try transaction.set(TriggerRecord.key(scope, trigger.name), record: trigger)
      guard isMet else { continue }
      let runs = job == nil ? [] : progress.met.sorted { $0.key < $1.key }.map(\.value)
      let fired = try fire(trigger, scope, now, transaction, run: run, after: runs)
      launches = launches + fired
      if let present = run { run = try transaction.workflowRun(present.id, of: present.workflow, scope) }
    }
    if var over = run {
      Self.finish(&over, now)
      try transaction.set(over.key(scope), record: over)
      if !over.isActive { try forgetProgress(of: over, scope, transaction) }
    }
    return launches
  }

  /// A run is over once nothing of it is at work.
  static func finish(_ run: inout WorkflowRunRecord, _ now: Timestamp) {
    guard run.isActive, !run.actions.contains(where: \.isActive) else { return }
    run.status = run.status == "STOPPING" ? "STOPPED" : "COMPLETED"
    run.completed = now
  }

  /// Conditions that were met in a run that is over wait for nothing any more.
  private func forgetProgress(of run: WorkflowRunRecord, _ scope: Scope, _ transaction: any KeyTransaction) throws {
    for var trigger in try transaction.triggers(of: run.workflow, scope)
    where trigger.progress.contains(where: { $0.workflowRun == run.id }) {
      trigger.progress.removeAll { $0.workflowRun == run.id }
      try transaction.set(TriggerRecord.key(scope, trigger.name), record: trigger)
    }
  }

  // MARK: Workflows

  /// Writes a run of a workflow down.
  /// - Throws: `EntityNotFoundException`, `ConcurrentRunsExceededException`.
  func begin(
    _ name: String, properties: [String: String], previous: String? = nil, _ scope: Scope, _ now: Timestamp,
    _ transaction: any KeyTransaction
  ) throws -> WorkflowRunRecord {
    var workflow = try transaction.workflow(name, scope)
    let runs = try transaction.workflowRuns(name, scope)
    if let most = workflow.concurrentRunsMax, runs.filter(\.isActive).count >= most {
      throw WorkflowRules.tooManyRuns(name)
    }
    let run = WorkflowRunRecord(
      id: "wr_" + random.bytes(32).hex, workflow: name, previous: previous ?? workflow.lastRun,
      properties: workflow.properties.merging(properties) { $1 }, started: now, status: "RUNNING")
    try transaction.set(run.key(scope), record: run)
    workflow.lastRun = run.id
    try transaction.set(WorkflowRecord.key(scope, name), record: workflow)
    for old in runs.dropLast(WorkflowRules.runsKept) where !old.isActive { try transaction.delete(old.key(scope)) }
    return run
  }

  // MARK: The clock

  /// How often schedules and events are looked at.
  static let every = Duration.seconds(1)

  /// Fires what is due, until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      do {
        try await clock.sleep(for: Self.every)
        try await fireDue()
      } catch is CancellationError {
        return
      } catch {
        logger.error("triggers could not be looked at", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Fires the triggers whose time has come. What was due while the server was down is fired once.
  func fireDue() async throws {
    let now = clock.now()
    let due = try await catalog.keys.read { reader in
      var due: [(Scope, TriggerRecord)] = []
      for scope in try reader.glueScopes() {
        for trigger in try reader.triggers(scope) where trigger.isOn && Self.isDue(trigger, now) {
          due.append((scope, trigger))
        }
      }
      return due
    }
    for (scope, seen) in due {
      let launches = try await catalog.keys.write { transaction -> Launches in
        guard var trigger = try transaction.get(TriggerRecord.key(scope, seen.name), as: TriggerRecord.self),
          trigger == seen
        else { return Launches() }
        return try self.fire(&trigger, at: now, scope, transaction)
      }
      launch(launches, scope)
    }
  }

  private static func isDue(_ trigger: TriggerRecord, _ now: Timestamp) -> Bool {
    if let text = trigger.schedule, let schedule = try? Kernel.Schedule(text),
      let next = schedule.next(after: trigger.done, countingFrom: trigger.done)
    {
      return next <= now
    }
    if let batch = trigger.batch, let first = batch.first {
      return batch.waiting > 0 && now - first >= .seconds(Int64(batch.windowSeconds))
    }
    return false
  }

  /// Fires a trigger that a clock or events have come to, and notes that it has.
  func fire(
    _ trigger: inout TriggerRecord, at now: Timestamp, _ scope: Scope, _ transaction: any KeyTransaction
  ) throws -> Launches {
    trigger.done = now
    let events = trigger.batch
    trigger.batch?.waiting = 0
    trigger.batch?.first = nil
    try transaction.set(TriggerRecord.key(scope, trigger.name), record: trigger)
    do {
      let launches = try fire(trigger, scope, now, transaction)
      if let events, let workflow = trigger.workflow, let id = try transaction.workflow(workflow, scope).lastRun {
        var run = try transaction.workflowRun(id, of: workflow, scope)
        run.events = events.waiting
        run.eventSeconds = events.first.map { Int(clamping: (now - $0).milliseconds / 1000) } ?? 0
        try transaction.set(run.key(scope), record: run)
      }
      return launches
    } catch let error as AWSError {
      logger.warning(
        "a trigger could not fire", metadata: ["trigger": "\(trigger.name)", "error": "\(error.message)"])
      return Launches()
    }
  }

  /// An event for a workflow that begins with events: it begins once enough have come, or the first has waited long.
  /// - Throws: `EntityNotFoundException`; `InvalidInputException` for a workflow that does not begin with events.
  func note(eventFor workflow: String, _ scope: Scope) async throws {
    let now = clock.now()
    let launches = try await catalog.keys.write { transaction -> Launches in
      _ = try transaction.workflow(workflow, scope)
      guard var trigger = try transaction.triggers(of: workflow, scope).first(where: { $0.type == "EVENT" }) else {
        throw CatalogError.invalidInput("Workflow \(workflow) does not begin with an event trigger.")
      }
      guard var batch = trigger.batch else { return Launches() }
      batch.waiting += 1
      batch.first = batch.first ?? now
      trigger.batch = batch
      guard batch.waiting >= batch.size else {
        try transaction.set(TriggerRecord.key(scope, trigger.name), record: trigger)
        return Launches()
      }
      return try self.fire(&trigger, at: now, scope, transaction)
    }
    launch(launches, scope)
  }
}

/// What follows from an end, in its transaction, and what is begun after that.
struct Followers<Ended: Sendable>: Sendable {
  var follow: @Sendable (Ended, Scope, Timestamp, any KeyTransaction) throws -> Launches
  var launch: @Sendable (Launches, Scope) -> Void
}
