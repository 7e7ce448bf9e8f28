/// What a statement names: for grants, external tables, views and locks.
public struct RedshiftReferences: Sendable {
  /// Tables and views that are read, in the order in which they are met; queries of WITH left out.
  public private(set) var tables: [QualifiedName] = []
  /// Columns with what stands before them: `["t", "c"]`, `["c"]`; a star is `*`.
  public private(set) var columns: [[String]] = []
  /// Aliases of tables, in lower case.
  public private(set) var aliases: [String: QualifiedName] = [:]
  public private(set) var functions: [QualifiedName] = []
  /// The number of parameters that must be given.
  public private(set) var parameters = 0
  private var named: [String] = []
  /// What arrays were unnested into.
  private var items: Set<String> = []

  public init(_ query: Query) { self.query(query) }
  public init(_ expression: Expression) { self.expression(expression) }

  /// What INSERT, UPDATE, DELETE, MERGE and queries read; their target is not among it.
  public init(_ statement: RedshiftStatement) {
    switch statement {
    case .query(let query), .declareCursor(_, let query): self.query(query)
    case .selectInto(let into): query(into.query)
    case .insert(let insert): if case .query(let source) = insert.source { query(source) }
    case .update(let update):
      if let clause = update.with { with(clause) }
      aliases[(update.alias ?? update.table.parts.last)?.key ?? ""] = update.table
      update.from.forEach { relation($0) }
      update.assignments.forEach { expression($0.value) }
      if let filter = update.filter { expression(filter) }
    case .delete(let delete):
      if let clause = delete.with { with(clause) }
      aliases[(delete.alias ?? delete.table.parts.last)?.key ?? ""] = delete.table
      delete.using.forEach { relation($0) }
      if let filter = delete.filter { expression(filter) }
    case .merge(let merge):
      aliases[(merge.alias ?? merge.target.parts.last)?.key ?? ""] = merge.target
      relation(merge.source)
      expression(merge.condition)
      for item in merge.cases {
        switch item.action {
        case .update(let assignments): assignments.forEach { expression($0.value) }
        case .insert(_, let values): values.forEach { expression($0) }
        case .delete: break
        }
      }
    case .createTableAs(let create): query(create.query)
    case .createView(let view): query(view.query)
    case .createMaterializedView(let view): query(view.query)
    case .unload(let unload): query(unload.query)
    case .explain(let inner, _), .prepare(_, _, let inner): self = RedshiftReferences(inner)
    case .call(_, let arguments), .execute(_, let arguments): arguments.forEach { expression($0) }
    default: break
    }
  }

  private mutating func with(_ clause: WithClause) {
    for query in clause.queries {
      if clause.recursive { named.append(query.name.key) }
      self.query(query.query)
      if !clause.recursive { named.append(query.name.key) }
    }
  }

  private mutating func query(_ query: Query) {
    let outer = named.count
    defer { named.removeLast(named.count - outer) }
    if let clause = query.with { with(clause) }
    body(query.body)
    query.orderBy.forEach { expression($0.key) }
    if case .rows(let count) = query.limit { expression(count) }
    if let offset = query.offset { expression(offset) }
  }

  private mutating func body(_ body: QueryBody) {
    switch body {
    case .select(let select): self.select(select)
    case .values(_, let rows): rows.forEach { expression($0) }
    case .table(let name): table(name)
    case .subquery(let query): self.query(query)
    case .setOperation(let operation): operation.terms.forEach { self.body($0) }
    }
  }

  private mutating func select(_ select: Select) {
    select.from.forEach { relation($0) }
    for item in select.items {
      switch item {
      case .expression(let value, _): expression(value)
      case .all(let target, _, _): columns.append((target.map { RedshiftPrinter.path($0).map(\.key) } ?? []) + ["*"])
      }
    }
    if let top = select.top { expression(top) }
    if let filter = select.filter { expression(filter) }
    if let hierarchy = select.hierarchy {
      if let start = hierarchy.start { expression(start) }
      expression(hierarchy.condition)
    }
    for element in select.groupBy?.elements ?? [] {
      switch element {
      case .simple(let items): items.forEach { expression($0) }
      case .rollup(let sets), .cube(let sets), .sets(let sets): sets.joined().forEach { expression($0) }
      }
    }
    if let having = select.having { expression(having) }
    if let qualify = select.qualify { expression(qualify) }
    for window in select.windows {
      window.specification.partitionBy.forEach { expression($0) }
      window.specification.orderBy.forEach { expression($0.key) }
    }
  }

  private mutating func table(_ name: QualifiedName, alias: Identifier? = nil) {
    if name.parts.count == 1, named.contains(name.key) { return }
    // An array of a table to the left, or of what such an array was unnested into.
    if let first = name.parts.first, name.parts.count == 1 ? items.contains(first.key) : isLeft(first.key) {
      if let alias = alias ?? name.parts.last { items.insert(alias.key) }
      return
    }
    if let alias = alias ?? name.parts.last { aliases[alias.key] = name }
    if !tables.contains(where: { $0.description == name.description }) { tables.append(name) }
  }

  private func isLeft(_ alias: String) -> Bool { aliases[alias] != nil || items.contains(alias) }

  private mutating func relation(_ relation: Relation) {
    switch relation.kind {
    case .table(let name): table(name)
    case .aliased(let inner, let alias, _):
      if case .table(let name) = inner.kind { table(name, alias: alias) } else { self.relation(inner) }
    case .subquery(let query), .lateral(let query): self.query(query)
    case .unnest(let items, _): items.forEach { expression($0) }
    case .sampled(let inner, _, _): self.relation(inner)
    case .join(let join):
      self.relation(join.left)
      self.relation(join.right)
      if case .on(let condition) = join.criteria { expression(condition) }
      if case .using(let names) = join.criteria { columns += names.map { [$0.key] } }
    case .redshift(let special):
      switch special {
      case .pivot(let pivot):
        self.relation(pivot.source)
        pivot.aggregates.forEach { expression($0.call) }
        expression(pivot.column)
      case .unpivot(let unpivot): self.relation(unpivot.source)
      case .unpivotObject(let value, let item, _), .navigation(let value, let item, _):
        expression(value)
        items.insert(item.key)
      case .function(let call):
        functions.append(call.name)
        call.children.forEach { expression($0) }
      }
    }
  }

  private mutating func expression(_ expression: Expression) {
    switch expression.kind {
    case .identifier, .dereference:
      let path = RedshiftPrinter.path(expression)
      if path.isEmpty { expression.children.forEach { self.expression($0) } } else { columns.append(path.map(\.key)) }
      return
    case .call(let call): functions.append(call.name)
    case .parameter(let index): parameters = max(parameters, index + 1)
    default: break
    }
    for query in expression.queries { self.query(query) }
    for child in expression.children { self.expression(child) }
  }
}
