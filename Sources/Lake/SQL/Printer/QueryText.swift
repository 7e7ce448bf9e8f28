/// Queries as Trino's formatter lays them out, which is what Athena stores for a view.
public enum QueryText {
  /// The query on several lines, without an end of line.
  public static func query(_ query: Query) -> String {
    var lines = Lines()
    lines.query(query, 0)
    return lines.text.last == "\n" ? String(lines.text.dropLast()) : lines.text
  }

  private struct Lines {
    var text = ""

    private func pad(_ level: Int) -> String { String(repeating: "   ", count: level) }
    private mutating func line(_ level: Int, _ content: String) { text += pad(level) + content + "\n" }

    mutating func query(_ query: Query, _ level: Int) {
      if let with = query.with {
        line(level, with.recursive ? "WITH RECURSIVE" : "WITH")
        for (index, named) in with.queries.enumerated() {
          let columns = named.columns.map { " (" + $0.map(\.sql).joined(separator: ", ") + ")" } ?? ""
          text += pad(level) + (index == 0 ? "  " : ", ") + named.name.sql + columns + " AS (\n"
          self.query(named.query, level + 1)
          line(level, ") ")
        }
      }
      body(query.body, level)
      if !query.orderBy.isEmpty { line(level, TrinoText.orderBy(query.orderBy)) }
      if let offset = query.offset { line(level, "OFFSET \(TrinoText.text(offset)) ROWS") }
      switch query.limit {
      case nil: break
      case .all: line(level, "LIMIT ALL")
      case .rows(let count): line(level, "LIMIT \(TrinoText.text(count))")
      case .fetchFirst(let count, let withTies):
        line(
          level, "FETCH FIRST \(count.map { TrinoText.text($0) + " " } ?? "")ROWS \(withTies ? "WITH TIES" : "ONLY")")
      }
    }

    private mutating func body(_ body: QueryBody, _ level: Int) {
      switch body {
      case .select(let select): self.select(select, level)
      case .values(_, let rows):
        line(level, "VALUES ")
        for (index, row) in rows.enumerated() {
          line(level, "  " + (index == 0 ? "" : ", ") + TrinoText.text(row))
        }
      case .table(let name): line(level, "TABLE " + Self.name(name))
      case .subquery(let query):
        line(level, "(")
        self.query(query, level + 1)
        line(level, ") ")
      case .setOperation(let operation):
        for (index, term) in operation.terms.enumerated() {
          if index > 0 { text += operation.operation.rawValue + (operation.all ? " ALL " : " ") }
          self.body(term, level)
        }
      }
    }

    static func name(_ name: QualifiedName) -> String { name.parts.map(\.sql).joined(separator: ".") }

    private mutating func select(_ select: Select, _ level: Int) {
      let items = select.items.map(Self.item)
      let word = select.distinct ? "SELECT DISTINCT" : "SELECT"
      if items.count == 1 {
        line(level, word + " " + items[0])
      } else {
        line(level, word)
        for (index, item) in items.enumerated() { line(level, (index == 0 ? "  " : ", ") + item) }
      }
      if !select.from.isEmpty {
        line(level, "FROM")
        for (index, relation) in select.from.enumerated() {
          text += pad(level) + (index == 0 ? "  " : ", ")
          self.relation(relation, level + 1)
          if text.last != "\n" { text += "\n" }
        }
      }
      if let filter = select.filter { line(level, "WHERE " + TrinoText.text(filter)) }
      if let groupBy = select.groupBy {
        line(
          level,
          "GROUP BY " + (groupBy.distinct ? "DISTINCT " : "")
            + groupBy.elements.map(Self.element).joined(separator: ", "))
      }
      if let having = select.having { line(level, "HAVING " + TrinoText.text(having)) }
      if !select.windows.isEmpty {
        line(
          level,
          "WINDOW "
            + select.windows.map { "\($0.name.sql) AS \(TrinoText.window($0.specification))" }.joined(separator: ", "))
      }
    }

    private static func item(_ item: SelectItem) -> String {
      switch item {
      case .expression(let value, let alias): return TrinoText.text(value) + (alias.map { " " + $0.sql } ?? "")
      case .all(let target, let aliases, _):
        let names = aliases.isEmpty ? "" : " AS (" + aliases.map(\.sql).joined(separator: ", ") + ")"
        return (target.map { TrinoText.text($0) + "." } ?? "") + "*" + names
      }
    }

    private static func element(_ element: GroupingElement) -> String {
      func set(_ items: [Expression]) -> String { "(" + items.map(TrinoText.text).joined(separator: ", ") + ")" }
      switch element {
      case .simple(let items): return items.count == 1 ? TrinoText.text(items[0]) : set(items)
      case .rollup(let sets): return "ROLLUP (" + sets.map(set).joined(separator: ", ") + ")"
      case .cube(let sets): return "CUBE (" + sets.map(set).joined(separator: ", ") + ")"
      case .sets(let sets): return "GROUPING SETS (" + sets.map(set).joined(separator: ", ") + ")"
      }
    }

    private mutating func relation(_ relation: Relation, _ level: Int) {
      switch relation.kind {
      case .redshift: break  // Another language's.
      case .table(let name): text += Self.name(name)
      case .subquery(let query):
        text += "(\n"
        self.query(query, level + 1)
        text += pad(level) + ") "
      case .lateral(let query):
        text += "LATERAL (\n"
        self.query(query, level + 1)
        text += pad(level) + ") "
      case .unnest(let items, let ordinality):
        text += "UNNEST(" + items.map(TrinoText.text).joined(separator: ", ") + ")"
        if ordinality { text += " WITH ORDINALITY" }
      case .aliased(let inner, let alias, let columns):
        self.relation(inner, level)
        text += (text.last == " " ? "" : " ") + alias.sql
        if let columns { text += " (" + columns.map(\.sql).joined(separator: ", ") + ")" }
      case .sampled(let inner, let method, let percentage):
        self.relation(inner, level)
        text += " TABLESAMPLE \(method.rawValue) (\(TrinoText.text(percentage)))"
      case .join(let join): self.join(join, level)
      }
    }

    private mutating func join(_ join: Join, _ level: Int) {
      text += "("
      relation(join.left, level)
      text += "\n" + pad(level)
      if case .natural = join.criteria { text += "NATURAL " }
      text += join.kind.rawValue + " JOIN "
      relation(join.right, level)
      switch join.criteria {
      case .none, .natural: break
      case .on(let condition): text += " ON " + TrinoText.text(condition)
      case .using(let names): text += " USING (" + names.map(\.sql).joined(separator: ", ") + ")"
      }
      text += ")"
    }
  }
}
