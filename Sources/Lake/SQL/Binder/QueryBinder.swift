/// Queries: `WITH`, bodies, order and limits.
extension Binder {
  /// - Parameter outer: what a correlated subquery sees around it.
  func bind(_ query: Query, outer: Scope?) throws -> BoundQuery {
    commonTables.append([])
    defer { commonTables.removeLast() }
    var common: [CommonTable] = []
    if let with = query.with {
      var names: Set<String> = []
      for named in with.queries {
        guard names.insert(named.name.key).inserted else {
          throw SQLError(
            .duplicateNamedQuery, "WITH query name '\(named.name.text)' specified more than once",
            at: named.name.position)
        }
        common.append(try bind(named, recursive: with.recursive, outer: outer))
      }
    }
    var bound = try body(query, outer: outer)
    bound.common = common
    bound.offset = try rowCount(query.offset, "OFFSET")
    switch query.limit {
    case nil, .all: break
    case .rows(let count): bound.limit = try rowCount(count, "LIMIT")
    case .fetchFirst(let count, let withTies):
      bound.limit = try count.map { try rowCount($0, "FETCH FIRST") ?? 0 } ?? 1
      if bound.limit == 0 {
        throw SQLError(.invalidRowCount, "FETCH FIRST row count must be positive (actual value: 0)", at: query.position)
      }
      if withTies, bound.orderBy.isEmpty {
        throw SQLError(.missingOrderBy, "FETCH FIRST WITH TIES clause requires ORDER BY", at: query.position)
      }
      bound.withTies = withTies
    }
    return bound
  }

  private func rowCount(_ expression: Expression?, _ clause: String) throws -> Int64? {
    guard let expression else { return nil }
    let value = try bindConstant(expression)
    guard case .integer(let count) = value.kind, count >= 0 else {
      throw SQLError(.typeMismatch, "Non-constant or negative \(clause) value", at: expression.position)
    }
    return count
  }

  private func bind(_ named: NamedQuery, recursive: Bool, outer: Scope?) throws -> CommonTable {
    let number = nextNumber()
    if recursive, let table = try recursiveTable(named, number, outer: outer) { return table }
    let query = try bind(named.query, outer: outer)
    let columns = try renamed(query.columns, named.columns, named.name)
    commonTables[commonTables.count - 1].append(
      CommonBinding(name: named.name.key, number: number, columns: columns))
    return CommonTable(number: number, recursive: false, query: query)
  }

  private func renamed(
    _ columns: [OutputColumn], _ names: [Identifier]?, _ owner: Identifier
  ) throws(SQLError) -> [OutputColumn] {
    guard let names else { return columns }
    guard names.count == columns.count else {
      throw SQLError(
        .mismatchedColumnAliases,
        "Column alias list has \(names.count) entries but relation has \(columns.count) columns", at: owner.position)
    }
    return zip(columns, names).map { OutputColumn(name: $1.key, type: $0.type) }
  }

  /// `WITH RECURSIVE t(n) AS (base UNION [ALL] step)`, when the query names itself.
  private func recursiveTable(_ named: NamedQuery, _ number: Int, outer: Scope?) throws -> CommonTable? {
    let mentions = TableNames.of(.query(named.query)).contains { $0.parts.count == 1 && $0.key == named.name.key }
    guard mentions else { return nil }
    guard case .setOperation(let operation) = named.query.body, operation.operation == .union,
      operation.terms.count == 2, named.query.with == nil, named.query.orderBy.isEmpty
    else {
      throw SQLError(
        .invalidRecursiveReference, "recursive reference outside of the step term of a recursive query",
        at: named.name.position)
    }
    guard let names = named.columns else {
      throw SQLError(
        .missingColumnAliases, "missing column aliases in recursive WITH query", at: named.name.position)
    }
    guard !withinRecursion else {
      throw SQLError(.nestedRecursive, "nested recursive WITH query", at: named.name.position)
    }
    withinRecursion = true
    defer { withinRecursion = false }
    func term(_ body: QueryBody) -> Query {
      Query(position: named.query.position, with: nil, body: body, orderBy: [], offset: nil, limit: nil)
    }
    let base = try bind(term(operation.terms[0]), outer: outer)
    let columns = try renamed(base.columns, names, named.name)
    commonTables[commonTables.count - 1].append(CommonBinding(name: named.name.key, number: number, columns: columns))
    let step = try bind(term(operation.terms[1]), outer: outer)
    guard step.columns.count == base.columns.count else {
      throw SQLError(
        .typeMismatch,
        "base and step relations of recursion have different number of fields: \(base.columns.count), "
          + "\(step.columns.count)",
        at: named.name.position)
    }
    for (index, (from, to)) in zip(step.columns, base.columns).enumerated()
    where !TypeCoercion.canCoerce(from.type, to: to.type) {
      throw SQLError(
        .typeMismatch,
        "recursion step relation output type (\(from.type)) is not coercible to recursion base relation output type "
          + "(\(to.type)) at column \(index + 1)",
        at: named.name.position)
    }
    let types = base.columns.map(\.type)
    let union = BoundQuery(
      common: [],
      body: .setOperation(.union, all: operation.all, [convert(base, to: types), convert(step, to: types)]),
      columns: columns, orderBy: [], offset: nil, limit: nil, withTies: false)
    return CommonTable(number: number, recursive: true, query: union)
  }

