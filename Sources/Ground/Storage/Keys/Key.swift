/// A typed tuple, encoded so that byte order is tuple order. Names one value in a `KeyStore`.
///
/// Elements keep their order when encoded (FoundationDB's tuple layer is the model): strings and byte strings
/// by their bytes, integers by value, and a shorter tuple before every tuple that it begins.
public struct Key: Hashable, Comparable, Sendable {
  public private(set) var bytes: [UInt8]

  /// A key from bytes that `bytes` of another key gave.
  public init(encoded bytes: [UInt8]) { self.bytes = bytes }

  public init(_ elements: any KeyElement...) {
    bytes = []
    for element in elements { element.append(to: &bytes) }
  }

  /// This key with more elements behind it.
  public func appending(_ elements: any KeyElement...) -> Key {
    var longer = self
    for element in elements { element.append(to: &longer.bytes) }
    return longer
  }

  /// Every key that has this one as its beginning, itself included.
  public var subtree: KeyRange {
    // No element starts with 0xFF, so the next key after the subtree is the prefix followed by it.
    KeyRange(from: self, to: Key(encoded: bytes + [0xFF]))
  }

  public static func < (left: Key, right: Key) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

/// A half-open range of keys.
public struct KeyRange: Hashable, Sendable {
  public var from: Key
  public var to: Key

  /// - Parameters:
  ///   - from: the first key of the range.
  ///   - to: the first key after it.
  public init(from: Key, to: Key) {
    self.from = from
    self.to = to
  }
}

/// What a key's tuple may hold.
public protocol KeyElement: Sendable {
  func append(to bytes: inout [UInt8])
}

extension String: KeyElement {
  public func append(to bytes: inout [UInt8]) {
    bytes.append(0x02)
    KeyCoding.appendEscaped(utf8, to: &bytes)
  }
}

extension Array: KeyElement where Element == UInt8 {
  public func append(to bytes: inout [UInt8]) {
    bytes.append(0x01)
    KeyCoding.appendEscaped(self, to: &bytes)
  }
}

extension Int64: KeyElement {
  public func append(to bytes: inout [UInt8]) {
    bytes.append(0x15)
    // Flipping the sign bit makes unsigned byte order the order of signed numbers.
    let ordered = UInt64(bitPattern: self) ^ (1 << 63)
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: ordered >> UInt64(shift)))
    }
  }
}

extension Int: KeyElement {
  public func append(to bytes: inout [UInt8]) { Int64(self).append(to: &bytes) }
}

/// The decoded form of one element.
public enum DecodedKeyElement: Hashable, Sendable {
  case bytes([UInt8])
  case string(String)
  case integer(Int64)

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
}

extension Key {
  /// The tuple's elements, or `nil` when the bytes are no key.
  public var elements: [DecodedKeyElement]? {
    var result: [DecodedKeyElement] = []
    var index = 0
    while index < bytes.count {
      let tag = bytes[index]
      index += 1
      switch tag {
      case 0x01, 0x02:
        guard let content = KeyCoding.readEscaped(bytes, at: &index) else { return nil }
        result.append(tag == 0x01 ? .bytes(content) : .string(String(decoding: content, as: UTF8.self)))
      case 0x15:
        guard index + 8 <= bytes.count else { return nil }
        let ordered = bytes[index..<index + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        result.append(.integer(Int64(bitPattern: ordered ^ (1 << 63))))
        index += 8
      default: return nil
      }
    }
    return result
  }
}

enum KeyCoding {
  /// A zero byte inside is written as 00 FF, the end as 00: so `"a"` sorts before `"a\0"` and `"ab"`.
  static func appendEscaped(_ content: some Sequence<UInt8>, to bytes: inout [UInt8]) {
    for byte in content {
      bytes.append(byte)
      if byte == 0 { bytes.append(0xFF) }
    }
    bytes.append(0)
  }

  static func readEscaped(_ bytes: [UInt8], at index: inout Int) -> [UInt8]? {
    var content: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte != 0 {
        content.append(byte)
      } else if index < bytes.count, bytes[index] == 0xFF {
        content.append(0)
        index += 1
      } else {
        return content
      }
    }
    return nil
  }
}
