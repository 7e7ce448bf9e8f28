/// The `Expression` of Glue's `GetPartitions`: an SQL condition over partition keys.
///
/// ```swift
/// let filter = try PartitionFilter.parse("year = '2026' AND month IN (1, 2)", columns: [
///   .init("year", .string), .init("month", .int)])
/// filter.matches(["2026", "2"])  // true
/// ```
public struct PartitionFilter: Hashable, Sendable {
  /// A partition key with its type.
  public struct Column: Hashable, Sendable {
    public var name: String
    public var type: HiveType
    public init(_ name: String, _ type: HiveType) {
      self.name = name
      self.type = type
    }
  }

  /// Why the text is no filter; Glue answers `InvalidInputException` with it.
  public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  public let columns: [Column]
  public let expression: PartitionExpression

  /// The condition in Glue's grammar: `= <> != < <= > >=`, `AND`, `OR`, `NOT`, `BETWEEN`, `IN`, `LIKE`, `IS NULL`.
  /// - Throws: `Malformed` for a text that is no condition, names another column, or compares a key with a value
  ///   that is none of its type.
  public static func parse(_ text: String, columns: [Column]) throws(Malformed) -> PartitionFilter {
    let tree: Expression
    do {
      tree = try SQLParser.expression(text, dialect: .glueFilter)
    } catch {
      throw Malformed(description: "Unsupported expression '\(text)': \(error)")
    }
    let reader = PartitionFilterReader(text: text, columns: columns)
    return PartitionFilter(columns: columns, expression: try reader.condition(tree))
  }

  /// Whether a partition with these values, in the order of `columns`, passes. A value that is none of its
  /// column's type passes no comparison.
  public func matches(_ values: [String]) -> Bool {
    var keys: [String: PartitionValue] = [:]
    for (column, value) in zip(columns, values) {
      keys[column.name.lowercased()] = PartitionValue(value, type: column.type) ?? .null
    }
    return expression.evaluate(keys) == .value(.boolean(true))
  }
}

extension Dialect {
  /// Trino's words with Hive's backquotes.
  static let glueFilter: Dialect = {
    var dialect = Dialect.trino
    dialect.name = "glue"
    dialect.backquotesAreIdentifiers = true
    return dialect
  }()
}

private struct PartitionFilterReader {
  let text: String
  let columns: [PartitionFilter.Column]

  private func unsupported(_ why: String) -> PartitionFilter.Malformed {
    .init(description: "Unsupported expression '\(text)': \(why)")
  }

  private func column(_ expression: Expression) -> PartitionFilter.Column? {
    let name: String
    switch expression.kind {
    case .identifier(let identifier): name = identifier.key
    case .dereference(_, let identifier): name = identifier.key
    default: return nil
    }
    return columns.first { $0.name.lowercased() == name }
  }

  func condition(_ expression: Expression) throws(PartitionFilter.Malformed) -> PartitionExpression {
    switch expression.kind {
    case .logical(let operation, let terms):
      var parts: [PartitionExpression] = []
      for term in terms { parts.append(try condition(term)) }
      return operation == .and ? .and(parts) : .or(parts)
    case .not(let term): return .not(try condition(term))
    case .boolean(let value): return .constant(.boolean(value))
    case .comparison(let operation, let left, let right):
      if let key = column(left) { return .compare(operation, .key(key.name.lowercased()), try value(right, key)) }
      if let key = column(right) { return .compare(operation, try value(left, key), .key(key.name.lowercased())) }
      throw unsupported("no partition key is compared")
    case .between(let subject, let low, let high, let negated):
      let key = try required(subject)
      let name = PartitionExpression.key(key.name.lowercased())
      let test = PartitionExpression.and([
        .compare(.greaterOrEqual, name, try value(low, key)), .compare(.lessOrEqual, name, try value(high, key)),
      ])
      return negated ? .not(test) : test
    case .inList(let subject, let items, let negated):
      let key = try required(subject)
      var values: [PartitionExpression] = []
      for item in items { values.append(try value(item, key)) }
      let test = PartitionExpression.membership(.key(key.name.lowercased()), values)
      return negated ? .not(test) : test
    case .like(let subject, let pattern, let escape, let negated):
      let key = try required(subject)
      guard key.type.sqlType.isString, case .string(let pattern) = pattern.kind else {
        throw unsupported("LIKE needs a string key and a string")
      }
      var mark: Character?
      if let escape {
        guard case .string(let text) = escape.kind, text.count == 1 else { throw unsupported("ESCAPE") }
        mark = text.first
      }
      let test = PartitionExpression.like(
        .key(key.name.lowercased()), pattern: .constant(.string(pattern)), escape: mark)
      return negated ? .not(test) : test
    case .isNull(let subject, let negated):
      let test = PartitionExpression.isNull(.key(try required(subject).name.lowercased()))
      return negated ? .not(test) : test
    default: throw unsupported("a condition on partition keys is expected")
    }
  }

  private func required(_ expression: Expression) throws(PartitionFilter.Malformed) -> PartitionFilter.Column {
    guard let key = column(expression) else { throw unsupported("a partition key is expected") }
    return key
  }

  /// A literal, read as a value of the key's type.
  private func value(
    _ expression: Expression, _ key: PartitionFilter.Column
  ) throws(PartitionFilter.Malformed) -> PartitionExpression {
    let literal: String
    switch expression.kind {
    case .string(let text), .integer(let text), .decimal(let text), .double(let text), .typed(_, let text):
      literal = text
    case .negative(let inner):
      switch inner.kind {
      case .integer(let text), .decimal(let text), .double(let text): literal = "-" + text
      default: throw unsupported("a literal is expected")
      }
    case .boolean(let flag): literal = flag ? "true" : "false"
    // "…" that names no key is a string, as in Hive.
    case .identifier(let name) where name.quoted && column(expression) == nil: literal = name.text
    case .cast(let inner, _, _): return try value(inner, key)
    default: throw unsupported("a literal is expected")
    }
    guard let value = PartitionValue(literal, type: key.type) else {
      throw unsupported("'\(literal)' is not a \(key.type) as key '\(key.name)' is")
    }
    return .constant(value)
  }
}
