/// A column's or parameter's type as PostgreSQL's protocol names it.
public struct PostgresType: Hashable, Sendable {
  /// The type's number in `pg_type`.
  public var oid: UInt32
  /// Bytes of a value, -1 when they vary.
  public var size: Int16
  /// What the type was declared with (`VARCHAR(10)`: 14), -1 when nothing.
  public var modifier: Int32

  public init(oid: UInt32, size: Int16, modifier: Int32 = -1) {
    self.oid = oid
    self.size = size
    self.modifier = modifier
  }

  public static let boolean = PostgresType(oid: 16, size: 1)
  public static let bytea = PostgresType(oid: 17, size: -1)
  public static let name = PostgresType(oid: 19, size: 64)
  public static let int8 = PostgresType(oid: 20, size: 8)
  public static let int2 = PostgresType(oid: 21, size: 2)
  public static let int4 = PostgresType(oid: 23, size: 4)
  public static let text = PostgresType(oid: 25, size: -1)
  public static let oid = PostgresType(oid: 26, size: 4)
  public static let float4 = PostgresType(oid: 700, size: 4)
  public static let float8 = PostgresType(oid: 701, size: 8)
  public static let unknown = PostgresType(oid: 705, size: -2)
  public static let bpchar = PostgresType(oid: 1042, size: -1)
  public static let varchar = PostgresType(oid: 1043, size: -1)
  public static let date = PostgresType(oid: 1082, size: 4)
  public static let time = PostgresType(oid: 1083, size: 8)
  public static let timestamp = PostgresType(oid: 1114, size: 8)
  public static let timestampTZ = PostgresType(oid: 1184, size: 8)
  public static let interval = PostgresType(oid: 1186, size: 16)
  public static let timeTZ = PostgresType(oid: 1266, size: 12)
  public static let numeric = PostgresType(oid: 1700, size: -1)
  /// Redshift's own: SUPER and VARBYTE.
  public static let superValue = PostgresType(oid: 4000, size: -1)
  public static let varbyte = PostgresType(oid: 6551, size: -1)
}

extension PostgresType {
  /// Redshift's own: INTERVAL YEAR TO MONTH and INTERVAL DAY TO SECOND.
  public static let intervalYearToMonth = PostgresType(oid: 1188, size: 4)
  public static let intervalDayToSecond = PostgresType(oid: 1190, size: 8)

  /// NUMERIC's digits and scale from its modifier.
  public var numericShape: (precision: Int, scale: Int)? {
    guard oid == Self.numeric.oid, modifier >= 4 else { return nil }
    return (Int((modifier - 4) >> 16 & 0xFFFF), Int((modifier - 4) & 0xFFFF))
  }
}
