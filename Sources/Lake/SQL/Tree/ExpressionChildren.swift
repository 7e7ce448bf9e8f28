extension Expression {
  /// The expressions directly within, subqueries aside.
  var children: [Expression] {
    switch kind {
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .typed, .interval, .parameter, .identifier,
      .exists, .subquery, .current:
      []
    case .dereference(let value, _), .negative(let value), .positive(let value), .not(let value),
      .isNull(let value, _), .cast(let value, _, _), .extract(_, let value), .lambda(_, let value),
      .inSubquery(let value, _, _), .quantified(_, let value, _, _):
      [value]
    case .subscriptOf(let left, let right), .arithmetic(_, let left, let right), .concatenation(let left, let right),
      .comparison(_, let left, let right), .isDistinct(let left, let right, _), .atTimeZone(let left, let right):
      [left, right]
    case .logical(_, let terms), .array(let terms), .row(let terms), .grouping(let terms): terms
    case .between(let value, let low, let high, _): [value, low, high]
    case .inList(let value, let items, _): [value] + items
    case .like(let value, let pattern, let escape, _): [value, pattern] + (escape.map { [$0] } ?? [])
    case .caseOf(let operand, let whens, let otherwise):
      (operand.map { [$0] } ?? []) + whens.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
    case .trim(_, let characters, let source): (characters.map { [$0] } ?? []) + [source]
    case .call(let call): call.children
    case .redshift(let special): special.children
    }
  }

  /// The queries directly within.
  var queries: [Query] {
    switch kind {
    case .inSubquery(_, let query, _), .exists(let query), .subquery(let query), .quantified(_, _, _, let query):
      [query]
    default: []
    }
  }
}

extension FunctionCall {
  var children: [Expression] {
    var list = arguments + orderBy.map(\.key) + withinGroup.map(\.key)
    if let filter { list.append(filter) }
    if case .inline(let window) = window { list += window.partitionBy + window.orderBy.map(\.key) }
    return list
  }
}
