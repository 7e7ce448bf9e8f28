/// CASE, CAST, and what builds or opens arrays, maps and rows.
extension Binder {
  func structured(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    let position = expression.position
    switch expression.kind {
    case .caseOf(let operand, let whens, let otherwise):
      return try caseExpression(operand, whens, otherwise, position, context)
    case .cast(let value, let type, let safe):
      let bound = try bind(value, context)
      return try cast(bound, to: type, safe: safe, at: position)
    case .extract(let field, let value): return try extract(field, try bind(value, context), at: position)
    case .trim(let side, let characters, let source): return try trim(side, characters, source, position, context)
    case .atTimeZone(let value, let zone):
      return try atTimeZone(try bind(value, context), try bind(zone, context), at: position)
    case .subscriptOf(let base, let index):
      return try element(try bind(base, context), try bind(index, context), at: position)
    case .array(let items):
      var bound: [BoundExpression] = []
      for item in items { bound.append(try bind(item, context)) }
      let (type, values) = try unify(bound, at: position) { left, right in
        "All ARRAY elements must be the same type or coercible to a common type. Cannot find common type between "
          + "\(left) and \(right), all types (without duplicates): \(Self.list(bound))"
      }
      return BoundExpression(.array(type), .array(values))
    case .row(let items):
      var bound: [BoundExpression] = []
      for item in items { bound.append(try bind(item, context)) }
      return BoundExpression(.row(bound.map { .init(nil, $0.type) }), .row(bound))
    default: throw SQLError(.genericInternalError, "not a structured expression", at: position)
    }
  }

  /// `[integer, varchar(1)]`.
  static func list(_ values: [BoundExpression]) -> String {
    var seen: [String] = []
    for value in values where !seen.contains(value.type.description) { seen.append(value.type.description) }
    return "[" + seen.joined(separator: ", ") + "]"
  }

  // MARK: CASE

  private func caseExpression(
    _ operand: Expression?, _ whens: [When], _ otherwise: Expression?, _ position: SourcePosition,
    _ context: ExpressionContext
  ) throws -> BoundExpression {
    let subject = try operand.map { try bind($0, context) }
    var conditions: [BoundExpression] = []
    var results: [BoundExpression] = []
    for when in whens {
      let value = try bind(when.condition, context)
      if let subject {
        guard let type = TypeCoercion.common(subject.type, value.type), type.isComparable else {
          throw SQLError(
            .typeMismatch,
            "CASE operand type does not match WHEN clause operand type: \(subject.type) vs \(value.type)",
            at: when.condition.position)
        }
        conditions.append(
          BoundExpression(.boolean, .comparison(.equal, coerce(subject, to: type), coerce(value, to: type))))
      } else {
        conditions.append(
          try condition(value, "CASE WHEN clause must evaluate to a boolean", at: when.condition.position))
      }
      results.append(try bind(when.result, context))
    }
    if let otherwise { results.append(try bind(otherwise, context)) }
    let all = results
    let (type, values) = try unify(results, at: position) { left, right in
      "All CASE results must be the same type or coercible to a common type. Cannot find common type between "
        + "\(left) and \(right), all types (without duplicates): \(Self.list(all))"
    }
    let bound = zip(conditions, values).map { BoundWhen(condition: $0, result: $1) }
    return BoundExpression(type, .caseOf(bound, otherwise: otherwise == nil ? nil : values[values.count - 1]))
  }

  // MARK: CAST

  func cast(_ value: BoundExpression, to type: SQLType, safe: Bool, at position: SourcePosition) throws(SQLError)
    -> BoundExpression
  {
    guard TypeCoercion.canCast(value.type, to: type) else {
      throw SQLError(.typeMismatch, "Cannot cast \(value.type) to \(type)", at: position)
    }
    // The zone of a moment goes on with it.
    if case .timestampWithTimeZone(let precision, _) = type, case .timestampWithTimeZone(_, let zone) = value.type {
      return BoundExpression(.timestampTZ(precision, zone), .cast(value, safe: safe))
    }
    return BoundExpression(type, .cast(value, safe: safe))
  }

  // MARK: Special forms

  private func extract(
    _ field: Identifier, _ value: BoundExpression, at position: SourcePosition
  ) throws -> BoundExpression {
    let names = [
      "year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day", "day_of_month": "day",
      "day_of_week": "day_of_week", "dow": "day_of_week", "day_of_year": "day_of_year", "doy": "day_of_year",
      "year_of_week": "year_of_week", "yow": "year_of_week", "hour": "hour", "minute": "minute", "second": "second",
      "timezone_hour": "timezone_hour", "timezone_minute": "timezone_minute",
    ]
    guard let function = names[field.key] else {
      throw SQLError(.syntax, "Invalid EXTRACT field: \(field.text)", at: field.position)
    }
    do {
      return try resolve(function, [.value(value)], at: position, ExpressionContext(scope: Scope([], parent: nil)))
    } catch let error as SQLError where error.code == .functionNotFound {
      throw SQLError(
        .typeMismatch, "Type of argument to extract must be DATE, TIME, TIMESTAMP, or INTERVAL (actual \(value.type))",
        at: position)
    }
  }

