internal import Kernel

/// Expressions: names, literals, predicates and conditionals.
extension Binder {
  func bind(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    try spend(at: expression.position)
    switch expression.kind {
    case .redshift: throw SQLError(.notSupported, "Not an expression of this language", at: expression.position)
    case .null, .boolean, .integer, .decimal, .double, .string, .binary, .typed, .interval, .current:
      return try literal(expression)
    case .parameter(let index):
      guard index < parameters.count else {
        throw SQLError(
          .invalidParameterUsage,
          "Incorrect number of parameters: expected \(index + 1) but found \(parameters.count)", at: expression.position
        )
      }
      return try bind(parameters[index], context)
    case .identifier, .dereference: return try name(expression, context)
    case .arithmetic, .concatenation: return try chain(expression, context)
    case .negative(let value): return try negative(expression, value, context)
    case .positive(let value):
      let bound = try bind(value, context)
      guard bound.type.isNumeric || bound.type == .unknown else {
        throw SQLError(
          .typeMismatch, "Unary '+' operator cannot by applied to \(bound.type) type", at: expression.position)
      }
      return bound
    case .comparison, .between, .inList, .like, .isNull, .isDistinct, .logical, .not:
      return try predicate(expression, context)
    case .inSubquery, .exists, .subquery, .quantified: return try subqueryExpression(expression, context)
    case .caseOf, .cast, .extract, .trim, .atTimeZone, .subscriptOf, .array, .row:
      return try structured(expression, context)
    case .call(let call): return try self.call(call, expression, context)
    case .lambda:
      throw SQLError(
        .typeMismatch, "Lambda expression should always be used inside a function", at: expression.position)
    case .grouping(let items):
      if let reason = context.aggregatesRefused {
        throw SQLError(
          .expressionNotScalar,
          "\(reason) cannot contain aggregations, window functions or grouping operations: "
            + "[\(TrinoText.expression(expression))]",
          at: expression.position)
      }
      var values: [BoundExpression] = []
      for item in items { values.append(try bind(item, context)) }
      return BoundExpression(values.count <= 31 ? .integer : .bigint, .grouping(values))
    }
  }

  // MARK: Names

  private func name(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    // a.b.c: the longest front that names a column; the rest are fields of rows.
    var parts: [Identifier] = []
    var base: Expression? = expression
    while let current = base {
      switch current.kind {
      case .identifier(let identifier):
        parts.insert(identifier, at: 0)
        base = nil
      case .dereference(let inner, let identifier):
        parts.insert(identifier, at: 0)
        base = inner
        continue
      default:
        let value = try bind(current, context)
        return try fields(of: value, parts[...], expression)
      }
      break
    }
    let keys = parts.map(\.key)
    if let variable = context.lambdaVariables.last(where: { $0.name == keys[0] }) {
      return try fields(of: BoundExpression(variable.type, .variable(variable.variable)), parts.dropFirst(), expression)
    }
    if keys.count == 1, let output = try self.output(keys[0], expression, context) { return output }
    var scope: Scope? = context.scope
    while let current = scope {
      // `a.b` is column b of relation a before it is field b of column a.
      for count in stride(from: min(keys.count - 1, 3), through: 0, by: -1) {
        let matches = current.matches(keys[..<count], keys[count])
        if matches.count > 1 {
          throw SQLError(
            .ambiguousName, "Column '\(TrinoText.expression(expression))' is ambiguous", at: expression.position)
        }
        if let match = matches.first {
          return try fields(of: use(match.value), parts.dropFirst(count + 1), expression)
        }
      }
      scope = current.parent
    }
    throw SQLError(
      .columnNotFound,
      "Column '\(TrinoText.name(parts))' cannot be resolved or requester is not authorized to access requested "
        + "resources",
      at: expression.position)
  }

  /// An output column that `ORDER BY` names; the columns of `FROM` are looked at only after these.
  private func output(
    _ key: String, _ expression: Expression, _ context: ExpressionContext
  ) throws(SQLError) -> BoundExpression? {
    let matches = context.outputs.filter { $0.name == key }
    guard let first = matches.first else { return nil }
    guard matches.allSatisfy({ $0.value == first.value }) else {
      throw SQLError(.ambiguousName, "Column '\(key)' is ambiguous", at: expression.position)
    }
    return first.value
  }

