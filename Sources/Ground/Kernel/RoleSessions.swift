/// Credentials that end, for code that is not ours and acts with a role.
public struct TemporaryCredentials: Sendable, Hashable {
  public var accessKeyID: String
  public var secretAccessKey: String
  public var sessionToken: String
  public var expires: Timestamp

  public init(accessKeyID: String, secretAccessKey: String, sessionToken: String, expires: Timestamp) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expires = expires
  }
}

/// Makes sessions of roles whose credentials can be handed to a process. `IAM` implements it.
public protocol RoleSessions: Sendable {
  /// Takes on `role` for `service` and keeps the session, durable before it is handed out.
  /// - Throws: `AWSError` when the role does not exist or does not trust the service.
  func credentials(
    role: ARN, for service: String, session: String, seconds: Int
  ) async throws -> TemporaryCredentials
}
