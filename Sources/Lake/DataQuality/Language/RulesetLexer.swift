/// A word of a ruleset.
struct RulesetToken: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// Letters, digits, `_` and `.`.
    case word
    /// Digits with or without a fraction, without a sign.
    case number
    /// What stands between double quotes, as it was written; escapes are kept.
    case quoted
    /// One of `( ) [ ] { } , : = ! > >= < <= + - * / $`.
    case mark
    case end
  }

  var kind: Kind
  var text: String
  var place: TextPlace
  /// Whether white space or a comment stands before it.
  var isApart: Bool

  /// As messages show it.
  var shown: String {
    switch kind {
    case .end: "<EOF>"
    case .quoted: "\"\(text)\""
    default: text
    }
  }
}

/// Cuts a ruleset into words. White space and comments (from `#` to the line's end) separate them.
///
/// Source of the rules: awslabs/dqdl, `CommonLexerRules.g4`.
struct RulesetLexer {
  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var place = TextPlace(line: 1, column: 0)

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// - Throws: `RulesetError` for a character that no word begins with, and a text that is not closed.
  static func tokens(_ text: String) throws(RulesetError) -> [RulesetToken] {
    var lexer = RulesetLexer(text)
    var tokens: [RulesetToken] = []
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  private var following: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

  private mutating func step() {
    if scalars[index] == "\n" {
      place = TextPlace(line: place.line + 1, column: 0)
    } else {
      place.column += 1
    }
    index += 1
  }

  private mutating func skipBlanks() -> Bool {
    let begin = index
    while let scalar = current {
      if scalar == "#" {
        while let scalar = current, scalar != "\n" { _ = scalar; step() }
      } else if scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
        step()
      } else {
        break
      }
    }
    return index > begin
  }

  private mutating func next() throws(RulesetError) -> RulesetToken {
    let isApart = skipBlanks()
    let start = place
    func token(_ kind: RulesetToken.Kind, _ text: String) -> RulesetToken {
      RulesetToken(kind: kind, text: text, place: start, isApart: isApart)
    }
    guard let scalar = current else { return token(.end, "") }
    if scalar == "\"" { return token(.quoted, try quoted(from: start)) }
    if Self.isWord(scalar) {
      let text = take { Self.isWord($0) }
      return token(Self.isNumber(text) ? .number : .word, text)
    }
    guard "()[]{},:=!><+-*/$".unicodeScalars.contains(scalar) else {
      throw RulesetError("token recognition error at: '\(scalar)'", at: start)
    }
    var text = String(Character(scalar))
    if scalar == ">" || scalar == "<", following == "=" {
      text += "="
      step()
    }
    step()
    return token(.mark, text)
  }

  private mutating func take(while belongs: (Unicode.Scalar) -> Bool) -> String {
    var text = String.UnicodeScalarView()
    while let scalar = current, belongs(scalar) {
      text.append(scalar)
      step()
    }
    return String(text)
  }

  private mutating func quoted(from start: TextPlace) throws(RulesetError) -> String {
    var text = String.UnicodeScalarView()
    step()
    while let scalar = current {
      if scalar == "\"" {
        step()
        return String(text)
      }
      text.append(scalar)
      step()
      // `\"` and `\\` are two characters that belong together.
      if scalar == "\\", let escaped = current, escaped == "\"" || escaped == "\\" {
        text.append(escaped)
        step()
      }
    }
    throw RulesetError("token recognition error at: '\"\(String(text))'", at: start)
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", ".": true
    default: false
    }
  }

  private static func isNumber(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count <= 2
      && parts.allSatisfy { part in
        !part.isEmpty && part.unicodeScalars.allSatisfy { ("0"..."9").contains($0) }
      }
  }
}
