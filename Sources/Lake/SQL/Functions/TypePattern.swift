/// A parameter's or result's type in a function's signature, with variables.
///
/// Written as Trino writes it, shortened: capital letters are any type (`N` a number, `I` an integer, `O` orderable);
/// small letters are lengths and precisions; `timestamptz(p)` is `timestamp(p) with time zone`.
indirect enum TypePattern: Hashable, Sendable {
  case fixed(SQLType)
  case variable(Character)
  case varchar(String)
  case char(String)
  case decimal(NumberPattern, NumberPattern)
  case time(String)
  case timestamp(String)
  case timestampTZ(String)
  case array(TypePattern)
  case map(TypePattern, TypePattern)
  case row([TypePattern])
  case anyRow
  case function([TypePattern], TypePattern)

  /// A number in a result's type: `p`, `38`, `p+1`.
  struct NumberPattern: Hashable, Sendable {
    var name: String?
    var offset: Int
  }
}

/// What a signature's variables stand for in one call.
struct TypeBindings {
  var types: [Character: SQLType] = [:]
  var numbers: [String: Int] = [:]
  var zone: TimeZoneName = .utc

  func number(_ pattern: TypePattern.NumberPattern) -> Int {
    (pattern.name.map { numbers[$0] ?? 0 } ?? 0) + pattern.offset
  }
}

extension TypePattern {
  /// Learns the variables from an argument's type. Variables that meet several types become their common one.
  /// - Returns: whether the argument can be of this pattern.
  func learn(_ type: SQLType, _ bindings: inout TypeBindings) -> Bool {
    switch self {
    case .fixed(let expected): return TypeCoercion.canCoerce(type, to: expected)
    case .variable(let name):
      switch name {
      case "N" where !type.isNumeric && type != .unknown, "I" where !type.isInteger && type != .unknown,
        "O" where !type.isOrderable:
        return false
      default: break
      }
      if case .function = type { return false }
      guard let known = bindings.types[name] else {
        bindings.types[name] = type
        return true
      }
      guard let common = TypeCoercion.common(known, type) else { return false }
      bindings.types[name] = common
      return true
    case .varchar(let length):
      switch type {
      case .varchar(let actual):
        let known = bindings.numbers[length]
        if let actual, known != -1 {
          bindings.numbers[length] = max(known ?? 0, actual)
        } else {
          bindings.numbers[length] = -1
        }
        return true
      case .char(let actual):
        bindings.numbers[length] = max(bindings.numbers[length] ?? 0, actual)
        return true
      case .unknown: return true
      default: return false
      }
    case .char(let length):
      guard case .char(let actual) = type else { return false }
      bindings.numbers[length] = actual
      return true
    case .decimal(let precision, let scale):
      guard let actual = TypeCoercion.decimal(for: type) else { return type == .unknown }
      if let name = precision.name { bindings.numbers[name] = max(bindings.numbers[name] ?? 0, actual.precision) }
      if let name = scale.name { bindings.numbers[name] = max(bindings.numbers[name] ?? 0, actual.scale) }
      return true
    case .time(let precision):
      guard case .time(let actual) = type else { return type == .unknown }
      bindings.numbers[precision] = actual
      return true
    case .timestamp(let precision):
      switch type {
      case .timestamp(let actual): bindings.numbers[precision] = max(bindings.numbers[precision] ?? 0, actual)
      case .date: bindings.numbers[precision] = max(bindings.numbers[precision] ?? 0, 0)
      case .unknown: break
      default: return false
      }
      return true
    case .timestampTZ(let precision):
      switch type {
      case .timestampWithTimeZone(let actual, let zone):
        bindings.numbers[precision] = max(bindings.numbers[precision] ?? 0, actual)
        bindings.zone = zone
      case .timestamp(let actual): bindings.numbers[precision] = max(bindings.numbers[precision] ?? 0, actual)
      case .date: bindings.numbers[precision] = bindings.numbers[precision] ?? 0
      case .unknown: break
      default: return false
      }
      return true
    case .array(let element):
      switch type {
      case .array(let actual): return element.learn(actual, &bindings)
      case .unknown: return element.learn(.unknown, &bindings)
      default: return false
      }
    case .map(let key, let value):
      switch type {
      case .map(let actualKey, let actualValue):
        return key.learn(actualKey, &bindings) && value.learn(actualValue, &bindings)
      case .unknown: return key.learn(.unknown, &bindings) && value.learn(.unknown, &bindings)
      default: return false
      }
    case .row(let fields):
      switch type {
      case .row(let actual):
        guard actual.count == fields.count else { return false }
        for (field, actual) in zip(fields, actual) {
          guard field.learn(actual.type, &bindings) else { return false }
        }
        return true
      case .unknown:
        for field in fields {
          guard field.learn(.unknown, &bindings) else { return false }
        }
        return true
      default: return false
      }
    case .anyRow:
      if case .row = type { return true }
      return false
    case .function: return false
    }
  }

  /// The type with the variables filled in; `nil` while one is unknown.
  func resolve(_ bindings: TypeBindings) -> SQLType? {
    switch self {
    case .fixed(let type): return type
    case .variable(let name): return bindings.types[name]
    case .varchar(let length):
      guard let known = bindings.numbers[length], known >= 0 else { return .varcharUnbounded }
      return .varchar(length: known)
    case .char(let length): return .char(length: bindings.numbers[length] ?? 1)
    case .decimal(let precision, let scale):
      let scale = min(38, bindings.number(scale))
      return .decimal(precision: max(1, min(38, max(scale, bindings.number(precision)))), scale: scale)
    case .time(let precision): return .time(precision: bindings.numbers[precision] ?? 3)
    case .timestamp(let precision): return .timestamp(precision: bindings.numbers[precision] ?? 3)
    case .timestampTZ(let precision):
      return .timestampWithTimeZone(precision: bindings.numbers[precision] ?? 3, zone: bindings.zone)
    case .array(let element): return element.resolve(bindings).map { .array($0) }
    case .map(let key, let value):
      guard let key = key.resolve(bindings), let value = value.resolve(bindings) else { return nil }
      return .map(key, value)
    case .row(let fields):
      var resolved: [SQLType.RowField] = []
      for field in fields {
        guard let type = field.resolve(bindings) else { return nil }
        resolved.append(.init(nil, type))
      }
      return .row(resolved)
    case .anyRow: return nil
    case .function(let parameters, let result):
      var types: [SQLType] = []
      for parameter in parameters {
        guard let type = parameter.resolve(bindings) else { return nil }
        types.append(type)
      }
      return .function(types, result.resolve(bindings) ?? .unknown)
    }
  }

  /// How Trino prints it in "Expected: …".
  var text: String {
    switch self {
    case .fixed(let type): "\(type)"
    case .variable(let name): String(name)
    case .varchar(let length): "varchar(\(length))"
    case .char(let length): "char(\(length))"
    case .decimal(let precision, let scale): "decimal(\(precision.name ?? "p"),\(scale.name ?? "s"))"
    case .time(let precision): "time(\(precision))"
    case .timestamp(let precision): "timestamp(\(precision))"
    case .timestampTZ(let precision): "timestamp(\(precision)) with time zone"
    case .array(let element): "array(\(element.text))"
    case .map(let key, let value): "map(\(key.text), \(value.text))"
    case .row(let fields): "row(" + fields.map(\.text).joined(separator: ", ") + ")"
    case .anyRow: "row"
    case .function(let parameters, let result):
      "function(" + (parameters + [result]).map(\.text).joined(separator: ",") + ")"
    }
  }
}
