extension RedshiftPrinter {
  static func hasOuterMark(_ expression: Expression) -> Bool {
    if case .redshift(.outerMark) = expression.kind { return true }
    return expression.children.contains { hasOuterMark($0) }
  }
}

/// Oracle's `a.x = b.y(+)` as left joins.
enum OuterMarks {
  static func joined(_ from: [Relation], _ filter: Expression) throws(SQLError) -> ([Relation], Expression?) {
    var terms = [filter]
    if case .logical(.and, let parts) = filter.kind { terms = parts }
    var conditions: [String: [Expression]] = [:]
    var rest: [Expression] = []
    for term in terms {
      var marked: Set<String> = []
      let plain = try unmarked(term, &marked)
      guard let alias = marked.first else {
        rest.append(term)
        continue
      }
      guard marked.count == 1 else {
        throw SQLError(
          .syntax, "a predicate may reference only one outer-joined table", at: term.position)
      }
      conditions[alias, default: []].append(plain)
    }
    var left: Relation?
    var optional: [Relation] = []
    for relation in from {
      if conditions[alias(of: relation)] != nil {
        optional.append(relation)
      } else {
        left = left.map { join($0, relation, .cross, .none) } ?? relation
      }
    }
    guard var result = left else {
      throw SQLError(.syntax, "all tables of the query are outer-joined", at: filter.position)
    }
    for relation in optional {
      let terms = conditions.removeValue(forKey: alias(of: relation)) ?? []
      result = join(result, relation, .left, .on(all(terms)))
    }
    if let missing = conditions.keys.first {
      throw SQLError(.tableNotFound, "relation \"\(missing)\" does not exist", at: filter.position)
    }
    return ([result], rest.isEmpty ? nil : all(rest))
  }

  private static func all(_ terms: [Expression]) -> Expression {
    terms.count == 1
      ? terms[0] : Expression(id: 0, position: SourcePosition(line: 1, column: 1), kind: .logical(.and, terms))
  }

  private static func join(_ left: Relation, _ right: Relation, _ kind: Join.Kind, _ criteria: Join.Criteria)
    -> Relation
  {
    Relation(
      id: 0, position: left.position,
      kind: .join(Join(kind: kind, left: left, right: right, criteria: criteria)))
  }

  private static func alias(of relation: Relation) -> String {
    switch relation.kind {
    case .aliased(_, let alias, _): alias.key
    case .table(let name): name.key
    default: ""
    }
  }

  /// The term without its marks, and the tables that were marked.
  private static func unmarked(_ term: Expression, _ marked: inout Set<String>) throws(SQLError) -> Expression {
    func node(_ kind: Expression.Kind) -> Expression { Expression(id: term.id, position: term.position, kind: kind) }
    switch term.kind {
    case .redshift(.outerMark(let column)):
      let path = RedshiftPrinter.path(column)
      guard path.count >= 2 else {
        throw SQLError(.syntax, "(+) needs a column with its table's name", at: term.position)
      }
      marked.insert(path[path.count - 2].key)
      return column
    case .comparison(let operation, let left, let right):
      return node(.comparison(operation, try unmarked(left, &marked), try unmarked(right, &marked)))
    case .isNull(let value, let negated): return node(.isNull(try unmarked(value, &marked), negated: negated))
    case .between(let value, let low, let high, let negated):
      return node(
        .between(
          try unmarked(value, &marked), low: try unmarked(low, &marked), high: try unmarked(high, &marked),
          negated: negated))
    case .inList(let value, let items, let negated):
      return node(.inList(try unmarked(value, &marked), items, negated: negated))
    case .arithmetic(let operation, let left, let right):
      return node(.arithmetic(operation, try unmarked(left, &marked), try unmarked(right, &marked)))
    case .call(var call):
      var arguments: [Expression] = []
      for argument in call.arguments { arguments.append(try unmarked(argument, &marked)) }
      call.arguments = arguments
      return node(.call(call))
    default:
      if RedshiftPrinter.hasOuterMark(term) {
        throw SQLError(.notSupported, "(+) is not supported in this expression", at: term.position)
      }
      return term
    }
  }
}
