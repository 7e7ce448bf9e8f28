package import Kernel

/// A pattern of Joda-Time's `DateTimeFormat`, for reading moments: what HiveJsonSerDe's TimestampFormats hold.
package struct JodaPattern: Sendable {
  private enum Field: Sendable {
    case literal(String)
    case letters(Character, Int)
  }
  private var fields: [Field] = []

  /// - Returns: `nil` for letters that are not understood, or a quote that does not end.
  package init?(_ pattern: String) {
    var rest = pattern[...]
    while let first = rest.first {
      if first == "'" {
        rest = rest.dropFirst()
        if rest.first == "'" {
          fields.append(.literal("'"))
          rest = rest.dropFirst()
          continue
        }
        guard let end = rest.firstIndex(of: "'") else { return nil }
        fields.append(.literal(String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      } else if first.isASCII, first.isLetter {
        let run = rest.prefix { $0 == first }
        guard "yYMdHhkKmsSaZzE".contains(first) else { return nil }
        fields.append(.letters(first, run.count))
        rest = rest.dropFirst(run.count)
      } else {
        fields.append(.literal(String(first)))
        rest = rest.dropFirst()
      }
    }
  }

  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

  /// - Returns: `nil` when the text does not follow the pattern, all of it.
  package func parse(_ text: String) -> Timestamp? {
    var cursor = DigitCursor(text)
    var time = CivilTime(year: 1970, month: 1, day: 1)
    var offset = 0
    var afternoon: Bool?
    for (place, field) in fields.enumerated() {
      switch field {
      case .literal(let literal): guard cursor.take(text: literal) else { return nil }
      case .letters(let letter, let count):
        // Where digits follow digits, the pattern's width decides; else a number is as long as it is.
        var fixed = false
        if place + 1 < fields.count, case .letters(let next, let width) = fields[place + 1] {
          fixed = !"aZzE".contains(next) && !(next == "M" && width > 2)
        }
        func number(_ most: Int) -> Int? { cursor.number(fixed ? count...count : 1...max(count, most)) }
        switch letter {
        case "y", "Y":
          guard let year = number(4) else { return nil }
          time.year = count == 2 && year < 100 ? (year < 50 ? 2000 : 1900) + year : year
        case "M" where count > 2:
          let word = cursor.word().lowercased()
          guard let month = Self.months.firstIndex(where: { word.hasPrefix($0) }) else { return nil }
          time.month = month + 1
        case "M":
          guard let month = number(2) else { return nil }
          time.month = month
        case "d":
          guard let day = number(2) else { return nil }
          time.day = day
        case "H", "h", "k", "K":
          guard let hour = number(2) else { return nil }
          time.hour = letter == "k" ? hour % 24 : letter == "h" ? hour % 12 : hour
        case "m":
          guard let minute = number(2) else { return nil }
          time.minute = minute
        case "s":
          guard let second = number(2) else { return nil }
          time.second = second
        case "S":
          guard let nanosecond = cursor.fraction() else { return nil }
          time.nanosecond = nanosecond
        case "a":
          switch cursor.word().lowercased() {
          case "am": afternoon = false
          case "pm": afternoon = true
          default: return nil
          }
        case "Z":
          guard let found = cursor.offset() else { return nil }
          offset = found
        case "z":
          guard ["UTC", "GMT", "Z"].contains(cursor.word()) else { return nil }
        default: _ = cursor.word()
        }
      }
    }
    if afternoon == true { time.hour += 12 }
    guard cursor.isAtEnd, DateText.isReal(time) else { return nil }
    return time.timestamp - .seconds(offset)
  }
}
