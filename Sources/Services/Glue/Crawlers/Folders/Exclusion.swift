/// A glob that keeps files out of a crawl: `*` and `?` within one level, `**` over levels, `[abc]`, `{csv,tsv}`.
///
/// Source: AWS Glue, "Include and exclude patterns". `**/` also stands for no level at all.
package struct Exclusion: Sendable {
  private indirect enum Token: Sendable {
    case character(Character)
    case one
    case many
    case manyLevels
    /// `**/`
    case anyFolders
    case set([ClosedRange<Character>], negated: Bool)
    case choice([[Token]])
  }
  private let tokens: [Token]

  package init(_ pattern: String) {
    var rest = pattern[...]
    tokens = Self.tokens(&rest, inChoice: false)
  }

  /// - Parameter path: below the target's own path.
  package func matches(_ path: String) -> Bool {
    var steps = 0
    return Self.match(tokens[...], path[...], &steps)
  }

  /// Steps of one comparison: past it the file is not excluded.
  private static let stepsMax = 100_000

  private static func tokens(_ rest: inout Substring, inChoice: Bool) -> [Token] {
    var tokens: [Token] = []
    while let character = rest.first {
      if inChoice, character == "," || character == "}" { break }
      rest.removeFirst()
      switch character {
      case "\\": if let next = rest.popFirst() { tokens.append(.character(next)) }
      case "?": tokens.append(.one)
      case "*":
        guard rest.first == "*" else {
          tokens.append(.many)
          continue
        }
        while rest.first == "*" { rest.removeFirst() }
        if rest.first == "/" {
          rest.removeFirst()
          tokens.append(.anyFolders)
        } else {
          tokens.append(.manyLevels)
        }
      case "[":
        guard let end = rest.dropFirst().firstIndex(of: "]") else {
          tokens.append(.character(character))
          continue
        }
        tokens.append(set(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      case "{" where !inChoice:
        var choices: [[Token]] = []
        repeat { choices.append(Self.tokens(&rest, inChoice: true)) } while rest.popFirst() == ","
        tokens.append(.choice(choices))
      default: tokens.append(.character(character))
      }
    }
    return tokens
  }

  private static func set(_ text: Substring) -> Token {
    var rest = text
    var negated = false
    if rest.first == "!" || rest.first == "^" {
      negated = true
      rest.removeFirst()
    }
    var ranges: [ClosedRange<Character>] = []
    while let low = rest.popFirst() {
      guard rest.first == "-", let high = rest.dropFirst().first, low <= high else {
        ranges.append(low...low)
        continue
      }
      rest.removeFirst(2)
      ranges.append(low...high)
    }
    return .set(ranges, negated: negated)
  }

  private static func match(_ tokens: ArraySlice<Token>, _ text: Substring, _ steps: inout Int) -> Bool {
    steps += 1
    guard steps < stepsMax else { return false }
    guard let token = tokens.first else { return text.isEmpty }
    let rest = tokens.dropFirst()
    switch token {
    case .many, .manyLevels:
      var tail = text
      while true {
        if match(rest, tail, &steps) { return true }
        guard let next = tail.first else { return false }
        if case .many = token, next == "/" { return false }
        tail = tail.dropFirst()
      }
    case .anyFolders:
      var tail = text
      while true {
        if match(rest, tail, &steps) { return true }
        guard let slash = tail.firstIndex(of: "/") else { return false }
        tail = tail[tail.index(after: slash)...]
      }
    case .choice(let choices):
      for choice in choices where match(choice + rest, text, &steps) { return true }
      return false
    case .character(let wanted): return text.first == wanted && match(rest, text.dropFirst(), &steps)
    case .one:
      guard let next = text.first, next != "/" else { return false }
      return match(rest, text.dropFirst(), &steps)
    case .set(let ranges, let negated):
      guard let next = text.first, next != "/", ranges.contains(where: { $0.contains(next) }) != negated else {
        return false
      }
      return match(rest, text.dropFirst(), &steps)
    }
  }
}
