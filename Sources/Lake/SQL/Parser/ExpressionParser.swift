/// Expressions, by precedence: `OR`, `AND`, `NOT`, one predicate, `||`, `+ -`, `* / %`, sign, `AT TIME ZONE`, and
/// what is attached to a primary.
extension Parser {
  private enum Level: Int {
    case or = 1, and, not, predicate, concatenation, sum, product, sign, zone
  }

  mutating func expression() throws(SQLError) -> Expression { try expression(at: Level.or.rawValue) }

  /// `valueExpression` in Trino's grammar: anything that is no predicate.
  mutating func valueExpression() throws(SQLError) -> Expression { try expression(at: Level.concatenation.rawValue) }

  private mutating func expression(at lowest: Int) throws(SQLError) -> Expression {
    try enter()
    defer { depth -= 1 }
    let start = position
    var left: Expression
    // A predicate is not an operand of another: after one, only AND and OR may follow.
    var highest = Level.zone.rawValue
    if lowest <= Level.not.rawValue, sees("NOT") {
      advance()
      let operand = try expression(at: Level.not.rawValue)
      left = node(start, .not(operand))
      highest = Level.and.rawValue
    } else {
      left = try signed()
    }
    var chain = 0
    while true {
      let here = position
      chain += 1
      guard chain < SQLLimits.operatorChainMax else {
        throw SQLError(
          .statementTooLarge, "statement is too large (more than \(SQLLimits.operatorChainMax) operators in a chain)",
          at: here)
      }
      if highest >= Level.zone.rawValue, taken("AT", "TIME", "ZONE") {
        let zone: Expression
        if sees("INTERVAL") { zone = try interval() } else { zone = node(position, .string(try stringLiteral())) }
        left = node(here, .atTimeZone(left, zone))
        continue
      }
      if lowest <= Level.product.rawValue, highest >= Level.product.rawValue,
        let operation = arithmetic(["*", "/", "%"])
      {
        let right = try expression(at: Level.sign.rawValue)
        left = node(here, .arithmetic(operation, left, right))
        continue
      }
      if lowest <= Level.sum.rawValue, highest >= Level.sum.rawValue, let operation = arithmetic(["+", "-"]) {
        let right = try expression(at: Level.product.rawValue)
        left = node(here, .arithmetic(operation, left, right))
        continue
      }
      if lowest <= Level.concatenation.rawValue, highest >= Level.concatenation.rawValue, taken("||") {
        let right = try expression(at: Level.sum.rawValue)
        left = node(here, .concatenation(left, right))
        continue
      }
      if lowest <= Level.predicate.rawValue, highest >= Level.predicate.rawValue, let test = try predicate(on: left) {
        left = test
        highest = Level.and.rawValue
        continue
      }
      if lowest <= Level.and.rawValue, sees("AND") {
        left = try logical(.and, left, start, operandLevel: Level.not.rawValue)
        highest = Level.and.rawValue
        continue
      }
      if lowest <= Level.or.rawValue, sees("OR") {
        left = try logical(.or, left, start, operandLevel: Level.and.rawValue)
        highest = Level.or.rawValue
        continue
      }
      if lowest <= Level.or.rawValue, recordsExpected {
        note("'AND'")
        note("'OR'")
      }
      return left
    }
  }

  private mutating func arithmetic(_ signs: [String]) -> ArithmeticOperator? {
    for sign in signs where taken(sign) { return ArithmeticOperator(rawValue: sign) }
    return nil
  }

  /// One flat list however long the chain is.
  private mutating func logical(
    _ operation: LogicalOperator, _ first: Expression, _ start: SourcePosition, operandLevel: Int
  ) throws(SQLError) -> Expression {
    var terms = [first]
    while taken(operation.rawValue) { terms.append(try expression(at: operandLevel)) }
    return node(start, .logical(operation, terms))
  }

