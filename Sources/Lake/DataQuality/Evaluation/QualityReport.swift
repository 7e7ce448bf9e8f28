/// What became of a ruleset.
public struct QualityReport: Sendable {
  public var rules: [RuleOutcome] = []
  public var analyzers: [AnalyzerOutcome] = []
  public var observations: [QualityObservation] = []
  /// Counts of rows, where they were asked for.
  public var rows: RowCounts?

  public init() {}

  /// The part of the rules that passed, 0 to 1; 1 for none.
  public var score: Double {
    rules.isEmpty ? 1 : Double(rules.count { $0.status == .passed }) / Double(rules.count)
  }

  /// All metrics of the run, by their names: what later runs look back on.
  public var metrics: [String: Double] {
    var all: [String: Double] = [:]
    for rule in rules { all.merge(rule.metrics) { $1 } }
    for analyzer in analyzers { all.merge(analyzer.metrics) { $1 } }
    return all
  }
}

/// How many rows passed every rule that looks at rows.
public struct RowCounts: Hashable, Sendable {
  public var processed: Double
  public var passed: Double
  public var failed: Double { processed - passed }
}

/// What became of a rule.
public struct RuleOutcome: Hashable, Sendable {
  public enum Status: String, Hashable, Sendable {
    case passed = "Passed"
    case failed = "Failed"
    /// It could not be evaluated.
    case error = "Error"
  }

  /// In AWS's canonical form.
  public var rule: String
  public var status: Status
  public var failureReason: String?
  /// By AWS's names: `Column.order_id.Completeness`, `Dataset.*.RowCount`.
  public var metrics: [String: Double]
  /// The rule with the numbers that its dynamic parts came to.
  public var evaluatedRule: String?
  public var labels: [RuleLabel]

  public init(
    rule: String, status: Status, failureReason: String? = nil, metrics: [String: Double] = [:],
    evaluatedRule: String? = nil, labels: [RuleLabel] = []
  ) {
    self.rule = rule
    self.status = status
    self.failureReason = failureReason
    self.metrics = metrics
    self.evaluatedRule = evaluatedRule
    self.labels = labels
  }
}

/// What an analyzer gathered.
public struct AnalyzerOutcome: Hashable, Sendable {
  public var analyzer: String
  public var failureReason: String?
  public var metrics: [String: Double]
}

/// A metric that is not where earlier runs had it.
public struct QualityObservation: Hashable, Sendable {
  public var description: String
  public var metric: String
  public var actual: Double
  public var expected: Double
  public var lower: Double
  public var upper: Double
  /// Rules that would have told it, one a text.
  public var newRules: [String]
}
