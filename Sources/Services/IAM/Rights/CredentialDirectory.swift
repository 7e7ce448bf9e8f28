import AWSWire
public import Kernel
import Storage

/// Access keys to secrets and principals: every request's signature is checked against it.
///
/// Known keys are the configured root keys, users' keys and unexpired sessions; nothing else is accepted.
public final class CredentialDirectory: Sendable {
  /// A key of an account's root, given by configuration.
  public struct RootCredential: Sendable, Hashable {
    public var accessKeyID: String
    public var secret: String
    public var account: AccountID

    public init(accessKeyID: String, secret: String, account: AccountID = .standard) {
      self.accessKeyID = accessKeyID
      self.secret = secret
      self.account = account
    }
  }

  private struct Entry: Sendable {
    var secret: String
    var principal: Principal
    var token: String?
    var expires: Timestamp?
    var isActive = true
  }
  private struct State {
    var generation = 0
    var entries: [String: Entry] = [:]
  }

  private let keys: any KeyStore
  private let roots: [String: Entry]
  private let usage: LastUse
  private let state = Locked(State())

  init(keys: any KeyStore, roots: [RootCredential], usage: LastUse) {
    self.keys = keys
    self.usage = usage
    var entries: [String: Entry] = [:]
    for root in roots {
      entries[root.accessKeyID] = Entry(
        secret: root.secret, principal: .root(of: root.account, accessKeyID: root.accessKeyID))
    }
    self.roots = entries
  }

  /// - Parameter sessionToken: the request's `X-Amz-Security-Token`.
  /// - Returns: the key's secret and whom it stands for, or `nil` for a key that nobody has.
  /// - Throws: `AuthenticationFault`: `inactiveKey`, `invalidToken` for a session's missing or wrong token,
  ///   `expiredToken`; each service spells them its own way. `AWSError` when the store cannot be read.
  public func credential(
    accessKeyID: String, sessionToken: String?, now: Timestamp
  ) async throws -> (secret: String, principal: Principal)? {
    // A token sent with a root's or a user's key is not looked at: there is nothing to compare it with.
    if let root = roots[accessKeyID] { return (root.secret, root.principal) }
    guard let entry = try await entry(accessKeyID) else { return nil }
    guard entry.isActive else { throw AuthenticationFault.inactiveKey(accessKeyID) }
    if let token = entry.token {
      guard let sessionToken, Self.isEqual(token, sessionToken) else { throw AuthenticationFault.invalidToken }
    }
    if let expires = entry.expires, now >= expires { throw AuthenticationFault.expiredToken }
    return (entry.secret, entry.principal)
  }

  /// Takes note that a key was used, for GetAccessKeyLastUsed. Returns at once.
  public func noteUse(accessKeyID: String, service: String, region: String, at now: Timestamp) {
    guard accessKeyID.hasPrefix("AKIA"), roots[accessKeyID] == nil else { return }
    usage.note(accessKeyID, service: service, region: region, at: now)
  }

  /// Forgets what was read: keys changed.
  func invalidate() {
    state.withLock { state in
      state.generation += 1
      state.entries.removeAll(keepingCapacity: true)
    }
  }

  func rootAccount(of accessKeyID: String) -> AccountID? { roots[accessKeyID]?.principal.account }

  private func entry(_ id: String) async throws -> Entry? {
    let (known, generation) = state.withLock { ($0.entries[id], $0.generation) }
    if let known { return known }
    let read: Entry?
    do {
      read = try await keys.read { try Self.load(id, $0) }
    } catch let error as any OverloadReporting where error.isOverload {
      throw AWSError.throttled
    } catch {
      throw AWSError.internalFailure()
    }
    guard let read else { return nil }
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.entries.count >= Limits.cachedCredentialsMax { state.entries.removeAll(keepingCapacity: true) }
      state.entries[id] = read
    }
    return read
  }

  private static func load(_ id: String, _ reader: any KeyReader) throws -> Entry? {
    if let key = try reader.get(IAMKeys.accessKey(id), as: AccessKeyRecord.self) {
      guard let account = AccountID(key.account), let user = try reader.user(account, key.user) else { return nil }
      return Entry(secret: key.secret, principal: Principals.user(user, account, key: id), isActive: key.isActive)
    }
    guard let session = try reader.get(IAMKeys.session(id), as: SessionRecord.self),
      let principal = try Principals.session(session, reader)
    else { return nil }
    return Entry(secret: session.secret, principal: principal, token: session.token, expires: session.expires)
  }

  /// Compares in a time that does not tell how much was right.
  private static func isEqual(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

/// Records to principals.
enum Principals {
  static func user(_ user: UserRecord, _ account: AccountID, key: String) -> Principal {
    Principal(
      kind: .user(name: user.name), account: account,
      arn: ARN(service: "iam", region: "", account: account.digits, resource: "user\(user.path)\(user.name)"),
      userID: user.id, accessKeyID: key)
  }

  /// - Returns: `nil` when the user of the session is gone.
  static func session(_ session: SessionRecord, _ reader: any KeyReader) throws -> Principal? {
    guard let account = AccountID(session.account) else { return nil }
    if let role = session.role {
      let name = session.sessionName ?? ""
      return Principal(
        kind: .assumedRole(name: role, session: name), account: account,
        arn: ARN(service: "sts", region: "", account: account.digits, resource: "assumed-role/\(role)/\(name)"),
        userID: "\(session.roleID ?? ""):\(name)", accessKeyID: session.id, sessionPolicies: session.policies)
    }
    guard let name = session.user else { return .root(of: account, accessKeyID: session.id) }
    guard let user = try reader.user(account, name), user.id == session.userID else { return nil }
    return Principals.user(user, account, key: session.id)
  }
}
