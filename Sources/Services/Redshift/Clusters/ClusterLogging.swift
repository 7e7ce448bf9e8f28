public import Kernel
public import RedshiftModel
import Storage

/// Audit logging to S3 or CloudWatch Logs is not there yet: it is off, and cannot be put on.
extension RedshiftService {
  public func describeLoggingStatus(_ input: DescribeLoggingStatusInput, _ context: RequestContext) async throws
    -> DescribeLoggingStatusOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DescribeLoggingStatus", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    _ = try await keys.read { try $0.cluster(scope, input.clusterIdentifier) }
    return DescribeLoggingStatusOutput(loggingEnabled: false)
  }

  public func disableLogging(_ input: DisableLoggingInput, _ context: RequestContext) async throws
    -> DisableLoggingOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DisableLogging", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    _ = try await keys.read { try $0.cluster(scope, input.clusterIdentifier) }
    return DisableLoggingOutput(loggingEnabled: false)
  }
}
