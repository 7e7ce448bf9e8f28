public import Kernel
import Logging
public import RedshiftModel
import Storage

/// Something that is to be done to a cluster at times.
struct ScheduledActionRecord: Codable, Sendable {
  enum Target: Codable, Sendable {
    case pause(cluster: String)
    case resume(cluster: String)
    case resize(cluster: String, clusterType: String?, nodeType: String?, nodes: Int?)

    var cluster: String {
      switch self {
      case .pause(let cluster), .resume(let cluster), .resize(let cluster, _, _, _): cluster
      }
    }
    var type: String {
      switch self {
      case .pause: "PauseCluster"
      case .resume: "ResumeCluster"
      case .resize: "ResizeCluster"
      }
    }
    var shape: ScheduledActionType {
      switch self {
      case .pause(let cluster): ScheduledActionType(pauseCluster: PauseClusterMessage(clusterIdentifier: cluster))
      case .resume(let cluster): ScheduledActionType(resumeCluster: ResumeClusterMessage(clusterIdentifier: cluster))
      case .resize(let cluster, let type, let node, let nodes):
        ScheduledActionType(
          resizeCluster: ResizeClusterMessage(
            clusterIdentifier: cluster, clusterType: type, nodeType: node, numberOfNodes: nodes))
      }
    }
  }

  var name: String
  var target: Target
  var schedule: String
  var role: String
  var description: String?
  var start: Timestamp?
  var end: Timestamp?
  var isEnabled: Bool
  /// Up to when it was done, or looked at.
  var done: Timestamp

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-scheduled-action", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-scheduled-action", scope.account.digits, scope.region.code).subtree
  }
  static let everywhere = Key("redshift-scheduled-action").subtree

  /// The first time after a moment at which it is due, within its dates.
  func next(after moment: Timestamp) -> Timestamp? {
    let from = start.map { max($0 - .seconds(1), moment) } ?? moment
    let next =
      if let once = Self.once(schedule) { once > from ? once : nil } else {
        (try? Schedule(schedule))?.next(after: from, countingFrom: from)
      }
    guard let next, end.map({ next <= $0 }) ?? true else { return nil }
    return next
  }

  /// `at(2026-11-21T18:50:31)`
  static func once(_ text: String) -> Timestamp? {
    guard text.hasPrefix("at("), text.hasSuffix(")") else { return nil }
    let numbers = text.dropFirst(3).dropLast().split { !$0.isNumber }.map { Int($0) }
    guard numbers.count >= 5, numbers.count <= 6, !numbers.contains(nil) else { return nil }
    let parts = numbers.compactMap { $0 } + (numbers.count == 5 ? [0] : [])
    guard (1970...2199).contains(parts[0]), (1...12).contains(parts[1]),
      (1...CivilTime.days(inMonth: parts[1], of: parts[0])).contains(parts[2]), (0...23).contains(parts[3]),
      (0...59).contains(parts[4]), (0...59).contains(parts[5])
    else { return nil }
    return CivilTime(
      year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5]
    ).timestamp
  }

  func shape(_ now: Timestamp) -> ScheduledAction {
    var times: [Timestamp] = []
    var moment = now
    while isEnabled, times.count < ClusterLimits.nextInvocationsMax, let time = next(after: moment) {
      times.append(time)
      moment = time
    }
    return ScheduledAction(
      scheduledActionName: name, targetAction: target.shape, schedule: schedule, iamRole: role,
      scheduledActionDescription: description, state: isEnabled ? .active : .disabled, nextInvocations: times,
      startTime: start, endTime: end)
  }
}

