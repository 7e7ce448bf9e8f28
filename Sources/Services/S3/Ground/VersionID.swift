import AWSWire
import Kernel
import NIOCore

/// Names a version or an upload: its place in time and 128 random bits, so that ids sort by age and cannot be
/// guessed. The place is part of the id, so that the record is found without an index.
struct VersionID: Hashable, Sendable {
  /// Grows with each version of a key: nanoseconds since the epoch, or one more than the version before.
  var order: Int64
  /// Sixteen bytes.
  var nonce: [UInt8]

  init(order: Int64, nonce: [UInt8]) {
    self.order = order
    self.nonce = nonce
  }

  /// - Returns: `nil` unless `text` is an id that `text` of another gave.
  init?(_ text: String) {
    guard text.utf8.count == 32, let buffer = Base64.decode(Self.swapped(text, ".+_/")), buffer.readableBytes == 24
    else { return nil }
    let bytes = Array(buffer.readableBytesView)
    let order = bytes[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard order <= UInt64(Int64.max) else { return nil }
    self.init(order: Int64(order), nonce: Array(bytes[8...]))
  }

  var text: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: order >> Int64(shift)))
    }
    return Self.swapped(Base64.encode(bytes + nonce), "+./_")
  }

  /// Base64 with the letters that AWS has in its ids in place of those that URLs mind, or back.
  /// - Parameter letters: pairs of a letter and the one that takes its place.
  private static func swapped(_ text: String, _ letters: String) -> String {
    let pairs = Array(letters.utf8)
    return String(
      decoding: text.utf8.map { $0 == pairs[0] ? pairs[1] : $0 == pairs[2] ? pairs[3] : $0 }, as: UTF8.self)
  }

  static let nonceBytes = 16
}

/// Which version of an object a request means.
enum VersionSelector: Hashable, Sendable {
  case current
  /// The version that a bucket without versioning writes.
  case null
  case id(VersionID)
}
