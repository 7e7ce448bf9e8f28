public import Kernel
public import Logging
public import LogsModel
public import Storage

/// Amazon CloudWatch Logs: groups, streams, events, and what is made of events as they come in.
///
/// `open` reads what is kept; `run` writes what services hand over, delivers to subscriptions and drops what is past
/// its retention, until its task is cancelled. Without `run` events are taken in and can be read.
public final class LogsService: LogsAPI {
  let keys: any KeyStore
  let logs: any LogStore
  let clock: any WallClock
  let random: any RandomSource
  let roles: any RoleBroker
  let authorizer: any Authorizer
  let metrics: any MetricTap
  let targets: any SubscriptionTargets
  let log: Logger
  let directory = Directory()
  /// Looks through events, which may take long.
  let searches = BlockingPool(
    name: "logs-search", threads: Limits.searchThreads, queueLimit: Limits.searchesWaitingMax)
  let lines = WaitingLines()
  let defaults = DefaultValues()
  let deliveries = DeliveryDesk()

  private init(
    keys: any KeyStore, logs: any LogStore, clock: any WallClock, random: any RandomSource, roles: any RoleBroker,
    authorizer: any Authorizer, metrics: any MetricTap, targets: any SubscriptionTargets, log: Logger
  ) {
    self.keys = keys
    self.logs = logs
    self.clock = clock
    self.random = random
    self.roles = roles
    self.authorizer = authorizer
    self.metrics = metrics
    self.targets = targets
    self.log = log
  }

  /// - Parameters:
  ///   - roles: gives services that hand lines over, and subscriptions, the rights of their roles.
  ///   - targets: where subscriptions deliver to.
  public static func open(
    keys: any KeyStore, logs: any LogStore, clock: any WallClock, random: any RandomSource, roles: any RoleBroker,
    authorizer: any Authorizer, metrics: any MetricTap = SilentTap(), targets: any SubscriptionTargets,
    log: Logger = Logger(label: "tarn.logs")
  ) async throws -> LogsService {
    let service = LogsService(
      keys: keys, logs: logs, clock: clock, random: random, roles: roles, authorizer: authorizer, metrics: metrics,
      targets: targets, log: log)
    try await service.load()
    return service
  }

  /// Works in the background until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.writeLinesForever() }
      group.addTask { await self.tidyForever() }
      group.addTask { await self.deliverForever() }
    }
  }

  /// Writes what waits in memory. For the server's stop.
  public func flush() async {
    await writeLines()
    await writeNotes()
  }

  // MARK: Finding

  /// The group that a request names, by its name or its ARN.
  func groupID(name: String?, identifier: String?, _ context: RequestContext) throws -> GroupID {
    switch (name, identifier) {
    case (let name?, nil): return GroupID(scope: context.scope, name: name)
    case (nil, let identifier?): return try groupID(identifier, context)
    case (nil, nil):
      throw LogsError.invalidParameterException("Either logGroupName or logGroupIdentifier must be specified.")
    default:
      throw LogsError.invalidParameterException(
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    }
  }

  /// A group by its name or by its ARN, with or without `:*` behind.
  func groupID(_ identifier: String, _ context: RequestContext) throws -> GroupID {
    guard identifier.hasPrefix("arn:") else { return GroupID(scope: context.scope, name: identifier) }
    guard let arn = ARN(identifier), arn.service == "logs", arn.resource.hasPrefix("log-group:"),
      let account = AccountID(arn.account)
    else { throw LogsError.invalidParameterException("The specified ARN is not valid: \(identifier)") }
    var name = arn.resource.dropFirst("log-group:".count)
    if name.hasSuffix(":*") { name = name.dropLast(2) }
    let id = GroupID(scope: Scope(account: account, region: Region(arn.region)), name: String(name))
    // Groups of other accounts are seen by links between accounts, which there are none of.
    guard id.scope == context.scope else { throw Self.noGroup }
    return id
  }

  static let noGroup = LogsError.resourceNotFoundException("The specified log group does not exist.")
  static let noStream = LogsError.resourceNotFoundException("The specified log stream does not exist.")

  func existing(_ id: GroupID) throws -> GroupRecord {
    guard let record = directory.record(id) else { throw Self.noGroup }
    return record
  }

  /// Changes a group's record: writes it, then shows it.
  /// - Parameter body: runs within a transaction, maybe more than once.
  func change(_ id: GroupID, _ body: @escaping @Sendable (inout GroupRecord) throws -> Void) async throws {
    let changed = try await keys.write { transaction -> GroupRecord in
      guard var record = try transaction.get(LogsKeys.group(id), as: GroupRecord.self) else { throw Self.noGroup }
      try body(&record)
      record.version += 1
      try transaction.set(LogsKeys.group(id), record: record)
      return record
    }
    directory.change(id, to: changed)
  }
}
