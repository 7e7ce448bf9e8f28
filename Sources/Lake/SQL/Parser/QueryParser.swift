/// Queries: `WITH`, set operations, `SELECT`, and what orders and limits them.
extension Parser {
  mutating func query() throws(SQLError) -> Query {
    try enter()
    defer { depth -= 1 }
    let start = position
    let with = sees("WITH") ? try withClause() : nil
    if with == nil { note("'WITH'") }
    let body = try queryTerm()
    var query = Query(position: start, with: with, body: body, orderBy: [], offset: nil, limit: nil)
    if at("ORDER") { query.orderBy = try orderBy() }
    if taken("OFFSET") {
      query.offset = try rowCount()
      if sees("ROW") || sees("ROWS") { advance() }
    }
    if taken("LIMIT") {
      query.limit = taken("ALL") ? .all : .rows(try rowCount())
    } else if taken("FETCH") {
      query.limit = try fetchFirst()
    }
    return query
  }

  private mutating func rowCount() throws(SQLError) -> Expression {
    guard token.kind == .integer || token.kind == .parameter else {
      note("<integer>")
      note("'?'")
      throw mismatch()
    }
    return try primary()
  }

  private mutating func fetchFirst() throws(SQLError) -> RowLimit {
    if !taken("FIRST") { try expect("NEXT") }
    let count = sees("ROW") || sees("ROWS") ? nil : try rowCount()
    if !taken("ROW") { try expect("ROWS") }
    if taken("ONLY") { return .fetchFirst(count, withTies: false) }
    try expect("WITH", "TIES")
    return .fetchFirst(count, withTies: true)
  }

  private mutating func withClause() throws(SQLError) -> WithClause {
    advance()
    let recursive = taken("RECURSIVE")
    var queries: [NamedQuery] = []
    repeat {
      let name = try identifier()
      let columns = sees("(") ? try identifiersInBrackets() : nil
      try expect("AS", "(")
      let query = try query()
      try expect(")")
      queries.append(NamedQuery(name: name, columns: columns, query: query))
    } while taken(",")
    return WithClause(recursive: recursive, queries: queries)
  }

  // MARK: Set operations

  private mutating func queryTerm() throws(SQLError) -> QueryBody {
    let start = position
    var left = try intersection()
    while at("UNION") || at("EXCEPT") {
      let operation: SetOperation.Operator = sees("UNION") ? .union : .except
      advance()
      left = try combined(left, operation, start) { parser throws(SQLError) in try parser.intersection() }
    }
    return left
  }

  private mutating func intersection() throws(SQLError) -> QueryBody {
    let start = position
    var left = try queryPrimary()
    while taken("INTERSECT") {
      left = try combined(left, .intersect, start) { parser throws(SQLError) in try parser.queryPrimary() }
    }
    return left
  }

  /// Appends to the operation on the left when it is the same one, so that long unions stay flat.
  private mutating func combined(
    _ left: QueryBody, _ operation: SetOperation.Operator, _ start: SourcePosition,
    _ right: (inout Parser) throws(SQLError) -> QueryBody
  ) throws(SQLError) -> QueryBody {
    let all = taken("ALL")
    if !all { _ = taken("DISTINCT") }
    let term = try right(&self)
    if case .setOperation(var existing) = left, existing.operation == operation, existing.all == all,
      operation != .except, existing.position == start
    {
      existing.terms.append(term)
      return .setOperation(existing)
    }
    return .setOperation(SetOperation(position: start, operation: operation, all: all, terms: [left, term]))
  }

  private mutating func queryPrimary() throws(SQLError) -> QueryBody {
    let start = position
    if sees("SELECT") { return .select(try select()) }
    if sees("VALUES") {
      advance()
      var rows = [try expression()]
      while taken(",") { rows.append(try expression()) }
      return .values(start, rows)
    }
    if sees("TABLE") {
      advance()
      return .table(try qualifiedName())
    }
    if taken("(") {
      let query = try query()
      try expect(")")
      return .subquery(query)
    }
    note("<query>")
    throw mismatch()
  }

