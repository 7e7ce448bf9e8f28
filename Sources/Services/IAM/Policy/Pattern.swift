/// A text with wildcards (`*` any run, `?` one character) and policy variables (`${aws:username}`), compiled once.
///
/// Rules: IAM User Guide, "Policy elements: Variables and tags" and "Resource".
struct Pattern: Sendable {
  private enum Piece: Sendable {
    case symbols([Symbol])
    /// A context key in lower case and as it was written, and what stands in for it when the request does not have it.
    case variable(key: String, name: String, fallback: String?)
  }

  /// 0 to 255 a byte; beyond, the wildcards.
  typealias Symbol = UInt16
  private static let anyRun: Symbol = 256
  private static let oneCharacter: Symbol = 257
  /// A run within one segment of an ARN.
  private static let segmentRun: Symbol = 258

  private let pieces: [Piece]
  /// The symbols of a pattern without variables.
  private let fixed: [Symbol]?
  /// The bytes of a pattern without variables and wildcards.
  private let literal: [UInt8]?
  private let matchesAll: Bool

  enum Style: Sendable {
    /// `*` matches any run of characters.
    case text
    /// No wildcards: the text itself (variables still count).
    case exact
    /// `*` at the end of an ARN's segment runs on past the colon, elsewhere it stays within the segment.
    case arn
  }

  /// - Parameters:
  ///   - variables: whether `${…}` is a variable (policy version 2012-10-17) or plain text.
  ///   - lowercase: folds ASCII capitals, for action names.
  init(_ text: String, style: Style = .text, variables: Bool = true, lowercase: Bool = false) {
    let source = Array((lowercase ? text.lowercased() : text).utf8)
    var pieces: [Piece] = []
    var run: [Symbol] = []
    var colons = 0
    var index = 0
    while index < source.count {
      let byte = source[index]
      if variables, byte == UInt8(ascii: "$"), index + 1 < source.count, source[index + 1] == UInt8(ascii: "{"),
        let close = source[index...].firstIndex(of: UInt8(ascii: "}"))
      {
        let inner = String(decoding: source[index + 2..<close], as: UTF8.self)
        index = close + 1
        // ${*}, ${?} and ${$} stand for the characters themselves.
        if inner == "*" || inner == "?" || inner == "$" {
          run += inner.utf8.map(Symbol.init)
          continue
        }
        if !run.isEmpty { pieces.append(.symbols(run)) }
        run = []
        pieces.append(Self.variable(inner))
        continue
      }
      index += 1
      switch byte {
      case UInt8(ascii: "*") where style != .exact:
        let endsSegment = index == source.count || source[index] == UInt8(ascii: ":")
        let wildcard = style == .arn && colons < 5 && !endsSegment ? Self.segmentRun : Self.anyRun
        if run.last != wildcard { run.append(wildcard) }
      case UInt8(ascii: "?") where style != .exact: run.append(Self.oneCharacter)
      default:
        if byte == UInt8(ascii: ":") { colons += 1 }
        run.append(Symbol(byte))
      }
    }
    if !run.isEmpty || pieces.isEmpty { pieces.append(.symbols(run)) }
    self.pieces = pieces
    if pieces.count == 1, case .symbols(let symbols) = pieces[0] {
      fixed = symbols
      literal = symbols.allSatisfy { $0 < 256 } ? symbols.map { UInt8($0) } : nil
      matchesAll = symbols == [Self.anyRun]
    } else {
      fixed = nil
      literal = nil
      matchesAll = false
    }
  }

  /// `aws:username` or `aws:username, 'default'`.
  private static func variable(_ inner: String) -> Piece {
    let parts = inner.split(separator: ",", maxSplits: 1)
    let name = (parts.first.map(String.init) ?? "").trimmed
    var fallback: String?
    if parts.count == 2 {
      let quoted = String(parts[1]).trimmed
      if quoted.count >= 2, quoted.hasPrefix("'"), quoted.hasSuffix("'") {
        fallback = String(quoted.dropFirst().dropLast())
      }
    }
    return .variable(key: name.lowercased(), name: name, fallback: fallback)
  }

