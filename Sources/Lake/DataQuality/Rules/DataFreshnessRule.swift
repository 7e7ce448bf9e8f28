import Kernel

// DataFreshness: how old a column's moments are.
//
// Source of the rule: "DataFreshness", AWS Glue developer guide, and awslabs/deequ's `DataFreshnessRule`: ages are
// hours with two digits after the point.

extension RuleGround {
  func dataFreshness(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    guard let column = data.column(written) else {
      throw .failed("Column \(written) does not exist in the dataset")
    }
    guard case .duration(let comparison, let spans) = rule.condition else {
      throw .error("Unsupported condition type for DataFreshness rule")
    }
    let isTyped = column.type == "DATE" || column.type.hasPrefix("TIMESTAMP")
    let moment = isTyped ? "CAST(\(column.sql) AS TIMESTAMP)" : "TRY_CAST(\(column.text) AS TIMESTAMP)"
    let age = "round((\(now.seconds) - floor(epoch(\(moment)))) / 3600, 2)"
    let row = "(\(SQLComparison.numbers(age, comparison, spans.map { SQLComparison.literal(Self.hours($0)) })))"
    let name = "Column.\(written).DataFreshness.Compliance"
    let filter = try Self.filter(rule)
    let rows = Measure.rows(filter)
    let passed = Measure.rows(where: row, filter)
    return CompiledRule([rows, passed], rowTest: row) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else { return try Self.nothing(filter, "DataFreshness(\(written),None)") }
      let part = try measured.count(passed) / all
      let reasons = part == 1 ? [] : ["\(Self.percent(part))% of rows passed"]
      return Judgement(reasons: reasons, metrics: [name: part])
    }
  }

  private static func hours(_ span: DurationAmount) -> Double {
    switch span.unit {
    case .days: Double(span.amount) * 24
    case .hours: Double(span.amount)
    case .minutes: (Double(span.amount) / 60 * 10_000).rounded() / 10_000
    }
  }

  /// With two digits behind the point.
  static func percent(_ part: Double) -> String {
    let hundredths = Int((part * 10_000).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
