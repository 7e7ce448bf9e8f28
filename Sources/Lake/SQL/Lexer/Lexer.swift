/// Splits a statement into tokens. Anything that is no token becomes `.unrecognized`, for the parser to report.
struct Lexer {
  private let dialect: Dialect
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var column = 1
  private var tokens: [Token] = []

  /// - Throws: `SQLError` when the text is too large.
  static func tokens(of text: String, dialect: Dialect) throws(SQLError) -> [Token] {
    guard text.utf8.count <= SQLLimits.statementBytesMax else {
      throw SQLError(
        .statementTooLarge,
        "Query text length (\(text.utf8.count)) exceeds the maximum length (\(SQLLimits.statementBytesMax))")
    }
    var lexer = Lexer(dialect: dialect, bytes: Array(text.utf8))
    lexer.run()
    return lexer.tokens
  }

  private init(dialect: Dialect, bytes: [UInt8]) {
    self.dialect = dialect
    self.bytes = bytes
    tokens.reserveCapacity(bytes.count / 4 + 1)
  }

  private func byte(_ ahead: Int = 0) -> UInt8 {
    let index = offset + ahead
    return index < bytes.count ? bytes[index] : 0
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte == 0x0a {
        line += 1
        column = 1
      } else if byte & 0xc0 != 0x80 {
        column += 1
      }
    }
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private mutating func run() {
    while true {
      skipBlank()
      let start = offset
      let position = SourcePosition(line: line, column: column)
      guard offset < bytes.count else {
        tokens.append(Token(kind: .end, text: "<EOF>", upper: "<EOF>", position: position, range: start..<start))
        return
      }
      let (kind, value) = next()
      let upper: String
      switch kind {
      case .word: upper = value.uppercased()
      case .symbol: upper = value
      default: upper = ""
      }
      tokens.append(Token(kind: kind, text: value, upper: upper, position: position, range: start..<offset))
    }
  }

  private mutating func skipBlank() {
    while offset < bytes.count {
      switch (byte(), byte(1)) {
      case (0x20, _), (0x09, _), (0x0a, _), (0x0d, _): advance()
      case (0x2d, 0x2d):  // --
        while offset < bytes.count, byte() != 0x0a { advance() }
      case (0x2f, 0x2a):  // /* … */
        var end = offset + 2
        while end + 1 < bytes.count, !(bytes[end] == 0x2a && bytes[end + 1] == 0x2f) { end += 1 }
        guard end + 1 < bytes.count else { return }  // Unclosed: the slash becomes a token and an error.
        advance(end + 2 - offset)
      default: return
      }
    }
  }

  private mutating func next() -> (Token.Kind, String) {
    let first = byte()
    switch first {
    case 0x27: return quoted(0x27, .string)
    case 0x22: return quoted(0x22, dialect.doubleQuotesAreStrings ? .string : .quotedIdentifier)
    case 0x60: return quoted(0x60, .backquotedIdentifier)
    case 0x58 where byte(1) == 0x27, 0x78 where byte(1) == 0x27:
      guard dialect.name != "hive" else { return word() }
      advance()
      return quoted(0x27, .binary)
    case 0x55 where byte(1) == 0x26 && byte(2) == 0x27, 0x75 where byte(1) == 0x26 && byte(2) == 0x27:
      advance(2)
      let (kind, value) = quoted(0x27, .string)
      guard kind == .string, let decoded = unicode(value) else { return (.unrecognized, value) }
      return (.string, decoded)
    case 0x3f:
      advance()
      return (.parameter, "?")
    case 0x30...0x39: return number()
    case 0x2e where byte(1) >= 0x30 && byte(1) <= 0x39: return number()
    default:
      if Self.startsWord(first) || first >= 0x80 { return word() }
      return symbol()
    }
  }

  private static func startsWord(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte == 0x5f
  }
  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func word() -> (Token.Kind, String) {
    let start = offset
    // Trino's identifiers are ASCII; another letter is an unrecognised token, one code point long.
    guard byte() < 0x80 else {
      repeat { advance() } while byte() & 0xc0 == 0x80
      return (.unrecognized, text(start..<offset))
    }
    while Self.startsWord(byte()) || Self.isDigit(byte()) {
      advance()
    }
    return (.word, text(start..<offset))
  }

