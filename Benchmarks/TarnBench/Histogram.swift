/// Durations in buckets a sixteenth of their size apart: quantiles within seven per cent, in a fixed space.
struct Histogram: Sendable {
  private var counts = [Int](repeating: 0, count: 64 * 16)
  private(set) var count = 0

  mutating func add(nanoseconds: UInt64) {
    counts[Self.bucket(nanoseconds)] += 1
    count += 1
  }

  mutating func add(_ other: Histogram) {
    for index in counts.indices { counts[index] += other.counts[index] }
    count += other.count
  }

  /// The duration below which the share `quantile` of all lie.
  func milliseconds(at quantile: Double) -> Double {
    let wanted = Int((Double(count) * quantile).rounded(.up))
    var seen = 0
    for (index, number) in counts.enumerated() {
      seen += number
      if seen >= wanted, number > 0 { return Self.value(index) / 1e6 }
    }
    return 0
  }

  private static func bucket(_ value: UInt64) -> Int {
    guard value >= 16 else { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    return min(64 * 16 - 1, (exponent - 3) * 16 + Int(value >> UInt64(exponent - 4) & 15))
  }

  private static func value(_ bucket: Int) -> Double {
    guard bucket >= 16 else { return Double(bucket) }
    let (exponent, step) = (bucket / 16 + 3, bucket % 16)
    return Double(UInt64(16 + step) << UInt64(exponent - 4))
  }
}
