/// Arithmetic and concatenation.
extension Binder {
  /// A chain of operators of one level leans to the left; it is walked in a loop, so that its length costs no stack.
  func chain(_ expression: Expression, _ context: ExpressionContext) throws -> BoundExpression {
    enum Link {
      case arithmetic(ArithmeticOperator, Expression, SourcePosition)
      case concatenation(Expression, SourcePosition)
    }
    var links: [Link] = []
    var first = expression
    while true {
      if case .arithmetic(let operation, let left, let right) = first.kind {
        links.append(.arithmetic(operation, right, first.position))
        first = left
      } else if case .concatenation(let left, let right) = first.kind {
        links.append(.concatenation(right, first.position))
        first = left
      } else {
        break
      }
    }
    var value = try bind(first, context)
    for link in links.reversed() {
      switch link {
      case .arithmetic(let operation, let right, let position):
        value = try arithmetic(operation, value, try bind(right, context), at: position)
      case .concatenation(let right, let position):
        value = try concatenation(value, try bind(right, context), at: position)
      }
    }
    return value
  }

  func negative(_ expression: Expression, _ operand: Expression, _ context: ExpressionContext) throws -> BoundExpression
  {
    let value = try bind(operand, context)
    switch value.kind {
    case .integer(let number) where number == -Int64(Int32.min):
      // A number with its sign is one literal: the least integer is none of bigint's.
      guard case .integer = operand.kind else { break }
      return BoundExpression(.integer, .integer(-number))
    case .integer(let number) where number != .min: return BoundExpression(value.type, .integer(-number))
    case .decimal(let text) where !text.hasPrefix("-"): return BoundExpression(value.type, .decimal("-" + text))
    case .double(let number): return BoundExpression(value.type, .double(-number))
    case .interval(let months, let micros):
      return BoundExpression(value.type, .interval(months: -months, microseconds: -micros))
    default: break
    }
    guard value.type.isNumeric || value.type.isInterval || value.type == .unknown else {
      throw SQLError(.typeMismatch, "Cannot negate \(value.type)", at: expression.position)
    }
    return BoundExpression(value.type, .negative(value))
  }

  func arithmetic(
    _ operation: ArithmeticOperator, _ left: BoundExpression, _ right: BoundExpression, at position: SourcePosition
  ) throws(SQLError) -> BoundExpression {
    func refused() -> SQLError {
      SQLError(.typeMismatch, "Cannot apply operator: \(left.type) \(operation.rawValue) \(right.type)", at: position)
    }
    func result(_ type: SQLType, _ left: BoundExpression, _ right: BoundExpression) -> BoundExpression {
      BoundExpression(type, .arithmetic(operation, left, right))
    }
    var (left, right) = (left, right)
    // A bare NULL takes the other side's type.
    if left.type == .unknown, right.type != .unknown { left = BoundExpression(right.type, .null) }
    if right.type == .unknown { right = BoundExpression(left.type.isInterval ? left.type : left.type, .null) }
    if left.type.isNumeric, right.type.isNumeric { return try numeric(operation, left, right, at: position) }
    switch (operation, left.type, right.type) {
    case (.add, .intervalDayToSecond, .intervalDayToSecond), (.subtract, .intervalDayToSecond, .intervalDayToSecond),
      (.add, .intervalYearToMonth, .intervalYearToMonth), (.subtract, .intervalYearToMonth, .intervalYearToMonth):
      return result(left.type, left, right)
    case (.add, _, _) where left.type.isInterval && right.type.isDateTime:
      return result(try shifted(right, by: left, refused(), at: position), right, left)
    case (.add, _, _) where left.type.isDateTime && right.type.isInterval,
      (.subtract, _, _) where left.type.isDateTime && right.type.isInterval:
      return result(try shifted(left, by: right, refused(), at: position), left, right)
    case (.subtract, .date, .date): return result(.intervalDayToSecond, left, right)
    case (.subtract, .time, .time): return result(.intervalDayToSecond, left, right)
    case (.subtract, _, _) where left.type.isDateTime && right.type.isDateTime:
      guard let type = TypeCoercion.common(left.type, right.type) else { throw refused() }
      return result(.intervalDayToSecond, coerce(left, to: type), coerce(right, to: type))
    case (.multiply, _, _) where left.type.isInterval && right.type.isNumeric: return result(left.type, left, right)
    case (.multiply, _, _) where left.type.isNumeric && right.type.isInterval: return result(right.type, right, left)
    case (.divide, _, _) where left.type.isInterval && right.type.isNumeric: return result(left.type, left, right)
    default: throw refused()
    }
  }

