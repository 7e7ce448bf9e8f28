/// A condition on partition keys that can be decided without reading a file.
///
/// Where something cannot be decided (`.unknown`: another column, a function that only the engine knows) the
/// partition is kept; the engine still applies the whole condition to its rows.
public indirect enum PartitionExpression: Hashable, Sendable {
  case unknown
  /// A key's name, in lower case.
  case key(String)
  case constant(PartitionValue)
  case compare(ComparisonOperator, PartitionExpression, PartitionExpression)
  case distinct(PartitionExpression, PartitionExpression, negated: Bool)
  case and([PartitionExpression])
  case or([PartitionExpression])
  case not(PartitionExpression)
  case membership(PartitionExpression, [PartitionExpression])
  case like(PartitionExpression, pattern: PartitionExpression, escape: Character?)
  case isNull(PartitionExpression)
  case cast(PartitionExpression, SQLType, safe: Bool)
  case arithmetic(ArithmeticOperator, PartitionExpression, PartitionExpression)
  /// A function that `PartitionFunctions` computes.
  case call(String, [PartitionExpression])

  /// What is known of the value for one partition.
  enum Outcome: Hashable {
    case value(PartitionValue)
    case cannotTell
  }

  /// Whether any key is looked at.
  public var usesKeys: Bool {
    switch self {
    case .unknown, .constant: false
    case .key: true
    case .compare(_, let left, let right), .distinct(let left, let right, _), .arithmetic(_, let left, let right):
      left.usesKeys || right.usesKeys
    case .and(let terms), .or(let terms), .call(_, let terms): terms.contains(where: \.usesKeys)
    case .not(let term), .isNull(let term), .cast(let term, _, _): term.usesKeys
    case .membership(let value, let items): value.usesKeys || items.contains(where: \.usesKeys)
    case .like(let value, let pattern, _): value.usesKeys || pattern.usesKeys
    }
  }

  /// The names of the keys that are looked at.
  public var keys: Set<String> {
    switch self {
    case .unknown, .constant: []
    case .key(let name): [name]
    case .compare(_, let left, let right), .distinct(let left, let right, _), .arithmetic(_, let left, let right):
      left.keys.union(right.keys)
    case .and(let terms), .or(let terms), .call(_, let terms): terms.reduce(into: []) { $0.formUnion($1.keys) }
    case .not(let term), .isNull(let term), .cast(let term, _, _): term.keys
    case .membership(let value, let items): items.reduce(into: value.keys) { $0.formUnion($1.keys) }
    case .like(let value, let pattern, _): value.keys.union(pattern.keys)
    }
  }

  func evaluate(_ keys: [String: PartitionValue]) -> Outcome {
    switch self {
    case .unknown: return .cannotTell
    case .key(let name): return keys[name].map { .value($0) } ?? .cannotTell
    case .constant(let value): return .value(value)
    case .compare(let operation, let left, let right):
      return Self.pair(left, right, keys) { left, right in
        PartitionValue.compare(left, right).map { .value(.boolean(operation.holds($0))) } ?? .cannotTell
      }
    case .distinct(let left, let right, let negated):
      guard case .value(let left) = left.evaluate(keys), case .value(let right) = right.evaluate(keys) else {
        return .cannotTell
      }
      if left == .null || right == .null { return .value(.boolean((left != right) != negated)) }
      guard let order = PartitionValue.compare(left, right) else { return .cannotTell }
      return .value(.boolean((order != 0) != negated))
    case .and(let terms): return Self.logical(terms, keys, absorbing: false)
    case .or(let terms): return Self.logical(terms, keys, absorbing: true)
    case .not(let term):
      switch term.evaluate(keys) {
      case .value(.boolean(let value)): return .value(.boolean(!value))
      case .value(.null): return .value(.null)
      default: return .cannotTell
      }
    case .membership(let value, let items):
      return Self.logical(items.map { .compare(.equal, value, $0) }, keys, absorbing: true)
    case .like(let value, let pattern, let escape):
      return Self.pair(value, pattern, keys) { value, pattern in
        guard case .string(let text) = value, case .string(let pattern) = pattern else { return .cannotTell }
        return LikePattern(pattern, escape: escape).map { .value(.boolean($0.matches(text))) } ?? .cannotTell
      }
    case .isNull(let term):
      guard case .value(let value) = term.evaluate(keys) else { return .cannotTell }
      return .value(.boolean(value == .null))
    case .cast(let term, let type, let safe):
      guard case .value(let value) = term.evaluate(keys) else { return .cannotTell }
      if value == .null { return .value(.null) }
      if let cast = PartitionFunctions.cast(value, to: type) { return .value(cast) }
      // A cast that fails is the engine's to report, unless it was to give null.
      return safe && value.isText ? .value(.null) : .cannotTell
    case .arithmetic(let operation, let left, let right):
      return Self.pair(left, right, keys) { left, right in
        PartitionFunctions.arithmetic(operation, left, right).map { .value($0) } ?? .cannotTell
      }
    case .call(let name, let arguments):
      var values: [PartitionValue] = []
      for argument in arguments {
        guard case .value(let value) = argument.evaluate(keys) else { return .cannotTell }
        values.append(value)
      }
      return PartitionFunctions.call(name, values).map { .value($0) } ?? .cannotTell
    }
  }

  /// A result from two values that are known and not null.
  private static func pair(
    _ left: PartitionExpression, _ right: PartitionExpression, _ keys: [String: PartitionValue],
    _ body: (PartitionValue, PartitionValue) -> Outcome
  ) -> Outcome {
    let left = left.evaluate(keys)
    let right = right.evaluate(keys)
    if left == .value(.null) || right == .value(.null) { return .value(.null) }
    guard case .value(let left) = left, case .value(let right) = right else { return .cannotTell }
    return body(left, right)
  }

  /// AND (`absorbing` false) and OR (`absorbing` true), in three-valued logic with "cannot tell" beside.
  private static func logical(
    _ terms: [PartitionExpression], _ keys: [String: PartitionValue], absorbing: Bool
  ) -> Outcome {
    var unsure = false
    var null = false
    for term in terms {
      switch term.evaluate(keys) {
      case .value(.boolean(absorbing)): return .value(.boolean(absorbing))
      case .value(.boolean): break
      case .value(.null): null = true
      default: unsure = true
      }
    }
    if unsure { return .cannotTell }
    return .value(null ? .null : .boolean(!absorbing))
  }
}

