/// Literals, names, calls and what stands in brackets.
extension RedshiftDescent {
  mutating func primary() throws(SQLError) -> Expression {
    let place = position
    let token = self.token
    switch token.kind {
    case .string: return node(place, .string(try stringLiteral()))
    case .integer:
      advance()
      return node(place, .integer(token.text))
    case .decimal:
      advance()
      return node(place, .decimal(token.text))
    case .double:
      advance()
      return node(place, .double(token.text))
    case .binary:
      advance()
      return node(place, .binary(try Self.hexadecimal(token)))
    case .parameter: return try parameter()
    case .symbol:
      guard token.upper == "(" else { throw mismatch() }
      return try brackets()
    case .word: return try word()
    case .quotedIdentifier: return try name()
    default: throw mismatch()
    }
  }

  private static func hexadecimal(_ token: Token) throws(SQLError) -> [UInt8] {
    let digits = Array(token.text.utf8)
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard index + 1 < digits.count,
        let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
      else {
        throw SQLError(.syntax, "\"\(token.text)\" is not a valid hexadecimal string", at: token.position)
      }
      bytes.append(byte)
    }
    return bytes
  }

  mutating func parameter() throws(SQLError) -> Expression {
    let token = self.token
    advance()
    guard !token.text.isEmpty else {
      questionMarks += 1
      return node(token.position, .parameter(questionMarks - 1))
    }
    guard let number = Int(token.text), (1...32_767).contains(number) else {
      throw SQLError(.syntax, "there is no parameter $\(token.text)", at: token.position)
    }
    return node(token.position, .parameter(number - 1))
  }

  /// Whether a query stands at the token so many ahead.
  func startsQuery(ahead: Int) -> Bool {
    var ahead = ahead
    while sees("(", ahead: ahead), ahead < 200 { ahead += 1 }
    return sees("SELECT", ahead: ahead) || sees("WITH", ahead: ahead) || sees("VALUES", ahead: ahead)
  }

  private mutating func brackets() throws(SQLError) -> Expression {
    let place = position
    if startsQuery(ahead: 1) {
      // `((SELECT 1) + 1)` is an expression, `((SELECT 1))` a query in two pairs.
      let start = (index, height)
      if !sees("(", ahead: 1) { return try bracketedQuery() }
      if !notQueries.contains(index) {
        do {
          return try bracketedQuery()
        } catch {
          guard error.code == .syntax else { throw error }
          (index, height) = start
          notQueries.insert(index)
        }
      }
    }
    try expect("(")
    if taken(")") { return node(place, .row([])) }
    let items = try list { parser throws(SQLError) in try parser.expression() }
    try expect(")")
    return items.count == 1 ? items[0] : node(place, .row(items))
  }

  private mutating func bracketedQuery() throws(SQLError) -> Expression {
    let place = position
    try expect("(")
    let query = try self.query()
    try expect(")")
    return node(place, .subquery(query))
  }

  private mutating func word() throws(SQLError) -> Expression {
    let place = position
    let token = self.token
    let opens = sees("(", ahead: 1)
    switch token.upper {
    case "NULL":
      advance()
      return node(place, .null)
    case "TRUE", "FALSE":
      advance()
      return node(place, .boolean(token.upper == "TRUE"))
    case "DEFAULT":
      advance()
      return node(place, .redshift(.defaultValue))
    case "CASE": return try caseExpression()
    case "CAST" where opens, "TRY_CAST" where opens: return try cast()
    case "CONVERT" where opens: return try convert()
    case "EXTRACT" where opens: return try extract()
    case "POSITION" where opens: return try position(place)
    case "SUBSTRING" where opens: return try substring()
    case "TRIM" where opens: return try trim()
    case "EXISTS" where opens:
      advance()
      try expect("(")
      let query = try self.query()
      try expect(")")
      return node(place, .exists(query))
    case "ARRAY" where opens || sees("[", ahead: 1): return try array()
    case "ROW" where opens:
      advance()
      try expect("(")
      let items = sees(")") ? [] : try list { parser throws(SQLError) in try parser.expression() }
      try expect(")")
      return node(place, .row(items))
    case "GROUPING" where opens:
      advance()
      try expect("(")
      let items = try list { parser throws(SQLError) in try parser.expression() }
      try expect(")")
      return node(place, .grouping(items))
    case "APPROXIMATE":
      guard peek().kind == .word else { break }
      advance()
      let call = try name()
      guard case .call(var inner) = call.kind else { throw mismatch() }
      inner.approximate = true
      return node(place, .call(inner))
    case "INTERVAL":
      guard peek().kind == .string else { break }
      advance()
      let text = try stringLiteral()
      let (from, to, _) = try intervalFields()
      return node(place, .redshift(.interval(text: text, from: from, to: to)))
    case "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP":
      advance()
      var precision: Int?
      if taken("(") {
        precision = try integerLiteral()
        try expect(")")
      }
      let value = CurrentValue(rawValue: token.upper.lowercased()) ?? .timestamp
      return node(place, .current(value, precision: precision))
    case "CURRENT_USER", "SESSION_USER", "USER", "CURRENT_USER_ID", "SYSDATE", "CURRENT_SCHEMA", "CURRENT_CATALOG":
      guard !opens || token.upper == "SYSDATE" else { break }
      advance()
      let name = Identifier(token.text, at: place)
      return node(place, .call(FunctionCall(name: QualifiedName([name]), arguments: [])))
    case "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMETZ":
      if let literal = try typedLiteral() { return literal }
    default:
      // `type 'text'` for any type of one word.
      if peek().kind == .string, let type = RedshiftType.named(token.text.lowercased()), !token.text.isEmpty {
        advance()
        let text = node(position, .string(try stringLiteral()))
        return node(place, .redshift(.cast(text, type, safe: false)))
      }
    }
    return try name()
  }

  /// `DATE '…'`, `TIMESTAMP WITH TIME ZONE '…'`; `nil` when the word is a name here.
  private mutating func typedLiteral() throws(SQLError) -> Expression? {
    let start = (index, position)
    let isLiteral =
      peek().kind == .string || (sees("WITH", ahead: 1) && sees("TIME", ahead: 2))
      || (sees("WITHOUT", ahead: 1) && sees("TIME", ahead: 2))
    guard isLiteral else { return nil }
    let type = try type()
    guard token.kind == .string else {
      index = start.0
      return nil
    }
    let text = node(position, .string(try stringLiteral()))
    return node(start.1, .redshift(.cast(text, type, safe: false)))
  }

  private mutating func caseExpression() throws(SQLError) -> Expression {
    let place = position
    try expect("CASE")
    let operand = sees("WHEN") ? nil : try expression()
    var whens: [When] = []
    while taken("WHEN") {
      let condition = try expression()
      try expect("THEN")
      whens.append(When(condition: condition, result: try expression()))
    }
    guard !whens.isEmpty else { throw mismatch() }
    let otherwise = taken("ELSE") ? try expression() : nil
    try expect("END")
    return node(place, .caseOf(operand: operand, whens: whens, otherwise: otherwise))
  }

  private mutating func cast() throws(SQLError) -> Expression {
    let place = position
    let safe = token.upper == "TRY_CAST"
    advance()
    try expect("(")
    let value = try expression()
    try expect("AS")
    let type = try type(inCast: true)
    try expect(")")
    return node(place, .redshift(.cast(value, type, safe: safe)))
  }

  /// `CONVERT(type, value)`.
  private mutating func convert() throws(SQLError) -> Expression {
    let place = position
    try expect("CONVERT", "(")
    let type = try type(inCast: true)
    try expect(",")
    let value = try expression()
    try expect(")")
    return node(place, .redshift(.cast(value, type, safe: false)))
  }

  private mutating func extract() throws(SQLError) -> Expression {
    let place = position
    try expect("EXTRACT", "(")
    let field = token.kind == .string ? Identifier(try stringLiteral(), at: place) : try label()
    try expect("FROM")
    let value = try expression()
    try expect(")")
    return node(place, .extract(field, value))
  }

  private mutating func position(_ place: SourcePosition) throws(SQLError) -> Expression {
    try expect("POSITION", "(")
    // Above IN, which parts the arguments.
    let part = try expression(above: 6)
    try expect("IN")
    let whole = try expression()
    try expect(")")
    return call("position", [part, whole], place)
  }

  private mutating func substring() throws(SQLError) -> Expression {
    let place = position
    try expect("SUBSTRING", "(")
    var arguments = [try expression()]
    if taken("FROM") {
      arguments.append(try expression())
      if taken("FOR") { arguments.append(try expression()) }
    } else if taken("FOR") {
      arguments += [node(place, .integer("1")), try expression()]
    } else {
      while taken(",") { arguments.append(try expression()) }
    }
    try expect(")")
    return call("substring", arguments, place)
  }

  private mutating func trim() throws(SQLError) -> Expression {
    let place = position
    try expect("TRIM", "(")
    let stated: TrimSide? =
      taken("BOTH") ? .both : taken("LEADING") ? .leading : taken("TRAILING") ? .trailing : nil
    let side = stated ?? .both
    if taken("FROM") {
      let source = try expression()
      try expect(")")
      return node(place, .trim(side, characters: nil, source: source))
    }
    let first = try expression()
    if taken("FROM") {
      let source = try expression()
      try expect(")")
      return node(place, .trim(side, characters: first, source: source))
    }
    let characters = taken(",") ? try expression() : nil
    try expect(")")
    return node(place, .trim(side, characters: characters, source: first))
  }

  private mutating func array() throws(SQLError) -> Expression {
    let place = position
    try expect("ARRAY")
    let closing = taken("(") ? ")" : "]"
    if closing == "]" {
      try expect("[")
    } else if startsQuery(ahead: 0) {
      let query = try self.query()
      try expect(")")
      return call("array", [node(place, .subquery(query))], place)
    }
    let items = sees(closing) ? [] : try list { parser throws(SQLError) in try parser.expression() }
    try expect(closing)
    // `ARRAY[…]` is PostgreSQL's; `ARRAY(…)` makes a SUPER value.
    return closing == "]" ? node(place, .array(items)) : call("array", items, place)
  }

  mutating func call(_ name: String, _ arguments: [Expression], _ place: SourcePosition) -> Expression {
    node(place, .call(FunctionCall(name: QualifiedName([Identifier(name, at: place)]), arguments: arguments)))
  }

  // MARK: Names and calls

  /// Reserved words that are functions' names, too.
  private static let functionWords: Set<String> = [
    "LEFT", "RIGHT", "SYSDATE", "USER", "SNAPSHOT", "TAG", "CURRENT_USER", "COLLATE",
  ]

  private mutating func name() throws(SQLError) -> Expression {
    let place = position
    guard Self.isName(token) || (sees("(", ahead: 1) && Self.functionWords.contains(token.upper)) else {
      throw mismatch()
    }
    var parts = [takeName()]
    while sees("."), !sees("*", ahead: 1), parts.count < 8 {
      advance()
      parts.append(try label())
    }
    if sees("("), !(sees("+", ahead: 1) && sees(")", ahead: 2)), parts.count <= 3 {
      return try call(QualifiedName(parts), place)
    }
    var value = node(place, .identifier(parts[0]))
    for part in parts.dropFirst() { value = node(place, .dereference(value, part)) }
    return value
  }

  mutating func call(_ name: QualifiedName, _ place: SourcePosition) throws(SQLError) -> Expression {
    try expect("(")
    var call = FunctionCall(name: name, arguments: [])
    if taken("*") {
      call.star = true
    } else if !sees(")") {
      if taken("DISTINCT") { call.distinct = true } else { _ = taken("ALL") }
      call.arguments = try list { parser throws(SQLError) in try parser.expression() }
      if taken("IGNORE", "NULLS") { call.nulls = .ignore }
      if taken("RESPECT", "NULLS") { call.nulls = .respect }
      if taken("ORDER", "BY") { call.orderBy = try sortItems() }
    }
    try expect(")")
    if taken("IGNORE", "NULLS") { call.nulls = .ignore }
    if taken("RESPECT", "NULLS") { call.nulls = .respect }
    if taken("WITHIN") {
      try expect("GROUP", "(", "ORDER", "BY")
      call.withinGroup = try sortItems()
      try expect(")")
    }
    if taken("FILTER") {
      try expect("(", "WHERE")
      call.filter = try expression()
      try expect(")")
    }
    if taken("OVER") {
      if let name = identifierIfAny() {
        call.window = .named(name)
      } else {
        try expect("(")
        call.window = .inline(try window())
        try expect(")")
      }
    }
    return node(place, .call(call))
  }

  mutating func sortItems() throws(SQLError) -> [SortItem] {
    try list { parser throws(SQLError) in
      let key = try parser.expression()
      var descending = false
      if parser.taken("DESC") { descending = true } else { _ = parser.taken("ASC") }
      var nullsFirst: Bool?
      if parser.taken("NULLS", "FIRST") {
        nullsFirst = true
      } else if parser.taken("NULLS", "LAST") {
        nullsFirst = false
      }
      return SortItem(key: key, descending: descending, nullsFirst: nullsFirst)
    }
  }

  mutating func window() throws(SQLError) -> WindowSpecification {
    var specification = WindowSpecification(existing: nil, partitionBy: [], orderBy: [], frame: nil)
    if !sees("PARTITION"), !sees("ORDER"), !sees(["ROWS", "RANGE"]), let name = identifierIfAny() {
      specification.existing = name
    }
    if taken("PARTITION", "BY") {
      specification.partitionBy = try list { parser throws(SQLError) in try parser.expression() }
    }
    if taken("ORDER", "BY") { specification.orderBy = try sortItems() }
    if sees(["ROWS", "RANGE"]) {
      let unit: WindowFrame.Unit = sees("ROWS") ? .rows : .range
      advance()
      if taken("BETWEEN") {
        let start = try bound()
        try expect("AND")
        specification.frame = WindowFrame(unit: unit, start: start, end: try bound())
      } else {
        specification.frame = WindowFrame(unit: unit, start: try bound(), end: nil)
      }
    }
    return specification
  }

  private mutating func bound() throws(SQLError) -> WindowFrame.Bound {
    if taken("UNBOUNDED", "PRECEDING") { return .unboundedPreceding }
    if taken("UNBOUNDED", "FOLLOWING") { return .unboundedFollowing }
    if taken("CURRENT", "ROW") { return .currentRow }
    let count = try expression(above: 6)
    if taken("PRECEDING") { return .preceding(count) }
    try expect("FOLLOWING")
    return .following(count)
  }
}