  private mutating func number() -> (Token.Kind, String) {
    let start = offset
    var kind = Token.Kind.integer
    while Self.isDigit(byte()) || (byte() == 0x5f && Self.isDigit(byte(1)) && offset > start) { advance() }
    if byte() == 0x2e {
      kind = .decimal
      advance()
      while Self.isDigit(byte()) || (byte() == 0x5f && Self.isDigit(byte(1))) { advance() }
    }
    if byte() | 0x20 == 0x65 {
      let signed = byte(1) == 0x2b || byte(1) == 0x2d
      if Self.isDigit(byte(signed ? 2 : 1)) {
        kind = .double
        advance(signed ? 2 : 1)
        while Self.isDigit(byte()) { advance() }
      }
    }
    if Self.startsWord(byte()) {
      while Self.startsWord(byte()) || Self.isDigit(byte()) { advance() }
      return (.digitIdentifier, text(start..<offset))
    }
    return (kind, text(start..<offset).replacing("_", with: ""))
  }

  private mutating func quoted(_ quote: UInt8, _ kind: Token.Kind) -> (Token.Kind, String) {
    let opening = (offset, line, column)
    advance()
    var value: [UInt8] = []
    while offset < bytes.count {
      let current = byte()
      if current == quote {
        guard byte(1) == quote else {
          advance()
          return (kind, String(decoding: value, as: UTF8.self))
        }
        value.append(quote)
        advance(2)
      } else if current == 0x5c, dialect.backslashEscapes, kind == .string {
        appendEscape(to: &value)
      } else {
        value.append(current)
        advance()
      }
    }
    // Unclosed: the quote alone is the offending token.
    (offset, line, column) = opening
    advance()
    return (.unrecognized, String(UnicodeScalar(quote)))
  }

  /// Hive's escapes: `\n`, `\t`, `\r`, `\0`, `\b`, `\Z`, `\%` and `\_` kept, octal `\001`, `\uXXXX`, and the
  /// character itself for every other.
  private mutating func appendEscape(to value: inout [UInt8]) {
    let next = byte(1)
    func octal(_ byte: UInt8, _ limit: UInt8 = 0x37) -> Bool { byte >= 0x30 && byte <= limit }
    if octal(next, 0x31), octal(byte(2)), octal(byte(3)) {
      value.append((next - 0x30) * 64 + (byte(2) - 0x30) * 8 + (byte(3) - 0x30))
      advance(4)
      return
    }
    if next == 0x75, offset + 6 <= bytes.count, let code = UInt32(text(offset + 2..<offset + 6), radix: 16),
      let scalar = UnicodeScalar(code)
    {
      value.append(contentsOf: Array(String(Character(scalar)).utf8))
      advance(6)
      return
    }
    switch next {
    case 0x6e: value.append(0x0a)
    case 0x74: value.append(0x09)
    case 0x72: value.append(0x0d)
    case 0x62: value.append(0x08)
    case 0x30: value.append(0)
    case 0x5a: value.append(0x1a)
    case 0x25, 0x5f: value.append(contentsOf: [0x5c, next])
    case 0: value.append(0x5c)
    default:
      if offset + 1 < bytes.count { value.append(next) }
    }
    advance(2)
  }

  /// `\XXXX` and `\+XXXXXX` in `U&'…'`; `nil` for an incomplete one.
  private func unicode(_ value: String) -> String? {
    var result = String.UnicodeScalarView()
    let scalars = Array(value.unicodeScalars)
    var index = 0
    while index < scalars.count {
      guard scalars[index] == "\\" else {
        result.append(scalars[index])
        index += 1
        continue
      }
      guard index + 1 < scalars.count else { return nil }
      if scalars[index + 1] == "\\" {
        result.append("\\")
        index += 2
        continue
      }
      let long = scalars[index + 1] == "+"
      let start = index + (long ? 2 : 1)
      let end = start + (long ? 6 : 4)
      guard end <= scalars.count else { return nil }
      var digits = String.UnicodeScalarView()
      digits.append(contentsOf: scalars[start..<end])
      guard let code = UInt32(String(digits), radix: 16), let scalar = UnicodeScalar(code) else { return nil }
      result.append(scalar)
      index = end
    }
    return String(result)
  }

  private static let twoCharacterSymbols: Set<String> = ["<>", "!=", "<=", ">=", "||", "->", "=>", "=="]

  private mutating func symbol() -> (Token.Kind, String) {
    let start = offset
    if offset + 1 < bytes.count, byte() < 0x80, byte(1) < 0x80 {
      let pair = text(offset..<offset + 2)
      if Self.twoCharacterSymbols.contains(pair) {
        advance(2)
        return (.symbol, pair)
      }
    }
    advance()
    let sign = text(start..<offset)
    return ("()[]{},.;:+-*/%=<>|^$&~!@#".contains(sign) ? .symbol : .unrecognized, sign)
  }
}
