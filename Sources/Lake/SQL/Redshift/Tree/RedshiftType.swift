/// A column's type in Redshift.
public enum RedshiftType: Hashable, Sendable {
  case smallint, integer, bigint, real, double, boolean, date
  case decimal(precision: Int, scale: Int)
  /// Bytes. CHAR without a length is `char(1)`.
  case char(Int)
  /// Bytes. VARCHAR without a length, and TEXT, are `varchar(256)`; `max` is 65,535.
  case varchar(Int)
  case time, timetz, timestamp, timestamptz
  case intervalYearToMonth
  /// Digits of the seconds' fraction, 0 to 6.
  case intervalDayToSecond(precision: Int)
  /// `interval` without a qualifier, as PostgreSQL has it: casts and literals only.
  case interval
  /// Bytes.
  case varbyte(Int)
  case `super`
  case hllsketch, geometry, geography
  /// Types of the catalog's tables: `oid`, `name`, `regclass`, `"char"`, `int2vector`, …; lower case.
  case catalog(String)
  /// `text[]` and the like, as drivers write them in questions to the catalog.
  indirect case array(RedshiftType)
  /// `refcursor`, `record`, `anyelement`, `table.column%TYPE`: for procedures and functions.
  case pseudo(String)

  public static let varcharMax = RedshiftType.varchar(65_535)
  /// What TEXT, and VARCHAR without a length, mean for a column.
  public static let text = RedshiftType.varchar(256)
  /// `interval day to second` with all digits.
  public static let daySeconds = RedshiftType.intervalDayToSecond(precision: 6)

  var isVarbyte: Bool { if case .varbyte = self { true } else { false } }
}

extension RedshiftType: CustomStringConvertible {
  /// As `format_type` and `\d` show it: `character varying(256)`, `numeric(18,0)`.
  public var description: String {
    switch self {
    case .smallint: "smallint"
    case .integer: "integer"
    case .bigint: "bigint"
    case .real: "real"
    case .double: "double precision"
    case .boolean: "boolean"
    case .date: "date"
    case .decimal(let precision, let scale): "numeric(\(precision),\(scale))"
    case .char(let length): "character(\(length))"
    case .varchar(let length): "character varying(\(length))"
    case .time: "time without time zone"
    case .timetz: "time with time zone"
    case .timestamp: "timestamp without time zone"
    case .timestamptz: "timestamp with time zone"
    case .intervalYearToMonth: "interval year to month"
    case .intervalDayToSecond(let precision):
      precision == 6 ? "interval day to second" : "interval day to second(\(precision))"
    case .interval: "interval"
    case .varbyte(let length): "binary varying(\(length))"
    case .super: "super"
    case .hllsketch: "hllsketch"
    case .geometry: "geometry"
    case .geography: "geography"
    case .catalog(let name), .pseudo(let name): name
    case .array(let element): "\(element)[]"
    }
  }

  /// The type that holds its values in the engine.
  ///
  /// CHAR is kept without its closing blanks, which mean nothing in comparisons and lengths; they come back where a
  /// column of that type is shown. SUPER is kept as JSON.
  public var engineName: String {
    switch self {
    case .smallint: "SMALLINT"
    case .integer: "INTEGER"
    case .bigint: "BIGINT"
    case .real: "FLOAT"
    case .double: "DOUBLE"
    case .boolean: "BOOLEAN"
    case .date: "DATE"
    case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
    case .char, .varchar: "VARCHAR"
    case .time: "TIME"
    case .timetz: "TIMETZ"
    case .timestamp: "TIMESTAMP"
    case .timestamptz: "TIMESTAMPTZ"
    case .intervalYearToMonth, .intervalDayToSecond, .interval: "INTERVAL"
    case .varbyte, .geometry, .geography: "BLOB"
    // In JSON's form.
    case .hllsketch: "VARCHAR"
    case .super: "JSON"
    case .catalog(let name):
      switch name {
      case "oid", "xid", "cid", "regclass", "regproc", "regtype", "regprocedure", "regoper": "BIGINT"
      case "int2vector", "oidvector": "VARCHAR"
      default: "VARCHAR"
      }
    case .array(let element): element.engineName + "[]"
    case .pseudo: "VARCHAR"
    }
  }
}
