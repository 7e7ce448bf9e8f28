import Foundation
import GlueModel
import Kernel
import LakeFiles
import Logging
import Processes
import S3
import Storage

/// Starts and stops runs of jobs, and keeps what became of them.
///
/// A run is in the key store before its process begins, and its end before anybody is told. What the end of the server
/// interrupted is told as failed when it starts again (`recover`), and tried again where the job says so.
final class JobHouse: Sendable {
  let ground: JobGround
  let catalog: GlueCatalog
  let clock: any WallClock
  let random: any RandomSource
  let roles: GlueRoles
  /// Where processes find this server, once it listens; runs begin then.
  let address = Announcement()
  /// Its threads start the processes, and stay as long as they do.
  let starter = BlockingPool(name: "glue-jobs", threads: 1, queueLimit: 1_000)
  /// For the runs' folders.
  let files = BlockingPool(name: "glue-files", threads: 2, queueLimit: 1_000)
  private let turns = AsyncTurns(atOnce: JobLimits.runsAtOnce)
  /// What follows from a run that has ended for good.
  let followers = Locked<Followers<JobRunRecord>?>(nil)

  struct Running: Sendable {
    var task: Task<Void, Never>
    var token: String
    var scope: Scope
    var job: String
    var role: RequestContext?
    var progress: String?
  }
  let running = Locked<[String: Running]>([:])
  private let isClosing = Locked(false)

  init(ground: JobGround, catalog: GlueCatalog, clock: any WallClock, random: any RandomSource) {
    self.ground = ground
    self.catalog = catalog
    self.clock = clock
    self.random = random
    roles = GlueRoles(broker: ground.roles)
  }

  /// A run that is asked for.
  struct Request: Sendable {
    var job: String
    /// A failed run to run again, with its arguments.
    var previous: String?
    var arguments: [String: String]?
    var timeout: Int?
    var units: Double?
    var workerType: String?
    var workers: Int?
    var securityConfiguration: String?
    var notifyDelayAfter: Int?
    var executionClass: String?
    var queues: Bool?
    var trigger: String?
    var workflow: String?
    var workflowRun: String?
    var predecessors: [JobRunRecord.Predecessor]?

    init(job: String) { self.job = job }
  }

  // MARK: Starting

  /// - Returns: the run's id.
  /// - Throws: `EntityNotFoundException`, `InvalidInputException`, `ConcurrentRunsExceededException`.
  func start(_ asked: Request, _ scope: Scope) async throws -> String {
    let id = "jr_" + random.bytes(32).hex
    let now = clock.now()
    let record = try await catalog.keys.write { transaction in
      try Self.begin(asked, id, scope, now, transaction)
    }
    if record.state == .starting { launch(record, scope) }
    return record.id
  }

  /// Writes a run down.
  static func begin(
    _ asked: Request, _ id: String, _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction
  ) throws -> JobRunRecord {
    guard let job = try transaction.get(JobRecord.key(scope, asked.job), as: JobRecord.self) else {
      throw CatalogError.entityNotFound("Failed to start job run due to missing metadata")
    }
    var arguments = asked.arguments
    if let previous = asked.previous {
      let before = try transaction.run(previous, of: job.name, scope)
      arguments = arguments ?? before.arguments
    }
    if let name = job.fixedArguments?.keys.sorted().first(where: { arguments?[$0] != nil }) {
      throw JobRules.invalid("The argument \(name) of job \(job.name) cannot be overridden.")
    }
    let active = try transaction.openRuns(of: job.name, scope).filter(\.state.isActive).count
    let isFull = active >= job.concurrentRunsMax
    let queues = asked.queues ?? job.queues ?? false
    guard !isFull || queues else {
      throw GlueError.concurrentRunsExceededException("Concurrent runs exceeded for \(job.name)")
    }
    var run = JobRunRecord(
      id: id, job: job.name, attempt: 0, state: isFull ? .waiting : .starting, started: now, changed: now,
      capacity: try JobRules.capacity(
        units: asked.units, workerType: asked.workerType, workers: asked.workers, job.command,
        version: job.glueVersion, before: job.capacity),
      timeout: try asked.timeout.map { try JobRules.timeout($0, job.command, version: job.glueVersion) } ?? job.timeout,
      glueVersion: job.glueVersion)
    run.previous = asked.previous
    run.trigger = asked.trigger
    (run.workflow, run.workflowRun) = (asked.workflow, asked.workflowRun)
    run.arguments = arguments
    run.predecessors = asked.predecessors
    run.securityConfiguration = asked.securityConfiguration ?? job.securityConfiguration
    run.notifyDelayAfter = asked.notifyDelayAfter ?? job.notifyDelayAfter
    run.executionClass = asked.executionClass ?? job.executionClass
    run.queues = asked.queues ?? job.queues
    (run.mode, run.maintenanceWindow) = (job.mode, job.maintenanceWindow)
    try transaction.keep(run, scope)
    try transaction.removeOldRuns(of: job.name, scope)
    return run
  }