  /// Notes that a table's column is read.
  func use(_ value: BoundExpression) -> BoundExpression {
    if case .column(let column) = value.kind {
      uses[column.relation]?.insert(column.name)
    } else {
      for child in value.children { _ = use(child) }
    }
    return value
  }

  private func fields(
    of value: BoundExpression, _ path: ArraySlice<Identifier>, _ expression: Expression
  ) throws(SQLError) -> BoundExpression {
    var value = value
    for part in path {
      guard case .row(let fields) = value.type else {
        throw SQLError(
          .typeMismatch, "Expression \(TrinoText.expression(expression)) is not of type ROW", at: expression.position)
      }
      let matches = fields.indices.filter { fields[$0].name?.lowercased() == part.key }
      guard let index = matches.first else {
        throw SQLError(
          .columnNotFound,
          "Column '\(TrinoText.expression(expression))' cannot be resolved or requester is not authorized to access "
            + "requested resources",
          at: expression.position)
      }
      guard matches.count == 1 else {
        throw SQLError(.ambiguousName, "Ambiguous row field reference: \(part.text)", at: expression.position)
      }
      value = BoundExpression(fields[index].type, .field(value, index))
    }
    return value
  }

  // MARK: Literals

  private func literal(_ expression: Expression) throws(SQLError) -> BoundExpression {
    switch expression.kind {
    case .null: return BoundExpression(.unknown, .null)
    case .boolean(let value): return BoundExpression(.boolean, .boolean(value))
    case .integer(let text):
      guard let value = Int64(text) else {
        throw SQLError(.invalidLiteral, "Invalid numeric literal: \(text)", at: expression.position)
      }
      return BoundExpression(Int32(exactly: value) == nil ? .bigint : .integer, .integer(value))
    case .decimal(let text): return try Literals.decimal(text, at: expression.position)
    case .double(let text):
      guard let value = Double(text), value.isFinite else {
        throw SQLError(.invalidLiteral, "Invalid numeric literal: \(text)", at: expression.position)
      }
      return BoundExpression(.double, .double(value))
    case .string(let text):
      return BoundExpression(.varchar(length: text.unicodeScalars.count), .string(text))
    case .binary(let bytes): return BoundExpression(.varbinary, .binary(bytes))
    case .interval(let interval): return try Literals.interval(interval, at: expression.position)
    case .typed(let type, let text): return try Literals.typed(type, text, at: expression.position)
    case .current(let value, let precision): return current(value, precision)
    default: return BoundExpression(.unknown, .null)
    }
  }

  private func current(_ value: CurrentValue, _ precision: Int?) -> BoundExpression {
    let micros = session.now.nanoseconds.floorDivide(1000)
    let digits = min(6, max(0, precision ?? 3))
    let text = CivilText.text(microseconds: micros, digits: digits)
    switch value {
    case .date: return BoundExpression(.date, .text(String(text.prefix(10))))
    case .timestamp: return BoundExpression(.timestampTZ(precision ?? 3), .text(text))
    case .localTimestamp: return BoundExpression(.timestamp(precision: precision ?? 3), .text(text))
    case .time: return BoundExpression(.timeWithTimeZone(precision: precision ?? 3), .text(String(text.dropFirst(11))))
    case .localTime: return BoundExpression(.time(precision: precision ?? 3), .text(String(text.dropFirst(11))))
    case .user: return BoundExpression(.varcharUnbounded, .string(session.user))
    case .catalog: return BoundExpression(.varcharUnbounded, .string(session.catalog))
    case .schema: return BoundExpression(.varcharUnbounded, .string(session.database))
    }
  }

  // MARK: Predicates

