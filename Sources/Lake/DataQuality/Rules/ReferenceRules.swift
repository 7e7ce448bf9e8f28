import SQL

// Rules that hold the data against another dataset.
//
// Source of the rules: AWS Glue developer guide, and awslabs/deequ's `comparison` package.

extension RuleGround {
  private static func count(_ relation: String) -> Measure {
    .question("SELECT CAST(count(*) AS DOUBLE) FROM \(relation) AS t")
  }

  private func missing(_ alias: String) -> String { "\(alias) not found in additional sources" }

  func rowCountMatch(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let alias = rule.parameters[0].value
    let other = try reference(
      alias, missing: "Reference dataset '\(alias)' not found in additional data sources")
    let name = "Dataset.\(alias).RowCountMatch"
    let test = try test(rule, name)
    let (rows, others) = (Measure.rows(nil), Self.count(other.relation))
    return CompiledRule([rows, others], evaluated: evaluated(rule, test)) { measured throws(RuleFailure) in
      Judgement(try measured.count(rows) / measured.count(others), named: name, test)
    }
  }

  func schemaMatch(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let alias = rule.parameters[0].value
    let other = try reference(alias, missing: "Reference dataset '\(alias)' not found")
    let name = "Dataset.\(alias).SchemaMatch"
    let test = try test(rule, name)
    guard !data.columns.isEmpty, !other.columns.isEmpty else {
      throw .failed("One or both DataFrames have no columns")
    }
    guard data.columns.count == other.columns.count else {
      return CompiledRule(Judgement(reasons: ["Column counts do not match"], metrics: [name: 0]))
    }
    let equal = data.columns.count { column in other.column(column.name)?.type == column.type }
    let part = Double(equal) / Double(data.columns.count)
    let reasons = test.holds(part) ? [] : ["\(Self.percent(part))% of columns passed the threshold"]
    return CompiledRule(Judgement(reasons: reasons, metrics: [name: part]), evaluated: evaluated(rule, test))
  }

  // MARK: AggregateMatch

  func aggregateMatch(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let (first, second) = (try aggregate(rule.parameters[0].value), try aggregate(rule.parameters[1].value))
    let columns = first.column == second.column ? first.column : "\(first.column),\(second.column)"
    let name = "Column.\(columns).AggregateMatch"
    let test = try test(rule, name)
    return CompiledRule([first.measure, second.measure], evaluated: evaluated(rule, test)) {
      measured throws(RuleFailure) in
      guard let left = try measured.value(first.measure), let right = try measured.value(second.measure) else {
        throw .failed("One of the aggregates has no value, since all input values were NULL.")
      }
      let ratio = left == 0 && right == 0 ? 1 : right == 0 ? 0 : left / right
      return Judgement(ratio, named: name, test)
    }
  }

  /// `sum(column)`, `avg(alias.column)`: the alias ends at the last point.
  private func aggregate(_ text: String) throws(RuleFailure) -> (column: String, measure: Measure) {
    let unsupported = RuleFailure.failed("Rule (or nested rule) not supported due to: Unsupported Rule")
    let trimmed = text.filter { $0 != "\"" }
    guard let open = trimmed.firstIndex(of: "("), trimmed.hasSuffix(")") else { throw unsupported }
    let function = trimmed[..<open].lowercased()
    guard function == "sum" || function == "avg" else { throw unsupported }
    let place = trimmed[trimmed.index(after: open)...].dropLast()
    // A column of the data itself may have points in its name.
    if let column = data.column(String(place)) {
      return (String(place), .aggregate("\(function)(\(try numericColumn(column.name).double))", filter: nil))
    }
    let point = place.lastIndex(of: ".")
    let alias = point.map { String(place[..<$0]) } ?? Self.primary
    let name = point.map { String(place[place.index(after: $0)...]) } ?? String(place)
    let other = try reference(alias, missing: missing(alias))
    guard let column = other.column(name) else { throw .noColumn(name) }
    let measure = Measure.question(
      "SELECT CAST(\(function)(\(column.double)) AS DOUBLE) FROM \(other.relation) AS t")
    return (name, measure)
  }

  // MARK: ReferentialIntegrity

