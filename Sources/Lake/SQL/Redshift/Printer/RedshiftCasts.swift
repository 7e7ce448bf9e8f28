/// Conversions between types, as Redshift makes them.
extension RedshiftPrinter {
  mutating func cast(_ value: Expression, _ type: RedshiftType, safe: Bool) throws(SQLError) -> String {
    // What SUPER holds and the type does not take is NULL (`cast_super_null_on_error`).
    let word = safe || isSuper(value) ? "TRY_CAST" : "CAST"
    if case .null = value.kind { return "CAST(NULL AS \(type.engineName))" }
    let inner = try repeated(Self.repetition(of: type), at: value.position) { printer throws(SQLError) in
      printer.isSuper(value) && type != .super ? try printer.plainText(value) : try printer.text(value)
    }
    switch type {
    case .varchar(let length):
      let text = asText(inner, self.type(of: value))
      return length >= 65_535 ? text : "rs_cut(\(text), \(length))"
    case .char(let length): return "rtrim(rs_cut(\(asText(inner, self.type(of: value))), \(length)), ' ')"
    case .boolean:
      if case .string(let text) = value.kind { return try Self.boolean(text, value.position, safe: safe) }
      return safe ? "TRY_CAST(\(inner) AS BOOLEAN)" : "rs_boolean(\(inner))"
    case .date, .timestamp, .timestamptz:
      if case .string(let text) = value.kind {
        return momentLiteral(text, type, cast: word)
      }
      if word == "CAST", let known = self.type(of: value), Self.isText(known) { return Self.moment(inner, type) }
    case .time, .timetz:
      var plain = inner
      if case .string(let text) = value.kind, let clock = DateText.clock(text) { plain = Self.literal(clock) }
      return Self.inUTC("\(word)(\(plain) AS \(type.engineName))", type)
    case .super: return "to_json(\(inner))"
    case .varbyte(let length):
      let bytes = self.type(of: value).map { Self.isText($0) } == true ? "encode(\(inner))" : "CAST(\(inner) AS BLOB)"
      // A cast cuts off what is too long; only columns refuse it.
      return length >= 64_000 ? bytes : "from_hex(left(to_hex(\(bytes)), \(2 * length)))"
    case .interval, .intervalDayToSecond, .intervalYearToMonth:
      if case .string(let text) = value.kind {
        return Self.withDigits(try IntervalText.duck(text, of: type, at: value.position), of: type)
      }
      return Self.withDigits("\(word)(\(inner) AS INTERVAL)", of: type)
    case .integer, .bigint, .smallint:
      if case .string(let text) = value.kind, Int64(text.split(separator: " ").joined()) == nil, !safe {
        let name = type == .integer ? "integer" : type == .bigint ? "bigint" : "smallint"
        throw SQLError(
          .invalidLiteral, "invalid input syntax for integer: \"\(text)\"".replacing("integer:", with: "\(name):"),
          at: value.position)
      }
    case .catalog(let name):
      if name == "regtype", case .string(let text) = value.kind, Int64(text) == nil {
        let types = try names.source(QualifiedName([Identifier("pg_catalog"), Identifier("pg_type")]))
        let plain = text.split(separator: ".").last.map(String.init) ?? text
        return "(SELECT min(t.oid) FROM \(types) AS t WHERE t.typname = \(Self.literal(plain.lowercased())))"
      }
      if name.hasPrefix("reg") {
        let function = QualifiedName([Identifier("pg_" + name)])
        if let known = names.function(function, arguments: 1) { return "\(known)(\(inner))" }
        if name == "regclass", case .string(let text) = value.kind, Int64(text) == nil {
          return try relationNumber(text)
        }
      }
    case .array:
      if case .string(let text) = value.kind {
        let items = text.drop { $0 == "{" }.split { $0 == "," || $0 == "}" }.map { Self.literal(String($0)) }
        return "CAST([\(items.joined(separator: ", "))] AS \(type.engineName))"
      }
    case .pseudo(let name):
      throw SQLError(.typeNotFound, "type \"\(name)\" does not exist", at: value.position)
    default: break
    }
    return "\(word)(\(inner) AS \(type.engineName))"
  }

