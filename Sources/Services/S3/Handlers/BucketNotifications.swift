public import Kernel
public import S3Model

extension S3Service {
  public func getBucketNotificationConfiguration(
    _ input: GetBucketNotificationConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketNotificationConfigurationOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketNotification", bucket, context)
    return NotificationRules.configuration(bucket.record.notifications ?? [])
  }

  public func putBucketNotificationConfiguration(
    _ input: PutBucketNotificationConfigurationInput, _ context: RequestContext
  ) async throws -> PutBucketNotificationConfigurationOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketNotification", bucket, context)
    let rules = try NotificationRules.records(input.notificationConfiguration) {
      random.text(48, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }
    try await checkDestinations(
      of: rules, BucketEventSource(bucket.record), skips: input.skipDestinationValidation == true)
    try await store.buckets.update(input.bucket) { $0.notifications = rules.isEmpty ? nil : rules }
    return PutBucketNotificationConfigurationOutput()
  }

  /// Every destination must be there and let S3 in.
  private func checkDestinations(
    of rules: [NotificationRecord], _ source: BucketEventSource, skips: Bool
  ) async throws {
    for destination in Set(rules.map(\.destination)).sorted() {
      let service = ARN(destination)?.service ?? ""
      guard service == "lambda", let targets = eventTargets else {
        // There are no queues and topics here; whoever says not to look is told so in other words.
        if skips { throw AWSError.notImplemented(service: "S3", operation: "bucket notifications to \(service)") }
        throw Self.invalidDestination(
          destination, "The destination \(["sqs": "queue", "sns": "topic"][service] ?? service) does not exist")
      }
      if skips { continue }
      if let problem = try await targets.problem(with: destination, from: source) {
        throw Self.invalidDestination(destination, problem)
      }
    }
  }

  private static func invalidDestination(_ destination: String, _ problem: String) -> AWSError {
    S3Failure.invalidArgument("Unable to validate the following destination configurations", destination, problem)
  }
}
