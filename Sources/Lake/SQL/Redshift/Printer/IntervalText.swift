/// Intervals as Redshift writes them.
enum IntervalText {
  private static let units: [String: (months: Double, days: Double, seconds: Double)] = {
    var units: [String: (months: Double, days: Double, seconds: Double)] = [:]
    func add(_ words: String, _ months: Double, _ days: Double, _ seconds: Double) {
      for word in words.split(separator: " ") { units[String(word)] = (months, days, seconds) }
    }
    add("microsecond microseconds microsec microsecs usecond usec usecs us", 0, 0, 0.000001)
    add("millisecond milliseconds millisec millisecs msecond msec msecs ms", 0, 0, 0.001)
    add("second seconds sec secs s", 0, 0, 1)
    add("minute minutes min mins m", 0, 0, 60)
    add("hour hours hr hrs h", 0, 0, 3600)
    add("day days d", 0, 1, 0)
    add("week weeks w", 0, 7, 0)
    add("month months mon mons", 1, 0, 0)
    add("quarter quarters qtr qtrs q", 3, 0, 0)
    add("year years yr yrs y", 12, 0, 0)
    add("decade decades dec decs", 120, 0, 0)
    add("century centuries cent c", 1200, 0, 0)
    add("millennium millennia mil mils", 12000, 0, 0)
    return units
  }()

  /// What a text means for a type.
  static func duck(
    _ text: String, of type: RedshiftType, at position: SourcePosition
  ) throws(SQLError) -> String {
    switch type {
    case .intervalYearToMonth: try duck(text, from: .year, to: .month, at: position)
    case .intervalDayToSecond: try duck(text, from: .day, to: .second, at: position)
    default: try duck(text, from: nil, to: nil, at: position)
    }
  }

  /// The interval in the engine's tongue.
  static func duck(
    _ text: String, from: IntervalLiteral.Unit?, to: IntervalLiteral.Unit?, at position: SourcePosition
  ) throws(SQLError) -> String {
    guard let parts = parts(text, from: from, to: to) else {
      throw SQLError(.invalidLiteral, "invalid input syntax for type interval: \"\(text)\"", at: position)
    }
    let bounds = -9e15...9e15
    guard bounds.contains(parts.micros), let months = Int32(exactly: parts.months),
      let days = Int32(exactly: parts.days)
    else {
      throw SQLError(.numericOutOfRange, "interval out of range", at: position)
    }
    return "(to_months(CAST(\(months) AS INTEGER)) + to_days(CAST(\(days) AS INTEGER)) + "
      + "to_microseconds(\(Int(parts.micros))))"
  }

  private static func parts(
    _ text: String, from: IntervalLiteral.Unit?, to: IntervalLiteral.Unit?
  ) -> (months: Double, days: Double, micros: Double)? {
    var months = 0.0
    var days = 0.0
    var seconds = 0.0
    func add(_ number: Double, _ unit: (months: Double, days: Double, seconds: Double)) {
      let whole = (unit.months * number).rounded(.towardZero)
      months += whole
      // A part of a month is so many days of thirty, a part of a day so many seconds.
      let restDays = (unit.months * number - whole) * 30 + unit.days * number
      let wholeDays = restDays.rounded(.towardZero)
      days += wholeDays
      seconds += (restDays - wholeDays) * 86400 + unit.seconds * number
    }
    let lower = text.lowercased()
    // `1-6` and `3 04:05:06`.
    if (from == .year && to == .month) || (from == .month && to == nil) || (from == nil && to == nil) {
      let negative = lower.hasPrefix("-")
      let pieces = lower.split { $0 == "-" || $0 == " " || $0 == "+" }
      if pieces.count == 2, lower.dropFirst().contains("-"), let years = Double(pieces[0]),
        let rest = Double(pieces[1])
      {
        let total = years * 12 + rest
        return (negative ? -total : total, 0, 0)
      }
    }
    var tokens = tokens(lower)
    var ago = false
    if tokens.last == "ago" {
      ago = true
      tokens.removeLast()
    }
    if tokens.first == "@" { tokens.removeFirst() }
    guard !tokens.isEmpty else { return nil }
    var index = 0
    while index < tokens.count {
      let token = tokens[index]
      if token == "," {
        index += 1
        continue
      }
      if token.contains(":") {
        guard let time = clock(token, to == .second && from == .minute) else { return nil }
        seconds += time
        index += 1
        continue
      }
      guard let number = Double(token), number.isFinite else { return nil }
      if index + 1 < tokens.count, let unit = units[tokens[index + 1]] {
        add(number, unit)
        index += 2
      } else {
        // A number alone is of the named field; before a time it is days.
        let field: IntervalLiteral.Unit
        if index + 1 < tokens.count, tokens[index + 1].contains(":") {
          field = .day
        } else {
          field = to ?? from ?? .second
        }
        guard let unit = units[field.rawValue.lowercased()] else { return nil }
        add(number, unit)
        index += 1
      }
    }
    let sign = ago ? -1.0 : 1.0
    return (sign * months, sign * days, sign * (seconds * 1_000_000).rounded())
  }

  /// Words, numbers and times; `1y2mon` falls apart where letters begin.
  private static func tokens(_ text: String) -> [String] {
    var tokens: [String] = []
    var current = ""
    var kind = 0
    for character in text {
      let next: Int
      switch character {
      case "0"..."9", ".", ":", "-", "+": next = 1
      case "a"..."z": next = 2
      case ",": next = 3
      default: next = 0
      }
      if next != kind || next == 3, !current.isEmpty {
        tokens.append(current)
        current = ""
      }
      kind = next
      if next != 0 { current.append(character) }
    }
    if !current.isEmpty { tokens.append(current) }
    return tokens
  }

  private static func clock(_ text: String, _ minutesFirst: Bool) -> Double? {
    let negative = text.hasPrefix("-")
    let pieces = text.drop { $0 == "-" || $0 == "+" }.split(separator: ":")
    guard (2...3).contains(pieces.count) else { return nil }
    var numbers: [Double] = []
    for piece in pieces {
      guard let number = Double(piece), number.isFinite else { return nil }
      numbers.append(number)
    }
    let seconds: Double
    if numbers.count == 3 {
      seconds = numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
    } else {
      seconds = minutesFirst ? numbers[0] * 60 + numbers[1] : numbers[0] * 3600 + numbers[1] * 60
    }
    return negative ? -seconds : seconds
  }
}