  /// Lets a run's process begin once there is room.
  func launch(_ record: JobRunRecord, _ scope: Scope) {
    let token = random.bytes(24).hex
    running.withLock { running in
      guard running[record.id] == nil else { return }
      let task = Task { [self] in
        await perform(record, scope, token)
        self.running.withLock { _ = $0.removeValue(forKey: record.id) }
      }
      running[record.id] = Running(task: task, token: token, scope: scope, job: record.job)
    }
  }

  private func perform(_ record: JobRunRecord, _ scope: Scope, _ token: String) async {
    var over = record
    do {
      await address.wait()
      over = try await turns.run { try await JobProcess(house: self, record: record, scope: scope, token: token).run() }
    } catch let error as AWSError {
      (over.state, over.error) = (.failed, error.message)
    } catch is CancellationError {
      over.state = .stopped
    } catch {
      ground.logger.error("a job's run failed", metadata: ["job": "\(record.job)", "error": "\(error)"])
      (over.state, over.error) = (.failed, "Internal service error.")
    }
    // A server that stops leaves the run as it is: the next start tells it as failed and tries it again.
    if isClosing.withLock({ $0 }), over.state != .succeeded { return }
    let final = over
    // A cancelled task may not write; the end is written by one that is not.
    await Task { [self] in await end(final, scope) }.value
  }

  /// Writes an end down, and what follows from it: a further attempt, runs that waited, triggers.
  private func end(_ over: JobRunRecord, _ scope: Scope) async {
    await tidy(over, scope)
    let now = clock.now()
    do {
      let followers = followers.withLock { $0 }
      let (next, launches) = try await catalog.keys.write { transaction -> ([JobRunRecord], Launches) in
        var ended = over
        ended.staging = nil
        (ended.completed, ended.changed) = (now, now)
        // Who was told to stop has stopped, whatever else happened to him.
        if let present = try transaction.get(over.key(scope), as: JobRunRecord.self), present.state == .stopping {
          (ended.state, ended.error) = (.stopped, nil)
        }
        try transaction.keep(ended, scope)
        try ProvisionalOutput.settle(ended.id, scope, transaction)
        var next: [JobRunRecord] = []
        let job = try transaction.get(JobRecord.key(scope, over.job), as: JobRecord.self)
        if ended.state == .failed, let job, ended.attempt < job.retriesMax {
          var again = ended
          again.attempt += 1
          again.id = Self.id(ended.id, attempt: again.attempt)
          again.previous = ended.id
          (again.state, again.started, again.changed) = (.starting, now, now)
          (again.began, again.completed, again.error) = (nil, nil, nil)
          try transaction.keep(again, scope)
          next.append(again)
        }
        // A trigger looks at a run once no further attempt follows.
        let isLast = next.isEmpty
        if let job { next += try Self.freed(job, scope, now, transaction) }
        let launches = isLast ? try followers?.follow(ended, scope, now, transaction) : nil
        return (next, launches ?? Launches())
      }
      for run in next { launch(run, scope) }
      followers?.launch(launches, scope)
    } catch {
      ground.logger.error("a run's end could not be kept", metadata: ["run": "\(over.id)", "error": "\(error)"])
    }
  }

  /// Runs that waited for another of their job to end.
  private static func freed(
    _ job: JobRecord, _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction
  ) throws -> [JobRunRecord] {
    let runs = try transaction.openRuns(of: job.name, scope)
    var room = job.concurrentRunsMax - runs.filter(\.state.isActive).count
    var next: [JobRunRecord] = []
    for var run in runs where run.state == .waiting && room > 0 {
      (run.state, run.changed) = (.starting, now)
      try transaction.keep(run, scope)
      next.append(run)
      room -= 1
    }
    return next
  }

  /// `jr_…_attempt_2`, as AWS names further attempts.
  private static func id(_ id: String, attempt: Int) -> String {
    let first = id.range(of: "_attempt_").map { String(id[..<$0.lowerBound]) } ?? id
    return "\(first)_attempt_\(attempt)"
  }

  /// Notes where a run is about to put what it has not published yet, so that it is removed however the run ends.
  func note(staging place: String, of run: String, _ job: String, _ scope: Scope) async throws {
    try await catalog.keys.write { transaction in
      var record = try transaction.run(run, of: job, scope)
      guard !(record.staging ?? []).contains(place), (record.staging ?? []).count < JobLimits.stagingMax else { return }
      record.staging = (record.staging ?? []) + [place]
      try transaction.keep(record, scope)
    }
  }

  /// Removes what a run has left unpublished, and what it has published ahead of its bookmark.
  private func tidy(_ record: JobRunRecord, _ scope: Scope) async {
    do {
      if record.state != .succeeded { try await takeBack(record, scope) }
    } catch {
      ground.logger.error(
        "what a run had published could not be taken back", metadata: ["run": "\(record.id)", "error": "\(error)"])
    }
    do {
      let staging = try await catalog.keys.read { try $0.run(record.id, of: record.job, scope) }.staging ?? []
      guard !staging.isEmpty else { return }
      let job = try await catalog.keys.read { try $0.job(record.job, scope) }
      guard let role = GlueRoles.arns(job.role, scope).first else { return }
      var changes = ObjectChanges()
      changes.deletePrefixes = staging.compactMap { LakePath($0) }
      try await ground.s3.change(changes, for: try await acting(role, scope)) { _ in }
    } catch {
      ground.logger.warning(
        "what a run had not published could not be removed", metadata: ["run": "\(record.id)", "error": "\(error)"])
    }
  }

