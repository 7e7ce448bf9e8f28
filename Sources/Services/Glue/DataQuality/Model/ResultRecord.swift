import DataQuality
import GlueModel
import Kernel
import Storage

/// A result as it is stored.
struct ResultRecord: Codable, Sendable, Hashable {
  struct RuleResult: Codable, Sendable, Hashable {
    var name: String
    var rule: String
    /// `PASS`, `FAIL` or `ERROR`.
    var status: String
    var message: String?
    var metrics: [String: Double]
    var evaluated: String?
    var labels: [String: String]?
  }
  struct AnalyzerResult: Codable, Sendable, Hashable {
    var name: String
    var analyzer: String
    var message: String?
    var metrics: [String: Double]
  }
  struct Observation: Codable, Sendable, Hashable {
    var description: String
    var metric: String
    var statistic: String
    var actual: Double
    var expected: Double
    var lower: Double
    var upper: Double
    var newRules: [String]
  }
  struct Rows: Codable, Sendable, Hashable {
    var processed: Double
    var passed: Double
  }

  var id: String
  var profile: String
  var score: Double
  var source: SourceRecord?
  var ruleset: String?
  var context: String?
  var started: Timestamp
  var completed: Timestamp
  var jobName: String?
  var jobRun: String?
  var run: String?
  var rules: [RuleResult]
  var analyzers: [AnalyzerResult]
  var observations: [Observation]
  var rows: Rows?
}

extension ResultRecord {
  /// - Parameter statistic: names the statistic of a metric.
  init(
    id: String, profile: String, report: QualityReport, started: Timestamp, completed: Timestamp,
    statistic: (String) -> String
  ) {
    self.id = id
    self.profile = profile
    self.started = started
    self.completed = completed
    score = report.score
    rules = report.rules.enumerated().map { index, rule in
      RuleResult(
        name: "Rule_\(index + 1)", rule: rule.rule, status: rule.status.apiName, message: rule.failureReason,
        metrics: rule.metrics, evaluated: rule.evaluatedRule,
        labels: rule.labels.isEmpty ? nil : Dictionary(rule.labels.map { ($0.key, $0.value) }) { $1 })
    }
    analyzers = report.analyzers.enumerated().map { index, analyzer in
      AnalyzerResult(
        name: "Analyzer_\(index + 1)", analyzer: analyzer.analyzer, message: analyzer.failureReason,
        metrics: analyzer.metrics)
    }
    observations = report.observations.prefix(DataQualityLimits.observationsMax).map { observation in
      Observation(
        description: observation.description, metric: observation.metric, statistic: statistic(observation.metric),
        actual: observation.actual, expected: observation.expected, lower: observation.lower,
        upper: observation.upper, newRules: observation.newRules)
    }
    rows = report.rows.map { Rows(processed: $0.processed, passed: $0.passed) }
  }

  var shape: DataQualityResult {
    DataQualityResult(
      resultId: id, profileId: profile, score: score, dataSource: source?.shape, rulesetName: ruleset,
      evaluationContext: context, startedOn: started, completedOn: completed, jobName: jobName, jobRunId: jobRun,
      rulesetEvaluationRunId: run, ruleResults: rules.map(\.shape), analyzerResults: analyzers.map(\.shape),
      observations: observations.map(\.shape), aggregatedMetrics: aggregated)
  }

  var description: DataQualityResultDescription {
    DataQualityResultDescription(
      resultId: id, dataSource: source?.shape, jobName: jobName, jobRunId: jobRun, startedOn: started)
  }

  private var aggregated: DataQualityAggregatedMetrics {
    let passed = Double(rules.count { $0.status == "PASS" })
    return DataQualityAggregatedMetrics(
      totalRowsProcessed: rows?.processed, totalRowsPassed: rows?.passed,
      totalRowsFailed: rows.map { $0.processed - $0.passed }, totalRulesProcessed: Double(rules.count),
      totalRulesPassed: passed, totalRulesFailed: Double(rules.count) - passed)
  }
}

extension ResultRecord.RuleResult {
  var shape: DataQualityRuleResult {
    DataQualityRuleResult(
      name: name, description: QualityText.cut(rule), evaluationMessage: message.map(QualityText.cut),
      result: DataQualityRuleResultStatus(rawValue: status), evaluatedMetrics: metrics,
      evaluatedRule: evaluated.map(QualityText.cut), labels: labels)
  }
}

extension ResultRecord.AnalyzerResult {
  var shape: DataQualityAnalyzerResult {
    DataQualityAnalyzerResult(
      name: name, description: QualityText.cut(analyzer), evaluationMessage: message.map(QualityText.cut),
      evaluatedMetrics: metrics)
  }
}

extension ResultRecord.Observation {
  var shape: DataQualityObservation {
    DataQualityObservation(
      description: description,
      metricBasedObservation: MetricBasedObservation(
        metricName: metric, statisticId: statistic,
        metricValues: DataQualityMetricValues(
          actualValue: actual, expectedValue: expected, lowerLimit: lower, upperLimit: upper), newRules: newRules))
  }
}

extension RuleOutcome.Status {
  /// As the API has it.
  var apiName: String {
    switch self {
    case .passed: "PASS"
    case .failed: "FAIL"
    case .error: "ERROR"
    }
  }
}

/// Texts of results, which the API's model limits.
enum QualityText {
  static func cut(_ text: String) -> String {
    text.count <= QualityLimits.messageCharactersMax
      ? text : text.prefix(QualityLimits.messageCharactersMax - 1) + "…"
  }
}

extension KeyTransaction {
  /// A new result, and where it is found; the oldest ones go.
  func add(_ result: ResultRecord, _ keys: QualityKeys) throws {
    try set(keys.result(result.id), record: result)
    try set(keys.resultTime(result.started, result.id), [])
    let all = try entries(keys.resultTimes)
    for entry in all.dropLast(DataQualityLimits.resultsKept) {
      try delete(entry.key)
      if let id = entry.key.elements?.last?.string { try delete(keys.result(id)) }
    }
  }
}
