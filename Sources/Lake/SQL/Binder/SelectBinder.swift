/// One `SELECT`: from, where, groups, items, order.
extension Binder {
  private struct Item {
    var name: String?
    var value: BoundExpression
    var position: SourcePosition
    /// As written, for messages.
    var source: Expression?
  }

  func bind(_ select: Select, orderBy: [SortItem], outer: Scope?) throws -> BoundQuery {
    let (relation, scope) = try from(select.from, outer: outer)
    var context = ExpressionContext(scope: scope)
    for window in select.windows {
      guard context.windows[window.name.key] == nil else {
        throw SQLError(
          .invalidWindowReference, "WINDOW name '\(window.name.text)' specified more than once",
          at: window.name.position)
      }
      context.windows[window.name.key] = window.specification
    }
    let filter = try select.filter.map { try self.clause($0, "WHERE clause", context, aggregates: false) }
    let items = try self.items(select, context)
    let groupingSets = try self.groupingSets(select, items, context)
    var havingContext = context
    havingContext.windowsRefused = "HAVING clause"
    let having = try select.having.map { expression in
      try condition(
        try bind(expression, havingContext), "HAVING clause must evaluate to a boolean", at: expression.position)
    }
    let sorts = try self.sorts(orderBy, items, context, distinct: select.distinct)

    let everything = items.map(\.value) + sorts.compactMap(\.expression) + (having.map { [$0] } ?? [])
    let aggregated =
      groupingSets != nil || having != nil
      || everything.contains { $0.contains { $0.isAggregate || Self.isGrouping($0) } }
    if aggregated {
      let keys = groupingSets?.joined().map { $0 } ?? []
      let owned = Set(scope.fields.flatMap { $0.value.columns.map(\.relation) })
      for item in items {
        try checkAggregation(item.value, keys, owned, item.source, at: item.position)
      }
      if let having, let source = select.having {
        try checkAggregation(having, keys, owned, source, at: source.position)
      }
      for (sort, source) in zip(sorts, orderBy) {
        if let value = sort.expression { try checkAggregation(value, keys, owned, source.key, at: source.key.position) }
      }
    }
    let body = BoundSelect(
      distinct: select.distinct, items: items.map(\.value), from: relation, filter: filter,
      groupingSets: aggregated ? groupingSets ?? [[]] : nil, having: having)
    return BoundQuery(
      common: [], body: .select(body), columns: items.map { OutputColumn(name: $0.name, type: $0.value.type) },
      orderBy: sorts, offset: nil, limit: nil, withTies: false)
  }

  private static func isGrouping(_ value: BoundExpression) -> Bool {
    if case .grouping = value.kind { true } else { false }
  }

  private func clause(
    _ expression: Expression, _ name: String, _ context: ExpressionContext, aggregates: Bool
  ) throws -> BoundExpression {
    var inner = context
    inner.aggregatesRefused = name
    inner.windowsRefused = name
    return try condition(
      try bind(expression, inner), "\(name) must evaluate to a boolean", at: expression.position)
  }

  // MARK: Items

  private func items(_ select: Select, _ context: ExpressionContext) throws -> [Item] {
    var items: [Item] = []
    for item in select.items {
      switch item {
      case .expression(let expression, let alias):
        let value = try bind(expression, context)
        guard select.distinct == false || value.type.isComparable else {
          throw SQLError(
            .typeMismatch,
            "DISTINCT can only be applied to comparable types (actual: \(value.type)): "
              + "\(TrinoText.expression(expression))",
            at: expression.position)
        }
        items.append(
          Item(
            name: alias?.key ?? Self.name(of: expression), value: value, position: expression.position,
            source: expression))
      case .all(let target, let aliases, let position):
        items += try star(target, aliases, position, context)
      }
    }
    return items
  }

  /// A column keeps its name, a field its own; everything else has none.
  private static func name(of expression: Expression) -> String? {
    switch expression.kind {
    case .identifier(let name): name.key
    case .dereference(_, let name): name.key
    default: nil
    }
  }

  private func star(
    _ target: Expression?, _ aliases: [Identifier], _ position: SourcePosition, _ context: ExpressionContext
  ) throws -> [Item] {
    guard let target else {
      let fields = context.scope.fields.filter { !$0.hidden }
      guard !fields.isEmpty else {
        throw SQLError(.columnNotFound, "SELECT * not allowed in queries without FROM clause", at: position)
      }
      return fields.map { Item(name: $0.name, value: use($0.value), position: position, source: nil) }
    }
    if let qualifier = Self.qualifier(target), context.scope.hasRelation(qualifier[...]) {
      let fields = context.scope.fields.filter { !$0.hidden && $0.isOf(qualifier[...]) }
      guard aliases.isEmpty || aliases.count == fields.count else {
        throw SQLError(
          .mismatchedColumnAliases,
          "Column alias list has \(aliases.count) entries but relation has \(fields.count) columns", at: position)
      }
      return fields.enumerated().map { index, field in
        Item(
          name: aliases.isEmpty ? field.name : aliases[index].key, value: use(field.value), position: position,
          source: nil)
      }
    }
    if let qualifier = Self.qualifier(target), qualifier.count == 1, context.scope.matches([], qualifier[0]).isEmpty {
      throw SQLError(.tableNotFound, "Unable to resolve reference \(qualifier[0])", at: position)
    }
    let value = try bind(target, context)
    guard case .row(let fields) = value.type else {
      throw SQLError(.typeMismatch, "expected expression of type Row", at: position)
    }
    guard aliases.isEmpty || aliases.count == fields.count else {
      throw SQLError(
        .mismatchedColumnAliases,
        "Column alias list has \(aliases.count) entries but relation has \(fields.count) columns",
        at: position)
    }
    return fields.enumerated().map { index, field in
      Item(
        name: aliases.isEmpty ? field.name : aliases[index].key,
        value: BoundExpression(field.type, .field(value, index)), position: position, source: nil)
    }
  }

