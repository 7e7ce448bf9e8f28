import Kernel
import SQL
import Storage

extension GlueCatalog {
  /// A page of `GetPartitions`.
  /// - Parameters:
  ///   - expression: a condition on the partition keys; empty for none.
  ///   - segment: which of how many equal parts of the partitions.
  /// - Throws: `InvalidInputException` for an expression that cannot be read.
  func partitionPage(
    of table: String, in database: String, after: [String]?, expression: String?, segment: (number: Int, of: Int)?,
    limit: Int, context: RequestContext
  ) async throws -> [CatalogPartition] {
    let found = Locked<[CatalogPartition]>([])
    var filters: [PartitionFilter] = []
    var prefix: [String] = []
    if let segment { filters.append { PartitionSegment.number(of: $0, among: segment.of) == segment.number } }
    if let expression, !expression.allSatisfy(\.isWhitespace) {
      let owner = try await self.table(
        table, in: database, version: nil, action: "glue:GetPartitions", context: context)
      let condition = try PartitionCondition(expression, keys: owner.partitionKeys)
      prefix = condition.prefix
      filters.append(condition.matches)
    }
    let all = filters
    try await partitions(
      of: table, in: database, prefix: prefix, after: after,
      where: { values in try all.allSatisfy { try $0(values) } }, context: context
    ) { partition in
      found.withLock { found in
        found.append(partition)
        return found.count < limit
      }
    }
    return found.withLock { $0 }
  }
}

/// The `Expression` of `GetPartitions`, and the values of leading keys that it fixes.
struct PartitionCondition: Sendable {
  private let filter: SQL.PartitionFilter
  /// Values that the first partition keys must have: where to look among partitions ordered by their values.
  let prefix: [String]

  /// - Throws: `InvalidInputException`.
  init(_ text: String, keys: [CatalogColumn]) throws {
    let columns = keys.map { key in
      SQL.PartitionFilter.Column(key.name, (try? HiveType.parse(key.type ?? "string")) ?? .string)
    }
    do { filter = try SQL.PartitionFilter.parse(text, columns: columns) } catch {
      throw CatalogError.invalidInput(error.description)
    }
    var fixed: [String: String] = [:]
    Self.collect(filter.expression, &fixed)
    var prefix: [String] = []
    for column in columns {
      // Of text alone one spelling is one value; an integer may be written 1 and 01.
      guard column.type == .string, let value = fixed[column.name.lowercased()] else { break }
      prefix.append(value)
    }
    self.prefix = prefix
  }

  @Sendable func matches(_ values: [String]) -> Bool { filter.matches(values) }

  private static func collect(_ expression: PartitionExpression, _ fixed: inout [String: String]) {
    switch expression {
    case .and(let terms): for term in terms { collect(term, &fixed) }
    case .compare(.equal, .key(let name), .constant(.string(let value))),
      .compare(.equal, .constant(.string(let value)), .key(let name)):
      fixed[name] = value
    default: return
    }
  }
}

/// Divides partitions among parallel readers: each belongs to one segment, by a hash of its values.
enum PartitionSegment {
  static func number(of values: [String], among count: Int) -> Int {
    // FNV-1a: the same in every process, since a reader may come back after a restart.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in values {
      for byte in value.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    return count > 0 ? Int(hash % UInt64(count)) : 0
  }
}