/// Pausing, resuming and resizing clusters at times.
extension RedshiftService {
  private static func target(_ action: ScheduledActionType) throws -> ScheduledActionRecord.Target {
    var found: [ScheduledActionRecord.Target] = []
    if let pause = action.pauseCluster { found.append(.pause(cluster: pause.clusterIdentifier.lowercased())) }
    if let resume = action.resumeCluster { found.append(.resume(cluster: resume.clusterIdentifier.lowercased())) }
    if let resize = action.resizeCluster {
      found.append(
        .resize(
          cluster: resize.clusterIdentifier.lowercased(), clusterType: resize.clusterType, nodeType: resize.nodeType,
          nodes: resize.numberOfNodes))
    }
    guard let first = found.first, found.count == 1 else {
      throw RedshiftError.invalidScheduledActionFault("Exactly one target action must be specified.")
    }
    return first
  }

  private static func check(schedule text: String) throws {
    guard ScheduledActionRecord.once(text) == nil else { return }
    guard text.hasPrefix("cron("), (try? Schedule(text)) != nil else {
      throw RedshiftError.invalidScheduleFault("The schedule \(text) is not valid. Use at(...) or cron(...).")
    }
  }

  private static func check(role: String) throws {
    guard let arn = ARN(role), arn.service == "iam", arn.resource.hasPrefix("role/") else {
      throw RedshiftError.invalidScheduledActionFault("The IAM role \(role) is not valid.")
    }
  }

