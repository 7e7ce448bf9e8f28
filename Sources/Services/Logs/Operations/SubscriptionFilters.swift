public import Kernel
public import LogsModel
import Storage

extension LogsService {
  public func putSubscriptionFilter(
    _ input: PutSubscriptionFilterInput, _ context: RequestContext
  ) async throws -> PutSubscriptionFilterOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:PutSubscriptionFilter", on: [id.resource])
    guard input.applyOnTransformedLogs != true, input.fieldSelectionCriteria == nil,
      (input.emitSystemFields ?? []).isEmpty
    else {
      throw AWSError.notImplemented(service: "logs", operation: "PutSubscriptionFilter on transformed or selected logs")
    }
    let pattern = try Self.pattern(input.filterPattern)
    var record = try record(input)
    let before = try existing(id)
    if let role = record.role {
      try await roles.checkPass(role: role, to: Self.serviceName, context: context)
    }
    try await probe(record, id)
    let earlier = before.subscriptions.first { $0.name == record.name }
    if let earlier { record.createdAt = earlier.createdAt }
    try await add(record, pattern, to: id)
    return PutSubscriptionFilterOutput()
  }

  private func record(_ input: PutSubscriptionFilterInput) throws -> SubscriptionRecord {
    guard let destination = ARN(input.destinationArn) else {
      throw LogsError.invalidParameterException("Invalid destinationArn: \(input.destinationArn)")
    }
    switch destination.service {
    case "kinesis", "firehose":
      guard input.roleArn != nil else {
        throw LogsError.invalidParameterException(
          "destinationArn for vendor \(destination.service) cannot be used without roleArn")
      }
    case "lambda":
      guard input.roleArn == nil else {
        throw LogsError.invalidParameterException("destinationArn for vendor lambda cannot be used with roleArn")
      }
    case "logs":
      throw AWSError.notImplemented(service: "logs", operation: "PutSubscriptionFilter to a destination")
    default:
      throw LogsError.invalidParameterException(
        "PutSubscriptionFilter operation cannot work with destinationArn for "
          + "vendor \(destination.service)")
    }
    let role = try input.roleArn.map { text in
      guard let role = ARN(text) else { throw LogsError.invalidParameterException("Invalid roleArn: \(text)") }
      return role
    }
    return SubscriptionRecord(
      name: input.filterName, uid: newUID(), pattern: input.filterPattern, destination: destination, role: role,
      distribution: input.distribution?.rawValue ?? "ByLogStream", createdAt: clock.now())
  }

  /// AWS delivers a message for a trial before it keeps a subscription.
  private func probe(_ record: SubscriptionRecord, _ id: GroupID) async throws {
    let message = try SubscriptionMessage.control(
      at: clock.now(), record.destination.service == "kinesis" ? "Kinesis stream" : "Firehose"
    ).packed()
    do {
      try await targets.probe(message, record.destination, try await self.context(of: record, id))
    } catch let error as AWSError {
      switch record.destination.service {
      case "lambda":
        throw LogsError.invalidParameterException(
          "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
            + "function.")
      case "kinesis":
        throw LogsError.invalidParameterException(
          error.code.contains("AccessDenied") || error.code == "NoSuchEntity"
            ? "Could not deliver test message to specified Kinesis stream. Check if the given role has permission to "
              + "write to the stream."
            : "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in "
              + "ACTIVE state.")
      default:
        throw LogsError.invalidParameterException(
          "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in "
            + "ACTIVE state.")
      }
    }
  }

  /// Keeps a subscription with where it begins: behind all that is there. One of the same name goes on where it was.
  private func add(_ record: SubscriptionRecord, _ pattern: FilterPattern, to id: GroupID) async throws {
    guard let group = directory.group(id) else { throw Self.noGroup }
    let streams = group.streams.values.filter { $0.note.next > 0 }.map { ($0.number, $0.note.next) }
    let changed = try await keys.write { transaction -> GroupRecord in
      guard var group = try transaction.get(LogsKeys.group(id), as: GroupRecord.self) else { throw Self.noGroup }
      guard group.logClass == "STANDARD" else { throw Self.wrongClass("PutSubscriptionFilter", group) }
      try Self.checkRegexes(pattern, group, but: record.name)
      var kept = record
      if let place = group.subscriptions.firstIndex(where: { $0.name == record.name }) {
        // What was delivered stays delivered.
        kept.uid = group.subscriptions[place].uid
        group.subscriptions[place] = kept
      } else {
        guard group.subscriptions.count < Limits.subscriptionsPerGroupMax else {
          throw LogsError.limitExceededException("Resource limit exceeded.")
        }
        group.subscriptions.append(kept)
        let cursors = LogsKeys.cursors(id, group.uid, subscription: kept.uid)
        for (number, next) in streams {
          try transaction.set(cursors.appending(Int64(clamping: number)), Array(String(next).utf8))
        }
      }
      group.version += 1
      try transaction.set(LogsKeys.group(id), record: group)
      return group
    }
    directory.change(id, to: changed)
    deliveries.set(jobs(of: id), of: id)
  }

  public func describeSubscriptionFilters(
    _ input: DescribeSubscriptionFiltersInput, _ context: RequestContext
  ) async throws -> DescribeSubscriptionFiltersOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:DescribeSubscriptionFilters", on: [id.resource])
    let all = try existing(id).subscriptions.filter { $0.name.hasPrefix(input.filterNamePrefix ?? "") }
      .sorted { $0.name < $1.name }
    let (page, next) = try Self.page(all, token: input.nextToken, limit: input.limit, key: \.name)
    return DescribeSubscriptionFiltersOutput(
      subscriptionFilters: page.map { filter in
        SubscriptionFilter(
          filterName: filter.name, logGroupName: id.name, filterPattern: filter.pattern,
          destinationArn: filter.destination.description, roleArn: filter.role?.description,
          distribution: Distribution(rawValue: filter.distribution), applyOnTransformedLogs: false,
          creationTime: filter.createdAt.milliseconds)
      }, nextToken: next)
  }

  public func deleteSubscriptionFilter(
    _ input: DeleteSubscriptionFilterInput, _ context: RequestContext
  ) async throws -> DeleteSubscriptionFilterOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:DeleteSubscriptionFilter", on: [id.resource])
    let changed = try await keys.write { transaction -> GroupRecord in
      guard var group = try transaction.get(LogsKeys.group(id), as: GroupRecord.self) else { throw Self.noGroup }
      guard let place = group.subscriptions.firstIndex(where: { $0.name == input.filterName }) else {
        throw LogsError.resourceNotFoundException("The specified subscription filter does not exist.")
      }
      let gone = group.subscriptions.remove(at: place)
      try transaction.delete(LogsKeys.cursors(id, group.uid, subscription: gone.uid).subtree)
      group.version += 1
      try transaction.set(LogsKeys.group(id), record: group)
      return group
    }
    directory.change(id, to: changed)
    deliveries.set(jobs(of: id), of: id)
    return DeleteSubscriptionFilterOutput()
  }
}
