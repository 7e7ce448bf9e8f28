import Kernel

/// The values of a key whose projection has the type `date`.
struct ProjectedDates: Sendable {
  enum Unit: Sendable {
    case years, months, weeks, days, hours, minutes, seconds, milliseconds

    /// Reads `DAYS`, `Day` and the like.
    init?(_ text: String) {
      switch text.uppercased() {
      case "YEAR", "YEARS": self = .years
      case "MONTH", "MONTHS": self = .months
      case "WEEK", "WEEKS": self = .weeks
      case "DAY", "DAYS": self = .days
      case "HOUR", "HOURS": self = .hours
      case "MINUTE", "MINUTES": self = .minutes
      case "SECOND", "SECONDS": self = .seconds
      case "MILLI", "MILLIS": self = .milliseconds
      default: return nil
      }
    }

    /// `nil` for units of the calendar, whose length varies.
    fileprivate var nanoseconds: Int64? {
      switch self {
      case .years, .months: nil
      case .weeks: 604_800_000_000_000
      case .days: 86_400_000_000_000
      case .hours: 3_600_000_000_000
      case .minutes: 60_000_000_000
      case .seconds: 1_000_000_000
      case .milliseconds: 1_000_000
      }
    }
  }

  let pattern: DatePattern
  let first: Timestamp
  let last: Timestamp
  let interval: Int64
  let unit: Unit

  /// - Parameters:
  ///   - from, to: a date in the pattern, or `NOW` with something added or taken away (`NOW-3YEARS`).
  ///   - unit: may be left out where the pattern ends with a day or a month.
  /// - Returns: `nil` for ends that cannot be read or are in the wrong order, and for a missing unit.
  init?(pattern: DatePattern, from: String, to: String, interval: Int64, unit: Unit?, now: Timestamp) {
    guard let unit = unit ?? pattern.unit, let first = Self.end(from, pattern, now),
      let last = Self.end(to, pattern, now), first <= last
    else { return nil }
    self.pattern = pattern
    self.first = first
    self.last = last
    self.interval = interval
    self.unit = unit
  }

  private static func end(_ text: String, _ pattern: DatePattern, _ now: Timestamp) -> Timestamp? {
    if let date = pattern.date(text) { return date }
    var rest = Substring(text.uppercased().filter { !$0.isWhitespace })
    guard rest.hasPrefix("NOW") else { return nil }
    rest = rest.dropFirst(3)
    var moment = now
    if let sign = rest.first {
      guard sign == "+" || sign == "-" else { return nil }
      let digits = rest.dropFirst().prefix { $0.isNumber }
      guard let count = Int64(digits), count < 1_000_000,
        let unit = Unit(String(rest.dropFirst(1 + digits.count))),
        let moved = now.moved(by: sign == "-" ? -count : count, unit)
      else { return nil }
      moment = moved
    }
    // Only what the pattern shows of a moment counts.
    return pattern.date(pattern.text(moment))
  }

  /// All values in order; `nil` when there are more than `max`.
  func all(max: Int) -> [String]? {
    var values: [String] = []
    var steps: Int64 = 0
    while let next = first.moved(by: steps.saturatingMultiply(interval), unit), next <= last {
      guard values.count < max else { return nil }
      values.append(pattern.text(next))
      steps += 1
    }
    return values
  }

  /// Whether a text is a value, as `all` would give it.
  func contains(_ text: String) -> Bool {
    guard let date = pattern.date(text), first <= date, date <= last, pattern.text(date) == text else { return false }
    guard let length = unit.nanoseconds else {
      let (start, day) = (CivilTime(first), CivilTime(date))
      let months = Int64(day.year - start.year) * 12 + Int64(day.month - start.month)
      let step = unit == .years ? interval.saturatingMultiply(12) : interval
      return months % step == 0 && first.moved(by: months, .months) == date
    }
    let distance = date.nanoseconds.subtractingReportingOverflow(first.nanoseconds)
    return !distance.overflow && distance.partialValue % length.saturatingMultiply(interval) == 0
  }
}

