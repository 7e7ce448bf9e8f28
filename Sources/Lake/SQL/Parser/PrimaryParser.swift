/// Literals, names, calls and brackets.
extension Parser {
  mutating func primary() throws(SQLError) -> Expression {
    let start = position
    let token = self.token
    switch token.kind {
    case .string:
      advance()
      return node(start, .string(token.text))
    case .integer:
      advance()
      return node(start, .integer(token.text))
    case .decimal:
      advance()
      return node(start, .decimal(token.text))
    case .double:
      advance()
      return node(start, .double(token.text))
    case .binary: return try binaryLiteral()
    case .parameter:
      advance()
      parameters += 1
      return node(start, .parameter(parameters - 1))
    case .quotedIdentifier, .backquotedIdentifier, .word: return try named()
    case .symbol where token.text == "(": return try bracketed()
    default:
      note("<expression>")
      throw mismatch()
    }
  }

  private mutating func binaryLiteral() throws(SQLError) -> Expression {
    let start = position
    let digits = token.text.utf8.filter { $0 != 0x20 && $0 != 0x0a && $0 != 0x09 && $0 != 0x0d }
    guard digits.count % 2 == 0 else {
      throw SQLError(.syntax, "Binary literal must contain an even number of digits", at: start)
    }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
        throw SQLError(.syntax, "Binary literal can only contain hexadecimal digits", at: start)
      }
      bytes.append(byte)
    }
    advance()
    return node(start, .binary(bytes))
  }

  // MARK: Brackets

  private mutating func bracketed() throws(SQLError) -> Expression {
    let start = position
    if let names = try lambdaParameters() { return node(start, .lambda(names, try expression())) }
    if let query = try queryInBrackets() { return node(start, .subquery(query)) }
    advance()
    var items = [try expression()]
    while taken(",") { items.append(try expression()) }
    try expect(")")
    return items.count == 1 ? items[0] : node(start, .row(items))
  }

  /// `(a, b) ->`, when that is what stands here.
  private mutating func lambdaParameters() throws(SQLError) -> [Identifier]? {
    var ahead = 1
    if !sees(")", ahead: 1) {
      guard isIdentifier(peek(ahead)) else { return nil }
      ahead += 1
      while sees(",", ahead: ahead), isIdentifier(peek(ahead + 1)) { ahead += 2 }
    }
    guard sees(")", ahead: ahead), sees("->", ahead: ahead + 1) else { return nil }
    advance()
    var names: [Identifier] = []
    while !taken(")") {
      names.append(try identifier())
      _ = taken(",")
    }
    try expect("->")
    return names
  }

  // MARK: Words

  private mutating func named() throws(SQLError) -> Expression {
    let start = position
    let token = self.token
    if token.kind == .word, let special = try specialForm() { return special }
    guard isIdentifier(token) else {
      note("<expression>")
      throw mismatch()
    }
    if sees("->", ahead: 1) {
      let name = try identifier()
      advance()
      return node(start, .lambda([name], try expression()))
    }
    if let literal = try typedLiteral() { return literal }
    // A name of up to four parts before a bracket is a function's.
    var ahead = 1
    while sees(".", ahead: ahead), isIdentifier(peek(ahead + 1)) { ahead += 2 }
    if sees("(", ahead: ahead) {
      let name = try qualifiedName()
      return try call(name, start)
    }
    return node(start, .identifier(try identifier()))
  }

  /// `DATE '…'`, `TIMESTAMP '…'`, `DECIMAL '…'` and any other type's name before a string.
  private mutating func typedLiteral() throws(SQLError) -> Expression? {
    let start = position
    guard token.kind == .word else { return nil }
    if token.upper == "INTERVAL", peek().kind == .string || sees("+", ahead: 1) || sees("-", ahead: 1) {
      return try interval()
    }
    if token.upper == "DOUBLE", sees("PRECISION", ahead: 1), peek(2).kind == .string {
      advance()
      advance()
      return node(start, .typed(.double, try stringLiteral()))
    }
    guard peek().kind == .string else { return nil }
    switch token.upper {
    case "TIME", "TIMESTAMP":
      // The text tells the precision and whether there is a zone.
      let isTime = token.upper == "TIME"
      advance()
      let text = try stringLiteral()
      let type = DateTimeLiteral.type(of: text, isTime: isTime)
      return node(start, .typed(type, text))
    case "DECIMAL":
      advance()
      let text = try stringLiteral()
      return node(start, .decimal(text))
    default:
      let type = try type()
      return node(start, .typed(type, try stringLiteral()))
    }
  }

  mutating func interval() throws(SQLError) -> Expression {
    let start = position
    try expect("INTERVAL")
    let negative = taken("-")
    if !negative { _ = taken("+") }
    let value = try stringLiteral()
    let from = try intervalUnit()
    let to = taken("TO") ? try intervalUnit() : nil
    return node(start, .interval(IntervalLiteral(negative: negative, value: value, from: from, to: to)))
  }

  private mutating func intervalUnit() throws(SQLError) -> IntervalLiteral.Unit {
    for unit in IntervalLiteral.Unit.allCases where taken(unit.rawValue) { return unit }
    throw mismatch()
  }

  /// The forms that begin with a word of the grammar's own.
  private mutating func specialForm() throws(SQLError) -> Expression? {
    let start = position
    switch token.upper {
    case "NULL":
      advance()
      return node(start, .null)
    case "TRUE", "FALSE":
      let value = token.upper == "TRUE"
      advance()
      return node(start, .boolean(value))
    case "CASE": return try caseForm()
    case "CAST", "TRY_CAST":
      guard sees("(", ahead: 1) else { return nil }
      let safe = token.upper == "TRY_CAST"
      advance()
      advance()
      let value = try expression()
      try expect("AS")
      let type = try type()
      try expect(")")
      return node(start, .cast(value, type, safe: safe))
    case "EXISTS":
      advance()
      try expect("(")
      let query = try query()
      try expect(")")
      return node(start, .exists(query))
    case "EXTRACT":
      advance()
      try expect("(")
      let field = try identifier()
      try expect("FROM")
      let value = try valueExpression()
      try expect(")")
      return node(start, .extract(field, value))
    case "ARRAY" where sees("[", ahead: 1):
      advance()
      advance()
      var items: [Expression] = []
      if !sees("]") {
        items.append(try expression())
        while taken(",") { items.append(try expression()) }
      }
      try expect("]")
      return node(start, .array(items))
    case "ROW" where sees("(", ahead: 1):
      advance()
      advance()
      var items = [try expression()]
      while taken(",") { items.append(try expression()) }
      try expect(")")
      return node(start, .row(items))
    case "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "CURRENT_USER",
      "CURRENT_CATALOG", "CURRENT_SCHEMA":
      guard let value = CurrentValue(rawValue: token.text.lowercased()) else { return nil }
      advance()
      var precision: Int?
      switch value {
      case .time, .timestamp, .localTime, .localTimestamp:
        if taken("(") {
          precision = try integerLiteral()
          try expect(")")
        }
      default: break
      }
      return node(start, .current(value, precision: precision))
    case "POSITION" where sees("(", ahead: 1): return try positionForm()
    case "SUBSTRING" where sees("(", ahead: 1): return try substringForm()
    case "OVERLAY" where sees("(", ahead: 1): return nil
    case "TRIM": return try trimForm()
    case "NORMALIZE": return try normalizeForm()
    case "LISTAGG": return try listagg()
    case "GROUPING" where sees("(", ahead: 1):
      advance()
      advance()
      var items: [Expression] = []
      if !sees(")") {
        items.append(try expression())
        while taken(",") { items.append(try expression()) }
      }
      try expect(")")
      return node(start, .grouping(items))
    case "JSON_EXISTS", "JSON_VALUE", "JSON_QUERY", "JSON_OBJECT", "JSON_ARRAY":
      throw SQLError(.notSupported, "\(token.text.lowercased()) is not supported", at: start)
    default: return nil
    }
  }

  private mutating func caseForm() throws(SQLError) -> Expression {
    let start = position
    advance()
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
    return node(start, .caseOf(operand: operand, whens: whens, otherwise: otherwise))
  }

  private func function(_ name: String, _ start: SourcePosition) -> QualifiedName {
    QualifiedName([Identifier(name, at: start)])
  }

  private mutating func positionForm() throws(SQLError) -> Expression {
    let start = position
    advance()
    advance()
    let needle = try valueExpression()
    try expect("IN")
    let text = try valueExpression()
    try expect(")")
    return node(start, .call(FunctionCall(name: function("strpos", start), arguments: [text, needle])))
  }

  private mutating func substringForm() throws(SQLError) -> Expression {
    let start = position
    advance()
    advance()
    var arguments = [try expression()]
    if taken("FROM") {
      arguments.append(try expression())
      if taken("FOR") { arguments.append(try expression()) }
    } else {
      while taken(",") { arguments.append(try expression()) }
    }
    try expect(")")
    return node(start, .call(FunctionCall(name: function("substring", start), arguments: arguments)))
  }

  private mutating func trimForm() throws(SQLError) -> Expression {
    let start = position
    advance()
    try expect("(")
    var side: TrimSide?
    for candidate in [TrimSide.both, .leading, .trailing] where sees(candidate.rawValue) {
      side = candidate
      advance()
      break
    }
    if side != nil, taken("FROM") {
      let source = try valueExpression()
      try expect(")")
      return node(start, .trim(side ?? .both, characters: nil, source: source))
    }
    let first = try valueExpression()
    if taken("FROM") {
      let source = try valueExpression()
      try expect(")")
      return node(start, .trim(side ?? .both, characters: first, source: source))
    }
    // trim(source, characters) is Trino's other spelling.
    let characters = side == nil && taken(",") ? try valueExpression() : nil
    try expect(")")
    return node(start, .trim(side ?? .both, characters: characters, source: first))
  }

  private mutating func normalizeForm() throws(SQLError) -> Expression {
    let start = position
    advance()
    try expect("(")
    let source = try valueExpression()
    var form = "NFC"
    if taken(",") {
      guard ["NFC", "NFD", "NFKC", "NFKD"].contains(token.upper) else {
        for name in ["NFC", "NFD", "NFKC", "NFKD"] { note("'\(name)'") }
        throw mismatch()
      }
      form = token.upper
      advance()
    }
    try expect(")")
    let formArgument = node(start, .string(form))
    return node(start, .call(FunctionCall(name: function("normalize", start), arguments: [source, formArgument])))
  }

  private mutating func listagg() throws(SQLError) -> Expression {
    let start = position
    advance()
    try expect("(")
    var call = FunctionCall(name: function("listagg", start), arguments: [])
    call.distinct = taken("DISTINCT")
    call.arguments = [try expression()]
    if taken(",") {
      let separator = position
      call.arguments.append(node(separator, .string(try stringLiteral())))
    }
    if taken("ON", "OVERFLOW") {
      if taken("ERROR") {
        call.overflow = .error
      } else {
        try expect("TRUNCATE")
        let filler = token.kind == .string ? try stringLiteral() : "..."
        let withCount = taken("WITH")
        if !withCount { try expect("WITHOUT") }
        try expect("COUNT")
        call.overflow = .truncate(filler: filler, withCount: withCount)
      }
    }
    try expect(")")
    try expect("WITHIN", "GROUP", "(")
    call.orderBy = try orderBy()
    try expect(")")
    if taken("FILTER") { call.filter = try filterClause() }
    return node(start, .call(call))
  }

  // MARK: Calls

  mutating func filterClause() throws(SQLError) -> Expression {
    try expect("(", "WHERE")
    let condition = try expression()
    try expect(")")
    return condition
  }

  private mutating func call(_ name: QualifiedName, _ start: SourcePosition) throws(SQLError) -> Expression {
    var call = FunctionCall(name: name, arguments: [])
    try expect("(")
    if taken("*") {
      call.star = true
      try expect(")")
    } else {
      if taken("DISTINCT") { call.distinct = true } else { _ = taken("ALL") }
      if !sees(")"), !sees("ORDER") {
        call.arguments.append(try expression())
        while taken(",") { call.arguments.append(try expression()) }
      }
      if sees("ORDER") { call.orderBy = try orderBy() }
      try expect(")")
    }
    if taken("FILTER") { call.filter = try filterClause() }
    if sees("IGNORE") || sees("RESPECT"), sees("NULLS", ahead: 1) {
      call.nulls = sees("IGNORE") ? .ignore : .respect
      advance()
      advance()
    }
    if taken("OVER") { call.window = try windowReference() }
    return node(start, .call(call))
  }

  private mutating func windowReference() throws(SQLError) -> WindowReference {
    if token.kind != .symbol { return .named(try identifier()) }
    return .inline(try windowSpecification())
  }

  mutating func windowSpecification() throws(SQLError) -> WindowSpecification {
    try expect("(")
    var existing: Identifier?
    if isIdentifier(token), !["PARTITION", "ROWS", "RANGE", "GROUPS", "MEASURES"].contains(token.upper) {
      existing = try identifier()
    }
    var partitionBy: [Expression] = []
    if taken("PARTITION") {
      try expect("BY")
      partitionBy.append(try expression())
      while taken(",") { partitionBy.append(try expression()) }
    }
    let order = sees("ORDER") ? try orderBy() : []
    var frame: WindowFrame?
    for unit in [WindowFrame.Unit.rows, .range, .groups] where taken(unit.rawValue) {
      if taken("BETWEEN") {
        let first = try frameBound()
        try expect("AND")
        frame = WindowFrame(unit: unit, start: first, end: try frameBound())
      } else {
        frame = WindowFrame(unit: unit, start: try frameBound(), end: nil)
      }
      break
    }
    if sees("MEASURES") || sees("PATTERN") {
      throw SQLError(.notSupported, "Pattern recognition in windows is not supported", at: position)
    }
    try expect(")")
    return WindowSpecification(existing: existing, partitionBy: partitionBy, orderBy: order, frame: frame)
  }

  private mutating func frameBound() throws(SQLError) -> WindowFrame.Bound {
    if taken("UNBOUNDED", "PRECEDING") { return .unboundedPreceding }
    if taken("UNBOUNDED", "FOLLOWING") { return .unboundedFollowing }
    if taken("CURRENT", "ROW") { return .currentRow }
    let value = try expression()
    if taken("PRECEDING") { return .preceding(value) }
    try expect("FOLLOWING")
    return .following(value)
  }

  mutating func orderBy() throws(SQLError) -> [SortItem] {
    try expect("ORDER", "BY")
    var items: [SortItem] = []
    repeat {
      var item = SortItem(key: try expression(), descending: false, nullsFirst: nil)
      if taken("DESC") { item.descending = true } else { _ = taken("ASC") }
      if taken("NULLS") {
        item.nullsFirst = taken("FIRST")
        if item.nullsFirst == false { try expect("LAST") }
      }
      items.append(item)
    } while taken(",")
    return items
  }
}
