extension BoundExpression {
  /// The expressions directly within, subqueries aside.
  var children: [BoundExpression] {
    switch kind {
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .text, .interval, .column, .variable,
      .subquery, .exists:
      []
    case .call(let call): call.arguments
    case .aggregate(let aggregate): aggregate.children
    case .window(let window): window.children
    case .cast(let value, _), .negative(let value), .not(let value), .isNull(let value), .attempt(let value),
      .field(let value, _), .lambda(_, let value), .inSubquery(let value, _), .quantified(_, let value, _, _):
      [value]
    case .arithmetic(_, let left, let right), .comparison(_, let left, let right), .distinct(let left, let right, _),
      .nullIf(let left, let right):
      [left, right]
    case .concatenation(let items), .logical(_, let items), .coalesce(let items), .array(let items), .row(let items),
      .grouping(let items):
      items
    case .between(let value, let low, let high): [value, low, high]
    case .inList(let value, let items): [value] + items
    case .like(let value, let pattern, let escape): [value, pattern] + (escape.map { [$0] } ?? [])
    case .caseOf(let whens, let otherwise):
      whens.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
    }
  }

  /// The queries directly within.
  var queries: [BoundQuery] {
    switch kind {
    case .subquery(let query), .exists(let query), .inSubquery(_, let query), .quantified(_, _, _, let query): [query]
    default: []
    }
  }

  /// Whether `test` holds for this expression or one within; subqueries are not entered.
  func contains(where test: (BoundExpression) -> Bool) -> Bool {
    var stack = [self]
    while let next = stack.popLast() {
      if test(next) { return true }
      stack.append(contentsOf: next.children)
    }
    return false
  }

  /// The columns that are named here; subqueries are not entered.
  var columns: Set<ColumnReference> {
    var found: Set<ColumnReference> = []
    var stack = [self]
    while let next = stack.popLast() {
      if case .column(let column) = next.kind { found.insert(column) }
      stack.append(contentsOf: next.children)
    }
    return found
  }

  /// A copy in which `replace` has been asked first for every expression, from the outside in.
  func rewritten(_ replace: (BoundExpression) -> BoundExpression?) -> BoundExpression {
    if let other = replace(self) { return other }
    func each(_ items: [BoundExpression]) -> [BoundExpression] { items.map { $0.rewritten(replace) } }
    func one(_ item: BoundExpression) -> BoundExpression { item.rewritten(replace) }
    let kind: Kind
    switch self.kind {
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .text, .interval, .column, .variable,
      .subquery, .exists:
      return self
    case .call(var call):
      call.arguments = each(call.arguments)
      kind = .call(call)
    case .aggregate(let aggregate): kind = .aggregate(aggregate.rewritten(replace))
    case .window(var window):
      window.function = window.function.rewritten(replace)
      window.partitionBy = each(window.partitionBy)
      window.orderBy = window.orderBy.map { $0.rewritten(replace) }
      kind = .window(window)
    case .cast(let value, let safe): kind = .cast(one(value), safe: safe)
    case .negative(let value): kind = .negative(one(value))
    case .not(let value): kind = .not(one(value))
    case .isNull(let value): kind = .isNull(one(value))
    case .attempt(let value): kind = .attempt(one(value))
    case .field(let value, let index): kind = .field(one(value), index)
    case .lambda(let variables, let body): kind = .lambda(variables, one(body))
    case .inSubquery(let value, let query): kind = .inSubquery(one(value), query)
    case .quantified(let operation, let value, let quantifier, let query):
      kind = .quantified(operation, one(value), quantifier, query)
    case .arithmetic(let operation, let left, let right): kind = .arithmetic(operation, one(left), one(right))
    case .comparison(let operation, let left, let right): kind = .comparison(operation, one(left), one(right))
    case .distinct(let left, let right, let negated): kind = .distinct(one(left), one(right), negated: negated)
    case .nullIf(let left, let right): kind = .nullIf(one(left), one(right))
    case .concatenation(let items): kind = .concatenation(each(items))
    case .logical(let operation, let items): kind = .logical(operation, each(items))
    case .coalesce(let items): kind = .coalesce(each(items))
    case .array(let items): kind = .array(each(items))
    case .row(let items): kind = .row(each(items))
    case .grouping(let items): kind = .grouping(each(items))
    case .between(let value, let low, let high): kind = .between(one(value), one(low), one(high))
    case .inList(let value, let items): kind = .inList(one(value), each(items))
    case .like(let value, let pattern, let escape):
      kind = .like(one(value), pattern: one(pattern), escape: escape.map(one))
    case .caseOf(let whens, let otherwise):
      kind = .caseOf(
        whens.map { BoundWhen(condition: one($0.condition), result: one($0.result)) }, otherwise: otherwise.map(one))
    }
    return BoundExpression(type, kind)
  }

  var isAggregate: Bool { if case .aggregate = kind { true } else { false } }
  var isWindow: Bool { if case .window = kind { true } else { false } }
}

extension BoundAggregate {
  var children: [BoundExpression] {
    call.arguments + orderBy.compactMap(\.expression) + (filter.map { [$0] } ?? [])
  }

  func rewritten(_ replace: (BoundExpression) -> BoundExpression?) -> BoundAggregate {
    var copy = self
    copy.call.arguments = call.arguments.map { $0.rewritten(replace) }
    copy.orderBy = orderBy.map { $0.rewritten(replace) }
    copy.filter = filter?.rewritten(replace)
    return copy
  }
}

extension BoundWindow {
  var children: [BoundExpression] { function.children + partitionBy + orderBy.compactMap(\.expression) }
}

extension BoundSort {
  var expression: BoundExpression? { if case .expression(let value) = key { value } else { nil } }

  func rewritten(_ replace: (BoundExpression) -> BoundExpression?) -> BoundSort {
    guard let expression else { return self }
    var copy = self
    copy.key = .expression(expression.rewritten(replace))
    return copy
  }
}