extension ComparisonOperator {
  /// Whether the comparison holds for values ordered so (-1, 0, 1).
  func holds(_ order: Int) -> Bool {
    switch self {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    }
  }
}

extension PartitionValue {
  var isText: Bool { if case .string = self { true } else { false } }
}

/// A `LIKE` pattern.
struct LikePattern {
  private enum Part: Equatable {
    case any, one
    case character(Character)
  }
  private var parts: [Part] = []

  /// `nil` when the escape stands before anything but `%`, `_` or itself.
  init?(_ pattern: String, escape: Character?) {
    var escaped = false
    for character in pattern {
      if escaped {
        guard character == "%" || character == "_" || character == escape else { return nil }
        parts.append(.character(character))
        escaped = false
      } else if character == escape {
        escaped = true
      } else if character == "%" {
        if parts.last != .any { parts.append(.any) }
      } else {
        parts.append(character == "_" ? .one : .character(character))
      }
    }
    if escaped { return nil }
  }

  /// Greedy with one point of return, so that time is at most text × pattern.
  func matches(_ text: String) -> Bool {
    let text = Array(text)
    var at = 0
    var part = 0
    var retry: (part: Int, at: Int)?
    while at < text.count {
      if part < parts.count {
        switch parts[part] {
        case .any:
          retry = (part, at)
          part += 1
          continue
        case .one:
          part += 1
          at += 1
          continue
        case .character(let character) where character == text[at]:
          part += 1
          at += 1
          continue
        default: break
        }
      }
      guard let back = retry else { return false }
      retry = (back.part, back.at + 1)
      part = back.part + 1
      at = back.at + 1
    }
    while part < parts.count, parts[part] == .any { part += 1 }
    return part == parts.count
  }
}
