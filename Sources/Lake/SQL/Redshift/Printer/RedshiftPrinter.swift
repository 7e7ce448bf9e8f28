/// Writes Redshift's tree in DuckDB's tongue. Names are bound by DuckDB, functions are rewritten by name.
///
/// The engine must have run `RedshiftMacros.statements`, and `SET integer_division = true`.
public struct RedshiftPrinter {
  let names: any RedshiftNames
  /// Whether names that are made from values keep their case (`enable_case_sensitive_identifier`).
  public var keepsCase = false
  /// Whether the names of attributes keep their case without quotes (`enable_case_sensitive_super_attribute`).
  public var keepsAttributeCase = false
  /// Queries that WITH named, innermost last.
  var queryNames: [String] = []
  /// What FROM made visible, innermost last.
  var relations: [VisibleRelation] = []

  struct VisibleRelation {
    var alias: String
    /// The table's own name, lower-case parts.
    var table: [String]
    /// The columns that are known, with their types; unknown types are left out.
    var columns: [String: RedshiftType] = [:]
    var order: [String] = []

    mutating func add(_ name: String, _ type: RedshiftType?) {
      order.append(name)
      columns[name] = type ?? .pseudo("unknown")
    }
  }
  /// What LEVEL and the row above are, within CONNECT BY.
  var level: String?
  var parentRow: String?
  /// How often the engine's macros around the expression at hand repeat it, all together.
  var repetition = 1.0
  /// The columns of what WITH named, where they are known.
  var queryColumns: [String: [(String, RedshiftType?)]?] = [:]

  public init(names: any RedshiftNames) { self.names = names }

  /// A query as DuckDB reads it.
  /// - Throws: `SQLError` for what has no counterpart, and what `names` throws.
  public func query(_ query: Query) throws(SQLError) -> String {
    var printer = self
    return try printer.text(query)
  }

  /// An expression alone, such as a default or a policy's condition.
  public func expression(_ expression: Expression) throws(SQLError) -> String {
    var printer = self
    return try printer.text(expression)
  }

  /// Prints what a macro repeats. Macros within macros multiply, which must end somewhere.
  mutating func repeated<Result>(
    _ times: Double, at position: SourcePosition, _ body: (inout RedshiftPrinter) throws(SQLError) -> Result
  ) throws(SQLError) -> Result {
    let outer = repetition
    repetition *= times
    defer { repetition = outer }
    guard repetition <= SQLLimits.redshiftRepetitionMax else {
      throw SQLError(.statementTooLarge, "function calls are nested too deeply", at: position)
    }
    return try body(&self)
  }

  // MARK: Names

  /// A name as it is stored.
  public func key(_ name: Identifier) -> String { name.key }
  public func quoted(_ name: Identifier) -> String { Self.quoted(key(name)) }

  /// A stored name as the engine takes it.
  public static func quoted(_ name: String) -> String { plainlyQuoted(EngineName.marked(name)) }

  static func plainlyQuoted(_ name: String) -> String {
    if !name.utf8.contains(0x22) { return "\"\(name)\"" }
    return "\"" + name.replacing("\"", with: "\"\"") + "\""
  }

