public import Kernel
public import Storage

/// IAM and STS: who may call, and what they may do. Global: the same in every region of an account.
///
/// `Server` takes its parts: the two APIs for their routers, the authorizer for every request's context, the
/// role broker for services that act with a role, and the directory that checks signatures.
public struct IAMService: Sendable {
  public let api: IAMControlPlane
  public let sts: TokenService
  public let authorizer: PolicyAuthorizer
  public let roles: TrustedRoles
  public let credentials: CredentialDirectory
  public let sessions: ServiceSessions

  /// - Parameter rootCredentials: the access keys of accounts' roots; their holders may do all.
  public init(
    keys: any KeyStore, clock: any WallClock, random: any RandomSource,
    rootCredentials: [CredentialDirectory.RootCredential]
  ) {
    let cache = PolicyCache(keys: keys)
    let usage = LastUse(keys: keys)
    credentials = CredentialDirectory(keys: keys, roots: rootCredentials, usage: usage)
    authorizer = PolicyAuthorizer(cache: cache, clock: clock)
    roles = TrustedRoles(keys: keys, cache: cache, clock: clock, random: random, usage: usage)
    api = IAMControlPlane(keys: keys, clock: clock, random: random, cache: cache, credentials: credentials)
    sts = TokenService(
      keys: keys, clock: clock, random: random, cache: cache, authorizer: authorizer, credentials: credentials,
      usage: usage)
    sessions = ServiceSessions(roles: roles, tokens: sts)
  }
}
