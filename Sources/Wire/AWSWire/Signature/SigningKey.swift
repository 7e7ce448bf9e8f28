import Crypto
import Kernel

/// The key derived from a secret for one day, region and service.
struct SigningKey: Sendable {
  private let key: SymmetricKey

  init(secret: String, day: String, region: String, service: String) {
    var key = SymmetricKey(data: Array("AWS4\(secret)".utf8))
    for part in [day, region, service, "aws4_request"] {
      key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
    }
    self.key = key
  }

  /// The signature of a string to sign, in hexadecimal.
  func signature(_ stringToSign: String) -> String {
    var text = stringToSign
    return text.withUTF8 { bytes in
      var code = HMAC<SHA256>(key: key)
      code.update(data: UnsafeRawBufferPointer(bytes))
      return code.finalize().hex
    }
  }
}

/// Signing keys by what they are derived from: five hashes saved on every request. Holds a bounded number.
final class SigningKeyCache: Sendable {
  static let shared = SigningKeyCache()
  private static let entriesMax = 1024

  private struct Source: Hashable {
    let secret, day, region, service: String
  }
  private let keys = Locked<[Source: SigningKey]>([:])

  func key(secret: String, day: String, region: String, service: String) -> SigningKey {
    let source = Source(secret: secret, day: day, region: region, service: service)
    if let known = keys.withLock({ $0[source] }) { return known }
    let made = SigningKey(secret: secret, day: day, region: region, service: service)
    keys.withLock { keys in
      if keys.count >= Self.entriesMax { keys.removeAll(keepingCapacity: true) }
      keys[source] = made
    }
    return made
  }
}

enum Digest {
  static func sha256Hex(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      var hash = SHA256()
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      return hash.finalize().hex
    }
  }
  /// SHA-256 of no bytes.
  static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// Whether two signatures are the same, in time that does not tell where they differ.
  static func same(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left.utf8, right.utf8) { difference |= one ^ other }
    return difference == 0
  }
}