  private func predicate(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    let position = expression.position
    switch expression.kind {
    case .logical(let operation, let terms):
      var bound: [BoundExpression] = []
      for term in terms {
        bound.append(
          try condition(
            try bind(term, context), "Logical expression term must evaluate to a boolean", at: term.position))
      }
      return BoundExpression(.boolean, .logical(operation, bound))
    case .not(let term):
      let bound = try condition(
        try bind(term, context), "Value of logical NOT expression must evaluate to a boolean", at: term.position)
      return BoundExpression(.boolean, .not(bound))
    case .comparison(let operation, let left, let right):
      return try comparison(operation, try bind(left, context), try bind(right, context), at: position)
    case .isDistinct(let left, let right, let negated):
      let (left, right) = (try bind(left, context), try bind(right, context))
      guard let type = TypeCoercion.common(left.type, right.type), type.isComparable else {
        throw SQLError(
          .typeMismatch, "Cannot apply operator: \(left.type) IS DISTINCT FROM \(right.type)", at: position)
      }
      return BoundExpression(
        .boolean, .distinct(coerce(left, to: type), coerce(right, to: type), negated: negated))
    case .between(let value, let low, let high, let negated):
      let items = [try bind(value, context), try bind(low, context), try bind(high, context)]
      var type = items[0].type
      for item in items.dropFirst() {
        guard let common = TypeCoercion.common(type, item.type), common.isOrderable else {
          throw SQLError(
            .typeMismatch,
            "Cannot check if \(items[0].type) is BETWEEN \(items[1].type) and \(items[2].type)", at: position)
        }
        type = common
      }
      let test = BoundExpression(
        .boolean, .between(coerce(items[0], to: type), coerce(items[1], to: type), coerce(items[2], to: type)))
      return negated ? BoundExpression(.boolean, .not(test)) : test
    case .inList(let value, let items, let negated):
      var bound = [try bind(value, context)]
      for item in items { bound.append(try bind(item, context)) }
      let (type, values) = try unify(bound, at: position) { left, right in
        "IN value and list items must be the same type or coercible to a common type. Cannot find common type between "
          + "\(left) and \(right)"
      }
      guard type.isComparable else {
        throw SQLError(.typeMismatch, "Type \(type) is not comparable", at: position)
      }
      let test = BoundExpression(.boolean, .inList(values[0], Array(values.dropFirst())))
      return negated ? BoundExpression(.boolean, .not(test)) : test
    case .like(let value, let pattern, let escape, let negated):
      let subject = try bind(value, context)
      guard subject.type.isString || subject.type == .unknown else {
        throw SQLError(
          .typeMismatch, "Left side of LIKE expression must evaluate to a varchar (actual: \(subject.type))",
          at: value.position)
      }
      let patternValue = try bind(pattern, context)
      guard patternValue.type.isString || patternValue.type == .unknown else {
        throw SQLError(
          .typeMismatch, "Pattern for LIKE expression must evaluate to a varchar (actual: \(patternValue.type))",
          at: pattern.position)
      }
      var escapeValue: BoundExpression?
      if let escape {
        let bound = try bind(escape, context)
        guard bound.type.isString || bound.type == .unknown else {
          throw SQLError(
            .typeMismatch, "Escape for LIKE expression must evaluate to a varchar (actual: \(bound.type))",
            at: escape.position)
        }
        if case .string(let text) = bound.kind, text.count != 1 {
          throw SQLError(.invalidFunctionArgument, "Escape string must be a single character")
        }
        escapeValue = bound
      }
      let test = BoundExpression(
        .boolean,
        .like(
          coerce(subject, to: .varcharUnbounded), pattern: coerce(patternValue, to: .varcharUnbounded),
          escape: escapeValue))
      return negated ? BoundExpression(.boolean, .not(test)) : test
    case .isNull(let value, let negated):
      let test = BoundExpression(.boolean, .isNull(try bind(value, context)))
      return negated ? BoundExpression(.boolean, .not(test)) : test
    default: throw SQLError(.genericInternalError, "not a predicate", at: position)
    }
  }

