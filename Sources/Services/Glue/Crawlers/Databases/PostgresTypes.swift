package import SQL

/// PostgreSQL's types in the catalog's words.
package enum PostgresTypes {
  /// A number without a declared precision has 38 digits, 18 of them behind the point, as in Spark.
  private static let undeclared = HiveType.decimal(precision: 38, scale: 18)
  private static let precisionMax = 38
  /// PostgreSQL's own bound; what a server says beyond it is nothing to reckon with.
  private static let declaredMax = 1_000

  /// - Parameter text: what PostgreSQL's `format_type` gives, such as `numeric(10,2)` or `integer[]`.
  package static func hive(_ text: String) -> HiveType {
    // An array has one pair of brackets, however many dimensions it has.
    text.hasSuffix("[]") ? .array(scalar(String(text.dropLast(2)))) : scalar(text)
  }

  private static func scalar(_ text: String) -> HiveType {
    let name = text.prefix { $0 != "(" }.trimmingPrefix("pg_catalog.")
    switch name {
    case "smallint": return .smallint
    case "integer": return .int
    case "bigint", "oid": return .bigint
    case "real": return .float
    case "double precision", "money": return .double
    case "boolean": return .boolean
    case "date": return .date
    case "bytea": return .binary
    case "numeric": return decimal(text)
    default:
      // `timestamp(3) with time zone` names its precision in the middle.
      return name == "timestamp" || name.hasPrefix("timestamp ") ? .timestamp : .string
    }
  }

  private static func decimal(_ text: String) -> HiveType {
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else {
      return undeclared
    }
    let numbers = text[text.index(after: open)..<close].split(separator: ",").compactMap { Int($0) }
    guard let precision = numbers.first, numbers.count <= 2 else { return undeclared }
    let scale = numbers.count == 2 ? numbers[1] : 0
    guard (1...declaredMax).contains(precision), (-declaredMax...declaredMax).contains(scale) else { return undeclared }
    // A scale below zero stands for digits before the point, which have to be held too.
    let digits = scale < 0 ? precision - scale : max(precision, scale)
    return .decimal(precision: min(digits, precisionMax), scale: min(max(0, scale), precisionMax))
  }
}
