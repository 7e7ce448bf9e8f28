public import Kernel

/// Holds a ruleset against data.
///
///     let evaluation = QualityEvaluation(data: orders, engine: engine, now: clock.now())
///     let report = try await evaluation.run(try Ruleset("Rules = [ IsComplete \"id\" ]"))
///     print(report.score, report.rules[0].metrics["Column.id.Completeness"] ?? .nan)
public struct QualityEvaluation: Sendable {
  /// How rules that are joined are judged.
  public enum CompositeMethod: String, Sendable {
    /// Each by itself, over all rows; then the outcomes are joined.
    case column = "COLUMN"
    /// Row by row, where every one of them looks at rows.
    case row = "ROW"
  }

  public var data: QualityDataset
  /// Other datasets by their aliases.
  public var references: [String: QualityDataset]
  public var engine: any QualityEngine
  public var files: any QualityFiles
  /// Metrics of earlier runs, the newest first.
  public var history: [QualityHistoryEntry]
  public var now: Timestamp
  public var method = CompositeMethod.column
  /// Whether rows that pass are counted (`QualityReport.rows`).
  public var countsRows = false

  public init(
    data: QualityDataset, references: [String: QualityDataset] = [:], engine: any QualityEngine,
    files: any QualityFiles = NoQualityFiles(), history: [QualityHistoryEntry] = [], now: Timestamp
  ) {
    self.data = data
    self.references = references
    self.engine = engine
    self.files = files
    self.history = history
    self.now = now
  }

  /// Measures what the ruleset needs and judges its rules and analyzers, in their order.
  /// - Throws: `CancellationError`. What is wrong with a rule is its outcome.
  public func run(_ ruleset: Ruleset) async throws -> QualityReport {
    let prepared = try await prepare(ruleset)
    let plan = MeasurePlan(engine: engine, data: data)
    let measured = try await plan.measure(prepared.measures)
    var report = QualityReport()
    report.rules = ruleset.rules.map { rule in
      let found = prepared.outcome(rule, measured, method)
      let labels = ruleset.defaultLabels.filter { label in !rule.labels.contains { $0.key == label.key } } + rule.labels
      return RuleOutcome(
        rule: rule.description, status: found.status,
        failureReason: found.reasons.isEmpty ? nil : QualityMessage.cut(found.reasons.joined(separator: "\n")),
        metrics: found.metrics.filter(\.value.isFinite), evaluatedRule: found.evaluated, labels: labels)
    }
    for (analyzer, compiled) in prepared.analyzers {
      var outcome = AnalyzerOutcome(analyzer: analyzer.description, metrics: [:])
      do {
        outcome.metrics = try compiled.get().judge(measured).metrics.filter(\.value.isFinite)
      } catch {
        outcome.failureReason = QualityMessage.cut(error.message)
      }
      report.analyzers.append(outcome)
    }
    report.observations = observations(of: report.analyzers.reduce(into: [:]) { $0.merge($1.metrics) { $1 } })
    if countsRows {
      report.rows = try await RowResults(evaluation: self, prepared: prepared, ruleset: ruleset).counts()
    }
    return report
  }

  // MARK: Preparation

  /// The rules of a ruleset, each compiled once.
  struct Prepared: Sendable {
    var rules: [SimpleRule: Result<CompiledRule, RuleFailure>] = [:]
    var analyzers: [(Analyzer, Result<CompiledRule, RuleFailure>)] = []
    /// Of composite rules that are judged row by row: the rows that pass.
    var composites: [CompositeRule: Measure] = [:]

    var measures: [Measure] {
      let all = Array(rules.values) + analyzers.map(\.1)
      return all.flatMap { (try? $0.get())?.measures ?? [] } + composites.flatMap { [Measure.rows(nil), $0.value] }
    }
  }

  func prepare(_ ruleset: Ruleset) async throws -> Prepared {
    var datasets = references
    datasets[RuleGround.primary] = data
    if let name = ruleset.primarySource { datasets[name] = datasets[name] ?? data }
    let ground = RuleGround(data: data, datasets: datasets, history: history, now: now)
    let compiler = RuleCompiler(ground: ground, engine: engine, files: files)
    var prepared = Prepared()
    for rule in ruleset.rules.flatMap(\.leaves) where prepared.rules[rule] == nil {
      prepared.rules[rule] = try await Self.caught { try await compiler.compile(rule) }
    }
    for analyzer in ruleset.analyzers {
      prepared.analyzers.append((analyzer, try await Self.caught { try await compiler.measured(analyzer) }))
    }
    if method == .row {
      for case .composite(let rule) in ruleset.rules {
        guard let test = prepared.rowTest(.composite(rule), filteredRows: "true") else { continue }
        prepared.composites[rule] = .question(
          "SELECT CAST(count(*) AS DOUBLE) FROM (SELECT \(test) AS passes FROM \(data.relation) AS \"primary\") "
            + "WHERE passes")
      }
    }
    return prepared
  }

  private static func caught(
    _ body: () async throws -> CompiledRule
  ) async throws -> Result<CompiledRule, RuleFailure> {
    do {
      return .success(try await body())
    } catch let failure as RuleFailure {
      return .failure(failure)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      return .failure(.error(QualityMessage.text(error)))
    }
  }

