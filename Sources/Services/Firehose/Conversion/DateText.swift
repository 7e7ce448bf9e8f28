package import Kernel

/// Moments as the deserializers read them from text without a pattern: `2026-05-19 12:00:00.5`, `2026-5-9 1:02:03`,
/// `2026-05-19T12:00:00Z`, `2026-05-19T12:00:00+02:00`, `2026-05-19`.
package enum DateText {
  package static func timestamp(_ text: String) -> Timestamp? {
    var cursor = DigitCursor(text)
    guard let year = cursor.number(4...4), cursor.take("-"), let month = cursor.number(1...2), cursor.take("-"),
      let day = cursor.number(1...2)
    else { return nil }
    var time = CivilTime(year: year, month: month, day: day)
    var offsetSeconds = 0
    if cursor.take("T") || cursor.take(" ") {
      guard let hour = cursor.number(1...2), cursor.take(":"), let minute = cursor.number(1...2) else { return nil }
      (time.hour, time.minute) = (hour, minute)
      if cursor.take(":") {
        guard let second = cursor.number(1...2) else { return nil }
        time.second = second
        if cursor.take(".") {
          guard let nanosecond = cursor.fraction() else { return nil }
          time.nanosecond = nanosecond
        }
      }
      if let offset = cursor.offset() { offsetSeconds = offset }
    }
    guard cursor.isAtEnd, isReal(time) else { return nil }
    return time.timestamp - .seconds(offsetSeconds)
  }

  /// Does the calendar have such a moment?
  static func isReal(_ time: CivilTime) -> Bool {
    (1...12).contains(time.month) && (1...CivilTime.days(inMonth: time.month, of: time.year)).contains(time.day)
      && (0...23).contains(time.hour) && (0...59).contains(time.minute) && (0...59).contains(time.second)
  }
}

/// Reads digits and marks off a text.
struct DigitCursor {
  private let bytes: [UInt8]
  private(set) var place = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { place == bytes.count }

  mutating func take(_ mark: Character) -> Bool {
    guard place < bytes.count, let byte = mark.asciiValue, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  mutating func take(text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard bytes.count - place >= wanted.count, Array(bytes[place..<place + wanted.count]) == wanted else {
      return false
    }
    place += wanted.count
    return true
  }

  private func digitsAhead(_ most: Int) -> Int {
    var count = 0
    while count < most, place + count < bytes.count, bytes[place + count] >= 48, bytes[place + count] <= 57 {
      count += 1
    }
    return count
  }

  mutating func number(_ widths: ClosedRange<Int>) -> Int? {
    let count = digitsAhead(min(widths.upperBound, 18))
    guard count >= widths.lowerBound else { return nil }
    var number = 0
    for byte in bytes[place..<place + count] { number = number * 10 + Int(byte - 48) }
    place += count
    return number
  }

  /// One to nine digits of a second's fraction, in nanoseconds.
  mutating func fraction() -> Int? {
    let count = digitsAhead(9)
    guard count > 0, var number = number(count...count) else { return nil }
    for _ in count..<9 { number *= 10 }
    return number
  }

  /// `Z`, `+02:00`, `-0500` or `+01`, in seconds; `nil` when nothing of that stands here.
  mutating func offset() -> Int? {
    if take("Z") { return 0 }
    let sign = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0, let hours = number(2...2) else { return nil }
    _ = take(":")
    let minutes = number(2...2) ?? 0
    return sign * (hours * 3600 + minutes * 60)
  }

  /// Letters up to the next other character.
  mutating func word() -> String {
    let start = place
    while place < bytes.count, Character(Unicode.Scalar(bytes[place])).isLetter { place += 1 }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }
}