  /// A context with the rights of a job's role.
  func acting(_ role: ARN, _ scope: Scope) async throws -> RequestContext {
    let principal = try await ground.roles.assume(
      role: role, for: GlueRoles.service, session: "GlueJobRunnerSession")
    return RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(), userAgent: GlueRoles.service,
      authorizer: ground.authorizer)
  }

  /// A run has come to a further state.
  func change(_ record: JobRunRecord, _ scope: Scope) async throws {
    try await catalog.keys.write { transaction in
      var changed = record
      if let present = try transaction.get(record.key(scope), as: JobRunRecord.self), present.state == .stopping {
        changed.state = .stopping
      }
      try transaction.keep(changed, scope)
    }
  }

  // MARK: Stopping

  /// - Throws: `EntityNotFoundException`; `InvalidInputException` for a run that is over.
  func stop(_ id: String, of job: String, _ scope: Scope) async throws {
    let (followers, now) = (followers.withLock { $0 }, clock.now())
    let launches = try await catalog.keys.write { transaction -> Launches? in
      var run = try transaction.run(id, of: job, scope)
      guard !run.state.isOver else {
        throw JobRules.invalid("JobRun \(id) is in the state \(run.state.rawValue) and cannot be stopped.")
      }
      let wasWaiting = run.state == .waiting
      (run.state, run.changed) = (wasWaiting ? .stopped : .stopping, now)
      if wasWaiting { run.completed = now }
      try transaction.keep(run, scope)
      // One that waits has no process whose end others would hear of: it is over here.
      return wasWaiting ? try followers?.follow(run, scope, now, transaction) ?? Launches() : nil
    }
    if let launches {
      followers?.launch(launches, scope)
    } else {
      running.withLock { $0[id]?.task.cancel() }
    }
  }

  /// Ends the runs of a job that has gone.
  func forget(_ job: String, _ scope: Scope) async {
    let runs = (try? await catalog.keys.read { try $0.openRuns(of: job, scope) }) ?? []
    // Those that wait first, so that none takes the place of one that ends.
    for run in runs where run.state == .waiting { try? await stop(run.id, of: job, scope) }
    for run in runs where run.state.isActive { try? await stop(run.id, of: job, scope) }
  }

  /// Ends all processes, for a server that stops.
  func close() async {
    isClosing.withLock { $0 = true }
    // Who waits for the server to listen waits no longer.
    await address.announce("")
    let tasks = running.withLock { $0.values.map(\.task) }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Ends what the end of the process interrupted, and tries again what is to be tried again.
  func recover() async throws {
    let folder = ground.folder
    try await files.run {
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    for (scope, run) in try await interrupted() {
      var over = run
      over.state = run.state == .stopping ? .stopped : .failed
      if over.state == .failed { over.error = "The server stopped while the job run was under way." }
      await end(over, scope)
    }
  }

  private func interrupted() async throws -> [(Scope, JobRunRecord)] {
    let scopes = try await catalog.keys.read { try $0.glueScopes() }
    var found: [(Scope, JobRunRecord)] = []
    for scope in scopes {
      let isIndexed = try await catalog.keys.read { try $0.get(JobRunRecord.indexed(scope)) != nil }
      if !isIndexed { try await catalog.keys.write { try $0.indexRuns(scope) } }
      let open = try await catalog.keys.read { try $0.openRuns(scope) }
      found += open.filter(\.state.isActive).map { (scope, $0) }
    }
    return found
  }

  // MARK: Showing

  func shape(_ record: JobRunRecord) -> JobRun {
    let progress = record.state == .running ? running.withLock { $0[record.id]?.progress } : nil
    return record.shape(now: clock.now(), detail: progress)
  }
}

extension KeyReader {
  /// The accounts and regions in which Glue keeps anything.
  func glueScopes() throws -> [Scope] {
    var scopes: [Scope] = []
    // The records of a region stand together, so the scopes are few seeks apart.
    var range = Key("glue").subtree
    while true {
      var scope: Scope?
      var isDone = true
      try scan(range) { key, _ in
        isDone = false
        guard let elements = key.elements, elements.count >= 3, let account = elements[1].string,
          let region = elements[2].string, let id = AccountID(account)
        else {
          range.from = key.subtree.to
          return false
        }
        scope = Scope(account: id, region: Region(region))
        return false
      }
      if let scope {
        scopes.append(scope)
        range.from = Key("glue", scope.account.digits, scope.region.code).subtree.to
      } else if isDone {
        return scopes
      }
    }
  }
}
