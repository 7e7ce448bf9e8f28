import Foundation

/// Everything that was measured in one span of time: the statistics, and a sketch for percentiles.
package struct Aggregate: Sendable, Hashable {
  package private(set) var count: Double = 0
  package private(set) var sum: Double = 0
  package private(set) var minimum = Double.infinity
  package private(set) var maximum = -Double.infinity
  /// `nil` once values came as a StatisticSet, of which no percentile can be known.
  private(set) var sketch: Sketch? = Sketch()

  package init() {}

  package var average: Double { count == 0 ? 0 : sum / count }

  /// - Parameter times: how often the value was measured.
  package mutating func add(_ value: Double, times: Double = 1) {
    count += times
    sum += value * times
    minimum = min(minimum, value)
    maximum = max(maximum, value)
    sketch?.add(value, times: times)
  }

  /// A StatisticSet. Percentiles survive it only when all its values are the same.
  package mutating func add(count: Double, sum: Double, minimum: Double, maximum: Double) {
    self.count += count
    self.sum += sum
    self.minimum = min(self.minimum, minimum)
    self.maximum = max(self.maximum, maximum)
    if count == 1 || minimum == maximum { sketch?.add(minimum, times: count) } else { sketch = nil }
  }

  package mutating func merge(_ other: Aggregate) {
    count += other.count
    sum += other.sum
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    if let theirs = other.sketch { sketch?.merge(theirs) } else { sketch = nil }
  }

  /// The smallest value that at least `percent` of the values do not exceed, to within 1 % of itself.
  package func percentile(_ percent: Double) -> Double? {
    guard let sketch, count > 0 else { return nil }
    return max(minimum, min(maximum, sketch.quantile(percent / 100)))
  }

  // MARK: On disk

  /// Version 1: count, sum, minimum, maximum as little-endian doubles; a byte that says whether bins follow; then
  /// each bin as Int16 index and double count.
  var bytes: [UInt8] {
    var bytes: [UInt8] = [1]
    for value in [count, sum, minimum, maximum] { Self.append(value.bitPattern, to: &bytes) }
    bytes.append(sketch == nil ? 0 : 1)
    for bin in sketch?.bins ?? [] {
      Self.append(UInt16(bitPattern: bin.index), to: &bytes)
      Self.append(bin.count.bitPattern, to: &bytes)
    }
    return bytes
  }

  /// - Returns: `nil` when the bytes are no aggregate of a known version.
  init?(bytes: [UInt8]) {
    var reader = bytes[...]
    guard reader.popFirst() == 1, let count = Self.read(UInt64.self, &reader),
      let sum = Self.read(UInt64.self, &reader),
      let minimum = Self.read(UInt64.self, &reader), let maximum = Self.read(UInt64.self, &reader),
      let hasSketch = reader.popFirst()
    else { return nil }
    self.count = Double(bitPattern: count)
    self.sum = Double(bitPattern: sum)
    self.minimum = Double(bitPattern: minimum)
    self.maximum = Double(bitPattern: maximum)
    guard hasSketch == 1 else {
      sketch = nil
      return
    }
    var bins: [Sketch.Bin] = []
    while !reader.isEmpty {
      guard let index = Self.read(UInt16.self, &reader), let count = Self.read(UInt64.self, &reader) else { return nil }
      bins.append(Sketch.Bin(index: Int16(bitPattern: index), count: Double(bitPattern: count)))
    }
    sketch = Sketch(bins: bins)
  }

  private static func append<T: FixedWidthInteger>(_ value: T, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func read<T: FixedWidthInteger>(_ type: T.Type, _ bytes: inout ArraySlice<UInt8>) -> T? {
    let size = MemoryLayout<T>.size
    guard bytes.count >= size else { return nil }
    var value: T = 0
    for (offset, byte) in bytes.prefix(size).enumerated() { value |= T(byte) << T(8 * offset) }
    bytes = bytes.dropFirst(size)
    return value
  }
}

/// Counts by magnitude, in bins whose bounds grow by 2 %: any quantile is right to within 1 % of its value.
///
/// After Masson, Rim and Lee, "DDSketch" (VLDB 2019), with one row of bins from the most negative to the most
/// positive value.
struct Sketch: Sendable, Hashable {
  struct Bin: Sendable, Hashable {
    /// 0 for zero, positive for positive values, the mirror image for negative ones.
    var index: Int16
    var count: Double
  }

  /// In the order of the values.
  private(set) var bins: [Bin] = []

  private static let growth = 1.01 / 0.99
  private static let logGrowth = 0.020000666706669435  // ln(1.01 / 0.99)
  /// Magnitudes below this are taken for zero; the index of the smallest bin starts above it.
  private static let smallest = 1e-9
  private static let offset = 1037.0  // bins from 1 up to `smallest`: ceil(ln(1e9) / logGrowth)

  init(bins: [Bin] = []) { self.bins = bins }

  private static func index(_ value: Double) -> Int16 {
    let magnitude = abs(value)
    guard magnitude > smallest else { return 0 }
    let place = (log(magnitude) / logGrowth).rounded(.up) + offset
    let clamped = Int16(max(1, min(Double(Int16.max), place)))
    return value < 0 ? -clamped : clamped
  }

  /// The middle of a bin.
  private static func value(_ index: Int16) -> Double {
    guard index != 0 else { return 0 }
    let magnitude = exp((abs(Double(index)) - offset) * logGrowth) * 2 / (1 + growth)
    return index < 0 ? -magnitude : magnitude
  }

  mutating func add(_ value: Double, times: Double) { add(Bin(index: Self.index(value), count: times)) }

  mutating func merge(_ other: Sketch) { for bin in other.bins { add(bin) } }

  private mutating func add(_ bin: Bin) {
    var low = 0
    var high = bins.count
    while low < high {
      let middle = (low + high) / 2
      if bins[middle].index < bin.index { low = middle + 1 } else { high = middle }
    }
    if low < bins.count, bins[low].index == bin.index {
      bins[low].count += bin.count
      return
    }
    bins.insert(bin, at: low)
    if bins.count > Limits.sketchBinsMax {
      // The smallest values lose their precision first: it is the high percentiles that are asked for.
      bins[1].count += bins[0].count
      bins.removeFirst()
    }
  }

  /// By nearest rank. CloudWatch's "95th percentile means that 95 percent of the data is lower than this value and 5
  /// percent is higher": of four values the p99 is the greatest.
  func quantile(_ quantile: Double) -> Double {
    let total = bins.reduce(0) { $0 + $1.count }
    // A little less than the rank, so that 0.999 of 1,000 is the 999th whatever the product rounds to.
    let rank = max(0, min(1, quantile)) * total * (1 - 1e-12)
    var seen = 0.0
    for bin in bins {
      seen += bin.count
      if seen >= rank { return Self.value(bin.index) }
    }
    return bins.last.map { Self.value($0.index) } ?? 0
  }
}
