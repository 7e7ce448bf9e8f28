public import NIOCore

/// Data rows, written value by value into memory of its own: no object and no check is paid for a value but that
/// there is room.
///
/// A row is `begin(columns:)`, one value for each column, `end()`. Not for several tasks at once.
public final class RowBuffer {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  /// Bytes written.
  public private(set) var count = 0
  private var rowStart = 0

  public init(capacity: Int = 64 << 10) {
    self.capacity = max(256, capacity)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// Copies what was written behind `output`'s end, and forgets it.
  public func move(to output: inout ByteBuffer) {
    output.writeBytes(UnsafeRawBufferPointer(start: base, count: count))
    count = 0
  }

  @inline(__always)
  private func reserve(_ bytes: Int) {
    if count &+ bytes > capacity { grow(bytes) }
  }

  private func grow(_ bytes: Int) {
    let grown = max(capacity * 2, count + bytes)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
    fresh.copyMemory(from: base, byteCount: count)
    base.deallocate()
    (base, capacity) = (fresh, grown)
  }

  // MARK: Rows

  public func begin(columns: Int) {
    reserve(7)
    rowStart = count
    put(UInt8(ascii: "D"))
    put(Int32(0))
    put(UInt16(clamping: columns))
  }

  public func end() {
    base.storeBytes(of: Int32(clamping: count - rowStart - 1).bigEndian, toByteOffset: rowStart + 1, as: Int32.self)
  }

  public func null() {
    reserve(4)
    put(Int32(-1))
  }

  /// A value whose bytes are ready.
  public func bytes(_ bytes: UnsafeRawBufferPointer) {
    reserve(4 + bytes.count)
    put(Int32(clamping: bytes.count))
    append(bytes)
  }

  public func text(_ text: String) {
    var text = text
    text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
  }

  /// A big-endian integer.
  public func binary<T: FixedWidthInteger>(_ value: T) {
    reserve(4 + MemoryLayout<T>.size)
    put(Int32(MemoryLayout<T>.size))
    put(value)
  }

  /// - Parameter days: since 1970-01-01; the binary format counts from 2000.
  public func dateBinary(_ days: Int32) {
    let isInfinite = days == .max || days == -.max
    binary(isInfinite ? (days > 0 ? Int32.max : .min) : days &- BinaryParameters.epochDays)
  }

  /// - Parameter microseconds: since 1970-01-01 00:00; the binary format counts from 2000.
  public func timestampBinary(_ microseconds: Int64) {
    let isInfinite = microseconds == .max || microseconds == -.max
    binary(
      isInfinite ? (microseconds > 0 ? Int64.max : .min) : microseconds &- BinaryParameters.epochMicroseconds)
  }

  /// A binary interval: microseconds and days, then months; without days as PostgreSQL 8.0 and Redshift have it.
  public func binaryInterval(months: Int32, days: Int32, microseconds: Int64, withoutDays: Bool) {
    reserve(20)
    put(Int32(withoutDays ? 12 : 16))
    if withoutDays {
      put(microseconds &+ Int64(days) &* 86_400_000_000)
    } else {
      put(microseconds)
      put(days)
    }
    put(months)
  }

  public func binaryTimeTZ(microseconds: Int64, secondsWest: Int32) {
    reserve(16)
    put(Int32(12))
    put(microseconds)
    put(secondsWest)
  }

  /// PostgreSQL's binary NUMERIC: groups of four decimal digits.
  /// - Parameter scale: digits behind the point, 0 to 38.
  public func binaryNumeric(_ value: Int128, scale: Int) {
    let scale = max(0, min(scale, 38))
    // The point falls between two groups.
    let padding = (4 - scale % 4) % 4
    var groups: [UInt16] = []
    var rest = value.magnitude
    var isFirst = true
    while rest > 0 {
      let divisor: UInt128 = isFirst ? [10_000, 1_000, 100, 10][padding] : 10_000
      let group = UInt16(truncatingIfNeeded: rest % divisor)
      groups.append(isFirst ? group * [1, 10, 100, 1_000][padding] : group)
      rest /= divisor
      isFirst = false
    }
    let groupsBehindPoint = (scale + 3) / 4
    let weight = groups.count - groupsBehindPoint - 1
    let trailing = groups.prefix { $0 == 0 }.count
    let digits = groups.dropFirst(trailing).reversed()
    reserve(12 + digits.count * 2)
    put(Int32(8 + digits.count * 2))
    put(UInt16(digits.count))
    put(Int16(digits.isEmpty ? 0 : weight))
    put(UInt16(value < 0 ? 0x4000 : 0))
    put(UInt16(scale))
    for digit in digits { put(digit) }
  }

  /// Redshift's binary NUMERIC of transfer protocol 2: the value without its point, in 8 bytes up to 18 digits.
  public func redshiftNumeric(_ value: Int128, precision: Int) {
    if precision <= 18, let narrow = Int64(exactly: value) { binary(narrow) } else { binary(value) }
  }

  // MARK: Text

  public func integerText(_ value: Int64) {
    reserve(24)
    let start = beginValue()
    appendInteger(value)
    endValue(start)
  }

  public func boolText(_ value: Bool) {
    reserve(5)
    put(Int32(1))
    put(UInt8(ascii: value ? "t" : "f"))
  }

  /// - Parameter scale: digits behind the point.
  public func decimalText(_ value: Int128, scale: Int) {
    let scale = max(0, min(scale, 64))
    reserve(160)
    let start = beginValue()
    if value < 0 { put(UInt8(ascii: "-")) }
    // Digits from the last to the first into the end of the room, then moved to the front.
    var cursor = count + 140
    let end = cursor
    var written = 0
    func digit(_ digit: UInt8) {
      if written == scale && scale > 0 {
        cursor -= 1
        base.storeBytes(of: UInt8(ascii: "."), toByteOffset: cursor, as: UInt8.self)
      }
      cursor -= 1
      base.storeBytes(of: 0x30 + digit, toByteOffset: cursor, as: UInt8.self)
      written += 1
    }
    var wide = value.magnitude
    while wide > UInt128(UInt64.max) {
      let (quotient, remainder) = wide.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
      var part = UInt64(truncatingIfNeeded: remainder)
      for _ in 0..<18 {
        digit(UInt8(truncatingIfNeeded: part % 10))
        part /= 10
      }
      wide = quotient
    }
    var narrow = UInt64(truncatingIfNeeded: wide)
    while narrow > 0 || written <= scale {
      digit(UInt8(truncatingIfNeeded: narrow % 10))
      narrow /= 10
    }
    (base + count).copyMemory(from: base + cursor, byteCount: end - cursor)
    count += end - cursor
    endValue(start)
  }

  /// - Parameter days: since 1970-01-01; the two ends of the range are infinities.
  public func dateText(_ days: Int32) {
    reserve(40)
    let start = beginValue()
    if days == .max || days == -.max {
      appendInfinity(days > 0)
    } else {
      let isBC = appendDate(Int64(days))
      if isBC { append(" BC") }
    }
    endValue(start)
  }

  /// - Parameters:
  ///   - microseconds: since 1970-01-01 00:00, by the clock that is shown; the two ends of the range are infinities.
  ///   - zone: what is written behind the time, `+00` for UTC.
  public func timestampText(_ microseconds: Int64, zone: StaticString = "") {
    reserve(64)
    let start = beginValue()
    if microseconds == .max || microseconds == -.max {
      appendInfinity(microseconds > 0)
    } else {
      let day: Int64 = 86_400_000_000
      var days = microseconds / day
      var rest = microseconds % day
      if rest < 0 { (days, rest) = (days - 1, rest + day) }
      let isBC = appendDate(days)
      put(UInt8(ascii: " "))
      appendTime(rest)
      append(zone)
      if isBC { append(" BC") }
    }
    endValue(start)
  }

  /// - Parameter microseconds: since midnight.
  public func timeText(_ microseconds: Int64) {
    reserve(32)
    let start = beginValue()
    appendTime(max(0, min(microseconds, 86_400_000_000)))
    endValue(start)
  }

  // MARK: Bytes; whoever calls has reserved them

  @inline(__always)
  private func put<T: FixedWidthInteger>(_ value: T) {
    base.storeBytes(of: value.bigEndian, toByteOffset: count, as: T.self)
    count &+= MemoryLayout<T>.size
  }

  private func append(_ bytes: UnsafeRawBufferPointer) {
    if let start = bytes.baseAddress { (base + count).copyMemory(from: start, byteCount: bytes.count) }
    count += bytes.count
  }

  private func append(_ text: StaticString) { text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) } }

  private func beginValue() -> Int {
    count += 4
    return count
  }

  private func endValue(_ start: Int) {
    base.storeBytes(of: Int32(truncatingIfNeeded: count - start).bigEndian, toByteOffset: start - 4, as: Int32.self)
  }

  private func appendInfinity(_ isPositive: Bool) { append(isPositive ? "infinity" : "-infinity") }

  private func appendInteger(_ value: Int64) {
    if value < 0 { put(UInt8(ascii: "-")) }
    var rest = value.magnitude
    var digits = 1
    var bound: UInt64 = 10
    while digits < 20, rest >= bound {
      digits += 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    var cursor = count + digits
    count = cursor
    repeat {
      cursor &-= 1
      base.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 &+ rest % 10), toByteOffset: cursor, as: UInt8.self)
      rest /= 10
    } while rest > 0
  }

  private func twoDigits(_ value: Int) {
    put(UInt8(truncatingIfNeeded: 0x30 + value / 10))
    put(UInt8(truncatingIfNeeded: 0x30 + value % 10))
  }

  /// Writes year, month and day; says whether the year is one before Christ.
  private func appendDate(_ days: Int64) -> Bool {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    var year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let isBC = year <= 0
    if isBC { year = 1 - year }
    if year < 1000 { put(UInt8(ascii: "0")) }
    if year < 100 { put(UInt8(ascii: "0")) }
    if year < 10 { put(UInt8(ascii: "0")) }
    appendInteger(year)
    put(UInt8(ascii: "-"))
    twoDigits(Int(month))
    put(UInt8(ascii: "-"))
    twoDigits(Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1))
    return isBC
  }

  private func appendTime(_ microseconds: Int64) {
    let seconds = Int(microseconds / 1_000_000)
    twoDigits(seconds / 3600)
    put(UInt8(ascii: ":"))
    twoDigits(seconds / 60 % 60)
    put(UInt8(ascii: ":"))
    twoDigits(seconds % 60)
    var fraction = Int(microseconds % 1_000_000)
    guard fraction > 0 else { return }
    put(UInt8(ascii: "."))
    var divisor = 100_000
    while fraction > 0 {
      put(UInt8(truncatingIfNeeded: 0x30 + fraction / divisor))
      fraction %= divisor
      divisor /= 10
    }
  }
}
