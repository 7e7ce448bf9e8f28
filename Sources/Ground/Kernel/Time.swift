/// A moment, counted in nanoseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable, Codable {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  public init(milliseconds: Int64) { nanoseconds = milliseconds.saturatingMultiply(1_000_000) }
  public init(seconds: Int64) { nanoseconds = seconds.saturatingMultiply(1_000_000_000) }

  /// - Parameter secondsSinceEpoch: fractional seconds as AWS's JSON protocols write them; values that an
  ///   `Int64` of nanoseconds cannot hold are clamped.
  public init(secondsSinceEpoch: Double) {
    let scaled = (secondsSinceEpoch * 1e9).rounded()
    nanoseconds = scaled.isNaN ? 0 : Int64(max(-9.2e18, min(9.2e18, scaled)))
  }

  public init(from decoder: any Decoder) throws {
    nanoseconds = try decoder.singleValueContainer().decode(Int64.self)
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(nanoseconds)
  }

  /// Whole seconds, rounded towards the past.
  public var seconds: Int64 { nanoseconds.floorDivide(1_000_000_000) }
  /// Whole milliseconds, rounded towards the past.
  public var milliseconds: Int64 { nanoseconds.floorDivide(1_000_000) }
  /// Fractional seconds since the epoch.
  public var secondsSinceEpoch: Double { Double(nanoseconds) / 1e9 }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  public static func + (moment: Timestamp, span: Duration) -> Timestamp {
    Timestamp(nanoseconds: moment.nanoseconds.saturatingAdd(span.nanoseconds))
  }
  public static func - (moment: Timestamp, span: Duration) -> Timestamp {
    Timestamp(nanoseconds: moment.nanoseconds.saturatingSubtract(span.nanoseconds))
  }
  public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
    .nanoseconds(later.nanoseconds.saturatingSubtract(earlier.nanoseconds))
  }
}

extension Duration {
  /// The whole span in nanoseconds, clamped to what an `Int64` holds (292 years).
  public var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.saturatingMultiply(1_000_000_000).saturatingAdd(attoseconds / 1_000_000_000)
  }
  /// The whole span in milliseconds.
  public var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension FixedWidthInteger {
  /// The product, or the nearest value that fits.
  public func saturatingMultiply(_ other: Self) -> Self {
    let (value, overflow) = multipliedReportingOverflow(by: other)
    guard overflow else { return value }
    return (self < 0) == (other < 0) ? .max : .min
  }
  /// The sum, or the nearest value that fits.
  public func saturatingAdd(_ other: Self) -> Self {
    let (value, overflow) = addingReportingOverflow(other)
    guard overflow else { return value }
    return other < 0 ? .min : .max
  }
  /// The difference, or the nearest value that fits.
  public func saturatingSubtract(_ other: Self) -> Self {
    let (value, overflow) = subtractingReportingOverflow(other)
    guard overflow else { return value }
    return other < 0 ? .max : .min
  }
  /// Division that rounds towards negative infinity.
  public func floorDivide(_ divisor: Self) -> Self {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder != 0 && (remainder < 0) != (divisor < 0) ? quotient - 1 : quotient
  }
}

/// A calendar date and time in UTC, by the proleptic Gregorian calendar.
public struct CivilTime: Hashable, Sendable {
  public var year: Int
  public var month: Int
  public var day: Int
  public var hour: Int
  public var minute: Int
  public var second: Int
  public var nanosecond: Int

  public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
  }

  public init(_ moment: Timestamp) {
    let seconds = moment.seconds
    let days = seconds.floorDivide(86_400)
    let rest = Int(seconds - days * 86_400)
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days.
    let shifted = days + 719_468
    let era = shifted.floorDivide(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    self.init(
      year: Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), month: Int(month),
      day: Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1), hour: rest / 3600, minute: rest / 60 % 60,
      second: rest % 60, nanosecond: Int((moment.nanoseconds % 1_000_000_000 + 1_000_000_000) % 1_000_000_000))
  }

  /// The moment this date and time names; fields past their range carry over.
  public var timestamp: Timestamp {
    let shiftedYear = Int64(month <= 2 ? year - 1 : year)
    let era = shiftedYear.floorDivide(400)
    let yearOfEra = shiftedYear - era * 400
    let monthIndex = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * monthIndex + 2) / 5 + Int64(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let seconds = days.saturatingMultiply(86_400).saturatingAdd(Int64(hour * 3600 + minute * 60 + second))
    return Timestamp(nanoseconds: seconds.saturatingMultiply(1_000_000_000).saturatingAdd(Int64(nanosecond)))
  }

  /// Days in the civil month, leap years included.
  public static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// 1 for Monday to 7 for Sunday (ISO 8601).
  public var weekday: Int {
    let days = timestamp.seconds.floorDivide(86_400)
    return Int((days + 3) - (days + 3).floorDivide(7) * 7) + 1
  }

  /// 1 for the first of January.
  public var dayOfYear: Int {
    Int((timestamp.seconds.floorDivide(86_400)) - CivilTime(year: year, month: 1, day: 1).timestamp.seconds / 86_400)
      + 1
  }
}

/// Where the time comes from. Tests hand in a clock they move by hand.
public protocol WallClock: Sendable {
  /// The present moment; never earlier than one it has already given.
  func now() -> Timestamp
  /// Returns once `now()` has reached `deadline`.
  /// - Throws: `CancellationError` when the task is cancelled first.
  func sleep(until deadline: Timestamp) async throws
}

extension WallClock {
  /// Returns after `span` has passed on this clock.
  public func sleep(for span: Duration) async throws { try await sleep(until: now() + span) }
}
