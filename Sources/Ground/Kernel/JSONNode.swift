/// A JSON value with its numbers as they were written.
package indirect enum JSONNode: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONNode])
  case object([Member])

  package struct Member: Hashable, Sendable {
    package var key: String
    package var value: JSONNode
    package init(_ key: String, _ value: JSONNode) {
      self.key = key
      self.value = value
    }
  }

  /// A text that is not JSON.
  package struct Malformed: Error, Hashable, Sendable {
    package var reason: String
  }

  /// Reads the values that stand one behind the other in `bytes`.
  package static func sequence(_ bytes: [UInt8]) throws(Malformed) -> [JSONNode] {
    var reader = JSONReader(bytes: bytes)
    var nodes: [JSONNode] = []
    reader.skipSpace()
    while !reader.isAtEnd {
      nodes.append(try reader.value(depth: 0))
      reader.skipSpace()
    }
    return nodes
  }

  /// Reads the one value that `bytes` hold.
  package init(_ bytes: [UInt8]) throws(Malformed) {
    var reader = JSONReader(bytes: bytes)
    self = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.isAtEnd else { throw reader.unexpected() }
  }

  /// The value as JSON text.
  package func write(to out: inout [UInt8]) {
    switch self {
    case .null: out += Array("null".utf8)
    case .bool(let value): out += Array((value ? "true" : "false").utf8)
    case .number(let text): out += Array(text.utf8)
    case .string(let text): Self.writeString(text, to: &out)
    case .array(let elements):
      out.append(UInt8(ascii: "["))
      for (place, element) in elements.enumerated() {
        if place > 0 { out.append(UInt8(ascii: ",")) }
        element.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      for (place, member) in members.enumerated() {
        if place > 0 { out.append(UInt8(ascii: ",")) }
        Self.writeString(member.key, to: &out)
        out.append(UInt8(ascii: ":"))
        member.value.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  package var text: String {
    var out: [UInt8] = []
    write(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  static func writeString(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
      case 10: out += Array("\\n".utf8)
      case 13: out += Array("\\r".utf8)
      case 9: out += Array("\\t".utf8)
      case 0..<32:
        let digits = Array("0123456789abcdef".utf8)
        out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}

/// Reads JSON as RFC 8259 has it.
private struct JSONReader {
  let bytes: [UInt8]
  var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// Nesting past this is refused: no schema's types go as deep.
  static let depthMax = 128

  var isAtEnd: Bool { place >= bytes.count }

  mutating func skipSpace() {
    while place < bytes.count, [32, 10, 13, 9].contains(bytes[place]) { place += 1 }
  }

  func unexpected() -> JSONNode.Malformed {
    guard place < bytes.count else { return .init(reason: "Unexpected end-of-input") }
    let scalar = Unicode.Scalar(bytes[place])
    return .init(reason: "Unexpected character ('\(scalar)' (code \(bytes[place]))) at offset \(place)")
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func word(_ text: StaticString, _ node: JSONNode) throws(JSONNode.Malformed) -> JSONNode {
    let wanted = text.withUTF8Buffer { Array($0) }
    guard bytes.count - place >= wanted.count, Array(bytes[place..<place + wanted.count]) == wanted else {
      throw unexpected()
    }
    place += wanted.count
    return node
  }

  mutating func value(depth: Int) throws(JSONNode.Malformed) -> JSONNode {
    guard depth < Self.depthMax else { throw .init(reason: "Nesting deeper than \(Self.depthMax)") }
    skipSpace()
    guard place < bytes.count else { throw unexpected() }
    switch bytes[place] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func object(depth: Int) throws(JSONNode.Malformed) -> JSONNode {
    place += 1
    var members: [JSONNode.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw unexpected() }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw unexpected() }
      members.append(.init(key, try value(depth: depth + 1)))
      skipSpace()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw unexpected() }
    }
  }

  private mutating func array(depth: Int) throws(JSONNode.Malformed) -> JSONNode {
    place += 1
    var elements: [JSONNode] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return .array(elements) }
      guard take(UInt8(ascii: ",")) else { throw unexpected() }
    }
  }

  private mutating func string() throws(JSONNode.Malformed) -> String {
    place += 1
    var content: [UInt8] = []
    while true {
      guard place < bytes.count, bytes[place] >= 32 else { throw unexpected() }
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else {
        content.append(byte)
        continue
      }
      guard place < bytes.count else { throw unexpected() }
      let escape = bytes[place]
      place += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
      case UInt8(ascii: "b"): content.append(8)
      case UInt8(ascii: "f"): content.append(12)
      case UInt8(ascii: "n"): content.append(10)
      case UInt8(ascii: "r"): content.append(13)
      case UInt8(ascii: "t"): content.append(9)
      case UInt8(ascii: "u"):
        var unit = try fourDigits()
        if unit & 0xFC00 == 0xD800, place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"),
          bytes[place + 1] == UInt8(ascii: "u")
        {
          place += 2
          let low = try fourDigits()
          if low & 0xFC00 == 0xDC00 { unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00) } else { unit = 0xFFFD }
        }
        content += Array(String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
      default:
        place -= 1
        throw unexpected()
      }
    }
    guard let text = String(validating: content, as: UTF8.self) else { throw .init(reason: "Invalid UTF-8") }
    return text
  }

  private mutating func fourDigits() throws(JSONNode.Malformed) -> UInt32 {
    guard place + 4 <= bytes.count, let text = String(validating: bytes[place..<place + 4], as: UTF8.self),
      text.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }), let unit = UInt32(text, radix: 16)
    else { throw unexpected() }
    place += 4
    return unit
  }

  private mutating func digits() -> Int {
    let start = place
    while place < bytes.count, bytes[place] >= 48, bytes[place] <= 57 { place += 1 }
    return place - start
  }

  private mutating func number() throws(JSONNode.Malformed) -> String {
    let start = place
    _ = take(UInt8(ascii: "-"))
    let leading = place
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[leading] != 48 else { throw unexpected() }
    if take(UInt8(ascii: ".")) {
      guard digits() > 0 else { throw unexpected() }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw unexpected() }
    }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }
}