  /// A date or time in quotes, in the form that the engine reads.
  /// - Parameter cast: the word that makes the type plain; beside a value of that type it is understood.
  func momentLiteral(_ text: String, _ type: RedshiftType, cast: String? = nil) -> String {
    let days: String?
    switch text.lowercased().filter({ $0 != " " }) {
    case "now" where type != .date:
      return type == .timestamptz ? "current_timestamp" : "CAST(current_timestamp AS TIMESTAMP)"
    case "now", "today": days = "current_date"
    case "tomorrow": days = "(current_date + 1)"
    case "yesterday": days = "(current_date - 1)"
    case "epoch": days = "CAST('1970-01-01' AS DATE)"
    default: days = nil
    }
    if let days { return type == .date ? days : "CAST(\(days) AS \(type.engineName))" }
    let literal = Self.literal(DateText.iso(text, withZone: type == .timestamptz) ?? text)
    return cast.map { "\($0)(\(literal) AS \(type.engineName))" } ?? literal
  }

  /// A date or time from a text that is no literal.
  static func moment(_ text: String, _ type: RedshiftType) -> String {
    switch type {
    case .date: "rs_text_date(\(text))"
    case .timestamptz: "rs_text_timestamptz(\(text))"
    default: "rs_text_timestamp(\(text))"
    }
  }

  private static func repetition(of type: RedshiftType) -> Double {
    switch type {
    case .date, .timestamp, .timestamptz: 2
    case .varchar, .char: 6
    case .boolean: 5
    default: 1
    }
  }

  /// A value as text.
  private func asText(_ text: String, _ type: RedshiftType?) -> String {
    switch type {
    case .varchar, .char, .super: text
    case .varbyte: "decode(\(text))"
    case nil, .real, .double, .pseudo: "rs_text(\(text))"
    default: "CAST(\(text) AS VARCHAR)"
    }
  }

  private static func boolean(
    _ text: String, _ position: SourcePosition, safe: Bool
  ) throws(SQLError) -> String {
    switch text.lowercased().split(separator: " ").joined() {
    case "t", "true", "y", "yes", "1", "on": return "TRUE"
    case "f", "false", "n", "no", "0", "off": return "FALSE"
    default:
      if safe { return "CAST(NULL AS BOOLEAN)" }
      throw SQLError(.invalidLiteral, "invalid input syntax for type boolean: \"\(text)\"", at: position)
    }
  }

  /// A value as a column of this type takes it: too long a text is an error, blanks at its end aside.
  public func fitted(_ text: String, _ type: RedshiftType, from source: RedshiftType? = nil) -> String {
    switch type {
    case .varchar(let length):
      length >= 16_777_216 ? text : "rs_fit(\(asText(text, source)), \(length))"
    case .char(let length): "rs_fit_char(\(asText(text, source)), \(length))"
    case .super: "to_json(\(text))"
    case .boolean: "rs_boolean(\(text))"
    case .varbyte(let length):
      "rs_fit_varbyte(\(source.map { Self.isText($0) } == true ? "encode(\(text))" : text), \(length))"
    case .timetz: Self.inUTC("CAST(\(text) AS TIMETZ)", type)
    case .intervalDayToSecond(let digits) where digits < 6: Self.withDigits("CAST(\(text) AS INTERVAL)", of: type)
    default: text
    }
  }

  /// Times with a zone are kept and shown in UTC.
  public static func inUTC(_ time: String, _ type: RedshiftType) -> String {
    type == .timetz ? "timezone('UTC', \(time))" : time
  }

  /// An interval, rounded to the digits that its type has behind the second.
  public static func withDigits(_ interval: String, of type: RedshiftType) -> String {
    guard case .intervalDayToSecond(let digits) = type, digits < 6 else { return interval }
    let steps = [1_000_000, 100_000, 10_000, 1_000, 100, 10]
    return "rs_interval_digits(\(interval), \(steps[max(0, digits)]))"
  }

  static func needsFitting(_ type: RedshiftType) -> Bool {
    switch type {
    case .varchar(let length): length < 16_777_216
    case .char, .super, .varbyte, .timetz: true
    case .intervalDayToSecond(let digits): digits < 6
    default: false
    }
  }
}

