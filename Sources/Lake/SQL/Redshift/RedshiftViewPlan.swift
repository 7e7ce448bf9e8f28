/// How a materialized view's rows can follow those of its tables without being computed anew. Source: Redshift,
/// "Refreshing a materialized view": SELECT, FROM, INNER JOIN, WHERE, GROUP BY, SUM, COUNT, MIN, MAX.
public struct RedshiftViewPlan: Sendable {
  public enum Step: Hashable, Sendable {
    /// Rows of the view for new rows of its tables are added to those that are there.
    case append
    /// Groups of new rows are added to the groups that are there; one part for each column.
    case merge([Part])
    /// All is computed from the beginning.
    case recompute
  }
  public enum Part: Hashable, Sendable {
    case key, sum, count, least, greatest
  }

  public private(set) var step: Step
  /// Functions of the moment, or of chance: no two refreshes give the same.
  public private(set) var isMutable: Bool
  /// The tables of FROM, each as it is named there.
  public private(set) var tables: [QualifiedName] = []

  public init(_ query: Query) {
    let references = RedshiftReferences(query)
    isMutable =
      references.functions.contains { Self.mutable.contains($0.key) } || Self.hasMoment(query)
    step = .recompute
    step = plan(query) ?? .recompute
  }

  private static let mutable: Set<String> = [
    "getdate", "sysdate", "now", "timeofday", "random", "current_user", "current_user_id", "session_user", "user",
    "current_schema", "current_schemas", "current_setting", "pg_backend_pid", "statement_timestamp", "current_date",
  ]
  private static let aggregates: Set<String> = [
    "sum", "count", "min", "max", "avg", "median", "listagg", "string_agg", "stddev", "stddev_samp", "stddev_pop",
    "variance", "var_samp", "var_pop", "percentile_cont", "percentile_disc", "approximate_percentile_disc", "any_value",
    "bool_and", "bool_or", "bit_and", "bit_or", "every", "array_agg", "hll", "hll_create_sketch", "hll_combine",
    "ratio_to_report",
  ]

  private static func hasMoment(_ query: Query) -> Bool {
    guard case .select(let select) = query.body else { return false }
    var all: [Expression] = select.filter.map { [$0] } ?? []
    for case .expression(let value, _) in select.items { all.append(value) }
    return all.contains { contains($0) { if case .current = $0.kind { true } else { false } } }
  }

  private static func contains(_ expression: Expression, _ test: (Expression) -> Bool) -> Bool {
    test(expression) || expression.children.contains { contains($0, test) }
  }

  /// Whether rows can be looked at one by one: no query within, no window, no aggregate.
  private static func isPlain(_ expression: Expression) -> Bool {
    !contains(expression) { part in
      if !part.queries.isEmpty { return true }
      guard case .call(let call) = part.kind else { return false }
      return call.window != nil || aggregates.contains(call.name.key)
    }
  }

  private mutating func plan(_ query: Query) -> Step? {
    guard query.with == nil, query.orderBy.isEmpty, query.limit == nil, query.offset == nil,
      case .select(let select) = query.body, !select.distinct, select.having == nil, select.qualify == nil,
      select.top == nil, select.windows.isEmpty, !select.from.isEmpty
    else { return nil }
    if let filter = select.filter, !Self.isPlain(filter) || RedshiftPrinter.hasOuterMark(filter) { return nil }
    for relation in select.from {
      guard collect(relation) else { return nil }
    }
    let hasAggregates = select.items.contains { item in
      if case .expression(let value, _) = item { !Self.isPlain(value) } else { false }
    }
    guard select.groupBy != nil || hasAggregates else { return .append }
    return parts(select)
  }

  /// - Returns: whether only tables and inner joins are in it.
  private mutating func collect(_ relation: Relation) -> Bool {
    switch relation.kind {
    case .table(let name):
      tables.append(name)
      return true
    case .aliased(let inner, _, _):
      guard case .table(let name) = inner.kind else { return false }
      tables.append(name)
      return true
    case .join(let join):
      guard join.kind == .inner || join.kind == .cross else { return false }
      if case .on(let condition) = join.criteria, !Self.isPlain(condition) { return false }
      return collect(join.left) && collect(join.right)
    default: return false
    }
  }

  private func parts(_ select: Select) -> Step? {
    var keys: [(value: Expression, alias: Identifier?)] = []
    var parts: [Part] = []
    for item in select.items {
      guard case .expression(let value, let alias) = item, value.queries.isEmpty else { return nil }
      if Self.isPlain(value) {
        keys.append((value, alias))
        parts.append(.key)
        continue
      }
      guard case .call(let call) = value.kind, call.window == nil, !call.distinct, !call.approximate,
        call.withinGroup.isEmpty, call.arguments.allSatisfy({ Self.isPlain($0) }),
        call.filter.map({ Self.isPlain($0) }) ?? true
      else { return nil }
      switch call.name.key {
      case "sum": parts.append(.sum)
      case "count": parts.append(.count)
      case "min": parts.append(.least)
      case "max": parts.append(.greatest)
      default: return nil
      }
    }
    // Every group must be told from the others by the view's own columns.
    for element in select.groupBy?.elements ?? [] {
      guard case .simple(let items) = element else { return nil }
      for item in items {
        if case .integer(let text) = item.kind, let number = Int(text) {
          guard (1...parts.count).contains(number), parts[number - 1] == .key else { return nil }
          continue
        }
        let shown = Self.shown(item)
        let isKey = keys.contains { key in
          if case .identifier(let name) = item.kind, key.alias?.key == name.key { return true }
          return shown != nil && Self.shown(key.value) == shown
        }
        guard isKey else { return nil }
      }
    }
    return .merge(parts)
  }

  /// An expression as one text, whatever stood where.
  private static func shown(_ expression: Expression) -> String? {
    try? RedshiftPrinter(names: NoNames()).expression(expression)
  }

  private struct NoNames: RedshiftNames {
    func source(_ name: QualifiedName) throws(SQLError) -> String { name.description }
    func target(_ name: QualifiedName) throws(SQLError) -> String { name.description }
    func columns(_ name: QualifiedName) throws(SQLError) -> [RedshiftKnownColumn]? { nil }
    func function(_ name: QualifiedName, arguments: Int) -> String? { nil }
    func sessionValue(_ name: String) -> String? { nil }
  }
}
