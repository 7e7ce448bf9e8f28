import SQL

// ColumnDataType: whether a column's values could be of a type.
//
// Source of the rules: "ColumnDataType", AWS Glue developer guide, and awslabs/deequ's `ColumnDataTypeRule`. A value
// that is NULL is of no type.

extension RuleGround {
  func columnDataType(_ rule: SimpleRule) throws(RuleFailure) -> CompiledRule {
    let written = rule.parameters[0].value
    let column = try column(written)
    guard case .text(let comparison, let operands) = rule.condition,
      [.equal, .notEqual, .isIn, .notIn].contains(comparison)
    else { throw .failed("Unsupported operator") }
    var tests: [String] = []
    for operand in operands {
      guard case .text(let type) = operand else { throw .failed("Unrecognized data type: \(operand.written)") }
      tests.append(try Self.fits(column, type.value, format: rule.tag("format")))
    }
    let fits = "(\(tests.joined(separator: " OR ")))"
    let row = comparison.isNegated ? "(NOT \(fits))" : fits
    let name = "Column.\(written).ColumnDataType.Compliance"
    let threshold = try threshold(rule, name)
    let filter = try Self.filter(rule)
    let rows = Measure.rows(filter)
    let passed = Measure.rows(where: row, filter)
    return CompiledRule([rows, passed], rowTest: row) { measured throws(RuleFailure) in
      let all = try measured.count(rows)
      guard all > 0 else { return try Self.nothing(filter, "Compliance(\(written),None)") }
      let part = try measured.count(passed) / all
      return threshold.map { Judgement(part, named: name, $0) } ?? .whole(part, named: name)
    }
  }

  /// Whether a value could be cast as Spark casts it.
  private static func fits(
    _ column: QualityDataset.Column, _ type: String, format: String?
  ) throws(RuleFailure) -> String {
    let text = "trim(\(column.text))"
    func cast(_ type: String) -> String { "(TRY_CAST(\(column.sql) AS \(type)) IS NOT NULL)" }
    switch type.uppercased() {
    case "BOOLEAN":
      guard column.isText else { return cast("BOOLEAN") }
      return "(coalesce(lower(\(text)) IN ('t', 'true', 'y', 'yes', '1', 'f', 'false', 'n', 'no', '0'), false))"
    case "DATE":
      guard let format else {
        // A year or a month stands for its first day; what follows the day is passed over.
        guard column.isText else { return cast("DATE") }
        let day = "regexp_replace(regexp_replace(\(text), '^(\\d{4})$', '\\1-01'), '^(\\d{4}-\\d{1,2})$', '\\1-01')"
        return "(TRY_CAST(regexp_replace(\(day), '^(\\d{4,}-\\d{1,2}-\\d{1,2})[ T].*$', '\\1') AS DATE) IS NOT NULL)"
      }
      return try fits(text, dateFormat: format)
    case "TIMESTAMP": return cast("TIMESTAMP")
    case "INTEGER": return cast("INTEGER")
    case "LONG": return cast("BIGINT")
    case "FLOAT": return cast("FLOAT")
    case "DOUBLE": return cast("DOUBLE")
    case "STRING": return "(\(column.sql) IS NOT NULL)"
    case let name where name.hasPrefix("DECIMAL(") && name.hasSuffix(")"):
      let numbers = name.dropFirst(8).dropLast().split(separator: ",").map { Int($0.drop { $0 == " " }) }
      guard numbers.count == 2, let precision = numbers[0], let scale = numbers[1], (1...38).contains(precision),
        (0...precision).contains(scale)
      else { throw .failed("Unrecognized data type: \(type)") }
      return cast("DECIMAL(\(precision),\(scale))")
    default: throw .failed("Unrecognized data type: \(type)")
    }
  }

  /// Dates in AWS's documented forms; one without a day or a year stands for the first, or for a leap year's.
  private static func fits(_ text: String, dateFormat format: String) throws(RuleFailure) -> String {
    let separator = format.contains("/") ? "/" : "-"
    let parts = format.split(separator: Character(separator), omittingEmptySubsequences: false).map(String.init)
    let known = ["dd": "%d", "MM": "%m", "yyyy": "%Y"]
    guard (2...3).contains(parts.count), Set(parts).count == parts.count, parts.contains("MM"),
      parts.allSatisfy({ known[$0] != nil }), parts.count < 3 || parts.first == "yyyy" || parts.last == "yyyy"
    else { throw .failed("Unsupported rule format") }
    var (pattern, value) = (parts.compactMap { known[$0] }.joined(separator: separator), text)
    if !parts.contains("dd") {
      pattern = "%d\(separator)\(pattern)"
      value = "'01\(separator)' || \(text)"
    } else if !parts.contains("yyyy") {
      pattern += "\(separator)%Y"
      value = "\(text) || '\(separator)2000'"
    }
    return "(try_strptime(\(value), \(DuckDBText.string(pattern))) IS NOT NULL)"
  }
}
