public import Kernel

/// The time stamp of a signature: `20150830T123600Z`.
public struct SigningDate: Sendable, Hashable {
  public let text: String
  public let moment: Timestamp

  /// The day part, which stands in the credential's scope.
  public var day: String { String(text.prefix(8)) }

  public init(_ moment: Timestamp) {
    self.moment = Timestamp(seconds: moment.seconds)
    let civil = CivilTime(moment)
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    text =
      padded(civil.year, 4) + padded(civil.month) + padded(civil.day) + "T" + padded(civil.hour)
      + padded(civil.minute) + padded(civil.second) + "Z"
  }

  /// - Returns: `nil` unless the text is a date and time of the basic ISO 8601 form in UTC.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for byte in bytes[range] {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
      let minute = number(11..<13), let second = number(13..<15), (1...12).contains(month), (1...31).contains(day),
      hour < 24, minute < 60, second < 61
    else { return nil }
    self.text = text
    moment =
      CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second).timestamp
  }
}
