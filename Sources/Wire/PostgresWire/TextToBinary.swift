/// Writes values that are known by their text in PostgreSQL's binary format: for columns that have no faster way.
extension RowBuffer {
  /// - Parameter isRedshift: writes as Redshift's transfer protocol 2 does: NUMERIC as an integer.
  /// - Throws: `PostgresError` when the text is not one of the type.
  public func binary(_ text: String, as type: PostgresType, isRedshift: Bool) throws(PostgresError) {
    let isDone =
      switch type.oid {
      case 16: put(UInt8(["t", "true", "1", "on", "yes"].contains(text.lowercased()) ? 1 : 0))
      case 20: put(Int64(text))
      case 21: put(Int16(text))
      case 23: put(Int32(text))
      case 26: put(UInt32(text) ?? Int32(text).map { UInt32(bitPattern: $0) })
      case 700: put(Self.floating(text).map { Float($0).bitPattern })
      case 701: put(Self.floating(text)?.bitPattern)
      case 17, 6551: hexadecimal(text.hasPrefix("\\x") ? text.dropFirst(2) : text[...])
      case 1082: put(Self.date(text))
      case 1083: put(Self.time(text))
      case 1266: timeTZ(text)
      case 1114, 1184: put(Self.timestamp(text))
      case 1186, 1188, 1190: interval(text, type, isRedshift: isRedshift)
      case 1700: numeric(text, type, isRedshift: isRedshift)
      case 2950: hexadecimal(text.filter { $0 != "-" }[...])
      case let oid where ArrayFormat.isArray(oid): try array(text, as: type, isRedshift: isRedshift)
      default: plain(text)
      }
    guard isDone else {
      throw PostgresError("22P03", "a value of type \(type.oid) has no binary format")
    }
  }

  private func put<T: FixedWidthInteger>(_ value: T?) -> Bool {
    guard let value else { return false }
    binary(value)
    return true
  }

  private func plain(_ value: String) -> Bool {
    text(value)
    return true
  }

  private func hexadecimal(_ digits: some StringProtocol) -> Bool {
    guard let value = [UInt8](hex: digits) else { return false }
    value.withUnsafeBytes { bytes($0) }
    return true
  }

  private static func floating(_ text: String) -> Double? {
    switch text.lowercased() {
    case "nan": .nan
    case "infinity": .infinity
    case "-infinity": -.infinity
    default: Double(text)
    }
  }

  // MARK: Dates and times

  /// Days since 2000-01-01.
  private static func date(_ text: String) -> Int32? {
    if let infinity = infinity(text) { return infinity ? .max : .min }
    return days(text[...]).flatMap { Int32(exactly: $0 - Int64(BinaryParameters.epochDays)) }
  }

  private static func infinity(_ text: String) -> Bool? {
    text == "infinity" ? true : text == "-infinity" ? false : nil
  }