  // MARK: SELECT

  private mutating func select() throws(SQLError) -> Select {
    let start = position
    advance()
    let distinct = taken("DISTINCT")
    if !distinct { _ = taken("ALL") }
    var items = [try selectItem()]
    while taken(",") { items.append(try selectItem()) }
    var select = Select(
      position: start, distinct: distinct, items: items, from: [], filter: nil, groupBy: nil, having: nil, windows: [])
    if taken("FROM") {
      select.from.append(try relation())
      while taken(",") {
        guard select.from.count < SQLLimits.nestingMax else { throw tooManyJoins(at: start) }
        select.from.append(try relation())
      }
    }
    if taken("WHERE") { select.filter = try expression() }
    if taken("GROUP") {
      try expect("BY")
      select.groupBy = try groupBy()
    }
    if taken("HAVING") { select.having = try expression() }
    if at("WINDOW") {
      advance()
      repeat {
        let name = try identifier()
        try expect("AS")
        select.windows.append(NamedWindow(name: name, specification: try windowSpecification()))
      } while taken(",")
    }
    return select
  }

  private mutating func selectItem() throws(SQLError) -> SelectItem {
    let start = position
    if taken("*") { return .all(of: nil, aliases: [], start) }
    let value = try expression()
    if sees("."), sees("*", ahead: 1) {
      advance()
      advance()
      let aliases = taken("AS") ? try identifiersInBrackets() : []
      return .all(of: value, aliases: aliases, start)
    }
    return .expression(value, alias: try alias())
  }

  /// `[AS] name`, unless the word begins the clause that follows.
  private mutating func alias() throws(SQLError) -> Identifier? {
    if taken("AS") { return try identifier() }
    guard isIdentifier(token), !beginsClause else { return nil }
    return try identifier()
  }

  /// Words that Trino leaves free as names although clauses begin with them.
  private var beginsClause: Bool {
    guard token.kind == .word else { return false }
    let next = peek()
    switch token.upper {
    case "LIMIT": return next.kind == .integer || next.kind == .parameter || next.upper == "ALL"
    case "OFFSET": return next.kind == .integer || next.kind == .parameter
    case "FETCH": return next.upper == "FIRST" || next.upper == "NEXT"
    case "TABLESAMPLE": return next.upper == "BERNOULLI" || next.upper == "SYSTEM"
    case "WINDOW": return peek(2).upper == "AS"
    case "MATCH_RECOGNIZE": return next.upper == "("
    default: return false
    }
  }

  private mutating func groupBy() throws(SQLError) -> GroupBy {
    let distinct = taken("DISTINCT")
    if !distinct { _ = taken("ALL") }
    var elements: [GroupingElement] = []
    repeat { elements.append(try groupingElement()) } while taken(",")
    return GroupBy(distinct: distinct, elements: elements)
  }

  private mutating func groupingElement() throws(SQLError) -> GroupingElement {
    if sees("ROLLUP") || sees("CUBE") {
      let isRollup = sees("ROLLUP")
      advance()
      try expect("(")
      var sets: [[Expression]] = []
      if !sees(")") {
        sets.append(try groupingSet())
        while taken(",") { sets.append(try groupingSet()) }
      }
      try expect(")")
      return isRollup ? .rollup(sets) : .cube(sets)
    }
    if sees("GROUPING"), sees("SETS", ahead: 1) {
      advance()
      advance()
      try expect("(")
      var sets = [try groupingSet()]
      while taken(",") { sets.append(try groupingSet()) }
      try expect(")")
      return .sets(sets)
    }
    if sees("("), sees(")", ahead: 1) {
      advance()
      advance()
      return .simple([])
    }
    let value = try expression()
    if case .row(let items) = value.kind { return .simple(items) }
    return .simple([value])
  }

  private mutating func groupingSet() throws(SQLError) -> [Expression] {
    if sees("("), sees(")", ahead: 1) {
      advance()
      advance()
      return []
    }
    let value = try expression()
    if case .row(let items) = value.kind { return items }
    return [value]
  }

  // MARK: FROM