  private func shifted(
    _ value: BoundExpression, by interval: BoundExpression, _ refused: SQLError, at position: SourcePosition
  ) throws(SQLError) -> SQLType {
    switch value.type {
    case .date:
      if case .interval(_, let micros) = interval.kind, micros % 86_400_000_000 != 0 {
        throw SQLError(.invalidFunctionArgument, "Cannot add hour, minutes or seconds to a date", at: position)
      }
    case .time, .timeWithTimeZone:
      guard interval.type == .intervalDayToSecond else { throw refused }
    // Intervals count milliseconds, so that the sum shows three digits at least.
    case .timestamp(let precision):
      return .timestamp(precision: interval.type == .intervalDayToSecond ? max(3, precision) : precision)
    case .timestampWithTimeZone(let precision, let zone):
      return .timestampTZ(interval.type == .intervalDayToSecond ? max(3, precision) : precision, zone)
    default: break
    }
    return value.type
  }

  private func numeric(
    _ operation: ArithmeticOperator, _ left: BoundExpression, _ right: BoundExpression, at position: SourcePosition
  ) throws(SQLError) -> BoundExpression {
    guard let common = TypeCoercion.common(left.type, right.type) else {
      throw SQLError(
        .typeMismatch, "Cannot apply operator: \(left.type) \(operation.rawValue) \(right.type)", at: position)
    }
    guard common.isDecimal, let first = TypeCoercion.decimal(for: left.type),
      let second = TypeCoercion.decimal(for: right.type)
    else {
      return BoundExpression(common, .arithmetic(operation, coerce(left, to: common), coerce(right, to: common)))
    }
    let (precision, scale) = Self.decimal(operation, first, second)
    guard scale <= 38 else {
      throw SQLError(.typeMismatch, "DECIMAL scale must be in range [0, precision (38)]: \(scale)", at: position)
    }
    let leftValue = coerce(left, to: .decimal(precision: first.precision, scale: first.scale))
    let rightValue = coerce(right, to: .decimal(precision: second.precision, scale: second.scale))
    return BoundExpression(
      .decimal(precision: max(1, min(38, max(precision, scale))), scale: scale),
      .arithmetic(operation, leftValue, rightValue))
  }

  /// Precision and scale of a decimal operation. Source: Trino's `DecimalOperators`.
  private static func decimal(
    _ operation: ArithmeticOperator, _ left: (precision: Int, scale: Int), _ right: (precision: Int, scale: Int)
  ) -> (precision: Int, scale: Int) {
    let scale = max(left.scale, right.scale)
    switch operation {
    case .add, .subtract:
      return (min(38, max(left.precision - left.scale, right.precision - right.scale) + scale + 1), scale)
    case .multiply: return (min(38, left.precision + right.precision), left.scale + right.scale)
    case .divide:
      return (min(38, left.precision + right.scale + max(0, right.scale - left.scale)), scale)
    case .modulus:
      return (min(right.precision - right.scale, left.precision - left.scale) + scale, scale)
    }
  }

  func concatenation(
    _ left: BoundExpression, _ right: BoundExpression, at position: SourcePosition
  ) throws(SQLError) -> BoundExpression {
    let refused = SQLError(.typeMismatch, "Cannot apply operator: \(left.type) || \(right.type)", at: position)
    func joined(_ type: SQLType, _ left: BoundExpression, _ right: BoundExpression) -> BoundExpression {
      if case .concatenation(let parts) = left.kind, left.type.baseName == type.baseName {
        return BoundExpression(type, .concatenation(parts + [right]))
      }
      return BoundExpression(type, .concatenation([left, right]))
    }
    if (left.type.isString || left.type == .unknown) && (right.type.isString || right.type == .unknown) {
      return joined(.varcharUnbounded, coerce(left, to: .varcharUnbounded), coerce(right, to: .varcharUnbounded))
    }
    if left.type == .varbinary || left.type == .unknown, right.type == .varbinary || right.type == .unknown {
      return joined(.varbinary, coerce(left, to: .varbinary), coerce(right, to: .varbinary))
    }
    switch (left.type, right.type) {
    case (.array, .array), (.array, .unknown), (.unknown, .array):
      guard let type = TypeCoercion.common(left.type, right.type) else { throw refused }
      return joined(type, coerce(left, to: type), coerce(right, to: type))
    case (.array(let element), _):
      guard let type = TypeCoercion.common(element, right.type) else { throw refused }
      return joined(
        .array(type), coerce(left, to: .array(type)), BoundExpression(.array(type), .array([coerce(right, to: type)])))
    case (_, .array(let element)):
      guard let type = TypeCoercion.common(element, left.type) else { throw refused }
      return joined(
        .array(type), BoundExpression(.array(type), .array([coerce(left, to: type)])), coerce(right, to: .array(type)))
    default: throw refused
    }
  }
}
