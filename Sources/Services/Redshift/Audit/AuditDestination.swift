/// Where a cluster's audit goes.
public struct AuditDestination: Hashable, Sendable {
  public var bucket: String
  /// What stands before `AWSLogs/…`.
  public var prefix: String
  /// Whether statements are logged too, as the parameter `enable_user_activity_logging` says.
  public var includesActivity: Bool

  public init(bucket: String, prefix: String, includesActivity: Bool) {
    self.bucket = bucket
    self.prefix = prefix
    self.includesActivity = includesActivity
  }
}

/// Why an audit cannot be delivered.
public enum AuditRefusal: Error, Hashable, Sendable {
  case noSuchBucket
  case denied(String)
}
