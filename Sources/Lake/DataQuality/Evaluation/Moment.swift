import Foundation
import Kernel

/// Moments of conditions.
enum Moment {
  /// - Parameter zone: the zone of a time of the day, such as `America/New_York`; UTC where it is not said.
  /// - Returns: microseconds since 1970-01-01T00:00:00Z.
  /// - Throws: `RuleFailure` for a day or a zone that there is none of.
  static func microseconds(_ date: DateExpression, now: Timestamp, zone: String?) throws(RuleFailure) -> Int64 {
    // Seconds are cut off, as AWS does.
    let minute = now.seconds.floorDivide(60) * 60_000_000
    switch date {
    case .null: throw .error("NULL is no moment.")
    case .now: return minute
    case .fromNow(let minutes, _): return minute.saturatingAdd(Int64(minutes).saturatingMultiply(60_000_000))
    case .day(let text):
      let parts = text.split(separator: "-").compactMap { Int($0) }
      guard parts.count == 3 else { throw .error("Text '\(text)' could not be parsed") }
      let civil = CivilTime(year: parts[0], month: parts[1], day: parts[2])
      // A day that the calendar does not have would become another one.
      guard CivilTime(civil.timestamp) == civil else { throw .error("Text '\(text)' could not be parsed") }
      return civil.timestamp.seconds * 1_000_000
    case .time(let text):
      guard let time = ClockTime(text) else { throw .error("Error Parsing Date: \(text).") }
      guard let zone = TimeZone(identifier: zone ?? "UTC") else {
        throw .error("Error Parsing Time Zone: \(zone ?? "").")
      }
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = zone
      let today = calendar.startOfDay(for: Date(timeIntervalSince1970: Double(now.seconds)))
      guard let moment = calendar.date(bySettingHour: time.hour, minute: time.minute, second: 0, of: today) else {
        throw .error("Error Parsing Date: \(text).")
      }
      return Int64(moment.timeIntervalSince1970) * 1_000_000
    }
  }
}

extension SQLComparison {
  /// The same comparison without SQL.
  static func holds<Value: Comparable>(_ value: Value, _ comparison: Comparison, _ operands: [Value]) -> Bool {
    guard let first = operands.first, let last = operands.last else { return false }
    return switch comparison {
    case .between: value > min(first, last) && value < max(first, last)
    case .notBetween: value <= min(first, last) || value >= max(first, last)
    case .greater: value > first
    case .greaterOrEqual: value >= first
    case .less: value < first
    case .lessOrEqual: value <= first
    case .equal: value == first
    case .notEqual: value != first
    case .isIn: operands.contains(value)
    case .notIn: !operands.contains(value)
    case .matches, .notMatches: false
    }
  }
}
