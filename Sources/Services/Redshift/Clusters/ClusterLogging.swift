public import Kernel
import Logging
public import RedshiftModel
import Storage

/// Audit logging: the connection log, the user log and the user activity log, as files in a bucket.
extension RedshiftService {
  public func enableLogging(_ input: EnableLoggingInput, _ context: RequestContext) async throws
    -> EnableLoggingOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:EnableLogging", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    guard input.logDestinationType?.rawValue != "cloudwatch" else {
      throw RedshiftError.unsupportedOperationFault(
        "Logging to CloudWatch Logs is not implemented by Tarn yet. Log to Amazon S3.")
    }
    guard let bucket = input.bucketName, !bucket.isEmpty else {
      throw RedshiftError.invalidParameterCombination("BucketName is required when LogDestinationType is s3.")
    }
    let prefix = try Self.prefix(input.s3KeyPrefix ?? "")
    let record = try await keys.read { try $0.cluster(scope, input.clusterIdentifier) }
    guard record.status == .available, let warehouse = await house.open.warehouse(record.namespace) else {
      throw Self.wrongState(record, "EnableLogging")
    }
    let start: UInt64
    do {
      start = try await warehouse.deliverAudit(
        from: nil, to: AuditDestination(bucket: bucket, prefix: prefix, includesActivity: false))
    } catch AuditRefusal.noSuchBucket {
      throw RedshiftError.bucketNotFoundFault("Could not find bucket: \(bucket)")
    } catch AuditRefusal.denied {
      throw RedshiftError.insufficientS3BucketPolicyFault(
        "Cannot read ACLs of bucket \(bucket). Please ensure that your IAM permissions are set up correctly.")
    }
    let changed = try await change(scope, record.identifier, of: record.namespace) { cluster, _ in
      // Where the same place is named again, the delivery goes on.
      let offset = cluster.logging.flatMap { $0.bucket == bucket && $0.prefix == prefix ? $0.offset : nil } ?? start
      cluster.logging = ClusterRecord.Logging(bucket: bucket, prefix: prefix, offset: offset)
      cluster.logging?.namesType = input.logDestinationType != nil
    }
    return Self.status(changed?.logging)
  }

  private static func prefix(_ prefix: String) throws -> String {
    let isLegal = prefix.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII && scalar.value > 0x20 && scalar.value != 0x7f && !"'\"\\".unicodeScalars.contains(scalar)
    }
    guard isLegal, prefix.utf8.count <= ClusterLimits.logPrefixBytesMax else {
      throw RedshiftError.invalidS3KeyPrefixFault(
        "The string specified for the logging S3 key prefix does not comply with the documented constraints.")
    }
    return prefix
  }

  private static func status(_ logging: ClusterRecord.Logging?) -> DescribeLoggingStatusOutput {
    guard let logging else { return DescribeLoggingStatusOutput(loggingEnabled: false) }
    return DescribeLoggingStatusOutput(
      loggingEnabled: true, bucketName: logging.bucket, s3KeyPrefix: logging.prefix.isEmpty ? nil : logging.prefix,
      lastSuccessfulDeliveryTime: logging.delivered, lastFailureTime: logging.failed,
      lastFailureMessage: logging.failure, logDestinationType: logging.namesType == true ? .s3 : nil)
  }

  public func describeLoggingStatus(_ input: DescribeLoggingStatusInput, _ context: RequestContext) async throws
    -> DescribeLoggingStatusOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DescribeLoggingStatus", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    return Self.status(try await keys.read { try $0.cluster(scope, input.clusterIdentifier) }.logging)
  }

  /// What happened so far is delivered first.
  public func disableLogging(_ input: DisableLoggingInput, _ context: RequestContext) async throws
    -> DisableLoggingOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DisableLogging", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    let record = try await keys.read { try $0.cluster(scope, input.clusterIdentifier) }
    await deliverAudit(scope, record)
    _ = try await change(scope, record.identifier, of: record.namespace) { cluster, _ in cluster.logging = nil }
    return DisableLoggingOutput(loggingEnabled: false)
  }

  // MARK: Delivery

  /// Delivers every cluster's audit as far as it is due.
  func deliverAudits() async throws {
    let records = try await keys.read { reader in
      try reader.entries(ClusterRecord.everywhere).compactMap { entry -> (Scope, ClusterRecord)? in
        guard let scope = Self.scope(entry.key) else { return nil }
        let record = try KeyRecord.decode(ClusterRecord.self, entry.value)
        return record.logging == nil ? nil : (scope, record)
      }
    }
    for (scope, record) in records { await deliverAudit(scope, record) }
  }

  private func deliverAudit(_ scope: Scope, _ record: ClusterRecord) async {
    guard let logging = record.logging, let warehouse = await house.open.warehouse(record.namespace) else { return }
    let includesActivity = record.appliedParameters["enable_user_activity_logging"]?.lowercased() == "true"
    var (next, failure) = (logging.offset, String?.none)
    do {
      next = try await warehouse.deliverAudit(
        from: logging.offset ?? 0,
        to: AuditDestination(bucket: logging.bucket, prefix: logging.prefix, includesActivity: includesActivity))
    } catch AuditRefusal.noSuchBucket {
      failure = "The S3 bucket \(logging.bucket) does not exist."
    } catch AuditRefusal.denied(let message) {
      failure = "Cannot write to the S3 bucket \(logging.bucket): \(message)"
    } catch {
      failure = "The logs could not be delivered."
      house.logger.error("an audit cannot be delivered", metadata: ["error": "\(error)"])
    }
    let now = house.clock.now()
    let (end, problem) = (next, failure)
    _ = try? await change(scope, record.identifier, of: record.namespace) { cluster, _ in
      guard cluster.logging?.bucket == logging.bucket, cluster.logging?.prefix == logging.prefix else { return }
      if let problem {
        cluster.logging?.failed = now
        cluster.logging?.failure = problem
      } else {
        if end != logging.offset { cluster.logging?.delivered = now }
        cluster.logging?.offset = end
      }
    }
  }
}
