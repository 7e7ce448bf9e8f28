/// Trino's implicit conversions. Text never becomes a number, nor a number text.
public enum TypeCoercion {
  /// The least type that both become without being asked; `nil` when there is none.
  public static func common(_ left: SQLType, _ right: SQLType) -> SQLType? {
    if left.sameType(as: right) { return left }
    switch (left, right) {
    case (.unknown, let other), (let other, .unknown): return other
    case (.varchar(let first), .varchar(let second)):
      guard let first, let second else { return .varcharUnbounded }
      return .varchar(length: max(first, second))
    case (.char(let first), .char(let second)): return .char(length: max(first, second))
    case (.char(let first), .varchar(let second)), (.varchar(let second), .char(let first)):
      guard let second else { return .varcharUnbounded }
      return .char(length: max(first, second))
    case (.array(let first), .array(let second)): return common(first, second).map { .array($0) }
    case (.map(let firstKey, let firstValue), .map(let secondKey, let secondValue)):
      guard let key = common(firstKey, secondKey), let value = common(firstValue, secondValue) else { return nil }
      return .map(key, value)
    case (.row(let first), .row(let second)): return commonRow(first, second)
    default: break
    }
    if left.isNumeric, right.isNumeric { return commonNumber(left, right) }
    return commonDateTime(left, right)
  }

  private static func commonRow(_ first: [SQLType.RowField], _ second: [SQLType.RowField]) -> SQLType? {
    guard first.count == second.count else { return nil }
    var fields: [SQLType.RowField] = []
    for (left, right) in zip(first, second) {
      guard let type = common(left.type, right.type) else { return nil }
      fields.append(.init(left.name == right.name ? left.name : nil, type))
    }
    return .row(fields)
  }

  private static func rank(_ type: SQLType) -> Int {
    switch type {
    case .tinyint: 1
    case .smallint: 2
    case .integer: 3
    case .bigint: 4
    case .decimal: 5
    case .real: 6
    default: 7
    }
  }

  /// The decimal that holds every value of an integer type.
  static func decimal(for type: SQLType) -> (precision: Int, scale: Int)? {
    switch type {
    case .tinyint: (3, 0)
    case .smallint: (5, 0)
    case .integer: (10, 0)
    case .bigint: (19, 0)
    case .decimal(let precision, let scale): (precision, scale)
    default: nil
    }
  }

  private static func commonNumber(_ left: SQLType, _ right: SQLType) -> SQLType {
    if left.isDecimal || right.isDecimal, let first = decimal(for: left), let second = decimal(for: right) {
      let scale = max(first.scale, second.scale)
      let whole = max(first.precision - first.scale, second.precision - second.scale)
      return .decimal(precision: min(38, whole + scale), scale: scale)
    }
    return rank(left) >= rank(right) ? left : right
  }

  private static func commonDateTime(_ left: SQLType, _ right: SQLType) -> SQLType? {
    switch (left, right) {
    case (.date, .timestamp), (.date, .timestampWithTimeZone): return right
    case (.timestamp, .date), (.timestampWithTimeZone, .date): return left
    case (.time(let first), .time(let second)): return .time(precision: max(first, second))
    case (.timestamp(let first), .timestamp(let second)): return .timestamp(precision: max(first, second))
    case (.timestampWithTimeZone(let first, let zone), .timestampWithTimeZone(let second, _)),
      (.timestampWithTimeZone(let first, let zone), .timestamp(let second)),
      (.timestamp(let first), .timestampWithTimeZone(let second, let zone)):
      return .timestampWithTimeZone(precision: max(first, second), zone: zone)
    case (.time(let first), .timeWithTimeZone(let second)), (.timeWithTimeZone(let first), .time(let second)),
      (.timeWithTimeZone(let first), .timeWithTimeZone(let second)):
      return .timeWithTimeZone(precision: max(first, second))
    default: return nil
    }
  }

  /// Whether a value of `type` becomes `target` without being asked.
  public static func canCoerce(_ type: SQLType, to target: SQLType) -> Bool {
    if type.sameType(as: target) { return true }
    guard let common = common(type, target) else { return false }
    return common.sameType(as: target)
  }

  /// Whether a query's column may be inserted into a table's column of `target`: by coercion, or as text that is cut
  /// to length and numbers of another precision, by the rules of store assignment.
  public static func canAssign(_ type: SQLType, to target: SQLType) -> Bool {
    if canCoerce(type, to: target) { return true }
    switch (type, target) {
    case (.varchar, .varchar), (.char, .char), (.varchar, .char), (.char, .varchar): return true
    case (.timestamp, .timestamp), (.timestampWithTimeZone, .timestampWithTimeZone), (.time, .time): return true
    case (.decimal, .decimal): return true
    case (.array(let from), .array(let to)): return canAssign(from, to: to)
    case (.map(let fromKey, let fromValue), .map(let toKey, let toValue)):
      return canAssign(fromKey, to: toKey) && canAssign(fromValue, to: toValue)
    case (.row(let from), .row(let to)):
      return from.count == to.count && zip(from, to).allSatisfy { canAssign($0.type, to: $1.type) }
    default: return false
    }
  }

  /// Whether `CAST` is defined between the types, whatever the value.
  public static func canCast(_ type: SQLType, to target: SQLType) -> Bool {
    if type.sameType(as: target) || type == .unknown || canCoerce(type, to: target) { return true }
    switch (type, target) {
    case (.function, _), (_, .function), (.sketch, _), (_, .sketch): return false
    case (.row, .json), (.array, .json), (.map, .json), (.json, .row), (.json, .array), (.json, .map): return true
    case (.array(let from), .array(let to)): return canCast(from, to: to)
    case (.map(let fromKey, let fromValue), .map(let toKey, let toValue)):
      return canCast(fromKey, to: toKey) && canCast(fromValue, to: toValue)
    case (.row(let from), .row(let to)):
      return from.count == to.count && zip(from, to).allSatisfy { canCast($0.type, to: $1.type) }
    case (.array, _), (_, .array), (.map, _), (_, .map), (.row, _), (_, .row): return false
    case (.varbinary, _): return target == .uuid || target == .ipaddress
    case (_, .varbinary): return type == .uuid || type == .ipaddress
    case (_, .varchar): return true
    case (.varchar, _), (.char, _):
      return target.isNumeric || target.isDateTime || target == .boolean || target.isString || target == .json
        || target == .uuid || target == .ipaddress || target.isInterval
    case (.json, _): return target.isNumeric || target == .boolean
    case (_, .json): return type.isNumeric || type == .boolean || type == .date || isTimestamp(type)
    case (.boolean, _): return target.isNumeric
    case (_, .boolean): return type.isNumeric
    default: break
    }
    if type.isNumeric, target.isNumeric { return true }
    switch (type, target) {
    case (.timestamp, .date), (.timestampWithTimeZone, .date), (.timestamp, .time), (.timestampWithTimeZone, .time),
      (.timestampWithTimeZone, .timestamp), (.timestamp, .timestamp), (.time, .time), (.time, .timestamp),
      (.timestampWithTimeZone, .timestampWithTimeZone), (.timeWithTimeZone, .time), (.time, .timeWithTimeZone),
      (.timestampWithTimeZone, .timeWithTimeZone), (.timestamp, .timestampWithTimeZone),
      (.timeWithTimeZone, .timeWithTimeZone), (.time, .timestampWithTimeZone):
      return true
    default: return false
    }
  }

  private static func isTimestamp(_ type: SQLType) -> Bool {
    switch type {
    case .timestamp, .timestampWithTimeZone: true
    default: false
    }
  }
}
