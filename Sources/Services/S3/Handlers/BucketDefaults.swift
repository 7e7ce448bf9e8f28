public import Kernel
public import S3Model

/// Configurations that a bucket here does not have: the answers AWS gives for a bucket where they are not set, which
/// is what Terraform and the console ask for.
extension S3Service {
  /// The bucket, once the caller may look at the setting.
  private func bucket(
    _ name: String, _ owner: String?, _ action: String, _ context: RequestContext
  ) async throws -> Bucket {
    let bucket = try await bucket(name, expectedOwner: owner)
    try await authorize(action, bucket, context)
    return bucket
  }

  public func getBucketAccelerateConfiguration(
    _ input: GetBucketAccelerateConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketAccelerateConfigurationOutput {
    let bucket = try await bucket(
      input.bucket, input.expectedBucketOwner, "s3:GetAccelerateConfiguration", context)
    return GetBucketAccelerateConfigurationOutput(status: bucket.record.accelerate.map { .init(rawValue: $0) })
  }

  public func putBucketAccelerateConfiguration(
    _ input: PutBucketAccelerateConfigurationInput, _ context: RequestContext
  ) async throws -> PutBucketAccelerateConfigurationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:PutAccelerateConfiguration", context)
    guard let status = input.accelerateConfiguration.status?.rawValue, ["Enabled", "Suspended"].contains(status) else {
      throw S3Failure.malformedXML
    }
    guard !input.bucket.contains(".") else {
      throw S3Failure.invalidRequest(
        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
    }
    try await store.buckets.update(input.bucket) { $0.accelerate = status }
    return PutBucketAccelerateConfigurationOutput()
  }

  public func getBucketRequestPayment(
    _ input: GetBucketRequestPaymentInput, _ context: RequestContext
  ) async throws -> GetBucketRequestPaymentOutput {
    let bucket = try await bucket(
      input.bucket, input.expectedBucketOwner, "s3:GetBucketRequestPayment", context)
    return GetBucketRequestPaymentOutput(payer: .init(rawValue: bucket.record.requestPayer))
  }

  public func putBucketRequestPayment(
    _ input: PutBucketRequestPaymentInput, _ context: RequestContext
  ) async throws -> PutBucketRequestPaymentOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:PutBucketRequestPayment", context)
    let payer = input.requestPaymentConfiguration.payer.rawValue
    guard ["Requester", "BucketOwner"].contains(payer) else { throw S3Failure.malformedXML }
    try await store.buckets.update(input.bucket) { $0.requestPayer = payer }
    return PutBucketRequestPaymentOutput()
  }

