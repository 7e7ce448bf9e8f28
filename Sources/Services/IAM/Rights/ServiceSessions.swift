public import Kernel

/// Sessions of roles with credentials, made for services that hand them to the code they run.
public struct ServiceSessions: RoleSessions {
  let roles: TrustedRoles
  let tokens: TokenService

  public func credentials(
    role: ARN, for service: String, session: String, seconds: Int
  ) async throws -> TemporaryCredentials {
    let principal = try await roles.assume(role: role, for: service, session: session)
    guard case .assumedRole(let name, _) = principal.kind else {
      throw IAMFault.noSuchEntity("The role with name \(role.resource) cannot be found.")
    }
    let record = tokens.newSession(principal.account, seconds) { record in
      record.role = name
      // The part before the colon is the role's own id.
      record.roleID = principal.userID.split(separator: ":").first.map(String.init)
      record.sessionName = session
    }
    try await tokens.store(record)
    return TemporaryCredentials(
      accessKeyID: record.id, secretAccessKey: record.secret, sessionToken: record.token, expires: record.expires)
  }
}
