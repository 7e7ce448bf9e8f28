public import GlueModel
public import Kernel
public import Storage

/// A change of the catalog that is to become true in a transaction of somebody else's, such as the one that shows a
/// table's files. It is authorised already.
public typealias CatalogStep = @Sendable (any KeyTransaction) throws -> Void

extension GlueCatalog {
  /// What makes a table with its first partitions.
  /// - Throws: what `createTable` throws; the step itself `AlreadyExistsException` and `EntityNotFoundException`.
  public func creation(
    of table: TableInput, partitions: [PartitionInput], in database: String, context: RequestContext
  ) async throws -> CatalogStep {
    let making = try await creation(of: try TableDefinition(table), in: database, indexes: [], context: context)
    guard !partitions.isEmpty else { return making }
    let adding = try await addition(of: partitions, to: table.name, in: database, context: context)
    return { transaction in
      try making(transaction)
      try adding(transaction)
    }
  }

  /// What adds partitions to a table; those that it has stay as they are.
  /// - Throws: the step: `EntityNotFoundException`, and what is wrong with the first partition that cannot be added.
  public func addition(
    of partitions: [PartitionInput], to table: String, in database: String, context: RequestContext
  ) async throws -> CatalogStep {
    let (table, database) = (Self.fold(table), Self.fold(database))
    try await authorize("glue:BatchCreatePartition", on: context.catalogResources.table(table, in: database), context)
    let (keys, now) = (context.catalogKeys, clock.now().toSecond)
    let partitions = partitions.map(CatalogPartition.init)
    return { transaction in
      let failures = try transaction.addPartitions(
        partitions, to: table, in: database, ifAbsent: true, at: now, keys)
      if let failure = failures.first { throw failure.error }
    }
  }
}
