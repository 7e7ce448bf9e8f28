/// FROM: tables, subqueries, joins, PIVOT, UNPIVOT, arrays of SUPER values.
extension RedshiftDescent {
  mutating func relation() throws(SQLError) -> Relation {
    try nested { parser throws(SQLError) in
      let outer = parser.height
      parser.height = 0
      var left = try parser.relationPrimary()
      try parser.grow()
      while let next = try parser.join(left) {
        left = next
        try parser.grow()
      }
      parser.height = max(parser.height, outer)
      return left
    }
  }

  private mutating func join(_ left: Relation) throws(SQLError) -> Relation? {
    let place = left.position
    let natural = taken("NATURAL")
    let kind: Join.Kind
    if taken("CROSS") {
      kind = .cross
    } else if taken("INNER") {
      kind = .inner
    } else if sees(["LEFT", "RIGHT", "FULL"]) {
      kind = sees("LEFT") ? .left : sees("RIGHT") ? .right : .full
      advance()
      _ = taken("OUTER")
    } else if sees("JOIN") {
      kind = .inner
    } else if natural {
      throw mismatch()
    } else {
      return nil
    }
    try expect("JOIN")
    let right = try relationPrimary()
    let criteria: Join.Criteria
    if natural {
      criteria = .natural
    } else if kind == .cross {
      criteria = .none
    } else if taken("USING") {
      criteria = .using(try identifiersInBrackets())
    } else {
      // `a JOIN b JOIN c ON … ON …`: the right side is a join itself.
      var inner = right
      while !sees("ON"), !sees("USING"), let next = try join(inner) {
        inner = next
        try grow()
      }
      if taken("USING") {
        criteria = .using(try identifiersInBrackets())
      } else {
        try expect("ON")
        criteria = .on(try expression())
      }
      return relation(place, .join(Join(kind: kind, left: left, right: inner, criteria: criteria)))
    }
    return relation(place, .join(Join(kind: kind, left: left, right: right, criteria: criteria)))
  }

  private mutating func relationPrimary() throws(SQLError) -> Relation {
    let place = position
    if sees("("), !startsQuery(ahead: 1) {
      advance()
      let inner = try relation()
      try expect(")")
      return try dressed(inner)
    }
    if sees("(") { return try bracketedRelation() }
    if taken("UNPIVOT") {
      let object = try expression()
      try expect("AS")
      let value = try identifier()
      let attribute = taken("AT") ? try identifier() : nil
      return relation(place, .redshift(.unpivotObject(object, value: value, attribute: attribute)))
    }
    if taken("LATERAL") {
      if sees("(") {
        advance()
        let query = try self.query()
        try expect(")")
        return try dressed(relation(place, .lateral(query)))
      }
    }
    if sees("UNNEST"), sees("(", ahead: 1) {
      advance()
      try expect("(")
      let value = try expression()
      try expect(")")
      let withOffset = taken("WITH", "OFFSET")
      _ = taken("AS")
      let alias = aliasIfAny() ?? Identifier("unnest", at: place)
      var offset: Identifier?
      if sees("(") {
        let names = try identifiersInBrackets()
        guard names.count <= 2 else { throw mismatch() }
        if names.count == 2 { offset = names[1] }
        return relation(place, .redshift(.navigation(value, value: names[0], position: offset)))
      }
      if withOffset { offset = taken("AS") ? try identifier() : Identifier("offset_pos", at: place) }
      return relation(place, .redshift(.navigation(value, value: alias, position: offset)))
    }
    // A table, a function, or a path into a SUPER value.
    var parts = [try identifier()]
    while parts.count < 8, taken(".") { parts.append(try label()) }
    if sees("(") {
      let call = try self.call(QualifiedName(parts), place)
      guard case .call(let function) = call.kind else { throw mismatch() }
      return try dressed(relation(place, .redshift(.function(function))))
    }
    if sees("[") || parts.count > 3 {
      var path = node(place, .identifier(parts[0]))
      for part in parts.dropFirst() { path = node(place, .dereference(path, part)) }
      while sees("[") || sees(".") {
        if taken("[") {
          path = node(place, .subscriptOf(path, try expression()))
          try expect("]")
        } else {
          advance()
          path = node(place, .dereference(path, try label()))
        }
        try grow()
      }
      _ = taken("AS")
      let value = aliasIfAny() ?? parts[parts.count - 1]
      let at = taken("AT") ? try identifier() : nil
      return relation(place, .redshift(.navigation(path, value: value, position: at)))
    }
    return try dressed(relation(place, .table(QualifiedName(parts))))
  }

