import Crypto
public import Kernel

/// What a server keeps of a password: enough to check it, not enough to log in with it elsewhere (but for `md5`,
/// which is what Redshift keeps).
public struct PasswordVerifier: Hashable, Sendable, Codable {
  /// PostgreSQL's form: `md5` and the hexadecimal digest of password and user name.
  public var md5: String?
  public var scram: SCRAM?
  public var sha256: SaltedDigest?

  /// RFC 5802's keys of a salted password.
  public struct SCRAM: Hashable, Sendable, Codable {
    public var iterations: Int
    public var salt: [UInt8]
    public var storedKey: [UInt8]
    public var serverKey: [UInt8]
  }

  /// Redshift's `sha256`: the digest of password and salt.
  public struct SaltedDigest: Hashable, Sendable, Codable {
    public var digest: [UInt8]
    public var salt: [UInt8]
  }

  /// The digest's rounds: PostgreSQL's `scram_iterations`.
  public static let scramIterations = 4096
  static let saltBytes = 16

  /// Nobody gets in with it.
  public static let refusesAll = PasswordVerifier(md5: nil, scram: nil, sha256: nil)

  private init(md5: String?, scram: SCRAM?, sha256: SaltedDigest?) {
    self.md5 = md5
    self.scram = scram
    self.sha256 = sha256
  }

  /// - Parameter user: the name that clients log in with; `md5` covers it.
  public init(password: String, user: String, random: any RandomSource) {
    let salt = random.bytes(Self.saltBytes)
    self.init(
      md5: Self.md5Text(password + user),
      scram: SCRAM(password: password, salt: salt, iterations: Self.scramIterations), sha256: nil)
  }

  /// Reads what `CREATE USER … PASSWORD` takes: a password in clear, `md5` and 32 digits, `sha256|` and a password,
  /// or `sha256|DIGEST|SALT` with hexadecimal digits. `nil` for a `sha256` form that is none.
  public init?(statement text: String, user: String, random: any RandomSource) {
    if text.hasPrefix("sha256|") {
      let parts = text.split(separator: "|", omittingEmptySubsequences: false).dropFirst()
      switch parts.count {
      case 1:
        let salt = random.bytes(Self.saltBytes)
        self.init(md5: nil, scram: nil, sha256: SaltedDigest(password: String(parts[1]), salt: salt))
      case 2:
        guard let digest = [UInt8](hex: parts[1]), digest.count == 32, let salt = [UInt8](hex: parts[2]), !salt.isEmpty
        else { return nil }
        self.init(md5: nil, scram: nil, sha256: SaltedDigest(digest: digest, salt: salt))
      default: return nil
      }
    } else if text.hasPrefix("md5"), text.utf8.count == 35, [UInt8](hex: text.dropFirst(3)) != nil {
      self.init(md5: text.lowercased(), scram: nil, sha256: nil)
    } else {
      self.init(password: text, user: user, random: random)
    }
  }

  /// Whether this is the password, given in clear.
  public func accepts(_ password: String, user: String) -> Bool {
    if let scram {
      let tried = SCRAM(password: password, salt: scram.salt, iterations: scram.iterations)
      return tried.storedKey.isSameSecret(as: scram.storedKey)
    }
    if let sha256 {
      return SaltedDigest(password: password, salt: sha256.salt).digest.isSameSecret(as: sha256.digest)
    }
    if let md5 { return Array(Self.md5Text(password + user).utf8).isSameSecret(as: Array(md5.utf8)) }
    return false
  }

  static func md5Text(_ text: String) -> String { "md5" + Insecure.MD5.hash(data: Array(text.utf8)).hex }
}

extension PasswordVerifier.SCRAM {
  /// - Note: the password is taken as its UTF-8 bytes. SASLprep would change only non-ASCII ones, and of those only
  ///   what Unicode writes in several ways.
  init(password: String, salt: [UInt8], iterations: Int) {
    let key = SymmetricKey(data: Array(password.utf8))
    // PBKDF2 with HMAC-SHA-256, one block: RFC 5802's Hi().
    var round = [UInt8](HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
    var salted = round
    for _ in 1..<max(2, iterations) {
      round = [UInt8](HMAC<SHA256>.authenticationCode(for: round, using: key))
      for index in salted.indices { salted[index] ^= round[index] }
    }
    let saltedKey = SymmetricKey(data: salted)
    let clientKey = HMAC<SHA256>.authenticationCode(for: Array("Client Key".utf8), using: saltedKey)
    self.init(
      iterations: iterations, salt: salt, storedKey: Array(SHA256.hash(data: Array(clientKey))),
      serverKey: Array(HMAC<SHA256>.authenticationCode(for: Array("Server Key".utf8), using: saltedKey)))
  }
}

extension PasswordVerifier.SaltedDigest {
  init(password: String, salt: [UInt8]) {
    self.init(digest: Array(SHA256.hash(data: Array(password.utf8) + salt)), salt: salt)
  }
}

extension [UInt8] {
  /// Compares in a time that does not tell where the two differ.
  func isSameSecret(as other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// `nil` unless `text` is pairs of hexadecimal digits.
  init?(hex text: some StringProtocol) {
    let digits = text.utf8.map { byte -> UInt8 in
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x41...0x46: byte - 0x37
      case 0x61...0x66: byte - 0x57
      default: 0xFF
      }
    }
    guard digits.count.isMultiple(of: 2), !digits.contains(0xFF) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
