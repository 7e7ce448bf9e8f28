/// What a value is compared with: `= 4*`, `!= "a b"`, `>= 1e3`, `= %err%`.
struct Comparison: Sendable {
  enum Operator: String, Sendable {
    case equal = "=", unequal = "!=", less = "<", atMost = "<=", greater = ">", atLeast = ">="
  }
  enum Operand: Sendable {
    case text(Wildcard)
    case number(Double, Wildcard)
    case regex(SearchedRegex)
  }

  let sign: Operator
  let operand: Operand

  /// - Parameter stops: characters that end a bare word beside blanks.
  init(_ reader: inout PatternReader, stops: Set<Character>) throws(FilterPattern.Malformed) {
    guard let sign = Self.sign(&reader) else {
      throw FilterPattern.Malformed("Invalid filter pattern: a comparison operator is missing")
    }
    self.sign = sign
    reader.skipSpace()
    switch reader.peek {
    case "\"": operand = .text(Wildcard(try reader.quoted()))
    case "%": operand = .regex(try reader.regex())
    default:
      var word = ""
      while let character = reader.peek, !character.isWhitespace, !stops.contains(character) {
        if (character == "&" || character == "|"), reader.next == character { break }
        word.append(character)
        _ = reader.take()
      }
      guard !word.isEmpty else { throw FilterPattern.Malformed("Invalid filter pattern: a value is missing") }
      if let number = Self.number(word) {
        operand = .number(number, Wildcard(word))
      } else {
        operand = .text(Wildcard(word))
      }
    }
    switch (sign, operand) {
    case (.equal, _), (.unequal, _), (_, .number): break
    default:
      throw FilterPattern.Malformed("Invalid filter pattern: \(sign.rawValue) compares with numbers only")
    }
  }

  private static func sign(_ reader: inout PatternReader) -> Operator? {
    for (text, sign) in [
      (">=", Operator.atLeast), ("<=", .atMost), ("!=", .unequal), ("=!", .unequal), ("=", .equal), (">", .greater),
      ("<", .less),
    ] where reader.take(text) { return sign }
    return nil
  }

  /// A number as the page describes it: signs, a point, an exponent; neither `nan` nor hexadecimal digits.
  static func number(_ text: String) -> Double? {
    guard let first = text.utf8.first, first != UInt8(ascii: "e"), first != UInt8(ascii: "E"),
      text.utf8.contains(where: { (48...57).contains($0) }),
      text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) })
    else { return nil }
    return Double(text)
  }

  /// - Parameter isNumber: whether the value is one by its own type; where there are no types it may be any text.
  func isTrue(of text: String, isNumber: Bool) -> Bool {
    switch operand {
    case .regex(let regex): return regex.isFound(in: text) == (sign == .equal)
    case .text(let word): return word.matches(text) == (sign == .equal)
    case .number(let number, let word):
      guard isNumber, let value = Self.number(text) else {
        switch sign {
        case .equal: return word.matches(text)
        case .unequal: return !word.matches(text)
        default: return false
        }
      }
      switch sign {
      case .equal: return value == number
      case .unequal: return value != number
      case .less: return value < number
      case .atMost: return value <= number
      case .greater: return value > number
      case .atLeast: return value >= number
      }
    }
  }
}
