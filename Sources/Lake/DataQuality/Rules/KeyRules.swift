import SQL

// Rules about missing and repeated values.

extension RuleGround {
  /// Completeness and IsComplete: the part of the rows that have a value.
  func completeness(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let column = try column(rule.parameters[0].value)
    let name = "Column.\(rule.parameters[0].value).Completeness"
    let test = rule.type == .completeness ? try test(rule, name) : nil
    let filter = try Self.filter(rule)
    let (rows, present) = (Measure.rows(filter), Measure.present(column, filter))
    return CompiledRule(
      [rows, present], rowTest: "\(column.sql) IS NOT NULL", evaluated: test.flatMap { evaluated(rule, $0) }
    ) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else { return try Self.nothing(filter, "Completeness(\(rule.parameters[0].value),None,None)") }
      let part = try measured.count(present) / all
      return test.map { Judgement(part, named: name, $0) } ?? .whole(part, named: name)
    }
  }

  /// A filter that no row passes leaves nothing to object to; data without rows has no metric to judge.
  static func nothing(_ filter: String?, _ analyzer: String) throws(RuleFailure) -> Judgement {
    guard filter == nil else { return Judgement() }
    throw .failed(QualityMessage.empty(analyzer))
  }

  /// What groups of columns are named by in metrics.
  static func entity(_ columns: [String]) -> String {
    columns.count == 1 ? "Column.\(columns[0])" : "Multicolumn.\(columns.joined(separator: ","))"
  }

  private func grouped(_ rule: SimpleRule) throws(RuleFailure) -> (written: [String], names: [String]) {
    let written = rule.parameters.map(\.value)
    var names: [String] = []
    for name in written { names.append(try column(name).name) }
    return (written, names)
  }

  private static func occursOnce(_ columns: [String], _ filter: String?) -> String {
    let counted = filter.map { "count(*) FILTER (WHERE \($0))" } ?? "count(*)"
    return "\(counted) OVER (PARTITION BY \(columns.map(DuckDBText.identifier).joined(separator: ", "))) = 1"
  }

  /// Uniqueness, IsUnique and UniqueValueRatio: values that occur once, of all rows or of all different values.
  func uniqueness(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let (written, names) = try grouped(rule)
    let isRatio = rule.type == .uniqueValueRatio
    let kind = isRatio ? "UniqueValueRatio" : "Uniqueness"
    let name = "\(Self.entity(written)).\(kind)"
    let test = rule.type == .isUnique ? nil : try test(rule, name)
    let filter = try Self.filter(rule)
    let single = Measure.group(names, filter: filter, .singles)
    let whole = Measure.group(names, filter: filter, isRatio ? .values : .rows)
    return CompiledRule(
      [single, whole], rowTest: Self.occursOnce(names, filter), evaluated: test.flatMap { evaluated(rule, $0) }
    ) { measured throws(RuleFailure) in
      let all = try measured.count(whole)
      guard all > 0 else { return try Self.nothing(filter, "\(kind)(List(\(written.joined(separator: ", "))),None)") }
      let part = try measured.count(single) / all
      return test.map { Judgement(part, named: name, $0) } ?? .whole(part, named: name)
    }
  }

  /// IsPrimaryKey: complete and unique.
  func primaryKey(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let (written, names) = try grouped(rule)
    let filter = try Self.filter(rule)
    let rows = Measure.rows(filter)
    let single = Measure.group(names, filter: filter, .singles)
    let whole = Measure.group(names, filter: filter, .rows)
    var present: [(name: String, measure: Measure)] = []
    for name in written { present.append((name, .present(try column(name), filter))) }
    let filled = names.map { "\(DuckDBText.identifier($0)) IS NOT NULL" }.joined(separator: " AND ")
    let complete = present
    return CompiledRule(
      [rows, single, whole] + present.map(\.measure),
      rowTest: "(\(filled) AND \(Self.occursOnce(names, filter)))"
    ) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else {
        return try Self.nothing(filter, "Uniqueness(List(\(written.joined(separator: ", "))),None)")
      }
      let counted = try measured.count(whole)
      let unique = counted > 0 ? try measured.count(single) / counted : 0
      var judgement = Judgement.whole(unique, named: "\(Self.entity(written)).Uniqueness")
      for (name, measure) in complete {
        let part = try measured.count(measure) / all
        judgement.metrics["Column.\(name).Completeness"] = part
        if part != 1 { judgement.reasons.append(QualityMessage.unmet(part)) }
      }
      return judgement
    }
  }
}
