/// A ruleset: what a DQDL document says.
///
///     let ruleset = try Ruleset("Rules = [ IsComplete \"order_id\", RowCount > 100 ]")
///     print(ruleset.rules[0])   // IsComplete "order_id"
public struct Ruleset: Hashable, Sendable {
  /// The `Metadata` section: `Version`.
  public var metadata: [String: String] = [:]
  /// The alias of the primary source, from `DataSources`.
  public var primarySource: String?
  /// The aliases of further sources, from `DataSources`.
  public var additionalSources: [String] = []
  /// Labels of every rule, in the order in which they were written.
  public var defaultLabels: [RuleLabel] = []
  public var rules: [Rule] = []
  public var analyzers: [Analyzer] = []

  public init() {}

  /// - Throws: `RulesetError` with AWS's words.
  public init(_ text: String) throws(RulesetError) {
    self = try RulesetParser.ruleset(text)
  }
}

/// A label: who reads a result sorts rules by it.
public struct RuleLabel: Hashable, Sendable {
  public var key: String
  public var value: String

  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// A rule, or rules joined by `and` or `or`.
public indirect enum Rule: Hashable, Sendable {
  case simple(SimpleRule)
  case composite(CompositeRule)

  /// The labels that were written at the rule.
  public var labels: [RuleLabel] {
    switch self {
    case .simple(let rule): rule.labels
    case .composite(let rule): rule.labels
    }
  }

  /// The rules that are not made of others, from left to right.
  public var leaves: [SimpleRule] {
    switch self {
    case .simple(let rule): [rule]
    case .composite(let rule): rule.rules.flatMap(\.leaves)
    }
  }
}

public struct CompositeRule: Hashable, Sendable {
  public enum Operator: String, Hashable, Sendable {
    case and = "AND"
    case or = "OR"
  }

  public var joined: Operator
  public var rules: [Rule]
  public var labels: [RuleLabel] = []

  public init(_ joined: Operator, _ rules: [Rule]) {
    self.joined = joined
    self.rules = rules
  }
}

/// One rule: a type, what it looks at, and what must hold.
public struct SimpleRule: Hashable, Sendable {
  public var type: RuleType
  public var parameters: [RuleParameter]
  public var condition: RuleCondition
  /// Rows that count, in SQL.
  public var filter: String?
  /// How many of the rows must pass, where not all.
  public var threshold: RuleCondition?
  /// `with NAME = VALUE`, in the order in which they were written; the values with their quotes.
  public var tags: [RuleTag] = []
  public var labels: [RuleLabel] = []

  public init(type: RuleType, parameters: [RuleParameter], condition: RuleCondition, filter: String? = nil) {
    self.type = type
    self.parameters = parameters
    self.condition = condition
    self.filter = filter
  }

  /// The value of a tag, without quotes; names are compared without regard to case.
  public func tag(_ name: String) -> String? {
    tags.last { $0.name.lowercased() == name.lowercased() }?.plain
  }
}

/// An analyzer: metrics that are gathered without a judgement.
public struct Analyzer: Hashable, Sendable {
  public var type: RuleType
  public var parameters: [RuleParameter]

  public init(type: RuleType, parameters: [RuleParameter]) {
    self.type = type
    self.parameters = parameters
  }
}

/// What a rule is given: a column, an alias, a statement.
public struct RuleParameter: Hashable, Sendable {
  /// Without quotes, with `\"` read as a quote.
  public var value: String
  /// As the rule's text shows it.
  public var written: String

  public init(value: String, written: String) {
    self.value = value
    self.written = written
  }
}

public struct RuleTag: Hashable, Sendable {
  public var name: String
  /// As it was written.
  public var value: String

  public var plain: String {
    guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
    return String(value.dropFirst().dropLast())
  }
}
