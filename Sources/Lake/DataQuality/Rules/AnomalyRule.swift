// DetectAnomalies: whether a metric lies where earlier runs had it.
//
// AWS's model is its own and learns seasons; here a metric is an anomaly that lies further from the mean of earlier
// runs than three of their standard deviations (deequ's `BatchNormalStrategy`), and a metric that never changed when
// it does.

extension RuleCompiler {
  func detectAnomalies(_ rule: SimpleRule) async throws -> CompiledRule {
    guard let type = RuleType(rawValue: rule.parameters[0].value) else {
      throw RuleFailure.failed("Unknown metric for DetectAnomalies: \(rule.parameters[0].value)")
    }
    let inner = try await measured(Analyzer(type: type, parameters: Array(rule.parameters.dropFirst())))
    let history = ground.history
    return CompiledRule(inner.measures) { measured throws(RuleFailure) in
      let metrics = try inner.judge(measured).metrics
      var judgement = Judgement(metrics: metrics)
      for (name, value) in metrics.sorted(by: { $0.key < $1.key }) {
        guard let range = AnomalyRange(history.compactMap { $0.metrics[name] }), !range.holds(value) else { continue }
        judgement.reasons.append(
          "\(name) of \(JavaNumber.text(value)) is anomalous: it is expected to lie between "
            + "\(JavaNumber.text(range.lower)) and \(JavaNumber.text(range.upper))")
      }
      return judgement
    }
  }

  /// An analyzer's metrics, without a condition on them.
  func measured(_ analyzer: Analyzer) async throws -> CompiledRule {
    if analyzer.type == .allStatistics { return try allStatistics(analyzer) }
    guard analyzer.type.parameterCounts.contains(analyzer.parameters.count) else {
      throw RuleFailure.failed("Analyzer Type: \(analyzer.type.rawValue) is not valid")
    }
    let any: RuleCondition
    switch analyzer.type.answers(parameters: analyzer.parameters.count)[0] {
    case .number: any = .number(.greaterOrEqual, [.literal("0")])
    case .string where analyzer.type == .columnValues:
      // NULL is in every column or in none: a condition that needs no type.
      any = .number(.notEqual, [.null])
    case .boolean: any = .none
    default: throw RuleFailure.failed("Analyzer Type: \(analyzer.type.rawValue) is not supported")
    }
    return try await compile(SimpleRule(type: analyzer.type, parameters: analyzer.parameters, condition: any))
  }

  /// What is known of a column of its type: AllStatistics.
  private func allStatistics(_ analyzer: Analyzer) throws(RuleFailure) -> CompiledRule {
    let written = analyzer.parameters[0].value
    let column = try ground.column(written)
    let entity = "Column.\(written)"
    let rows = Measure.rows(nil)
    let present = Measure.present(column, nil)
    let (singles, grouped) = (
      Measure.group([column.name], filter: nil, .singles), Measure.group([column.name], filter: nil, .rows)
    )
    var named: [(name: String, measure: Measure)] = []
    func add(_ name: String, _ sql: String) { named.append(("\(entity).\(name)", .aggregate(sql, filter: nil))) }
    if column.isNumeric {
      add("Minimum", "min(\(column.sql))")
      add("Maximum", "max(\(column.sql))")
      add("Mean", "avg(\(column.double))")
      add("Sum", "sum(\(column.double))")
      add("StandardDeviation", "stddev_pop(\(column.double))")
    } else if column.isText {
      add("MinimumLength", "min(length(\(column.sql)))")
      add("MaximumLength", "max(length(\(column.sql)))")
    }
    let others = named
    return CompiledRule([rows, present, singles, grouped] + named.map(\.measure)) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      var metrics = ["Dataset.*.RowCount": all]
      if all > 0 { metrics["\(entity).Completeness"] = try measured.count(present) / all }
      let counted = try measured.count(grouped)
      if counted > 0 { metrics["\(entity).Uniqueness"] = try measured.count(singles) / counted }
      for (name, measure) in others { metrics[name] = try measured.value(measure) }
      return Judgement(metrics: metrics)
    }
  }
}

/// Where a metric is expected.
struct AnomalyRange: Hashable, Sendable {
  var lower: Double
  var upper: Double
  var expected: Double

  /// - Parameter values: earlier ones; too few tell nothing.
  init?(_ values: [Double]) {
    let values = values.filter(\.isFinite)
    guard values.count >= QualityLimits.anomalyHistoryMin else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    expected = mean
    // Sums of doubles are not exact: a value that never changed may be off by as much.
    let slack = Swift.max(abs(mean), 1) * 1e-9
    lower = mean - 3 * deviation - slack
    upper = mean + 3 * deviation + slack
  }

  func holds(_ value: Double) -> Bool { value >= lower && value <= upper }
}
