import Kernel
import SQL

/// A rule, ready to be measured and judged.
struct CompiledRule: Sendable {
  /// What has to be measured.
  var measures: [Measure]
  /// What the measures mean.
  var judge: @Sendable (Measured) throws(RuleFailure) -> Judgement
  /// Whether a row passes, as SQL over a row; `nil` for rules about the data as a whole. Filters are not in it.
  var rowTest: String?
  /// The rule with the numbers that its dynamic parts came to.
  var evaluated: String?

  init(
    _ measures: [Measure], rowTest: String? = nil, evaluated: String? = nil,
    judge: @escaping @Sendable (Measured) throws(RuleFailure) -> Judgement
  ) {
    self.measures = measures
    self.judge = judge
    self.rowTest = rowTest
    self.evaluated = evaluated
  }

  /// A judgement that needs no measure.
  init(_ judgement: Judgement, evaluated: String? = nil) {
    self.init([], evaluated: evaluated) { _ in judgement }
  }
}

/// What a rule's measures came to.
struct Judgement: Sendable {
  /// Why it failed, a line each; it passed where there is none.
  var reasons: [String] = []
  var metrics: [String: Double] = [:]

  /// Holds a metric against a condition.
  init(_ value: Double, named name: String, _ test: NumberTest, isWhole: Bool = false) {
    metrics = [name: value]
    reasons = test.reasons(against: value, isWhole: isWhole)
  }

  init(reasons: [String] = [], metrics: [String: Double] = [:]) {
    self.reasons = reasons
    self.metrics = metrics
  }

  /// A part of the rows that must be all of them.
  static func whole(_ part: Double, named name: String) -> Judgement {
    Judgement(reasons: part == 1 ? [] : [QualityMessage.unmet(part)], metrics: [name: part])
  }
}

/// What rules know of where they are evaluated.
struct RuleGround: Sendable {
  /// The data's name in SQL and in rules.
  static let primary = "primary"

  var data: QualityDataset
  /// By alias; the data itself among them.
  var datasets: [String: QualityDataset]
  /// The newest first.
  var history: [QualityHistoryEntry]
  var now: Timestamp

  /// - Throws: `RuleFailure` for a column that is not there or holds lists or maps.
  func column(_ name: String) throws(RuleFailure) -> QualityDataset.Column {
    guard let column = data.column(name) else { throw .noColumn(name) }
    guard !column.isNested else {
      throw .failed("Unsupported nested column type of column \(name): \(column.sparkType)!")
    }
    return column
  }

  /// - Throws: `RuleFailure` for a column whose type is no number's.
  func numericColumn(_ name: String) throws(RuleFailure) -> QualityDataset.Column {
    let column = try column(name)
    guard column.isNumeric else {
      throw .failed(
        "Expected type of column \(name) to be one of "
          + "(ByteType,ShortType,IntegerType,LongType,FloatType,DoubleType,DecimalType), "
          + "but found \(column.sparkType) instead!")
    }
    return column
  }

  /// A dataset by its alias.
  func reference(_ alias: String, missing: String) throws(RuleFailure) -> QualityDataset {
    guard let found = datasets[alias] else { throw .failed(missing) }
    return found
  }

  /// SQL of the ruleset's owner, which may name every dataset by its alias.
  func statement(_ sql: String) throws(RuleFailure) -> String {
    let text = try SparkText.duckDB(sql)
    let tables = datasets.sorted { $0.key < $1.key }.map { alias, dataset in
      "\(DuckDBText.identifier(alias)) AS NOT MATERIALIZED (SELECT * FROM \(dataset.relation))"
    }
    return "WITH \(tables.joined(separator: ", ")) SELECT * FROM (\(text)\n) AS \"$statement\""
  }

  /// A filter, in brackets; `nil` for a rule without one.
  static func filter(_ rule: SimpleRule) throws(RuleFailure) -> String? {
    guard let filter = rule.filter else { return nil }
    do {
      return "(\(try SparkText.duckDB(filter)))"
    } catch {
      throw .error("The provided where clause is invalid")
    }
  }

  func test(_ rule: SimpleRule, _ metric: String) throws(RuleFailure) -> NumberTest {
    try NumberTest(rule.condition, metric: metric, history: history)
  }

  /// The rule with a condition's computed numbers.
  func evaluated(_ rule: SimpleRule, _ test: NumberTest) -> String? {
    guard let evaluated = test.evaluated else { return nil }
    let condition = rule.condition.written
    return rule.description.replacingFirst(" " + condition, with: " " + evaluated)
  }

  /// How many rows must pass: what the threshold says, or all of them.
  func threshold(_ rule: SimpleRule, _ metric: String) throws(RuleFailure) -> NumberTest? {
    guard let threshold = rule.threshold else { return nil }
    return try NumberTest(threshold, metric: metric, history: history)
  }
}

extension String {
  fileprivate func replacingFirst(_ text: String, with other: String) -> String {
    guard let range = firstRange(of: text) else { return self }
    return replacingCharacters(in: range, with: other)
  }

  private func replacingCharacters(in range: Range<Index>, with other: String) -> String {
    self[..<range.lowerBound] + other + self[range.upperBound...]
  }
}
