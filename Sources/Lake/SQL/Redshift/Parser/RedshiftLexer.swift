/// Splits Redshift's text into tokens, as PostgreSQL 8's scanner does: backslashes escape within quotes, comments nest,
/// `$$` quotes bodies, names may begin with `#` and hold any letter.
struct RedshiftLexer {
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var column = 1
  private var tokens: [Token] = []
  /// Whether tokens' texts are wanted, and not only where they stand.
  private let isReading: Bool

  /// - Throws: `SQLError` for an open quote or comment, and for a text that is too large.
  static func tokens(of text: String) throws(SQLError) -> [Token] {
    guard text.utf8.count <= SQLLimits.redshiftStatementBytesMax else {
      throw SQLError(
        .statementTooLarge,
        "Statement is too large. Statement Size: \(text.utf8.count) bytes. "
          + "Maximum Allowed: \(SQLLimits.redshiftStatementBytesMax) bytes")
    }
    var lexer = RedshiftLexer(bytes: Array(text.utf8), isReading: true)
    try lexer.run()
    return lexer.tokens
  }

  /// What stands between the semicolons of a script, from the first token to the last; empty parts are left out.
  /// - Throws: `SQLError` for an open quote or comment.
  static func parts(of script: String) throws(SQLError) -> [String] {
    var lexer = RedshiftLexer(bytes: Array(script.utf8), isReading: false)
    var parts: [String] = []
    var start: Int?
    var end = 0
    while true {
      try lexer.skipBlank()
      let begun = lexer.offset
      let isEnd = begun >= lexer.bytes.count
      if isEnd || lexer.byte() == 0x3b {
        if let start { parts.append(String(decoding: lexer.bytes[start..<end], as: UTF8.self)) }
        if isEnd { return parts }
        start = nil
        lexer.advance()
      } else {
        _ = try lexer.next()
        if start == nil { start = begun }
        end = lexer.offset
      }
    }
  }

  private init(bytes: [UInt8], isReading: Bool) {
    self.bytes = bytes
    self.isReading = isReading
    if isReading { tokens.reserveCapacity(bytes.count / 4 + 1) }
  }

  private func byte(_ ahead: Int = 0) -> UInt8 {
    let index = offset + ahead
    return index < bytes.count ? bytes[index] : 0
  }

  private mutating func advance() {
    guard offset < bytes.count else { return }
    let byte = bytes[offset]
    offset += 1
    if byte == 0x0a {
      line += 1
      column = 1
    } else if byte & 0xc0 != 0x80 {
      column += 1
    }
  }

  private mutating func advance(_ count: Int) {
    let end = min(bytes.count, offset + count)
    while offset < end { advance() }
  }

  private func text(_ range: Range<Int>) -> String {
    isReading ? String(decoding: bytes[range], as: UTF8.self) : ""
  }
  private var place: SourcePosition { SourcePosition(line: line, column: column) }

  private mutating func run() throws(SQLError) {
    while true {
      try skipBlank()
      let start = offset
      let position = place
      guard offset < bytes.count else {
        tokens.append(Token(kind: .end, text: "", upper: "", position: position, range: start..<start))
        return
      }
      let (kind, value) = try next()
      let upper: String
      switch kind {
      case .word: upper = value.uppercased()
      case .symbol: upper = value
      default: upper = ""
      }
      tokens.append(Token(kind: kind, text: value, upper: upper, position: position, range: start..<offset))
    }
  }

  private mutating func skipBlank() throws(SQLError) {
    while offset < bytes.count {
      switch (byte(), byte(1)) {
      case (0x20, _), (0x09, _), (0x0a, _), (0x0d, _), (0x0c, _), (0x0b, _): advance()
      case (0x2d, 0x2d):
        while offset < bytes.count, byte() != 0x0a { advance() }
      case (0x2f, 0x2a): try skipComment()
      // A no-break space or a byte order mark comes along when SQL is pasted.
      case (0xc2, 0xa0): advance(2)
      case (0xef, 0xbb) where byte(2) == 0xbf: advance(3)
      default: return
      }
    }
  }

