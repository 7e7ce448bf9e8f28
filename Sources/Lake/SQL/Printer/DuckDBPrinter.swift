/// Writes bound queries in DuckDB's SQL.
///
/// ```swift
/// let printer = DuckDBPrinter { reference in "read_parquet([…])" }
/// let sql = printer.print(bound.query)
/// ```
///
/// The text names no column but those of the relations that `relation` supplies; everything else is numbered
/// (`r3.c0`), so that no rule of DuckDB's on names is in the way. The functions of `TrinoMacros` must be registered.
public struct DuckDBPrinter {
  /// What stands in `FROM` for a table: a view's name or a table function, whose columns have the table's names in
  /// lower case (and the hidden ones that the statement uses) and the types of `SQLType.duckDBName`.
  let relation: (TableReference) -> String
  /// The recursive `WITH` query whose step is being written, and what it reads instead of the whole.
  var recursion: (number: Int, name: String)?
  let budget = PrintBudget()

  public init(relation: @escaping (TableReference) -> String) { self.relation = relation }

  /// The query with its result's columns named as Athena names them.
  /// - Throws: `SQLError` when its text would be too long: what DuckDB lacks is written with operands repeated, which
  ///   doubles the text with every level of nesting.
  public func print(_ query: BoundQuery) throws(SQLError) -> String {
    let text = self.query(query, names: query.columns.enumerated().map { $1.name ?? "_col\($0)" })
    guard !budget.isSpent else { throw SQLError(.statementTooLarge, "statement is too large") }
    return text
  }

  // MARK: Queries

  func query(_ query: BoundQuery, names: [String]?) -> String {
    var text = ""
    if !query.common.isEmpty {
      text += "WITH " + query.common.flatMap(commonTable).joined(separator: ", ") + " "
    }
    if query.withTies { return text + ties(query, names) }
    switch query.body {
    case .select(let select):
      text += self.select(select, names)
      text += orderBy(query.orderBy)
    case .values, .setOperation, .query:
      guard names != nil || !query.orderBy.isEmpty || query.limit != nil || query.offset != nil else {
        return text + body(query.body)
      }
      let columns = query.columns.indices.map { index in
        "q.c\(index)" + (names.map { " AS " + DuckDBText.identifier($0[index]) } ?? "")
      }
      text += "SELECT \(columns.joined(separator: ", ")) FROM (\(body(query.body))) AS q(\(columnList(columns.count)))"
      text += orderBy(query.orderBy)
    }
    if let limit = query.limit { text += " LIMIT \(limit)" }
    if let offset = query.offset { text += " OFFSET \(offset)" }
    return text
  }

  func columnList(_ count: Int) -> String { (0..<count).map { "c\($0)" }.joined(separator: ", ") }

  /// `WITH TIES`: rows whose rank by the order is within the limit.
  private func ties(_ query: BoundQuery, _ names: [String]?) -> String {
    let width = query.columns.count
    let columns = (0..<width).map { index in
      "q.c\(index)" + (names.map { " AS " + DuckDBText.identifier($0[index]) } ?? "")
    }.joined(separator: ", ")
    // The keys ride along as further columns, so that they can be ranked by.
    var keys: [String] = []
    var inner = query
    inner.common = []
    inner.limit = nil
    inner.orderBy = []
    inner.withTies = false
    if case .select(var select) = inner.body, !select.distinct {
      for sort in query.orderBy {
        switch sort.key {
        case .ordinal(let number): keys.append("q.c\(number - 1)" + direction(sort))
        case .expression(let value):
          keys.append("q.c\(select.items.count)" + direction(sort))
          select.items.append(value)
          inner.columns.append(OutputColumn(name: nil, type: value.type))
        }
      }
      inner.body = .select(select)
    } else {
      for sort in query.orderBy {
        if case .ordinal(let number) = sort.key { keys.append("q.c\(number - 1)" + direction(sort)) }
      }
    }
    let order = keys.joined(separator: ", ")
    let first = query.offset ?? 0
    let list = columnList(inner.columns.count)
    // The ranks are counted after the offset: its rows are passed by number.
    return "SELECT \(columns) FROM (SELECT *, row_number() OVER (ORDER BY \(order)) AS place FROM "
      + "(\(self.query(inner, names: nil))) AS q(\(list))) AS q WHERE place > \(first) "
      + "QUALIFY rank() OVER (ORDER BY \(order)) <= \(query.limit ?? 1) ORDER BY \(order)"
  }

  private func body(_ body: BoundBody) -> String {
    switch body {
    case .select(let select): return self.select(select, nil)
    case .query(let inner): return query(inner, names: nil)
    case .values(let rows):
      return "VALUES " + rows.map { "(" + $0.map(expression).joined(separator: ", ") + ")" }.joined(separator: ", ")
    case .setOperation(let operation, let all, let terms):
      return terms.map { "(\(query($0, names: nil)))" }.joined(separator: " \(operation.rawValue)\(all ? " ALL" : "") ")
    }
  }

