import CDuckDB

/// The values of one column in one chunk, or of what a nested column is made of. The accessors read DuckDB's
/// memory in place; each is for the types named at it, and asking for a row outside the vector, or for another type
/// than the column's, is a mistake of the caller.
public struct ColumnVector: @unchecked Sendable {
  // Safe: the memory is written before the chunk is made and never after, and `owner` keeps it.
  public let type: EngineType
  /// The number of values.
  public let count: Int
  /// The elements of a list, array or map (as structures of key and value); the fields of a structure; tag and
  /// members of a union.
  public let children: [ColumnVector]
  private let data: UnsafeRawPointer?
  private let validity: UnsafePointer<UInt64>?
  private let owner: AnyObject?

  init(_ vector: OpaquePointer, type: EngineType, count: Int, owner: AnyObject?) {
    self.type = type
    self.count = count
    self.owner = owner
    data = cduck_vector_data(vector).map { UnsafeRawPointer($0) }
    validity = cduck_vector_validity(vector).map { UnsafePointer($0) }

    func elements(_ type: EngineType) -> [ColumnVector] {
      var count = 0
      guard let elements = cduck_vector_elements(vector, &count) else { return [] }
      return [ColumnVector(elements, type: type, count: count, owner: owner)]
    }
    func fields(_ fields: [EngineType]) -> [ColumnVector] {
      fields.enumerated().compactMap { index, type in
        cduck_vector_field(vector, index).map { ColumnVector($0, type: type, count: count, owner: owner) }
      }
    }
    switch type {
    case .list(let element), .array(let element, _): children = elements(element)
    case .map(let key, let value):
      children = elements(.structure([EngineType.Field("key", key), EngineType.Field("value", value)]))
    case .structure(let members): children = fields(members.map(\.type))
    case .union(let members): children = fields([.unsignedTinyInt] + members.map(\.type))
    default: children = []
    }
  }

  /// Whether the row has no value.
  @inline(__always)
  public func isNull(_ row: Int) -> Bool {
    precondition(row >= 0 && row < count)
    guard let validity else { return false }
    return validity[row >> 6] & (1 << UInt64(row & 63)) == 0
  }

  /// The raw value: `T` must have the layout of the column's type (`Int64` for BIGINT, TIMESTAMP and so on).
  @inline(__always)
  public func load<T: BitwiseCopyable>(_ row: Int, as _: T.Type) -> T {
    precondition(row >= 0 && row < count && data != nil)
    return data.unsafelyUnwrapped.loadUnaligned(fromByteOffset: row &* MemoryLayout<T>.stride, as: T.self)
  }

