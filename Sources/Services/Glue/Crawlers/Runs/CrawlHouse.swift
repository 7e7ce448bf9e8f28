public import Engine
import GlueModel
public import Kernel
public import Logging
public import S3Model
import Storage

/// What crawls reach out to beside the catalog.
public struct CrawlGround: Sendable {
  public var s3: any S3API
  public var engine: LakeEngine
  public var roles: any RoleBroker
  public var authorizer: any Authorizer
  public var logger: Logger

  public init(
    s3: any S3API, engine: LakeEngine, roles: any RoleBroker, authorizer: any Authorizer, logger: Logger
  ) {
    self.s3 = s3
    self.engine = engine
    self.roles = roles
    self.authorizer = authorizer
    self.logger = logger
  }
}

/// Starts and stops crawls, one a crawler at a time, and keeps what became of them.
///
/// A crawler's state is in the key store before its crawl begins and after it ends. A crawl that the end of the
/// process interrupted is told as failed when the server starts again (`recover`).
final class CrawlHouse: Sendable {
  static let service = "glue.amazonaws.com"

  let ground: CrawlGround
  let catalog: GlueCatalog
  let clock: any WallClock
  let random: any RandomSource

  private struct Running {
    var task: Task<Void, Never>
    var started: Timestamp
  }
  private struct Name: Hashable {
    var scope: Scope
    var name: String
  }
  private let running = Locked<[Name: Running]>([:])

  init(ground: CrawlGround, catalog: GlueCatalog, clock: any WallClock, random: any RandomSource) {
    self.ground = ground
    self.catalog = catalog
    self.clock = clock
    self.random = random
  }

  // MARK: Roles

  /// The role in the form in which it is kept, once the caller may pass it and Glue may assume it.
  func checkedRole(_ role: String, _ context: RequestContext) async throws -> String {
    let refused = CatalogError.invalidInput(
      "Service is unable to assume provided role. Please verify role's TrustPolicy")
    var last: any Error = refused
    for arn in Self.arns(role, context.scope) {
      do {
        try await ground.roles.checkPass(role: arn, to: Self.service, context: context)
        return arn.account == context.account.digits ? String(arn.resource.dropFirst("role/".count)) : role
      } catch let error as AWSError {
        // Who may not pass the role is told so; a role that is not there, or trusts another, is one error on AWS.
        let isAboutService = error.code == "NoSuchEntity" || error.message.hasPrefix(Self.service)
        last = isAboutService ? refused : error
        if !isAboutService { break }
      }
    }
    throw last
  }

  /// A role by its ARN, or by its path and name; the console makes service roles below `service-role/`.
  private static func arns(_ role: String, _ scope: Scope) -> [ARN] {
    if let arn = ARN(role) { return [arn] }
    func named(_ name: String) -> ARN {
      ARN(
        partition: scope.region.partition, service: "iam", region: "", account: scope.account.digits,
        resource: "role/" + name)
    }
    return role.contains("/") ? [named(role)] : [named(role), named("service-role/" + role)]
  }