  func common(named name: String) -> CommonBinding? {
    for level in commonTables.reversed() {
      if let found = level.last(where: { $0.name == name }) { return found }
    }
    return nil
  }

  // MARK: Bodies

  private func body(_ query: Query, outer: Scope?) throws -> BoundQuery {
    if case .select(let select) = query.body { return try bind(select, orderBy: query.orderBy, outer: outer) }
    var bound = try body(query.body, outer: outer)
    bound.orderBy = try orderByOutput(query.orderBy, bound.columns, outer: outer)
    return bound
  }

  private func plain(_ body: BoundBody, _ columns: [OutputColumn]) -> BoundQuery {
    BoundQuery(common: [], body: body, columns: columns, orderBy: [], offset: nil, limit: nil, withTies: false)
  }

  private func body(_ body: QueryBody, outer: Scope?) throws -> BoundQuery {
    switch body {
    case .select(let select): return try bind(select, orderBy: [], outer: outer)
    case .values(let position, let rows): return try values(rows, at: position, outer: outer)
    case .table(let name):
      let star = Select(
        position: name.position, distinct: false, items: [.all(of: nil, aliases: [], name.position)],
        from: [Relation(id: 0, position: name.position, kind: .table(name))], filter: nil, groupBy: nil, having: nil,
        windows: [])
      return try bind(star, orderBy: [], outer: outer)
    case .subquery(let query):
      let inner = try bind(query, outer: outer)
      return plain(.query(inner), inner.columns)
    case .setOperation(let operation): return try setOperation(operation, outer: outer)
    }
  }

  private func values(_ rows: [Expression], at position: SourcePosition, outer: Scope?) throws -> BoundQuery {
    let context = ExpressionContext(
      scope: Scope([], parent: outer), aggregatesRefused: "VALUES", windowsRefused: "VALUES")
    var table: [[BoundExpression]] = []
    for row in rows {
      if case .row(let items) = row.kind {
        table.append(try items.map { try bind($0, context) })
      } else {
        table.append([try bind(row, context)])
      }
    }
    let width = table.first?.count ?? 0
    for (row, expression) in zip(table, rows) where row.count != width {
      throw SQLError(
        .typeMismatch,
        "Values rows have mismatched sizes: \(width) vs \(row.count)", at: expression.position)
    }
    var columns: [OutputColumn] = []
    for index in 0..<width {
      let (type, converted) = try unify(table.map { $0[index] }, at: position) { left, right in
        "Values rows have mismatched types: \(left) vs \(right)"
      }
      for (row, value) in converted.enumerated() { table[row][index] = value }
      columns.append(OutputColumn(name: nil, type: type))
    }
    return plain(.values(table), columns)
  }

  private func setOperation(_ operation: SetOperation, outer: Scope?) throws -> BoundQuery {
    var terms: [BoundQuery] = []
    for term in operation.terms { terms.append(try body(term, outer: outer)) }
    var types = terms[0].columns.map(\.type)
    for term in terms.dropFirst() {
      guard term.columns.count == types.count else {
        throw SQLError(
          .typeMismatch,
          "\(operation.operation.rawValue) query has different number of fields: \(types.count), \(term.columns.count)",
          at: operation.position)
      }
      for (index, column) in term.columns.enumerated() {
        guard let type = TypeCoercion.common(types[index], column.type) else {
          throw SQLError(
            .typeMismatch,
            "column \(index + 1) in \(operation.operation.rawValue) query has incompatible types: \(types[index]), "
              + "\(column.type)",
            at: operation.position)
        }
        types[index] = type
      }
    }
    let columns = zip(terms[0].columns, types).map { OutputColumn(name: $0.name, type: $1) }
    return plain(
      .setOperation(operation.operation, all: operation.all, terms.map { convert($0, to: types) }), columns)
  }

  /// `ORDER BY` over a set operation or VALUES sees output columns only.
  private func orderByOutput(
    _ items: [SortItem], _ columns: [OutputColumn], outer: Scope?
  ) throws -> [BoundSort] {
    var sorts: [BoundSort] = []
    for item in items {
      let index: Int
      switch item.key.kind {
      case .integer(let text):
        guard let number = Int(text), (1...max(1, columns.count)).contains(number), !columns.isEmpty else {
          throw SQLError(
            .invalidColumnReference, "ORDER BY position \(text) is not in select list", at: item.key.position)
        }
        index = number
      case .identifier(let name):
        let matches = columns.indices.filter { columns[$0].name?.lowercased() == name.key }
        guard let first = matches.first else {
          throw SQLError(
            .columnNotFound,
            "Column '\(name.key)' cannot be resolved or requester is not authorized to access requested resources",
            at: item.key.position)
        }
        guard matches.count == 1 else {
          throw SQLError(.ambiguousName, "Column '\(name.key)' is ambiguous", at: item.key.position)
        }
        index = first + 1
      default:
        throw SQLError(
          .notSupported, "ORDER BY of a set operation must be an output column", at: item.key.position)
      }
      guard columns[index - 1].type.isOrderable else {
        throw SQLError(
          .typeMismatch,
          "Type \(columns[index - 1].type) is not orderable, and therefore cannot be used in ORDER BY: "
            + "\(TrinoText.expression(item.key))",
          at: item.key.position)
      }
      sorts.append(
        BoundSort(key: .ordinal(index), descending: item.descending, nullsFirst: item.nullsFirst ?? false))
    }
    return sorts
  }
}
