public import Kernel

/// Timestamps as text: ISO 8601 and the date of HTTP headers, and numbers of seconds.
public enum TimestampText {
  static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// `2024-05-01T12:30:00Z`, or with milliseconds where there are some or they are asked for.
  public static func iso8601(_ moment: Timestamp, milliseconds: Bool = false) -> String {
    let time = CivilTime(moment)
    let fraction = time.nanosecond / 1_000_000
    let base =
      "\(pad(time.year, 4))-\(pad(time.month, 2))-\(pad(time.day, 2))T"
      + "\(pad(time.hour, 2)):\(pad(time.minute, 2)):\(pad(time.second, 2))"
    return milliseconds || fraction != 0 ? "\(base).\(pad(fraction, 3))Z" : "\(base)Z"
  }

  /// `Wed, 01 May 2024 12:30:00 GMT`.
  public static func rfc822(_ moment: Timestamp) -> String {
    let time = CivilTime(moment)
    return "\(days[(time.weekday + 6) % 7]), \(pad(time.day, 2)) \(months[(time.month + 11) % 12]) "
      + "\(pad(time.year, 4)) \(pad(time.hour, 2)):\(pad(time.minute, 2)):\(pad(time.second, 2)) GMT"
  }

  /// Seconds since 1970, with three digits of fraction where there is one.
  public static func unix(_ moment: Timestamp) -> String {
    let milliseconds = moment.milliseconds
    let whole = milliseconds / 1000
    let rest = abs(Int(milliseconds % 1000))
    if rest == 0 { return "\(whole)" }
    return (milliseconds < 0 && whole == 0 ? "-" : "") + "\(whole).\(pad(rest, 3))"
  }

  static func write(_ moment: Timestamp, _ format: TimestampFormat) -> String {
    switch format {
    case .iso8601: iso8601(moment)
    case .rfc822: rfc822(moment)
    case .unixTimestamp: unix(moment)
    }
  }

  /// Reads any of the three forms; `nil` for anything else.
  public static func read(_ text: String) -> Timestamp? {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 64 else { return nil }
    if first.isLetter { return readRFC822(text) }
    if bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") { return readISO8601(bytes) }
    return readUnix(text)
  }

  /// Seconds as decimal digits, kept to the nanosecond: a `Double` holds today's seconds to some hundred nanoseconds.
  static func readUnix(_ text: String) -> Timestamp? {
    guard let approximate = NumberText.double(text), approximate.isFinite else { return nil }
    let halves = text.split(separator: ".", omittingEmptySubsequences: false)
    guard halves.count <= 2, let whole = Int64(halves[0]), abs(approximate) < 9e9 else {
      return Timestamp(secondsSinceEpoch: approximate)
    }
    var fraction: Int64 = 0
    if halves.count == 2 {
      let digits = halves[1].prefix(9)
      guard let value = Int64(digits) else { return Timestamp(secondsSinceEpoch: approximate) }
      fraction = value
      for _ in digits.utf8.count..<9 { fraction *= 10 }
    }
    let nanoseconds = whole * 1_000_000_000
    return Timestamp(nanoseconds: text.hasPrefix("-") ? nanoseconds - fraction : nanoseconds + fraction)
  }

  private static func readISO8601(_ bytes: [UInt8]) -> Timestamp? {
    var reader = DigitReader(bytes)
    guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
      let day = reader.digits(2)
    else { return nil }
    var hour = 0, minute = 0, second = 0, nanosecond = 0, offset = 0
    if !reader.isAtEnd {
      guard reader.take("T") || reader.take("t") || reader.take(" "), let h = reader.digits(2), reader.take(":"),
        let m = reader.digits(2)
      else { return nil }
      (hour, minute) = (h, m)
      if reader.take(":") {
        guard let s = reader.digits(2) else { return nil }
        second = s
        if reader.take(".") {
          guard let fraction = reader.fraction() else { return nil }
          nanosecond = fraction
        }
      }
      guard let shift = reader.zone() else { return nil }
      offset = shift
    }
    return moment(year, month, day, hour, minute, second, nanosecond, offset)
  }

  private static func readRFC822(_ text: String) -> Timestamp? {
    // RFC 7231's preferred form, and RFC 850's with dashes.
    let words = text.split(whereSeparator: { $0 == " " || $0 == "-" })
    guard words.count >= 5, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
      var year = Int(words[3])
    else { return nil }
    if year < 70 { year += 2000 } else if year < 100 { year += 1900 }
    let clock = words[4].split(separator: ":")
    guard clock.count == 3, let hour = Int(clock[0]), let minute = Int(clock[1]) else { return nil }
    let parts = clock[2].split(separator: ".")
    guard let first = parts.first, let second = Int(first) else { return nil }
    var nanosecond = 0
    if parts.count == 2 {
      var reader = DigitReader(Array(parts[1].utf8))
      guard let fraction = reader.fraction() else { return nil }
      nanosecond = fraction
    }
    return moment(year, month + 1, day, hour, minute, second, nanosecond, 0)
  }

  private static func moment(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int, _ nanosecond: Int, _ offset: Int
  ) -> Timestamp? {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= CivilTime.days(inMonth: month, of: year),
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    let civil = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond)
    return Timestamp(nanoseconds: civil.timestamp.nanoseconds.saturatingAdd(Int64(offset) * -1_000_000_000))
  }

  static func pad(_ number: Int, _ width: Int) -> String {
    let digits = "\(number)"
    return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
  }
}

/// Steps over digits and marks.
private struct DigitReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  var isAtEnd: Bool { at == bytes.count }

  mutating func take(_ mark: Character) -> Bool {
    guard at < bytes.count, bytes[at] == mark.asciiValue else { return false }
    at += 1
    return true
  }

  mutating func digits(_ count: Int) -> Int? {
    guard at + count <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[at..<at + count] {
      guard byte.isDigit else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    at += count
    return value
  }

  /// Digits after a point, as nanoseconds; those past the ninth are dropped.
  mutating func fraction() -> Int? {
    var value = 0
    var scale = 100_000_000
    let start = at
    while at < bytes.count, bytes[at].isDigit {
      value += Int(bytes[at] - 48) * scale
      scale /= 10
      at += 1
    }
    return at > start ? value : nil
  }

  /// Seconds east of Greenwich; the text must end here.
  mutating func zone() -> Int? {
    if isAtEnd { return 0 }
    if take("Z") || take("z") { return isAtEnd ? 0 : nil }
    let sign = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0, let hours = digits(2) else { return nil }
    _ = take(":")
    let minutes = isAtEnd ? 0 : digits(2)
    guard let minutes, isAtEnd, hours <= 23, minutes <= 59 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }
}

extension UInt8 {
  var isDigit: Bool { self >= 48 && self <= 57 }
  var isLetter: Bool { (self | 0x20) >= 97 && (self | 0x20) <= 122 }
}

/// Numbers as text, without the liberties that `Double.init` takes.
enum NumberText {
  static func double(_ text: String) -> Double? {
    switch text {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      guard !text.isEmpty, text.utf8.allSatisfy({ $0.isDigit || [43, 45, 46, 69, 101].contains($0) }),
        !text.hasPrefix("."), !text.hasSuffix("."), !text.contains(".e"), !text.contains(".E")
      else { return nil }
      return Double(text)
    }
  }

  static func write(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    // An integral value keeps its decimal point, as AWS's Java services write it.
    return "\(value)"
  }
}