  public func createScheduledAction(_ input: CreateScheduledActionInput, _ context: RequestContext) async throws
    -> CreateScheduledActionOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize(
      "redshift:CreateScheduledAction", on: context.arn("redshift", "scheduledaction:\(input.scheduledActionName)"))
    let name = try ClusterRules.identifier(
      input.scheduledActionName, "ScheduledActionName", max: ClusterLimits.identifierCharactersMax)
    try Self.check(schedule: input.schedule)
    try Self.check(role: input.iamRole)
    let record = ScheduledActionRecord(
      name: name, target: try Self.target(input.targetAction), schedule: input.schedule, role: input.iamRole,
      description: input.scheduledActionDescription, start: input.startTime, end: input.endTime,
      isEnabled: input.enable ?? true, done: now)
    try await keys.write { transaction in
      guard try transaction.get(ScheduledActionRecord.key(scope, name)) == nil else {
        throw RedshiftError.scheduledActionAlreadyExistsFault("The scheduled action \(name) already exists.")
      }
      guard try transaction.entries(ScheduledActionRecord.all(scope)).count < ClusterLimits.scheduledActionsMax else {
        throw RedshiftError.scheduledActionQuotaExceededFault("The quota of scheduled actions is exceeded.")
      }
      try transaction.set(ScheduledActionRecord.key(scope, name), record: record)
    }
    return record.shape(now)
  }

  public func describeScheduledActions(
    _ input: DescribeScheduledActionsInput, _ context: RequestContext
  ) async throws -> DescribeScheduledActionsOutput {
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize("redshift:DescribeScheduledActions", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    let all = try await keys.read { try $0.records(ScheduledActionRecord.all(scope), as: ScheduledActionRecord.self) }
    if let name = input.scheduledActionName, !all.contains(where: { $0.name == name.lowercased() }) {
      throw RedshiftError.scheduledActionNotFoundFault("The scheduled action \(name) does not exist.")
    }
    let chosen = all.filter { record in
      (input.scheduledActionName.map { $0.lowercased() == record.name } ?? true)
        && (input.targetActionType.map { $0.rawValue == record.target.type } ?? true)
        && (input.active.map { $0 == record.isEnabled } ?? true)
        && (input.filters ?? []).allSatisfy { filter in
          switch filter.name.rawValue {
          case "cluster-identifier": filter.values.contains(record.target.cluster)
          case "iam-role": filter.values.contains(record.role)
          default: false
          }
        }
        && (input.startTime.map { start in record.next(after: start) != nil } ?? true)
        && (input.endTime.map { end in record.next(after: now).map { $0 <= end } ?? false } ?? true)
    }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.name }
    return DescribeScheduledActionsOutput(marker: page.marker, scheduledActions: page.items.map { $0.shape(now) })
  }

  public func modifyScheduledAction(_ input: ModifyScheduledActionInput, _ context: RequestContext) async throws
    -> ModifyScheduledActionOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize(
      "redshift:ModifyScheduledAction", on: context.arn("redshift", "scheduledaction:\(input.scheduledActionName)"))
    if let schedule = input.schedule { try Self.check(schedule: schedule) }
    if let role = input.iamRole { try Self.check(role: role) }
    let target = try input.targetAction.map { try Self.target($0) }
    let changed = try await keys.write { transaction in
      var record = try Self.action(input.scheduledActionName, scope, transaction)
      record.target = target ?? record.target
      record.schedule = input.schedule ?? record.schedule
      record.role = input.iamRole ?? record.role
      record.description = input.scheduledActionDescription ?? record.description
      record.start = input.startTime ?? record.start
      record.end = input.endTime ?? record.end
      record.isEnabled = input.enable ?? record.isEnabled
      record.done = now
      try transaction.set(ScheduledActionRecord.key(scope, record.name), record: record)
      return record
    }
    return changed.shape(now)
  }

  public func deleteScheduledAction(_ input: DeleteScheduledActionInput, _ context: RequestContext) async throws
    -> DeleteScheduledActionOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DeleteScheduledAction", on: context.arn("redshift", "scheduledaction:\(input.scheduledActionName)"))
    try await keys.write { transaction in
      let record = try Self.action(input.scheduledActionName, scope, transaction)
      try transaction.delete(ScheduledActionRecord.key(scope, record.name))
    }
    return DeleteScheduledActionOutput()
  }

  private static func action(
    _ name: String, _ scope: Scope, _ reader: any KeyReader
  ) throws -> ScheduledActionRecord {
    let key = ScheduledActionRecord.key(scope, name.lowercased())
    guard let record = try reader.get(key, as: ScheduledActionRecord.self) else {
      throw RedshiftError.scheduledActionNotFoundFault("The scheduled action \(name) does not exist.")
    }
    return record
  }

  /// Does what is due, with the rights of each action's role. What was due while the server was down is done once.
  func runScheduledActions() async throws {
    let now = house.clock.now()
    let all = try await keys.read { reader in
      try reader.entries(ScheduledActionRecord.everywhere).compactMap { entry -> (Scope, ScheduledActionRecord)? in
        guard let scope = Self.scope(entry.key) else { return nil }
        return (scope, try KeyRecord.decode(ScheduledActionRecord.self, entry.value))
      }
    }
    for (scope, record) in all {
      guard record.isEnabled, let due = record.next(after: record.done), due <= now else { continue }
      try await keys.write { transaction in
        guard var current = try transaction.get(
          ScheduledActionRecord.key(scope, record.name), as: ScheduledActionRecord.self)
        else { return }
        current.done = now
        try transaction.set(ScheduledActionRecord.key(scope, record.name), record: current)
      }
      do {
        try await run(record, scope)
      } catch {
        house.logger.warning(
          "a scheduled action failed", metadata: ["action": "\(record.name)", "error": "\(error)"])
        let message = (error as? AWSError)?.message ?? "an internal error occurred"
        try await keys.write { transaction in
          try EventRecord.tell(
            transaction, scope, .cluster, record.target.cluster,
            "The scheduled action \(record.name) failed: \(message)", at: now, categories: ["management"],
            id: "REDSHIFT-EVENT-2025")
        }
      }
    }
  }

  private func run(_ record: ScheduledActionRecord, _ scope: Scope) async throws {
    guard let caller = try await house.caller(role: record.role, scope) else {
      throw RedshiftError.unauthorizedOperation("The role \(record.role) cannot be assumed.")
    }
    switch record.target {
    case .pause(let cluster): _ = try await pauseCluster(PauseClusterInput(clusterIdentifier: cluster), caller)
    case .resume(let cluster): _ = try await resumeCluster(ResumeClusterInput(clusterIdentifier: cluster), caller)
    case .resize(let cluster, let type, let node, let nodes):
      _ = try await resizeCluster(
        ResizeClusterInput(clusterIdentifier: cluster, clusterType: type, nodeType: node, numberOfNodes: nodes), caller)
    }
  }
}
