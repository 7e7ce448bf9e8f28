/// Finds what a bound statement asks of its tables' partition keys: conditions are carried from `WHERE` and `ON`
/// down through subqueries, views, unions and `WITH` queries to the tables beneath.
struct PartitionPruning {
  private var tables: [Int: BoundTable] = [:]
  private var found: [Int: [PartitionExpression]] = [:]
  /// What each mention of a `WITH` query asks of its columns `c0`, `c1` …
  private var mentions: [Int: [[BoundExpression]]] = [:]

  static func predicates(of query: BoundQuery, tables: [TableReference]) -> [Int: PartitionPredicate] {
    var pruning = PartitionPruning()
    for reference in tables { pruning.tables[reference.relation] = reference.table }
    pruning.query(query, [])
    var predicates: [Int: PartitionPredicate] = [:]
    for (relation, conditions) in pruning.found {
      guard let table = pruning.tables[relation] else { continue }
      predicates[relation] = PartitionPredicate(
        table: table, condition: conditions.count == 1 ? conditions[0] : .or(conditions))
    }
    return predicates
  }

  // MARK: Queries

  /// - Parameter conditions: what is asked of the query's columns, as expressions over relation `outputs`.
  private mutating func query(_ query: BoundQuery, _ conditions: [BoundExpression]) {
    // A condition on the rows that a limit lets through is none on the rows before it.
    let passes = query.limit == nil && query.offset == nil ? conditions : []
    body(query.body, passes)
    // Later queries may name earlier ones: the last is settled first.
    for common in query.common.reversed() {
      let asked = mentions.removeValue(forKey: common.number) ?? []
      if common.recursive || asked.isEmpty || asked.contains(where: \.isEmpty) {
        self.query(common.query, [])
      } else {
        let each = asked.map { terms in
          terms.count == 1 ? terms[0] : BoundExpression(.boolean, .logical(.and, terms))
        }
        self.query(
          common.query, [each.count == 1 ? each[0] : BoundExpression(.boolean, .logical(.or, each))])
      }
    }
    for sort in query.orderBy { if let value = sort.expression { subqueries(of: value) } }
  }

  /// Conditions speak of a body's columns as those of relation `outputs`.
  private static let outputs = -1

  private mutating func body(_ body: BoundBody, _ conditions: [BoundExpression]) {
    switch body {
    case .select(let select): self.select(select, conditions)
    case .values(let rows): for row in rows { for value in row { subqueries(of: value) } }
    case .query(let inner): query(inner, conditions)
    case .setOperation(let operation, _, let terms):
      for (index, term) in terms.enumerated() {
        // What EXCEPT takes away need not be narrowed; that it may be is not worth the doubt.
        query(term, operation == .except && index > 0 ? [] : conditions)
      }
    }
  }

  private mutating func select(_ select: BoundSelect, _ conditions: [BoundExpression]) {
    var terms = select.filter.map(Self.conjuncts) ?? []
    let windows = select.items.contains { $0.contains(where: \.isWindow) }
    if !windows {
      // Grouped rows can be told apart early only by what they are grouped by.
      let keys = select.groupingSets.map { sets -> Set<BoundExpression> in
        guard let first = sets.first else { return [] }
        return sets.dropFirst().reduce(Set(first)) { $0.intersection($1) }
      }
      for condition in conditions {
        let used = condition.columns.filter { $0.relation == Self.outputs }
        let indices = used.compactMap { Int($0.name.dropFirst()) }
        let pushable = indices.allSatisfy { index in
          index < select.items.count && (keys?.contains(select.items[index]) ?? true)
        }
        guard pushable else { continue }
        terms.append(
          condition.rewritten { value in
            guard case .column(let column) = value.kind, column.relation == Self.outputs,
              let index = Int(column.name.dropFirst()), index < select.items.count
            else { return nil }
            return select.items[index]
          })
      }
    }
    if let from = select.from { relation(from, terms, nullable: false) }
    if let filter = select.filter { subqueries(of: filter) }
    for item in select.items { subqueries(of: item) }
    for set in select.groupingSets ?? [] { for key in set { subqueries(of: key) } }
    if let having = select.having { subqueries(of: having) }
  }

  private mutating func subqueries(of value: BoundExpression) {
    var stack = [value]
    while let next = stack.popLast() {
      for query in next.queries { self.query(query, []) }
      stack.append(contentsOf: next.children)
    }
  }

  static func conjuncts(_ value: BoundExpression) -> [BoundExpression] {
    if case .logical(.and, let terms) = value.kind { return terms.flatMap(conjuncts) }
    return [value]
  }

  // MARK: Relations

  /// - Parameter nullable: the relation's rows may be replaced by nulls after it is read, by an outer join.
  private mutating func relation(_ relation: BoundRelation, _ terms: [BoundExpression], nullable: Bool) {
    switch relation {
    case .table(let reference): table(reference, terms, nullable: nullable)
    case .derived(let inner, let number, _):
      query(inner, nullable ? [] : outputs(of: number, terms))
    case .common(let common, let number, _):
      mentions[common, default: []].append(nullable ? [] : outputs(of: number, terms))
    case .unnest(let unnest): for item in unnest.items { subqueries(of: item) }
    case .sampled(let inner, _, _): self.relation(inner, terms, nullable: nullable)
    case .join(let kind, let left, let right, let condition):
      let on = condition.map(Self.conjuncts) ?? []
      if let condition { subqueries(of: condition) }
      switch kind {
      case .cross, .inner:
        self.relation(left, terms + on, nullable: nullable)
        self.relation(right, terms + on, nullable: nullable)
      // An outer join's own condition narrows only the side that it fills with nulls.
      case .left:
        self.relation(left, terms, nullable: nullable)
        self.outer(right, terms, on, nullable)
      case .right:
        self.outer(left, terms, on, nullable)
        self.relation(right, terms, nullable: nullable)
      case .full:
        self.outer(left, terms, [], nullable)
        self.outer(right, terms, [], nullable)
      }
    }
  }

