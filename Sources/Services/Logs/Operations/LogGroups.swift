public import Kernel
public import LogsModel
import Storage

extension GroupID {
  /// What policies are asked about for a group: so AWS's denials name it.
  var resource: String { "\(arn):log-stream:" }
}

extension LogsService {
  public func createLogGroup(
    _ input: CreateLogGroupInput, _ context: RequestContext
  ) async throws -> CreateLogGroupOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:CreateLogGroup", on: [id.resource])
    if let tags = input.tags, !tags.isEmpty {
      try await context.authorize("logs:TagResource", on: [id.arn.description])
      try Self.check(tags: tags)
    }
    guard input.kmsKeyId == nil else {
      throw AWSError.notImplemented(service: "logs", operation: "CreateLogGroup with a KMS key")
    }
    guard !input.logGroupName.hasPrefix("aws/") else {
      throw LogsError.invalidParameterException("Log groups starting with aws/ are reserved for AWS.")
    }
    var record = GroupRecord(name: id.name, uid: newUID(), createdAt: clock.now())
    record.logClass = input.logGroupClass?.rawValue ?? "STANDARD"
    record.tags = input.tags ?? [:]
    record.isProtected = input.deletionProtectionEnabled ?? false
    if record.logClass == "DELIVERY" { record.retentionDays = Self.deliveryRetentionDays }
    try await makeGroup(id, record)
    return CreateLogGroupOutput()
  }

  /// Groups of the class DELIVERY keep events for two days. Source: "Log classes".
  private static let deliveryRetentionDays = 2

  func newUID() -> String { random.bytes(8).hex }

  /// Makes a group; durable when it returns.
  func makeGroup(_ id: GroupID, _ record: GroupRecord) async throws {
    guard directory.count(of: id.scope) < Limits.groupsMax else {
      throw LogsError.limitExceededException("Resource limit exceeded.")
    }
    try await keys.write { transaction in
      guard try transaction.get(LogsKeys.group(id)) == nil else {
        throw LogsError.resourceAlreadyExistsException("The specified log group already exists")
      }
      try transaction.set(LogsKeys.group(id), record: record)
    }
    directory.add(id, LiveGroup(record))
  }

  public func deleteLogGroup(
    _ input: DeleteLogGroupInput, _ context: RequestContext
  ) async throws -> DeleteLogGroupOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:DeleteLogGroup", on: [id.resource])
    let (uid, numbers) = try await keys.write { transaction -> (String, [UInt64]) in
      guard let record = try transaction.get(LogsKeys.group(id), as: GroupRecord.self) else { throw Self.noGroup }
      guard !record.isProtected else {
        throw LogsError.validationException(
          "Log group \(id.name) cannot be deleted because deletion protection is enabled.")
      }
      let streams = try transaction.records(LogsKeys.streams(id, record.uid).subtree, as: StreamRecord.self)
      try transaction.delete(LogsKeys.group(id))
      try transaction.delete(LogsKeys.streams(id, record.uid).subtree)
      try transaction.delete(LogsKeys.cursors(id, record.uid).subtree)
      return (record.uid, streams.map(\.number))
    }
    directory.remove(id, uid: uid)
    deliveries.set([], of: id)
    // No key names them any more: what a crash leaves is taken away at the next start.
    for number in numbers { try await logs.delete(LogsKeys.log(id, uid, number)) }
    return DeleteLogGroupOutput()
  }

  public func describeLogGroups(
    _ input: DescribeLogGroupsInput, _ context: RequestContext
  ) async throws -> DescribeLogGroupsOutput {
    try await context.authorize(
      "logs:DescribeLogGroups", on: [GroupID(scope: context.scope, name: "").resource])
    if input.logGroupNamePrefix != nil, input.logGroupNamePattern != nil {
      throw LogsError.invalidParameterException(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    }
    if input.logGroupIdentifiers != nil, input.logGroupNamePrefix != nil || input.logGroupNamePattern != nil {
      throw LogsError.invalidParameterException(
        "LogGroup identifiers and LogGroup name prefix or pattern are mutually exclusive parameters.")
    }
    let named = try input.logGroupIdentifiers.map { Set(try $0.map { try groupID($0, context) }) }
    let pattern = input.logGroupNamePattern ?? ""
    let (page, next) = page(context.scope, after: input.nextToken, limit: input.limit ?? Limits.describeDefault) {
      id, group in
      if let named, !named.contains(id) { return false }
      if let prefix = input.logGroupNamePrefix, !id.name.hasPrefix(prefix) { return false }
      if !pattern.isEmpty, !id.name.contains(pattern) { return false }
      return input.logGroupClass == nil || input.logGroupClass?.rawValue == group.logClass
    }
    return DescribeLogGroupsOutput(
      logGroups: page.map { id, group in
        LogGroup(
          logGroupName: id.name, creationTime: group.record.createdAt.milliseconds,
          retentionInDays: group.record.retentionDays, metricFilterCount: group.record.metricFilters.count,
          arn: id.arnOfAll, storedBytes: group.bytes, logGroupClass: LogGroupClass(rawValue: group.record.logClass),
          logGroupArn: id.arn.description, deletionProtectionEnabled: group.record.isProtected)
      }, nextToken: next)
  }

  public func listLogGroups(
    _ input: ListLogGroupsInput, _ context: RequestContext
  ) async throws -> ListLogGroupsOutput {
    try await context.authorize("logs:ListLogGroups", on: [GroupID(scope: context.scope, name: "").resource])
    guard input.dataSources == nil, input.fieldIndexNames == nil else {
      throw AWSError.notImplemented(service: "logs", operation: "ListLogGroups by data source or field index")
    }
    let words = (input.logGroupNamePattern ?? "").split(separator: "|").map(String.init)
    let (page, next) = page(context.scope, after: input.nextToken, limit: input.limit ?? Limits.listDefault) {
      id, group in
      let isNamed =
        words.isEmpty
        || words.contains { $0.hasPrefix("^") ? id.name.hasPrefix($0.dropFirst()) : id.name.contains($0) }
      return isNamed && (input.logGroupClass == nil || input.logGroupClass?.rawValue == group.logClass)
        && (input.logGroupTags ?? []).allSatisfy { Self.hasTag(group, $0) }
    }
    return ListLogGroupsOutput(
      logGroups: page.map { id, group in
        LogGroupSummary(
          logGroupName: id.name, logGroupArn: id.arn.description,
          logGroupClass: LogGroupClass(rawValue: group.record.logClass))
      }, nextToken: next)
  }

  /// A filter's values may have `*` at their ends, and `!` before them for all but these.
  private static func hasTag(_ group: GroupRecord, _ filter: TagFilter) -> Bool {
    guard let value = group.tags[filter.key] else { return false }
    guard let values = filter.values, !values.isEmpty else { return true }
    return values.contains { text in
      text.hasPrefix("!") ? !Wildcard(String(text.dropFirst())).matches(value) : Wildcard(text).matches(value)
    }
  }

  /// A page of a scope's groups in the order of their names. A token is the last name of the page before.
  private func page(
    _ scope: Scope, after: String?, limit: Int, where isWanted: (GroupID, GroupRecord) -> Bool
  ) -> (groups: [(GroupID, LiveGroup)], next: String?) {
    var page: [(GroupID, LiveGroup)] = []
    for id in directory.groups(of: scope).sorted(by: { $0.name < $1.name }) {
      if let after, id.name <= after { continue }
      guard let group = directory.group(id), isWanted(id, group.record) else { continue }
      guard page.count < limit else { return (page, page.last?.0.name) }
      page.append((id, group))
    }
    return (page, nil)
  }

  // MARK: Settings

  public func putRetentionPolicy(
    _ input: PutRetentionPolicyInput, _ context: RequestContext
  ) async throws -> PutRetentionPolicyOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:PutRetentionPolicy", on: [id.resource])
    guard Limits.retentionDays.contains(input.retentionInDays) else {
      let allowed = Limits.retentionDays.sorted().map(String.init).joined(separator: ", ")
      throw LogsError.invalidParameterException(
        "1 validation error detected: Value '\(input.retentionInDays)' at 'retentionInDays' failed to satisfy "
          + "constraint: Member must satisfy enum value set: [\(allowed)]")
    }
    try await change(id) { record in
      guard record.logClass != "DELIVERY" else {
        throw LogsError.invalidParameterException(
          "The retention policy of a log group with the DELIVERY log class cannot be changed.")
      }
      record.retentionDays = input.retentionInDays
    }
    return PutRetentionPolicyOutput()
  }

  public func deleteRetentionPolicy(
    _ input: DeleteRetentionPolicyInput, _ context: RequestContext
  ) async throws -> DeleteRetentionPolicyOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:DeleteRetentionPolicy", on: [id.resource])
    try await change(id) { $0.retentionDays = nil }
    return DeleteRetentionPolicyOutput()
  }

  public func putLogGroupDeletionProtection(
    _ input: PutLogGroupDeletionProtectionInput, _ context: RequestContext
  ) async throws -> PutLogGroupDeletionProtectionOutput {
    let id = try groupID(input.logGroupIdentifier, context)
    try await context.authorize("logs:PutLogGroupDeletionProtection", on: [id.resource])
    try await change(id) { $0.isProtected = input.deletionProtectionEnabled }
    return PutLogGroupDeletionProtectionOutput()
  }
}
