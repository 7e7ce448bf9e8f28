/// SELECT and what stands around it.
extension RedshiftDescent {
  mutating func query() throws(SQLError) -> Query {
    try nested { parser throws(SQLError) in
      let place = parser.position
      let with = parser.sees("WITH") ? try parser.withClause() : nil
      var query = Query(position: place, with: with, body: try parser.setOperations(), orderBy: [])
      try parser.grow()
      try parser.tail(&query)
      return query
    }
  }

  mutating func withClause() throws(SQLError) -> WithClause {
    try expect("WITH")
    let recursive = taken("RECURSIVE")
    let queries = try list { parser throws(SQLError) in
      let name = try parser.identifier()
      let columns = parser.sees("(") ? try parser.identifiersInBrackets() : nil
      try parser.expect("AS", "(")
      let query = try parser.query()
      try parser.expect(")")
      return NamedQuery(name: name, columns: columns, query: query)
    }
    return WithClause(recursive: recursive, queries: queries)
  }

  private mutating func tail(_ query: inout Query) throws(SQLError) {
    while true {
      if query.orderBy.isEmpty, taken("ORDER") {
        try expect("BY")
        query.orderBy = try sortItems()
      } else if query.limit == nil, taken("LIMIT") {
        query.limit = taken("ALL") || taken("NULL") ? .all : .rows(try expression())
      } else if query.offset == nil, taken("OFFSET") {
        query.offset = try expression()
        _ = taken("ROWS") || taken("ROW")
      } else if query.limit == nil, taken("FETCH") {
        guard taken("FIRST") || taken("NEXT") else { throw mismatch() }
        let count = sees(["ROW", "ROWS"]) ? nil : try expression()
        guard taken("ROW") || taken("ROWS") else { throw mismatch() }
        try expect("ONLY")
        query.limit = .fetchFirst(count, withTies: false)
      } else {
        return
      }
    }
  }

  /// UNION, EXCEPT and MINUS bind alike, INTERSECT more strongly.
  private mutating func setOperations() throws(SQLError) -> QueryBody {
    let place = position
    var left = try intersections()
    while let operation = setOperator() {
      let all = taken("ALL")
      if !all { _ = taken("DISTINCT") }
      mayHaveInto = false
      left = Self.joined(left, operation, all, try intersections(), place)
      try grow()
    }
    return left
  }

  private mutating func intersections() throws(SQLError) -> QueryBody {
    let place = position
    var left = try term()
    while taken("INTERSECT") {
      let all = taken("ALL")
      if !all { _ = taken("DISTINCT") }
      left = Self.joined(left, .intersect, all, try term(), place)
      try grow()
    }
    return left
  }

  private mutating func setOperator() -> SetOperation.Operator? {
    if taken("UNION") { return .union }
    if taken("EXCEPT") || taken("MINUS") { return .except }
    return nil
  }

  private static func joined(
    _ left: QueryBody, _ operation: SetOperation.Operator, _ all: Bool, _ right: QueryBody, _ place: SourcePosition
  ) -> QueryBody {
    if case .setOperation(var inner) = left, inner.operation == operation, inner.all == all {
      inner.terms.append(right)
      return .setOperation(inner)
    }
    return .setOperation(SetOperation(position: place, operation: operation, all: all, terms: [left, right]))
  }

  private mutating func term() throws(SQLError) -> QueryBody {
    let place = position
    if taken("(") {
      let query = try self.query()
      try expect(")")
      return .subquery(query)
    }
    if taken("VALUES") {
      let rows = try list { parser throws(SQLError) in
        let place = parser.position
        try parser.expect("(")
        let items = try parser.list { parser throws(SQLError) in try parser.expression() }
        try parser.expect(")")
        return parser.node(place, .row(items))
      }
      return .values(place, rows)
    }
    if sees("TABLE"), Self.isName(peek()) {
      advance()
      return .table(try qualifiedName())
    }
    guard sees("SELECT") else { throw mismatch() }
    return .select(try select())
  }

