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
  /// Takes what crawls tell of themselves.
  public var lines: any LogEventTap
  public var logger: Logger

  public init(
    s3: any S3API, engine: LakeEngine, roles: any RoleBroker, authorizer: any Authorizer,
    lines: any LogEventTap = SilentTap(), logger: Logger
  ) {
    self.s3 = s3
    self.engine = engine
    self.roles = roles
    self.authorizer = authorizer
    self.lines = lines
    self.logger = logger
  }
}

/// Starts and stops crawls, one a crawler at a time, and keeps what became of them.
///
/// A crawler's state is in the key store before its crawl begins and after it ends. A crawl that the end of the
/// process interrupted is told as failed when the server starts again (`recover`).
final class CrawlHouse: Sendable {
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
  private let postgres: PostgresClient
  private let databaseTurns = AsyncTurns(atOnce: CrawlLimits.databasesAtOnce)
  /// What follows from a crawl that has ended.
  let followers = Locked<Followers<CrawlRecord>?>(nil)

  init(ground: CrawlGround, catalog: GlueCatalog, clock: any WallClock, random: any RandomSource) {
    self.ground = ground
    self.catalog = catalog
    self.clock = clock
    self.random = random
    postgres = PostgresClient(starter: BlockingPool(name: "glue-crawls", threads: 1, queueLimit: 1_000), clock: clock)
  }

  // MARK: Databases

  /// The tables that a target names in a database.
  /// - Parameter context: the crawler's role, which has to be allowed the connection.
  /// - Throws: `InvalidInputException` with the server's reason; `AccessDeniedException`.
  func tables(of target: CrawlerRecord.JDBC, _ context: RequestContext) async throws -> [DatabaseTable] {
    guard let path = IncludePath(target.path) else { return [] }
    let scope = context.scope
    try await context.authorize(
      "glue:GetConnection", on: GlueService.places(ConnectionRecord.arn(target.connection, scope), context))
    let connection = try await catalog.keys.read { try $0.connection(target.connection, scope) }
    let (postgres, exclusions) = (postgres, (target.exclusions ?? []).map(Exclusion.init))
    return try await databaseTurns.run {
      try await PostgresCatalog(client: postgres, connection: connection).tables(path, exclusions: exclusions)
    }
  }

  // MARK: Roles

  /// The role in the form in which it is kept, once the caller may pass it and Glue may assume it.
  func checkedRole(_ role: String, _ context: RequestContext) async throws -> String {
    try await GlueRoles(broker: ground.roles).checked(role, context)
  }

