import SQL

// CustomSql: a statement of the ruleset's owner, over the data (`primary`) and what is beside it.
//
// Source of the rules: "CustomSQL", AWS Glue developer guide, and awslabs/deequ's `CustomSql` and
// `CustomSqlRowLevelExecutor`. With a condition the statement answers with one number; without, with the rows that
// pass.

extension RuleCompiler {
  func customSQL(_ rule: SimpleRule) async throws -> CompiledRule {
    let statement = try ground.statement(rule.parameters[0].value)
    guard case .number = rule.condition else { return try await passingRows(rule, statement) }
    let name = "Dataset.*.CustomSQL"
    let test = try ground.test(rule, name)
    // A second row, were there one, is an error.
    let measure = Measure.statement("\(statement) LIMIT 2")
    return CompiledRule([measure], evaluated: ground.evaluated(rule, test)) { measured throws(RuleFailure) in
      guard let value = try measured.value(measure) else {
        throw .failed("Custom SQL did not return a number")
      }
      return Judgement(value, named: name, test)
    }
  }

  private func passingRows(_ rule: SimpleRule, _ statement: String) async throws -> CompiledRule {
    let described: [[QualityValue]]
    do {
      described = try await engine.rows("SELECT column_name FROM (DESCRIBE \(statement))")
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw RuleFailure.error(QualityMessage.cut("Error executing SQL statement: \(error)"))
    }
    let returned = described.compactMap { row -> String? in if case .text(let name)? = row.first { name } else { nil } }
    let unknown = returned.filter { ground.data.column($0) == nil }
    guard unknown.count < returned.count else {
      throw RuleFailure.failed(
        "The output from CustomSQL must contain at least one column that matches the input dataset. Ensure that "
          + "matching columns are returned from the SQL.")
    }
    guard unknown.isEmpty else {
      throw RuleFailure.failed(
        "The columns returned from the SQL statement should only belong to the primary table. Columns not found: "
          + unknown.joined(separator: ", "))
    }
    let equal = returned.compactMap { name -> String? in
      guard let column = ground.data.column(name) else { return nil }
      return "\"primary\".\(column.sql) IS NOT DISTINCT FROM \"$passing\".\(DuckDBText.identifier(name))"
    }
    let row = "EXISTS (SELECT 1 FROM (\(statement)) AS \"$passing\" WHERE \(equal.joined(separator: " AND ")))"
    let name = "Dataset.*.CustomSQL.Compliance"
    let threshold = try ground.threshold(rule, name)
    let rows = Measure.rows(nil)
    let passed = Measure.question(
      "SELECT CAST(count(*) AS DOUBLE) FROM \(ground.data.relation) AS \"primary\" WHERE \(row)")
    return CompiledRule([rows, passed], rowTest: row) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else {
        throw .failed("Custom SQL rule could not be evaluated due to data frame being empty")
      }
      let part = try measured.count(passed) / all
      return threshold.map { Judgement(part, named: name, $0) } ?? .whole(part, named: name)
    }
  }
}