  private func tooManyJoins(at position: SourcePosition) -> SQLError {
    SQLError(.statementTooLarge, "statement is too large (more than \(SQLLimits.nestingMax) joins)", at: position)
  }

  mutating func relation() throws(SQLError) -> Relation {
    try enter()
    defer { depth -= 1 }
    let start = position
    var left = try sampledRelation()
    var joins = 0
    while true {
      joins += 1
      guard joins < SQLLimits.nestingMax else { throw tooManyJoins(at: start) }
      if taken("CROSS") {
        try expect("JOIN")
        let right = try sampledRelation()
        left = relation(start, .join(Join(kind: .cross, left: left, right: right, criteria: .none)))
      } else if sees("NATURAL") {
        advance()
        let kind = try joinKind()
        let right = try sampledRelation()
        left = relation(start, .join(Join(kind: kind, left: left, right: right, criteria: .natural)))
      } else if at("JOIN") || at("INNER") || at("LEFT") || at("RIGHT") || at("FULL") {
        let kind = try joinKind()
        let right = try relation()
        var criteria: Join.Criteria
        if taken("ON") {
          criteria = .on(try expression())
        } else {
          try expect("USING")
          criteria = .using(try identifiersInBrackets())
        }
        left = relation(start, .join(Join(kind: kind, left: left, right: right, criteria: criteria)))
      } else {
        return left
      }
    }
  }

  private mutating func relation(_ position: SourcePosition, _ kind: Relation.Kind) -> Relation {
    Relation(id: makeID(), position: position, kind: kind)
  }

  private mutating func joinKind() throws(SQLError) -> Join.Kind {
    var kind = Join.Kind.inner
    if taken("LEFT") {
      kind = .left
    } else if taken("RIGHT") {
      kind = .right
    } else if taken("FULL") {
      kind = .full
    } else {
      _ = taken("INNER")
    }
    if kind != .inner { _ = taken("OUTER") }
    try expect("JOIN")
    return kind
  }

  private mutating func sampledRelation() throws(SQLError) -> Relation {
    let start = position
    let aliased = try aliasedRelation()
    guard at("TABLESAMPLE") else { return aliased }
    advance()
    var method = SampleMethod.bernoulli
    if taken("SYSTEM") { method = .system } else { try expect("BERNOULLI") }
    try expect("(")
    let percentage = try expression()
    try expect(")")
    return relation(start, .sampled(aliased, method, percentage))
  }

  private mutating func aliasedRelation() throws(SQLError) -> Relation {
    let start = position
    let primary = try relationPrimary()
    if sees("MATCH_RECOGNIZE"), sees("(", ahead: 1) {
      throw SQLError(.notSupported, "MATCH_RECOGNIZE is not supported", at: position)
    }
    if sees("FOR"), sees("TIMESTAMP", ahead: 1) || sees("VERSION", ahead: 1) {
      throw SQLError(.notSupported, "This connector does not support versioned tables", at: position)
    }
    guard let name = try alias() else { return primary }
    let columns = sees("(") ? try identifiersInBrackets() : nil
    return relation(start, .aliased(primary, name, columns: columns))
  }

  private mutating func relationPrimary() throws(SQLError) -> Relation {
    let start = position
    if sees("(") {
      if let query = try queryInBrackets() { return relation(start, .subquery(query)) }
      advance()
      let inner = try relation()
      try expect(")")
      return inner
    }
    if sees("UNNEST"), sees("(", ahead: 1) {
      advance()
      advance()
      var items = [try expression()]
      while taken(",") { items.append(try expression()) }
      try expect(")")
      return relation(start, .unnest(items, ordinality: taken("WITH", "ORDINALITY")))
    }
    if sees("LATERAL"), sees("(", ahead: 1) {
      advance()
      advance()
      let query = try query()
      try expect(")")
      return relation(start, .lateral(query))
    }
    if sees("TABLE"), sees("(", ahead: 1) {
      throw SQLError(.notSupported, "Table functions are not supported", at: start)
    }
    return relation(start, .table(try qualifiedName()))
  }
}
