/// What one place of a statement asks of a table's columns: enough to leave out partitions that cannot hold such rows.
///
/// Told from the text alone, before the table's columns are known: a name without a table may be any table's, so it is
/// taken for this one's, which is right where this one has a column of that name.
public struct RedshiftTableCondition: Hashable, Sendable {
  private let condition: PartitionExpression

  /// Nothing is asked: every partition may be wanted.
  public static let none = RedshiftTableCondition(condition: .unknown)

  /// Whether rows of a partition could be wanted. A partition for which this cannot be told is wanted.
  /// - Parameter values: the partition keys' values with their types, as Glue stores them; `nil` is null.
  public func mayMatch(_ values: [(name: String, type: HiveType, value: String?)]) -> Bool {
    var keys: [String: PartitionValue] = [:]
    var types: [String: HiveType] = [:]
    for key in values {
      types[key.name] = key.type
      if let value = PartitionValue(key.value, type: key.type) { keys[key.name] = value }
    }
    switch condition.typed(types).evaluate(keys) {
    case .value(.boolean(let value)): return value
    case .value(.null): return false
    default: return true
    }
  }

  /// The tables of a FROM clause with what the query asks of each.
  ///
  /// A table on the side of an outer join that may be missing is asked nothing: without its rows others would be kept
  /// that are none.
  public static func conditions(
    from: [Relation], filter: Expression?
  ) -> [(table: QualifiedName, condition: RedshiftTableCondition)] {
    var reader = ConditionReader()
    for relation in from { reader.read(relation, isKept: true) }
    if let filter { reader.terms.append(filter) }
    return reader.tables.map { table in
      guard table.isKept else { return (table.name, .none) }
      let terms = reader.terms.map { reader.condition($0, of: table.alias, depth: 0) }
      return (table.name, RedshiftTableCondition(condition: .and(terms)))
    }
  }

  private struct ConditionReader {
    var tables: [(name: QualifiedName, alias: [String], isKept: Bool)] = []
    var terms: [Expression] = []

    mutating func read(_ relation: Relation, alias: Identifier? = nil, isKept: Bool) {
      switch relation.kind {
      case .table(let name):
        tables.append((name, alias.map { [$0.key] } ?? name.parts.map(\.key), isKept))
      case .aliased(let inner, let alias, let columns):
        // Columns that get other names are not looked for.
        read(inner, alias: alias, isKept: isKept && columns == nil)
      case .sampled(let inner, _, _): read(inner, alias: alias, isKept: isKept)
      case .join(let join):
        read(join.left, isKept: isKept && join.kind != .right && join.kind != .full)
        read(join.right, isKept: isKept && join.kind != .left && join.kind != .full)
        if case .on(let condition) = join.criteria, join.kind == .inner, isKept { terms.append(condition) }
      case .redshift(.pivot(let pivot)): read(pivot.source, isKept: false)
      case .redshift(.unpivot(let unpivot)): read(unpivot.source, isKept: false)
      case .subquery, .lateral, .unnest, .redshift: break
      }
    }

    /// Deeper conditions are left to the engine.
    private static let depthMax = 50

    func condition(_ expression: Expression, of table: [String], depth: Int) -> PartitionExpression {
      guard depth < Self.depthMax else { return .unknown }
      func inner(_ expression: Expression) -> PartitionExpression {
        condition(expression, of: table, depth: depth + 1)
      }
      switch expression.kind {
      case .logical(.and, let terms): return .and(terms.map(inner))
      case .logical(.or, let terms): return .or(terms.map(inner))
      case .not(let term): return .not(inner(term))
      case .comparison(let operation, let left, let right): return .compare(operation, inner(left), inner(right))
      case .between(let value, let low, let high, let negated):
        let both = PartitionExpression.and([
          .compare(.greaterOrEqual, inner(value), inner(low)), .compare(.lessOrEqual, inner(value), inner(high)),
        ])
        return negated ? .not(both) : both
      case .inList(let value, let items, let negated):
        let membership = PartitionExpression.membership(inner(value), items.map(inner))
        return negated ? .not(membership) : membership
      case .isNull(let value, let negated): return negated ? .not(.isNull(inner(value))) : .isNull(inner(value))
      case .identifier(let name): return .key(name.key)
      case .dereference(let target, let name):
        guard let path = path(target), !path.isEmpty, table.suffix(path.count).elementsEqual(path) else {
          return .unknown
        }
        return .key(name.key)
      case .null: return .constant(.null)
      case .boolean(let value): return .constant(.boolean(value))
      case .integer(let text): return Int64(text).map { .constant(.integer($0)) } ?? .unknown
      case .negative(let value):
        guard case .integer(let text) = value.kind, let number = Int64(text) else { return .unknown }
        return .constant(.integer(-number))
      // Blanks at the end do not count where Redshift compares; such texts are left to the engine.
      case .string(let text): return text.hasSuffix(" ") ? .unknown : .constant(.string(text))
      case .redshift(.cast(let value, let type, _)):
        guard case .string(let text) = value.kind else { return .unknown }
        switch type {
        case .date: return PartitionValue.read(text, .date).map { .constant($0) } ?? .unknown
        case .char, .varchar: return text.hasSuffix(" ") ? .unknown : .constant(.string(text))
        case .smallint, .integer, .bigint: return Int64(text).map { .constant(.integer($0)) } ?? .unknown
        default: return .unknown
        }
      default: return .unknown
      }
    }

    private func path(_ expression: Expression) -> [String]? {
      switch expression.kind {
      case .identifier(let name): [name.key]
      case .dereference(let target, let name): path(target).map { $0 + [name.key] }
      default: nil
      }
    }
  }
}

extension PartitionExpression {
  /// Literals in quotation marks become what the key has that they are compared with; names of other columns become
  /// unknown.
  fileprivate func typed(_ types: [String: HiveType]) -> PartitionExpression {
    func fitted(_ side: PartitionExpression, to other: PartitionExpression) -> PartitionExpression {
      guard case .constant(.string(let text)) = side, case .key(let name) = other, let type = types[name] else {
        return side.typed(types)
      }
      switch type {
      case .string, .varchar: return side
      // Blanks fill CHAR up.
      case .char: return .unknown
      default: return PartitionValue(text, type: type).map { .constant($0) } ?? .unknown
      }
    }
    switch self {
    case .key(let name): return types[name] == nil ? .unknown : self
    case .compare(let operation, let left, let right):
      return .compare(operation, fitted(left, to: right), fitted(right, to: left))
    case .membership(let value, let items):
      return .membership(value.typed(types), items.map { fitted($0, to: value) })
    case .and(let terms): return .and(terms.map { $0.typed(types) })
    case .or(let terms): return .or(terms.map { $0.typed(types) })
    case .not(let term): return .not(term.typed(types))
    case .isNull(let term): return .isNull(term.typed(types))
    default: return self
    }
  }
}
