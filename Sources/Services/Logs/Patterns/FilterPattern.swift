import AWSWire
import Kernel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What selects log events: terms, a JSON condition or fields between blanks.
///
/// Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail".
package struct FilterPattern: Sendable {
  enum Form: Sendable {
    case all
    case terms(TermPattern)
    case json(JSONCondition)
    case fields(FieldPattern)
  }

  /// A text that is no pattern.
  package struct Malformed: Error, Hashable, Sendable {
    package var reason: String
    package init(_ reason: String) { self.reason = reason }
  }

  let form: Form
  /// Regular expressions in the pattern.
  package let regexes: Int

  package init(_ text: String) throws(Malformed) {
    var reader = PatternReader(text)
    reader.skipSpace()
    switch reader.peek {
    case nil: form = .all
    case "{": form = .json(try JSONCondition(&reader))
    case "[": form = .fields(try FieldPattern(&reader))
    default:
      let terms = try TermPattern(&reader)
      form = terms.isEmpty ? .all : .terms(terms)
    }
    reader.skipSpace()
    guard reader.peek == nil else { throw Malformed("Invalid filter pattern: unexpected text behind its end") }
    regexes = reader.regexes
    if case .terms = form { return }
    guard regexes <= Limits.regexesPerPatternMax else {
      throw Malformed("Invalid filter pattern: at most \(Limits.regexesPerPatternMax) regular expressions are allowed")
    }
  }

  /// Whether an event's message is selected.
  package func matches(_ message: UnsafeRawBufferPointer) -> Bool {
    switch form {
    case .all: true
    case .terms(let terms): terms.matches(message)
    case .json(let condition): JSONEvent(message).map { condition.isTrue(of: $0.root) } ?? false
    case .fields(let fields): fields.values(in: message) != nil
    }
  }

  package func matches(_ message: String) -> Bool {
    var message = message
    return message.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
  }

  /// The values that a matching message gives by name (`$status`, `$.latency`); `nil` when it does not match.
  package func extracted(from message: String) -> Extracted? {
    var copy = message
    return copy.withUTF8 { bytes -> Extracted? in
      let raw = UnsafeRawBufferPointer(bytes)
      switch form {
      case .all: return Extracted(fields: [:], json: JSONEvent(raw))
      case .terms(let terms): return terms.matches(raw) ? Extracted(fields: [:], json: nil) : nil
      case .json(let condition):
        guard let event = JSONEvent(raw), condition.isTrue(of: event.root) else { return nil }
        let values = condition.selectors.compactMap { one in one.value(in: event.root).map { (one.text, $0) } }
        return Extracted(fields: Dictionary(values) { first, _ in first }, json: event)
      case .fields(let fields): return fields.values(in: raw).map { Extracted(fields: $0, json: nil) }
      }
    }
  }
}

/// What a matching message gives.
package struct Extracted: Sendable {
  /// Fields between blanks, by `$name` and by `$number` where they have no name; or what the selectors of a condition
  /// mean, by their text.
  package var fields: [String: String]
  var json: JSONEvent?

  /// The value of `$status`, `$.latency` and the like.
  package func value(_ name: String) -> String? {
    if let field = fields[name] { return field }
    var reader = PatternReader(name)
    guard let json, let selector = try? Selector(&reader), reader.peek == nil else { return nil }
    return selector.value(in: json.root)
  }
}

/// An event's message that is a JSON object or array.
struct JSONEvent: Sendable {
  let root: JSONNode

  init?(_ message: UnsafeRawBufferPointer) {
    // Most messages that are no JSON are told by their first byte.
    guard let first = message.first(where: { $0 > 32 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
      return nil
    }
    guard let root = try? JSONNode(Array(message)) else { return nil }
    self.root = root
  }
}

/// A regular expression of a pattern: `%…%`, found anywhere in a text.
struct SearchedRegex: Sendable {
  private let pattern: Pattern

  init(_ text: String) throws(FilterPattern.Malformed) {
    let wrong = FilterPattern.Malformed("Invalid filter pattern: invalid regular expression %\(text)%")
    let allowed = " _#=@/;,-:^$?[]{}|\\*+."
    guard !text.isEmpty,
      text.unicodeScalars.allSatisfy({
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) || allowed.unicodeScalars.contains($0)
      })
    else { throw wrong }
    pattern = Pattern(".*(?:\(text)).*")
    guard pattern.isSupported, pattern.instructionCount <= Limits.regexInstructionsMax else { throw wrong }
  }

  func isFound(in text: String) -> Bool { pattern.matches(text) }
}

/// A word of a comparison, with `*` for any text at its beginning or end.
struct Wildcard: Sendable, Hashable {
  private let core: [UInt8]
  private let isOpenAtStart: Bool
  private let isOpenAtEnd: Bool

  init(_ text: String) {
    var bytes = Array(text.utf8)
    let star = UInt8(ascii: "*")
    isOpenAtEnd = bytes.last == star
    if isOpenAtEnd { bytes.removeLast() }
    isOpenAtStart = bytes.first == star
    if isOpenAtStart { bytes.removeFirst() }
    // `*` alone: any text.
    core = bytes
  }

  var hasStar: Bool { isOpenAtStart || isOpenAtEnd }

  func matches(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    switch (isOpenAtStart, isOpenAtEnd) {
    case (false, false): return bytes == core
    case (true, false): return bytes.count >= core.count && bytes.suffix(core.count).elementsEqual(core)
    case (false, true): return bytes.starts(with: core)
    case (true, true): return bytes.withUnsafeBytes { contains($0, core) }
    }
  }
}

/// Whether `needle` stands somewhere in `bytes`.
func contains(_ bytes: UnsafeRawBufferPointer, _ needle: [UInt8]) -> Bool {
  guard !needle.isEmpty else { return true }
  guard let base = bytes.baseAddress, bytes.count >= needle.count else { return false }
  return needle.withUnsafeBytes { wanted in
    guard let first = wanted.baseAddress else { return true }
    var place = base
    var left = bytes.count
    while left >= wanted.count {
      guard let hit = memchr(place, Int32(needle[0]), left - wanted.count + 1) else { return false }
      if memcmp(hit, first, wanted.count) == 0 { return true }
      let after = UnsafeRawPointer(hit) + 1
      left -= after - place
      place = after
    }
    return false
  }
}