  public func getBucketWebsite(
    _ input: GetBucketWebsiteInput, _ context: RequestContext
  ) async throws -> GetBucketWebsiteOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetBucketWebsite", context)
    throw S3Failure.notConfigured(
      "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", input.bucket)
  }

  public func deleteBucketWebsite(
    _ input: DeleteBucketWebsiteInput, _ context: RequestContext
  ) async throws -> DeleteBucketWebsiteOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:DeleteBucketWebsite", context)
    return DeleteBucketWebsiteOutput()
  }

  public func getBucketLogging(
    _ input: GetBucketLoggingInput, _ context: RequestContext
  ) async throws -> GetBucketLoggingOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetBucketLogging", context)
    return GetBucketLoggingOutput()
  }

  public func putBucketLogging(
    _ input: PutBucketLoggingInput, _ context: RequestContext
  ) async throws -> PutBucketLoggingOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:PutBucketLogging", context)
    // Switching it off is all that can be done: no access log is written.
    guard input.bucketLoggingStatus.loggingEnabled == nil else {
      throw AWSError.notImplemented(service: "S3", operation: "PutBucketLogging")
    }
    return PutBucketLoggingOutput()
  }

  public func getBucketReplication(
    _ input: GetBucketReplicationInput, _ context: RequestContext
  ) async throws -> GetBucketReplicationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetReplicationConfiguration", context)
    throw S3Failure.notConfigured(
      "ReplicationConfigurationNotFoundError", "The replication configuration was not found", input.bucket)
  }

  public func deleteBucketReplication(
    _ input: DeleteBucketReplicationInput, _ context: RequestContext
  ) async throws -> DeleteBucketReplicationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:PutReplicationConfiguration", context)
    return DeleteBucketReplicationOutput()
  }

  public func getObjectLockConfiguration(
    _ input: GetObjectLockConfigurationInput, _ context: RequestContext
  ) async throws -> GetObjectLockConfigurationOutput {
    _ = try await bucket(
      input.bucket, input.expectedBucketOwner, "s3:GetBucketObjectLockConfiguration", context)
    throw S3Failure.notConfigured(
      "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", input.bucket)
  }

  public func getObjectRetention(
    _ input: GetObjectRetentionInput, _ context: RequestContext
  ) async throws -> GetObjectRetentionOutput {
    _ = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    throw S3Failure.invalidRequest("Bucket is missing Object Lock Configuration")
  }

  public func getObjectLegalHold(
    _ input: GetObjectLegalHoldInput, _ context: RequestContext
  ) async throws -> GetObjectLegalHoldOutput {
    _ = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    throw S3Failure.invalidRequest("Bucket is missing Object Lock Configuration")
  }

  public func listBucketAnalyticsConfigurations(
    _ input: ListBucketAnalyticsConfigurationsInput, _ context: RequestContext
  ) async throws -> ListBucketAnalyticsConfigurationsOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetAnalyticsConfiguration", context)
    return ListBucketAnalyticsConfigurationsOutput(isTruncated: false)
  }

  public func listBucketInventoryConfigurations(
    _ input: ListBucketInventoryConfigurationsInput, _ context: RequestContext
  ) async throws -> ListBucketInventoryConfigurationsOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetInventoryConfiguration", context)
    return ListBucketInventoryConfigurationsOutput(isTruncated: false)
  }

  public func listBucketMetricsConfigurations(
    _ input: ListBucketMetricsConfigurationsInput, _ context: RequestContext
  ) async throws -> ListBucketMetricsConfigurationsOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetMetricsConfiguration", context)
    return ListBucketMetricsConfigurationsOutput(isTruncated: false)
  }

  public func listBucketIntelligentTieringConfigurations(
    _ input: ListBucketIntelligentTieringConfigurationsInput, _ context: RequestContext
  ) async throws -> ListBucketIntelligentTieringConfigurationsOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetIntelligentTieringConfiguration", context)
    return ListBucketIntelligentTieringConfigurationsOutput(isTruncated: false)
  }

  private static func noSuchConfiguration(_ bucket: String) -> AWSError {
    S3Failure.notConfigured("NoSuchConfiguration", "The specified configuration does not exist.", bucket)
  }

  public func getBucketAnalyticsConfiguration(
    _ input: GetBucketAnalyticsConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketAnalyticsConfigurationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetAnalyticsConfiguration", context)
    throw Self.noSuchConfiguration(input.bucket)
  }

  public func getBucketInventoryConfiguration(
    _ input: GetBucketInventoryConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketInventoryConfigurationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetInventoryConfiguration", context)
    throw Self.noSuchConfiguration(input.bucket)
  }

  public func getBucketMetricsConfiguration(
    _ input: GetBucketMetricsConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketMetricsConfigurationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetMetricsConfiguration", context)
    throw Self.noSuchConfiguration(input.bucket)
  }

  public func getBucketIntelligentTieringConfiguration(
    _ input: GetBucketIntelligentTieringConfigurationInput, _ context: RequestContext
  ) async throws -> GetBucketIntelligentTieringConfigurationOutput {
    _ = try await bucket(input.bucket, input.expectedBucketOwner, "s3:GetIntelligentTieringConfiguration", context)
    throw Self.noSuchConfiguration(input.bucket)
  }
}
