/// When something repeats, in the syntax that AWS's schedulers share: `rate(5 minutes)` or
/// `cron(0 12 ? * MON-FRI *)`, in UTC.
///
/// Source: EventBridge and Glue, "Time-based schedules": six cron fields (minutes, hours, day of month, month,
/// day of week, year), one of the two day fields being `?`.
public enum Schedule: Sendable, Hashable {
  case rate(Duration)
  case cron(CronExpression)

  /// - Throws: `ScheduleError` that says what is wrong.
  public init(_ text: String) throws(ScheduleError) {
    let trimmed = text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    guard trimmed.hasSuffix(")") else { throw ScheduleError("a schedule is rate(…) or cron(…)") }
    if trimmed.hasPrefix("rate(") {
      self = .rate(try Self.rate(trimmed.dropFirst(5).dropLast()))
    } else if trimmed.hasPrefix("cron(") {
      self = .cron(try CronExpression(String(trimmed.dropFirst(5).dropLast())))
    } else {
      throw ScheduleError("a schedule is rate(…) or cron(…)")
    }
  }

  private static func rate(_ text: Substring) throws(ScheduleError) -> Duration {
    let words = text.split(separator: " ")
    guard words.count == 2, let value = Int64(words[0]), value > 0 else {
      throw ScheduleError("rate needs a positive number and a unit")
    }
    // AWS insists on the singular for 1 and on the plural for the rest.
    let unit: Int64
    switch (words[1], value == 1) {
    case ("minute", true), ("minutes", false): unit = 60
    case ("hour", true), ("hours", false): unit = 3600
    case ("day", true), ("days", false): unit = 86_400
    default: throw ScheduleError("rate's unit is minute(s), hour(s) or day(s), singular only for 1")
    }
    return .seconds(value.saturatingMultiply(unit))
  }

  /// The first moment after `moment` at which the schedule fires; `nil` when it never does again.
  /// - Parameter start: where a rate counts from.
  public func next(after moment: Timestamp, countingFrom start: Timestamp) -> Timestamp? {
    switch self {
    case .rate(let every):
      guard moment >= start else { return start + every }
      let passed = (moment - start).nanoseconds / every.nanoseconds
      return start + .nanoseconds(every.nanoseconds.saturatingMultiply(passed + 1))
    case .cron(let expression):
      return expression.next(after: moment)
    }
  }
}

/// What is wrong with a schedule's text.
public struct ScheduleError: Error, Sendable, Hashable {
  public let message: String
  public init(_ message: String) { self.message = message }
}
