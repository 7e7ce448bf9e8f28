internal import Kernel

/// Dates and times of day as text, in the civil calendar.
enum CivilText {
  /// Days since the epoch of `YYYY-MM-DD`; `nil` for anything else or a day that does not exist.
  static func date(_ text: String) -> Int64? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count >= 4, parts[0].count <= 6, (1...2).contains(parts[1].count),
      (1...2).contains(parts[2].count), parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month),
      day >= 1, day <= CivilTime.days(inMonth: month, of: year)
    else { return nil }
    return days(year: year, month: month, day: day)
  }

  static func days(year: Int, month: Int, day: Int) -> Int64 {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil.
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = shifted.floorDivide(400)
    let yearOfEra = shifted - era * 400
    let monthIndex = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * monthIndex + 2) / 5 + Int64(day) - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Microseconds of `YYYY-MM-DD[ HH:MM[:SS[.fraction]]]`.
  static func timestamp(_ text: String) -> Int64? {
    let parts = text.split(separator: text.contains("T") ? "T" : " ", maxSplits: 1)
    guard let first = parts.first, let days = date(String(first)) else { return nil }
    guard parts.count == 2 else { return days.saturatingMultiply(86_400_000_000) }
    guard let time = timeOfDay(parts[1].trimmingPrefix(while: { $0 == " " })) else { return nil }
    return days.saturatingMultiply(86_400_000_000).saturatingAdd(time)
  }

  private static func timeOfDay(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let hour = number(parts[0], 0...23), let minute = number(parts[1], 0...59)
    else { return nil }
    var total = Int64(hour * 3600 + minute * 60) * 1_000_000
    guard parts.count == 3 else { return total }
    let seconds = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = seconds.first, let second = number(first, 0...59) else { return nil }
    total += Int64(second) * 1_000_000
    guard seconds.count == 2 else { return total }
    let fraction = seconds[1]
    guard !fraction.isEmpty, fraction.count <= 12, fraction.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
      let micros = Int64((fraction + "000000").prefix(6))
    else { return nil }
    return total + micros
  }

  private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
    guard (1...2).contains(text.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(text),
      range.contains(value)
    else { return nil }
    return value
  }

  static func civil(days: Int64) -> CivilTime {
    // Days past what nanoseconds hold (292 years) are clamped by `Timestamp`, so years are counted here.
    let shifted = days.saturatingAdd(719_468)
    let era = shifted.floorDivide(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return CivilTime(
      year: Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), month: Int(month),
      day: Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1))
  }

  static func civil(microseconds: Int64) -> CivilTime {
    let day = microseconds.floorDivide(86_400_000_000)
    let rest = microseconds - day * 86_400_000_000
    var time = civil(days: day)
    time.hour = Int(rest / 3_600_000_000)
    time.minute = Int(rest / 60_000_000 % 60)
    time.second = Int(rest / 1_000_000 % 60)
    time.nanosecond = Int(rest % 1_000_000) * 1000
    return time
  }

  static func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  static func text(days: Int64) -> String {
    let day = civil(days: days)
    return "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))"
  }

  static func text(microseconds: Int64, digits: Int) -> String {
    let time = civil(microseconds: microseconds)
    let head =
      text(days: microseconds.floorDivide(86_400_000_000))
      + " \(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
    guard digits > 0 else { return head }
    return head + "." + (padded(time.nanosecond / 1000, 6) + "000000").prefix(digits)
  }
}
