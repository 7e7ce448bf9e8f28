/// A path pattern as DuckDB's readers take it: `*` and `?` within one level of the path, `**` as a level for any
/// number of levels, `[a-z]` and `[!a-z]` for one character.
public struct LakePattern: Sendable {
  /// What every match begins with: where a listing has to start.
  public let prefix: String
  /// Whether the pattern is a plain path.
  public let isLiteral: Bool
  /// The plain path, brackets undone.
  public let literal: String
  private let levels: [Level]

  private enum Level: Sendable {
    case anyLevels
    case plain([UInt8])
    case tokens([Token])
  }
  private enum Token: Sendable {
    case byte(UInt8)
    case anyOne
    case any
    case set([ClosedRange<UInt8>], negated: Bool)
  }

  public init(_ pattern: String) {
    var prefix: [UInt8] = []
    var isLiteral = true
    var levels: [Level] = []
    for text in Array(pattern.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if text.elementsEqual("**".utf8) {
        levels.append(.anyLevels)
        if isLiteral, levels.count > 1 { prefix.append(UInt8(ascii: "/")) }
        isLiteral = false
        continue
      }
      let tokens = Self.tokens(of: text)
      var plain: [UInt8] = []
      for token in tokens {
        guard case .byte(let byte) = token else { break }
        plain.append(byte)
      }
      if isLiteral {
        if !levels.isEmpty { prefix.append(UInt8(ascii: "/")) }
        prefix += plain
      }
      if plain.count == tokens.count {
        levels.append(.plain(plain))
      } else {
        isLiteral = false
        levels.append(.tokens(tokens))
      }
    }
    self.prefix = String(decoding: prefix, as: UTF8.self)
    self.literal = self.prefix
    self.isLiteral = isLiteral
    self.levels = levels
  }

  /// Whether `key` matches. Names that begin with `_` or `.` are not matched by wildcards (Hive's rule for hidden
  /// files), nor are folder markers (keys that end with `/`).
  public func matches(_ key: String) -> Bool {
    let parts = Array(key.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard isLiteral || parts.last?.isEmpty == false else { return false }
    return Self.match(levels[...], parts[...])
  }

  private static func match(_ levels: ArraySlice<Level>, _ parts: ArraySlice<ArraySlice<UInt8>>) -> Bool {
    var levels = levels
    var parts = parts
    // The last `**` seen, and what it has to swallow next: going back to it alone is enough, as for `*` in a name.
    var retry: (levels: ArraySlice<Level>, parts: ArraySlice<ArraySlice<UInt8>>)?
    while true {
      if let level = levels.first {
        if case .anyLevels = level {
          levels = levels.dropFirst()
          retry = (levels, parts)
          continue
        }
        if let part = parts.first, matches(level, part) {
          levels = levels.dropFirst()
          parts = parts.dropFirst()
          continue
        }
      } else if parts.isEmpty {
        return true
      }
      guard let back = retry, let swallowed = back.parts.first, !isHidden(swallowed) else { return false }
      retry = (back.levels, back.parts.dropFirst())
      levels = back.levels
      parts = back.parts.dropFirst()
    }
  }

  private static func isHidden(_ name: ArraySlice<UInt8>) -> Bool {
    name.first == UInt8(ascii: "_") || name.first == UInt8(ascii: ".")
  }

  private static func matches(_ level: Level, _ name: ArraySlice<UInt8>) -> Bool {
    switch level {
    case .anyLevels: return true
    case .plain(let bytes): return name.elementsEqual(bytes)
    case .tokens(let tokens):
      if isHidden(name), let first = name.first {
        guard case .byte(first)? = tokens.first else { return false }
      }
      return match(tokens, name)
    }
  }

  private static func match(_ tokens: [Token], _ name: ArraySlice<UInt8>) -> Bool {
    var token = 0
    var index = name.startIndex
    var star: (token: Int, index: Int)?
    while true {
      if token < tokens.count {
        if case .any = tokens[token] {
          token += 1
          star = (token, index)
          continue
        }
        if index < name.endIndex, Self.matches(tokens[token], name[index]) {
          token += 1
          index += 1
          continue
        }
      } else if index == name.endIndex {
        return true
      }
      guard let back = star, back.index < name.endIndex else { return false }
      star = (back.token, back.index + 1)
      token = back.token
      index = back.index + 1
    }
  }

  private static func matches(_ token: Token, _ byte: UInt8) -> Bool {
    switch token {
    case .byte(let wanted): return byte == wanted
    case .anyOne, .any: return true
    case .set(let ranges, let negated): return ranges.contains { $0.contains(byte) } != negated
    }
  }

  private static func tokens(of text: ArraySlice<UInt8>) -> [Token] {
    var tokens: [Token] = []
    var index = text.startIndex
    while index < text.endIndex {
      switch text[index] {
      case UInt8(ascii: "*"):
        tokens.append(.any)
        index += 1
      case UInt8(ascii: "?"):
        tokens.append(.anyOne)
        index += 1
      case UInt8(ascii: "["):
        guard let (token, end) = set(in: text, at: index) else {
          tokens.append(.byte(text[index]))
          index += 1
          continue
        }
        tokens.append(token)
        index = end
      case let byte:
        tokens.append(.byte(byte))
        index += 1
      }
    }
    return tokens
  }

  /// The set that begins at `start`, and the place behind its bracket; `nil` when it is never closed.
  private static func set(in text: ArraySlice<UInt8>, at start: Int) -> (Token, Int)? {
    var index = start + 1
    var negated = false
    if index < text.endIndex, text[index] == UInt8(ascii: "!") || text[index] == UInt8(ascii: "^") {
      negated = true
      index += 1
    }
    let first = index
    var ranges: [ClosedRange<UInt8>] = []
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "]"), index > first {
        if !negated, ranges.count == 1, let only = ranges.first, only.lowerBound == only.upperBound {
          return (.byte(only.lowerBound), index + 1)
        }
        return (.set(ranges, negated: negated), index + 1)
      }
      if index + 2 < text.endIndex, text[index + 1] == UInt8(ascii: "-"), text[index + 2] != UInt8(ascii: "]") {
        let high = text[index + 2]
        if byte <= high { ranges.append(byte...high) }
        index += 3
      } else {
        ranges.append(byte...byte)
        index += 1
      }
    }
    return nil
  }
}
