/// Functions that are grammar rather than functions: they take any type, or do not evaluate all their arguments.
extension Binder {
  func special(
    _ name: String, _ call: FunctionCall, _ expression: Expression, _ context: ExpressionContext
  ) throws -> BoundExpression? {
    let position = expression.position
    func values() throws -> [BoundExpression] {
      var list: [BoundExpression] = []
      for argument in call.arguments { list.append(try bind(argument, context)) }
      return list
    }
    func count(_ range: ClosedRange<Int>) throws(SQLError) {
      guard range.contains(call.arguments.count) else {
        throw SQLError(.syntax, "Invalid number of arguments for '\(name)' function", at: position)
      }
    }
    switch name {
    case "coalesce":
      guard call.arguments.count >= 2 else {
        throw SQLError(.syntax, "The 'coalesce' function must have at least two arguments", at: position)
      }
      let bound = try values()
      let (type, items) = try unify(bound, at: position) { left, right in
        "All COALESCE operands must be the same type or coercible to a common type. Cannot find common type between "
          + "\(left) and \(right), all types (without duplicates): \(Self.list(bound))"
      }
      return BoundExpression(type, .coalesce(items))
    case "nullif":
      try count(2...2)
      let bound = try values()
      guard TypeCoercion.common(bound[0].type, bound[1].type) != nil else {
        throw SQLError(
          .typeMismatch, "Types are not comparable with NULLIF: \(bound[0].type) vs \(bound[1].type)", at: position)
      }
      return BoundExpression(bound[0].type, .nullIf(bound[0], bound[1]))
    case "if":
      try count(2...3)
      let bound = try values()
      let test = try condition(bound[0], "IF condition must evaluate to a boolean", at: call.arguments[0].position)
      let (type, results) = try unify(Array(bound.dropFirst()), at: position) { left, right in
        "Result types for IF must be the same: \(left) vs \(right)"
      }
      return BoundExpression(
        type,
        .caseOf([BoundWhen(condition: test, result: results[0])], otherwise: results.count == 2 ? results[1] : nil))
    case "try":
      try count(1...1)
      let value = try values()[0]
      return BoundExpression(value.type, .attempt(value))
    case "typeof":
      try count(1...1)
      return BoundExpression(.varcharUnbounded, .string(try values()[0].type.description))
    case "concat": return try concat(try values(), at: position)
    case "at_timezone":
      try count(2...2)
      let bound = try values()
      return try atTimeZone(bound[0], bound[1], at: position)
    case "with_timezone":
      try count(2...2)
      let bound = try values()
      guard case .timestamp(let precision) = coerceToTimestamp(bound[0]).type else {
        throw SQLError(
          .functionNotFound,
          "Unexpected parameters (\(bound[0].type), \(bound[1].type)) for function with_timezone. Expected: "
            + "with_timezone(timestamp(p), varchar(x))",
          at: position)
      }
      let zone = try constantZone(bound[1], at: position)
      return BoundExpression(.timestampTZ(precision, zone), .cast(coerceToTimestamp(bound[0]), safe: false))
    case "from_unixtime" where call.arguments.count >= 2: return try fromUnixTime(try values(), at: position)
    case "mod":
      try count(2...2)
      let bound = try values()
      return try arithmetic(.modulus, bound[0], bound[1], at: position)
    case "zip": return try zip(try values(), at: position)
    case "format":
      guard call.arguments.count >= 2 else {
        throw SQLError(.functionNotFound, "Function 'format' expects a format and at least one argument", at: position)
      }
      let bound = try values()
      guard bound[0].type.isString else {
        throw SQLError(
          .typeMismatch, "Type of first argument to format() must be VARCHAR (actual: \(bound[0].type))", at: position)
      }
      return BoundExpression(
        .varcharUnbounded, .call(BoundCall(name: "format", arguments: bound, form: .builder("format"))))
    case "current_timezone":
      try count(0...0)
      return BoundExpression(.varcharUnbounded, .string("UTC"))
    case "now":
      try count(0...0)
      return try bind(
        Expression(id: 0, position: position, kind: .current(.timestamp, precision: nil)), context)
    case "version":
      try count(0...0)
      return BoundExpression(.varcharUnbounded, .string("Athena engine version 3"))
    default: return nil
    }
  }

  private func zip(_ values: [BoundExpression], at position: SourcePosition) throws(SQLError) -> BoundExpression {
    var fields: [SQLType.RowField] = []
    for value in values {
      guard case .array(let element) = value.type, (2...5).contains(values.count) else {
        let list = values.map(\.type.description).joined(separator: ", ")
        throw SQLError(
          .functionNotFound,
          "Unexpected parameters (\(list)) for function zip. Expected: zip(array(T1), array(T2)), zip(array(T1), "
            + "array(T2), array(T3)), zip(array(T1), array(T2), array(T3), array(T4)), zip(array(T1), array(T2), "
            + "array(T3), array(T4), array(T5))",
          at: position)
      }
      fields.append(.init(nil, element))
    }
    return BoundExpression(
      .array(.row(fields)), .call(BoundCall(name: "zip", arguments: values, form: .builder("zip"))))
  }

  private func coerceToTimestamp(_ value: BoundExpression) -> BoundExpression {
    switch value.type {
    case .date: coerce(value, to: .timestamp(precision: 3))
    case .unknown: BoundExpression(.timestamp(precision: 3), .null)
    default: value
    }
  }

  private func concat(_ values: [BoundExpression], at position: SourcePosition) throws(SQLError) -> BoundExpression {
    guard values.count >= 2 else {
      throw SQLError(.invalidFunctionArgument, "There must be two or more concatenation arguments", at: position)
    }
    let list = values.map(\.type.description).joined(separator: ", ")
    var result = values[0]
    for value in values.dropFirst() {
      do {
        result = try concatenation(result, value, at: position)
      } catch {
        throw SQLError(
          .functionNotFound,
          "Unexpected parameters (\(list)) for function concat. Expected: concat(char(x), char(y)), concat(array(E), "
            + "E) E, concat(E, array(E)) E, concat(array(E)) E, concat(varchar), concat(varbinary)",
          at: position)
      }
    }
    return result.type.isString ? BoundExpression(.varcharUnbounded, result.kind) : result
  }

  private func fromUnixTime(_ values: [BoundExpression], at position: SourcePosition) throws -> BoundExpression {
    let zone: TimeZoneName
    if values.count == 2 {
      zone = try constantZone(values[1], at: position)
    } else {
      guard values.count == 3, case .integer(let hours) = values[1].kind, case .integer(let minutes) = values[2].kind,
        abs(hours) <= 14, abs(minutes) < 60
      else {
        throw SQLError(.notSupported, "Time zones that differ by row are not supported", at: position)
      }
      zone = try constantZone(
        BoundExpression(.intervalDayToSecond, .interval(months: 0, microseconds: (hours * 60 + minutes) * 60_000_000)),
        at: position)
    }
    let moment = try resolve(
      "from_unixtime", [.value(values[0])], at: position, ExpressionContext(scope: Scope([], parent: nil)))
    return BoundExpression(.timestampTZ(3, zone), .cast(moment, safe: false))
  }
}
