/// A JSON value that remembers the order of its members and where it stood in the text.
///
/// Policies need both: duplicate members are refused, and a simulation names a statement by line and column.
indirect enum PolicyJSON {
  case object([Member], Span)
  case array([PolicyJSON])
  case string(String)
  case number(String)
  case bool(Bool)
  case null

  struct Member {
    var name: String
    var value: PolicyJSON
  }

  /// Byte offsets of the first byte and of the byte after the last.
  struct Span: Sendable, Hashable {
    var start: Int
    var end: Int
  }

  /// The text is no JSON, or nests deeper than `Limits.policyDepthMax`.
  struct Malformed: Error {}

  static func parse(_ text: String) throws(Malformed) -> PolicyJSON {
    var reader = Reader(bytes: Array(text.utf8))
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.index == reader.bytes.count else { throw Malformed() }
    return value
  }

  private struct Reader {
    let bytes: [UInt8]
    var index = 0

    mutating func skipSpace() {
      while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func take(_ byte: UInt8) -> Bool {
      guard current == byte else { return false }
      index += 1
      return true
    }

    mutating func value(depth: Int) throws(Malformed) -> PolicyJSON {
      guard depth < Limits.policyDepthMax else { throw Malformed() }
      skipSpace()
      switch current {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try word("true", .bool(true))
      case UInt8(ascii: "f"): return try word("false", .bool(false))
      case UInt8(ascii: "n"): return try word("null", .null)
      default: return .number(try number())
      }
    }

    mutating func object(depth: Int) throws(Malformed) -> PolicyJSON {
      let start = index
      var members: [Member] = []
      var names: Set<String> = []
      index += 1
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object([], Span(start: start, end: index)) }
      while true {
        skipSpace()
        guard current == UInt8(ascii: "\"") else { throw Malformed() }
        let name = try string()
        skipSpace()
        guard names.insert(name).inserted, take(UInt8(ascii: ":")) else { throw Malformed() }
        members.append(Member(name: name, value: try value(depth: depth + 1)))
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members, Span(start: start, end: index)) }
        guard take(UInt8(ascii: ",")) else { throw Malformed() }
      }
    }

    mutating func array(depth: Int) throws(Malformed) -> PolicyJSON {
      var items: [PolicyJSON] = []
      index += 1
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array([]) }
      while true {
        items.append(try value(depth: depth + 1))
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(items) }
        guard take(UInt8(ascii: ",")) else { throw Malformed() }
      }
    }

    mutating func word(_ text: StaticString, _ value: PolicyJSON) throws(Malformed) -> PolicyJSON {
      let letters = text.withUTF8Buffer { Array($0) }
      guard index + letters.count <= bytes.count, Array(bytes[index..<index + letters.count]) == letters else {
        throw Malformed()
      }
      index += letters.count
      return value
    }

    mutating func number() throws(Malformed) -> String {
      let start = index
      while let byte = current,
        (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
      { index += 1 }
      let text = String(decoding: bytes[start..<index], as: UTF8.self)
      guard let first = text.utf8.first, first == 0x2D || (0x30...0x39).contains(first), Double(text) != nil else {
        throw Malformed()
      }
      return text
    }

    mutating func string() throws(Malformed) -> String {
      index += 1
      var content: [UInt8] = []
      while let byte = current {
        index += 1
        switch byte {
        case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
        case UInt8(ascii: "\\"): try escape(into: &content)
        case 0..<0x20: throw Malformed()
        default: content.append(byte)
        }
      }
      throw Malformed()
    }

    mutating func escape(into content: inout [UInt8]) throws(Malformed) {
      guard let byte = current else { throw Malformed() }
      index += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
      case UInt8(ascii: "b"): content.append(8)
      case UInt8(ascii: "f"): content.append(12)
      case UInt8(ascii: "n"): content.append(10)
      case UInt8(ascii: "r"): content.append(13)
      case UInt8(ascii: "t"): content.append(9)
      case UInt8(ascii: "u"):
        var code = UInt32(try hexadecimal())
        if (0xD800..<0xDC00).contains(code) {
          guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw Malformed() }
          let low = UInt32(try hexadecimal())
          guard (0xDC00..<0xE000).contains(low) else { throw Malformed() }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Malformed() }
        content.append(contentsOf: Array(String(Character(scalar)).utf8))
      default: throw Malformed()
      }
    }

    mutating func hexadecimal() throws(Malformed) -> UInt16 {
      guard index + 4 <= bytes.count, bytes[index..<index + 4].allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
        let value = UInt16(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
      else { throw Malformed() }
      index += 4
      return value
    }
  }
}

extension PolicyJSON {
  /// A string, or an array of strings; `nil` for anything else.
  var strings: [String]? {
    switch self {
    case .string(let text): return [text]
    case .array(let items):
      var texts: [String] = []
      for item in items {
        guard case .string(let text) = item else { return nil }
        texts.append(text)
      }
      return texts
    default: return nil
    }
  }

  /// A condition's values: like `strings`, with numbers and truth values taken as text.
  var conditionValues: [String]? {
    switch self {
    case .string(let text), .number(let text): return [text]
    case .bool(let value): return [value ? "true" : "false"]
    case .array(let items):
      var texts: [String] = []
      for item in items {
        if case .array = item { return nil }
        guard let values = item.conditionValues else { return nil }
        texts += values
      }
      return texts
    default: return nil
    }
  }
}
