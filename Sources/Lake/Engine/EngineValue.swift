/// One value of a result, in a form for readers that do not mind the cost. `ColumnVector` has the fast ones.
public indirect enum EngineValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// All signed integer types up to 64 bits.
  case int(Int64)
  /// All unsigned integer types up to 64 bits.
  case uint(UInt64)
  case hugeInt(Int128)
  case unsignedHugeInt(UInt128)
  /// The value times ten to the power of `scale`.
  case decimal(Int128, scale: Int)
  case float(Float)
  case double(Double)
  /// VARCHAR, JSON and values of enumerations.
  case string(String)
  case bytes([UInt8])
  /// Days since 1970-01-01.
  case date(Int32)
  /// Microseconds since midnight.
  case time(Int64)
  /// Nanoseconds since midnight.
  case timeNS(Int64)
  /// Microseconds since midnight in the zone, and the zone's distance from UTC in seconds.
  case timeTZ(Int64, offsetSeconds: Int32)
  /// Microseconds since 1970 on a calendar without a zone. Seconds and milliseconds are scaled to it.
  case timestamp(Int64)
  /// Nanoseconds since 1970.
  case timestampNS(Int64)
  /// Microseconds since 1970 in UTC.
  case timestampTZ(Int64)
  case interval(months: Int32, days: Int32, microseconds: Int64)
  /// The UUID's 128 bits.
  case uuid(UInt128)
  case list([EngineValue])
  case structure([Member])
  case map([Entry])

  public struct Member: Hashable, Sendable {
    public var name: String
    public var value: EngineValue

    public init(_ name: String, _ value: EngineValue) {
      self.name = name
      self.value = value
    }
  }

  public struct Entry: Hashable, Sendable {
    public var key: EngineValue
    public var value: EngineValue

    public init(key: EngineValue, value: EngineValue) {
      self.key = key
      self.value = value
    }
  }
}

/// A statement's parameter (`$1`, `?`).
public enum EngineParameter: Hashable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  /// Text that becomes what the statement expects in its place.
  case untyped(String)
  case bytes([UInt8])
  /// Days since 1970-01-01.
  case date(Int32)
  /// Microseconds since 1970 without a zone.
  case timestamp(Int64)
  /// Microseconds since 1970 in UTC.
  case timestampTZ(Int64)
}