  private mutating func skipComment() throws(SQLError) {
    let (start, position) = (offset, place)
    var level = 0
    repeat {
      guard offset < bytes.count else {
        let shown = text(start..<min(bytes.count, start + 40))
        throw SQLError(.syntax, "unterminated /* comment at or near \"\(shown)\"", at: position)
      }
      if byte() == 0x2f, byte(1) == 0x2a {
        level += 1
        advance(2)
      } else if byte() == 0x2a, byte(1) == 0x2f {
        level -= 1
        advance(2)
      } else {
        advance()
      }
    } while level > 0
  }

  static func startsWord(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte == 0x5f || byte >= 0x80
  }
  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  private mutating func next() throws(SQLError) -> (Token.Kind, String) {
    let first = byte()
    switch first {
    case 0x27: return try quoted(.string)
    case 0x22: return try quoted(.quotedIdentifier)
    case 0x45, 0x65, 0x4e, 0x6e:  // E'…', N'…'
      guard byte(1) == 0x27 else { return word() }
      advance()
      return try quoted(.string)
    case 0x58, 0x78:  // X'…'
      guard byte(1) == 0x27 else { return word() }
      advance()
      return (.binary, try quoted(.string).1)
    case 0x24: return try dollar()
    case 0x3f:
      advance()
      return (.parameter, "")
    case 0x30...0x39: return number()
    case 0x2e where Self.isDigit(byte(1)): return number()
    case 0x23 where Self.startsWord(byte(1)) && beginsName: return word()
    default: return Self.startsWord(first) ? word() : symbol()
    }
  }

  /// A `#` after a blank, a dot or a bracket begins a temporary table's name when a letter follows at once.
  private var beginsName: Bool {
    guard offset > 0 else { return true }
    return [0x20, 0x09, 0x0a, 0x0d, 0x2e, 0x28, 0x2c, 0x22].contains(bytes[offset - 1])
  }

  private mutating func word() -> (Token.Kind, String) {
    let start = offset
    advance()
    while Self.startsWord(byte()) || Self.isDigit(byte()) || byte() == 0x24 { advance() }
    return (.word, text(start..<offset))
  }

  private mutating func number() -> (Token.Kind, String) {
    let start = offset
    var kind = Token.Kind.integer
    while Self.isDigit(byte()) { advance() }
    if byte() == 0x2e, byte(1) != 0x2e {
      kind = .decimal
      advance()
      while Self.isDigit(byte()) { advance() }
    }
    if byte() | 0x20 == 0x65 {
      let signed = byte(1) == 0x2b || byte(1) == 0x2d
      if Self.isDigit(byte(signed ? 2 : 1)) {
        kind = .double
        advance(signed ? 2 : 1)
        while Self.isDigit(byte()) { advance() }
      }
    }
    return (kind, text(start..<offset))
  }

  /// `$1`, `$$ … $$`, `$tag$ … $tag$`.
  private mutating func dollar() throws(SQLError) -> (Token.Kind, String) {
    let (start, position) = (offset, place)
    if Self.isDigit(byte(1)) {
      advance()
      let digits = offset
      while Self.isDigit(byte()) { advance() }
      return (.parameter, text(digits..<offset))
    }
    var end = offset + 1
    while end < bytes.count, Self.startsWord(bytes[end]) || Self.isDigit(bytes[end]) { end += 1 }
    guard end < bytes.count, bytes[end] == 0x24 else {
      advance()
      return (.unrecognized, "$")
    }
    let tag = Array(bytes[start...end])
    advance(tag.count)
    let body = offset
    while offset < bytes.count {
      if byte() == 0x24, offset + tag.count <= bytes.count, bytes[offset..<offset + tag.count].elementsEqual(tag) {
        let value = text(body..<offset)
        advance(tag.count)
        return (.string, value)
      }
      advance()
    }
    let shown = text(start..<min(bytes.count, start + 40))
    throw SQLError(.syntax, "unterminated dollar-quoted string at or near \"\(shown)\"", at: position)
  }

