/// Expressions for DuckDB.
extension DuckDBPrinter {
  func expression(_ value: BoundExpression) -> String {
    guard budget.beginExpression() else { return "NULL" }
    let text = plain(value)
    return budget.admits(text) ? text : "NULL"
  }

  private func plain(_ value: BoundExpression) -> String {
    switch value.kind {
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .text, .interval: return literal(value)
    case .column(let column): return "r\(column.relation).\(DuckDBText.identifier(column.name))"
    case .variable(let number): return "v\(number)"
    case .call(let call): return self.call(call)
    case .aggregate(let aggregate): return self.aggregate(aggregate, over: "", nulls: "")
    case .window(let window): return self.window(window)
    case .cast(let inner, let safe): return cast(inner, to: value.type, safe: safe)
    case .arithmetic: return arithmetic(value)
    case .negative(let inner): return "(-\(expression(inner)))"
    case .concatenation(let items): return "(" + items.map(expression).joined(separator: " || ") + ")"
    case .comparison(let operation, let left, let right):
      return "(\(expression(left)) \(operation.rawValue) \(expression(right)))"
    case .distinct(let left, let right, let negated):
      return "(\(expression(left)) IS \(negated ? "NOT " : "")DISTINCT FROM \(expression(right)))"
    case .logical(let operation, let terms):
      return "(" + terms.map(expression).joined(separator: " \(operation.rawValue) ") + ")"
    case .not(let inner): return "(NOT \(expression(inner)))"
    case .between(let inner, let low, let high):
      return "(\(expression(inner)) BETWEEN \(expression(low)) AND \(expression(high)))"
    case .inList(let inner, let items):
      return "(\(expression(inner)) IN (" + items.map(expression).joined(separator: ", ") + "))"
    case .like(let inner, let pattern, let escape):
      return "(\(expression(inner)) LIKE \(expression(pattern))\(escape.map { " ESCAPE " + expression($0) } ?? ""))"
    case .isNull(let inner): return "(\(expression(inner)) IS NULL)"
    case .caseOf(let whens, let otherwise):
      let body = whens.map { " WHEN \(expression($0.condition)) THEN \(expression($0.result))" }.joined()
      return "(CASE\(body)\(otherwise.map { " ELSE " + expression($0) } ?? "") END)"
    case .coalesce(let items): return "coalesce(" + items.map(expression).joined(separator: ", ") + ")"
    case .nullIf(let left, let right): return "nullif(\(expression(left)), \(expression(right)))"
    case .attempt(let inner): return attempt(inner)
    case .array(let items):
      guard !items.isEmpty else { return "CAST([] AS \(value.type.duckDBName))" }
      return "[" + items.map(expression).joined(separator: ", ") + "]"
    case .row(let items): return row(items, value.type)
    case .field(let inner, let index):
      guard case .row(let fields) = inner.type, index < fields.count else { return "NULL" }
      return "struct_extract(\(expression(inner)), \(DuckDBText.string(fields[index].name ?? "field\(index)")))"
    case .lambda(let variables, let body):
      return "lambda " + variables.map { "v\($0)" }.joined(separator: ", ") + ": \(expression(body))"
    case .subquery(let query):
      guard query.columns.count > 1 else { return "(\(self.query(query, names: nil)))" }
      let fields = query.columns.enumerated().map { "\(DuckDBText.string($1.name ?? "field\($0)")): q.c\($0)" }
      return
        "(SELECT {\(fields.joined(separator: ", "))} FROM (\(self.query(query, names: nil))) AS "
        + "q(\(columnList(query.columns.count))))"
    case .exists(let query): return "EXISTS (\(self.query(query, names: nil)))"
    case .inSubquery(let inner, let query): return "(\(subject(inner, query)) IN (\(self.query(query, names: nil))))"
    case .quantified(let operation, let inner, let quantifier, let query):
      let word = quantifier == .all ? "ALL" : "ANY"
      return "(\(subject(inner, query)) \(operation.rawValue) \(word) (\(self.query(query, names: nil))))"
    case .grouping(let items):
      return "CAST(GROUPING(" + items.map(expression).joined(separator: ", ") + ") AS \(value.type.duckDBName))"
    }
  }