  private static func qualifier(_ expression: Expression) -> [String]? {
    switch expression.kind {
    case .identifier(let name): [name.key]
    case .dereference(let base, let name): qualifier(base).map { $0 + [name.key] }
    default: nil
    }
  }

  // MARK: GROUP BY

  private func groupingSets(
    _ select: Select, _ items: [Item], _ context: ExpressionContext
  ) throws -> [[BoundExpression]]? {
    guard let groupBy = select.groupBy else { return nil }
    var inner = context
    inner.aggregatesRefused = "GROUP BY clause"
    inner.windowsRefused = "GROUP BY clause"
    func key(_ expression: Expression) throws -> BoundExpression {
      let value: BoundExpression
      if case .integer(let text) = expression.kind {
        guard let number = Int(text), number >= 1, number <= items.count else {
          throw SQLError(
            .invalidColumnReference, "GROUP BY position \(text) is not in select list", at: expression.position)
        }
        value = items[number - 1].value
        if let source = items[number - 1].source, value.contains(where: { $0.isAggregate || $0.isWindow }) {
          throw SQLError(
            .expressionNotScalar,
            "GROUP BY clause cannot contain aggregations, window functions or grouping operations: "
              + "[\(TrinoText.expression(source))]",
            at: source.position)
        }
      } else {
        value = try bind(expression, inner)
      }
      guard value.type.isComparable else {
        throw SQLError(
          .typeMismatch, "\(value.type) is not comparable, and therefore cannot be used in GROUP BY",
          at: expression.position)
      }
      return value
    }
    var sets: [[BoundExpression]] = [[]]
    for element in groupBy.elements {
      let alternatives: [[BoundExpression]]
      switch element {
      case .simple(let expressions): alternatives = [try expressions.map { try key($0) }]
      case .sets(let list): alternatives = try list.map { try $0.map { try key($0) } }
      case .rollup(let list):
        let keys = try list.map { try $0.map { try key($0) } }
        alternatives = (0...keys.count).reversed().map { Array(keys.prefix($0).joined()) }
      case .cube(let list):
        guard list.count <= 11 else {
          throw SQLError(
            .tooManyGroupingSets,
            "GROUP BY has more than \(SQLLimits.groupingSetsMax) grouping sets but can contain at most "
              + "\(SQLLimits.groupingSetsMax)",
            at: select.position)
        }
        let keys = try list.map { try $0.map { try key($0) } }
        alternatives = (0..<(1 << keys.count)).map { mask in
          Array(keys.indices.filter { mask & (1 << $0) == 0 }.map { keys[$0] }.joined())
        }
      }
      let (product, overflow) = sets.count.multipliedReportingOverflow(by: max(1, alternatives.count))
      guard !overflow, product <= SQLLimits.groupingSetsMax else {
        throw SQLError(
          .tooManyGroupingSets,
          "GROUP BY has \(product) grouping sets but can contain at most \(SQLLimits.groupingSetsMax)",
          at: select.position)
      }
      sets = sets.flatMap { set in alternatives.map { set + $0 } }
    }
    if groupBy.distinct {
      var seen: Set<Set<BoundExpression>> = []
      sets = sets.filter { seen.insert(Set($0)).inserted }
    }
    return sets
  }

  /// Every column outside an aggregate must be a key, or part of one.
  private func checkAggregation(
    _ value: BoundExpression, _ keys: [BoundExpression], _ owned: Set<Int>, _ source: Expression?,
    at position: SourcePosition
  ) throws(SQLError) {
    let keySet = Set(keys)
    var stack = [value]
    while let next = stack.popLast() {
      if keySet.contains(next) { continue }
      switch next.kind {
      case .aggregate, .grouping: continue
      case .column(let column) where owned.contains(column.relation):
        let text = source.map { TrinoText.expression($0) } ?? column.name
        throw SQLError(
          .expressionNotAggregate, "'\(text)' must be an aggregate expression or appear in GROUP BY clause",
          at: position)
      case .window(let window):
        // The window runs over the groups: what it takes must be known of a group.
        stack.append(contentsOf: window.children)
      default: stack.append(contentsOf: next.children)
      }
    }
  }

  // MARK: ORDER BY

  private func sorts(
    _ orderBy: [SortItem], _ items: [Item], _ context: ExpressionContext, distinct: Bool
  ) throws -> [BoundSort] {
    var inner = context
    inner.outputs = items.compactMap { item in item.name.map { ($0, item.value) } }
    var sorts: [BoundSort] = []
    for item in orderBy {
      var key: BoundSort.Key
      let type: SQLType
      if case .integer(let text) = item.key.kind {
        guard let number = Int(text), number >= 1, number <= items.count else {
          throw SQLError(
            .invalidColumnReference, "ORDER BY position \(text) is not in select list", at: item.key.position)
        }
        key = .ordinal(number)
        type = items[number - 1].value.type
      } else {
        let value = try bind(item.key, inner)
        type = value.type
        key = .expression(value)
        if let index = items.firstIndex(where: { $0.value == value }) {
          key = .ordinal(index + 1)
        } else if distinct {
          throw SQLError(
            .expressionNotInDistinct, "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
            at: item.key.position)
        }
      }
      guard type.isOrderable else {
        throw SQLError(
          .typeMismatch,
          "Type \(type) is not orderable, and therefore cannot be used in ORDER BY: \(TrinoText.expression(item.key))",
          at: item.key.position)
      }
      sorts.append(BoundSort(key: key, descending: item.descending, nullsFirst: item.nullsFirst ?? false))
    }
    return sorts
  }
}
