import Crypto

/// A place on the ring of 128-bit hash keys that a stream's shards divide among themselves.
package struct HashKey: Hashable, Comparable, Sendable {
  package var value: UInt128

  package static let min = HashKey(0)
  package static let max = HashKey(.max)

  package init(_ value: UInt128) { self.value = value }

  /// - Returns: `nil` unless the text is a decimal number below 2^128.
  package init?(decimal text: String) {
    guard let value = UInt128(text) else { return nil }
    self.value = value
  }

  /// The MD5 of the key's UTF-8, read as a big-endian number.
  package init(partitionKey: String) {
    var key = partitionKey
    value = key.withUTF8 { bytes in
      var md5 = Insecure.MD5()
      md5.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      return md5.finalize().withUnsafeBytes { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
    }
  }

  package static func < (left: HashKey, right: HashKey) -> Bool { left.value < right.value }

  package var decimal: String { String(value) }
}

extension HashKey: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let key = HashKey(decimal: text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a hash key"))
    }
    self = key
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(decimal)
  }
}

/// The hash keys of one shard, both ends included.
package struct HashRange: Hashable, Sendable, Codable {
  package var start: HashKey
  package var end: HashKey

  package init(start: HashKey, end: HashKey) {
    self.start = start
    self.end = end
  }

  package func contains(_ key: HashKey) -> Bool { start <= key && key <= end }

  /// The ring cut into `count` parts as AWS cuts it: each ⌊2^128 / count⌋ wide, the last taking the rest.
  package static func uniform(_ count: Int) -> [HashRange] {
    precondition(count > 0)
    let parts = UInt128(count)
    // 2^128 itself does not fit: ⌊2^128 / n⌋ is ⌊(2^128 - 1) / n⌋, plus one when n divides 2^128.
    let (quotient, remainder) = UInt128.max.quotientAndRemainder(dividingBy: parts)
    if count == 1 { return [HashRange(start: .min, end: .max)] }
    let width = remainder == parts - 1 ? quotient + 1 : quotient
    return (0..<parts).map { part in
      HashRange(
        start: HashKey(part * width), end: part == parts - 1 ? .max : HashKey((part + 1) * width - 1))
    }
  }
}
