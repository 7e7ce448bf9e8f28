import DataQuality
import Kernel
import Testing

/// Rules of every type over small data, each with what AWS's documentation or deequ's tests say of it.
@Suite struct EvaluationTests {
  let engine = EngineFixture()

  /// Six rows: numbers, texts with NULL, blanks and the empty text, days as text and as dates.
  static let sample = """
    SELECT * FROM (VALUES
      (1, 10.5, 'CA', 'alpha', '2026-03-15', DATE '2026-03-15', 'active', 1.0),
      (2, 20.25, 'TX', 'beta', '2026-03-14', DATE '2026-03-14', 'active', 2.0),
      (3, -3.0, 'CA', '', '2026-03-10', DATE '2026-03-10', 'active', 3.0),
      (4, 0.0, 'NY', '  ', '2025-12-31', DATE '2025-12-31', 'closed', 4.0),
      (5, NULL, NULL, NULL, 'yesterday', NULL, 'closed', 5.0),
      (6, 7.5, 'TX', 'O''Brien "x"', NULL, DATE '2026-01-01', 'closed', 6.5)
    ) AS t(id, amount, state, name, day_text, day, status, score)
    """

  private func outcome(
    _ rule: String, data: String = sample, references: [String: String] = [:], history: [[String: Double]] = [],
    method: QualityEvaluation.CompositeMethod = .column
  ) async throws -> RuleOutcome {
    var others: [String: QualityDataset] = [:]
    for (alias, sql) in references { others[alias] = try await engine.data(sql) }
    var evaluation = QualityEvaluation(
      data: try await engine.data(data), references: others, engine: engine,
      history: history.map { QualityHistoryEntry(metrics: $0) }, now: EngineFixture.now)
    evaluation.method = method
    let report = try await evaluation.run(try Ruleset("Rules = [ \(rule) ]"))
    return try #require(report.rules.first)
  }

  /// Rules that pass.
  static let passing = [
    "RowCount = 6", "RowCount between 5 and 7", "RowCount = 3 where \"status = 'active'\"", "RowCount not in [1,2]",
    "ColumnCount = 8", "ColumnExists \"ID\"", "ColumnNamesMatchPattern \"[a-z_]+\"",
    "Completeness \"state\" between 0.8 and 0.9", "IsComplete \"id\"", "IsComplete \"state\" where \"id < 5\"",
    "IsUnique \"id\"", "IsUnique \"state\" \"id\"", "Uniqueness \"state\" = 0.2", "UniqueValueRatio \"state\" > 0.3",
    "IsPrimaryKey \"id\"", "IsPrimaryKey \"id\" \"state\" where \"state is not null\"",
    "Mean \"amount\" = 7.05", "Sum \"id\" = 21", "Sum \"amount\" between 35 and 36", "StandardDeviation \"id\" < 1.71",
    "Variance \"id\" between 2.9 and 2.92", "Entropy \"status\" between 0.69 and 0.7",
    "DistinctValuesCount \"state\" = 4", "DistinctValuesCount \"state\" = 3 where \"state is not null\"",
    "ColumnCorrelation \"id\" \"score\" > 0.98",
    "ColumnLength \"state\" in [0,2]", "ColumnLength \"state\" <= 2", "ColumnLength \"status\" = 6",
    "ColumnLength \"state\" between 1 and 3 where \"state is not null\"", "ColumnLength \"status\" not in [5,7]",
    "ColumnLength \"id\" = 1",
    "ColumnValues \"id\" > 0", "ColumnValues \"id\" between 0 and 7", "ColumnValues \"id\" not between 7 and 9",
    "ColumnValues \"id\" in [1,2,3,4,5,6]", "ColumnValues \"amount\" in [10.5,20.25,-3,0,7.5,NULL]",
    "ColumnValues \"amount\" not in [100]", "ColumnValues \"amount\" != 3",
    "ColumnValues \"amount\" > -5 where \"amount is not null\"", "ColumnValues \"amount\" > 0 with threshold >= 0.5",
    "ColumnValues \"state\" in [\"CA\",\"TX\",\"NY\",NULL]", "ColumnValues \"state\" not in [\"WA\"]",
    "ColumnValues \"name\" in [\"alpha\",\"beta\",EMPTY,WHITESPACES_ONLY,NULL,\"O'Brien \\\"x\\\"\"]",
    "ColumnValues \"name\" = EMPTY with threshold between 0.1 and 0.2", "ColumnValues \"id\" != NULL",
    "ColumnValues \"status\" matches \"active|closed\"", "ColumnValues \"status\" not matches \"open.*\"",
    "ColumnValues \"state\" matches \"[A-Z]{2}\" where \"state is not null\"",
    "ColumnValues \"day\" > \"2025-01-01\" where \"day is not null\"", "ColumnValues \"day\" != \"2020-01-01\"",
    "ColumnValues \"day\" <= now() where \"day is not null\"",
    "ColumnValues \"day_text\" between \"2025-12-30\" and \"2026-03-16\" where \"id < 5\"",
    "ColumnValues \"day\" in [now(),(now() - 1 days)] where \"id < 3\"",
    "ColumnValues \"day\" not in [\"2026-03-15\"] where \"id > 1\"",
    "ColumnDataType \"id\" = \"Integer\"", "ColumnDataType \"day_text\" = \"Date\" where \"id < 5\"",
    "ColumnDataType \"day_text\" = \"Date\" with threshold > 0.6", "ColumnDataType \"state\" != \"Integer\"",
    "ColumnDataType \"day_text\" = \"Date\" where \"id < 5\" with format = \"yyyy-MM-dd\"",
    "DataFreshness \"day\" <= 4 days where \"id < 3\"",
    "DataFreshness \"day_text\" between 11 hours and 37 hours where \"id < 3\"",
    "CustomSql \"select count(*) from primary\" = 6", "CustomSql \"select avg(amount) from primary where id < 3\" > 15",
    "CustomSql \"select id from primary where id > 0\"",
    "CustomSql \"select id from primary where id > 3\" with threshold = 0.5",
    "CustomSql \"with t as (select * from primary) select max(`id`) from t -- the end\" = 6",
    "(RowCount > 1) and (IsComplete \"id\")", "(RowCount > 100) or (IsComplete \"id\")",
    "(IsComplete \"state\") or ((IsUnique \"id\") and (RowCount = 6))",
  ]

