/// Reads a filter pattern character by character.
struct PatternReader {
  private let text: [Character]
  private(set) var place = 0
  /// Regular expressions read so far.
  private(set) var regexes = 0

  init(_ text: String) { self.text = Array(text) }

  var peek: Character? { place < text.count ? text[place] : nil }
  var next: Character? { place + 1 < text.count ? text[place + 1] : nil }

  /// What was read since a place.
  func text(from start: Int) -> String { String(text[start..<place]) }

  mutating func take() -> Character? {
    guard place < text.count else { return nil }
    defer { place += 1 }
    return text[place]
  }

  mutating func take(_ word: String) -> Bool {
    let wanted = Array(word)
    guard text.count - place >= wanted.count, text[place..<place + wanted.count].elementsEqual(wanted) else {
      return false
    }
    place += wanted.count
    return true
  }

  /// Takes a word of letters whatever their case, with something else behind it.
  mutating func takeWord(_ word: String) -> Bool {
    let wanted = Array(word)
    guard text.count - place >= wanted.count,
      String(text[place..<place + wanted.count]).uppercased() == word
    else { return false }
    let end = place + wanted.count
    if end < text.count, text[end].isLetter || text[end].isNumber { return false }
    place = end
    return true
  }

  mutating func skipSpace() {
    while place < text.count, text[place].isWhitespace { place += 1 }
  }

  mutating func take(while isWanted: (Character) -> Bool) -> String {
    let start = place
    while place < text.count, isWanted(text[place]) { place += 1 }
    return String(text[start..<place])
  }

  /// A text in double quotes, where a backslash takes the next quote or backslash as it is.
  mutating func quoted() throws(FilterPattern.Malformed) -> String {
    place += 1
    var content = ""
    while let character = take() {
      switch character {
      case "\"": return content
      case "\\":
        if let escaped = peek, escaped == "\"" || escaped == "\\" {
          place += 1
          content.append(escaped)
        } else {
          content.append("\\")
        }
      default: content.append(character)
      }
    }
    throw FilterPattern.Malformed("Invalid filter pattern: a quotation mark is not closed")
  }

  /// A regular expression in percent signs.
  mutating func regex() throws(FilterPattern.Malformed) -> SearchedRegex {
    place += 1
    var content = ""
    while let character = take() {
      switch character {
      case "%":
        regexes += 1
        return try SearchedRegex(content)
      case "\\":
        content.append("\\")
        if let escaped = take() { content.append(escaped) }
      default: content.append(character)
      }
    }
    throw FilterPattern.Malformed("Invalid filter pattern: a regular expression is not closed")
  }
}
