package import Kernel

/// A pattern of Java's `DateTimeFormatter`, for writing moments in prefixes.
package struct DatePattern: Hashable, Sendable {
  private enum Field: Hashable, Sendable {
    case literal(String)
    /// A pattern letter and how often it stands in a row.
    case letters(Character, Int)
  }

  package struct Malformed: Error, Hashable, Sendable {
    package var reason: String
  }

  private var fields: [Field]

  /// `yyyy/MM/dd/HH`, which stands behind prefixes that say nothing of the time.
  package static let hourly = DatePattern(fields: [
    .letters("y", 4), .literal("/"), .letters("M", 2), .literal("/"), .letters("d", 2), .literal("/"), .letters("H", 2),
  ])

  private init(fields: [Field]) { self.fields = fields }

  /// - Throws: for a letter that a date and time in UTC cannot answer, or a quote that does not end.
  package init(_ pattern: String) throws(Malformed) {
    fields = []
    let characters = Array(pattern)
    var index = 0
    while index < characters.count {
      let character = characters[index]
      if character == "'" {
        var text = ""
        index += 1
        if index < characters.count, characters[index] == "'" {
          text = "'"
          index += 1
        } else {
          while true {
            guard index < characters.count else { throw Malformed(reason: "a quote does not end") }
            if characters[index] != "'" {
              text.append(characters[index])
              index += 1
            } else if index + 1 < characters.count, characters[index + 1] == "'" {
              text.append("'")
              index += 2
            } else {
              index += 1
              break
            }
          }
        }
        fields.append(.literal(text))
      } else if character.isASCII, character.isLetter {
        var count = 0
        while index < characters.count, characters[index] == character {
          count += 1
          index += 1
        }
        guard Self.allows(character, count) else {
          throw Malformed(reason: "the letter \(character) cannot stand \(count) times here")
        }
        fields.append(.letters(character, count))
      } else if "{}#".contains(character) {
        throw Malformed(reason: "the character \(character) is reserved")
      } else {
        // Optional sections always have a value when a moment is written.
        if character != "[", character != "]" { fields.append(.literal(String(character))) }
        index += 1
      }
    }
  }

  private static func allows(_ letter: Character, _ count: Int) -> Bool {
    switch letter {
    case "y", "u", "Y": count <= 9
    case "M", "L", "E": count <= 4
    case "d", "H", "h", "k", "K", "m", "s": count <= 2
    case "D": count <= 3
    case "S", "n", "A": count <= 9
    case "a": count == 1
    case "e": count <= 4
    case "Q", "q": count <= 2
    default: false
    }
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

  package func format(_ time: CivilTime) -> String {
    fields.map { field in
      switch field {
      case .literal(let text): text
      case .letters(let letter, let count): Self.text(letter, count, time)
      }
    }.joined()
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  private static func text(_ letter: Character, _ count: Int, _ time: CivilTime) -> String {
    switch letter {
    case "y", "u", "Y": count == 2 ? padded(time.year % 100, 2) : padded(time.year, count)
    case "M", "L":
      switch count {
      case 3: String(months[time.month - 1].prefix(3))
      case 4: months[time.month - 1]
      default: padded(time.month, count)
      }
    case "Q", "q": padded((time.month - 1) / 3 + 1, count)
    case "d": padded(time.day, count)
    case "D": padded(time.dayOfYear, count)
    case "E": count == 4 ? days[time.weekday - 1] : String(days[time.weekday - 1].prefix(3))
    case "e": padded(time.weekday % 7 + 1, count)
    case "a": time.hour < 12 ? "AM" : "PM"
    case "H": padded(time.hour, count)
    case "k": padded(time.hour == 0 ? 24 : time.hour, count)
    case "K": padded(time.hour % 12, count)
    case "h": padded(time.hour % 12 == 0 ? 12 : time.hour % 12, count)
    case "m": padded(time.minute, count)
    case "s": padded(time.second, count)
    case "S": String(padded(time.nanosecond, 9).prefix(count))
    case "n": padded(time.nanosecond, count)
    case "A": padded((time.hour * 3600 + time.minute * 60 + time.second) * 1000 + time.nanosecond / 1_000_000, count)
    default: ""
    }
  }
}