  func orderBy(_ sorts: [BoundSort]) -> String {
    guard !sorts.isEmpty else { return "" }
    return " ORDER BY " + sorts.map(sort).joined(separator: ", ")
  }

  func sort(_ sort: BoundSort) -> String {
    switch sort.key {
    case .ordinal(let number): return "\(number)" + direction(sort)
    case .expression(let value):
      // A bare number would be read as a column's place.
      return (Self.isConstant(value) ? "(SELECT \(expression(value)))" : expression(value)) + direction(sort)
    }
  }

  private func direction(_ sort: BoundSort) -> String {
    (sort.descending ? " DESC" : " ASC") + (sort.nullsFirst ? " NULLS FIRST" : " NULLS LAST")
  }

  static func isConstant(_ value: BoundExpression) -> Bool {
    switch value.kind {
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .text, .interval: true
    default: false
    }
  }

  // MARK: SELECT

  private func select(_ select: BoundSelect, _ names: [String]?) -> String {
    var text = select.distinct ? "SELECT DISTINCT " : "SELECT "
    text += select.items.enumerated().map { index, item in
      expression(item) + (names.map { " AS " + DuckDBText.identifier($0[index]) } ?? "")
    }.joined(separator: ", ")
    if let from = select.from { text += " FROM " + self.from(from) }
    if let filter = select.filter { text += " WHERE " + expression(filter) }
    if let sets = select.groupingSets { text += groupBy(sets, select) }
    if let having = select.having { text += " HAVING " + expression(having) }
    return text
  }

  private func groupBy(_ sets: [[BoundExpression]], _ select: BoundSelect) -> String {
    func key(_ value: BoundExpression) -> String {
      Self.isConstant(value) ? "(SELECT \(expression(value)))" : expression(value)
    }
    if sets.count == 1 {
      if sets[0].isEmpty {
        let aggregates = select.items.contains { $0.contains(where: \.isAggregate) } || select.having != nil
        return aggregates ? "" : " GROUP BY GROUPING SETS (())"
      }
      return " GROUP BY " + sets[0].map(key).joined(separator: ", ")
    }
    return " GROUP BY GROUPING SETS ("
      + sets.map { "(" + $0.map(key).joined(separator: ", ") + ")" }.joined(separator: ", ")
      + ")"
  }

  // MARK: FROM

  private func from(_ relation: BoundRelation) -> String {
    switch relation {
    case .table(let reference): return "\(self.relation(reference)) AS r\(reference.relation)"
    case .derived(let query, let number, let lateral):
      return (lateral ? "LATERAL " : "")
        + "(\(self.query(query, names: nil))) AS r\(number)(\(columnList(query.columns.count)))"
    case .common(let common, let number, let columns):
      let name = recursion?.number == common ? recursion?.name : nil
      return "\(name ?? "w\(common)") AS r\(number)(\(columnList(columns)))"
    case .unnest(let unnest): return self.unnest(unnest)
    case .sampled(let inner, let method, let percentage):
      return "\(from(inner)) TABLESAMPLE \(method.rawValue)(\(percentage) PERCENT)"
    case .join(let kind, let left, let right, let condition):
      let leftText = from(left)
      var rightText = from(right)
      if case .join = right { rightText = "(\(rightText))" }
      guard let condition else { return "\(leftText) CROSS JOIN \(rightText)" }
      return "\(leftText) \(kind.rawValue) JOIN \(rightText) ON \(expression(condition))"
    }
  }

  /// Arrays side by side, the shorter filled with nulls; maps as two columns, rows as one for each field.
  private func unnest(_ unnest: BoundUnnest) -> String {
    var inner: [String] = []
    var outer: [String] = []
    var lengths: [String] = []
    for (index, item) in unnest.items.enumerated() {
      let text = expression(item)
      switch item.type {
      case .map:
        inner.append("unnest(map_entries(\(text))) AS e\(index)")
        lengths.append("len(map_entries(\(text)))")
        outer += ["e\(index).key", "e\(index).value"]
      case .array(.row(let fields)):
        inner.append("unnest(\(text)) AS e\(index)")
        lengths.append("len(\(text))")
        for (place, field) in fields.enumerated() {
          outer.append("struct_extract(e\(index), \(DuckDBText.string(field.name ?? "field\(place)")))")
        }
      default:
        inner.append("unnest(\(text)) AS e\(index)")
        lengths.append("len(\(text))")
        outer.append("e\(index)")
      }
    }
    if unnest.ordinality {
      let length = lengths.count == 1 ? lengths[0] : "greatest(\(lengths.joined(separator: ", ")))"
      inner.append("unnest(range(1, \(length) + 1)) AS o")
      outer.append("o")
    }
    return "LATERAL (SELECT \(outer.joined(separator: ", ")) FROM (SELECT \(inner.joined(separator: ", ")))) "
      + "AS r\(unnest.relation)(\(columnList(outer.count)))"
  }
}