  /// The bytes of a VARCHAR, JSON, BLOB or BIT value, valid during `body`.
  @inline(__always)
  public func withBytes<Result, Failure: Error>(
    _ row: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(row >= 0 && row < count && data != nil)
    // DuckDB's string_t: the length, then up to 12 bytes in place, or a prefix of 4 and a pointer.
    let entry = data.unsafelyUnwrapped + row &* 16
    let length = Int(entry.loadUnaligned(as: UInt32.self))
    if length <= 12 { return try body(UnsafeRawBufferPointer(start: entry + 4, count: length)) }
    let address = entry.loadUnaligned(fromByteOffset: 8, as: UInt.self)
    return try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: length))
  }

  /// A VARCHAR or JSON value, or the name of an enumeration's value.
  public func string(_ row: Int) -> String {
    if case .enumeration(let names) = type {
      let index = enumerationIndex(row, of: names.count)
      return index < names.count ? names[index] : ""
    }
    return withBytes(row) { String(decoding: $0, as: UTF8.self) }
  }

  /// A BLOB's bytes.
  public func bytes(_ row: Int) -> [UInt8] { withBytes(row) { Array($0) } }

  /// A value of any integer type up to 64 bits; unsigned ones above `Int64.max` wrap.
  public func integer(_ row: Int) -> Int64 {
    switch type {
    case .tinyInt: Int64(load(row, as: Int8.self))
    case .smallInt: Int64(load(row, as: Int16.self))
    case .integer, .date: Int64(load(row, as: Int32.self))
    case .unsignedTinyInt, .boolean: Int64(load(row, as: UInt8.self))
    case .unsignedSmallInt: Int64(load(row, as: UInt16.self))
    case .unsignedInteger: Int64(load(row, as: UInt32.self))
    default: load(row, as: Int64.self)
    }
  }

  /// A DECIMAL, times ten to the power of its scale.
  public func decimal(_ row: Int) -> Int128 {
    guard case .decimal(let width, _) = type else { return Int128(integer(row)) }
    return switch width {
    case ...4: Int128(load(row, as: Int16.self))
    case ...9: Int128(load(row, as: Int32.self))
    case ...18: Int128(load(row, as: Int64.self))
    default: hugeInt(row)
    }
  }

  /// A HUGEINT, and the bits of a UUID or UHUGEINT.
  public func hugeInt(_ row: Int) -> Int128 {
    precondition(row >= 0 && row < count && data != nil)
    let entry = data.unsafelyUnwrapped + row &* 16
    let low = entry.loadUnaligned(as: UInt64.self)
    let high = entry.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    return Int128(truncatingIfNeeded: UInt128(high) << 64 | UInt128(low))
  }

  /// Where a list's, array's or map's elements lie within `children[0]`.
  public func elements(_ row: Int) -> Range<Int> {
    if case .array(_, let size) = type { return row * size..<row * size + size }
    precondition(row >= 0 && row < count && data != nil)
    let entry = data.unsafelyUnwrapped + row &* 16
    let offset = Int(entry.loadUnaligned(as: UInt64.self))
    return offset..<offset + Int(entry.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  private func enumerationIndex(_ row: Int, of count: Int) -> Int {
    switch count {
    case ...255: Int(load(row, as: UInt8.self))
    case ...65535: Int(load(row, as: UInt16.self))
    default: Int(load(row, as: UInt32.self))
    }
  }

  /// The value of a row, whatever its type.
  public subscript(row: Int) -> EngineValue {
    if isNull(row) { return .null }
    switch type {
    case .null, .other: return .null
    case .boolean: return .bool(load(row, as: UInt8.self) != 0)
    case .tinyInt, .smallInt, .integer, .bigInt: return .int(integer(row))
    case .unsignedTinyInt, .unsignedSmallInt, .unsignedInteger, .unsignedBigInt:
      return .uint(UInt64(bitPattern: integer(row)))
    case .hugeInt: return .hugeInt(hugeInt(row))
    case .unsignedHugeInt: return .unsignedHugeInt(UInt128(bitPattern: hugeInt(row)))
    case .decimal(_, let scale): return .decimal(decimal(row), scale: scale)
    case .float: return .float(load(row, as: Float.self))
    case .double: return .double(load(row, as: Double.self))
    case .varchar, .json, .enumeration: return .string(string(row))
    case .blob, .bit: return .bytes(bytes(row))
    case .date: return .date(load(row, as: Int32.self))
    case .time: return .time(load(row, as: Int64.self))
    case .timeNS: return .timeNS(load(row, as: Int64.self))
    case .timeTZ:
      // 40 bits of microseconds, 24 bits of the zone counted down from 15:59:59.
      let bits = load(row, as: UInt64.self)
      return .timeTZ(Int64(bits >> 24), offsetSeconds: 57_599 - Int32(bits & 0xFF_FFFF))
    case .timestampSeconds: return .timestamp(load(row, as: Int64.self).multipliedSaturating(by: 1_000_000))
    case .timestampMilliseconds: return .timestamp(load(row, as: Int64.self).multipliedSaturating(by: 1_000))
    case .timestamp: return .timestamp(load(row, as: Int64.self))
    case .timestampNanoseconds: return .timestampNS(load(row, as: Int64.self))
    case .timestampTZ: return .timestampTZ(load(row, as: Int64.self))
    case .interval:
      precondition(data != nil)
      let entry = data.unsafelyUnwrapped + row &* 16
      return .interval(
        months: entry.loadUnaligned(as: Int32.self), days: entry.loadUnaligned(fromByteOffset: 4, as: Int32.self),
        microseconds: entry.loadUnaligned(fromByteOffset: 8, as: Int64.self))
    case .uuid:
      // Kept with the first bit turned over, so that it sorts as a signed number.
      return .uuid(UInt128(bitPattern: hugeInt(row)) ^ (1 << 127))
    case .list, .array:
      guard let elements = children.first else { return .null }
      return .list(self.elements(row).map { elements[$0] })
    case .map:
      guard let entries = children.first, entries.children.count == 2 else { return .null }
      return .map(
        elements(row).map { EngineValue.Entry(key: entries.children[0][$0], value: entries.children[1][$0]) })
    case .structure(let fields):
      return .structure(zip(fields, children).map { EngineValue.Member($0.name, $1[row]) })
    case .union:
      guard let tag = children.first else { return .null }
      let member = Int(tag.load(row, as: UInt8.self)) + 1
      return member < children.count ? children[member][row] : .null
    }
  }
}

extension Int64 {
  fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? (self < 0 ? .min : .max) : product
  }
}
