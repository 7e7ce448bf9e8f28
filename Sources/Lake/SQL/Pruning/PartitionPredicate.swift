/// What a statement asks of one table's partition keys.
public struct PartitionPredicate: Hashable, Sendable {
  public let table: BoundTable
  public let condition: PartitionExpression

  init(table: BoundTable, condition: PartitionExpression) {
    self.table = table
    self.condition = condition
  }

  /// The keys that are asked for, in lower case; empty when every partition is wanted.
  public var keys: Set<String> { condition.keys }

  /// Whether rows of the partition could be wanted. A partition for which this cannot be told is wanted.
  /// - Parameter values: the partition's values by key, as Glue stores them; `nil` and
  ///   `__HIVE_DEFAULT_PARTITION__` are null.
  public func mayMatch(_ values: [String: String?]) -> Bool {
    guard case .table(_, let columns) = table.content else { return true }
    var keys: [String: PartitionValue] = [:]
    for column in columns {
      let name = column.name.lowercased()
      guard let text = values[name] ?? values[column.name] else { continue }
      guard let text, text != PartitionValue.hiveNull else {
        keys[name] = .null
        continue
      }
      if let value = PartitionValue.read(text, column.type) { keys[name] = value }
    }
    return mayMatch(keys)
  }

  func mayMatch(_ keys: [String: PartitionValue]) -> Bool {
    switch condition.evaluate(keys) {
    case .value(.boolean(let value)): value
    case .value(.null): false
    default: true
    }
  }

  /// The values that a key is compared with by `=` and `IN` in every way the condition can hold, as Glue stores
  /// them: enough to name the partitions outright. `nil` when the key may have other values.
  ///
  /// Partition projection and indexed look-ups use it.
  public func values(of key: String) -> Set<String>? { condition.values(of: key.lowercased()) }
}

extension PartitionExpression {
  fileprivate func values(of key: String) -> Set<String>? {
    switch self {
    case .compare(.equal, .key(key), let other), .compare(.equal, let other, .key(key)):
      guard !other.usesKeys, case .value(let value) = other.evaluate([:]), let text = value.text else { return nil }
      return [text]
    case .membership(.key(key), let items):
      var found: Set<String> = []
      for item in items {
        guard !item.usesKeys, case .value(let value) = item.evaluate([:]), let text = value.text else { return nil }
        found.insert(text)
      }
      return found
    case .and(let terms):
      let known = terms.compactMap { $0.values(of: key) }
      guard let first = known.first else { return nil }
      return known.dropFirst().reduce(first) { $0.intersection($1) }
    case .or(let terms):
      var all: Set<String> = []
      for term in terms {
        guard let values = term.values(of: key) else { return nil }
        all.formUnion(values)
      }
      return all
    default: return nil
    }
  }
}