  @Test(arguments: passing) func `passes`(rule: String) async throws {
    let outcome = try await outcome(rule)
    #expect(outcome.status == .passed, "\(outcome.failureReason ?? "")")
    // Rules that are joined tell of each of them.
    if !rule.hasPrefix("(") { #expect(outcome.failureReason == nil) }
  }

  /// Rules that fail, with the reason.
  static let failing: [(rule: String, reason: String)] = [
    ("RowCount > 6", "Value: 6 does not meet the constraint requirement!"),
    ("ColumnCount = 4", "Value: 8 does not meet the constraint requirement!"),
    ("ColumnExists \"nothing\"", "Column nothing does not exist"),
    (
      "ColumnNamesMatchPattern \"^[a-c]\"",
      "Columns that do not match the pattern: id, state, name, day_text, day, status, score"
    ),
    ("Completeness \"amount\" > 0.9", "Value: 0.8333333333333334 does not meet the constraint requirement!"),
    ("IsComplete \"nothing\"", "Input data does not include column nothing!"),
    ("IsUnique \"status\"", "Value: 0.0 does not meet the constraint requirement!"),
    (
      "IsPrimaryKey \"state\"",
      "Value: 0.2 does not meet the constraint requirement!\n"
        + "Value: 0.8333333333333334 does not meet the constraint requirement!"
    ),
    (
      "Mean \"state\" > 1",
      "Expected type of column state to be one of (ByteType,ShortType,IntegerType,LongType,FloatType,DoubleType,"
        + "DecimalType), but found StringType instead!"
    ),
    ("DistinctValuesCount \"status\" > 2", "Value: 2 does not meet the constraint requirement!"),
    ("ColumnLength \"state\" > 1", "Value: 0.0 does not meet the constraint requirement!"),
    ("ColumnLength \"status\" < 6", "Value: 6.0 does not meet the constraint requirement!"),
    ("ColumnLength \"state\" not in [2]", "Value: 0.16666666666666666 does not meet the constraint requirement!"),
    ("ColumnValues \"id\" > 100", "Value: 1.0 does not meet the constraint requirement!"),
    ("ColumnValues \"id\" <= 5", "Value: 6.0 does not meet the constraint requirement!"),
    (
      "ColumnValues \"amount\" > 0",
      "Value: -3.0 does not meet the constraint requirement!\nValue: NULL does not meet the constraint requirement!"
    ),
    ("ColumnValues \"amount\" > -4", "Value: NULL does not meet the constraint requirement!"),
    ("ColumnValues \"id\" = 1", "Value: 6.0 does not meet the constraint requirement!"),
    ("ColumnValues \"id\" between 1 and 6", "Value: 0.6666666666666666 does not meet the constraint requirement!"),
    ("ColumnValues \"state\" in [\"CA\"]", "Value: 0.3333333333333333 does not meet the constraint requirement!"),
    ("ColumnValues \"state\" not in [NULL]", "Value: 0.8333333333333334 does not meet the constraint requirement!"),
    ("ColumnValues \"name\" matches \".*\"", "Value: 0.8333333333333334 does not meet the constraint requirement!"),
    ("ColumnValues \"day\" > \"2026-01-01\"", "Value: 0.5 does not meet the constraint requirement!"),
    (
      "ColumnValues \"day_text\" < \"2027-01-01\"",
      "Value: 0.6666666666666666 does not meet the constraint requirement!"
    ),
    ("ColumnDataType \"day_text\" = \"Date\"", "Value: 0.6666666666666666 does not meet the constraint requirement!"),
    ("ColumnDataType \"id\" = \"Colour\"", "Unrecognized data type: Colour"),
    ("DataFreshness \"day\" <= 2 days", "33.33% of rows passed"),
    ("CustomSql \"select count(*) from primary\" > 6", "Value: 6.0 does not meet the constraint requirement!"),
    ("CustomSql \"select id from primary\" > 6", "Custom SQL did not return exactly 1 row"),
    ("CustomSql \"select 1, 2\" > 6", "Custom SQL did not return exactly 1 column"),
    (
      "CustomSql \"select 1 as other\"",
      "The output from CustomSQL must contain at least one column that matches the input dataset. Ensure that matching "
        + "columns are returned from the SQL."
    ),
    (
      "(RowCount > 6) and (ColumnCount = 1)",
      "Value: 6 does not meet the constraint requirement!\nValue: 8 does not meet the constraint requirement!"
    ),
    ("RowCountMatch \"other\" = 1", "Reference dataset 'other' not found in additional data sources"),
    ("RowCount > avg(last(3))", "Rule threshold results in empty list, and a single value is expected."),
  ]

  @Test(arguments: failing) func `fails with deequ's reason`(rule: String, reason: String) async throws {
    let outcome = try await outcome(rule)
    #expect(outcome.status == .failed)
    #expect(outcome.failureReason == reason)
  }

  static let metrics: [(rule: String, metrics: [String: Double])] = [
    ("RowCount > 0", ["Dataset.*.RowCount": 6]),
    ("ColumnCount > 0", ["Dataset.*.ColumnCount": 8]),
    ("IsComplete \"id\"", ["Column.id.Completeness": 1]),
    ("Uniqueness \"id\" \"state\" > 0", ["Multicolumn.id,state.Uniqueness": 1]),
    ("IsPrimaryKey \"id\"", ["Column.id.Uniqueness": 1, "Column.id.Completeness": 1]),
    ("DistinctValuesCount \"status\" > 0", ["Column.status.DistinctValuesCount": 2]),
    ("ColumnLength \"status\" > 0", ["Column.status.MinimumLength": 6, "Column.status.MaximumLength": 6]),
    ("ColumnValues \"id\" > 0", ["Column.id.Minimum": 1, "Column.id.Maximum": 6]),
    (
      "ColumnValues \"id\" > 3 with threshold > 0.1",
      ["Column.id.Minimum": 1, "Column.id.Maximum": 6, "Column.id.ColumnValues.Compliance": 0.5]
    ),
    ("ColumnValues \"status\" in [\"active\"]", ["Column.status.ColumnValues.Compliance": 0.5]),
    ("ColumnValues \"status\" matches \"active\"", ["Column.status.PatternMatch": 0.5]),
    ("ColumnDataType \"id\" = \"Long\"", ["Column.id.ColumnDataType.Compliance": 1]),
    ("DataFreshness \"day\" < 2 days where \"id < 3\"", ["Column.day.DataFreshness.Compliance": 1]),
    ("CustomSql \"select 7\" > 0", ["Dataset.*.CustomSQL": 7]),
    ("CustomSql \"select id from primary where id < 4\"", ["Dataset.*.CustomSQL.Compliance": 0.5]),
    ("ColumnNamesMatchPattern \"^[ab]\"", ["Dataset.*.ColumnNamesPatternMatchRatio": 0.125]),
    ("(RowCount > 0) and (IsComplete \"id\")", ["Dataset.*.RowCount": 6, "Column.id.Completeness": 1]),
  ]

  @Test(arguments: metrics) func `metrics have AWS's names`(rule: String, metrics: [String: Double]) async throws {
    #expect(try await outcome(rule).metrics == metrics)
  }

  // MARK: Where nothing is

  static let empty = "SELECT * FROM (VALUES (1, 'x')) AS t(a, b) WHERE a > 1"

  @Test func `data without rows fails what asks for values`() async throws {
    #expect(try await outcome("RowCount = 0", data: Self.empty).status == .passed)
    #expect(try await outcome("ColumnCount = 2", data: Self.empty).status == .passed)
    let complete = try await outcome("IsComplete \"a\"", data: Self.empty)
    #expect(complete.status == .failed)
    #expect(
      complete.failureReason == "Empty state for analyzer Completeness(a,None,None), all input values were NULL.")
    for rule in ["IsUnique \"a\"", "Mean \"a\" > 1", "ColumnValues \"b\" in [\"x\"]", "Entropy \"a\" > 0"] {
      #expect(try await outcome(rule, data: Self.empty).status == .failed, "\(rule)")
    }
  }

