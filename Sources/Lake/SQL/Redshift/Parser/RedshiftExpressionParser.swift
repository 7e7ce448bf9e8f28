/// Operators, by their strength as PostgreSQL orders them.
extension RedshiftDescent {
  private enum Strength {
    static let or = 1, and = 2, not = 3, truth = 4, comparison = 5, range = 6, other = 7, sum = 8, product = 9
    static let power = 10, zone = 11, sign = 12
  }

  mutating func expression() throws(SQLError) -> Expression { try expression(above: 0) }

  /// The expression whose operators all bind more strongly than `least`.
  mutating func expression(above least: Int) throws(SQLError) -> Expression {
    guard depth < SQLLimits.nestingMax else { throw tooDeep }
    depth += 1
    defer { depth -= 1 }
    let outer = height
    height = 0
    var left = try prefix()
    try grow()
    while let next = try infix(left, above: least) {
      left = next
      try grow()
    }
    height = max(height, outer)
    return left
  }

  private mutating func prefix() throws(SQLError) -> Expression {
    let place = position
    guard !tokens[index].upper.isEmpty else { return try postfix(try primary()) }
    switch token.upper {
    case "NOT":
      advance()
      return node(place, .not(try expression(above: Strength.not - 1)))
    case "-":
      advance()
      // A number keeps its sign, so that the least ones can be written.
      if token.kind == .integer || token.kind == .decimal || token.kind == .double, !sees("::", ahead: 1),
        !sees("^", ahead: 1)
      {
        let number = token
        advance()
        switch number.kind {
        case .integer: return node(place, .integer("-" + number.text))
        case .decimal: return node(place, .decimal("-" + number.text))
        default: return node(place, .double("-" + number.text))
        }
      }
      return node(place, .negative(try expression(above: Strength.sign - 1)))
    case "+":
      advance()
      return node(place, .positive(try expression(above: Strength.sign - 1)))
    case "PRIOR" where isConnecting && !sees(".", ahead: 1) && !sees("=", ahead: 1):
      advance()
      return node(place, .redshift(.prior(try expression(above: Strength.sign - 1))))
    case "~", "|/", "||/", "@":
      let sign = UnaryOperator(rawValue: token.upper) ?? .bitNot
      advance()
      return node(place, .redshift(.unary(sign, try expression(above: Strength.other))))
    default:
      return try postfix(try primary())
    }
  }

  private static let comparisons: [String: ComparisonOperator] = [
    "=": .equal, "<>": .notEqual, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater,
    ">=": .greaterOrEqual,
  ]
  private static let matches: [String: (TextMatch?, Bool)] = [
    "~": (.regex, false), "~*": (.regexIgnoringCase, false), "!~": (.regex, true), "!~*": (.regexIgnoringCase, true),
    "~~": (nil, false), "!~~": (nil, true), "~~*": (.ilike, false), "!~~*": (.ilike, true),
  ]

  /// The operator at hand with its right side, or `nil` when none binds more strongly than `least`.
  private mutating func infix(_ left: Expression, above least: Int) throws(SQLError) -> Expression? {
    let place = left.position
    let word = token.upper
    // What ends a value in a list is asked for first: rows of VALUES come by the hundred thousand.
    guard !word.isEmpty, word != ",", word != ")" else { return nil }
    switch word {
    case "OR", "AND":
      let strength = word == "OR" ? Strength.or : Strength.and
      guard strength > least else { return nil }
      var terms = [left]
      while taken(word) { terms.append(try expression(above: strength)) }
      return node(place, .logical(word == "OR" ? .or : .and, terms))
    case "IS", "ISNULL", "NOTNULL": return Strength.truth > least ? try truth(left) : nil
    case "=", "<>", "!=", "<", "<=", ">", ">=":
      guard Strength.comparison > least, let operation = Self.comparisons[word] else { return nil }
      advance()
      return try comparison(operation, left)
    case "NOT":
      guard Strength.range > least, ["IN", "BETWEEN", "LIKE", "ILIKE", "SIMILAR"].contains(peek().upper) else {
        return nil
      }
      advance()
      return try range(left, negated: true)
    case "IN", "BETWEEN", "LIKE", "ILIKE", "SIMILAR":
      return Strength.range > least ? try range(left, negated: false) : nil
    case "OVERLAPS":
      guard Strength.range > least, case .row(let first) = left.kind else { return nil }
      advance()
      let right = try expression(above: Strength.range)
      guard case .row(let second) = right.kind, first.count == 2, second.count == 2 else { throw mismatch() }
      return node(place, .redshift(.overlaps(first, second)))
    case "~", "~*", "!~", "!~*", "~~", "!~~", "~~*", "!~~*":
      guard Strength.other > least, let (match, negated) = Self.matches[word] else { return nil }
      advance()
      let pattern = try expression(above: Strength.other)
      guard let match else { return node(place, .like(left, pattern: pattern, escape: nil, negated: negated)) }
      return node(place, .redshift(.match(match, left, pattern: pattern, escape: nil, negated: negated)))
    case "||":
      guard Strength.other > least else { return nil }
      advance()
      return node(place, .concatenation(left, try expression(above: Strength.other)))
    case "&", "|", "#", "<<", ">>":
      guard Strength.other > least, let operation = BinaryOperator(rawValue: word) else { return nil }
      advance()
      return node(place, .redshift(.binary(operation, left, try expression(above: Strength.other))))
    case "+", "-", "*", "/", "%":
      let strength = word == "+" || word == "-" ? Strength.sum : Strength.product
      guard strength > least, let operation = ArithmeticOperator(rawValue: word) else { return nil }
      advance()
      return node(place, .arithmetic(operation, left, try expression(above: strength)))
    case "^":
      guard Strength.power > least else { return nil }
      advance()
      return node(place, .redshift(.binary(.power, left, try expression(above: Strength.power))))
    case "AT":
      guard Strength.zone > least, sees("TIME", ahead: 1), sees("ZONE", ahead: 2) else { return nil }
      try expect("AT", "TIME", "ZONE")
      return node(place, .atTimeZone(left, try expression(above: Strength.zone)))
    case "COLLATE":
      guard Strength.sign > least else { return nil }
      advance()
      let name = token.kind == .string ? try stringLiteral() : try label().key
      return node(place, .redshift(.collate(left, name)))
    case "OPERATOR":
      // psql's `\d` asks with `OPERATOR(pg_catalog.~)`.
      guard Strength.other > least, sees("(", ahead: 1) else { return nil }
      advance()
      advance()
      if taken("PG_CATALOG") { try expect(".") }
      let sign = token.upper
      advance()
      try expect(")")
      if let operation = Self.comparisons[sign] { return try comparison(operation, left) }
      guard let (match, negated) = Self.matches[sign] else { throw mismatch() }
      let pattern = try expression(above: Strength.other)
      guard let match else { return node(place, .like(left, pattern: pattern, escape: nil, negated: negated)) }
      return node(place, .redshift(.match(match, left, pattern: pattern, escape: nil, negated: negated)))
    default: return nil
    }
  }

