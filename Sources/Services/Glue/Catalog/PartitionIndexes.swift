public import Kernel
import Storage

/// An index over partition keys. Partitions are ordered by their values in any case; the definition is kept and
/// shown.
public struct PartitionIndexDefinition: Codable, Hashable, Sendable {
  public var name: String
  public var keys: [String]

  public init(name: String, keys: [String]) {
    self.name = name
    self.keys = keys
  }

  /// - Throws: `InvalidInputException`, `ResourceNumberLimitExceededException`, `AlreadyExistsException`.
  static func check(_ indexes: [PartitionIndexDefinition], against columns: [CatalogColumn]) throws {
    guard indexes.count <= Limits.partitionIndexesMax else {
      throw CatalogError.limitExceeded("A table can have at most \(Limits.partitionIndexesMax) partition indexes.")
    }
    guard Set(indexes.map(\.name)).count == indexes.count else {
      throw CatalogError.alreadyExists("Partition index already exists.")
    }
    let known = Set(columns.map { $0.name.lowercased() })
    for index in indexes {
      for key in index.keys where !known.contains(key.lowercased()) {
        throw CatalogError.invalidInput("Key \(key) of index \(index.name) is not a partition key of the table.")
      }
      guard Set(index.keys.map { $0.lowercased() }).count == index.keys.count, !index.keys.isEmpty else {
        throw CatalogError.invalidInput("Index \(index.name) must name different partition keys.")
      }
    }
  }
}

extension GlueCatalog {
  public func createPartitionIndex(
    _ index: PartitionIndexDefinition, of table: String, in database: String, context: RequestContext
  ) async throws {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:CreatePartitionIndex", on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      let columns = try transaction.table(table, in: database, keys).partitionKeys
      let present = try transaction.records(keys.indexes(of: table, in: database), as: PartitionIndexDefinition.self)
      try PartitionIndexDefinition.check(present + [index], against: columns)
      try transaction.set(keys.index(index.name, of: table, in: database), record: index)
    }
  }

  public func partitionIndexes(
    of table: String, in database: String, context: RequestContext
  ) async throws -> (table: CatalogTable, indexes: [PartitionIndexDefinition]) {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:GetPartitionIndexes", on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let found = try reader.table(table, in: database, keys)
      return (found, try reader.records(keys.indexes(of: table, in: database), as: PartitionIndexDefinition.self))
    }
  }

  public func deletePartitionIndex(
    _ name: String, of table: String, in database: String, context: RequestContext
  ) async throws {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:DeletePartitionIndex", on: context.catalogResources.table(table, in: database), context)
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      _ = try transaction.table(table, in: database, keys)
      let key = keys.index(name, of: table, in: database)
      guard try transaction.get(key) != nil else {
        throw CatalogError.entityNotFound("Index \(name) not found.")
      }
      try transaction.delete(key)
    }
  }
}