extension Timestamp {
  /// - Returns: `nil` past the years that a timestamp holds.
  fileprivate func moved(by count: Int64, _ unit: ProjectedDates.Unit) -> Timestamp? {
    if let length = unit.nanoseconds {
      let (span, tooLong) = length.multipliedReportingOverflow(by: count)
      let (sum, tooFar) = nanoseconds.addingReportingOverflow(span)
      return tooLong || tooFar ? nil : Timestamp(nanoseconds: sum)
    }
    var day = CivilTime(self)
    let months = unit == .years ? count.saturatingMultiply(12) : count
    guard abs(max(months, -1_000_000)) < 1_000_000 else { return nil }
    let total = Int64(day.year) * 12 + Int64(day.month - 1) + months
    day.year = Int(total.floorDivide(12))
    day.month = Int(total - total.floorDivide(12) * 12) + 1
    guard (1678...2261).contains(day.year) else { return nil }
    day.day = min(day.day, CivilTime.days(inMonth: day.month, of: day.year))
    return day.timestamp
  }
}

/// A date's pattern in the letters of Java's `DateTimeFormatter`, as far as they are numbers.
struct DatePattern: Sendable {
  private enum Part: Sendable, Hashable {
    case year, month, day, hour, minute, second, fraction
  }
  private enum Piece: Sendable {
    case literal(String)
    case number(Part, digits: Int)
  }
  private var pieces: [Piece] = []

  /// - Returns: `nil` for letters that it does not know.
  init?(_ text: String) {
    var rest = Substring(text)
    while let letter = rest.first {
      if letter == "'" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "'") else { return nil }
        pieces.append(.literal(end == rest.startIndex ? "'" : String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
        continue
      }
      guard letter.isLetter else {
        pieces.append(.literal(String(letter)))
        rest.removeFirst()
        continue
      }
      let run = rest.prefix { $0 == letter }
      rest = rest.dropFirst(run.count)
      let part: Part
      switch (letter, run.count) {
      case ("y", 4), ("u", 4): part = .year
      case ("M", 1...2), ("L", 1...2): part = .month
      case ("d", 1...2): part = .day
      case ("H", 1...2): part = .hour
      case ("m", 1...2): part = .minute
      case ("s", 1...2): part = .second
      case ("S", 1...9): part = .fraction
      default: return nil
      }
      pieces.append(.number(part, digits: run.count))
    }
    guard parts.contains(.year) else { return nil }
  }

  private var parts: Set<Part> {
    Set(pieces.compactMap { if case .number(let part, _) = $0 { part } else { nil } })
  }

  /// The step that the pattern means where none is said: a day or a month.
  var unit: ProjectedDates.Unit? {
    let parts = parts
    guard parts.isDisjoint(with: [.hour, .minute, .second, .fraction]) else { return nil }
    return parts.contains(.day) ? .days : parts.contains(.month) ? .months : nil
  }

  func text(_ moment: Timestamp) -> String {
    let time = CivilTime(moment)
    func padded(_ value: Int, _ digits: Int) -> String {
      let plain = String(value)
      return String(repeating: "0", count: max(0, digits - plain.count)) + plain
    }
    return pieces.map { piece in
      switch piece {
      case .literal(let text): text
      case .number(.year, let digits): padded(time.year, digits)
      case .number(.month, let digits): padded(time.month, digits)
      case .number(.day, let digits): padded(time.day, digits)
      case .number(.hour, let digits): padded(time.hour, digits)
      case .number(.minute, let digits): padded(time.minute, digits)
      case .number(.second, let digits): padded(time.second, digits)
      case .number(.fraction, let digits): String(padded(time.nanosecond, 9).prefix(digits))
      }
    }.joined()
  }

  /// - Returns: `nil` for a text that is not of this pattern, or a day that does not exist.
  func date(_ text: String) -> Timestamp? {
    var rest = Substring(text)
    var time = CivilTime(year: 1970, month: 1, day: 1)
    for piece in pieces {
      switch piece {
      case .literal(let literal):
        guard rest.hasPrefix(literal) else { return nil }
        rest = rest.dropFirst(literal.count)
      case .number(let part, let digits):
        let run = rest.prefix(digits == 1 ? 2 : digits).prefix { ("0"..."9").contains($0) }
        guard run.count >= (digits == 1 ? 1 : digits), let value = Int(run) else { return nil }
        rest = rest.dropFirst(run.count)
        switch part {
        case .year: time.year = value
        case .month: time.month = value
        case .day: time.day = value
        case .hour: time.hour = value
        case .minute: time.minute = value
        case .second: time.second = value
        case .fraction: time.nanosecond = Int((String(run) + "000000000").prefix(9)) ?? 0
        }
      }
    }
    guard rest.isEmpty, (1678...2261).contains(time.year), (1...12).contains(time.month), time.day >= 1,
      time.day <= CivilTime.days(inMonth: time.month, of: time.year), time.hour < 24, time.minute < 60,
      time.second < 60
    else { return nil }
    return time.timestamp
  }
}
