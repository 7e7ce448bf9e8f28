import DataQuality
import Kernel
import Testing

/// Rules that look beyond the data: other datasets, earlier runs, files; and what rows come to.
@Suite struct ComparisonTests {
  let engine = EngineFixture()
  static let primary = """
    SELECT * FROM (VALUES (1, 'CA', 'California', 10.0), (2, 'TX', 'Texas', 20.0), (3, 'ZZ', NULL, 30.0))
    AS t(id, code, name, amount)
    """
  static let reference = """
    SELECT * FROM (VALUES (1, 'CA', 'California', 10.0), (2, 'TX', 'Texas!', 20.0), (4, 'NY', 'New York', 30.0))
    AS t(id, code, name, amount)
    """

  private func evaluation(_ data: String = primary) async throws -> QualityEvaluation {
    QualityEvaluation(
      data: try await engine.data(data),
      references: [
        "reference": try await engine.data(Self.reference),
        "db.states": try await engine.data("SELECT 'CA' AS state_code"),
      ], engine: engine, files: FewFiles(), now: EngineFixture.now)
  }

  private func outcome(_ rule: String, history: [[String: Double]] = []) async throws -> RuleOutcome {
    var evaluation = try await evaluation()
    evaluation.history = history.map { QualityHistoryEntry(metrics: $0) }
    return try #require(try await evaluation.run(try Ruleset("Rules = [ \(rule) ]")).rules.first)
  }

  // MARK: Other datasets

  static let compared: [(rule: String, status: RuleOutcome.Status, metrics: [String: Double])] = [
    ("RowCountMatch \"reference\" = 1.0", .passed, ["Dataset.reference.RowCountMatch": 1]),
    ("SchemaMatch \"reference\" = 1.0", .passed, ["Dataset.reference.SchemaMatch": 1]),
    ("SchemaMatch \"db.states\" > 0.1", .failed, ["Dataset.db.states.SchemaMatch": 0]),
    ("AggregateMatch \"sum(amount)\" \"sum(reference.amount)\" = 1", .passed, ["Column.amount.AggregateMatch": 1]),
    (
      "AggregateMatch \"SUM(amount)\" \"avg(reference.id)\" > 2", .passed,
      ["Column.amount,id.AggregateMatch": 60 / (7.0 / 3)]
    ),
    (
      "ReferentialIntegrity \"code\" \"reference.code\" > 0.6", .passed,
      ["Column.reference.ReferentialIntegrity": 2.0 / 3]
    ),
    (
      "ReferentialIntegrity \"code\" \"db.states.state_code\" = 1", .failed,
      ["Column.db.states.ReferentialIntegrity": 1.0 / 3]
    ),
    (
      "ReferentialIntegrity \"id, code\" \"reference.{id,code}\" > 0.6", .passed,
      ["Column.reference.ReferentialIntegrity": 2.0 / 3]
    ),
    ("DatasetMatch \"reference\" \"id\" > 0.3", .passed, ["Dataset.reference.DatasetMatch": 1.0 / 3]),
    (
      "DatasetMatch \"reference\" \"id->id\" \"amount->amount\" > 0.6", .passed,
      ["Dataset.reference.DatasetMatch": 2.0 / 3]
    ),
    (
      "CustomSql \"select count(*) from primary p join reference r on p.id = r.id\" = 2", .passed,
      ["Dataset.*.CustomSQL": 2]
    ),
    ("CustomSql \"select count(*) from `db.states`\" = 1", .passed, ["Dataset.*.CustomSQL": 1]),
  ]

  @Test(arguments: compared) func `datasets are compared`(
    rule: String, status: RuleOutcome.Status, metrics: [String: Double]
  ) async throws {
    let outcome = try await outcome(rule)
    #expect(outcome.status == status, "\(outcome.failureReason ?? "")")
    #expect(outcome.metrics == metrics)
  }

