/// The tables that a statement reads, as written.
public enum TableNames {
  public static func of(_ statement: Statement) -> [QualifiedName] {
    var collector = Collector()
    collector.statement(statement)
    return collector.names
  }

  private struct Collector {
    var names: [QualifiedName] = []
    private var withs: [Set<String>] = []

    init() {}

    mutating func statement(_ statement: Statement) {
      switch statement {
      case .query(let query): self.query(query)
      case .createTableAs(let create): query(create.query)
      case .insert(let insert):
        names.append(insert.table)
        query(insert.query)
      case .createView(let view): query(view.query)
      case .explain(let explain): self.statement(explain.statement)
      case .prepare(_, let inner, _): self.statement(inner)
      case .unload(let unload): query(unload.query)
      case .execute(_, let values): values.forEach { expression($0) }
      case .delete(let name, let filter), .optimize(let name, let filter):
        names.append(name)
        if let filter { expression(filter) }
      case .update(let update):
        names.append(update.table)
        update.assignments.forEach { expression($0.value) }
        if let filter = update.filter { expression(filter) }
      case .merge(let merge):
        names.append(merge.target)
        relation(merge.source)
        expression(merge.condition)
      case .dropView, .deallocate, .vacuum, .hive: break
      }
    }

    private mutating func query(_ query: Query) {
      withs.append([])
      defer { withs.removeLast() }
      for named in query.with?.queries ?? [] {
        if query.with?.recursive == true { withs[withs.count - 1].insert(named.name.key) }
        self.query(named.query)
        withs[withs.count - 1].insert(named.name.key)
      }
      body(query.body)
      query.orderBy.forEach { expression($0.key) }
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

    private mutating func table(_ name: QualifiedName) {
      if name.parts.count == 1, withs.contains(where: { $0.contains(name.key) }) { return }
      names.append(name)
    }

    private mutating func select(_ select: Select) {
      for item in select.items {
        switch item {
        case .expression(let value, _): expression(value)
        case .all(let value, _, _): if let value { expression(value) }
        }
      }
      select.from.forEach { relation($0) }
      if let filter = select.filter { expression(filter) }
      for element in select.groupBy?.elements ?? [] {
        switch element {
        case .simple(let items): items.forEach { expression($0) }
        case .rollup(let sets), .cube(let sets), .sets(let sets): sets.joined().forEach { expression($0) }
        }
      }
      if let having = select.having { expression(having) }
    }

    private mutating func relation(_ relation: Relation) {
      switch relation.kind {
      case .redshift: break  // Another language's.
      case .table(let name): table(name)
      case .subquery(let query), .lateral(let query): self.query(query)
      case .unnest(let items, _): items.forEach { expression($0) }
      case .join(let join):
        self.relation(join.left)
        self.relation(join.right)
        if case .on(let condition) = join.criteria { expression(condition) }
      case .aliased(let inner, _, _), .sampled(let inner, _, _): self.relation(inner)
      }
    }

    private mutating func expression(_ expression: Expression) {
      // The left spine of a long chain is walked in a loop.
      var current = expression
      while true {
        for query in current.queries { self.query(query) }
        let children = current.children
        guard let first = children.first else { return }
        for child in children.dropFirst() { self.expression(child) }
        current = first
      }
    }
  }
}
