import Storage

/// Writes the compact form of records that sit on the hot path: LEB128 numbers and length-prefixed bytes.
struct BinaryWriter {
  private(set) var bytes: [UInt8] = []

  init(reserving count: Int = 256) { bytes.reserveCapacity(count) }

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func raw(_ value: some Collection<UInt8>) { bytes.append(contentsOf: value) }

  mutating func block(_ value: some Collection<UInt8>) {
    number(UInt64(value.count))
    raw(value)
  }

  mutating func text(_ value: String) { block(value.utf8) }
}

/// Reads what `BinaryWriter` wrote. Every step is checked: bytes that are no record throw, they do not trap.
struct BinaryReader {
  private let bytes: [UInt8]
  private var index: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    index = 0
    end = bytes.count
  }

  private init(_ bytes: [UInt8], from: Int, to: Int) {
    self.bytes = bytes
    index = from
    end = to
  }

  var isAtEnd: Bool { index >= end }

  mutating func byte() throws -> UInt8 {
    guard index < end else { throw Self.truncated }
    defer { index += 1 }
    return bytes[index]
  }

  mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 64 else { throw StorageError.corrupt("a number in an S3 record is too long") }
      value |= UInt64(next & 0x7F) << shift
      if next & 0x80 == 0 { return value }
      shift += 7
    }
  }

  mutating func signed() throws -> Int64 {
    let folded = try number()
    return Int64(bitPattern: (folded >> 1) ^ (0 &- (folded & 1)))
  }

  mutating func count() throws -> Int {
    guard let count = Int(exactly: try number()), count <= end - index else { throw Self.truncated }
    return count
  }

  mutating func raw(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= end - index else { throw Self.truncated }
    defer { index += count }
    return bytes[index..<index + count]
  }

  mutating func block() throws -> ArraySlice<UInt8> { try raw(try count()) }

  mutating func text() throws -> String { String(decoding: try block(), as: UTF8.self) }

  /// A reader over the next length-prefixed block alone.
  mutating func nested() throws -> BinaryReader {
    let length = try count()
    defer { index += length }
    return BinaryReader(bytes, from: index, to: index + length)
  }

  private static var truncated: StorageError { .corrupt("an S3 record ends early") }
}