  static let refused: [(rule: String, reason: String)] = [
    ("ReferentialIntegrity \"code\" \"nowhere.code\" = 1", "nowhere not found in additional sources"),
    ("ReferentialIntegrity \"x\" \"reference.code\" = 1", "Column x does not exist in primary data frame."),
    (
      "ReferentialIntegrity \"code\" \"reference.{x,y}\" = 1",
      "The number of columns to check from the primary data frame must equal the number of columns to check from the "
        + "reference data frame."
    ),
    ("DatasetMatch \"reference\" \"x\" = 1", "The following key columns were not found in the first dataset: x"),
    ("DatasetMatch \"reference\" \"id\" \"x\" = 1", "The following columns were not found in the first dataset: x"),
    ("AggregateMatch \"sum(amount)\" \"sum(nowhere.amount)\" = 1", "nowhere not found in additional sources"),
    (
      "AggregateMatch \"max(amount)\" \"sum(amount)\" = 1",
      "Rule (or nested rule) not supported due to: Unsupported Rule"
    ),
    ("SchemaMatch \"reference\" < 0.5", "100.00% of columns passed the threshold"),
  ]

  @Test(arguments: refused) func `what cannot be compared says why`(rule: String, reason: String) async throws {
    let outcome = try await outcome(rule)
    #expect(outcome.status == .failed)
    #expect(outcome.failureReason == reason)
  }

  @Test func `keys that repeat make datasets incomparable`() async throws {
    let evaluation = try await evaluation("SELECT * FROM (VALUES (1, 'a'), (1, 'b')) AS t(id, code)")
    let report = try await evaluation.run(try Ruleset("Rules = [ DatasetMatch \"reference\" \"id\" \"code\" > 0 ]"))
    #expect(report.rules[0].failureReason?.contains("there are 1 unique records and 2 rows") == true)
  }

  // MARK: Earlier runs

  static let dynamic: [(rule: String, evaluated: String, passes: Bool)] = [
    ("RowCount > avg(last(3))", "RowCount > 3.0", false),
    ("RowCount >= last()", "RowCount >= 2.0", true),
    ("RowCount between min(last(10)) and max(last(10)) + 1", "RowCount between 2.0 and 6.0", true),
    ("RowCount > index(last(3),0) - std(last(3))", "RowCount > 0.5857864376269049", true),
    ("RowCount <= percentile(last(3),0.5)", "RowCount <= 2.0", false),
    ("RowCount = median(last(4)) * (1 + 0.25)", "RowCount = 3.125", false),
    ("RowCount <= sum(last(2)) / 1", "RowCount <= 4.0", true),
  ]

  @Test(arguments: dynamic) func `rules look back`(rule: String, evaluated: String, passes: Bool) async throws {
    let history = [2.0, 2, 5, 3].map { ["Dataset.*.RowCount": $0] }
    let outcome = try await outcome(rule, history: history)
    #expect(outcome.status == (passes ? .passed : .failed))
    #expect(outcome.evaluatedRule == evaluated)
  }

  @Test(arguments: ["RowCount >= last()", "Completeness \"name\" > avg(last(3))", "Mean \"amount\" = index(last(2),1)"])
  func `a rule without anything to look back on fails, and is measured for the next`(rule: String) async throws {
    let outcome = try await outcome(rule)
    #expect(outcome.status == .failed)
    #expect(outcome.metrics.count == 1)
    #expect(outcome.failureReason == "Rule threshold results in empty list, and a single value is expected.")
  }

