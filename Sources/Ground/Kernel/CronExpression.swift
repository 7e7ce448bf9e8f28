/// The six fields of an AWS cron expression.
public struct CronExpression: Sendable, Hashable {
  let minutes: Set<Int>
  let hours: Set<Int>
  let months: Set<Int>
  let years: Set<Int>?
  let days: DayRule

  enum DayRule: Sendable, Hashable {
    case ofMonth(Set<Int>)
    case lastOfMonth
    /// The weekday (Monday to Friday) nearest to a day of the month.
    case nearestWeekday(Int)
    /// ISO weekdays, 1 for Monday.
    case ofWeek(Set<Int>)
    case lastWeekday(Int)
    /// The `nth` such weekday of the month.
    case nthWeekday(Int, nth: Int)
  }

  static let yearMin = 1970
  static let yearMax = 2199

  /// - Throws: `ScheduleError` that names the field at fault.
  public init(_ text: String) throws(ScheduleError) {
    let fields = text.split(separator: " ").map { $0.uppercased() }
    guard fields.count == 6 else { throw ScheduleError("cron needs six fields") }
    minutes = try CronField.values(fields[0], 0...59, "minutes")
    hours = try CronField.values(fields[1], 0...23, "hours")
    months = try CronField.values(fields[3], 1...12, "month", names: CronField.monthNames)
    years = fields[5] == "*" ? nil : try CronField.values(fields[5], Self.yearMin...Self.yearMax, "year")
    guard (fields[2] == "?") != (fields[4] == "?") else {
      throw ScheduleError("one of day-of-month and day-of-week must be ?")
    }
    days = fields[4] == "?" ? try Self.monthDays(fields[2]) : try Self.weekDays(fields[4])
  }

  private static func monthDays(_ field: String) throws(ScheduleError) -> DayRule {
    if field == "L" { return .lastOfMonth }
    if field.hasSuffix("W"), let day = Int(field.dropLast()), (1...31).contains(day) { return .nearestWeekday(day) }
    return .ofMonth(try CronField.values(field, 1...31, "day-of-month"))
  }

  private static func weekDays(_ field: String) throws(ScheduleError) -> DayRule {
    // AWS counts from Sunday as 1; ISO counts from Monday as 1.
    func iso(_ day: Int) -> Int { day == 1 ? 7 : day - 1 }
    if field == "L" { return .ofWeek([6]) }
    if field.hasSuffix("L"), let day = CronField.number(field.dropLast(), CronField.dayNames), (1...7).contains(day) {
      return .lastWeekday(iso(day))
    }
    let halves = field.split(separator: "#", omittingEmptySubsequences: false)
    if halves.count == 2 {
      guard let day = CronField.number(halves[0], CronField.dayNames), (1...7).contains(day),
        let nth = Int(halves[1]), (1...5).contains(nth)
      else { throw ScheduleError("day-of-week: DAY#N needs a day and 1 to 5") }
      return .nthWeekday(iso(day), nth: nth)
    }
    return .ofWeek(Set(try CronField.values(field, 1...7, "day-of-week", names: CronField.dayNames).map(iso)))
  }

  /// The first whole minute after `moment` that matches.
  public func next(after moment: Timestamp) -> Timestamp? {
    let start = CivilTime(Timestamp(seconds: (moment.seconds.floorDivide(60) + 1) * 60))
    guard start.year <= Self.yearMax else { return nil }
    let sortedHours = hours.sorted()
    let sortedMinutes = minutes.sorted()
    for year in max(start.year, Self.yearMin)...Self.yearMax where years?.contains(year) ?? true {
      for month in 1...12 where months.contains(month) && (year, month) >= (start.year, start.month) {
        let sameMonth = (year, month) == (start.year, start.month)
        for day in matchingDays(month: month, year: year) where !sameMonth || day >= start.day {
          let sameDay = sameMonth && day == start.day
          for hour in sortedHours where !sameDay || hour >= start.hour {
            for minute in sortedMinutes where !sameDay || hour > start.hour || minute >= start.minute {
              return CivilTime(year: year, month: month, day: day, hour: hour, minute: minute).timestamp
            }
          }
        }
      }
    }
    return nil
  }

  /// Days of a month that the day rule names, in order.
  private func matchingDays(month: Int, year: Int) -> [Int] {
    let length = CivilTime.days(inMonth: month, of: year)
    func weekday(_ day: Int) -> Int { CivilTime(year: year, month: month, day: day).weekday }
    switch days {
    case .ofMonth(let wanted): return wanted.filter { $0 <= length }.sorted()
    case .lastOfMonth: return [length]
    case .ofWeek(let wanted): return (1...length).filter { wanted.contains(weekday($0)) }
    case .lastWeekday(let wanted): return (length - 6...length).filter { weekday($0) == wanted }
    case .nthWeekday(let wanted, let nth):
      let all = (1...length).filter { weekday($0) == wanted }
      return nth <= all.count ? [all[nth - 1]] : []
    case .nearestWeekday(let day):
      guard day <= length else { return [] }
      // The nearest weekday does not leave the month.
      switch weekday(day) {
      case 6: return [day > 1 ? day - 1 : day + 2]
      case 7: return [day < length ? day + 1 : day - 2]
      default: return [day]
      }
    }
  }
}

/// Reads one cron field: `*`, values, ranges, lists and steps.
enum CronField {
  static let monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
  static let dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

  static func number(_ text: some StringProtocol, _ names: [String]) -> Int? {
    Int(text) ?? names.firstIndex(of: String(text)).map { $0 + 1 }
  }

  static func values(
    _ field: String, _ bounds: ClosedRange<Int>, _ what: String, names: [String] = []
  ) throws(ScheduleError) -> Set<Int> {
    var found: Set<Int> = []
    for item in field.split(separator: ",", omittingEmptySubsequences: false) {
      let halves = item.split(separator: "/", omittingEmptySubsequences: false)
      guard halves.count <= 2, let head = halves.first else { throw ScheduleError("\(what): too many steps") }
      var range: ClosedRange<Int>
      let ends = head.split(separator: "-", omittingEmptySubsequences: false)
      if head == "*" {
        range = bounds
      } else if ends.count == 2, let low = number(ends[0], names), let high = number(ends[1], names), low <= high {
        range = low...high
      } else if ends.count == 1, let value = number(head, names) {
        // A step after one value counts from it to the end.
        range = halves.count == 2 ? value...max(value, bounds.upperBound) : value...value
      } else {
        throw ScheduleError("\(what): cannot read '\(item)'")
      }
      guard bounds.contains(range.lowerBound), bounds.contains(range.upperBound) else {
        throw ScheduleError("\(what): '\(item)' is out of range")
      }
      var step = 1
      if halves.count == 2 {
        guard let given = Int(halves[1]), given > 0 else { throw ScheduleError("\(what): a step is a positive number") }
        step = given
      }
      found.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }
    return found
  }
}
