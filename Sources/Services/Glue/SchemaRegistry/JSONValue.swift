/// A JSON document in memory, for schema definitions.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
  var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  var string: String? { if case .string(let text) = self { text } else { nil } }
  var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  var number: JSONNumber? { if case .number(let number) = self { number } else { nil } }

  /// A number without a fraction that fits, such as a length.
  var count: Int? { number.flatMap { Int(exactly: $0.value) } }

  subscript(member: String) -> JSONValue? { object?[member] }
}

/// A number as it was written. Two numbers are equal when they have the same value: `1`, `1.0` and `10e-1`.
struct JSONNumber: Hashable, Sendable {
  let text: String
  let value: Double

  /// The value where it is an integer of at most 64 bits, beyond what a `Double` tells apart.
  var integer: Int64? { Int64(text) ?? Int64(exactly: value) }
  var isInteger: Bool { integer != nil || value.rounded() == value }

  init(_ text: String, _ value: Double) {
    self.text = text
    self.value = value
  }

  static func == (left: JSONNumber, right: JSONNumber) -> Bool {
    if let left = left.integer, let right = right.integer { return left == right }
    return left.value == right.value
  }
  func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

extension JSONValue {
  /// What is wrong with a text that is no JSON, and where.
  struct ParseError: Error, Hashable, CustomStringConvertible {
    let reason: String
    /// Bytes before the place.
    let offset: Int
    var description: String { "\(reason) at position \(offset)" }
  }

  /// Reads a whole document.
  /// - Parameter depthMax: arrays and objects may stand so deep in one another.
  static func parse(_ text: String, depthMax: Int = Limits.schemaDepthMax) throws(ParseError) -> JSONValue {
    var parser = JSONParser(bytes: Array(text.utf8), depthMax: depthMax)
    return try parser.document()
  }

  /// The document without spaces, members sorted by name: two texts of the same document give the same.
  var canonicalText: String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): number.integer.map { String($0) } ?? "\(number.value)"
    case .string(let text): JSONValue.quote(text)
    case .array(let elements): "[" + elements.map(\.canonicalText).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { JSONValue.quote($0.key) + ":" + $0.value.canonicalText }
        .joined(separator: ",") + "}"
    }
  }

  static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        quoted += "\\u00" + [UInt8(truncatingIfNeeded: scalar.value)].hexText
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension [UInt8] {
  fileprivate var hexText: String {
    map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

/// A recursive-descent reader of RFC 8259 JSON.
private struct JSONParser {
  let bytes: [UInt8]
  let depthMax: Int
  var index = 0

  init(bytes: [UInt8], depthMax: Int) {
    self.bytes = bytes
    self.depthMax = depthMax
  }

  mutating func document() throws(JSONValue.ParseError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard index == bytes.count else { throw fail("unexpected text after the document") }
    return value
  }

  private func fail(_ reason: String) -> JSONValue.ParseError { JSONValue.ParseError(reason: reason, offset: index) }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
    guard depth <= depthMax else { throw fail("nested deeper than \(depthMax) levels") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw fail("unexpected end of the document")
    default: return try number()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONValue.ParseError) -> JSONValue {
    let length = text.utf8CodeUnitCount
    let matches = text.withUTF8Buffer { bytes.dropFirst(index).prefix(length).elementsEqual($0) }
    guard matches else { throw fail("unexpected character") }
    index += length
    return value
  }

  private mutating func object(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
    index += 1
    var members: [String: JSONValue] = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw fail("expected a member's name") }
      let name = try string()
      guard take(UInt8(ascii: ":")) else { throw fail("expected a colon") }
      members[name] = try value(depth: depth + 1)
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw fail("expected a comma or a closing brace") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
    index += 1
    var elements: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw fail("expected a comma or a closing bracket") }
    return .array(elements)
  }

  private mutating func number() throws(JSONValue.ParseError) -> JSONValue {
    let start = index
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 48 && $0 <= 57 } ?? false }
    if next == UInt8(ascii: "-") { index += 1 }
    guard isDigit(next) else { throw fail("unexpected character") }
    let leadingZero = next == 48
    let firstDigit = index
    while isDigit(next) { index += 1 }
    if leadingZero && index - firstDigit > 1 { throw fail("a number with a leading zero") }
    if next == UInt8(ascii: ".") {
      index += 1
      guard isDigit(next) else { throw fail("expected a digit") }
      while isDigit(next) { index += 1 }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      index += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
      guard isDigit(next) else { throw fail("expected a digit") }
      while isDigit(next) { index += 1 }
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw fail("a number out of range") }
    return .number(JSONNumber(text, value))
  }

  private mutating func string() throws(JSONValue.ParseError) -> String {
    index += 1
    var content: [UInt8] = []
    while let byte = next {
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else { throw fail("a string that is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw fail("a control character in a string")
      default: content.append(byte)
      }
    }
    throw fail("a string without an end")
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONValue.ParseError) {
    guard let letter = next else { throw fail("a string without an end") }
    index += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexUnit()
      if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\"), index + 1 < bytes.count,
        bytes[index + 1] == UInt8(ascii: "u")
      {
        index += 2
        let low = try hexUnit()
        guard (0xDC00..<0xE000).contains(low) else { throw fail("a lone surrogate") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fail("a lone surrogate") }
      content.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw fail("an unknown escape")
    }
  }

  private mutating func hexUnit() throws(JSONValue.ParseError) -> UInt32 {
    guard index + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
    else { throw fail("expected four hexadecimal digits") }
    index += 4
    return code
  }
}
