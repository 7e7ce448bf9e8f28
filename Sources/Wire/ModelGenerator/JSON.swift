/// A JSON value whose objects keep their members in the order of the text.
///
/// Foundation's reader forgets that order, and the order of a shape's members is the order of the arguments of the
/// initialiser made from it.
indirect enum JSON {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSON])
  case object([(name: String, value: JSON)])

  subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }
  var bool: Bool { if case .bool(true) = self { true } else { false } }
  var number: String? {
    if case .number(let text) = self { return text }
    return nil
  }
  var array: [JSON] {
    if case .array(let elements) = self { return elements }
    return []
  }
  var members: [(name: String, value: JSON)] {
    if case .object(let members) = self { return members }
    return []
  }
}

struct JSONError: Error, CustomStringConvertible {
  let description: String
}

/// Reads one JSON text. Models are trusted input: errors say where, and that is all.
struct JSONReader {
  private let bytes: [UInt8]
  private var at = 0

  static func read(_ bytes: [UInt8]) throws -> JSON {
    var reader = JSONReader(bytes: bytes)
    let value = try reader.value()
    reader.skipSpace()
    guard reader.at == bytes.count else { throw JSONError(description: "text after the value at \(reader.at)") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  private mutating func take(_ character: Character) throws {
    skipSpace()
    guard at < bytes.count, bytes[at] == character.asciiValue else {
      throw JSONError(description: "expected \(character) at byte \(at)")
    }
    at += 1
  }

  private mutating func takeIf(_ character: Character) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == character.asciiValue else { return false }
    at += 1
    return true
  }

  private mutating func value() throws -> JSON {
    skipSpace()
    guard at < bytes.count else { throw JSONError(description: "text ends early") }
    switch bytes[at] {
    case UInt8(ascii: "{"):
      at += 1
      var members: [(name: String, value: JSON)] = []
      if takeIf("}") { return .object(members) }
      repeat {
        skipSpace()
        let name = try text()
        try take(":")
        members.append((name, try value()))
      } while takeIf(",")
      try take("}")
      return .object(members)
    case UInt8(ascii: "["):
      at += 1
      var elements: [JSON] = []
      if takeIf("]") { return .array(elements) }
      repeat { elements.append(try value()) } while takeIf(",")
      try take("]")
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try text())
    default: return try word()
    }
  }

  private mutating func word() throws -> JSON {
    let start = at
    while at < bytes.count, !Array(",]} \n\r\t".utf8).contains(bytes[at]) { at += 1 }
    switch String(decoding: bytes[start..<at], as: UTF8.self) {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case let text where Double(text) != nil: return .number(text)
    default: throw JSONError(description: "unknown word at byte \(start)")
    }
  }

  private mutating func text() throws -> String {
    try take("\"")
    var units: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: units, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        units.append(byte)
        continue
      }
      guard at < bytes.count else { break }
      let escape = bytes[at]
      at += 1
      switch escape {
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "u"):
        var code = try hexadecimal()
        if code & 0xFC00 == 0xD800, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\") {
          at += 2
          code = 0x10000 + (code & 0x3FF) << 10 + (try hexadecimal()) & 0x3FF
        }
        guard let scalar = Unicode.Scalar(code) else { throw JSONError(description: "lone surrogate at byte \(at)") }
        units += Array(String(Character(scalar)).utf8)
      default: units.append(escape)
      }
    }
    throw JSONError(description: "unended string")
  }

  private mutating func hexadecimal() throws -> UInt32 {
    guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    else { throw JSONError(description: "bad escape at byte \(at)") }
    at += 4
    return code
  }
}
