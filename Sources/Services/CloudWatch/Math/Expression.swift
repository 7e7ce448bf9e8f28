/// Metric math as a tree. Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
indirect enum Expression: Sendable, Hashable {
  enum Infix: String, Sendable {
    case or = "||"
    case and = "&&"
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case power = "^"

    /// How tightly it binds: the higher, the tighter.
    var precedence: Int {
      switch self {
      case .or: 1
      case .and: 2
      case .equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater: 3
      case .plus, .minus: 4
      case .times, .divided: 5
      case .power: 6
      }
    }
  }

  case number(Double)
  case text(String)
  /// A query's id, or a word such as `REPEAT`.
  case name(String)
  case negated(Expression)
  case infix(Infix, Expression, Expression)
  case call(String, [Expression])
  case array([Expression])

  /// Why an expression is none.
  struct Malformed: Error {
    var message: String
  }

  static func parse(_ text: String) throws(Malformed) -> Expression {
    guard text.utf8.count <= Limits.expressionLengthMax else {
      throw Malformed(message: "The expression is longer than \(Limits.expressionLengthMax) characters")
    }
    var parser = Parser(tokens: try Lexer.tokens(of: text))
    let expression = try parser.expression(above: 0, depth: 0)
    guard parser.index == parser.tokens.count else { throw Malformed(message: "Unexpected text after the expression") }
    return expression
  }

  /// The queries' ids that the expression may read: all its names.
  var names: Set<String> {
    switch self {
    case .number, .text: []
    case .name(let name): [name]
    case .negated(let inner): inner.names
    case .infix(_, let left, let right): left.names.union(right.names)
    case .call(_, let parts), .array(let parts): parts.reduce(into: []) { $0.formUnion($1.names) }
    }
  }

  /// Whether METRICS() occurs: then it reads every metric of the request.
  var readsAllMetrics: Bool {
    switch self {
    case .number, .text, .name: false
    case .negated(let inner): inner.readsAllMetrics
    case .infix(_, let left, let right): left.readsAllMetrics || right.readsAllMetrics
    case .call(let function, let parts): function == "METRICS" || parts.contains { $0.readsAllMetrics }
    case .array(let parts): parts.contains { $0.readsAllMetrics }
    }
  }
}

private enum Token: Sendable, Equatable {
  case number(Double)
  case text(String)
  case word(String)
  case infix(Expression.Infix)
  case open, close, openArray, closeArray, comma
}

private enum Lexer {
  static func tokens(of text: String) throws(Expression.Malformed) -> [Token] {
    let bytes = Array(text.utf8)
    var tokens: [Token] = []
    var index = 0
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    func isWord(_ byte: UInt8) -> Bool {
      isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case UInt8(ascii: "("): tokens.append(.open); index += 1
      case UInt8(ascii: ")"): tokens.append(.close); index += 1
      case UInt8(ascii: "["): tokens.append(.openArray); index += 1
      case UInt8(ascii: "]"): tokens.append(.closeArray); index += 1
      case UInt8(ascii: ","): tokens.append(.comma); index += 1
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        guard let end = bytes[(index + 1)...].firstIndex(of: byte) else {
          throw Expression.Malformed(message: "A quotation mark is not closed")
        }
        tokens.append(.text(String(decoding: bytes[(index + 1)..<end], as: UTF8.self)))
        index = end + 1
      case _ where isDigit(byte) || byte == UInt8(ascii: "."):
        let start = index
        while index < bytes.count, isDigit(bytes[index]) || bytes[index] == UInt8(ascii: ".") { index += 1 }
        let digits = String(decoding: bytes[start..<index], as: UTF8.self)
        guard let value = Double(digits) else { throw Expression.Malformed(message: "'\(digits)' is no number") }
        tokens.append(.number(value))
      case _ where isWord(byte):
        let start = index
        while index < bytes.count, isWord(bytes[index]) { index += 1 }
        let word = String(decoding: bytes[start..<index], as: UTF8.self)
        tokens.append(word == "AND" ? .infix(.and) : word == "OR" ? .infix(.or) : .word(word))
      default:
        let two = String(decoding: bytes[index..<min(index + 2, bytes.count)], as: UTF8.self)
        let one = String(decoding: bytes[index..<index + 1], as: UTF8.self)
        if two.utf8.count == 2, let infix = Expression.Infix(rawValue: two) {
          tokens.append(.infix(infix))
          index += 2
        } else if let infix = Expression.Infix(rawValue: one) {
          tokens.append(.infix(infix))
          index += 1
        } else {
          throw Expression.Malformed(message: "Unexpected character '\(one)'")
        }
      }
    }
    return tokens
  }
}

private struct Parser {
  let tokens: [Token]
  var index = 0

  private var current: Token? { index < tokens.count ? tokens[index] : nil }

  private mutating func take(_ token: Token) -> Bool {
    guard current == token else { return false }
    index += 1
    return true
  }

  /// Reads operators that bind more tightly than `floor`.
  mutating func expression(above floor: Int, depth: Int) throws(Expression.Malformed) -> Expression {
    guard depth < Limits.expressionDepthMax else { throw Expression.Malformed(message: "Too deeply nested") }
    var left = try operand(depth: depth)
    while case .infix(let infix)? = current, infix.precedence > floor {
      index += 1
      // A power binds to the right: 2^3^2 is 2^9.
      let bound = infix == .power ? infix.precedence - 1 : infix.precedence
      left = .infix(infix, left, try expression(above: bound, depth: depth + 1))
    }
    return left
  }

  private mutating func operand(depth: Int) throws(Expression.Malformed) -> Expression {
    guard depth < Limits.expressionDepthMax else { throw Expression.Malformed(message: "Too deeply nested") }
    guard let token = current else { throw Expression.Malformed(message: "The expression ends too early") }
    index += 1
    switch token {
    case .number(let value): return .number(value)
    case .text(let text): return .text(text)
    case .infix(.minus): return .negated(try expression(above: Expression.Infix.times.precedence, depth: depth + 1))
    case .infix(.plus): return try expression(above: Expression.Infix.times.precedence, depth: depth + 1)
    case .open:
      let inner = try expression(above: 0, depth: depth + 1)
      guard take(.close) else { throw Expression.Malformed(message: "A parenthesis is not closed") }
      return inner
    case .openArray: return .array(try list(until: .closeArray, depth: depth))
    case .word(let word):
      guard take(.open) else { return .name(word) }
      return .call(word, try list(until: .close, depth: depth))
    default: throw Expression.Malformed(message: "An operand is missing")
    }
  }

  private mutating func list(until end: Token, depth: Int) throws(Expression.Malformed) -> [Expression] {
    var items: [Expression] = []
    if take(end) { return items }
    while true {
      items.append(try expression(above: 0, depth: depth + 1))
      if take(end) { return items }
      guard take(.comma) else { throw Expression.Malformed(message: "A parenthesis is not closed") }
    }
  }
}
