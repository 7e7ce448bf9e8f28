import PostgresWire
import SQL

/// A column's type as the catalog keeps it: its name as `\d` shows it.
struct CatalogType: Codable, Sendable, Hashable {
  var type: RedshiftType

  init(_ type: RedshiftType) { self.type = type }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let type = RedshiftType(shown: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "an unknown type: \(text)")
    }
    self.type = type
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(type.description)
  }
}

extension RedshiftType {
  /// Reads what `description` shows.
  init?(shown text: String) {
    let name = text.prefix { $0 != "(" }
    let numbers = text.dropFirst(name.count).split { !$0.isNumber }.compactMap { Int($0) }
    switch name {
    case "smallint": self = .smallint
    case "integer": self = .integer
    case "bigint": self = .bigint
    case "real": self = .real
    case "double precision": self = .double
    case "boolean": self = .boolean
    case "date": self = .date
    case "numeric": self = .decimal(precision: numbers.first ?? 18, scale: numbers.count > 1 ? numbers[1] : 0)
    case "character": self = .char(numbers.first ?? 1)
    case "character varying": self = .varchar(numbers.first ?? 256)
    case "time without time zone": self = .time
    case "time with time zone": self = .timetz
    case "timestamp without time zone": self = .timestamp
    case "timestamp with time zone": self = .timestamptz
    case "interval year to month": self = .intervalYearToMonth
    case "interval day to second": self = .intervalDayToSecond(precision: numbers.first ?? 6)
    case "interval": self = .interval
    case "binary varying": self = .varbyte(numbers.first ?? 64_000)
    case "super": self = .super
    case "hllsketch": self = .hllsketch
    case "geometry": self = .geometry
    case "geography": self = .geography
    default:
      if text.hasSuffix("[]"), let element = RedshiftType(shown: String(text.dropLast(2))) {
        self = .array(element)
      } else {
        self = .catalog(text)
      }
    }
  }

  /// The type for clients.
  var postgres: PostgresType {
    func with(_ type: PostgresType, _ modifier: Int) -> PostgresType {
      PostgresType(oid: type.oid, size: type.size, modifier: Int32(clamping: modifier))
    }
    switch self {
    case .smallint: return .int2
    case .integer: return .int4
    case .bigint: return .int8
    case .real: return .float4
    case .double: return .float8
    case .boolean: return .boolean
    case .date: return .date
    case .decimal(let precision, let scale): return with(.numeric, (precision << 16 | scale) + 4)
    case .char(let length): return with(.bpchar, length + 4)
    case .varchar(let length): return with(.varchar, length + 4)
    case .time: return .time
    case .timetz: return .timeTZ
    case .timestamp: return .timestamp
    case .timestamptz: return .timestampTZ
    case .intervalYearToMonth: return .intervalYearToMonth
    case .intervalDayToSecond: return .intervalDayToSecond
    case .interval: return .interval
    case .varbyte(let length): return with(.varbyte, length + 4)
    case .super: return .superValue
    case .hllsketch: return PostgresType(oid: 2935, size: -1)
    case .geometry: return PostgresType(oid: 3000, size: -1)
    case .geography: return PostgresType(oid: 3001, size: -1)
    case .catalog(let name):
      switch name {
      case "oid", "regclass", "regproc", "regtype", "xid", "cid": return .oid
      case "name": return .name
      case "\"char\"", "char": return PostgresType(oid: 18, size: 1)
      default: return .text
      }
    case .array(.smallint): return PostgresType(oid: 1005, size: -1)
    case .array(.integer): return PostgresType(oid: 1007, size: -1)
    case .array(.bigint): return PostgresType(oid: 1016, size: -1)
    case .array(.real): return PostgresType(oid: 1021, size: -1)
    case .array(.double): return PostgresType(oid: 1022, size: -1)
    case .array(.catalog("oid")): return PostgresType(oid: 1028, size: -1)
    case .array: return PostgresType(oid: 1009, size: -1)
    case .pseudo: return .text
    }
  }

  /// The compression that Redshift gives a column that names none.
  var defaultEncoding: String {
    switch self {
    case .smallint, .integer, .bigint, .decimal, .date, .timestamp, .timestamptz, .time, .timetz: "az64"
    case .char, .varchar, .varbyte: "lzo"
    case .real, .double, .boolean: "none"
    default: "none"
    }
  }

  /// The shortest name that catalog views give it: `varchar`, `int4`, ….
  var udtName: String {
    switch self {
    case .smallint: "int2"
    case .integer: "int4"
    case .bigint: "int8"
    case .real: "float4"
    case .double: "float8"
    case .boolean: "bool"
    case .decimal: "numeric"
    case .char: "bpchar"
    case .varchar: "varchar"
    case .timestamptz: "timestamptz"
    case .timetz: "timetz"
    case .timestamp: "timestamp"
    case .time: "time"
    case .varbyte: "varbyte"
    default: description
    }
  }
}