  /// Days since 1970-01-01 of `YYYY-MM-DD`, with ` BC` behind it or not.
  private static func days(_ text: Substring) -> Int64? {
    let isBC = text.hasSuffix(" BC")
    let parts = (isBC ? text.dropLast(3) : text).split(separator: "-")
    guard parts.count == 3, let year = Int64(parts[0]), let month = Int64(parts[1]), let day = Int64(parts[2]),
      (0...300_000).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil.
    let shifted = (isBC ? 1 - year : year) - (month <= 2 ? 1 : 0)
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Microseconds since midnight of `HH:MM:SS.ffffff`.
  private static func time(_ text: some StringProtocol) -> Int64? {
    let parts = text.split(separator: ":")
    guard parts.count == 2 || parts.count == 3, let hours = Int64(parts[0]), let minutes = Int64(parts[1]),
      (0...100_000_000).contains(hours), (0...59).contains(minutes)
    else { return nil }
    var (seconds, fraction): (Int64, Int64) = (0, 0)
    if parts.count == 3 {
      let halves = parts[2].split(separator: ".")
      guard let whole = halves.first.flatMap({ Int64($0) }), (0...60).contains(whole), halves.count <= 2 else {
        return nil
      }
      seconds = whole
      if halves.count == 2 {
        guard halves[1].count <= 6, let digits = Int64(halves[1].padding(to: 6)), digits >= 0 else { return nil }
        fraction = digits
      }
    }
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
  }

  /// Seconds east of UTC of `+HH`, `+HH:MM` or `+HH:MM:SS` at the end, and what stands before it.
  private static func zone(_ text: Substring) -> (rest: Substring, secondsEast: Int64) {
    guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }) else { return (text, 0) }
    let parts = text[text.index(after: sign)...].split(separator: ":").compactMap { Int64($0) }
    guard let hours = parts.first, parts.allSatisfy({ (0..<100).contains($0) }) else { return (text, 0) }
    let seconds = hours * 3600 + (parts.count > 1 ? parts[1] * 60 : 0) + (parts.count > 2 ? parts[2] : 0)
    return (text[..<sign], text[sign] == "-" ? -seconds : seconds)
  }

  /// Microseconds since 2000-01-01, UTC where a zone is named.
  private static func timestamp(_ text: String) -> Int64? {
    if let infinity = infinity(text) { return infinity ? .max : .min }
    let isBC = text.hasSuffix(" BC")
    let parts = (isBC ? text.dropLast(3) : text[...]).split(separator: " ", maxSplits: 1)
    guard parts.count == 2, let days = days(isBC ? parts[0] + " BC" : parts[0]) else { return nil }
    let (clock, secondsEast) = zone(parts[1])
    guard let time = time(clock) else { return nil }
    let (midnight, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
    guard !overflow else { return nil }
    return midnight &+ time &- secondsEast &* 1_000_000 &- BinaryParameters.epochMicroseconds
  }

  private func timeTZ(_ text: String) -> Bool {
    let (clock, secondsEast) = Self.zone(text[...])
    guard let time = Self.time(clock) else { return false }
    binaryTimeTZ(microseconds: time, secondsWest: Int32(truncatingIfNeeded: -secondsEast))
    return true
  }

  /// `1 year 2 mons -3 days 04:05:06.7`, as PostgreSQL writes intervals.
  private func interval(_ text: String, _ type: PostgresType, isRedshift: Bool) -> Bool {
    var (months, days, microseconds): (Int64, Int64, Int64) = (0, 0, 0)
    var words = text.split(separator: " ").makeIterator()
    while let word = words.next() {
      if word.contains(":") {
        let isNegative = word.hasPrefix("-")
        guard let time = Self.time(isNegative || word.hasPrefix("+") ? word.dropFirst() : word) else { return false }
        microseconds &+= isNegative ? -time : time
        continue
      }
      // A year and months as INTERVAL YEAR TO MONTH is written: 1-2.
      guard let number = Int64(word), number.magnitude < 1 << 31, let unit = words.next() else { return false }
      switch unit {
      case "year", "years": months &+= number * 12
      case "mon", "mons", "month", "months": months &+= number
      case "day", "days": days &+= number
      case "hour", "hours": microseconds &+= number * 3_600_000_000
      case "min", "mins", "minute", "minutes": microseconds &+= number * 60_000_000
      case "sec", "secs", "second", "seconds": microseconds &+= number * 1_000_000
      default: return false
      }
    }
    guard let months = Int32(exactly: months), let days = Int32(exactly: days) else { return false }
    writeInterval(months: months, days: days, microseconds: microseconds, type, isRedshift: isRedshift)
    return true
  }

  /// In the form of the type: months alone, microseconds alone, or both.
  public func writeInterval(
    months: Int32, days: Int32, microseconds: Int64, _ type: PostgresType, isRedshift: Bool
  ) {
    switch type.oid {
    case 1188: binary(months)
    case 1190: binary(microseconds &+ Int64(days) &* 86_400_000_000)
    default: binaryInterval(months: months, days: days, microseconds: microseconds, withoutDays: isRedshift)
    }
  }

  // MARK: NUMERIC

  private func numeric(_ text: String, _ type: PostgresType, isRedshift: Bool) -> Bool {
    let isNegative = text.hasPrefix("-")
    let halves = (isNegative ? text.dropFirst() : text[...]).split(separator: ".", omittingEmptySubsequences: false)
    guard halves.count <= 2, let whole = halves.first else { return false }
    let fraction = halves.count == 2 ? halves[1] : ""
    let scale = type.numericShape?.scale ?? fraction.count
    let digits = whole + fraction.padding(to: scale)
    guard digits.count <= 39, let magnitude = Int128(digits) else { return false }
    let value = isNegative ? -magnitude : magnitude
    if isRedshift {
      redshiftNumeric(value, precision: type.numericShape?.precision ?? 38)
    } else {
      binaryNumeric(value, scale: scale)
    }
    return true
  }
}

extension StringProtocol {
  /// Zeros behind it up to `length`; what is longer is cut.
  fileprivate func padding(to length: Int) -> String {
    count >= length ? String(prefix(length)) : self + String(repeating: "0", count: length - count)
  }
}