  private mutating func select() throws(SQLError) -> Select {
    let place = position
    let mayHaveInto = self.mayHaveInto
    self.mayHaveInto = false
    try expect("SELECT")
    var select = Select(
      position: place, distinct: false, items: [], from: [], filter: nil, groupBy: nil, having: nil, windows: [])
    try top(&select)
    if taken("DISTINCT") {
      guard !sees("ON") else { throw SQLError(.notSupported, "SELECT DISTINCT ON is not supported", at: position) }
      select.distinct = true
    } else {
      _ = taken("ALL")
    }
    try top(&select)
    if !sees("FROM"), !sees("INTO") {
      select.items = try list { parser throws(SQLError) in try parser.item() }
    }
    if taken("EXCLUDE") {
      select.excluded = sees("(") ? try identifiersInBrackets() : [try identifier()]
    }
    if sees("INTO") {
      guard mayHaveInto else { throw mismatch() }
      advance()
      let temporary = taken("TEMP") || taken("TEMPORARY")
      _ = taken("TABLE")
      into = (try qualifiedName(), temporary)
    }
    if taken("FROM") { select.from = try list { parser throws(SQLError) in try parser.relation() } }
    select.hierarchy = try hierarchy()
    if taken("WHERE") { select.filter = try expression() }
    if select.hierarchy == nil { select.hierarchy = try hierarchy() }
    if taken("GROUP") {
      try expect("BY")
      select.groupBy = try groupBy()
    }
    if taken("HAVING") { select.having = try expression() }
    if taken("QUALIFY") { select.qualify = try expression() }
    if taken("WINDOW") {
      select.windows = try list { parser throws(SQLError) in
        let name = try parser.identifier()
        try parser.expect("AS", "(")
        let specification = try parser.window()
        try parser.expect(")")
        return NamedWindow(name: name, specification: specification)
      }
    }
    return select
  }

  /// `START WITH …` and `CONNECT BY …`, in either order.
  private mutating func hierarchy() throws(SQLError) -> Hierarchy? {
    let place = position
    var start: Expression?
    var condition: Expression?
    while true {
      if start == nil, sees("START"), sees("WITH", ahead: 1) {
        advance()
        advance()
        start = try expression()
      } else if condition == nil, sees("CONNECT"), sees("BY", ahead: 1) {
        advance()
        advance()
        isConnecting = true
        defer { isConnecting = false }
        condition = try expression()
      } else {
        break
      }
    }
    guard let condition else {
      if start != nil { throw mismatch() }
      return nil
    }
    return Hierarchy(position: place, start: start, condition: condition)
  }

  private mutating func top(_ select: inout Select) throws(SQLError) {
    guard select.top == nil, sees("TOP") else { return }
    advance()
    if taken("(") {
      select.top = try expression()
      try expect(")")
    } else {
      guard token.kind == .integer || token.kind == .parameter else { throw mismatch() }
      select.top = try primary()
    }
  }

  private mutating func item() throws(SQLError) -> SelectItem {
    let place = position
    if taken("*") { return .all(of: nil, aliases: [], place) }
    let value = try expression()
    if sees("."), sees("*", ahead: 1) {
      advance()
      advance()
      return .all(of: value, aliases: [], place)
    }
    if taken("AS") {
      if token.kind == .string {
        return .expression(value, alias: Identifier(try stringLiteral(), quoted: true, at: place))
      }
      return .expression(value, alias: try label())
    }
    return .expression(value, alias: aliasIfAny())
  }

  mutating func aliasIfAny() -> Identifier? {
    guard Self.isName(token), token.kind == .quotedIdentifier || !RedshiftWords.noAlias.contains(token.upper) else {
      return nil
    }
    return takeName()
  }

  private mutating func groupBy() throws(SQLError) -> GroupBy {
    if taken("ALL") { return GroupBy(distinct: false, elements: []) }
    let elements = try list { parser throws(SQLError) in
      if parser.sees("(", ahead: 1), parser.taken("ROLLUP") { return GroupingElement.rollup(try parser.groupingSets()) }
      if parser.sees("(", ahead: 1), parser.taken("CUBE") { return GroupingElement.cube(try parser.groupingSets()) }
      if parser.sees("SETS", ahead: 1), parser.taken("GROUPING") {
        try parser.expect("SETS")
        return GroupingElement.sets(try parser.groupingSets())
      }
      if parser.sees("("), parser.sees(")", ahead: 1) {
        parser.advance()
        parser.advance()
        return GroupingElement.sets([[]])
      }
      let key = try parser.expression()
      if case .row(let keys) = key.kind { return GroupingElement.simple(keys) }
      return GroupingElement.simple([key])
    }
    return GroupBy(distinct: false, elements: elements)
  }

  private mutating func groupingSets() throws(SQLError) -> [[Expression]] {
    try expect("(")
    let sets = try list { parser throws(SQLError) -> [Expression] in
      if parser.sees("("), parser.sees(")", ahead: 1) {
        parser.advance()
        parser.advance()
        return []
      }
      let key = try parser.expression()
      if case .row(let keys) = key.kind { return keys }
      return [key]
    }
    try expect(")")
    return sets
  }
}