  private mutating func quoted(_ kind: Token.Kind) throws(SQLError) -> (Token.Kind, String) {
    let (start, position) = (offset, place)
    let quote = byte()
    advance()
    let first = offset
    while offset < bytes.count, bytes[offset] != quote, bytes[offset] != 0x5c { advance() }
    // Most have nothing to undo.
    if byte() == quote, byte(1) != quote {
      let value = text(first..<offset)
      advance()
      return (kind, value)
    }
    var value = Array(bytes[first..<offset])
    while offset < bytes.count {
      let current = byte()
      if current == quote {
        guard byte(1) == quote else {
          advance()
          return (kind, String(decoding: value, as: UTF8.self))
        }
        value.append(quote)
        advance(2)
      } else if current == 0x5c, kind == .string {
        appendEscape(to: &value)
      } else {
        value.append(current)
        advance()
      }
    }
    let shown = text(start..<min(bytes.count, start + 40))
    let what = kind == .string ? "quoted string" : "quoted identifier"
    throw SQLError(.syntax, "unterminated \(what) at or near \"\(shown)\"", at: position)
  }

  /// `\n`, `\t`, `\r`, `\b`, `\f`, octal `\ooo`, and the character itself for every other; `\N` stays whole, since
  /// COPY and UNLOAD name it as the mark of NULL.
  private mutating func appendEscape(to value: inout [UInt8]) {
    let next = byte(1)
    guard offset + 1 < bytes.count else {
      value.append(0x5c)
      advance()
      return
    }
    switch next {
    case 0x6e: value.append(0x0a)
    case 0x74: value.append(0x09)
    case 0x72: value.append(0x0d)
    case 0x62: value.append(0x08)
    case 0x66: value.append(0x0c)
    case 0x4e: value.append(contentsOf: [0x5c, 0x4e])
    case 0x30...0x37:
      var code = 0
      var digits = 0
      while digits < 3, byte(1 + digits) >= 0x30, byte(1 + digits) <= 0x37 {
        code = code * 8 + Int(byte(1 + digits) - 0x30)
        digits += 1
      }
      value.append(UInt8(truncatingIfNeeded: code))
      advance(1 + digits)
      return
    default: value.append(next)
    }
    advance(2)
  }

  private static let longSymbols: [[UInt8]] = [
    "!~~*", "!~~", "~~*", "||/", "!~*", "!~", "~~", "~*", "::", ":=", "..", "<=", ">=", "<>", "!=", "||", "|/", "<<",
    ">>", "=>",
  ].map { Array($0.utf8) }

  private mutating func symbol() -> (Token.Kind, String) {
    let start = offset
    // The commonest, which begin no longer sign.
    switch byte() {
    case 0x28: return single("(")
    case 0x29: return single(")")
    case 0x2c: return single(",")
    case 0x2b: return single("+")
    case 0x2d: return single("-")
    case 0x2a: return single("*")
    case 0x2f: return single("/")
    case 0x5b: return single("[")
    case 0x5d: return single("]")
    case 0x3b: return single(";")
    default: break
    }
    for sign in Self.longSymbols where bytes[offset...].starts(with: sign) {
      advance(sign.count)
      return (.symbol, text(start..<offset))
    }
    let isKnown = Self.otherSymbols.contains(byte())
    advance()
    return (isKnown ? .symbol : .unrecognized, text(start..<offset))
  }

  private mutating func single(_ sign: String) -> (Token.Kind, String) {
    advance()
    return (.symbol, sign)
  }

  private static let otherSymbols = Array("{}.:%=<>|^&~!@#".utf8)
}
