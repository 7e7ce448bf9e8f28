import Kernel
import S3Model

/// Notification configurations between their wire form and the kept one, with the rules that AWS checks.
enum NotificationRules {
  /// Event types that a rule may name. Source: user guide, "Supported event types for SQS, SNS, and Lambda".
  static let events: Set<String> = [
    "s3:TestEvent", "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject", "s3:Replication:*",
    "s3:Replication:OperationFailedReplication", "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold", "s3:Replication:OperationNotTracked",
    "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectTagging:*", "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete", "s3:ObjectAcl:Put",
  ]

  /// The rules of a configuration, checked by themselves and against one another.
  /// - Parameter newID: makes the id of a rule that came without one.
  static func records(_ given: NotificationConfiguration, newID: () -> String) throws -> [NotificationRecord] {
    guard given.eventBridgeConfiguration == nil else {
      throw AWSError.notImplemented(service: "S3", operation: "bucket notifications to EventBridge")
    }
    var records: [NotificationRecord] = []
    for rule in given.lambdaFunctionConfigurations ?? [] {
      try checkARN(rule.lambdaFunctionArn, "lambda", "CloudFunction")
      records.append(try record(rule.id, rule.lambdaFunctionArn, rule.events, rule.filter, newID))
    }
    for rule in given.queueConfigurations ?? [] {
      try checkARN(rule.queueArn, "sqs", "Queue")
      records.append(try record(rule.id, rule.queueArn, rule.events, rule.filter, newID))
    }
    for rule in given.topicConfigurations ?? [] {
      try checkARN(rule.topicArn, "sns", "Topic")
      records.append(try record(rule.id, rule.topicArn, rule.events, rule.filter, newID))
    }
    guard records.count <= Limits.notificationRulesMax else {
      throw S3Failure.invalidRequest(
        "A notification configuration may have at most \(Limits.notificationRulesMax) rules.")
    }
    guard Set(records.map(\.id)).count == records.count else {
      throw S3Failure.invalidArgument(
        "Same ID used for multiple configurations. IDs must be unique", "Id", duplicate(records.map(\.id)))
    }
    for (place, rule) in records.enumerated() where records[..<place].contains(where: rule.overlaps) {
      throw S3Failure.invalidArgument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
          + "overlapping for the same event type.", "Id", rule.id)
    }
    return records
  }

  private static func duplicate(_ ids: [String]) -> String? {
    var seen: Set<String> = []
    return ids.first { !seen.insert($0).inserted }
  }

  private static func checkARN(_ text: String, _ service: String, _ argument: String) throws {
    guard let arn = ARN(text), arn.service == service else {
      throw S3Failure.invalidArgument("The ARN could not be parsed", argument, text)
    }
  }

  private static func record(
    _ id: String?, _ destination: String, _ events: [Event], _ filter: NotificationConfigurationFilter?,
    _ newID: () -> String
  ) throws -> NotificationRecord {
    guard !events.isEmpty else { throw S3Failure.malformedXML }
    for event in events where !Self.events.contains(event.rawValue) {
      throw S3Failure.invalidArgument("The event is not supported for notifications", "Event", event.rawValue)
    }
    let named = id.flatMap { $0.isEmpty ? nil : $0 } ?? newID()
    guard named.count <= Limits.notificationIDCharactersMax else {
      throw S3Failure.invalidArgument(
        "The ID is too long; at most \(Limits.notificationIDCharactersMax) characters are allowed", "Id", named)
    }
    var record = NotificationRecord(id: named, destination: destination, events: events.map(\.rawValue))
    for rule in filter?.key?.filterRules ?? [] {
      guard let name = rule.name?.rawValue, let value = rule.value else { throw S3Failure.malformedXML }
      guard value.utf8.count <= Limits.keyBytesMax else {
        throw S3Failure.invalidArgument(
          "Size of filter rule value cannot exceed \(Limits.keyBytesMax) bytes in UTF-8 representation",
          "FilterRule.Value", value)
      }
      switch name.lowercased() {
      case "prefix":
        guard record.prefix == nil else { throw twice("prefix", name) }
        record.prefix = value
      case "suffix":
        guard record.suffix == nil else { throw twice("suffix", name) }
        record.suffix = value
      default:
        throw S3Failure.invalidArgument(
          "filter rule name must be either prefix or suffix", "FilterRule.Name", name)
      }
    }
    return record
  }

  private static func twice(_ kind: String, _ name: String) -> AWSError {
    S3Failure.invalidArgument("Cannot specify more than one \(kind) rule in a filter.", "FilterRule.Name", name)
  }

  /// The kept rules as AWS shows them; all are for functions.
  static func configuration(_ records: [NotificationRecord]) -> NotificationConfiguration {
    guard !records.isEmpty else { return NotificationConfiguration() }
    return NotificationConfiguration(
      lambdaFunctionConfigurations: records.map { record in
        var rules: [FilterRule] = []
        // Names come back with a capital letter, however they were given.
        if let prefix = record.prefix { rules.append(FilterRule(name: .init(rawValue: "Prefix"), value: prefix)) }
        if let suffix = record.suffix { rules.append(FilterRule(name: .init(rawValue: "Suffix"), value: suffix)) }
        return LambdaFunctionConfiguration(
          id: record.id, lambdaFunctionArn: record.destination, events: record.events.map { Event(rawValue: $0) },
          filter: rules.isEmpty
            ? nil : NotificationConfigurationFilter(key: S3KeyFilter(filterRules: rules)))
      })
  }
}