  /// A row beside a query of several columns is written as a list.
  private func subject(_ value: BoundExpression, _ query: BoundQuery) -> String {
    if query.columns.count > 1, case .row(let items) = value.kind {
      return "(" + items.map(expression).joined(separator: ", ") + ")"
    }
    return expression(value)
  }

  func row(_ items: [BoundExpression], _ type: SQLType) -> String {
    guard case .row(let fields) = type else { return "NULL" }
    return "{"
      + zip(fields, items).enumerated().map { index, pair in
        "\(DuckDBText.string(pair.0.name ?? "field\(index)")): \(expression(pair.1))"
      }.joined(separator: ", ") + "}"
  }

  /// `TRY` does not take aggregates, subqueries or functions without a fixed answer; those cannot fail by themselves.
  private func attempt(_ inner: BoundExpression) -> String {
    let refused = inner.contains { value in
      switch value.kind {
      case .aggregate, .window, .subquery, .exists, .inSubquery, .quantified: true
      case .call(let call): ["random", "rand", "uuid", "shuffle"].contains(call.name)
      default: false
      }
    }
    return refused ? expression(inner) : "TRY(\(expression(inner)))"
  }

  // MARK: Literals

  private func literal(_ value: BoundExpression) -> String {
    switch value.kind {
    case .null: return value.type == .unknown ? "NULL" : "CAST(NULL AS \(value.type.duckDBName))"
    case .boolean(let flag): return flag ? "true" : "false"
    case .integer(let number):
      // To DuckDB the least integer is a bigint with a sign before it.
      if value.type == .integer && number != Int64(Int32.min)
        || (value.type == .bigint && Int32(exactly: number) == nil)
      {
        return number == .min ? "CAST('\(number)' AS BIGINT)" : number < 0 ? "(\(number))" : "\(number)"
      }
      return "CAST(\(number == .min ? "'\(number)'" : "\(number)") AS \(value.type.duckDBName))"
    case .decimal(let text): return "CAST('\(text)' AS \(value.type.duckDBName))"
    case .double(let number):
      if number.isNaN { return "CAST('NaN' AS \(value.type.duckDBName))" }
      if number.isInfinite { return "CAST('\(number < 0 ? "-" : "")Infinity' AS \(value.type.duckDBName))" }
      return "CAST('\(number)' AS \(value.type.duckDBName))"
    case .string(let text):
      let literal = DuckDBText.string(text)
      if case .char(let length) = value.type { return "rpad(\(literal), \(length), ' ')" }
      return value.type.isString ? literal : "CAST(\(literal) AS \(value.type.duckDBName))"
    case .binary(let bytes):
      return "'" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
        + "'::BLOB"
    case .text(let text):
      switch value.type {
      case .timestampWithTimeZone: return "CAST('\(text)+00' AS TIMESTAMPTZ)"
      case .timeWithTimeZone:
        return "CAST('\(text)\(text.dropFirst().contains { $0 == "+" || $0 == "-" } ? "" : "+00")' AS TIMETZ)"
      default: return "CAST('\(text)' AS \(value.type.duckDBName))"
      }
    case .interval(let months, let micros):
      return value.type == .intervalYearToMonth ? "to_months(\(months))" : "to_microseconds(\(micros))"
    default: return "NULL"
    }
  }

  // MARK: Arithmetic

  /// The left spine in a loop, so that a long chain costs no stack.
  private func arithmetic(_ value: BoundExpression) -> String {
    var links: [BoundExpression] = []
    var first = value
    while case .arithmetic(_, let left, _) = first.kind {
      links.append(first)
      first = left
    }
    var text = expression(first)
    for link in links.reversed() {
      guard case .arithmetic(let operation, let left, let right) = link.kind else { continue }
      text = binary(operation, left, text, right, link.type)
    }
    return text
  }

