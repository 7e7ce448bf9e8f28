import SQL

// Rules about the shape of the data: how many rows and columns, and the columns' names.

extension RuleGround {
  func rowCount(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let name = "Dataset.*.RowCount"
    let test = try test(rule, name)
    let rows = Measure.rows(try Self.filter(rule))
    return CompiledRule([rows], evaluated: evaluated(rule, test)) { measured throws(RuleFailure) in
      Judgement(try measured.count(rows), named: name, test, isWhole: true)
    }
  }

  func columnCount(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let name = "Dataset.*.ColumnCount"
    let test = try test(rule, name)
    let judgement = Judgement(Double(data.columns.count), named: name, test, isWhole: true)
    return CompiledRule(judgement, evaluated: evaluated(rule, test))
  }

  func columnExists(_ rule: SimpleRule) -> CompiledRule {
    let name = rule.parameters[0].value
    return CompiledRule(Judgement(reasons: data.column(name) == nil ? ["Column \(name) does not exist"] : []))
  }
}

extension RuleCompiler {
  /// The engine knows patterns; it is asked before the data is.
  func columnNames(_ rule: SimpleRule) async throws -> CompiledRule {
    let pattern = DuckDBText.string(rule.parameters[0].value)
    let names = ground.data.columns.map(\.name)
    guard !names.isEmpty else { throw RuleFailure.failed("The data has no columns.") }
    let list = names.map { "(\(DuckDBText.string($0)))" }.joined(separator: ", ")
    let unmatched: [[QualityValue]]
    do {
      unmatched = try await engine.rows(
        "SELECT name FROM (VALUES \(list)) AS names(name) WHERE NOT regexp_matches(name, \(pattern))")
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw RuleFailure.error("Invalid regex pattern '\(rule.parameters[0].value)' for ColumnNamesMatchPattern rule")
    }
    let others = unmatched.compactMap { row -> String? in if case .text(let name)? = row.first { name } else { nil } }
    let ratio = Double(names.count - others.count) / Double(names.count)
    let reasons =
      others.isEmpty ? [] : ["Columns that do not match the pattern: \(others.joined(separator: ", "))"]
    return CompiledRule(Judgement(reasons: reasons, metrics: ["Dataset.*.ColumnNamesPatternMatchRatio": ratio]))
  }
}
