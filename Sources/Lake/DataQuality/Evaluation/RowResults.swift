import SQL

/// What each row has come to, as SQL: the data with four columns beside.
///
/// Source of the rules: "Evaluating data quality for ETL jobs", AWS Glue developer guide: `DataQualityRulesPass`,
/// `DataQualityRulesFail`, `DataQualityRulesSkip` and `DataQualityEvaluationResult`.
public struct RowResults: Sendable {
  public static let passColumn = "DataQualityRulesPass"
  public static let failColumn = "DataQualityRulesFail"
  public static let skipColumn = "DataQualityRulesSkip"
  public static let resultColumn = "DataQualityEvaluationResult"

  let evaluation: QualityEvaluation
  let prepared: QualityEvaluation.Prepared
  let ruleset: Ruleset

  init(evaluation: QualityEvaluation, prepared: QualityEvaluation.Prepared, ruleset: Ruleset) {
    self.evaluation = evaluation
    self.prepared = prepared
    self.ruleset = ruleset
  }

  /// - Throws: `CancellationError`.
  public init(_ evaluation: QualityEvaluation, _ ruleset: Ruleset) async throws {
    self.init(evaluation: evaluation, prepared: try await evaluation.prepare(ruleset), ruleset: ruleset)
  }

  private var tests: [(rule: String, test: String?)] {
    var seen: Set<Rule> = []
    return ruleset.rules.filter { seen.insert($0).inserted }.map { rule in
      (rule.description, prepared.rowTest(rule, filteredRows: "true"))
    }
  }

  /// The data with the result columns.
  /// - Parameter filteredRowsAreSkipped: whether a rule is skipped for rows that its filter leaves out
  ///   (`filteredRowLabel` SKIPPED), and not passed by them.
  public func sql(filteredRowsAreSkipped: Bool = false) -> String {
    var seen: Set<Rule> = []
    var tested: [(rule: String, test: String)] = []
    var skipped: [String] = []
    for rule in ruleset.rules where seen.insert(rule).inserted {
      if let test = prepared.rowTest(rule, filteredRows: filteredRowsAreSkipped ? "NULL" : "true") {
        tested.append((rule.description, test))
      } else {
        skipped.append(rule.description)
      }
    }
    let columns = tested.enumerated().map { "\($1.test) AS \"$test\($0)\"" }
    let inner = (["*"] + columns).joined(separator: ", ")
    func rules(_ value: String) -> String {
      let items = tested.enumerated().map { index, item in
        "CASE WHEN \"$test\(index)\" \(value) THEN \(DuckDBText.string(item.rule)) END"
      }
      return items.isEmpty ? "" : "list_filter([\(items.joined(separator: ", "))], lambda r: r IS NOT NULL)"
    }
    let none = "CAST([] AS VARCHAR[])"
    let passed = tested.isEmpty ? none : rules("IS TRUE")
    let failed = tested.isEmpty ? none : rules("IS FALSE")
    let always = "CAST([\(skipped.map(DuckDBText.string).joined(separator: ", "))] AS VARCHAR[])"
    let omitted = tested.isEmpty ? always : "list_concat(\(always), \(rules("IS NULL")))"
    let fails = tested.indices.map { "\"$test\($0)\" IS FALSE" }.joined(separator: " OR ")
    let result = tested.isEmpty ? "'Passed'" : "CASE WHEN \(fails) THEN 'Failed' ELSE 'Passed' END"
    let own = evaluation.data.columns.map(\.sql).joined(separator: ", ")
    return """
      SELECT \(own.isEmpty ? "" : own + ", ")\(passed) AS \(Self.passColumn), \(failed) AS \(Self.failColumn), \
      \(omitted) AS \(Self.skipColumn), \(result) AS \(Self.resultColumn) \
      FROM (SELECT \(inner) FROM \(evaluation.data.relation) AS "primary")
      """
  }

  /// How many rows pass every rule that looks at rows; `nil` where none does, or the engine refused.
  func counts() async throws -> RowCounts? {
    let all = tests.compactMap(\.test)
    guard !all.isEmpty else { return nil }
    let passes = all.map { "(\($0)) IS NOT FALSE" }.joined(separator: " AND ")
    do {
      let rows = try await evaluation.engine.rows(
        "SELECT CAST(count(*) AS DOUBLE), CAST(count(*) FILTER (WHERE passes) AS DOUBLE) "
          + "FROM (SELECT \(passes) AS passes FROM \(evaluation.data.relation) AS \"primary\")")
      guard let row = rows.first, row.count == 2, let processed = row[0].number, let passed = row[1].number else {
        return nil
      }
      return RowCounts(processed: processed, passed: passed)
    } catch {
      if error is CancellationError || Task.isCancelled { throw CancellationError() }
      return nil
    }
  }
}