  private mutating func signed() throws(SQLError) -> Expression {
    let start = position
    if sees("-") {
      advance()
      // The least bigint has no positive counterpart: the sign belongs to the literal.
      if token.kind == .integer, token.text == "9223372036854775808" {
        advance()
        return node(start, .integer("-9223372036854775808"))
      }
      return node(start, .negative(try expression(at: Level.sign.rawValue)))
    }
    if sees("+") {
      advance()
      return node(start, .positive(try expression(at: Level.sign.rawValue)))
    }
    return try postfix(try primary())
  }

  private mutating func postfix(_ first: Expression) throws(SQLError) -> Expression {
    var value = first
    var links = 0
    while true {
      let start = value.position
      links += 1
      guard links < SQLLimits.operatorChainMax else {
        throw SQLError(.statementTooLarge, "statement is too large", at: position)
      }
      if taken("[") {
        let index = try valueExpression()
        try expect("]")
        value = node(start, .subscriptOf(value, index))
      } else if sees("."), isIdentifier(peek()) {
        advance()
        value = node(start, .dereference(value, try identifier()))
      } else {
        return value
      }
    }
  }

  // MARK: Predicates

  private mutating func comparisonSign() -> ComparisonOperator? {
    for sign in ["=", "<>", "!=", "<=", ">=", "<", ">"] where taken(sign) {
      return sign == "!=" ? .notEqual : ComparisonOperator(rawValue: sign)
    }
    if dialect.name == "hive", taken("==") { return .equal }
    return nil
  }

  private mutating func predicate(on left: Expression) throws(SQLError) -> Expression? {
    let start = left.position
    let here = position
    if let sign = comparisonSign() {
      if (sees("ALL") || sees("ANY") || sees("SOME")), sees("(", ahead: 1),
        let quantifier = Quantifier(rawValue: token.upper)
      {
        advance()
        try expect("(")
        let query = try query()
        try expect(")")
        return node(here, .quantified(sign, left, quantifier, query))
      }
      return node(here, .comparison(sign, left, try valueExpression()))
    }
    if taken("IS") {
      let negated = taken("NOT")
      if taken("NULL") { return node(start, .isNull(left, negated: negated)) }
      if taken("DISTINCT") {
        try expect("FROM")
        return node(here, .isDistinct(left, try valueExpression(), negated: negated))
      }
      throw mismatch()
    }
    let negated = sees("NOT") && (sees("BETWEEN", ahead: 1) || sees("IN", ahead: 1) || sees("LIKE", ahead: 1))
    if negated { advance() } else { note("'NOT'") }
    if taken("BETWEEN") {
      let low = try valueExpression()
      try expect("AND")
      let high = try valueExpression()
      return node(here, .between(left, low: low, high: high, negated: negated))
    }
    if taken("IN") { return try membership(of: left, negated: negated, here) }
    if taken("LIKE") {
      let pattern = try valueExpression()
      let escape = taken("ESCAPE") ? try valueExpression() : nil
      return node(here, .like(left, pattern: pattern, escape: escape, negated: negated))
    }
    return nil
  }

  private mutating func membership(
    of left: Expression, negated: Bool, _ here: SourcePosition
  ) throws(SQLError) -> Expression {
    let opening = index
    try expect("(")
    index = opening
    if let query = try queryInBrackets() { return node(here, .inSubquery(left, query, negated: negated)) }
    try expect("(")
    var items = [try expression()]
    while taken(",") { items.append(try expression()) }
    try expect(")")
    return node(here, .inList(left, items, negated: negated))
  }

  /// The query in the brackets that open here, or `nil` with nothing taken when they hold an expression.
  mutating func queryInBrackets() throws(SQLError) -> Query? {
    guard sees("("), !notQueries.contains(index) else { return nil }
    var ahead = 1
    while sees("(", ahead: ahead) { ahead += 1 }
    guard ["SELECT", "WITH", "VALUES", "TABLE"].contains(peek(ahead).upper) else { return nil }
    let opening = index
    do {
      advance()
      let query = try query()
      try expect(")")
      return query
    } catch {
      // `((SELECT 1) + 1)` begins as a query and is none; a lone bracket before SELECT can be nothing else.
      guard error.code == .syntax, ahead > 1 else { throw error }
      notQueries.insert(opening)
      index = opening
      return nil
    }
  }
}
