public import Kernel
import Storage

extension GlueCatalog {
  /// Names the place of statistics: a table, or one of its partitions.
  private struct Place: Sendable {
    let database: String
    let table: String
    let partition: [String]?

    var word: String { partition == nil ? "Table" : "Partition" }

    func key(_ column: String, _ keys: CatalogKeys) -> Key {
      let column = GlueCatalog.fold(column)
      guard let partition else { return keys.statistics(column: column, of: table, in: database) }
      return keys.partitionStatistics(partition, of: table, in: database).appending(column)
    }

    /// - Returns: the names of the columns, in lower case.
    /// - Throws: `EntityNotFoundException` when the table or partition does not exist.
    func columns(_ reader: any KeyReader, _ keys: CatalogKeys, _ context: RequestContext) throws -> Set<String> {
      let owner = try reader.resolved(try reader.table(table, in: database, keys), context)
      if let partition {
        guard partition.count == owner.partitionKeys.count else { throw CatalogError.valueCount }
        guard try reader.get(keys.partition(partition, of: table, in: database)) != nil else {
          throw CatalogError.noPartition
        }
      }
      return Set(((owner.storage?.columns ?? []) + owner.partitionKeys).map { GlueCatalog.fold($0.name) })
    }
  }

  /// Statistics of some columns.
  /// - Parameter partition: the values of a partition; `nil` for the whole table.
  /// - Returns: what is known; the columns of which nothing is known are left out.
  public func columnStatistics(
    _ columns: [String], of table: String, in database: String, partition: [String]? = nil, context: RequestContext
  ) async throws -> [ColumnStatisticsRecord] {
    let place = Place(database: Self.fold(database), table: Self.fold(table), partition: partition)
    try await authorize(
      "glue:GetColumnStatisticsFor\(place.word)",
      on: context.catalogResources.table(place.table, in: place.database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      _ = try place.columns(reader, keys, context)
      return try columns.compactMap { try reader.get(place.key($0, keys), as: ColumnStatisticsRecord.self) }
    }
  }

  /// Keeps statistics, in place of what was known.
  /// - Returns: those that could not be kept, with the reason.
  public func updateColumnStatistics(
    _ statistics: [ColumnStatisticsRecord], of table: String, in database: String, partition: [String]? = nil,
    context: RequestContext
  ) async throws -> [(statistics: ColumnStatisticsRecord, error: AWSError)] {
    let place = Place(database: Self.fold(database), table: Self.fold(table), partition: partition)
    try await authorize(
      "glue:UpdateColumnStatisticsFor\(place.word)",
      on: context.catalogResources.table(place.table, in: place.database), context)
    let keys = context.catalogKeys
    return try await self.keys.write { transaction in
      let known = try place.columns(transaction, keys, context)
      var failures: [(statistics: ColumnStatisticsRecord, error: AWSError)] = []
      for entry in statistics {
        if known.contains(Self.fold(entry.column)) {
          try transaction.set(place.key(entry.column, keys), record: entry)
        } else {
          failures.append((entry, CatalogError.entityNotFound("Column \(entry.column) not found.")))
        }
      }
      return failures
    }
  }

  /// - Throws: `EntityNotFoundException` when nothing is known of the column.
  public func deleteColumnStatistics(
    _ column: String, of table: String, in database: String, partition: [String]? = nil, context: RequestContext
  ) async throws {
    let place = Place(database: Self.fold(database), table: Self.fold(table), partition: partition)
    try await authorize(
      "glue:DeleteColumnStatisticsFor\(place.word)",
      on: context.catalogResources.table(place.table, in: place.database), context)
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      _ = try place.columns(transaction, keys, context)
      let key = place.key(column, keys)
      guard try transaction.get(key) != nil else {
        throw CatalogError.entityNotFound("Column statistics for column \(column) not found.")
      }
      try transaction.delete(key)
    }
  }
}
