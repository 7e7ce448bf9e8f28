import Crypto
import Foundation
import Kernel
import PostgresWire
import Storage

/// Passwords that `GetClusterCredentials`, `GetClusterCredentialsWithIAM` and `GetCredentials` give out for a while.
///
/// A user's password is derived from a secret of the server and the moment it was first given out, so that calls which
/// come while it holds get the same one and end nobody else's; only its verifier is kept.
struct TemporaryPasswords: Sendable {
  let keys: any KeyStore
  let clock: any WallClock
  let random: any RandomSource

  /// For whom a password is asked.
  struct Grant: Sendable {
    /// The name to log in with: `IAM:alice`, `IAMA:alice`, `IAMR:role`.
    var name: String
    /// The database's user.
    var user: String
    /// Where set, the only database that the password opens.
    var database: String?
    var groups: [String] = []
    var createsUser = false
    var durationSeconds: Int
  }

  struct Credentials: Sendable {
    var user: String
    var password: String
    var expiration: Timestamp
    var nextRefresh: Timestamp
  }

  private struct Record: Codable, Sendable {
    var user: String
    var database: String?
    var groups: [String]
    var createsUser: Bool
    var issued: Timestamp
    var expires: Timestamp
    var password: PasswordVerifier
  }

  /// Whether a name is one that only temporary passwords open.
  static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix("IAM:") || name.hasPrefix("IAMA:") || name.hasPrefix("IAMR:")
  }

  func issue(_ grant: Grant, namespace: String) async throws -> Credentials {
    let now = clock.now()
    let secret = try await secret()
    let kept = try await keys.read { try $0.get(Self.key(namespace, grant.name), as: Record.self) }
    let current = kept.flatMap { $0.expires > now && now - $0.issued < Self.sameFor ? $0 : nil }
    let issued = current?.issued ?? now
    let password = Self.password(secret, namespace, grant.name, issued)
    let asked = now + .seconds(grant.durationSeconds)
    let expires = max(current?.expires ?? asked, asked)
    // Working the verifier out takes milliseconds of a processor; one that stands is taken as it is.
    let verifier = current?.password ?? PasswordVerifier(password: password, user: grant.name, random: random)
    let record = Record(
      user: grant.user, database: grant.database, groups: grant.groups, createsUser: grant.createsUser,
      issued: issued, expires: expires, password: verifier)
    try await keys.write { try $0.set(Self.key(namespace, grant.name), record: record) }
    return Credentials(
      user: grant.name, password: password, expiration: asked, nextRefresh: now + .seconds(grant.durationSeconds / 2))
  }

  func login(_ name: String, database: String, namespace: String) async throws(SQLFailure) -> EndpointLogin? {
    let found: Record?
    do {
      found = try await keys.read { try $0.get(Self.key(namespace, name), as: Record.self) }
    } catch {
      throw SQLFailure("XX000", "the credentials of \(name.prefix(128)) cannot be read", isFatal: true)
    }
    guard let found, found.expires > clock.now() else { return nil }
    if let only = found.database, only.lowercased() != database.lowercased() { return nil }
    return EndpointLogin(
      name: name, user: found.user, password: found.password, groups: found.groups, createsUser: found.createsUser)
  }

  /// Forgets the passwords of a namespace that goes.
  static func forget(_ namespace: String, _ transaction: any KeyTransaction) throws {
    try transaction.delete(Key("redshift-password", namespace).subtree)
  }

  /// Forgets what has run out.
  func sweep() async throws {
    let now = clock.now()
    try await keys.write { transaction in
      for entry in try transaction.entries(Key("redshift-password").subtree)
      where try KeyRecord.decode(Record.self, entry.value).expires <= now {
        try transaction.delete(entry.key)
      }
    }
  }

  private static func key(_ namespace: String, _ name: String) -> Key { Key("redshift-password", namespace, name) }
  private static let secretKey = Key("redshift-secret")

  private func secret() async throws -> [UInt8] {
    if let secret = try await keys.read({ try $0.get(Self.secretKey) }) { return secret }
    let made = random.bytes(32)
    return try await keys.write { transaction in
      if let secret = try transaction.get(Self.secretKey) { return secret }
      try transaction.set(Self.secretKey, made)
      return made
    }
  }

  private static func password(_ secret: [UInt8], _ namespace: String, _ name: String, _ issued: Timestamp) -> String {
    let text = "\(namespace)\u{0}\(name)\u{0}\(issued.nanoseconds)"
    let code = HMAC<SHA512>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: secret))
    return Data(code).base64EncodedString()
  }

  /// A password is replaced after so long even if it is asked for all the time.
  private static let sameFor = Duration.seconds(12 * 3600)
}
