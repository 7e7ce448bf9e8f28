/// Percent-encoding as AWS signs it: all but the unreserved characters of RFC 3986, in upper case.
public enum PercentCoding {
  private static let hexDigits = Array("0123456789ABCDEF".utf8)

  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  public static func encode(_ text: some StringProtocol, keepingSlashes: Bool) -> String {
    encode(bytes: text.utf8, keepingSlashes: keepingSlashes)
  }

  static func encode(_ bytes: [UInt8], keepingSlashes: Bool) -> String {
    encode(bytes: bytes, keepingSlashes: keepingSlashes)
  }

  private static func encode(bytes: some Sequence<UInt8>, keepingSlashes: Bool) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.underestimatedCount + 16)
    for byte in bytes {
      if isUnreserved(byte) || (keepingSlashes && byte == UInt8(ascii: "/")) {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        encoded.append(hexDigits[Int(byte >> 4)])
        encoded.append(hexDigits[Int(byte & 15)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// The bytes that the text stands for; a percent sign without two digits behind it stands for itself.
  static func decode(_ text: some StringProtocol) -> [UInt8] {
    var decoded: [UInt8] = []
    let bytes = Array(text.utf8)
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = digit(bytes[index + 1]),
        let low = digit(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return decoded
  }

  /// The decoded text; `nil` when the bytes are no UTF-8.
  public static func decoded(_ text: some StringProtocol) -> String? {
    String(validating: decode(text), as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
