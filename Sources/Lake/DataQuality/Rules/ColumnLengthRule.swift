// ColumnLength: the lengths of a column's texts, in characters. NULL has none, so its length is 0.
//
// Source of the rule: "ColumnLength", AWS Glue developer guide, which fails NULL only where 0 is not allowed.

extension RuleGround {
  func columnLength(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    let column = try column(written)
    guard case .number(let comparison, let numbers) = rule.condition, !numbers.contains(where: \.isDynamic) else {
      throw .failed("ColumnLength rule only supports atomic operands in conditions.")
    }
    let entity = "Column.\(written)"
    // Computed for what it refuses: NULL among the operands.
    let test = try test(rule, "\(entity).MaximumLength")
    let filter = try Self.filter(rule)
    let length = "length(coalesce(\(column.text), ''))"
    let (least, most) = (
      Measure.aggregate("min(\(length))", filter: filter), Measure.aggregate("max(\(length))", filter: filter)
    )
    let row = SQLComparison.numbers(length, comparison, test.operands.map(SQLComparison.literal))
    let rows = Measure.rows(filter)
    let passed = Measure.rows(where: row, filter)
    return CompiledRule([least, most, rows, passed], rowTest: "(\(row))") { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0, let minimum = try measured.value(least), let maximum = try measured.value(most) else {
        return try Self.nothing(filter, "MinLength(\(written),None,None)")
      }
      let part = try measured.count(passed) / all
      var judgement = Judgement(metrics: ["\(entity).MinimumLength": minimum, "\(entity).MaximumLength": maximum])
      guard part < 1 else { return judgement }
      switch comparison {
      case .greater, .greaterOrEqual: judgement.reasons = [QualityMessage.unmet(minimum)]
      case .less, .lessOrEqual: judgement.reasons = [QualityMessage.unmet(maximum)]
      case .between, .equal:
        // Whichever end lies outside, or both.
        let outside = [minimum, maximum].filter { !test.holds($0) }
        judgement.reasons = (outside.isEmpty ? [part] : outside).map { QualityMessage.unmet($0) }
      default:
        judgement.reasons = [QualityMessage.unmet(part)]
        judgement.metrics["\(entity).LengthCompliance"] = part
      }
      return judgement
    }
  }
}

/// Conditions as SQL.
enum SQLComparison {
  /// A number that SQL reads back as the same.
  static func literal(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return whole < 0 ? "(\(whole))" : "\(whole)" }
    return "CAST('\(value)' AS DOUBLE)"
  }

  /// How an expression compares; NULL where it is NULL. Between excludes both ends.
  static func numbers(_ expression: String, _ comparison: Comparison, _ operands: [String]) -> String {
    let first = operands.first ?? "NULL"
    let last = operands.last ?? "NULL"
    return switch comparison {
    case .between: "\(expression) > \(first) AND \(expression) < \(last)"
    case .notBetween: "(\(expression) <= \(first) OR \(expression) >= \(last))"
    case .greater: "\(expression) > \(first)"
    case .greaterOrEqual: "\(expression) >= \(first)"
    case .less: "\(expression) < \(first)"
    case .lessOrEqual: "\(expression) <= \(first)"
    case .equal: "\(expression) = \(first)"
    case .notEqual: "\(expression) <> \(first)"
    case .isIn: operands.isEmpty ? "false" : "\(expression) IN (\(operands.joined(separator: ", ")))"
    case .notIn: operands.isEmpty ? "true" : "\(expression) NOT IN (\(operands.joined(separator: ", ")))"
    case .matches, .notMatches: "NULL"
    }
  }
}