  /// A context with the rights of a crawler's role.
  func acting(_ record: CrawlerRecord, _ scope: Scope) async throws -> RequestContext {
    guard let arn = GlueRoles.arns(record.role, scope).first else { throw CatalogError.invalidInput("No role.") }
    let principal: Principal
    do {
      principal = try await ground.roles.assume(role: arn, for: GlueRoles.service, session: "AWS-Crawler")
    } catch is AWSError {
      throw CatalogError.invalidInput(
        "Service is unable to assume role \(arn). Please verify role's TrustPolicy")
    }
    return RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(), userAgent: GlueRoles.service,
      authorizer: ground.authorizer)
  }

  // MARK: Crawls

  /// - Throws: `EntityNotFoundException`, `CrawlerRunningException`.
  func start(_ name: String, _ scope: Scope) async throws {
    let (id, now) = (random.uuid(), clock.now())
    launch(try await catalog.keys.write { try Self.begin(name, id, scope, now, $0) }, scope)
  }

  /// Writes a crawl down.
  /// - Parameter origin: the trigger that starts it.
  static func begin(
    _ name: String, _ id: String, _ scope: Scope, _ now: Timestamp, _ transaction: any KeyTransaction,
    by origin: CrawlRecord.Origin? = nil
  ) throws -> CrawlerRecord {
    var record = try transaction.crawler(name, scope)
    guard record.state == .ready else {
      throw GlueError.crawlerRunningException("Crawler with name \(name) has already started")
    }
    (record.state, record.crawl, record.crawlStarted) = (.running, id, now)
    var crawl = CrawlRecord(id: id, crawler: name, state: "RUNNING", started: now)
    crawl.origin = origin
    try transaction.set(CrawlerRecord.key(scope, name), record: record)
    try transaction.set(CrawlRecord.key(scope, name, now, id), record: crawl)
    return record
  }

  /// Begins a crawl that is written down.
  func launch(_ record: CrawlerRecord, _ scope: Scope) {
    guard let id = record.crawl, let now = record.crawlStarted else { return }
    let name = record.name
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
    let told = Crawl(house: self, record: record, scope: scope, id: id)
    told.tell("BENCHMARK", "Running Start Crawl for Crawler \(record.name)")
    do {
      // A stop that came before the task was noted had nothing to cancel.
      let present = try await catalog.keys.read { try $0.crawler(record.name, scope) }
      guard present.state == .running else { throw Stopped() }
      let outcome = try await told.run()
      (crawl.created, crawl.changed, crawl.deleted) = (outcome.created, outcome.changed, outcome.deleted)
      crawl.summary = outcome.summary
    } catch {
      let isStopped = Task.isCancelled || error is Stopped
      crawl.state = isStopped ? "STOPPED" : "FAILED"
      if !isStopped { crawl.error = Self.message(error) }
      told.tell(isStopped ? "INFO" : "ERROR", isStopped ? "The crawl was stopped" : Self.message(error))
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
    told.tell("BENCHMARK", "Crawler has finished running and is in state READY")
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

  private func end(_ over: CrawlRecord, _ scope: Scope) async throws {
    let (followers, now) = (followers.withLock { $0 }, clock.now())
    let launches = try await catalog.keys.write { transaction -> Launches in
      // A crawler that went away with its account's data has nothing to be told to.
      guard var record = try transaction.get(CrawlerRecord.key(scope, over.crawler), as: CrawlerRecord.self),
        record.crawl == over.id
      else { return Launches() }
      var crawl = over
      let key = CrawlRecord.key(scope, crawl.crawler, crawl.started, crawl.id)
      crawl.origin = try transaction.get(key, as: CrawlRecord.self)?.origin
      (record.state, record.crawl, record.lastCrawl) = (.ready, nil, crawl)
      try transaction.set(CrawlerRecord.key(scope, crawl.crawler), record: record)
      try transaction.set(key, record: crawl)
      let all = try transaction.entries(CrawlRecord.all(scope, crawl.crawler))
      for entry in all.dropLast(CrawlLimits.crawlsKept) { try transaction.delete(entry.key) }
      return try followers?.follow(crawl, scope, now, transaction) ?? Launches()
    }
    followers?.launch(launches, scope)
  }

  /// Ends what the end of the process interrupted.
  func recover() async throws {
    let (followers, now) = (followers.withLock { $0 }, clock.now())
    for (scope, record) in try await everywhere() where record.state != .ready {
      let launches = try await catalog.keys.write { transaction -> Launches in
        guard var present = try transaction.get(CrawlerRecord.key(scope, record.name), as: CrawlerRecord.self),
          present.state != .ready
        else { return Launches() }
        var launches = Launches()
        for entry in try transaction.entries(CrawlRecord.all(scope, record.name)) {
          var crawl = try KeyRecord.decode(CrawlRecord.self, entry.value)
          guard crawl.id == present.crawl else { continue }
          crawl.state = present.state == .stopping ? "STOPPED" : "FAILED"
          crawl.ended = now
          if crawl.state == "FAILED" { crawl.error = "The server stopped while the crawl was under way." }
          present.lastCrawl = crawl
          try transaction.set(entry.key, record: crawl)
          launches = try followers?.follow(crawl, scope, now, transaction) ?? Launches()
        }
        (present.state, present.crawl) = (.ready, nil)
        try transaction.set(CrawlerRecord.key(scope, record.name), record: present)
        return launches
      }
      followers?.launch(launches, scope)
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
      for scope in try reader.glueScopes() {
        for record in try reader.records(CrawlerRecord.all(scope), as: CrawlerRecord.self) {
          found.append((scope, record))
        }
      }
      return found
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