  @Test func `an anomaly lies outside of where earlier runs were`() async throws {
    let steady = (0..<5).map { ["Dataset.*.RowCount": 100 + Double($0 % 2)] }
    let anomalous = try await outcome("DetectAnomalies \"RowCount\"", history: steady)
    #expect(anomalous.status == .failed)
    #expect(anomalous.metrics == ["Dataset.*.RowCount": 3])
    let usual = (0..<5).map { ["Dataset.*.RowCount": 3 + Double($0 % 2)] }
    #expect(try await outcome("DetectAnomalies \"RowCount\"", history: usual).status == .passed)
    // Two runs tell nothing yet.
    #expect(try await outcome("DetectAnomalies \"RowCount\"", history: Array(steady.prefix(2))).status == .passed)
    #expect(
      try await outcome("DetectAnomalies \"Completeness\" \"name\"").metrics == ["Column.name.Completeness": 2.0 / 3])
  }

  @Test func `analyzers gather metrics, and odd ones are observed`() async throws {
    var evaluation = try await evaluation()
    evaluation.history = (0..<4).map { _ in QualityHistoryEntry(metrics: ["Dataset.*.RowCount": 50]) }
    let report = try await evaluation.run(
      try Ruleset(
        "Rules = [ RowCount > 1 ] Analyzers = [ Completeness \"name\", AllStatistics \"amount\", Mean \"code\" ]"))
    #expect(report.score == 1)
    #expect(report.analyzers[0].metrics == ["Column.name.Completeness": 2.0 / 3])
    #expect(report.analyzers[1].metrics["Column.amount.Maximum"] == 30)
    #expect(report.analyzers[1].metrics["Column.amount.Uniqueness"] == 1)
    #expect(report.analyzers[1].metrics["Dataset.*.RowCount"] == 3)
    #expect(report.analyzers[2].failureReason?.contains("StringType") == true)
    #expect(report.observations.map(\.metric) == ["Dataset.*.RowCount"])
    #expect(report.observations.first?.newRules.first?.hasPrefix("RowCount between ") == true)
  }

  // MARK: Rows

  @Test func `joined rules can be judged row by row`() async throws {
    var evaluation = try await evaluation("SELECT * FROM (VALUES (2, 1), (0, 3)) AS t(a, b)")
    let ruleset = try Ruleset("Rules = [ (ColumnValues \"a\" > 1) or (ColumnValues \"b\" > 2) ]")
    #expect(try await evaluation.run(ruleset).rules[0].status == .failed)
    evaluation.method = .row
    let report = try await evaluation.run(ruleset)
    #expect(report.rules[0].status == .passed)
    let both = try await evaluation.run(
      try Ruleset("Rules = [ (ColumnValues \"a\" > 1) and (ColumnValues \"b\" >= 1) ]"))
    #expect(both.rules[0].failureReason == "Value: 0.5 does not meet the constraint requirement!")
  }

  @Test func `each row tells what it passed, failed and was not asked`() async throws {
    var evaluation = try await evaluation()
    let ruleset = try Ruleset(
      """
      Rules = [ IsComplete "name", RowCount > 1, IsUnique "code", ColumnValues "amount" > 15 where "id > 1",
        (IsComplete "name") and (ColumnValues "id" < 3), (RowCount > 1) or (IsComplete "name"),
        ReferentialIntegrity "code" "reference.code" > 0.1, IsUnique "code" ]
      """)
    let rows = try await RowResults(evaluation, ruleset)
    let found = try await engine.rows(
      "SELECT array_to_string(DataQualityRulesPass, '|'), array_to_string(DataQualityRulesFail, '|'), "
        + "array_to_string(DataQualityRulesSkip, '|'), DataQualityEvaluationResult, id FROM (\(rows.sql())) ORDER BY id"
    )
    let skipped = "RowCount > 1|(RowCount > 1) OR (IsComplete \"name\")"
    let all = [
      "IsComplete \"name\"", "IsUnique \"code\"", "ColumnValues \"amount\" > 15 where \"id > 1\"",
      "(IsComplete \"name\") AND (ColumnValues \"id\" < 3)",
      "ReferentialIntegrity \"code\" \"reference.code\" > 0.1",
    ]
    #expect(found[0] == [.text(all.joined(separator: "|")), .text(""), .text(skipped), .text("Passed"), .number(1)])
    #expect(found[1] == [.text(all.joined(separator: "|")), .text(""), .text(skipped), .text("Passed"), .number(2)])
    #expect(
      found[2] == [
        .text([all[1], all[2]].joined(separator: "|")), .text([all[0], all[3], all[4]].joined(separator: "|")),
        .text(skipped), .text("Failed"), .number(3),
      ])
    evaluation.countsRows = true
    let counts = try #require(try await evaluation.run(ruleset).rows)
    #expect(counts.processed == 3)
    #expect(counts.passed == 2)
    #expect(counts.failed == 1)
    let skipping = try await engine.rows(
      "SELECT array_to_string(DataQualityRulesSkip, '|') FROM (\(rows.sql(filteredRowsAreSkipped: true))) ORDER BY id")
    #expect(skipping[0] == [.text(skipped + "|" + all[2])])
  }

  @Test func `rules about the data alone skip every row`() async throws {
    let rows = try await RowResults(try await evaluation(), try Ruleset("Rules = [ RowCount > 1 ]"))
    let found = try await engine.rows(
      "SELECT len(DataQualityRulesPass), DataQualityRulesSkip[1] FROM (\(rows.sql())) LIMIT 1")
    #expect(found == [[.number(0), .text("RowCount > 1")]])
  }

  // MARK: Files

  static let files: [(rule: String, status: RuleOutcome.Status, metrics: [String: Double])] = [
    (
      "FileFreshness \"s3://b/p/\" > (now() - 24 hours)", .failed,
      ["Dataset.*.FileFreshness.Compliance": 2.0 / 3, "Dataset.*.FileCount": 3]
    ),
    (
      "FileFreshness \"s3://b/p/\" > (now() - 24 hours) with threshold > 0.5", .passed,
      ["Dataset.*.FileFreshness.Compliance": 2.0 / 3, "Dataset.*.FileCount": 3]
    ),
    (
      "FileFreshness \"s3://b/p/\" > \"6:00 AM\" with timeZone = \"America/New_York\" with recentFiles = 2", .passed,
      ["Dataset.*.FileFreshness.Compliance": 1, "Dataset.*.FileCount": 2]
    ),
    (
      "FileFreshness \"s3://b/p/a.csv\" between \"2026-03-15\" and \"2026-03-16\"", .passed,
      ["Dataset.*.FileFreshness.Compliance": 1, "Dataset.*.FileCount": 1]
    ),
    (
      "FileSize \"s3://b/p/\" between 9 B and 1 MB", .passed,
      [
        "Dataset.*.FileSize.Compliance": 1, "Dataset.*.FileCount": 3, "Dataset.*.MaximumFileSize": 2048,
        "Dataset.*.MinimumFileSize": 10,
      ]
    ),
    (
      "FileUniqueness \"s3://b/p/\" > 0.5", .failed,
      ["Dataset.*.FileUniquenessRatio": 1.0 / 3, "Dataset.*.FileCount": 3]
    ),
    (
      "FileUniqueness \"s3://b/p/\" = 1 with matchFileName = \"true\"", .passed,
      ["Dataset.*.FileUniquenessRatio": 1, "Dataset.*.FileCount": 3]
    ),
    (
      "FileUniqueness \"s3://b/p/\" = 1 with uriRegex = \"[ac].csv$\"", .passed,
      ["Dataset.*.FileUniquenessRatio": 1, "Dataset.*.FileCount": 2]
    ),
    (
      "FileMatch \"s3://b/p/a.csv\" \"s3://b/p/\"", .passed,
      ["Dataset.*.FileMatch.Compliance": 1, "Dataset.*.FileCount": 1]
    ),
    (
      "FileMatch \"s3://b/p/\" in [\"D1\"] with hashAlgorithm = \"MD5\"", .failed,
      ["Dataset.*.FileMatch.Compliance": 2.0 / 3, "Dataset.*.FileCount": 3]
    ),
    ("FileSize \"s3://b/nothing/\" > 1 B", .failed, [:]), ("FileSize > 1 B", .failed, [:]),
    ("FileMatch \"s3://b/p/\" in [\"x\"] with hashAlgorithm = \"SHA-256\"", .error, [:]),
    ("FileFreshness \"s3://b/p/\" > \"9:30 AM\" with timeZone = \"Mars\"", .error, [:]),
    ("FileFreshness \"s3://b/p/\" > \"2026-02-30\"", .error, [:]),
  ]

  @Test(arguments: files) func `files are looked at`(
    rule: String, status: RuleOutcome.Status, metrics: [String: Double]
  ) async throws {
    let outcome = try await outcome(rule)
    #expect(outcome.status == status, "\(outcome.failureReason ?? "")")
    #expect(outcome.metrics == metrics)
  }
}

/// Three files, two of them of equal content.
private struct FewFiles: QualityFiles {
  func files(at path: String, limit: Int) async throws -> [QualityFile] {
    let now = EngineFixture.now
    return [
      QualityFile(path: "s3://b/p/a.csv", bytes: 10, modified: now - .seconds(60), digest: "d1"),
      QualityFile(path: "s3://b/p/b.csv", bytes: 10, modified: now - .seconds(7_000), digest: "d1"),
      QualityFile(path: "s3://b/p/c.csv", bytes: 2048, modified: now - .seconds(200_000), digest: "d2"),
    ].filter { $0.path.hasPrefix(path) }
  }
}