  /// A context with the rights of a crawler's role.
  func acting(_ record: CrawlerRecord, _ scope: Scope) async throws -> RequestContext {
    guard let arn = Self.arns(record.role, scope).first else { throw CatalogError.invalidInput("No role.") }
    let principal: Principal
    do {
      principal = try await ground.roles.assume(role: arn, for: Self.service, session: "AWS-Crawler")
    } catch is AWSError {
      throw CatalogError.invalidInput(
        "Service is unable to assume role \(arn). Please verify role's TrustPolicy")
    }
    return RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(), userAgent: Self.service,
      authorizer: ground.authorizer)
  }

  // MARK: Crawls

  /// - Throws: `EntityNotFoundException`, `CrawlerRunningException`.
  func start(_ name: String, _ scope: Scope) async throws {
    let (id, now) = (random.uuid(), clock.now())
    let record = try await catalog.keys.write { transaction in
      var record = try transaction.crawler(name, scope)
      guard record.state == .ready else {
        throw GlueError.crawlerRunningException("Crawler with name \(name) has already started")
      }
      (record.state, record.crawl) = (.running, id)
      let crawl = CrawlRecord(id: id, crawler: name, state: "RUNNING", started: now)
      try transaction.set(CrawlerRecord.key(scope, name), record: record)
      try transaction.set(CrawlRecord.key(scope, name, now, id), record: crawl)
      return record
    }
    let place = Name(scope: scope, name: name)
    // The lock is held until the task is noted: it cannot end before.
    running.withLock { running in
      let task = Task { [self] in
        await run(record, scope, id, now)
        self.running.withLock { _ = $0.removeValue(forKey: place) }
      }
      running[place] = Running(task: task, started: now)
    }
  }

  /// - Throws: `EntityNotFoundException`, `CrawlerNotRunningException`, `CrawlerStoppingException`.
  func stop(_ name: String, _ scope: Scope) async throws {
    try await catalog.keys.write { transaction in
      var record = try transaction.crawler(name, scope)
      switch record.state {
      case .ready: throw GlueError.crawlerNotRunningException("Crawler with name \(name) is not running")
      case .stopping: throw GlueError.crawlerStoppingException("Crawler with name \(name) is stopping")
      case .running: record.state = .stopping
      }
      try transaction.set(CrawlerRecord.key(scope, name), record: record)
    }
    running.withLock { $0[Name(scope: scope, name: name)]?.task.cancel() }
  }

  private func run(_ record: CrawlerRecord, _ scope: Scope, _ id: String, _ started: Timestamp) async {
    var crawl = CrawlRecord(id: id, crawler: record.name, state: "COMPLETED", started: started)
    do {
      // A stop that came before the task was noted had nothing to cancel.
      let present = try await catalog.keys.read { try $0.crawler(record.name, scope) }
      guard present.state == .running else { throw Stopped() }
      let outcome = try await Crawl(house: self, record: record, scope: scope, id: id).run()
      (crawl.created, crawl.changed, crawl.deleted) = (outcome.created, outcome.changed, outcome.deleted)
      crawl.summary = outcome.summary
    } catch {
      let isStopped = Task.isCancelled || error is Stopped
      crawl.state = isStopped ? "STOPPED" : "FAILED"
      if !isStopped { crawl.error = Self.message(error) }
      if !isStopped, !(error is AWSError), !(error is FolderTree.TooLarge) {
        ground.logger.warning("a crawl failed", metadata: ["crawler": "\(record.name)", "error": "\(error)"])
      }
    }
    crawl.ended = clock.now()
    let over = crawl
    // A cancelled task may not write; the end is written by one that is not.
    await Task { [self] in
      do {
        try await end(over, scope)
      } catch {
        ground.logger.error("a crawl's end could not be kept", metadata: ["error": "\(error)"])
      }
    }.value
  }

  private struct Stopped: Error {}

  private static func message(_ error: any Error) -> String {
    switch error {
    case let error as AWSError: "\(error.message) (\(error.code))"
    case let error as FolderTree.TooLarge: error.message
    case let error as EngineError: error.message
    default: "Internal Service Exception"
    }
  }

  private func end(_ crawl: CrawlRecord, _ scope: Scope) async throws {
    try await catalog.keys.write { transaction in
      // A crawler that went away with its account's data has nothing to be told to.
      guard var record = try transaction.get(CrawlerRecord.key(scope, crawl.crawler), as: CrawlerRecord.self),
        record.crawl == crawl.id
      else { return }
      (record.state, record.crawl, record.lastCrawl) = (.ready, nil, crawl)
      try transaction.set(CrawlerRecord.key(scope, crawl.crawler), record: record)
      try transaction.set(CrawlRecord.key(scope, crawl.crawler, crawl.started, crawl.id), record: crawl)
      let all = try transaction.entries(CrawlRecord.all(scope, crawl.crawler))
      for entry in all.dropLast(CrawlLimits.crawlsKept) { try transaction.delete(entry.key) }
    }
  }

  /// Ends what the end of the process interrupted.
  func recover() async throws {
    let now = clock.now()
    for (scope, record) in try await everywhere() where record.state != .ready {
      try await catalog.keys.write { transaction in
        guard var present = try transaction.get(CrawlerRecord.key(scope, record.name), as: CrawlerRecord.self),
          present.state != .ready
        else { return }
        for entry in try transaction.entries(CrawlRecord.all(scope, record.name)) {
          var crawl = try KeyRecord.decode(CrawlRecord.self, entry.value)
          guard crawl.id == present.crawl else { continue }
          crawl.state = present.state == .stopping ? "STOPPED" : "FAILED"
          crawl.ended = now
          if crawl.state == "FAILED" { crawl.error = "The server stopped while the crawl was under way." }
          present.lastCrawl = crawl
          try transaction.set(entry.key, record: crawl)
        }
        (present.state, present.crawl) = (.ready, nil)
        try transaction.set(CrawlerRecord.key(scope, record.name), record: present)
      }
    }
  }

  /// Ends the crawls that are under way, for a server that stops; each is told as stopped.
  func close() async {
    let tasks = running.withLock { $0.values.map(\.task) }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  private func everywhere() async throws -> [(Scope, CrawlerRecord)] {
    try await catalog.keys.read { reader in
      var found: [(Scope, CrawlerRecord)] = []
      // The records of a region stand together, so the scopes are few seeks apart.
      var range = Key("glue").subtree
      while true {
        var scope: Scope?
        try reader.scan(range) { key, _ in
          guard let elements = key.elements, elements.count >= 3, let account = elements[1].string,
            let region = elements[2].string, let id = AccountID(account)
          else {
            range.from = key.subtree.to
            return true
          }
          scope = Scope(account: id, region: Region(region))
          return false
        }
        guard let scope else { return found }
        for record in try reader.records(CrawlerRecord.all(scope), as: CrawlerRecord.self) {
          found.append((scope, record))
        }
        range.from = Key("glue", scope.account.digits, scope.region.code).subtree.to
      }
    }
  }

  // MARK: Schedules

  /// Starts what is due, until the task is cancelled.
  func runSchedules() async {
    while !Task.isCancelled {
      do {
        try await clock.sleep(for: .seconds(CrawlLimits.scheduleSeconds))
        try await startDue()
      } catch is CancellationError {
        return
      } catch {
        ground.logger.error("crawlers' schedules could not be read", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Starts the crawlers whose time has come. What was due while the server was down is crawled once.
  func startDue() async throws {
    let now = clock.now()
    for (scope, record) in try await everywhere() {
      guard let timetable = record.timetable, timetable.isOn,
        let schedule = try? Kernel.Schedule(timetable.expression),
        let due = schedule.next(after: timetable.done, countingFrom: timetable.done), due <= now
      else { continue }
      try await catalog.keys.write { transaction in
        guard var present = try transaction.get(CrawlerRecord.key(scope, record.name), as: CrawlerRecord.self),
          present.timetable == timetable
        else { return }
        present.timetable?.done = now
        try transaction.set(CrawlerRecord.key(scope, record.name), record: present)
      }
      do {
        try await start(record.name, scope)
      } catch is AWSError {
        // Still at work since the last time, or deleted meanwhile.
      }
    }
  }

  // MARK: Showing

  func shape(_ record: CrawlerRecord, _ scope: Scope) async -> Crawler {
    let started = running.withLock { $0[Name(scope: scope, name: record.name)]?.started }
    return record.shape(clock.now(), crawlStarted: record.state == .ready ? nil : started)
  }

  func metrics(_ record: CrawlerRecord, _ scope: Scope) async throws -> CrawlerMetrics {
    let crawls = try await catalog.keys.read { reader in
      try reader.records(CrawlRecord.all(scope, record.name), as: CrawlRecord.self)
    }
    let over = crawls.filter { $0.ended != nil }
    let seconds = over.map(\.seconds).sorted()
    let last = over.last
    return CrawlerMetrics(
      crawlerName: record.name, timeLeftSeconds: 0, stillEstimating: record.state != .ready,
      lastRuntimeSeconds: last?.seconds ?? 0, medianRuntimeSeconds: seconds.isEmpty ? 0 : seconds[seconds.count / 2],
      tablesCreated: last?.created ?? 0, tablesUpdated: last?.changed ?? 0, tablesDeleted: last?.deleted ?? 0)
  }
}
