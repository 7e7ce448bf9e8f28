import Engine
import Kernel
import SQL

/// Values as Athena writes them into results: what Java's and Trino's `toString` give.
enum AthenaText {
  /// - Returns: `nil` for NULL.
  static func text(_ column: ColumnVector, _ row: Int, _ type: SQLType) -> String? {
    if column.isNull(row) { return nil }
    switch column.type {
    case .varchar, .json: return column.string(row)
    case .tinyInt, .smallInt, .integer, .bigInt: return String(column.integer(row))
    default: return text(column[row], type)
    }
  }

  static func text(_ value: EngineValue, _ type: SQLType) -> String? {
    switch value {
    case .null: nil
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .uint(let value): String(value)
    case .hugeInt(let value): String(value)
    case .unsignedHugeInt(let value): String(value)
    case .decimal(let unscaled, let scale): decimal(unscaled, scale)
    case .float(let value): java(Double(value), digits: value.description)
    case .double(let value): java(value, digits: value.description)
    case .string(let value): value
    case .bytes(let bytes): bytes.map { [$0].hex }.joined(separator: " ")
    case .date(let days): date(CivilTime(Timestamp(seconds: Int64(days) * 86_400)))
    case .time(let micros): time(micros, precision: precision(type))
    case .timeNS(let nanos): time(nanos / 1000, precision: precision(type))
    case .timeTZ(let micros, let offset): time(micros, precision: precision(type)) + zone(Int(offset))
    case .timestamp(let micros), .timestampTZ(let micros): timestamp(micros, type)
    case .timestampNS(let nanos): timestamp(nanos.floorDivide(1000), type)
    case .interval(let months, let days, let micros): interval(months, days, micros, type)
    case .uuid(let bits): uuid(bits)
    case .list(let items):
      "[" + items.map { nested($0, element(type)) }.joined(separator: ", ") + "]"
    case .structure(let members):
      "{"
        + members.enumerated().map { index, member in
          "\(member.name)=\(nested(member.value, field(type, index)))"
        }.joined(separator: ", ") + "}"
    case .map(let entries):
      "{"
        + entries.map { "\(nested($0.key, mapTypes(type).0))=\(nested($0.value, mapTypes(type).1))" }
        .joined(separator: ", ") + "}"
    }
  }

  private static func nested(_ value: EngineValue, _ type: SQLType) -> String { text(value, type) ?? "null" }

  private static func element(_ type: SQLType) -> SQLType {
    if case .array(let element) = type { element } else { .unknown }
  }
  private static func field(_ type: SQLType, _ index: Int) -> SQLType {
    if case .row(let fields) = type, index < fields.count { fields[index].type } else { .unknown }
  }
  private static func mapTypes(_ type: SQLType) -> (SQLType, SQLType) {
    if case .map(let key, let value) = type { (key, value) } else { (.unknown, .unknown) }
  }

  private static func precision(_ type: SQLType) -> Int {
    switch type {
    case .time(let digits), .timeWithTimeZone(let digits): min(digits, 9)
    // Athena shows moments to the millisecond, whatever their precision.
    default: 3
    }
  }

  static func decimal(_ unscaled: Int128, _ scale: Int) -> String {
    guard scale > 0 else { return String(unscaled) }
    var digits = String(unscaled.magnitude)
    if digits.count <= scale { digits = String(repeating: "0", count: scale - digits.count + 1) + digits }
    let point = digits.index(digits.endIndex, offsetBy: -scale)
    return (unscaled < 0 ? "-" : "") + digits[..<point] + "." + digits[point...]
  }