  // MARK: Observations

  /// Metrics of analyzers that lie where earlier runs did not have them.
  private func observations(of metrics: [String: Double]) -> [QualityObservation] {
    metrics.sorted { $0.key < $1.key }.compactMap { name, value in
      guard let range = AnomalyRange(history.compactMap { $0.metrics[name] }), !range.holds(value) else { return nil }
      let parts = name.split(separator: ".", maxSplits: 1)
      let last = name.split(separator: ".").last.map(String.init) ?? name
      var rules: [String] = []
      let between = "between \(JavaNumber.text(range.lower)) and \(JavaNumber.text(range.upper))"
      if name == "Dataset.*.RowCount" || name == "Dataset.*.ColumnCount" {
        rules = ["\(last) \(between)"]
      } else if parts.first == "Column", RuleType(rawValue: last) != nil {
        let column = name.dropFirst("Column.".count).dropLast(last.count + 1)
        rules = ["\(last) \"\(column)\" \(between)"]
      }
      return QualityObservation(
        description: "The metric \(name) lies outside of where earlier runs had it.", metric: name, actual: value,
        expected: range.expected, lower: range.lower, upper: range.upper, newRules: rules)
    }
  }
}

extension QualityEvaluation.Prepared {
  struct Outcome {
    var status: RuleOutcome.Status
    var reasons: [String] = []
    var metrics: [String: Double] = [:]
    var evaluated: String?
  }

  func outcome(_ rule: Rule, _ measured: Measured, _ method: QualityEvaluation.CompositeMethod) -> Outcome {
    switch rule {
    case .simple(let rule): outcome(rule, measured)
    case .composite(let rule):
      if method == .row, let passed = composites[rule] {
        rowOutcome(rule, passed, measured)
      } else {
        joined(rule, rule.rules.map { outcome($0, measured, .column) })
      }
    }
  }

  private func outcome(_ rule: SimpleRule, _ measured: Measured) -> Outcome {
    do throws(RuleFailure) {
      guard let compiled = try rules[rule]?.get() else { throw .error("Rule not executed") }
      let judgement = try compiled.judge(measured)
      return Outcome(
        status: judgement.reasons.isEmpty ? .passed : .failed, reasons: judgement.reasons, metrics: judgement.metrics,
        evaluated: compiled.evaluated)
    } catch {
      return Outcome(status: error.status, reasons: [error.message])
    }
  }

  private func joined(_ rule: CompositeRule, _ parts: [Outcome]) -> Outcome {
    let status: RuleOutcome.Status
    switch rule.joined {
    case .and:
      status =
        parts.allSatisfy { $0.status == .passed } ? .passed : parts.contains { $0.status == .failed } ? .failed : .error
    case .or:
      status =
        parts.contains { $0.status == .passed } ? .passed : parts.contains { $0.status == .failed } ? .failed : .error
    }
    var whole = Outcome(status: status, reasons: parts.flatMap(\.reasons))
    for part in parts { whole.metrics.merge(part.metrics) { $1 } }
    if parts.contains(where: { $0.evaluated != nil }) {
      let texts = zip(rule.rules, parts).map { $1.evaluated ?? $0.description }
      whole.evaluated = texts.map { "(\($0))" }.joined(separator: " \(rule.joined.rawValue) ")
    }
    return whole
  }

  private func rowOutcome(_ rule: CompositeRule, _ passed: Measure, _ measured: Measured) -> Outcome {
    do throws(RuleFailure) {
      let all = try measured.count(.rows(nil))
      let part = all > 0 ? try measured.count(passed) / all : 1
      var whole = Outcome(status: part == 1 ? .passed : .failed)
      if part != 1 { whole.reasons = [QualityMessage.unmet(part)] }
      for leaf in Rule.composite(rule).leaves { whole.metrics.merge(outcome(leaf, measured).metrics) { $1 } }
      return whole
    } catch {
      return Outcome(status: error.status, reasons: [error.message])
    }
  }

  // MARK: Rows

  /// Whether a row passes a rule, as SQL; `nil` for a rule that does not look at rows.
  /// - Parameter filteredRows: what a row gets that the rule's filter leaves out: `true` or `NULL`.
  func rowTest(_ rule: Rule, filteredRows: String, isNested: Bool = false) -> String? {
    switch rule {
    case .simple(let rule):
      guard !isNested || !rule.type.isExcludedFromCompositeRows, let test = try? rules[rule]?.get().rowTest else {
        return nil
      }
      guard let filter = (try? RuleGround.filter(rule)) ?? nil else { return "coalesce(\(test), false)" }
      return "CASE WHEN coalesce(\(filter), false) THEN coalesce(\(test), false) ELSE \(filteredRows) END"
    case .composite(let rule):
      var tests: [String] = []
      for inner in rule.rules {
        guard let test = rowTest(inner, filteredRows: filteredRows, isNested: true) else { return nil }
        tests.append(test)
      }
      return "(\(tests.joined(separator: " \(rule.joined.rawValue) ")))"
    }
  }
}
