/// Goes through a ruleset's words, one after the other.
struct TokenReader {
  private let tokens: [RulesetToken]
  private var index = 0

  init(_ tokens: [RulesetToken]) { self.tokens = tokens }

  var next: RulesetToken { tokens[index] }

  /// The word `distance` places further on; past the end, the end.
  func peek(_ distance: Int) -> RulesetToken { tokens[min(index + distance, tokens.count - 1)] }

  mutating func take() -> RulesetToken {
    let token = tokens[index]
    if index < tokens.count - 1 { index += 1 }
    return token
  }

  func isMark(_ text: String, at distance: Int = 0) -> Bool {
    let token = peek(distance)
    return token.kind == .mark && token.text == text
  }

  /// Words are compared as they are written: DQDL tells cases apart.
  func isWord(_ texts: String..., at distance: Int = 0) -> Bool {
    let token = peek(distance)
    return token.kind == .word && texts.contains(token.text)
  }

  mutating func takeMark(_ text: String) -> Bool {
    guard isMark(text) else { return false }
    _ = take()
    return true
  }

  mutating func takeWord(_ texts: String...) -> Bool {
    let token = next
    guard token.kind == .word, texts.contains(token.text) else { return false }
    _ = take()
    return true
  }

  mutating func expectMark(_ text: String) throws(RulesetError) {
    guard takeMark(text) else { throw mismatch("'\(text)'") }
  }

  mutating func expectQuoted() throws(RulesetError) -> String {
    guard next.kind == .quoted else { throw mismatch("QUOTED_STRING") }
    return take().text
  }

  func mismatch(_ expected: String) -> RulesetError {
    RulesetError("mismatched input '\(next.shown)' expecting \(expected)", at: next.place)
  }

  func noAlternative() -> RulesetError {
    RulesetError("no viable alternative at input '\(next.shown)'", at: next.place)
  }
}

extension String {
  /// What a quoted text means: `\"` is a quote. Other backslashes are the value's own, since patterns have many.
  var withoutQuoteEscapes: String { replacing("\\\"", with: "\"") }
}
