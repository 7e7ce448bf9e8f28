import SQL

/// Something to be measured. Equal measures of different rules are measured once.
enum Measure: Hashable, Sendable {
  /// An aggregate over the rows that a filter lets through, part of one shared scan.
  case aggregate(String, filter: String?)
  /// What the groups of equal values in some columns say. Rows that are NULL in all of them do not count.
  case group([String], filter: String?, Group)
  /// A question of its own, with one number as its answer.
  case question(String)
  /// The same, of SQL that is the ruleset's owner's: the answer must have one row and one column.
  case statement(String)

  enum Group: Int, Hashable, Sendable {
    /// Rows that count.
    case rows
    /// Different values.
    case values
    /// Values that occur once.
    case singles
    /// Entropy in nats.
    case entropy
  }
}

/// Why a rule has no judgement: told as its failure reason.
struct RuleFailure: Error, Hashable, Sendable {
  var status: RuleOutcome.Status
  var message: String

  static func failed(_ message: String) -> RuleFailure { RuleFailure(status: .failed, message: message) }
  static func error(_ message: String) -> RuleFailure { RuleFailure(status: .error, message: message) }

  static func noColumn(_ name: String) -> RuleFailure {
    failed("Input data does not include column \(name)!")
  }
}

/// What was measured.
struct Measured: Sendable {
  private var values: [Measure: Result<Double?, RuleFailure>] = [:]

  mutating func set(_ measure: Measure, _ value: Result<Double?, RuleFailure>) { values[measure] = value }

  func contains(_ measure: Measure) -> Bool { values[measure] != nil }

  /// - Returns: `nil` for an aggregate over nothing.
  func value(_ measure: Measure) throws(RuleFailure) -> Double? {
    guard let value = values[measure] else { throw .error("Missing Analysis, can't run the constraint!") }
    return try value.get()
  }

  func count(_ measure: Measure) throws(RuleFailure) -> Double { try value(measure) ?? 0 }
}

extension Measure {
  static func rows(_ filter: String?) -> Measure { .aggregate("count(*)", filter: filter) }

  /// Rows for which a condition holds; where it is NULL it does not.
  static func rows(where condition: String, _ filter: String?) -> Measure {
    .aggregate("count(CASE WHEN \(condition) THEN 1 END)", filter: filter)
  }

  /// Rows with a value in a column.
  static func present(_ column: QualityDataset.Column, _ filter: String?) -> Measure {
    .aggregate("count(\(column.sql))", filter: filter)
  }
}

extension QualityDataset.Column {
  /// As an expression.
  var sql: String { DuckDBText.identifier(name) }
  /// As text.
  var text: String { isText ? sql : "CAST(\(sql) AS VARCHAR)" }
  /// As a number; NULL for what is none.
  var number: String { isNumeric ? sql : "TRY_CAST(\(sql) AS DOUBLE)" }
  /// As a double; exact enough for sums, and free of overflow.
  var double: String { type == "DOUBLE" ? sql : "CAST(\(sql) AS DOUBLE)" }

  var isText: Bool { type == "VARCHAR" }

  var isNumeric: Bool {
    switch type {
    case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
      "UHUGEINT", "FLOAT", "DOUBLE":
      true
    default: type.hasPrefix("DECIMAL")
    }
  }

  /// Whether values may have more than eighteen digits.
  var isWide: Bool {
    if type == "HUGEINT" || type == "UHUGEINT" { return true }
    guard type.hasPrefix("DECIMAL(") else { return false }
    return (Int(type.dropFirst(8).prefix { $0.isNumber }) ?? 38) > 18
  }

  /// Whether values lie in one another, which DQDL does not look into.
  var isNested: Bool { type.hasSuffix("]") || type.hasPrefix("STRUCT") || type.hasPrefix("MAP") }

  /// As Spark names it in messages.
  var sparkType: String {
    switch type {
    case "VARCHAR": "StringType"
    case "BOOLEAN": "BooleanType"
    case "DATE": "DateType"
    case "BLOB": "BinaryType"
    case "TINYINT": "ByteType"
    case "SMALLINT": "ShortType"
    case "INTEGER": "IntegerType"
    case "BIGINT": "LongType"
    case "FLOAT": "FloatType"
    case "DOUBLE": "DoubleType"
    case let type where type.hasPrefix("TIMESTAMP"): "TimestampType"
    case let type where type.hasPrefix("DECIMAL"): "DecimalType" + type.dropFirst(7)
    case let type where type.hasSuffix("]"): "ArrayType"
    case let type where type.hasPrefix("MAP"): "MapType"
    case let type where type.hasPrefix("STRUCT"): "StructType"
    default: type
    }
  }
}
