package import Kernel

/// What a shard may still take in: a bucket of one second's bytes and one of a second's records.
package struct WriteAllowance: Sendable {
  private var bytes = Double(Limits.shardWriteBytesPerSecond)
  private var records = Double(Limits.shardWriteRecordsPerSecond)
  private var refilled: Timestamp?
  /// A partition key's longest UTF-8: 256 characters.
  private static let keyBytesMax = 1024

  package init() {}

  /// Takes a record of `size` bytes (data and partition key) if the shard's rate allows it at `now`.
  ///
  /// A record larger than a second's bytes passes when the bucket is not in debt, and leaves it in debt: AWS lets
  /// large records burst while the average holds.
  package mutating func admit(_ size: Int, at now: Timestamp) -> Bool {
    let byteRate = Double(Limits.shardWriteBytesPerSecond)
    let recordRate = Double(Limits.shardWriteRecordsPerSecond)
    if let refilled {
      let seconds = max(0, Double((now - refilled).nanoseconds) / 1e9)
      bytes = min(byteRate, bytes + seconds * byteRate)
      records = min(recordRate, records + seconds * recordRate)
    }
    refilled = now
    // A record of exactly 1 MiB with its partition key must fit a full bucket; past that it is a large record.
    let needed = size > Limits.shardWriteBytesPerSecond + Self.keyBytesMax ? 0 : min(Double(size), byteRate)
    guard records >= 1, bytes >= needed else { return false }
    records -= 1
    bytes -= Double(size)
    return true
  }
}

/// What a shard may still give out: five calls and 2 MiB a second. A call may give more at once (up to 10 MiB),
/// and shuts the shard until the average is met again.
package struct ReadAllowance: Sendable {
  private var calls = Double(Limits.shardReadCallsPerSecond)
  private var debt = 0.0
  private var shut = false
  private var refilled: Timestamp?

  package init() {}

  /// May a call begin at `now`? Counts it if so.
  package mutating func admit(at now: Timestamp) -> Bool {
    if let refilled {
      let seconds = max(0, Double((now - refilled).nanoseconds) / 1e9)
      let callRate = Double(Limits.shardReadCallsPerSecond)
      calls = min(callRate, calls + seconds * callRate)
      debt = max(0, debt - seconds * Double(Limits.shardReadBytesPerSecond))
    }
    refilled = now
    if debt == 0 { shut = false }
    guard calls >= 1, !shut else { return false }
    calls -= 1
    return true
  }

  /// Notes what the call gave.
  package mutating func took(_ bytes: Int) {
    debt += Double(bytes)
    if debt > Double(Limits.shardReadBytesPerSecond) { shut = true }
  }
}
