/// TO_CHAR, TO_DATE and TO_TIMESTAMP with patterns that are known only when the row is: what `DateFormat` prints for
/// constant ones, done value by value.
public enum MomentPattern {
  private static let microsOfDay: Int64 = 86_400_000_000

  /// Longest first at each place: `MONTH` wins over `MON`.
  private static let words = [
    "Y,YYY", "YYYY", "IYYY", "YYY", "YY", "Y", "MONTH", "MON", "MM", "MI", "MS", "DAY", "DDD", "DD", "DY", "D", "HH24",
    "HH12", "HH", "SSSS", "SS", "US", "A.M.", "P.M.", "AM", "PM", "Q", "WW", "W", "IW", "ID", "CC", "J", "TZ", "OF",
    "RM", "B.C.", "A.D.", "BC", "AD",
  ].sorted { $0.count > $1.count }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let romans = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]

  private enum Piece {
    case text(String)
    /// The word in upper case, as it was written, and whether padding is left out.
    case word(String, written: String, isBare: Bool, ordinal: String?)
  }

  private static func pieces(_ pattern: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = pattern[...]
    var isBare = false
    while let first = rest.first {
      if first == "\"" {
        let inner = rest.dropFirst().prefix { $0 != "\"" }
        pieces.append(.text(String(inner)))
        rest = rest.dropFirst(inner.count + 2)
      } else if rest.hasPrefix("FM") || rest.hasPrefix("fm") {
        isBare = true
        rest = rest.dropFirst(2)
      } else if let word = words.first(where: { rest.prefix($0.count).uppercased() == $0 }) {
        let written = String(rest.prefix(word.count))
        rest = rest.dropFirst(word.count)
        var ordinal: String?
        if rest.hasPrefix("TH") || rest.hasPrefix("th") {
          ordinal = String(rest.prefix(2))
          rest = rest.dropFirst(2)
        }
        pieces.append(.word(word, written: written, isBare: isBare, ordinal: ordinal))
      } else {
        pieces.append(.text(String(first)))
        rest = rest.dropFirst()
      }
    }
    return pieces
  }

  // MARK: Writing

  /// - Parameter micros: microseconds since 1970 on a calendar without a zone.
  public static func text(_ micros: Int64, _ pattern: String) -> String {
    let moment = Moment(micros)
    var result = ""
    for piece in pieces(pattern) {
      switch piece {
      case .text(let text): result += text
      case .word(let word, let written, let isBare, let ordinal):
        var text = moment.text(word, written, isBare: isBare)
        if let ordinal {
          let ending = self.ordinal(text)
          text += ordinal == "TH" ? ending.uppercased() : ending
        }
        result += text
      }
    }
    return result
  }

  private static func ordinal(_ digits: String) -> String {
    let number = Int(digits) ?? 0
    if (11...13).contains(number % 100) { return "th" }
    return switch number % 10 {
    case 1: "st"
    case 2: "nd"
    case 3: "rd"
    default: "th"
    }
  }

  private struct Moment {
    var day: Int64
    var rest: Int64
    var year: Int64
    var month: Int
    var date: Int

    init(_ micros: Int64) {
      day = micros / microsOfDay - (micros % microsOfDay < 0 ? 1 : 0)
      rest = micros - day * microsOfDay
      (year, month, date) = civil(day)
    }

    var dayOfYear: Int64 { day - MomentPattern.day(year, 1, 1) + 1 }
    var weekday: Int { Int(((day + 4) % 7 + 7) % 7) }
    /// ISO's year and week.
    var week: (Int64, Int64) {
      let monday = (Int64(weekday) + 6) % 7
      let thursday = day - monday + 3
      let (year, _, _) = civil(thursday)
      return (year, (thursday - MomentPattern.day(year, 1, 1)) / 7 + 1)
    }

    func text(_ word: String, _ written: String, isBare: Bool) -> String {
      func number(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return isBare ? text : String(repeating: "0", count: max(0, width - text.count)) + text
      }
      func name(_ name: String, _ width: Int) -> String {
        let cased =
          written == written.uppercased()
          ? name.uppercased() : written == written.lowercased() ? name.lowercased() : name
        return isBare ? cased : cased + String(repeating: " ", count: max(0, width - cased.count))
      }
      func cased(_ text: String) -> String { written == written.lowercased() ? text.lowercased() : text }
      let hour = rest / 3_600_000_000
      let minute = rest / 60_000_000 % 60
      let second = rest / 1_000_000 % 60
      switch word {
      case "YYYY": return number(year, 4)
      case "Y,YYY": return "\(year / 1000)," + String(String(1000 + year % 1000).suffix(3))
      case "IYYY": return number(week.0, 4)
      case "YYY": return String(number(year, 4).suffix(3))
      case "YY": return String(number(year, 4).suffix(2))
      case "Y": return String(number(year, 4).suffix(1))
      case "MONTH": return name(months[month - 1], 9)
      case "MON": return name(String(months[month - 1].prefix(3)), 0)
      case "MM": return number(Int64(month), 2)
      case "DAY": return name(days[weekday], 9)
      case "DY": return name(String(days[weekday].prefix(3)), 0)
      case "DDD": return number(dayOfYear, 3)
      case "DD": return number(Int64(date), 2)
      case "D": return String(weekday + 1)
      case "ID": return String((weekday + 6) % 7 + 1)
      case "HH24": return number(hour, 2)
      case "HH", "HH12": return number((hour + 11) % 12 + 1, 2)
      case "MI": return number(minute, 2)
      case "SS": return number(second, 2)
      case "SSSS": return String(rest / 1_000_000)
      case "MS": return number(rest / 1000 % 1000, 3)
      case "US": return number(rest % 1_000_000, 6)
      case "AM", "PM": return cased(hour < 12 ? "AM" : "PM")
      case "A.M.", "P.M.": return cased(hour < 12 ? "A.M." : "P.M.")
      case "BC", "AD": return cased("AD")
      case "B.C.", "A.D.": return cased("A.D.")
      case "Q": return String((month - 1) / 3 + 1)
      case "WW": return number((dayOfYear - 1) / 7 + 1, 2)
      case "W": return String((date - 1) / 7 + 1)
      case "IW": return number(week.1, 2)
      case "CC": return number((year + 99) / 100, 2)
      case "J": return String(day + 2_440_588)
      case "TZ": return cased("UTC")
      case "OF": return "+00"
      case "RM": return name(romans[month - 1], 4)
      default: return written
      }
    }
  }

  // MARK: Reading

  /// Microseconds since 1970 of a text in the pattern's form; `nil` when it is in another, or stands for no day.
  public static func micros(_ text: String, _ pattern: String) -> Int64? {
    var rest = text[...]
    var year: Int64 = 1
    var (month, date) = (1, 1)
    var dayOfYear: Int64?
    var (hour, minute, second, fraction): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
    var isAfternoon: Bool?
    func number(_ width: Int) -> Int64? {
      while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
      let digits = rest.prefix(width).prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      return Int64(digits)
    }
    func name(_ names: [String], short: Bool) -> Int? {
      let lower = rest.lowercased()
      for (index, name) in names.enumerated() {
        let wanted = short ? String(name.prefix(3)) : name
        if lower.hasPrefix(wanted.lowercased()) {
          rest = rest.dropFirst(wanted.count)
          return index
        }
      }
      return nil
    }
    for piece in pieces(pattern) {
      switch piece {
      case .text(let text):
        for character in text {
          if character.isWhitespace {
            while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
          } else if let next = rest.first, !next.isLetter, !next.isNumber || next == character {
            rest = rest.dropFirst()
          } else if rest.first == character {
            rest = rest.dropFirst()
          }
        }
      case .word(let word, _, _, let ordinal):
        switch word {
        case "YYYY", "IYYY":
          guard let value = number(4) else { return nil }
          year = value
        case "YY", "YYY":
          guard let value = number(word.count) else { return nil }
          year = value < 70 ? 2000 + value : value < 1000 ? 1900 + value : value
        case "MONTH", "MON":
          guard let index = name(months, short: word == "MON") ?? name(months, short: true) else { return nil }
          month = index + 1
        case "MM":
          guard let value = number(2) else { return nil }
          month = Int(value)
        case "DD":
          guard let value = number(2) else { return nil }
          date = Int(value)
        case "DDD": dayOfYear = number(3)
        case "DAY", "DY": _ = name(days, short: word == "DY") ?? name(days, short: true)
        case "HH", "HH12", "HH24": hour = number(2) ?? 0
        case "MI": minute = number(2) ?? 0
        case "SS": second = number(2) ?? 0
        case "MS", "US":
          let before = rest
          let value = number(word == "MS" ? 3 : 6) ?? 0
          var micros = value
          for _ in before.dropLast(rest.count).count..<6 { micros *= 10 }
          fraction = micros
        case "AM", "PM", "A.M.", "P.M.":
          let lower = rest.lowercased()
          isAfternoon = lower.hasPrefix("p")
          rest = rest.dropFirst(lower.dropFirst().hasPrefix(".") ? 4 : 2)
        default: return nil
        }
        if ordinal != nil { rest = rest.dropFirst(2) }
      }
    }
    if let isAfternoon {
      guard (1...12).contains(hour) else { return nil }
      hour = hour % 12 + (isAfternoon ? 12 : 0)
    }
    guard (1...12).contains(month), date >= 1, date <= length(of: month, in: year), hour < 24, minute < 60,
      second < 60, (0...9999).contains(year)
    else { return nil }
    var day = self.day(year, month, date)
    if let dayOfYear { day = self.day(year, 1, 1) + dayOfYear - 1 }
    return day * microsOfDay + hour * 3_600_000_000 + minute * 60_000_000 + second * 1_000_000 + fraction
  }

  // MARK: The calendar

  private static func length(of month: Int, in year: Int64) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970 of a date, and back: Howard Hinnant's "chrono-compatible low-level date algorithms".
  private static func day(_ year: Int64, _ month: Int, _ date: Int) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ day: Int64) -> (Int64, Int, Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = Int(part < 10 ? part + 3 : part - 9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, Int(dayOfYear - (153 * part + 2) / 5 + 1))
  }
}
