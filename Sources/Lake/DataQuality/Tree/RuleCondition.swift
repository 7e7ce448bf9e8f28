/// How a value is held against others.
public enum Comparison: Hashable, Sendable {
  case between, notBetween, greater, greaterOrEqual, less, lessOrEqual, equal, notEqual, isIn, notIn, matches,
    notMatches

  /// In a rule's text, before the operands.
  var written: String {
    switch self {
    case .between: "between"
    case .notBetween: "not between"
    case .greater: ">"
    case .greaterOrEqual: ">="
    case .less: "<"
    case .lessOrEqual: "<="
    case .equal: "="
    case .notEqual: "!="
    case .isIn: "in"
    case .notIn: "not in"
    case .matches: "matches"
    case .notMatches: "not matches"
    }
  }

  var isSet: Bool { self == .isIn || self == .notIn }

  /// Whether it holds where the plain comparison does not: `!=`, `not in` …
  var isNegated: Bool {
    switch self {
    case .notBetween, .notEqual, .notIn, .notMatches: true
    default: false
    }
  }
}

/// What must hold of a rule's value.
public enum RuleCondition: Hashable, Sendable {
  /// The rule is its own condition.
  case none
  case number(Comparison, [NumberExpression])
  case text(Comparison, [TextOperand])
  case date(Comparison, [DateExpression])
  case duration(Comparison, [DurationAmount])
  case size(Comparison, [SizeAmount])
}

/// A number of a condition, to be computed when the rule is evaluated.
public indirect enum NumberExpression: Hashable, Sendable {
  /// As it was written: a sign, digits, a fraction.
  case literal(String)
  case null
  case call(String, [NumberExpression])
  case binary(NumberExpression, String, NumberExpression)
  case bracketed(NumberExpression)

  /// Whether its value depends on earlier runs.
  public var isDynamic: Bool {
    switch self {
    case .literal, .null: false
    case .call: true
    case .binary(let left, _, let right): left.isDynamic || right.isDynamic
    case .bracketed(let inner): inner.isDynamic
    }
  }
}

public enum TextOperand: Hashable, Sendable {
  case text(TextValue)
  case null, empty, whitespacesOnly

  public struct TextValue: Hashable, Sendable {
    /// With `\"` read as a quote.
    public var value: String
    /// As the rule's text shows it: in quotes, or the variable's name.
    public var written: String
  }
}

/// A moment; without a zone, in UTC.
public enum DateExpression: Hashable, Sendable {
  /// `YYYY-MM-DD`.
  case day(String)
  case null
  case now
  /// Minutes from now, and how it was written.
  case fromNow(minutes: Int, written: String)
  /// A time of today: `21:45` or `9:30 AM`.
  case time(String)
}

public struct DurationAmount: Hashable, Sendable {
  public enum Unit: String, Hashable, Sendable { case days, hours, minutes }
  public var amount: Int
  public var unit: Unit

  public init(_ amount: Int, _ unit: Unit) {
    self.amount = amount
    self.unit = unit
  }

  /// In minutes; a span too long for a number counts as the longest.
  public var minutes: Int {
    let factor = unit == .days ? 24 * 60 : unit == .hours ? 60 : 1
    let (product, overflow) = amount.multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}

public struct SizeAmount: Hashable, Sendable {
  /// Units of 1,024.
  public enum Unit: String, CaseIterable, Hashable, Sendable {
    case bytes = "B"
    case kilobytes = "KB"
    case megabytes = "MB"
    case gigabytes = "GB"
    case terabytes = "TB"
  }
  public var amount: Int
  public var unit: Unit

  public init(_ amount: Int, _ unit: Unit) {
    self.amount = amount
    self.unit = unit
  }

  public var bytes: Double {
    let power = Unit.allCases.firstIndex(of: unit) ?? 0
    return (0..<power).reduce(Double(amount)) { size, _ in size * 1024 }
  }
}
