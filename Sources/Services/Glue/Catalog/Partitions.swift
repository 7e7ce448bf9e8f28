public import Kernel
import Storage

/// A partition that a batch could not make, and why.
public struct PartitionFailure: Sendable {
  public let values: [String]
  public let error: AWSError
}

extension GlueCatalog {
  /// Decides on a partition by its values alone, before it is read.
  public typealias PartitionFilter = @Sendable (_ values: [String]) throws -> Bool

  /// - Throws: `EntityNotFoundException`.
  public func partition(
    _ values: [String], of table: String, in database: String, context: RequestContext
  ) async throws -> CatalogPartition {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:GetPartition", on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let owner = try reader.table(table, in: database, keys)
      guard values.count == owner.partitionKeys.count else { throw CatalogError.valueCount }
      var shelf = DescriptorShelf(keys: keys, database: database, table: table)
      guard let partition = try reader.partition(values, &shelf) else { throw CatalogError.noPartition }
      return partition
    }
  }

  /// Those of the wanted partitions that exist, in the order asked.
  public func partitions(
    _ wanted: [[String]], of table: String, in database: String, context: RequestContext
  ) async throws -> [CatalogPartition] {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:BatchGetPartition", on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let owner = try reader.table(table, in: database, keys)
      guard wanted.allSatisfy({ $0.count == owner.partitionKeys.count }) else { throw CatalogError.valueCount }
      var shelf = DescriptorShelf(keys: keys, database: database, table: table)
      return try wanted.compactMap { try reader.partition($0, &shelf) }
    }
  }

  /// Visits the partitions of a table in the order of their values until `visit` returns `false`, in one consistent
  /// snapshot and without holding them all. `filter` runs on values alone, so that those it drops cost little.
  /// - Parameters:
  ///   - prefix: only partitions whose first values are these.
  ///   - after: starts behind the partition with these values.
  ///   - visit: runs on a storage thread; it must not wait for another task.
  /// - Throws: `EntityNotFoundException` for the database or table; what `filter` or `visit` throws.
  public func partitions(
    of table: String, in database: String, prefix: [String] = [], after: [String]? = nil,
    where filter: PartitionFilter? = nil, context: RequestContext,
    visit: @escaping @Sendable (CatalogPartition) throws -> Bool
  ) async throws {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:GetPartitions", on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    try await self.keys.read { reader in
      _ = try reader.table(table, in: database, keys)
      var range = keys.partition(prefix, of: table, in: database).subtree
      if let after { range.from = max(range.from, keys.partition(after, of: table, in: database).subtree.to) }
      guard range.from < range.to else { return }
      var shelf = DescriptorShelf(keys: keys, database: database, table: table)
      try reader.scan(range) { key, bytes in
        let values = CatalogKeys.partitionValues(key)
        if let filter, try !filter(values) { return true }
        return try visit(try shelf.partition(values, try PartitionRecord(bytes), from: reader))
      }
    }
  }

  /// Adds partitions in one transaction.
  /// - Parameter ifAbsent: pass over those that exist, instead of reporting them.
  /// - Returns: those that could not be added; all others are there.
  /// - Throws: `EntityNotFoundException` for the database or table.
  @discardableResult
  public func addPartitions(
    _ partitions: [CatalogPartition], to table: String, in database: String, ifAbsent: Bool = false,
    context: RequestContext
  ) async throws -> [PartitionFailure] {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:BatchCreatePartition", on: context.catalogResources.table(table, in: database), context)
    return try await add(partitions, to: table, in: database, ifAbsent: ifAbsent, context)
  }

  func add(
    _ partitions: [CatalogPartition], to table: String, in database: String, ifAbsent: Bool, _ context: RequestContext
  ) async throws -> [PartitionFailure] {
    let keys = context.catalogKeys
    let now = clock.now().toSecond
    return try await self.keys.write { transaction in
      try transaction.addPartitions(partitions, to: table, in: database, ifAbsent: ifAbsent, at: now, keys)
    }
  }

  /// Replaces partitions, each named by its present values; new values move it.
  /// - Returns: those that could not be replaced.
  public func updatePartitions(
    _ updates: [(values: [String], to: CatalogPartition)], of table: String, in database: String,
    action: String = "glue:BatchUpdatePartition", context: RequestContext
  ) async throws -> [PartitionFailure] {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize(action, on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.write { transaction in
      let owner = try transaction.table(table, in: database, keys)
      var shelf = DescriptorShelf(keys: keys, database: database, table: table)
      var failures: [PartitionFailure] = []
      for update in updates {
        func fail(_ error: AWSError) { failures.append(PartitionFailure(values: update.values, error: error)) }
        var partition = update.to
        if partition.values.isEmpty { partition.values = update.values }
        let count = owner.partitionKeys.count
        guard update.values.count == count, partition.values.count == count else {
          fail(CatalogError.valueCount)
          continue
        }
        guard let present = try transaction.partition(update.values, &shelf) else {
          fail(CatalogError.noPartition)
          continue
        }
        partition.creationTime = present.creationTime
        if partition.values != update.values {
          if try transaction.get(keys.partition(partition.values, of: table, in: database)) != nil {
            fail(CatalogError.partitionExists)
            continue
          }
          try transaction.deletePartition(update.values, of: table, in: database, keys)
        }
        try transaction.setPartition(partition, &shelf)
      }
      return failures
    }
  }

  /// Removes partitions from the catalog; their files stay.
  /// - Returns: those that were not there.
  public func deletePartitions(
    _ wanted: [[String]], of table: String, in database: String, action: String = "glue:BatchDeletePartition",
    context: RequestContext
  ) async throws -> [PartitionFailure] {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize(action, on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.write { transaction in
      let owner = try transaction.table(table, in: database, keys)
      var failures: [PartitionFailure] = []
      for values in wanted {
        if values.count != owner.partitionKeys.count {
          failures.append(PartitionFailure(values: values, error: CatalogError.valueCount))
        } else if try transaction.get(keys.partition(values, of: table, in: database)) == nil {
          failures.append(PartitionFailure(values: values, error: CatalogError.noPartition))
        } else {
          try transaction.deletePartition(values, of: table, in: database, keys)
        }
      }
      return failures
    }
  }
}

extension KeyReader {
  func partition(_ values: [String], _ shelf: inout DescriptorShelf) throws -> CatalogPartition? {
    guard let bytes = try get(shelf.keys.partition(values, of: shelf.table, in: shelf.database)) else { return nil }
    return try shelf.partition(values, try PartitionRecord(bytes), from: self)
  }
}

extension KeyTransaction {
  /// - Parameter table: the table's name, folded as `database` is.
  /// - Returns: those that could not be added.
  func addPartitions(
    _ partitions: [CatalogPartition], to table: String, in database: String, ifAbsent: Bool, at now: Timestamp,
    _ keys: CatalogKeys
  ) throws -> [PartitionFailure] {
    let owner = try self.table(table, in: database, keys)
    var shelf = DescriptorShelf(keys: keys, database: database, table: table)
    var failures: [PartitionFailure] = []
    for var partition in partitions {
      partition.creationTime = now
      guard partition.values.count == owner.partitionKeys.count, !partition.values.isEmpty else {
        failures.append(PartitionFailure(values: partition.values, error: CatalogError.valueCount))
        continue
      }
      if try get(keys.partition(partition.values, of: table, in: database)) != nil {
        if !ifAbsent {
          failures.append(PartitionFailure(values: partition.values, error: CatalogError.partitionExists))
        }
        continue
      }
      try setPartition(partition, &shelf)
    }
    return failures
  }

  func setPartition(_ partition: CatalogPartition, _ shelf: inout DescriptorShelf) throws {
    let record = PartitionRecord(
      location: partition.storage?.location,
      descriptor: try partition.storage.map { try shelf.put($0, in: self) }, parameters: partition.parameters,
      lastAccessTime: partition.lastAccessTime, lastAnalyzedTime: partition.lastAnalyzedTime,
      creationTime: partition.creationTime)
    try set(shelf.keys.partition(partition.values, of: shelf.table, in: shelf.database), record.bytes)
  }

  func deletePartition(_ values: [String], of table: String, in database: String, _ keys: CatalogKeys) throws {
    try delete(keys.partition(values, of: table, in: database))
    try delete(keys.partitionStatistics(values, of: table, in: database).subtree)
  }
}