  private mutating func truth(_ left: Expression) throws(SQLError) -> Expression {
    let place = left.position
    if taken("ISNULL") { return node(place, .isNull(left, negated: false)) }
    if taken("NOTNULL") { return node(place, .isNull(left, negated: true)) }
    try expect("IS")
    let negated = taken("NOT")
    if taken("NULL") { return node(place, .isNull(left, negated: negated)) }
    if taken("TRUE") { return node(place, .redshift(.isTruth(left, true, negated: negated))) }
    if taken("FALSE") { return node(place, .redshift(.isTruth(left, false, negated: negated))) }
    if taken("UNKNOWN") { return node(place, .redshift(.isTruth(left, nil, negated: negated))) }
    if taken("DISTINCT", "FROM") {
      return node(place, .isDistinct(left, try expression(above: Strength.truth), negated: negated))
    }
    throw mismatch()
  }

  private mutating func comparison(
    _ operation: ComparisonOperator, _ left: Expression
  ) throws(SQLError) -> Expression {
    let place = left.position
    if let quantifier = Quantifier(rawValue: token.upper), sees("(", ahead: 1) {
      advance()
      if startsQuery(ahead: 1) {
        try expect("(")
        let query = try self.query()
        try expect(")")
        return node(place, .quantified(operation, left, quantifier, query))
      }
      try expect("(")
      let array = try expression()
      try expect(")")
      return node(place, .redshift(.quantifiedArray(operation, left, quantifier, array)))
    }
    return node(place, .comparison(operation, left, try expression(above: Strength.comparison)))
  }

  private mutating func range(_ left: Expression, negated: Bool) throws(SQLError) -> Expression {
    let place = left.position
    if taken("BETWEEN") {
      let symmetric = taken("SYMMETRIC")
      let low = try expression(above: Strength.range)
      try expect("AND")
      let high = try expression(above: Strength.range)
      guard symmetric else { return node(place, .between(left, low: low, high: high, negated: negated)) }
      let either = node(
        place,
        .logical(
          .or,
          [
            node(place, .between(left, low: low, high: high, negated: false)),
            node(place, .between(left, low: high, high: low, negated: false)),
          ]))
      return negated ? node(place, .not(either)) : either
    }
    if taken("IN") {
      if startsQuery(ahead: 1), sees("(") {
        try expect("(")
        let query = try self.query()
        try expect(")")
        return node(place, .inSubquery(left, query, negated: negated))
      }
      try expect("(")
      let items = try list { parser throws(SQLError) in try parser.expression() }
      try expect(")")
      return node(place, .inList(left, items, negated: negated))
    }
    if taken("SIMILAR") {
      try expect("TO")
      let pattern = try expression(above: Strength.range)
      let escape = taken("ESCAPE") ? try expression(above: Strength.range) : nil
      return node(place, .redshift(.match(.similar, left, pattern: pattern, escape: escape, negated: negated)))
    }
    let ignoresCase = taken("ILIKE")
    if !ignoresCase { try expect("LIKE") }
    let pattern = try expression(above: Strength.range)
    let escape = taken("ESCAPE") ? try expression(above: Strength.range) : nil
    if ignoresCase {
      return node(place, .redshift(.match(.ilike, left, pattern: pattern, escape: escape, negated: negated)))
    }
    return node(place, .like(left, pattern: pattern, escape: escape, negated: negated))
  }

  // MARK: What follows a value

  private mutating func postfix(_ value: Expression) throws(SQLError) -> Expression {
    var value = value
    while token.kind == .symbol, !sees(","), !sees(")") {
      let place = value.position
      switch token.upper {
      case "::":
        advance()
        value = node(place, .redshift(.cast(value, try type(inCast: true), safe: false)))
      case ".":
        guard !sees("*", ahead: 1) else { return value }
        advance()
        value = node(place, .dereference(value, try label()))
      case "[":
        advance()
        let index = try expression()
        try expect("]")
        value = node(place, .subscriptOf(value, index))
      case "(":
        // `column (+)`.
        guard sees("+", ahead: 1), sees(")", ahead: 2) else { return value }
        advance()
        advance()
        advance()
        value = node(place, .redshift(.outerMark(value)))
      default: return value
      }
      try grow()
    }
    return value
  }
}