  /// `(query) alias`, and `((query) UNION …) alias` or a join that begins with a query.
  private mutating func bracketedRelation() throws(SQLError) -> Relation {
    let place = position
    let start = (index, height)
    if !notQueries.contains(index) {
      do {
        try expect("(")
        let query = try self.query()
        try expect(")")
        return try dressed(relation(place, .subquery(query)))
      } catch {
        guard error.code == .syntax, tokens[min(start.0 + 1, tokens.count - 1)].upper == "(" else { throw error }
        (index, height) = start
        notQueries.insert(index)
      }
    }
    try expect("(")
    let inner = try relation()
    try expect(")")
    return try dressed(inner)
  }

  /// An alias, PIVOT, UNPIVOT and TABLESAMPLE behind a relation.
  private mutating func dressed(_ inner: Relation) throws(SQLError) -> Relation {
    let place = inner.position
    var result = try aliased(inner)
    while true {
      if taken("PIVOT") {
        result = try aliased(try pivot(result))
      } else if taken("UNPIVOT") {
        result = try aliased(try unpivot(result))
      } else if sees("TABLESAMPLE") {
        throw SQLError(.notSupported, "TABLESAMPLE is not supported", at: place)
      } else {
        return result
      }
      try grow()
    }
  }

  private mutating func aliased(_ inner: Relation) throws(SQLError) -> Relation {
    let place = inner.position
    let alias: Identifier
    if taken("AS") {
      alias = try label()
    } else if let name = aliasIfAny() {
      alias = name
    } else {
      // `t.items AT position` without an alias of its own.
      guard sees("AT"), case .table(let name) = inner.kind, let last = name.parts.last else { return inner }
      return try navigation(name, last)
    }
    if sees("AT"), case .table(let name) = inner.kind { return try navigation(name, alias) }
    var columns: [Identifier]?
    if taken("(") {
      columns = try list { parser throws(SQLError) in
        let name = try parser.identifier()
        // `AS f(a int, b text)` of functions: the types say nothing new.
        if !parser.sees(","), !parser.sees(")") { _ = try parser.type() }
        return name
      }
      try expect(")")
    }
    return relation(place, .aliased(inner, alias, columns: columns))
  }

  private mutating func navigation(_ name: QualifiedName, _ alias: Identifier) throws(SQLError) -> Relation {
    let place = name.position
    try expect("AT")
    guard let first = name.parts.first else { throw mismatch() }
    var path = node(place, .identifier(first))
    for part in name.parts.dropFirst() { path = node(place, .dereference(path, part)) }
    return relation(place, .redshift(.navigation(path, value: alias, position: try identifier())))
  }

  private mutating func pivot(_ source: Relation) throws(SQLError) -> Relation {
    try expect("(")
    let aggregates = try list { parser throws(SQLError) in
      let call = try parser.expression()
      let alias: Identifier? = parser.taken("AS") ? try parser.label() : parser.aliasIfAny()
      return PivotAggregate(call: call, alias: alias)
    }
    try expect("FOR")
    // Above IN, which follows.
    let column = try expression(above: 6)
    try expect("IN", "(")
    let values = try list { parser throws(SQLError) in
      let value = try parser.expression()
      let alias: Identifier? = parser.taken("AS") ? try parser.label() : parser.aliasIfAny()
      return PivotValue(value: value, alias: alias)
    }
    try expect(")", ")")
    return relation(
      source.position, .redshift(.pivot(Pivot(source: source, aggregates: aggregates, column: column, values: values))))
  }

  private mutating func unpivot(_ source: Relation) throws(SQLError) -> Relation {
    let includesNulls = taken("INCLUDE", "NULLS")
    if !includesNulls { _ = taken("EXCLUDE", "NULLS") }
    try expect("(")
    let value = try identifier()
    try expect("FOR")
    let name = try identifier()
    try expect("IN", "(")
    let columns = try list { parser throws(SQLError) in
      let column = try parser.identifier()
      let alias = parser.taken("AS") ? try parser.expression() : nil
      return UnpivotColumn(column: column, alias: alias)
    }
    try expect(")", ")")
    return relation(
      source.position,
      .redshift(
        .unpivot(Unpivot(source: source, includesNulls: includesNulls, value: value, name: name, columns: columns))))
  }
}