  /// Java's `Double.toString`: plain from 0.001 up to ten million, otherwise with an exponent.
  /// - Parameter digits: Swift's shortest text of the same value, which has the same digits.
  static func java(_ value: Double, digits: String) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
    var mantissa = Substring(digits)
    var exponent = 0
    if let e = mantissa.firstIndex(where: { $0 == "e" || $0 == "E" }) {
      exponent = Int(mantissa[mantissa.index(after: e)...]) ?? 0
      mantissa = mantissa[..<e]
    }
    let negative = mantissa.hasPrefix("-")
    if negative { mantissa = mantissa.dropFirst() }
    let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    var whole = String(halves[0])
    var fraction = halves.count > 1 ? String(halves[1]) : ""
    // Normalise to d.ddd × 10^exponent.
    exponent += whole.count - 1
    var all = whole + fraction
    while all.hasPrefix("0"), all.count > 1 {
      all.removeFirst()
      exponent -= 1
    }
    while all.hasSuffix("0"), all.count > 1 { all.removeLast() }
    let sign = negative ? "-" : ""
    if exponent >= -3, exponent < 7 {
      if exponent >= 0 {
        if all.count <= exponent + 1 { all += String(repeating: "0", count: exponent + 1 - all.count) }
        whole = String(all.prefix(exponent + 1))
        fraction = String(all.dropFirst(exponent + 1))
      } else {
        whole = "0"
        fraction = String(repeating: "0", count: -exponent - 1) + all
      }
      return sign + whole + "." + (fraction.isEmpty ? "0" : fraction)
    }
    let rest = all.dropFirst()
    return sign + all.prefix(1) + "." + (rest.isEmpty ? "0" : rest) + "E\(exponent)"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(abs(number))
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  static func date(_ civil: CivilTime) -> String {
    "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
  }

  private static func fraction(_ micros: Int64, _ precision: Int) -> String {
    guard precision > 0 else { return "" }
    let nanos = padded(Int(micros) * 1000, 9)
    return "." + nanos.prefix(precision)
  }

  private static func time(_ micros: Int64, precision: Int) -> String {
    let seconds = Int(micros / 1_000_000)
    return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
      + fraction(micros % 1_000_000, precision)
  }

  private static func timestamp(_ micros: Int64, _ type: SQLType) -> String {
    let seconds = micros.floorDivide(1_000_000)
    let civil = CivilTime(Timestamp(seconds: seconds))
    let within = micros - seconds * 1_000_000 + Int64(civil.hour * 3600 + civil.minute * 60 + civil.second) * 1_000_000
    let text = date(civil) + " " + time(within, precision: precision(type))
    // Values with a zone reach us in UTC: the printer asks the engine for the text of any other zone.
    return type.isTimestampTZ ? text + " UTC" : text
  }

  private static func zone(_ seconds: Int) -> String {
    (seconds < 0 ? "-" : "+") + padded(abs(seconds) / 3600, 2) + ":" + padded(abs(seconds) / 60 % 60, 2)
  }

  private static func interval(_ months: Int32, _ days: Int32, _ micros: Int64, _ type: SQLType) -> String {
    if type == .intervalYearToMonth {
      let total = abs(Int(months))
      return (months < 0 ? "-" : "") + "\(total / 12)-\(total % 12)"
    }
    let total = Int64(days).saturatingMultiply(86_400_000_000).saturatingAdd(micros)
    let size = total.magnitude
    let (wholeDays, rest) = (size / 86_400_000_000, Int64(size % 86_400_000_000))
    return (total < 0 ? "-" : "") + "\(wholeDays) " + time(rest, precision: 3)
  }

  private static func uuid(_ bits: UInt128) -> String {
    let digits = String(bits, radix: 16)
    let hex = Array((String(repeating: "0", count: 32 - digits.count) + digits).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: hex[$0], as: UTF8.self) }
      .joined(separator: "-")
  }
}

extension ResultColumn {
  /// A query's column as `ResultSetMetadata` shows it.
  init(_ column: OutputColumn, at index: Int) {
    let (type, precision, scale) = Self.described(column.type)
    self.init(name: column.name ?? "_col\(index)", type: type, precision: precision, scale: scale)
  }

  private static func described(_ type: SQLType) -> (String, Int, Int) {
    switch type {
    case .boolean: ("boolean", 0, 0)
    case .tinyint: ("tinyint", 3, 0)
    case .smallint: ("smallint", 5, 0)
    case .integer: ("integer", 10, 0)
    case .bigint: ("bigint", 19, 0)
    case .real: ("float", 17, 0)
    case .double: ("double", 17, 0)
    case .decimal(let precision, let scale): ("decimal", precision, scale)
    case .varchar(let length): ("varchar", length ?? 2_147_483_647, 0)
    case .char(let length): ("char", length, 0)
    case .varbinary: ("varbinary", 1_073_741_824, 0)
    case .time(let precision), .timestamp(let precision): (type.baseName, precision, 0)
    case .timestampWithTimeZone(let precision, _): (type.baseName, precision, 0)
    default: (type.baseName, 0, 0)
    }
  }
}
