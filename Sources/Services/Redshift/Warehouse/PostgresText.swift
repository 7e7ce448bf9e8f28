import Engine
import Foundation
import Kernel
import PostgresWire

/// How a session wants to see what has several texts.
struct TextStyle: Sendable {
  /// Digits of DOUBLE PRECISION beyond 15, and of REAL beyond 6 (`extra_float_digits`).
  var extraDigits: Int
  /// The zone that TIMESTAMPTZ is shown in; `nil` for UTC.
  var zone: TimeZone?

  /// Every digit, and UTC: for values that are read again.
  static let exact = TextStyle(extraDigits: 2)

  init(extraDigits: Int, zone: TimeZone? = nil) {
    self.extraDigits = extraDigits
    self.zone = zone
  }

  init(_ settings: SessionSettings) {
    // Drivers of PostgreSQL ask for 3, which newer versions of that take; Redshift's range ends at 2.
    extraDigits = min(2, max(-15, settings["extra_float_digits"].flatMap { Int($0) } ?? 0))
    let name = settings["timezone"] ?? "UTC"
    zone = ["UTC", "GMT", "Z"].contains(name.uppercased()) ? nil : TimeZone(identifier: name)
  }
}

/// Values in the text form that PostgreSQL's protocol carries.
enum PostgresText {
  static func text(_ vector: ColumnVector, _ row: Int, _ style: TextStyle = .exact) -> String? {
    if vector.isNull(row) { return nil }
    switch vector.type {
    case .varchar, .json, .enumeration: return vector.string(row)
    case .tinyInt, .smallInt, .integer, .bigInt: return String(vector.integer(row))
    case .boolean: return vector.load(row, as: UInt8.self) != 0 ? "t" : "f"
    case .decimal(_, let scale): return decimal(vector.decimal(row), scale: scale)
    case .double: return number(vector.load(row, as: Double.self), digits: 15 + style.extraDigits)
    case .float: return number(vector.load(row, as: Float.self), digits: 6 + style.extraDigits)
    case .date: return date(Int(vector.load(row, as: Int32.self)))
    case .timestamp: return timestamp(vector.load(row, as: Int64.self))
    case .timestampTZ: return timestampTZ(vector.load(row, as: Int64.self), in: style.zone)
    default: return text(vector[row])
    }
  }

  static func text(_ value: EngineValue) -> String? {
    switch value {
    case .null: nil
    case .bool(let value): value ? "t" : "f"
    case .int(let value): String(value)
    case .uint(let value): String(value)
    case .hugeInt(let value): String(value)
    case .unsignedHugeInt(let value): String(value)
    case .decimal(let value, let scale): decimal(value, scale: scale)
    case .float(let value): number(value)
    case .double(let value): number(value)
    case .string(let value): value
    case .bytes(let value): hex(value)
    case .date(let value): date(Int(value))
    case .time(let value): time(value)
    case .timeNS(let value): time(value / 1_000)
    case .timeTZ(let value, let offset): time(utc(value, east: offset)) + "+00"
    case .timestamp(let value): timestamp(value)
    case .timestampNS(let value): timestamp(value / 1_000)
    case .timestampTZ(let value): timestampTZ(value, in: nil)
    case .interval(let months, let days, let microseconds): interval(Int(months), Int(days), microseconds)
    case .uuid(let value): uuid(value)
    case .list(let values): ArrayFormat.text(values.map(text))
    case .structure, .map: json(value)
    }
  }

  // MARK: Numbers

