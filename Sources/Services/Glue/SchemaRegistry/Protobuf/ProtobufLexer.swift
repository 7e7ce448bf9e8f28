/// A word of a `.proto` file.
struct ProtobufToken: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case identifier(String)
    case integer(UInt64)
    case float(String)
    case string(String)
    case symbol(Character)
    case end
  }

  var kind: Kind
  var place: ProtobufPlace

  /// The token as it is shown in messages.
  var text: String {
    switch kind {
    case .identifier(let name): name
    case .integer(let number): String(number)
    case .float(let text): text
    case .string(let text): JSONValue.quote(text)
    case .symbol(let symbol): String(symbol)
    case .end: "end of file"
    }
  }
}

/// Cuts a `.proto` file into tokens, by the lexical rules of the language's specification.
struct ProtobufLexer {
  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var lineStart = 0

  private init(_ text: String) {
    bytes = Array(text.utf8)
    // A byte order mark says nothing.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  static func tokens(of text: String) throws(SchemaSyntaxError) -> [ProtobufToken] {
    var lexer = ProtobufLexer(text)
    var tokens: [ProtobufToken] = []
    repeat { tokens.append(try lexer.token()) } while tokens.last?.kind != .end
    return tokens
  }

  private var place: ProtobufPlace { ProtobufPlace(line: line, column: index - lineStart + 1) }
  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }
  private func peek(_ ahead: Int) -> UInt8? { index + ahead < bytes.count ? bytes[index + ahead] : nil }

  private mutating func advance() {
    if bytes[index] == 10 {
      line += 1
      lineStart = index + 1
    }
    index += 1
  }

  private static func isLetter(_ byte: UInt8?) -> Bool {
    byte.map { ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == UInt8(ascii: "_") } ?? false
  }
  private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 48 && $0 <= 57 } ?? false }

  private mutating func skipSpace() throws(SchemaSyntaxError) {
    while let byte = next {
      if byte == 32 || (9...13).contains(byte) {
        advance()
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        while next != nil, next != 10 { advance() }
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        let start = place
        index += 2
        while next != nil, next != UInt8(ascii: "*") || peek(1) != UInt8(ascii: "/") { advance() }
        guard next != nil else { throw SchemaSyntaxError("End-of-file inside block comment.", at: start) }
        index += 2
      } else {
        return
      }
    }
  }

  private mutating func token() throws(SchemaSyntaxError) -> ProtobufToken {
    try skipSpace()
    let start = place
    guard let byte = next else { return ProtobufToken(kind: .end, place: start) }
    if Self.isLetter(byte) {
      let first = index
      while Self.isLetter(next) || Self.isDigit(next) { index += 1 }
      return ProtobufToken(kind: .identifier(text(from: first)), place: start)
    }
    if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && Self.isDigit(peek(1))) {
      return ProtobufToken(kind: try number(start), place: start)
    }
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      return ProtobufToken(kind: .string(try string(start)), place: start)
    }
    guard byte > 32, byte < 127 else {
      throw SchemaSyntaxError("Invalid character in the definition (code \(byte)).", at: start)
    }
    index += 1
    return ProtobufToken(kind: .symbol(Character(Unicode.Scalar(byte))), place: start)
  }

  private func text(from first: Int) -> String { String(decoding: bytes[first..<index], as: UTF8.self) }

  private mutating func number(_ start: ProtobufPlace) throws(SchemaSyntaxError) -> ProtobufToken.Kind {
    let first = index
    while Self.isLetter(next) || Self.isDigit(next) || next == UInt8(ascii: ".")
      || ((next == UInt8(ascii: "-") || next == UInt8(ascii: "+")) && isExponent(bytes[index - 1], first))
    { index += 1 }
    let text = text(from: first)
    let digits = Array(text.utf8)
    if digits.count > 1, digits[0] == 48, digits[1] | 32 == UInt8(ascii: "x") {
      if let number = UInt64(text.dropFirst(2), radix: 16) { return .integer(number) }
    } else if digits.count > 1, digits.allSatisfy(Self.isDigit), digits[0] == 48 {
      if let number = UInt64(text, radix: 8) { return .integer(number) }
    } else if digits.allSatisfy(Self.isDigit) {
      if let number = UInt64(text) { return .integer(number) }
      return .float(text)
    } else if !text.contains("_"), Double(text.hasSuffix("f") ? String(text.dropLast()) : text) != nil {
      return .float(text)
    }
    throw SchemaSyntaxError("\"\(text)\" is not a number.", at: start)
  }

  /// Whether a sign behind `byte` belongs to a number that began at `first`.
  private func isExponent(_ byte: UInt8, _ first: Int) -> Bool {
    let isHexadecimal = index - first > 1 && bytes[first] == 48 && bytes[first + 1] | 32 == UInt8(ascii: "x")
    return byte | 32 == UInt8(ascii: "e") && !isHexadecimal
  }

  private mutating func string(_ start: ProtobufPlace) throws(SchemaSyntaxError) -> String {
    let quote = next
    index += 1
    var content: [UInt8] = []
    while let byte = next, byte != 10 {
      index += 1
      if byte == quote { return String(decoding: content, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        content.append(byte)
        continue
      }
      try escape(into: &content, start)
    }
    throw SchemaSyntaxError("Unterminated string.", at: start)
  }

  private mutating func escape(into content: inout [UInt8], _ start: ProtobufPlace) throws(SchemaSyntaxError) {
    guard let letter = next, letter != 10 else { throw SchemaSyntaxError("Unterminated string.", at: start) }
    index += 1
    switch letter {
    case UInt8(ascii: "a"): content.append(7)
    case UInt8(ascii: "b"): content.append(8)
    case UInt8(ascii: "f"): content.append(12)
    case UInt8(ascii: "n"): content.append(10)
    case UInt8(ascii: "r"): content.append(13)
    case UInt8(ascii: "t"): content.append(9)
    case UInt8(ascii: "v"): content.append(11)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"): content.append(letter)
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      guard let code = digits(2, 16) else { throw invalidEscape(start) }
      content.append(UInt8(truncatingIfNeeded: code))
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      guard let code = digits(letter == UInt8(ascii: "u") ? 4 : 8, 16), let scalar = Unicode.Scalar(code) else {
        throw invalidEscape(start)
      }
      content += Array(String(Character(scalar)).utf8)
    case 48...55:
      index -= 1
      guard let code = digits(3, 8) else { throw invalidEscape(start) }
      content.append(UInt8(truncatingIfNeeded: code))
    default: throw invalidEscape(start)
    }
  }

  /// Takes as many digits as there are, `most` of them.
  private mutating func digits(_ most: Int, _ radix: Int) -> UInt32? {
    let first = index
    while let byte = next, index - first < most, let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
      digit < radix
    { index += 1 }
    return UInt32(text(from: first), radix: radix)
  }

  private func invalidEscape(_ start: ProtobufPlace) -> SchemaSyntaxError {
    SchemaSyntaxError("Invalid escape sequence in string literal.", at: start)
  }
}

extension SchemaSyntaxError {
  /// What is wrong at a place of a `.proto` file.
  init(_ reason: String, at place: ProtobufPlace) { self.init("\(place.line):\(place.column): \(reason)") }
}