/// Dates as Redshift reads them (`DateStyle` ISO, MDY), in ISO's form.
public enum DateText {
  private static let months = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  /// `nil` when the text is in a form that the engine reads itself, or in none.
  /// - Parameter withZone: whether a zone's name counts; where it does not, it is left out.
  public static func iso(_ text: String, withZone: Bool = false) -> String? {
    let trimmed = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
    guard let first = trimmed.first, trimmed.count <= 5 else { return nil }
    var words = trimmed.map(String.init)
    var zone = ""
    if words.count > 1, let offset = words.last.flatMap({ TimeZoneNames.offset($0) }) {
      words.removeLast()
      zone = offset
    }
    let hasZone = !zone.isEmpty
    // The engine wants offsets right behind a time.
    func written(_ words: [String]) -> String {
      if !hasZone || !withZone { return words.joined(separator: " ") }
      return words.joined(separator: " ") + (words.count == 1 ? " 00:00:00" : "") + zone
    }
    // `18:20` before a zone's full name.
    if words.count > 2, words[words.count - 1].contains("/") || hasZone, words[words.count - 2].count(of: ":") == 1 {
      words[words.count - 2] += ":00"
    }
    if hasZone, words[words.count - 1].count(of: ":") == 1 { words[words.count - 1] += ":00" }
    if startsAsISO(text) { return hasZone ? written(words) : nil }
    // `Jun 1,2008`.
    if words.count >= 2, month(words[0]) != nil, let comma = words[1].firstIndex(of: ","),
      words[1].index(after: comma) < words[1].endIndex
    {
      let (day, year) = (words[1][...comma], words[1][words[1].index(after: comma)...])
      words.replaceSubrange(1...1, with: [String(day), String(year)])
    }
    // `January 8, 1999`.
    if words.count >= 3, let month = month(words[0]), words[1].hasSuffix(","), let day = Int(words[1].dropLast()) {
      words.replaceSubrange(0...2, with: [String(words[2]) + "-\(two(month))-\(two(day))"])
      return written(words)
    }
    guard let date = date(String(first)) else { return hasZone ? written(words) : nil }
    words[0] = date
    return written(words)
  }

  /// `2024-01-31…`, which the engine reads itself.
  private static func startsAsISO(_ text: String) -> Bool {
    var count = 0
    for byte in text.utf8.prefix(10) {
      guard count == 4 || count == 7 ? byte == 0x2d : (0x30...0x39).contains(byte) else { return false }
      count += 1
    }
    return count == 10
  }

  /// A time of day with its zone, in the engine's form; `nil` when the engine reads it itself.
  static func clock(_ text: String) -> String? {
    var words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
    guard let first = words.first, words.count <= 2 else { return nil }
    let isMidnight = first == "24:00:00" || first == "24:00"
    if isMidnight { words[0] = "00:00:00" }
    guard words.count == 2 else { return isMidnight ? words[0] : nil }
    guard let offset = TimeZoneNames.offset(words[1]) else { return isMidnight ? words.joined(separator: " ") : nil }
    return words[0] + offset
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  private static func month(_ text: String) -> Int? {
    guard text.count >= 3 else { return nil }
    return months.firstIndex(of: String(text.lowercased().prefix(3))).map { $0 + 1 }
  }

  private static func date(_ text: String) -> String? {
    // 20080131
    if text.count == 8, text.allSatisfy(\.isASCII), Int(text) != nil, !text.hasPrefix("-") {
      let characters = Array(text)
      return String(characters[0..<4]) + "-" + String(characters[4..<6]) + "-" + String(characters[6..<8])
    }
    let parts = text.split { $0 == "-" || $0 == "/" || $0 == "." }.map(String.init)
    guard parts.count == 3 else { return nil }
    // 01/31/1999, 1-8-99
    if let month = Int(parts[0]), let day = Int(parts[1]), let year = Int(parts[2]), parts[0].count <= 2,
      parts[2].count == 4 || parts[2].count == 2, (1...12).contains(month)
    {
      return "\(parts[2].count == 2 ? (year < 70 ? 2000 + year : 1900 + year) : year)-\(two(month))-\(two(day))"
    }
    // Jan-08-1999, 08-Jan-1999, 1999-Jan-08
    if let month = month(parts[0]), let day = Int(parts[1]), let year = Int(parts[2]), parts[2].count == 4 {
      return "\(year)-\(two(month))-\(two(day))"
    }
    if let month = month(parts[1]), let first = Int(parts[0]), let last = Int(parts[2]) {
      if parts[0].count == 4 { return "\(first)-\(two(month))-\(two(last))" }
      if parts[2].count == 4 { return "\(last)-\(two(month))-\(two(first))" }
    }
    return nil
  }
}

extension String {
  fileprivate func count(of character: Character) -> Int { count { $0 == character } }
}