  private func binary(
    _ operation: ArithmeticOperator, _ left: BoundExpression, _ leftText: String, _ right: BoundExpression,
    _ type: SQLType
  ) -> String {
    let rightText = expression(right)
    if type.isInteger, operation == .divide || operation == .modulus {
      let sign = operation == .divide ? "//" : "%"
      if case .integer(let number) = right.kind, number != 0 { return "(\(leftText) \(sign) \(rightText))" }
      return
        "(CASE WHEN \(rightText) = 0 THEN trino_fail('DIVISION_BY_ZERO', 'Division by zero') ELSE \(leftText) \(sign) "
        + "\(rightText) END)"
    }
    if case .decimal(let precision, let scale) = type {
      switch operation {
      case .divide: return decimalDivision(left.type, leftText, right.type, rightText, precision, scale)
      case .modulus:
        return
          "(CASE WHEN \(rightText) = 0 THEN trino_fail('DIVISION_BY_ZERO', 'Division by zero') ELSE \(leftText) % "
          + "\(rightText) END)"
      default: return "(\(leftText) \(operation.rawValue) \(rightText))"
      }
    }
    if left.type.isDateTime, right.type.isInterval { return shifted(operation, left, leftText, right, rightText) }
    if type == .intervalDayToSecond {
      switch (left.type, right.type) {
      case (.date, .date): return "to_microseconds((\(leftText) - \(rightText)) * 86400000000)"
      case (.time, .time):
        return "to_microseconds(epoch_us(\(leftText)) - epoch_us(\(rightText)))"
      case (_, _) where left.type.isDateTime: return "to_microseconds(epoch_us(\(leftText)) - epoch_us(\(rightText)))"
      case (_, _) where operation == .multiply || operation == .divide:
        // Trino's intervals count whole milliseconds.
        return
          "to_microseconds(CAST(round(trino_interval_ms(\(leftText)) \(operation.rawValue) CAST(\(rightText) AS "
          + "DOUBLE)) AS BIGINT) * 1000)"
      default: break
      }
    }
    if type == .intervalYearToMonth, operation == .multiply || operation == .divide {
      return
        "to_months(CAST(round(trino_interval_months(\(leftText)) \(operation.rawValue) CAST(\(rightText) AS DOUBLE)) "
        + "AS INTEGER))"
    }
    return "(\(leftText) \(operation.rawValue) \(rightText))"
  }

  private func shifted(
    _ operation: ArithmeticOperator, _ left: BoundExpression, _ leftText: String, _ right: BoundExpression,
    _ rightText: String
  ) -> String {
    let sum = "(\(leftText) \(operation.rawValue) \(rightText))"
    switch left.type {
    case .date: return "CAST(\(sum) AS DATE)"
    case .timestampWithTimeZone(_, .named) where right.type == .intervalYearToMonth:
      // Months are counted on the clock of the value's own zone.
      return moment("(\(local(left)) \(operation.rawValue) \(rightText))", left.type)
    default: return sum
    }
  }

  /// Exact, rounded half away from zero, over the unscaled numbers.
  private func decimalDivision(
    _ leftType: SQLType, _ left: String, _ rightType: SQLType, _ right: String, _ precision: Int, _ scale: Int
  ) -> String {
    guard case .decimal(_, let leftScale) = leftType, case .decimal(_, let rightScale) = rightType else {
      return "(\(left) / \(right))"
    }
    func unscaled(_ text: String, _ scale: Int) -> String {
      scale == 0 ? "CAST(\(text) AS HUGEINT)" : "CAST(\(text) * \(power(scale)) AS HUGEINT)"
    }
    let shift = scale - leftScale + rightScale
    let numerator = unscaled(left, leftScale) + (shift > 0 ? " * \(power(shift))" : "")
    let quotient = "CAST(trino_divide(\(numerator), \(unscaled(right, rightScale))) AS DECIMAL(38,0))"
    guard scale > 0 else { return "CAST(\(quotient) AS DECIMAL(\(precision),0))" }
    return
      "CAST(\(quotient) * CAST('\(fraction(scale))' AS DECIMAL(\(scale),\(scale))) AS DECIMAL(\(precision),\(scale)))"
  }

  private func power(_ exponent: Int) -> String {
    let digits = "1" + String(repeating: "0", count: exponent)
    return exponent > 18 ? "CAST('\(digits)' AS HUGEINT)" : digits
  }
  private func fraction(_ scale: Int) -> String { "0." + String(repeating: "0", count: scale - 1) + "1" }

  // MARK: Time zones

  /// A moment's date and time on the clock of its zone, as TIMESTAMP; other types as they are.
  func local(_ value: BoundExpression) -> String {
    guard case .timestampWithTimeZone(_, let zone) = value.type else { return expression(value) }
    return clock(expression(value), zone)
  }

  func clock(_ moment: String, _ zone: TimeZoneName) -> String {
    guard case .named(let name) = zone else { return "timezone('UTC', \(moment))" }
    if let minutes = Literals.minutes(of: name) { return "(timezone('UTC', \(moment)) + to_minutes(\(minutes)))" }
    return "timezone(\(DuckDBText.string(name)), \(moment))"
  }