  /// The side of an outer join that may be missing. Its `ON` terms always hold for the rows that matter; of the
  /// others, those that no row of nulls passes.
  private mutating func outer(
    _ relation: BoundRelation, _ terms: [BoundExpression], _ on: [BoundExpression], _ nullable: Bool
  ) {
    guard case .table(let reference) = relation else {
      self.relation(relation, on, nullable: false)
      return
    }
    let nulls = keys(of: reference).mapValues { _ in PartitionValue.null }
    let rejecting = terms.filter { term in
      switch translate(term, reference).evaluate(nulls) {
      case .value(.boolean(false)), .value(.null): true
      default: false
      }
    }
    table(reference, on + rejecting, nullable: false)
  }

  private func keys(of reference: TableReference) -> [String: SQLType] {
    guard case .table(_, let columns) = reference.table.content else { return [:] }
    return Dictionary(columns.map { ($0.name.lowercased(), $0.type) }, uniquingKeysWith: { first, _ in first })
  }

  /// The terms that speak of one relation alone, as terms over `outputs`.
  private func outputs(of relation: Int, _ terms: [BoundExpression]) -> [BoundExpression] {
    terms.compactMap { term in
      guard term.columns.contains(where: { $0.relation == relation }),
        !term.contains(where: { !$0.queries.isEmpty })
      else { return nil }
      return term.rewritten { value in
        guard case .column(let column) = value.kind, column.relation == relation else { return nil }
        return BoundExpression(value.type, .column(.init(relation: Self.outputs, name: column.name)))
      }
    }
  }

  private mutating func table(_ reference: TableReference, _ terms: [BoundExpression], nullable: Bool) {
    let keys = keys(of: reference)
    guard !keys.isEmpty else { return }
    let useful = terms.filter { term in
      term.columns.contains { $0.relation == reference.relation && keys[$0.name] != nil }
    }
    let parts = useful.map { translate($0, reference) }.filter(\.usesKeys)
    found[reference.relation, default: []].append(
      parts.isEmpty ? .constant(.boolean(true)) : parts.count == 1 ? parts[0] : .and(parts))
  }

  // MARK: Expressions

  private func translate(_ value: BoundExpression, _ reference: TableReference) -> PartitionExpression {
    func one(_ value: BoundExpression) -> PartitionExpression { translate(value, reference) }
    switch value.kind {
    case .null: return .constant(.null)
    case .boolean(let flag): return .constant(.boolean(flag))
    case .integer(let number):
      return value.type.isDecimal
        ? .cast(.constant(.integer(number)), value.type, safe: false) : .constant(.integer(number))
    case .decimal(let text): return DecimalValue(text).map { .constant(.decimal($0)) } ?? .unknown
    case .double(let number): return .constant(.double(number))
    case .string(let text): return .constant(.string(text))
    case .text(let text):
      switch value.type {
      case .date: return PartitionValue.read(text, .date).map { .constant($0) } ?? .unknown
      case .timestamp, .timestampWithTimeZone(_, .utc):
        return PartitionValue.read(text, .timestamp(precision: 6)).map { .constant($0) } ?? .unknown
      default: return .unknown
      }
    case .interval(let months, let micros): return .constant(.interval(months: months, microseconds: micros))
    case .column(let column):
      guard column.relation == reference.relation, keys(of: reference)[column.name] != nil else { return .unknown }
      return .key(column.name)
    case .cast(let inner, let safe):
      // A clock time and a moment are one only in UTC.
      if case .timestampWithTimeZone(_, let zone) = value.type, zone != .utc { return .unknown }
      if case .timestampWithTimeZone(_, let zone) = inner.type, zone != .utc { return .unknown }
      return .cast(one(inner), value.type, safe: safe)
    case .arithmetic(let operation, let left, let right):
      guard value.type.isInteger || value.type.isDateTime else { return .unknown }
      return .arithmetic(operation, one(left), one(right))
    case .comparison(let operation, let left, let right): return .compare(operation, one(left), one(right))
    case .distinct(let left, let right, let negated): return .distinct(one(left), one(right), negated: negated)
    case .logical(.and, let terms): return .and(terms.map(one))
    case .logical(.or, let terms): return .or(terms.map(one))
    case .not(let term): return .not(one(term))
    case .between(let value, let low, let high):
      let subject = one(value)
      return .and([.compare(.greaterOrEqual, subject, one(low)), .compare(.lessOrEqual, subject, one(high))])
    case .inList(let value, let items): return .membership(one(value), items.map(one))
    case .like(let value, let pattern, let escape):
      guard let escape else { return .like(one(value), pattern: one(pattern), escape: nil) }
      guard case .string(let mark) = escape.kind, mark.count == 1 else { return .unknown }
      return .like(one(value), pattern: one(pattern), escape: mark.first)
    case .isNull(let value): return .isNull(one(value))
    case .coalesce(let items): return .call("coalesce", items.map(one))
    case .concatenation(let items):
      return value.type.isString ? .call("concat", items.map(one)) : .unknown
    case .call(let call):
      // Functions of moments look at a clock, which is known in UTC only.
      for argument in call.arguments {
        if case .timestampWithTimeZone(_, let zone) = argument.type, zone != .utc { return .unknown }
      }
      return .call(call.name, call.arguments.map(one))
    default: return .unknown
    }
  }
}
