/// Literals of all types, checked.
enum Literals {
  static func decimal(_ text: String, at position: SourcePosition) throws(SQLError) -> BoundExpression {
    let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.dropFirst()) : text
    let parts = unsigned.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let scale = parts.count == 2 ? parts[1].count : 0
    let whole = (parts.first ?? "").drop { $0 == "0" }.count
    let precision = max(1, whole + scale)
    guard precision <= 38, DecimalValue(text.trimmingSpaces()) != nil else {
      throw SQLError(.invalidLiteral, "Invalid decimal literal '\(text)'", at: position)
    }
    return BoundExpression(.decimal(precision: precision, scale: scale), .decimal(text.trimmingSpaces()))
  }

  static func typed(_ type: SQLType, _ text: String, at position: SourcePosition) throws(SQLError) -> BoundExpression {
    func invalid(_ name: String) -> SQLError {
      SQLError(.invalidLiteral, "'\(text)' is not a valid \(name) literal", at: position)
    }
    switch type {
    case .date:
      guard let days = CivilText.date(text.trimmingSpaces()) else { throw invalid("DATE") }
      return BoundExpression(.date, .text(CivilText.text(days: days)))
    case .timestamp(let precision):
      guard let micros = CivilText.timestamp(text.trimmingSpaces()) else { throw invalid("TIMESTAMP") }
      return BoundExpression(
        .timestamp(precision: precision), .text(CivilText.text(microseconds: micros, digits: min(6, precision))))
    case .timestampWithTimeZone(let precision, let zone):
      return try zoned(text, precision, zone, invalid("TIMESTAMP"))
    case .time(let precision):
      guard let micros = CivilText.timestamp("1970-01-01 " + text.trimmingSpaces()) else { throw invalid("TIME") }
      let full = CivilText.text(microseconds: micros, digits: min(6, precision))
      return BoundExpression(.time(precision: precision), .text(String(full.dropFirst(11))))
    case .timeWithTimeZone(let precision):
      let parts = DateTimeLiteral.split(text, isTime: true)
      guard let zone = parts.zone, CivilText.timestamp("1970-01-01 " + parts.local) != nil,
        let offset = minutes(of: zone)
      else { throw invalid("TIME") }
      let sign = offset < 0 ? "-" : "+"
      let hours = CivilText.padded(abs(offset) / 60, 2)
      let rest = CivilText.padded(abs(offset) % 60, 2)
      return BoundExpression(.timeWithTimeZone(precision: precision), .text("\(parts.local)\(sign)\(hours):\(rest)"))
    case .boolean:
      switch text.lowercased() {
      case "true", "t", "1": return BoundExpression(.boolean, .boolean(true))
      case "false", "f", "0": return BoundExpression(.boolean, .boolean(false))
      default: throw invalid("boolean")
      }
    case .tinyint, .smallint, .integer, .bigint:
      guard case .integer(let value)? = PartitionValue.read(text, type) else { throw invalid("\(type)") }
      return BoundExpression(type, .integer(value))
    case .real, .double:
      guard let value = Double(text.trimmingSpaces()) else { throw invalid("\(type)") }
      return BoundExpression(type, .double(value))
    case .decimal: return BoundExpression(type, .cast(BoundExpression(.varcharUnbounded, .string(text)), safe: false))
    case .varchar, .char: return BoundExpression(type, .string(text))
    case .json, .uuid, .ipaddress:
      let name = type == .json ? "json_parse" : "cast"
      let value = BoundExpression(.varcharUnbounded, .string(text))
      if name == "cast" { return BoundExpression(type, .cast(value, safe: false)) }
      return BoundExpression(
        .json, .call(BoundCall(name: name, arguments: [value], form: .template("trino_json_parse({0})"))))
    default: throw invalid("\(type)")
    }
  }

  /// A moment: UTC and offsets are settled here, a named zone by the engine, which has the zones' histories.
  private static func zoned(
    _ text: String, _ precision: Int, _ zone: TimeZoneName, _ invalid: SQLError
  ) throws(SQLError) -> BoundExpression {
    let parts = DateTimeLiteral.split(text.trimmingSpaces(), isTime: false)
    guard let micros = CivilText.timestamp(parts.local.trimmingSpaces()), let name = parts.zone else { throw invalid }
    let digits = min(6, precision)
    if let offset = minutes(of: name) {
      let moment = micros.subtractingReportingOverflow(Int64(offset) * 60_000_000).partialValue
      return BoundExpression(
        .timestampTZ(precision, offset == 0 ? .utc : zone), .text(CivilText.text(microseconds: moment, digits: digits)))
    }
    guard isZoneName(name) else { throw invalid }
    let local = BoundExpression(
      .timestamp(precision: precision), .text(CivilText.text(microseconds: micros, digits: digits)))
    return BoundExpression(.timestampTZ(precision, .named(name)), .cast(local, safe: false))
  }

  /// An IANA name as far as its letters tell.
  static func isZoneName(_ name: String) -> Bool {
    guard let first = name.first, first.isLetter, name.utf8.count <= 64 else { return false }
    return name.utf8.allSatisfy { byte in
      (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
        || [0x2f, 0x5f, 0x2b, 0x2d].contains(byte)
    }
  }

  /// The minutes east of UTC of `UTC`, `Z`, `+01:00`, `-5`, `+0530`; `nil` for a zone by name.
  static func minutes(of zone: String) -> Int? {
    if ["UTC", "Z", "GMT", "UCT", "ETC/UTC", "UT"].contains(zone.uppercased()) { return 0 }
    guard let sign = zone.first, sign == "+" || sign == "-" else { return nil }
    let digits = zone.dropFirst()
    let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
    let hours: Int?
    let minutes: Int?
    if parts.count == 2 {
      (hours, minutes) = (Int(parts[0]), Int(parts[1]))
    } else if digits.count == 4 {
      (hours, minutes) = (Int(digits.prefix(2)), Int(digits.suffix(2)))
    } else {
      (hours, minutes) = (Int(digits), 0)
    }
    guard let hours, let minutes, (0...14).contains(hours), (0...59).contains(minutes) else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
  }

  // MARK: Intervals

  static func interval(_ literal: IntervalLiteral, at position: SourcePosition) throws(SQLError) -> BoundExpression {
    let invalid = SQLError(.invalidLiteral, "Invalid INTERVAL literal: '\(literal.value)'", at: position)
    let text = literal.value.trimmingSpaces()
    var negative = literal.negative
    var digits = Substring(text)
    if digits.hasPrefix("-") {
      negative.toggle()
      digits = digits.dropFirst()
    } else if digits.hasPrefix("+") {
      digits = digits.dropFirst()
    }
    let sign: Int64 = negative ? -1 : 1
    switch literal.from {
    case .year, .month:
      let parts = digits.split(separator: "-", omittingEmptySubsequences: false)
      let expected = literal.to == .month && literal.from == .year ? 2 : 1
      guard parts.count == expected, let first = Int64(parts[0]), first < 1_000_000_000 else { throw invalid }
      var months = literal.from == .year ? first * 12 : first
      if parts.count == 2 {
        guard let rest = Int64(parts[1]), rest < 1_000_000_000 else { throw invalid }
        months += rest
      }
      guard Int32(exactly: months) != nil else { throw invalid }
      return BoundExpression(.intervalYearToMonth, .interval(months: sign * months, microseconds: 0))
    default:
      guard let micros = dayToSecond(digits, literal) else { throw invalid }
      return BoundExpression(.intervalDayToSecond, .interval(months: 0, microseconds: sign * micros))
    }
  }

  private static func dayToSecond(_ text: Substring, _ literal: IntervalLiteral) -> Int64? {
    let units: [IntervalLiteral.Unit] = [.day, .hour, .minute, .second]
    let sizes: [Int64] = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000]
    guard let first = units.firstIndex(of: literal.from), let last = units.firstIndex(of: literal.to ?? literal.from),
      first <= last
    else { return nil }
    let parts = text.split { $0 == " " || $0 == ":" }
    guard parts.count == last - first + 1 else { return nil }
    var total: Int64 = 0
    for (offset, part) in parts.enumerated() {
      let unit = first + offset
      let pieces = part.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard let whole = pieces.first.flatMap({ Int64($0) }), whole < 1_000_000_000_000 else { return nil }
      let (scaled, overflow) = whole.multipliedReportingOverflow(by: sizes[unit])
      guard !overflow else { return nil }
      let (sum, overflows) = total.addingReportingOverflow(scaled)
      guard !overflows else { return nil }
      total = sum
      if pieces.count == 2 {
        guard unit == 3, pieces[1].count <= 9, pieces[1].allSatisfy(\.isNumber),
          let fraction = Int64((pieces[1] + "000").prefix(3))
        else { return nil }
        total += fraction * 1000
      }
    }
    return total
  }
}
