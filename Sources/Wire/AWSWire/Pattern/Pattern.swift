/// A regular expression of a model, in Java's dialect as far as the models use it, that must match a whole value.
///
/// It runs as a set of states, so that its time grows with the length of the value and never explodes.
public final class Pattern: Sendable {
  public let text: String
  private let program: PatternProgram?

  /// A pattern that does not parse matches everything: a value must not be refused for our want of a feature.
  public init(_ text: String) {
    self.text = text
    program = try? PatternProgram(parsing: text)
  }

  /// Whether the pattern was understood.
  public var isSupported: Bool { program != nil }

  /// How long the compiled pattern is: with the length of a value it bounds the time that a match takes.
  public var instructionCount: Int { program?.instructions.count ?? 0 }

  public func matches(_ value: String) -> Bool {
    guard let program else { return true }
    return program.matchesAll(Array(value.unicodeScalars))
  }
}

/// A set of characters.
struct ScalarSet: Sendable {
  enum Class: Sendable {
    case letter, number, punctuation, separator, other, symbol, mark
    func contains(_ scalar: Unicode.Scalar) -> Bool {
      switch (self, scalar.properties.generalCategory) {
      case (.letter, .uppercaseLetter), (.letter, .lowercaseLetter), (.letter, .titlecaseLetter),
        (.letter, .modifierLetter), (.letter, .otherLetter):
        true
      case (.number, .decimalNumber), (.number, .letterNumber), (.number, .otherNumber): true
      case (.punctuation, .connectorPunctuation), (.punctuation, .dashPunctuation), (.punctuation, .openPunctuation),
        (.punctuation, .closePunctuation), (.punctuation, .initialPunctuation), (.punctuation, .finalPunctuation),
        (.punctuation, .otherPunctuation):
        true
      case (.separator, .spaceSeparator), (.separator, .lineSeparator), (.separator, .paragraphSeparator): true
      case (.other, .control), (.other, .format), (.other, .surrogate), (.other, .privateUse), (.other, .unassigned):
        true
      case (.symbol, .mathSymbol), (.symbol, .currencySymbol), (.symbol, .modifierSymbol), (.symbol, .otherSymbol): true
      case (.mark, .nonspacingMark), (.mark, .spacingMark), (.mark, .enclosingMark): true
      default: false
      }
    }
  }

  var ranges: [ClosedRange<UInt32>] = []
  var classes: [(kind: Class, isNegated: Bool)] = []
  /// Sets that this one holds besides, such as `\S` within brackets.
  var sets: [ScalarSet] = []
  var isNegated = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let found =
      ranges.contains { $0.contains(scalar.value) }
      || classes.contains { $0.kind.contains(scalar) != $0.isNegated } || sets.contains { $0.contains(scalar) }
    return found != isNegated
  }

  static func of(_ ranges: ClosedRange<Unicode.Scalar>..., negated: Bool = false) -> ScalarSet {
    ScalarSet(ranges: ranges.map { $0.lowerBound.value...$0.upperBound.value }, isNegated: negated)
  }

  static let digits = of("0"..."9")
  static let word = of("a"..."z", "A"..."Z", "0"..."9", "_"..."_")
  static let space = of(" "..." ", "\t"..."\r")
  /// A point matches anything, line ends too: AWS takes schema definitions and policies of many lines for `.*\\S.*`.
  static let point = of(negated: true)
}
