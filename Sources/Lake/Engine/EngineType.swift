import CDuckDB

/// A column's type, as DuckDB knows it.
public indirect enum EngineType: Hashable, Sendable {
  /// The type of a bare NULL.
  case null
  case boolean
  case tinyInt, smallInt, integer, bigInt, hugeInt
  case unsignedTinyInt, unsignedSmallInt, unsignedInteger, unsignedBigInt, unsignedHugeInt
  case decimal(width: Int, scale: Int)
  case float, double
  case varchar
  /// VARCHAR that holds JSON.
  case json
  case blob
  case bit
  case date
  case time, timeTZ, timeNS
  case timestampSeconds, timestampMilliseconds, timestamp, timestampNanoseconds, timestampTZ
  case interval
  case uuid
  case enumeration([String])
  case list(EngineType)
  case array(EngineType, size: Int)
  case map(key: EngineType, value: EngineType)
  case structure([Field])
  case union([Field])
  /// A type that this layer does not read; its values come out as NULL. Cast it in SQL.
  case other(id: Int)

  public struct Field: Hashable, Sendable {
    public var name: String
    public var type: EngineType

    public init(_ name: String, _ type: EngineType) {
      self.name = name
      self.type = type
    }
  }

  private static let plain: [Int32: EngineType] = [
    1: .null, 10: .boolean, 11: .tinyInt, 12: .smallInt, 13: .integer, 14: .bigInt, 15: .date, 16: .time,
    17: .timestampSeconds, 18: .timestampMilliseconds, 19: .timestamp, 20: .timestampNanoseconds, 22: .float,
    23: .double, 24: .varchar, 26: .blob, 27: .interval, 28: .unsignedTinyInt, 29: .unsignedSmallInt,
    30: .unsignedInteger, 31: .unsignedBigInt, 32: .timestampTZ, 34: .timeTZ, 35: .timeNS, 36: .bit,
    49: .unsignedHugeInt, 50: .hugeInt, 54: .uuid,
  ]

  /// Reads a type, whose ids are those of DuckDB's `LogicalTypeId`.
  init(_ type: OpaquePointer) {
    let id = cduck_type_id(type)
    if let plain = Self.plain[id] {
      self = plain
      return
    }
    func child(_ index: Int) -> EngineType { cduck_type_child(type, index).map { EngineType($0) } ?? .other(id: 0) }
    func fields() -> [Field] {
      (0..<cduck_type_child_count(type)).map { index in
        Field(cduck_type_child_name(type, index).map { String(cString: $0) } ?? "", child(index))
      }
    }
    switch id {
    case 21:
      var width: Int32 = 0
      var scale: Int32 = 0
      cduck_type_decimal(type, &width, &scale)
      self = .decimal(width: Int(width), scale: Int(scale))
    case 25:
      let alias = cduck_type_alias(type).map { String(cString: $0) }
      self = alias == "JSON" ? .json : .varchar
    case 100: self = .structure(fields())
    case 101: self = .list(child(0))
    case 102: self = .map(key: child(0), value: child(1))
    case 104:
      self = .enumeration(
        (0..<cduck_type_enum_count(type)).map { index in
          var count = 0
          guard let bytes = cduck_type_enum_value(type, index, &count) else { return "" }
          return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        })
    case 107: self = .union(fields())
    case 108: self = .array(child(0), size: Int(cduck_type_array_size(type)))
    default: self = .other(id: Int(id))
    }
  }
}