  var hasVariables: Bool { fixed == nil }

  /// Context keys that the pattern asks for, as they were written.
  var variableNames: [String] {
    pieces.compactMap { if case .variable(_, let name, _) = $0 { name } else { nil } }
  }

  /// Whether the whole of `text` is of this form.
  ///
  /// A variable that the request has no single value for makes the pattern match nothing.
  func matches(_ text: String, _ lookup: (String) -> [String]?) -> Bool {
    if matchesAll { return true }
    var text = text
    return text.withUTF8 { bytes in
      if let literal { return literal.elementsEqual(bytes) }
      guard let symbols = fixed ?? resolve(lookup) else { return false }
      return symbols.contains(Self.segmentRun) ? Self.simulate(symbols, bytes) : Self.glob(symbols, bytes)
    }
  }

  /// The text itself when the variables are filled in, wildcards as they were written.
  func text(_ lookup: (String) -> [String]?) -> String? {
    guard let symbols = fixed ?? resolve(lookup) else { return nil }
    return String(
      decoding: symbols.map { $0 < 256 ? UInt8($0) : $0 == Self.oneCharacter ? UInt8(ascii: "?") : UInt8(ascii: "*") },
      as: UTF8.self)
  }

  private func resolve(_ lookup: (String) -> [String]?) -> [Symbol]? {
    var symbols: [Symbol] = []
    for piece in pieces {
      switch piece {
      case .symbols(let run): symbols += run
      case .variable(let key, _, let fallback):
        let values = lookup(key)
        guard let value = values?.count == 1 ? values?.first : fallback else { return nil }
        symbols += value.utf8.map(Symbol.init)
      }
    }
    return symbols
  }

  /// The usual two-finger match: on a mismatch the latest `*` takes one byte more.
  private static func glob(_ symbols: [Symbol], _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    var symbol = 0
    var star = -1
    var starAt = 0
    while at < text.count {
      if symbol < symbols.count, symbols[symbol] == anyRun {
        star = symbol
        starAt = at
        symbol += 1
      } else if symbol < symbols.count, symbols[symbol] == oneCharacter {
        at = next(text, at)
        symbol += 1
      } else if symbol < symbols.count, symbols[symbol] == Symbol(text[at]) {
        at += 1
        symbol += 1
      } else if star >= 0 {
        starAt += 1
        at = starAt
        symbol = star + 1
      } else {
        return false
      }
    }
    while symbol < symbols.count, symbols[symbol] == anyRun { symbol += 1 }
    return symbol == symbols.count
  }

  /// The position after the character at `at`.
  private static func next(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    var at = at + 1
    while at < text.count, text[at] & 0xC0 == 0x80 { at += 1 }
    return at
  }

  /// Follows every way to match at once, for patterns whose runs differ in what they may cross.
  private static func simulate(_ symbols: [Symbol], _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var states = [Bool](repeating: false, count: symbols.count + 1)
    func close(_ states: inout [Bool]) {
      for index in symbols.indices where states[index] && (symbols[index] == anyRun || symbols[index] == segmentRun) {
        states[index + 1] = true
      }
    }
    states[0] = true
    close(&states)
    for byte in text {
      var following = [Bool](repeating: false, count: symbols.count + 1)
      if byte & 0xC0 == 0x80 {
        // A continuation byte belongs to the character that `?` took before it.
        for index in symbols.indices where states[index + 1] && symbols[index] == oneCharacter {
          following[index + 1] = true
        }
      }
      for index in symbols.indices where states[index] {
        switch symbols[index] {
        case anyRun: following[index] = true
        case segmentRun: if byte != UInt8(ascii: ":") { following[index] = true }
        case oneCharacter: if byte & 0xC0 != 0x80 { following[index + 1] = true }
        default: if symbols[index] == Symbol(byte) { following[index + 1] = true }
        }
      }
      close(&following)
      states = following
    }
    return states[symbols.count]
  }
}

extension StringProtocol {
  /// Without spaces at both ends.
  var trimmed: String {
    var text = self[...]
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}
