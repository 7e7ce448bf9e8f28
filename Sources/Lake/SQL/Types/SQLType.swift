/// A type of Trino's, as Athena engine version 3 infers and shows it.
public indirect enum SQLType: Hashable, Sendable {
  case boolean, tinyint, smallint, integer, bigint, real, double
  case decimal(precision: Int, scale: Int)
  /// `nil` is unbounded `varchar`.
  case varchar(length: Int?)
  case char(length: Int)
  case varbinary, json, uuid, ipaddress, date
  case time(precision: Int)
  case timeWithTimeZone(precision: Int)
  case timestamp(precision: Int)
  /// Trino keeps a zone with every value; here the zone is known where the statement names it, and is part of
  /// the type only for printing: `sameType(as:)` ignores it.
  case timestampWithTimeZone(precision: Int, zone: TimeZoneName)
  case intervalDayToSecond, intervalYearToMonth
  case array(SQLType)
  case map(SQLType, SQLType)
  case row([RowField])
  /// A lambda with its parameters' types and its result's.
  case function([SQLType], SQLType)
  /// The type of a bare `NULL`.
  case unknown
  /// Trino's sketch types, which pass through functions by name only.
  case sketch(String)

  /// A field of a row; Trino's anonymous rows have fields without names.
  public struct RowField: Hashable, Sendable {
    public var name: String?
    public var type: SQLType
    public init(_ name: String?, _ type: SQLType) {
      self.name = name
      self.type = type
    }
  }

  public static let varcharUnbounded = SQLType.varchar(length: nil)
  /// What a literal with a zone and the session's functions have: Athena's sessions run in UTC.
  public static func timestampTZ(_ precision: Int = 3, _ zone: TimeZoneName = .utc) -> SQLType {
    .timestampWithTimeZone(precision: precision, zone: zone)
  }
}

/// The zone in which a `timestamp with time zone` is shown: an IANA name, an offset such as `+01:00`, or a DuckDB
/// expression when the statement computes it.
public enum TimeZoneName: Hashable, Sendable {
  case utc
  case named(String)
}

extension SQLType: CustomStringConvertible {
  /// Trino's spelling, as `typeof` and error messages show it.
  public var description: String {
    switch self {
    case .boolean: "boolean"
    case .tinyint: "tinyint"
    case .smallint: "smallint"
    case .integer: "integer"
    case .bigint: "bigint"
    case .real: "real"
    case .double: "double"
    case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
    case .varchar(let length): length.map { "varchar(\($0))" } ?? "varchar"
    case .char(let length): "char(\(length))"
    case .varbinary: "varbinary"
    case .json: "json"
    case .uuid: "uuid"
    case .ipaddress: "ipaddress"
    case .date: "date"
    case .time(let precision): "time(\(precision))"
    case .timeWithTimeZone(let precision): "time(\(precision)) with time zone"
    case .timestamp(let precision): "timestamp(\(precision))"
    case .timestampWithTimeZone(let precision, _): "timestamp(\(precision)) with time zone"
    case .intervalDayToSecond: "interval day to second"
    case .intervalYearToMonth: "interval year to month"
    case .array(let element): "array(\(element))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .row(let fields):
      "row("
        + fields.map { field in
          field.name.map { "\(SQLType.quotedFieldName($0)) \(field.type)" } ?? "\(field.type)"
        }.joined(separator: ", ") + ")"
    case .function(let parameters, let result):
      "function(" + (parameters + [result]).map(\.description).joined(separator: ",") + ")"
    case .unknown: "unknown"
    case .sketch(let name): name
    }
  }

  private static func quotedFieldName(_ name: String) -> String {
    let plain = name.utf8.allSatisfy { byte in
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
        || byte == 0x5f
    }
    let leading = name.utf8.first.map { $0 < 0x30 || $0 > 0x39 } ?? false
    return plain && leading ? name : "\"" + name.replacing("\"", with: "\"\"") + "\""
  }
}

extension SQLType {
  /// Equality as Trino's analyser sees it: neither zones nor names of row fields count.
  public func sameType(as other: SQLType) -> Bool {
    switch (self, other) {
    case (.timestampWithTimeZone(let left, _), .timestampWithTimeZone(let right, _)): left == right
    case (.array(let left), .array(let right)): left.sameType(as: right)
    case (.map(let leftKey, let leftValue), .map(let rightKey, let rightValue)):
      leftKey.sameType(as: rightKey) && leftValue.sameType(as: rightValue)
    case (.row(let left), .row(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.type.sameType(as: $1.type) }
    default: self == other
    }
  }

  public var isInteger: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint: true
    default: false
    }
  }
  public var isNumeric: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal: true
    default: false
    }
  }
  public var isDecimal: Bool { if case .decimal = self { true } else { false } }
  public var isString: Bool {
    switch self {
    case .varchar, .char: true
    default: false
    }
  }
  public var isTimestampTZ: Bool { if case .timestampWithTimeZone = self { true } else { false } }
  public var isDateTime: Bool {
    switch self {
    case .date, .time, .timeWithTimeZone, .timestamp, .timestampWithTimeZone: true
    default: false
    }
  }
  public var isInterval: Bool { self == .intervalDayToSecond || self == .intervalYearToMonth }

  /// Whether `=` is defined.
  public var isComparable: Bool {
    switch self {
    case .function, .sketch: false
    case .array(let element): element.isComparable
    case .map(_, let value): value.isComparable
    case .row(let fields): fields.allSatisfy { $0.type.isComparable }
    default: true
    }
  }
  /// Whether `<` and `ORDER BY` are defined.
  public var isOrderable: Bool {
    switch self {
    case .map, .json, .function, .sketch: false
    case .array(let element): element.isOrderable
    case .row(let fields): fields.allSatisfy { $0.type.isOrderable }
    default: true
    }
  }

  /// The name without parameters, such as `decimal` or `timestamp with time zone`.
  public var baseName: String {
    switch self {
    case .decimal: "decimal"
    case .varchar: "varchar"
    case .char: "char"
    case .time: "time"
    case .timeWithTimeZone: "time with time zone"
    case .timestamp: "timestamp"
    case .timestampWithTimeZone: "timestamp with time zone"
    case .array: "array"
    case .map: "map"
    case .row: "row"
    case .function: "function"
    default: description
    }
  }
}