  @Test(arguments: [
    "IsComplete \"state\"", "Completeness \"state\" > 0.9", "IsUnique \"state\"", "IsPrimaryKey \"state\"",
    "Mean \"id\" > 100", "ColumnValues \"id\" > 100", "ColumnLength \"state\" > 5",
    "ColumnDataType \"state\" = \"Date\"",
    "DataFreshness \"day\" < 1 hours",
  ])
  func `a filter that no row passes leaves nothing to object to`(rule: String) async throws {
    let outcome = try await outcome("\(rule) where \"id > 100\"")
    #expect(outcome.status == .passed)
    #expect(outcome.metrics.isEmpty)
  }

  // MARK: SQL of others

  @Test(arguments: [
    "id > 1) or (1 = 1", "id > 1; drop table x", "id > '", "nothing > 1", "", "id > $1", "/* open", "id = (select",
  ])
  func `a filter that is none is an error of its rule alone`(filter: String) async throws {
    let data = try await engine.data(Self.sample)
    let evaluation = QualityEvaluation(data: data, engine: engine, now: EngineFixture.now)
    guard let ruleset = try? Ruleset("Rules = [ IsComplete \"id\" where \"\(filter)\", RowCount = 6, Mean \"id\" > 3 ]")
    else {
      #expect(filter.isEmpty)
      return
    }
    let report = try await evaluation.run(ruleset)
    #expect(report.rules.map(\.status) == [.error, .passed, .passed])
  }

