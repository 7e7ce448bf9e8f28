package import Kernel

/// Names one record of a stream. Numbers grow strictly within a shard and lead back to the record's place in its log.
///
/// The number has 186 bits, laid out so that it looks like AWS's (56 digits beginning with 49…), from the highest:
/// the digit 2, the second in which the shard was opened (36 bits), the shard's lowest four bits, the record's
/// ordinal (64), a zero byte, the second in which the record came (36), the shard (32), the layout's version 2.
package struct SequenceNumber: Hashable, Sendable {
  /// Seconds since the epoch at which the record's shard was opened: tells streams of the same name apart.
  package var shardOpenedSeconds: Int64
  package var shard: Int
  /// 0 for the number before a shard's first record, then one more for each record.
  package var ordinal: UInt64
  package var seconds: Int64

  package init(shardOpenedSeconds: Int64, shard: Int, ordinal: UInt64, seconds: Int64) {
    self.shardOpenedSeconds = shardOpenedSeconds
    self.shard = shard
    self.ordinal = ordinal
    self.seconds = seconds
  }

  /// The number of the record at `offset` of a shard's log.
  package init(offset: UInt64, time: Timestamp, of shard: ShardRecord) {
    self.init(
      shardOpenedSeconds: shard.openedAt.seconds, shard: shard.index, ordinal: offset &+ 1, seconds: time.seconds)
  }

  /// The number that a shard's range begins with; no record has it.
  package static func start(of shard: ShardRecord) -> SequenceNumber {
    SequenceNumber(
      shardOpenedSeconds: shard.openedAt.seconds, shard: shard.index, ordinal: 0, seconds: shard.openedAt.seconds)
  }

  /// The number that ends a closed shard's range; no record has it.
  package static func end(of shard: ShardRecord, at time: Timestamp) -> SequenceNumber {
    SequenceNumber(
      shardOpenedSeconds: shard.openedAt.seconds, shard: shard.index, ordinal: UInt64(Int64.max),
      seconds: time.seconds)
  }

  /// Where the record lies in its shard's log; `nil` for the number that a shard begins with.
  package var offset: UInt64? { ordinal == 0 ? nil : ordinal - 1 }

  private static let digits = 56
  private static let chunk: UInt64 = 10_000_000_000_000_000_000  // 10^19

  /// The number in decimal, 56 digits.
  package var text: String {
    let opened = UInt64(truncatingIfNeeded: shardOpenedSeconds) & 0xF_FFFF_FFFF
    let came = UInt64(truncatingIfNeeded: seconds) & 0xF_FFFF_FFFF
    let index = UInt64(truncatingIfNeeded: shard) & 0xFFFF_FFFF
    var high = 2 << 56 | opened << 20 | (index & 15) << 16 | ordinal >> 48
    var middle = ordinal << 16 | came >> 28
    var low = came << 36 | index << 4 | 2

    // Two long divisions by 10^19 leave three chunks of digits; every step's remainder is below the divisor, as
    // `dividingFullWidth` needs.
    func divide() -> UInt64 {
      let first = high.quotientAndRemainder(dividingBy: Self.chunk)
      let second = Self.chunk.dividingFullWidth((first.remainder, middle))
      let third = Self.chunk.dividingFullWidth((second.remainder, low))
      (high, middle, low) = (first.quotient, second.quotient, third.quotient)
      return third.remainder
    }
    let last = divide()
    let next = divide()
    let first = low  // below 10^18: the whole number is below 10^56
    return String(unsafeUninitializedCapacity: Self.digits) { buffer in
      Self.write(first, digits: 18, to: buffer, at: 0)
      Self.write(next, digits: 19, to: buffer, at: 18)
      Self.write(last, digits: 19, to: buffer, at: 37)
      return Self.digits
    }
  }

  private static func write(
    _ number: UInt64, digits: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int
  ) {
    var rest = number
    var place = start + digits
    while place > start {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      buffer[place] = 48 + UInt8(truncatingIfNeeded: digit)
      rest = quotient
    }
  }

  /// - Returns: `nil` unless the text is a number that `text` could have written.
  package init?(_ text: String) {
    guard text.utf8.count == Self.digits else { return nil }
    var limbs: (high: UInt64, middle: UInt64, low: UInt64) = (0, 0, 0)
    for byte in text.utf8 {
      guard byte >= 48, byte <= 57 else { return nil }
      let low = limbs.low.multipliedFullWidth(by: 10)
      let (lowSum, lowCarry) = low.low.addingReportingOverflow(UInt64(byte - 48))
      let middle = limbs.middle.multipliedFullWidth(by: 10)
      let (middleSum, middleCarry) = middle.low.addingReportingOverflow(low.high &+ (lowCarry ? 1 : 0))
      // 56 digits stay below 10^56 < 2^187, so the highest limb cannot overflow.
      limbs = (limbs.high &* 10 &+ middle.high &+ (middleCarry ? 1 : 0), middleSum, lowSum)
    }
    guard limbs.high >> 56 == 2, limbs.low & 15 == 2, limbs.middle >> 8 & 0xFF == 0 else { return nil }
    let index = limbs.low >> 4 & 0xFFFF_FFFF
    guard limbs.high >> 16 & 15 == index & 15, index < 1 << 31 else { return nil }
    let ordinal = (limbs.high & 0xFFFF) << 48 | limbs.middle >> 16
    guard ordinal < 1 << 63 else { return nil }
    self.init(
      shardOpenedSeconds: Int64(limbs.high >> 20 & 0xF_FFFF_FFFF), shard: Int(index), ordinal: ordinal,
      seconds: Int64((limbs.middle & 0xFF) << 28 | limbs.low >> 36))
  }
}
