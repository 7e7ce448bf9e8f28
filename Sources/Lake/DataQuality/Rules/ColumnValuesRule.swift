import SQL

// ColumnValues: what a column's values are.
//
// Source of the rules: "ColumnValues", AWS Glue developer guide, and awslabs/deequ's `ColumnValuesRule`. NULL passes
// what excludes values (`!=`, `not in`) unless NULL is among them, and fails all else unless NULL is asked for.

extension RuleGround {
  func columnValues(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    let column = try column(written)
    let row: String
    switch rule.condition {
    case .number(let comparison, let numbers): row = try numberTest(column, written, comparison, numbers)
    case .text(let comparison, let operands): row = try textTest(column, comparison, operands)
    case .date(let comparison, let dates): row = try dateTest(column, comparison, dates, rule)
    default: throw .error("Unsupported condition type for ColumnValues rule")
    }
    let entity = "Column.\(written)"
    let filter = try Self.filter(rule)
    let rows = Measure.rows(filter)
    let passed = Measure.rows(where: row, filter)
    let compliance = "\(entity).ColumnValues.Compliance"
    let threshold = try threshold(rule, compliance)
    var measures = [rows, passed]
    var bounds: ValueBounds?
    if case .number(let comparison, let numbers) = rule.condition, column.isNumeric {
      let found = ValueBounds(column, comparison, numbers, entity, filter)
      measures += found.measures
      bounds = found
    }
    let known = bounds
    let isPattern =
      switch rule.condition {
      case .text(.matches, _), .text(.notMatches, _): true
      default: false
      }
    return CompiledRule(measures, rowTest: "coalesce(\(row), false)") { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else { return try Self.nothing(filter, "Compliance(\(written),None)") }
      let count = try measured.count(passed)
      let part = count / all
      var judgement = Judgement(metrics: try known?.metrics(measured) ?? [:])
      if let threshold {
        judgement.metrics[compliance] = part
        judgement.reasons = threshold.reasons(against: part)
        return judgement
      }
      if known?.tellsFailure != true {
        judgement.metrics[isPattern ? "\(entity).PatternMatch" : compliance] = part
      }
      guard count < all else { return judgement }
      judgement.reasons = try known?.reasons(measured, all: all, passed: count) ?? [QualityMessage.unmet(part)]
      return judgement
    }
  }

  // MARK: Numbers

  private func numberTest(
    _ column: QualityDataset.Column, _ written: String, _ comparison: Comparison, _ numbers: [NumberExpression]
  ) throws(RuleFailure) -> String {
    guard !numbers.contains(where: \.isDynamic) else {
      throw .failed("ColumnValues rule only supports numeric operands or NULL keyword in conditions.")
    }
    var operands: [String] = []
    for number in numbers where number != .null {
      if case .literal(let text) = number {
        // As it was written: a long number is not made shorter.
        operands.append(text.hasPrefix("-") ? "(\(text))" : text)
      } else {
        let value = try NumberTest(.number(.equal, [number]), metric: "", history: []).operands[0]
        operands.append(SQLComparison.literal(value))
      }
    }
    let isOrdered = ![.equal, .notEqual, .isIn, .notIn].contains(comparison)
    // Texts are compared as numbers only one by one, as Spark does.
    if isOrdered || (comparison == .equal && !operands.isEmpty) { _ = try numericColumn(written) }
    // The widest numbers have no room for a fraction beside them.
    let isShort = operands.allSatisfy { $0.count <= 18 && !$0.contains(".") }
    let expression = column.isWide && !isShort ? column.double : column.number
    return Self.nullable(column, comparison, expression, operands, namesNull: numbers.contains(.null))
  }

  /// A comparison with what it means for NULL.
  private static func nullable(
    _ column: QualityDataset.Column, _ comparison: Comparison, _ expression: String, _ operands: [String],
    namesNull: Bool
  ) -> String {
    let isNull = "\(column.sql) IS NULL"
    let isThere = "\(column.sql) IS NOT NULL"
    guard !operands.isEmpty else { return comparison.isNegated ? "(\(isThere))" : "(\(isNull))" }
    let holds = SQLComparison.numbers(expression, comparison, operands)
    switch comparison {
    case .isIn: return namesNull ? "(\(isNull) OR \(holds))" : "(\(isThere) AND \(holds))"
    // What is no number is none of them.
    case .notIn, .notEqual:
      let differs = "coalesce(\(holds), \(isThere))"
      return namesNull ? "(\(isThere) AND \(differs))" : "(\(isNull) OR \(differs))"
    default: return "(\(isThere) AND \(holds))"
    }
  }

  // MARK: Texts