  @Test(arguments: [
    ("state = 'CA'", 2.0), ("state = \\\"CA\\\"", 2.0), ("`state` <=> NULL", 1.0),
    ("name = 'O\\'Brien \\\"x\\\"'", 1.0),
    ("state rlike 'A$'", 2.0), ("id > 1 -- and id > 100", 5.0), ("primary.id > 1", 5.0),
    ("id in (1, 2) /* two */", 2.0),
  ])
  func `filters are Spark's SQL`(filter: String, rows: Double) async throws {
    let outcome = try await outcome("RowCount > 0 where \"\(filter)\"")
    #expect(outcome.metrics == ["Dataset.*.RowCount": rows], "\(outcome.failureReason ?? "")")
  }

  @Test func `names and values with quotes stay what they are`() async throws {
    let data = #"SELECT 1 AS "a ""b"", c'; --", 'it''s' AS "x.y""#
    #expect(try await outcome(#"IsComplete "a \"b\", c'; --""#, data: data).status == .passed)
    #expect(try await outcome(#"ColumnValues "x.y" = "it's""#, data: data).status == .passed)
    #expect(try await outcome(#"ColumnValues "x.y" matches "it's'; drop.*""#, data: data).status == .failed)
    #expect(try await outcome(#"ColumnValues "x.y" matches "(""#, data: data).status == .error)
    #expect(try await outcome(#"ColumnNamesMatchPattern "(""#, data: data).status == .error)
  }

  @Test func `numbers at their ends do not overflow`() async throws {
    let data = """
      SELECT * FROM (VALUES (9223372036854775807, 1e308, 99999999999999999999999999999999999999::DECIMAL(38,0)),
        (9223372036854775807, 1e308, 99999999999999999999999999999999999999::DECIMAL(38,0))) AS t(big, real, wide)
      """
    #expect(try await outcome("Sum \"big\" >= 18446744073709551614", data: data).status == .passed)
    #expect(try await outcome("Sum \"wide\" > 1", data: data).status == .passed)
    #expect(try await outcome("Mean \"wide\" > 1", data: data).status == .passed)
    #expect(try await outcome("ColumnValues \"big\" = 9223372036854775807", data: data).status == .passed)
    #expect(try await outcome("ColumnValues \"big\" < 9223372036854775807", data: data).status == .failed)
    #expect(try await outcome("ColumnValues \"wide\" > 0.5", data: data).status == .passed)
    #expect(
      try await outcome("ColumnValues \"big\" in [99999999999999999999999999999999999999999]", data: data).status
        == .failed)
    // Infinite: no number that JSON could hold is told.
    #expect(try await outcome("Sum \"real\" > 1", data: data).metrics.isEmpty)
  }
}