  static func decimal(_ value: Int128, scale: Int) -> String {
    guard scale > 0 else { return String(value) }
    let digits = String(value.magnitude)
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    return (value < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
  }

  /// The shortest text that reads back as the same number, with C's exponents.
  static func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ value: Number) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    var text = String(value)
    if text.hasSuffix(".0") { text.removeLast(2) }
    guard let mark = text.firstIndex(of: "e") else { return text }
    var digits = text[..<mark]
    if digits.hasSuffix(".0") { digits = digits.dropLast(2) }
    let exponent = Int(text[text.index(after: mark)...]) ?? 0
    // Up to the digits that the type holds, plain text, as `%.17g` writes it.
    let limit = Number.significandBitCount > 30 ? 15 : 6
    if exponent >= 0, exponent < limit || digits.utf8.count > exponent + 1 {
      let sign = digits.hasPrefix("-") ? "-" : ""
      var plain = digits.filter { $0.isNumber }
      let fraction = digits.split(separator: ".").dropFirst().first?.count ?? 0
      if fraction <= exponent {
        plain += String(repeating: "0", count: exponent - fraction)
        return sign + plain
      }
    }
    // Swift turns to exponents one digit before C does.
    if exponent == -4 { return "\(digits.hasPrefix("-") ? "-" : "")0.000" + digits.filter { $0.isNumber } }
    let size = abs(exponent)
    return digits + "e" + (exponent < 0 ? "-" : "+") + (size < 10 ? "0" : "") + String(size)
  }

  /// A number with so many significant digits, as C's `%g` writes it.
  static func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ value: Number, digits: Int) -> String {
    let text = number(value)
    // What has no more digits already is the text that is asked for: it is the nearest one of that length.
    let significant = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
    guard digits < (Number.significandBitCount > 30 ? 17 : 9), significant.utf8.count > digits, value.isFinite else {
      return text
    }
    return String(format: "%.\(max(1, digits))g", Double(value))
  }

  static func hex(_ bytes: [UInt8]) -> String {
    var text = ""
    text.reserveCapacity(bytes.count * 2)
    let digits = Array("0123456789abcdef")
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }

  // MARK: Times

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  static func date(_ days: Int) -> String {
    if days == Int(Int32.max) { return "infinity" }
    if days == -Int(Int32.max) { return "-infinity" }
    // Days to a civil date, counted in eras of 400 years that begin in March.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let civilMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
    let shown = year > 0 ? year : 1 - year
    let digits = String(shown)
    let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    return "\(padded)-\(two(civilMonth))-\(two(day))" + (year > 0 ? "" : " BC")
  }

  /// A time with a zone in UTC, in which Redshift keeps and shows it.
  static func utc(_ microseconds: Int64, east seconds: Int32) -> Int64 {
    guard seconds != 0 else { return microseconds }
    let day: Int64 = 86_400_000_000
    let moved = (microseconds &- Int64(seconds) &* 1_000_000) % day
    return moved < 0 ? moved + day : moved
  }

  static func time(_ microseconds: Int64) -> String {
    let seconds = Int(microseconds / 1_000_000)
    let fraction = Int(microseconds % 1_000_000)
    var text = "\(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    if fraction != 0 {
      var digits = String(fraction)
      digits = String(repeating: "0", count: 6 - digits.count) + digits
      while digits.hasSuffix("0") { digits.removeLast() }
      text += "." + digits
    }
    return text
  }

  private static func isInfinite(_ value: Int64) -> Bool { value == .max || value == -.max }

  static func timestamp(_ microseconds: Int64) -> String {
    if microseconds == .max { return "infinity" }
    if microseconds == -.max { return "-infinity" }
    let day: Int64 = 86_400_000_000
    var (days, rest) = microseconds.quotientAndRemainder(dividingBy: day)
    if rest < 0 {
      days -= 1
      rest += day
    }
    let text = date(Int(days))
    let clock = time(rest)
    return text.hasSuffix(" BC") ? "\(text.dropLast(3)) \(clock) BC" : "\(text) \(clock)"
  }

  /// - Parameter zone: `nil` for UTC.
  static func timestampTZ(_ microseconds: Int64, in zone: TimeZone?) -> String {
    if isInfinite(microseconds) { return timestamp(microseconds) }
    guard let zone else { return timestamp(microseconds) + "+00" }
    let seconds = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(microseconds) / 1_000_000))
    let (local, overflows) = microseconds.addingReportingOverflow(Int64(seconds) * 1_000_000)
    return overflows ? timestamp(microseconds) + "+00" : timestamp(local) + Self.zone(seconds)
  }

  static func zone(_ seconds: Int) -> String {
    let size = abs(seconds)
    return (seconds < 0 ? "-" : "+") + two(size / 3_600) + (size % 3_600 == 0 ? "" : ":" + two(size / 60 % 60))
  }

  static func interval(_ months: Int, _ days: Int, _ microseconds: Int64) -> String {
    var parts: [String] = []
    func add(_ value: Int, _ unit: String) {
      if value != 0 { parts.append("\(value) \(unit)\(value == 1 ? "" : "s")") }
    }
    add(months / 12, "year")
    add(months % 12, "mon")
    add(days, "day")
    if microseconds != 0 || parts.isEmpty {
      let size = Int64(clamping: microseconds.magnitude)
      parts.append((microseconds < 0 ? "-" : "") + time(size))
    }
    return parts.joined(separator: " ")
  }

  static func uuid(_ value: UInt128) -> String {
    let digits = String(value, radix: 16)
    let padded = String(repeating: "0", count: 32 - digits.count) + digits
    let parts = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)].map { padded.dropFirst($0.0).prefix($0.1) }
    return parts.joined(separator: "-")
  }

  // MARK: Nested values

  static func json(_ value: EngineValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int, .uint, .hugeInt, .unsignedHugeInt, .decimal: text(value) ?? "null"
    case .double(let number): number.isFinite ? text(value) ?? "null" : "null"
    case .float(let number): number.isFinite ? text(value) ?? "null" : "null"
    case .list(let values): "[" + values.map(json).joined(separator: ",") + "]"
    case .structure(let members):
      "{" + members.map { quoted($0.name) + ":" + json($0.value) }.joined(separator: ",") + "}"
    case .map(let entries):
      "{" + entries.map { quoted(text($0.key) ?? "null") + ":" + json($0.value) }.joined(separator: ",") + "}"
    default: quoted(text(value) ?? "")
    }
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