  /// The moment at which clocks of the type's zone show this date and time.
  func moment(_ local: String, _ type: SQLType) -> String {
    guard case .timestampWithTimeZone(_, .named(let name)) = type else { return "timezone('UTC', \(local))" }
    if let minutes = Literals.minutes(of: name) { return "timezone('UTC', \(local) - to_minutes(\(minutes)))" }
    return "timezone(\(DuckDBText.string(name)), \(local))"
  }

  // MARK: Calls

  func call(_ call: BoundCall) -> String {
    switch call.form {
    case .template(let template): return expand(template, call, distinct: "", orderBy: "", tail: "", nulls: "")
    case .builder(let name):
      guard let builder = DuckDBBuilders.all[name] else { return "trino_fail('NOT_SUPPORTED', '\(call.name)')" }
      return builder(self, call)
    }
  }

  /// `{0}` an argument, `{0L}` it on its own zone's clock, `{*}` all; for aggregates `{D}` is DISTINCT, `{O}` the
  /// order, `{N}` what is done with nulls, `{F}` the filter and window. `{Z:…}` gives a moment in the first
  /// argument's zone.
  private func expand(
    _ template: String, _ call: BoundCall, distinct: String, orderBy: String, tail: String, nulls: String
  ) -> String {
    var result = ""
    var rest = Substring(template)
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      guard let close = rest[open...].firstIndex(of: "}") else { break }
      let mark = rest[rest.index(after: open)..<close]
      rest = rest[rest.index(after: close)...]
      switch mark {
      case "*": result += call.arguments.map(expression).joined(separator: ", ")
      case "D": result += distinct
      case "O": result += orderBy
      case "F": result += tail
      case "N": result += nulls
      default:
        if mark.hasSuffix("L"), let index = Int(mark.dropLast()), index < call.arguments.count {
          result += local(call.arguments[index])
        } else if mark.hasSuffix("*"), let index = Int(mark.dropLast()) {
          result += call.arguments.dropFirst(index).map(expression).joined(separator: ", ")
        } else if let index = Int(mark), index < call.arguments.count {
          result += expression(call.arguments[index])
        } else {
          result += "{\(mark)}"
        }
      }
    }
    return result + rest
  }

  func aggregate(_ aggregate: BoundAggregate, over: String, nulls: String) -> String {
    let distinct = aggregate.distinct ? "DISTINCT " : ""
    let order = orderBy(aggregate.orderBy)
    let filter = aggregate.filter.map { " FILTER (WHERE \(expression($0)))" } ?? ""
    switch aggregate.call.form {
    case .template(let template):
      return expand(
        template, aggregate.call, distinct: distinct, orderBy: order, tail: filter + over, nulls: nulls)
    case .builder(let name):
      guard let builder = DuckDBBuilders.aggregates[name] else {
        return "trino_fail('NOT_SUPPORTED', '\(aggregate.call.name)')"
      }
      return builder(self, aggregate, filter + over)
    }
  }

  private func window(_ window: BoundWindow) -> String {
    var parts: [String] = []
    if !window.partitionBy.isEmpty {
      parts.append("PARTITION BY " + window.partitionBy.map(expression).joined(separator: ", "))
    }
    if !window.orderBy.isEmpty { parts.append("ORDER BY " + window.orderBy.map(sort).joined(separator: ", ")) }
    if let frame = window.frame {
      let range = frame.unit == .range
      parts.append("\(frame.unit.rawValue) BETWEEN \(bound(frame.start, range)) AND \(bound(frame.end, range))")
    }
    let nulls = window.nulls == .ignore ? " IGNORE NULLS" : ""
    return aggregate(window.function, over: " OVER (\(parts.joined(separator: " ")))", nulls: nulls)
  }

  private func bound(_ bound: BoundFrame.Bound, _ range: Bool) -> String {
    switch bound {
    case .unboundedPreceding: "UNBOUNDED PRECEDING"
    case .preceding(let value): "\(expression(value)) PRECEDING"
    case .currentRow: "CURRENT ROW"
    case .following(let value): "\(expression(value)) FOLLOWING"
    case .unboundedFollowing: "UNBOUNDED FOLLOWING"
    }
  }
}
