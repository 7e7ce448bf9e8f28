/// Base64 over a chosen alphabet: the standard one for checksums, one without `+/=` for identifiers.
struct Base64: Sendable {
  private let letters: [UInt8]
  private let values: [UInt8]
  private let padded: Bool

  /// RFC 4648, section 4, as `Content-MD5` and `x-amz-checksum-*` are written.
  static let standard = Base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", padded: true)
  /// The letters AWS uses in version and upload ids.
  static let identifier = Base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._", padded: false)

  private init(_ alphabet: String, padded: Bool) {
    letters = Array(alphabet.utf8)
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in letters.enumerated() { values[Int(letter)] = UInt8(value) }
    self.values = values
    self.padded = padded
  }

  func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    var accumulator: UInt32 = 0
    var bits = 0
    for byte in bytes {
      accumulator = accumulator << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(letters[Int(accumulator >> UInt32(bits) & 63)])
      }
    }
    if bits > 0 { text.append(letters[Int(accumulator << UInt32(6 - bits) & 63)]) }
    if padded { while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) } }
    return String(decoding: text, as: UTF8.self)
  }

  /// - Returns: `nil` unless `text` is the encoding of some bytes.
  func decode(_ text: String) -> [UInt8]? {
    var characters = Array(text.utf8)
    if padded {
      guard characters.count % 4 == 0 else { return nil }
      var padding = 0
      while padding < 2, characters.last == UInt8(ascii: "=") {
        characters.removeLast()
        padding += 1
      }
    }
    guard characters.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count * 3 / 4)
    var accumulator: UInt32 = 0
    var bits = 0
    for character in characters {
      let value = values[Int(character)]
      guard value < 64 else { return nil }
      accumulator = accumulator << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
      }
    }
    guard accumulator & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
    return bytes
  }
}