  private func textTest(
    _ column: QualityDataset.Column, _ comparison: Comparison, _ operands: [TextOperand]
  ) throws(RuleFailure) -> String {
    let text = column.text
    let isThere = "\(column.sql) IS NOT NULL"
    if comparison == .matches || comparison == .notMatches {
      guard case .text(let pattern)? = operands.first else { throw .error("A pattern is expected.") }
      let matches = "regexp_full_match(\(text), \(DuckDBText.string(pattern.value)), 's')"
      return comparison == .matches ? "(\(isThere) AND \(matches))" : "(\(isThere) AND NOT \(matches))"
    }
    var tests: [String] = []
    var values: [String] = []
    for operand in operands {
      switch operand {
      case .text(let value): values.append(DuckDBText.string(value.value))
      case .null: tests.append("\(column.sql) IS NULL")
      case .empty: tests.append("coalesce(\(text) = '', false)")
      case .whitespacesOnly: tests.append("coalesce(regexp_full_match(\(text), '\\s+'), false)")
      }
    }
    if !values.isEmpty { tests.append("coalesce(\(text) IN (\(values.joined(separator: ", "))), false)") }
    let isOne = "(\(tests.joined(separator: " OR ")))"
    switch comparison {
    case .equal, .isIn: return isOne
    case .notEqual, .notIn: return "(NOT \(isOne))"
    default: throw .error("Unsupported operator for ColumnValues string condition")
    }
  }

  // MARK: Dates

  private func dateTest(
    _ column: QualityDataset.Column, _ comparison: Comparison, _ dates: [DateExpression], _ rule: SimpleRule
  ) throws(RuleFailure) -> String {
    // A day, and today, is compared with the value's day; hours and minutes with the value itself.
    let isMoment =
      column.type != "DATE"
      && dates.contains { date in
        switch date {
        case .day, .null, .now: false
        case .time: true
        case .fromNow(_, let written): !written.hasSuffix(" days)")
        }
      }
    let isTyped = column.type == "DATE" || column.type.hasPrefix("TIMESTAMP")
    let cast = isTyped ? "CAST" : "TRY_CAST"
    let moment = "\(cast)(\(column.sql) AS TIMESTAMP)"
    let expression = isMoment ? moment : "CAST(\(moment) AS DATE)"
    var operands: [String] = []
    for date in dates where date != .null {
      let micros = try Moment.microseconds(date, now: now, zone: rule.tag("timeZone"))
      operands.append(isMoment ? "make_timestamp(\(micros))" : "CAST(make_timestamp(\(micros)) AS DATE)")
    }
    return Self.nullable(column, comparison, expression, operands, namesNull: dates.contains(.null))
  }
}

/// The smallest and the largest value, which tell why a comparison failed.
private struct ValueBounds: Sendable {
  let least: Measure
  let most: Measure
  let present: Measure
  let comparison: Comparison
  let entity: String
  let isSet: Bool
  /// What the values shall be, where that is one number.
  let wanted: Double?

  init(
    _ column: QualityDataset.Column, _ comparison: Comparison, _ numbers: [NumberExpression], _ entity: String,
    _ filter: String?
  ) {
    least = .aggregate("min(\(column.sql))", filter: filter)
    most = .aggregate("max(\(column.sql))", filter: filter)
    present = .present(column, filter)
    self.comparison = comparison
    self.entity = entity
    isSet = comparison.isSet || numbers.contains(.null)
    if case .literal(let text)? = numbers.first { wanted = Double(text) } else { wanted = nil }
  }

  var measures: [Measure] { [least, most, present] }

  /// Whether the ends say why; otherwise the part of the rows does.
  var tellsFailure: Bool {
    switch comparison {
    case .greater, .greaterOrEqual, .less, .lessOrEqual, .equal: !isSet
    default: false
    }
  }

  func metrics(_ measured: Measured) throws(RuleFailure) -> [String: Double] {
    guard let minimum = try measured.value(least), let maximum = try measured.value(most) else { return [:] }
    return ["\(entity).Minimum": minimum, "\(entity).Maximum": maximum]
  }

  func reasons(_ measured: Measured, all: Double, passed: Double) throws(RuleFailure) -> [String] {
    guard tellsFailure else { return [QualityMessage.unmet(passed / all)] }
    var reasons: [String] = []
    let present = try measured.count(present)
    // Where all values that are there pass, only NULL is at fault.
    if passed < present, let minimum = try measured.value(least), let maximum = try measured.value(most) {
      switch comparison {
      case .greater, .greaterOrEqual: reasons = [QualityMessage.unmet(minimum)]
      case .less, .lessOrEqual: reasons = [QualityMessage.unmet(maximum)]
      default: reasons = Set([minimum, maximum]).filter { $0 != wanted }.sorted().map { QualityMessage.unmet($0) }
      }
    }
    if present < all { reasons.append(QualityMessage.unmet("NULL")) }
    return reasons
  }
}