  func comparison(
    _ operation: ComparisonOperator, _ left: BoundExpression, _ right: BoundExpression, at position: SourcePosition
  ) throws(SQLError) -> BoundExpression {
    let ordered = operation != .equal && operation != .notEqual
    guard let type = TypeCoercion.common(left.type, right.type), ordered ? type.isOrderable : type.isComparable else {
      // Trino looks for the operator of the pair: `<>` is the negation of `=`, `>` the mirror of `<`.
      let sign =
        switch operation {
        case .equal, .notEqual: "="
        case .less, .greater: "<"
        case .lessOrEqual, .greaterOrEqual: "<="
        }
      throw SQLError(.typeMismatch, "Cannot apply operator: \(left.type) \(sign) \(right.type)", at: position)
    }
    return BoundExpression(.boolean, .comparison(operation, coerce(left, to: type), coerce(right, to: type)))
  }

  // MARK: Subqueries

  private func subqueryExpression(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    let position = expression.position
    switch expression.kind {
    case .exists(let query): return BoundExpression(.boolean, .exists(try bind(query, outer: context.scope)))
    case .subquery(let query):
      let bound = try bind(query, outer: context.scope)
      guard bound.columns.count == 1 else {
        // Trino makes a row of several columns.
        let type = SQLType.row(bound.columns.map { .init($0.name, $0.type) })
        return BoundExpression(type, .subquery(bound))
      }
      return BoundExpression(bound.columns[0].type, .subquery(bound))
    case .inSubquery(let value, let query, let negated):
      let left = try bind(value, context)
      let bound = try bind(query, outer: context.scope)
      let (subject, converted) = try matched(left, bound, "IN", at: position)
      let test = BoundExpression(.boolean, .inSubquery(subject, converted))
      return negated ? BoundExpression(.boolean, .not(test)) : test
    case .quantified(let operation, let value, let quantifier, let query):
      let left = try bind(value, context)
      let bound = try bind(query, outer: context.scope)
      let (subject, converted) = try matched(left, bound, operation.rawValue, at: position)
      return BoundExpression(.boolean, .quantified(operation, subject, quantifier, converted))
    default: throw SQLError(.genericInternalError, "not a subquery", at: position)
    }
  }

  /// The two sides of a comparison with a subquery's rows, as one type.
  private func matched(
    _ left: BoundExpression, _ query: BoundQuery, _ sign: String, at position: SourcePosition
  ) throws(SQLError) -> (BoundExpression, BoundQuery) {
    if query.columns.count > 1, case .row(let fields) = left.type, fields.count == query.columns.count {
      var types: [SQLType] = []
      for (field, column) in zip(fields, query.columns) {
        guard let type = TypeCoercion.common(field.type, column.type) else {
          throw SQLError(
            .typeMismatch,
            "value and result of subquery must be of the same type for \(sign) expression: \(field.type) vs "
              + "\(column.type)",
            at: position)
        }
        types.append(type)
      }
      return (coerce(left, to: .row(types.map { .init(nil, $0) })), convert(query, to: types))
    }
    guard query.columns.count == 1 else {
      throw SQLError(
        .typeMismatch,
        "Multiple columns returned by subquery are not yet supported. Found \(query.columns.count)", at: position)
    }
    guard let type = TypeCoercion.common(left.type, query.columns[0].type), type.isComparable else {
      throw SQLError(
        .typeMismatch,
        "value and result of subquery must be of the same type for \(sign) expression: \(left.type) vs "
          + "\(query.columns[0].type)",
        at: position)
    }
    return (coerce(left, to: type), convert(query, to: [type]))
  }

  /// The query with its columns converted to these types.
  func convert(_ query: BoundQuery, to types: [SQLType]) -> BoundQuery {
    if zip(query.columns, types).allSatisfy({ $0.type.duckDBName == $1.duckDBName }) {
      var same = query
      for (index, type) in types.enumerated() { same.columns[index].type = type }
      return same
    }
    let relation = nextNumber()
    let items = query.columns.enumerated().map { index, column in
      coerce(
        BoundExpression(column.type, .column(.init(relation: relation, name: BoundRelation.column(index)))),
        to: types[index])
    }
    let select = BoundSelect(
      distinct: false, items: items, from: .derived(query, relation: relation, lateral: false), filter: nil,
      groupingSets: nil, having: nil)
    return BoundQuery(
      common: [], body: .select(select),
      columns: zip(query.columns, types).map { OutputColumn(name: $0.name, type: $1) },
      orderBy: [], offset: nil, limit: nil, withTies: false)
  }
}
