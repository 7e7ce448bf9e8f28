import Engine
import PostgresWire

/// Gives parameters types in a statement's text: the engine describes no columns while it does not know them.
enum ParameterCasts {
  /// Writes `$1` as `CAST($1 AS …)`, outside of quotes and comments.
  /// - Parameter sql: as printed for the engine.
  static func cast(_ sql: String, _ types: [PostgresType]) -> String {
    let bytes = Array(sql.utf8)
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + types.count * 24)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        let end = bytes[(index + 1)...].firstIndex(of: byte).map { $0 + 1 } ?? bytes.count
        output += bytes[index..<end]
        index = end
      } else if byte == UInt8(ascii: "$") {
        let digits = bytes[(index + 1)...].prefix { (0x30...0x39).contains($0) }
        let number = Int(String(decoding: digits, as: UTF8.self)) ?? 0
        let name = bytes[index..<digits.endIndex]
        if number >= 1, number <= types.count {
          output += Array("CAST(".utf8) + name + Array(" AS \(engineType(types[number - 1])))".utf8)
        } else {
          output += name
        }
        index = digits.endIndex
      } else {
        output.append(byte)
        index += 1
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func engineType(_ type: PostgresType) -> String {
    switch type.oid {
    case PostgresType.boolean.oid: "BOOLEAN"
    case PostgresType.int2.oid: "SMALLINT"
    case PostgresType.int4.oid: "INTEGER"
    case PostgresType.int8.oid, PostgresType.oid.oid: "BIGINT"
    case PostgresType.float4.oid: "FLOAT"
    case PostgresType.float8.oid: "DOUBLE"
    case PostgresType.numeric.oid:
      type.numericShape.map { "DECIMAL(\(max(1, min($0.precision, 38))), \(min($0.scale, 38)))" } ?? "DECIMAL(38, 10)"
    case PostgresType.date.oid: "DATE"
    case PostgresType.time.oid: "TIME"
    case PostgresType.timeTZ.oid: "TIMETZ"
    case PostgresType.timestamp.oid: "TIMESTAMP"
    case PostgresType.timestampTZ.oid: "TIMESTAMPTZ"
    case PostgresType.interval.oid, PostgresType.intervalYearToMonth.oid, PostgresType.intervalDayToSecond.oid:
      "INTERVAL"
    case PostgresType.bytea.oid: "BLOB"
    default: "VARCHAR"
    }
  }
}