  func referentialIntegrity(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let primary = Self.list(rule.parameters[0].value)
    let (alias, names) = try Self.referred(rule.parameters[1].value)
    let other = try reference(alias, missing: missing(alias))
    guard primary.count == names.count else {
      throw .failed(
        "The number of columns to check from the primary data frame must equal the number of columns to check from the "
          + "reference data frame.")
    }
    try Self.check(primary, in: data, "primary")
    try Self.check(names, in: other, "reference")
    let name = "Column.\(alias).ReferentialIntegrity"
    let test = try test(rule, name)
    let equal = zip(primary, names).compactMap { first, second -> String? in
      guard let left = data.column(first), let right = other.column(second) else { return nil }
      return "\"primary\".\(left.sql) = \"$other\".\(right.sql)"
    }
    let row = "EXISTS (SELECT 1 FROM \(other.relation) AS \"$other\" WHERE \(equal.joined(separator: " AND ")))"
    let rows = Measure.rows(nil)
    let passed = Measure.question(
      "SELECT CAST(count(*) AS DOUBLE) FROM \(data.relation) AS \"primary\" WHERE \(row)")
    return CompiledRule(
      [rows, passed], rowTest: row, evaluated: evaluated(rule, test)
    ) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else { throw .failed("Primary data frame contains no data.") }
      return Judgement(try measured.count(passed) / all, named: name, test)
    }
  }

  /// `alias.column` or `alias.{a,b}`.
  private static func referred(_ text: String) throws(RuleFailure) -> (alias: String, columns: [String]) {
    if text.hasSuffix("}"), let open = text.firstRange(of: ".{") {
      let columns = list(String(text[open.upperBound...].dropLast()))
      if open.lowerBound > text.startIndex, !columns.isEmpty { return (String(text[..<open.lowerBound]), columns) }
    } else if let point = text.lastIndex(of: "."), point > text.startIndex {
      let column = text[text.index(after: point)...]
      if !column.isEmpty { return (String(text[..<point]), list(String(column))) }
    }
    throw .failed("Rule (or nested rule) not supported due to: Could not parse ReferenceDatasetColumns parameter")
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { name in
      let front = name.drop { $0 == " " || $0 == "\"" }
      return String(front.reversed().drop { $0 == " " || $0 == "\"" }.reversed())
    }
  }

  private static func check(_ names: [String], in dataset: QualityDataset, _ kind: String) throws(RuleFailure) {
    let absent = names.filter { dataset.column($0) == nil }
    guard absent.isEmpty else {
      throw .failed(
        absent.count == 1
          ? "Column \(absent[0]) does not exist in \(kind) data frame."
          : "Columns \(absent.joined(separator: ", ")) do not exist in \(kind) data frame.")
    }
  }

  // MARK: DatasetMatch

  func datasetMatch(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let alias = rule.parameters[0].value
    let other = try reference(alias, missing: missing(alias))
    let keys = Self.pairs(rule.parameters[1].value)
    guard !keys.isEmpty else { throw .failed("Could not parse KeyColumnMappings") }
    try check(keys, other, "key columns")
    let compared: [(String, String)]
    if rule.parameters.count > 2 {
      compared = Self.pairs(rule.parameters[2].value)
      guard !compared.isEmpty else { throw .failed("Empty column comparison map provided.") }
      try check(compared, other, "columns")
    } else {
      let keyNames = Set(keys.map { $0.0.lowercased() })
      compared = data.columns.map(\.name).filter { !keyNames.contains($0.lowercased()) }.map { ($0, $0) }
      guard compared.allSatisfy({ other.column($0.1) != nil }) else {
        throw .failed("Non key columns in the given data frames do not match.")
      }
    }
    let name = "Dataset.\(alias).DatasetMatch"
    let test = try test(rule, name)
    func sides(_ pairs: [(String, String)], _ sign: String) -> [String] {
      pairs.compactMap { first, second in
        guard let left = data.column(first), let right = other.column(second) else { return nil }
        return "\"primary\".\(left.sql) \(sign) \"$other\".\(right.sql)"
      }
    }
    let equal = (sides(keys, "=") + sides(compared, "IS NOT DISTINCT FROM")).joined(separator: " AND ")
    let row = "EXISTS (SELECT 1 FROM \(other.relation) AS \"$other\" WHERE \(equal))"
    let rows = Measure.rows(nil)
    let others = Self.count(other.relation)
    let values = Self.keyCount(data, keys.map(\.0))
    let otherValues = Self.keyCount(other, keys.map(\.1))
    let passed = Measure.question(
      "SELECT CAST(count(*) AS DOUBLE) FROM \(data.relation) AS \"primary\" WHERE \(row)")
    return CompiledRule(
      [rows, others, values, otherValues, passed], rowTest: row, evaluated: evaluated(rule, test)
    ) { measured throws(RuleFailure) in
      let (all, allOthers) = (try measured.count(rows), try measured.count(others))
      let (unique, uniqueOthers) = (try measured.count(values), try measured.count(otherValues))
      guard unique == all, uniqueOthers == allOthers else {
        throw .failed(
          "The selected columns are not comparable due to duplicates present in the dataset."
            + "Comparison keys must be unique, but in Dataframe 1, there are \(JavaNumber.whole(unique)) unique "
            + "records and \(JavaNumber.whole(all)) rows, and in Dataframe 2, there are "
            + "\(JavaNumber.whole(uniqueOthers)) unique records and \(JavaNumber.whole(allOthers)) rows, based on the "
            + "combination of keys {\(keys.map(\.0).joined(separator: ", "))} in Dataframe 1 and "
            + "{\(keys.map(\.1).joined(separator: ", "))} in Dataframe 2")
      }
      guard all > 0 else { throw .failed("Cannot evaluate: primary DataFrame is empty") }
      return Judgement(try measured.count(passed) / all, named: name, test)
    }
  }

  private static func keyCount(_ dataset: QualityDataset, _ names: [String]) -> Measure {
    let columns = names.compactMap { dataset.column($0)?.sql }.joined(separator: ", ")
    return .question(
      "SELECT CAST(count(*) AS DOUBLE) FROM (SELECT 1 FROM \(dataset.relation) AS t GROUP BY \(columns))")
  }

  /// `a,b->c`: names of the data and of the other dataset.
  private static func pairs(_ text: String) -> [(String, String)] {
    list(text).compactMap { part in
      guard let arrow = part.firstRange(of: "->") else { return (part, part) }
      let (left, right) = (list(String(part[..<arrow.lowerBound])), list(String(part[arrow.upperBound...])))
      return left.count == 1 && right.count == 1 ? (left[0], right[0]) : nil
    }
  }

  private func check(
    _ pairs: [(String, String)], _ other: QualityDataset, _ kind: String
  ) throws(RuleFailure) {
    let first = pairs.map(\.0).filter { data.column($0) == nil }
    let second = pairs.map(\.1).filter { other.column($0) == nil }
    guard first.isEmpty else {
      throw .failed("The following \(kind) were not found in the first dataset: \(first.joined(separator: ", "))")
    }
    guard second.isEmpty else {
      throw .failed("The following \(kind) were not found in the second dataset: \(second.joined(separator: ", "))")
    }
  }
}
