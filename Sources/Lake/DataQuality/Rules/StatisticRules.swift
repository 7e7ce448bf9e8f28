// Rules about numbers that sum a column up.

extension RuleGround {
  /// Mean, Sum, StandardDeviation and Variance. Deviations are the population's, as deequ's.
  func statistic(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    let column = try numericColumn(written)
    let name = "Column.\(written).\(rule.type.rawValue)"
    let test = try test(rule, name)
    let filter = try Self.filter(rule)
    let function =
      switch rule.type {
      case .mean: "avg"
      case .standardDeviation: "stddev_pop"
      case .variance: "var_pop"
      default: "sum"
      }
    let measure = Measure.aggregate("\(function)(\(column.double))", filter: filter)
    return CompiledRule([measure], evaluated: evaluated(rule, test)) { measured throws(RuleFailure) in
      guard let value = try measured.value(measure) else {
        return try Self.nothing(filter, "\(rule.type.rawValue)(\(written),None)")
      }
      return Judgement(value, named: name, test)
    }
  }

  /// In nats.
  func entropy(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    let column = try column(written)
    let name = "Column.\(written).Entropy"
    let test = try test(rule, name)
    let filter = try Self.filter(rule)
    let measure = Measure.group([column.name], filter: filter, .entropy)
    return CompiledRule([measure], evaluated: evaluated(rule, test)) { measured throws(RuleFailure) in
      guard let value = try measured.value(measure) else {
        return try Self.nothing(filter, "Entropy(\(written),None)")
      }
      return Judgement(value, named: name, test)
    }
  }

  /// NULL counts as a value among the others, as in deequ's histogram.
  func distinctValues(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    let column = try column(written)
    let name = "Column.\(written).DistinctValuesCount"
    let test = try test(rule, name)
    let filter = try Self.filter(rule)
    let values = Measure.group([column.name], filter: filter, .values)
    let (rows, present) = (Measure.rows(filter), Measure.present(column, filter))
    return CompiledRule([values, rows, present], evaluated: evaluated(rule, test)) { measured throws(RuleFailure) in
      let hasNull = try measured.count(rows) > measured.count(present)
      return Judgement(try measured.count(values) + (hasNull ? 1 : 0), named: name, test, isWhole: true)
    }
  }

  /// Pearson's coefficient over rows that have both numbers.
  func correlation(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters.map(\.value)
    let (first, second) = (try numericColumn(written[0]), try numericColumn(written[1]))
    let name = "Multicolumn.\(written.joined(separator: ",")).ColumnCorrelation"
    let test = try test(rule, name)
    let filter = try Self.filter(rule)
    let measure = Measure.aggregate("corr(\(first.double), \(second.double))", filter: filter)
    return CompiledRule([measure], evaluated: evaluated(rule, test)) { measured throws(RuleFailure) in
      guard let value = try measured.value(measure) else {
        return try Self.nothing(filter, "Correlation(\(written.joined(separator: ",")),None)")
      }
      return Judgement(value, named: name, test)
    }
  }
}