  public static func literal(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 != 0x27 && $0 != 0 }) { return "'\(text)'" }
    return "'" + text.replacing("\u{0}", with: "").replacing("'", with: "''") + "'"
  }

  // MARK: Queries

  mutating func text(_ query: Query) throws(SQLError) -> String {
    let outer = queryNames.count
    let outerLevel = level
    defer {
      queryNames.removeLast(queryNames.count - outer)
      level = outerLevel
    }
    level = nil
    var result = ""
    if let with = query.with { result += try text(with) }
    var limit: String?
    switch query.limit {
    case .rows(let count): limit = try text(count)
    case .fetchFirst(let count, _): limit = try count.map { count throws(SQLError) in try text(count) } ?? "1"
    case .all, nil: break
    }
    let visible = relations.count
    defer { relations.removeLast(relations.count - visible) }
    if case .select(let select) = query.body {
      result += try text(select, keepsRelations: true)
      if let top = select.top { limit = try text(top) }
    } else {
      result += try text(query.body)
    }
    if !query.orderBy.isEmpty { result += " ORDER BY " + (try text(query.orderBy)) }
    if let limit { result += " LIMIT " + limit }
    if let offset = query.offset { result += " OFFSET " + (try text(offset)) }
    return result
  }

  mutating func text(_ with: WithClause) throws(SQLError) -> String {
    var parts: [String] = []
    for named in with.queries {
      if with.recursive {
        queryNames.append(named.name.key)
        queryColumns[named.name.key] = .some(nil)
      }
      let columns = named.columns.map { " (" + $0.map { quoted($0) }.joined(separator: ", ") + ")" } ?? ""
      parts.append("\(quoted(named.name))\(columns) AS (\(try text(named.query)))")
      if !with.recursive {
        define(
          WithClause(
            recursive: false, queries: [NamedQuery(name: named.name, columns: named.columns, query: named.query)]))
      }
    }
    return "WITH " + (with.recursive ? "RECURSIVE " : "") + parts.joined(separator: ", ") + " "
  }

  mutating func text(_ items: [SortItem]) throws(SQLError) -> String {
    var parts: [String] = []
    for item in items {
      // PostgreSQL takes NULL as the greatest value.
      let nullsFirst = item.nullsFirst ?? item.descending
      let tail = (item.descending ? " DESC" : "") + (nullsFirst ? " NULLS FIRST" : " NULLS LAST")
      let key = try text(item.key)
      // SUPER is text for the engine; its numbers are sorted as numbers.
      if isSuper(item.key) { parts.append("rs_super_number(\(key))\(tail)") }
      parts.append(key + tail)
    }
    return parts.joined(separator: ", ")
  }

  private mutating func text(_ body: QueryBody) throws(SQLError) -> String {
    switch body {
    case .select(let select):
      let limit = try select.top.map { top throws(SQLError) in " LIMIT " + (try text(top)) } ?? ""
      return try text(select, keepsRelations: false) + limit
    case .values(_, let rows):
      var parts: [String] = []
      for row in rows {
        guard case .row(let items) = row.kind else { continue }
        parts.append("(" + (try list(items)) + ")")
      }
      return "VALUES " + parts.joined(separator: ", ")
    case .table(let name): return "SELECT * FROM " + (try source(name))
    case .subquery(let query): return "(" + (try text(query)) + ")"
    case .setOperation(let operation):
      var parts: [String] = []
      for term in operation.terms {
        switch term {
        case .select(let select) where select.top == nil: parts.append(try text(term))
        case .subquery: parts.append(try text(term))
        default: parts.append("(" + (try text(term)) + ")")
        }
      }
      return parts.joined(separator: " \(operation.operation.rawValue)\(operation.all ? " ALL" : "") ")
    }
  }

  private mutating func text(_ select: Select, keepsRelations: Bool) throws(SQLError) -> String {
    let visible = relations.count
    let outerLevel = level
    defer {
      if !keepsRelations {
        relations.removeLast(relations.count - visible)
        level = outerLevel
      }
    }
    var filter = select.filter
    var from = select.from
    if let written = filter, Self.hasOuterMark(written) {
      (from, filter) = try OuterMarks.joined(from, written)
    }
    // What WHERE asks of a tree is asked of the rows that were found.
    names.reads(from: from, filter: select.hierarchy == nil ? filter : nil)
    var sources: [String] = []
    if let hierarchy = select.hierarchy {
      sources.append(try tree(hierarchy, over: from))
    } else {
      for relation in from { sources.append(try text(relation, besides: sources.isEmpty)) }
    }
    var result = "SELECT "
    if select.distinct { result += "DISTINCT " }
    var items: [String] = []
    for item in select.items { items.append(try text(item, excluded: select.excluded)) }
    result += items.joined(separator: ", ")
    if !sources.isEmpty { result += " FROM " + sources.joined(separator: ", ") }
    if let filter { result += " WHERE " + (try text(filter)) }
    if let groupBy = select.groupBy { result += " GROUP BY " + (try text(groupBy)) }
    if let having = select.having { result += " HAVING " + (try text(having)) }
    if !select.windows.isEmpty {
      var windows: [String] = []
      for window in select.windows {
        windows.append("\(quoted(window.name)) AS (\(try text(window.specification)))")
      }
      result += " WINDOW " + windows.joined(separator: ", ")
    }
    if let qualify = select.qualify { result += " QUALIFY " + (try text(qualify)) }
    return result
  }

  private mutating func text(_ item: SelectItem, excluded: [Identifier]) throws(SQLError) -> String {
    switch item {
    case .all(let target, _, _):
      let hidden = excluded.map { quoted($0) } + (level == nil ? [] : [Self.levelName])
      let out = hidden.isEmpty ? "" : " EXCLUDE (" + hidden.joined(separator: ", ") + ")"
      let star = "*" + out + (names.hasPseudoColumns && out.isEmpty ? " NOT LIKE '$%'" : "")
      guard let target else { return star }
      let path = Self.path(target)
      if path.count > 1, let table = visible(path.dropLast(0).map { key($0) }) {
        return Self.quoted(table) + "." + star
      }
      return try text(target) + "." + star
    case .expression(let value, let alias):
      let text = try text(value)
      if let alias { return "\(text) AS \(quoted(alias))" }
      if case .identifier(let name) = value.kind { return isLevel(name) ? "\(text) AS \(quoted(name))" : text }
      return "\(text) AS \(Self.quoted(ResultNames.name(of: value) ?? "?column?"))"
    }
  }

  private mutating func text(_ groupBy: GroupBy) throws(SQLError) -> String {
    if groupBy.elements.isEmpty { return "ALL" }
    var parts: [String] = []
    for element in groupBy.elements {
      switch element {
      case .simple(let items): parts.append(try list(items))
      case .rollup(let sets): parts.append("ROLLUP (\(try sets_(sets)))")
      case .cube(let sets): parts.append("CUBE (\(try sets_(sets)))")
      case .sets(let sets): parts.append("GROUPING SETS (\(try sets_(sets)))")
      }
    }
    return parts.joined(separator: ", ")
  }

  private mutating func sets_(_ sets: [[Expression]]) throws(SQLError) -> String {
    var parts: [String] = []
    for set in sets { parts.append(set.count == 1 ? try list(set) : "(" + (try list(set)) + ")") }
    return parts.joined(separator: ", ")
  }

  mutating func list(_ items: [Expression]) throws(SQLError) -> String {
    var parts: [String] = []
    for item in items { parts.append(try text(item)) }
    return parts.joined(separator: ", ")
  }

  mutating func text(_ window: WindowSpecification) throws(SQLError) -> String {
    var parts: [String] = []
    if let existing = window.existing { parts.append(quoted(existing)) }
    if !window.partitionBy.isEmpty { parts.append("PARTITION BY " + (try list(window.partitionBy))) }
    if !window.orderBy.isEmpty { parts.append("ORDER BY " + (try text(window.orderBy))) }
    if let frame = window.frame {
      let start = try text(frame.start)
      if let end = frame.end {
        parts.append("\(frame.unit.rawValue) BETWEEN \(start) AND \(try text(end))")
      } else {
        parts.append("\(frame.unit.rawValue) \(start)")
      }
    }
    return parts.joined(separator: " ")
  }

  private mutating func text(_ bound: WindowFrame.Bound) throws(SQLError) -> String {
    switch bound {
    case .unboundedPreceding: return "UNBOUNDED PRECEDING"
    case .preceding(let count): return "\(try text(count)) PRECEDING"
    case .currentRow: return "CURRENT ROW"
    case .following(let count): return "\(try text(count)) FOLLOWING"
    case .unboundedFollowing: return "UNBOUNDED FOLLOWING"
    }
  }

  // MARK: FROM

  /// A table's text without an alias: a query's name, or what `names` says.
  func source(_ name: QualifiedName) throws(SQLError) -> String {
    if name.parts.count == 1, let part = name.parts.first, queryNames.contains(part.key) { return quoted(part) }
    return try names.source(name)
  }

  /// The alias of the visible table of that name, where a schema or database stands before it.
  func visible(_ path: [String]) -> String? {
    relations.last { $0.table.count >= path.count && $0.table.suffix(path.count).elementsEqual(path) }?.alias
  }

  static func path(_ expression: Expression) -> [Identifier] {
    var parts: [Identifier] = []
    var current = expression
    while true {
      switch current.kind {
      case .identifier(let name): return [name] + parts.reversed()
      case .dereference(let base, let name):
        parts.append(name)
        current = base
      default: return []
      }
    }
  }

  /// - Parameter besides: whether it is the first of its list; an array needs a row to its left.
  mutating func text(_ relation: Relation, besides isFirst: Bool = true) throws(SQLError) -> String {
    switch relation.kind {
    case .table(let name):
      return try table(name, alias: name.parts.last ?? Identifier(""), columns: nil)
    case .aliased(let inner, let alias, let columns):
      if case .table(let name) = inner.kind { return try table(name, alias: alias, columns: columns) }
      if case .redshift(.function(let call)) = inner.kind { return try function(call, alias: alias, columns: columns) }
      let before = relations.count
      let text = try text(inner)
      if case .subquery(let query) = inner.kind {
        define(alias: key(alias), columns == nil ? resultTypes(query) : nil)
      } else {
        relations.removeLast(relations.count - before)
        define(alias: key(alias), nil)
      }
      return "\(text) AS \(quoted(alias))\(names(columns))"
    case .subquery(let query):
      var inner = self
      let text = "(" + (try inner.text(query)) + ")"
      define(alias: "", resultTypes(query))
      return text
    case .lateral(let query): return "LATERAL (" + (try text(query)) + ")"
    case .unnest(let items, _): return "UNNEST(" + (try list(items)) + ")"
    case .sampled(let inner, _, _): return try text(inner)
    case .join(let join): return try text(join)
    case .redshift(let special): return try text(special)
    }
  }

  private func names(_ columns: [Identifier]?) -> String {
    columns.map { "(" + $0.map { quoted($0) }.joined(separator: ", ") + ")" } ?? ""
  }

  private mutating func table(
    _ name: QualifiedName, alias: Identifier, columns: [Identifier]?
  ) throws(SQLError) -> String {
    // `t.items AS item, item AS part`: an item that is an array again.
    if name.parts.count == 1, let first = name.parts.first, !queryNames.contains(first.key),
      relations.contains(where: { $0.alias == key(first) && $0.table.isEmpty && $0.columns[$0.alias] == .super })
    {
      return try array(quoted(first), value: alias, position: nil)
    }
    // `t, t.items AS item`: what looks like a schema may be a table to the left.
    if name.parts.count >= 2, let first = name.parts.first, relations.contains(where: { $0.alias == key(first) }) {
      return try array(name.parts.map { quoted($0) }.joined(separator: "."), value: alias, position: nil)
    }
    let text = try source(name)
    define(name, alias: key(alias), columns: columns)
    return "\(text) AS \(quoted(alias))\(names(columns))"
  }

  private mutating func text(_ join: Join) throws(SQLError) -> String {
    let left = try text(join.left)
    var right = try text(join.right)
    if case .join = join.right.kind { right = "(" + right + ")" }
    switch join.criteria {
    case .none: return "\(left) CROSS JOIN \(right)"
    case .natural: return "\(left) NATURAL \(join.kind.rawValue) JOIN \(right)"
    case .using(let names):
      return "\(left) \(join.kind.rawValue) JOIN \(right) USING (\(names.map { quoted($0) }.joined(separator: ", ")))"
    case .on(let condition): return "\(left) \(join.kind.rawValue) JOIN \(right) ON \(try text(condition))"
    }
  }

  private mutating func text(_ relation: RedshiftRelation) throws(SQLError) -> String {
    switch relation {
    case .navigation(let path, let value, let position):
      return try array(try text(path), value: value, position: position)
    case .unpivotObject(let object, let value, let attribute):
      let object = try text(object)
      define(alias: key(value), [(key(value), .super)] + (attribute.map { [(key($0), .varcharMax)] } ?? []))
      let names = attribute.map { ", unnest(json_keys(to_json(\(object)))) AS \(quoted($0))" } ?? ""
      return "LATERAL (SELECT unnest(rs_members(to_json(\(object)))) AS \(quoted(value))\(names)) AS \(quoted(value))"
    case .function(let call):
      return try function(call, alias: call.name.parts.last ?? Identifier(""), columns: nil)
    case .pivot(let pivot): return try text(pivot)
    case .unpivot(let unpivot): return try text(unpivot)
    }
  }

  private mutating func array(_ path: String, value: Identifier, position: Identifier?) throws(SQLError) -> String {
    define(alias: key(value), [(key(value), .super)] + (position.map { [(key($0), .bigint)] } ?? []))
    let items = "rs_items(to_json(\(path)))"
    let places = position.map { ", unnest(range(len(\(items)))) AS \(quoted($0))" } ?? ""
    return "LATERAL (SELECT unnest(\(items)) AS \(quoted(value))\(places)) AS \(quoted(value))"
  }

  private mutating func function(
    _ call: FunctionCall, alias: Identifier, columns: [Identifier]?
  ) throws(SQLError) -> String {
    relations.append(VisibleRelation(alias: key(alias), table: []))
    let arguments = try list(call.arguments)
    switch call.name.key {
    case "generate_series":
      let column = columns ?? [alias]
      return "(SELECT unnest(generate_series(\(arguments)))) AS \(quoted(alias))\(names(column))"
    case "unnest" where call.arguments.count == 1:
      let column = columns ?? [alias]
      return "(SELECT unnest(\(arguments))) AS \(quoted(alias))\(names(column))"
    case "split_to_array", "array", "json_parse", "subarray", "array_concat":
      return try array(try text(self.node(call)), value: columns?.first ?? alias, position: nil)
    case "pg_get_late_binding_view_cols" where call.arguments.isEmpty:
      let columns = columns ?? ["view_schema", "view_name", "col_name", "col_type", "col_num"].map { Identifier($0) }
      return "(\(try text(RedshiftParser.query(Self.lateBindingColumns)))) AS \(quoted(alias))\(names(columns))"
    default:
      // `FROM current_database()`: one row.
      if call.arguments.isEmpty, let value = names.sessionValue(call.name.key) {
        return "(SELECT \(value) AS \(quoted(alias))) AS \(quoted(alias))\(names(columns))"
      }
      if let name = names.function(call.name, arguments: call.arguments.count) {
        return "\(name)(\(arguments)) AS \(quoted(alias))\(names(columns))"
      }
      throw SQLError(
        .functionNotFound, "function \(call.name)(\(call.arguments.isEmpty ? "" : "…")) does not exist",
        at: call.name.position)
    }
  }

  private func node(_ call: FunctionCall) -> Expression {
    Expression(id: 0, position: call.name.position, kind: .call(call))
  }

  private mutating func text(_ pivot: Pivot) throws(SQLError) -> String {
    let before = relations.count
    let source = try text(pivot.source)
    // Within PIVOT an aggregate stands alone: what it gives is made Redshift's type afterwards.
    let types = pivot.aggregates.map { type(of: $0.call) }
    relations.removeLast(relations.count - before)
    defer { define(alias: "", nil) }
    var replaced: [String] = []
    var aggregates: [String] = []
    for aggregate in pivot.aggregates {
      let alias = aggregate.alias.map { " AS \(quoted($0))" } ?? ""
      aggregates.append(try text(aggregate.call) + alias)
    }
    var values: [String] = []
    for value in pivot.values {
      let name: String
      if let alias = value.alias {
        name = key(alias)
      } else {
        switch value.value.kind {
        case .string(let text): name = keepsCase ? text : text.asciiLowercased
        case .integer(let text), .decimal(let text): name = text
        case .null: name = "null"
        default: name = ResultNames.name(of: value.value) ?? "?column?"
        }
      }
      values.append("\(try text(value.value)) AS \(Self.quoted(name))")
      for (aggregate, type) in zip(pivot.aggregates, types) {
        guard let type, Self.isNumber(type), case .call(let call) = aggregate.call.kind else { continue }
        let column = Self.quoted(aggregate.alias.map { "\(name)_\(key($0))" } ?? name)
        guard aggregate.alias != nil || pivot.aggregates.count == 1 else { continue }
        let value = call.name.key == "avg" && Self.isInteger(type) ? "trunc(\(column))" : column
        replaced.append("CAST(\(value) AS \(type.engineName)) AS \(column)")
      }
    }
    let replacing = replaced.isEmpty ? "" : " REPLACE (\(replaced.joined(separator: ", ")))"
    return "(SELECT *\(replacing) FROM \(source) "
      + "PIVOT (\(aggregates.joined(separator: ", ")) FOR \(try text(pivot.column)) IN "
      + "(\(values.joined(separator: ", ")))))"
  }

  private mutating func text(_ unpivot: Unpivot) throws(SQLError) -> String {
    let source = try text(unpivot.source)
    var columns: [String] = []
    for column in unpivot.columns {
      let alias = try column.alias.map { alias throws(SQLError) in " AS " + (try text(alias)) } ?? ""
      columns.append(quoted(column.column) + alias)
    }
    return "\(source) UNPIVOT \(unpivot.includesNulls ? "INCLUDE NULLS " : "")(\(quoted(unpivot.value)) FOR "
      + "\(quoted(unpivot.name)) IN (\(columns.joined(separator: ", "))))"
  }
}
