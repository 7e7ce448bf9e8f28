public import Kernel

/// What is known of a column's values, as a query planner uses it.
public struct ColumnStatisticsRecord: Codable, Hashable, Sendable {
  /// An arbitrary-precision decimal: big-endian two's complement digits and the scale.
  public struct Decimal: Codable, Hashable, Sendable {
    public var unscaled: [UInt8]
    public var scale: Int
  }
  public enum Values: Codable, Hashable, Sendable {
    case boolean(trues: Int64, falses: Int64, nulls: Int64)
    case date(least: Timestamp?, greatest: Timestamp?, nulls: Int64, distinct: Int64)
    case decimal(least: Decimal?, greatest: Decimal?, nulls: Int64, distinct: Int64)
    case double(least: Double?, greatest: Double?, nulls: Int64, distinct: Int64)
    case long(least: Int64?, greatest: Int64?, nulls: Int64, distinct: Int64)
    case string(longest: Int64, averageLength: Double, nulls: Int64, distinct: Int64)
    case binary(longest: Int64, averageLength: Double, nulls: Int64)
  }

  public var column: String
  public var type: String
  public var analyzedTime: Timestamp
  public var values: Values
}