  private func trim(
    _ side: TrimSide, _ characters: Expression?, _ source: Expression, _ position: SourcePosition,
    _ context: ExpressionContext
  ) throws -> BoundExpression {
    let name =
      switch side {
      case .both: "trim"
      case .leading: "ltrim"
      case .trailing: "rtrim"
      }
    var arguments = [try bind(source, context)]
    if let characters { arguments.append(try bind(characters, context)) }
    return try resolve(name, arguments.map { .value($0) }, at: position, context)
  }

  /// The zone as a name that is known before the statement runs.
  func constantZone(_ zone: BoundExpression, at position: SourcePosition) throws(SQLError) -> TimeZoneName {
    switch zone.kind {
    case .string(let name):
      if let minutes = Literals.minutes(of: name) { return minutes == 0 ? .utc : .named(name) }
      guard Literals.isZoneName(name) else {
        throw SQLError(.invalidFunctionArgument, "'\(name)' is not a valid time zone", at: position)
      }
      return .named(name)
    case .interval(0, let micros):
      let minutes = micros / 60_000_000
      let sign = minutes < 0 ? "-" : "+"
      return minutes == 0
        ? .utc
        : .named("\(sign)\(CivilText.padded(Int(abs(minutes)) / 60, 2)):\(CivilText.padded(Int(abs(minutes)) % 60, 2))")
    default:
      throw SQLError(.notSupported, "Time zones that differ by row are not supported", at: position)
    }
  }

  /// `AT TIME ZONE`: the same moment, shown elsewhere. A timestamp without zone is taken as the session's, UTC.
  func atTimeZone(
    _ value: BoundExpression, _ zone: BoundExpression, at position: SourcePosition
  ) throws(SQLError) -> BoundExpression {
    let name = try constantZone(zone, at: position)
    switch value.type {
    case .timestamp(let precision):
      let moment = BoundExpression(.timestampTZ(precision), .cast(value, safe: false))
      return BoundExpression(.timestampTZ(precision, name), .cast(moment, safe: false))
    case .timestampWithTimeZone(let precision, _):
      return BoundExpression(.timestampTZ(precision, name), .cast(value, safe: false))
    case .unknown: return BoundExpression(.timestampTZ(3, name), .null)
    default:
      throw SQLError(
        .typeMismatch, "Type of value must be a time or timestamp with or without time zone (actual \(value.type))",
        at: position)
    }
  }

  private func element(
    _ base: BoundExpression, _ index: BoundExpression, at position: SourcePosition
  ) throws(SQLError) -> BoundExpression {
    func mismatch() -> SQLError {
      SQLError(.typeMismatch, "Cannot use \(index.type) for subscript of \(base.type)", at: position)
    }
    switch base.type {
    case .array(let element):
      guard index.type.isInteger || index.type == .unknown else { throw mismatch() }
      if case .integer(let number) = index.kind {
        if number == 0 { throw SQLError(.invalidFunctionArgument, "SQL array indices start at 1") }
        if number < 0 { throw SQLError(.invalidFunctionArgument, "Array subscript is negative: \(number)") }
      }
      return BoundExpression(
        element,
        .call(
          BoundCall(
            name: "$subscript", arguments: [base, coerce(index, to: .bigint)],
            form: .template("trino_subscript({0}, {1})"))))
    case .map(let key, let value):
      guard let common = TypeCoercion.common(index.type, key) else { throw mismatch() }
      return BoundExpression(
        value,
        .call(
          BoundCall(
            name: "$map_subscript", arguments: [coerce(base, to: .map(common, value)), coerce(index, to: common)],
            form: .template("trino_map_subscript({0}, {1})"))))
    case .row(let fields):
      guard case .integer(let number) = index.kind else {
        throw SQLError(.typeMismatch, "Subscript expression on ROW requires a constant index", at: position)
      }
      guard number >= 1, number <= Int64(fields.count) else {
        throw SQLError(
          .invalidFunctionArgument,
          number < 1
            ? "Invalid subscript index: \(number). ROW indices start at 1"
            : "Subscript index out of bounds: \(number), max value is \(fields.count)", at: position)
      }
      return BoundExpression(fields[Int(number) - 1].type, .field(base, Int(number) - 1))
    default: throw SQLError(.typeMismatch, "Cannot use subscript on \(base.type)", at: position)
    }
  }
}
