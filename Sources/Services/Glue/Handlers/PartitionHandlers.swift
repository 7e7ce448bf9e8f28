public import GlueModel
public import Kernel

extension GlueService {
  public func createPartition(
    _ input: CreatePartitionInput, _ context: RequestContext
  ) async throws -> CreatePartitionOutput {
    try check(catalog: input.catalogId, context)
    let (table, database) = (GlueCatalog.fold(input.tableName), GlueCatalog.fold(input.databaseName))
    try await catalog.authorize(
      "glue:CreatePartition", on: context.catalogResources.table(table, in: database), context)
    let failures = try await catalog.add(
      [CatalogPartition(input.partitionInput)], to: table, in: database, ifAbsent: false, context)
    if let failure = failures.first { throw failure.error }
    return CreatePartitionOutput()
  }

  public func batchCreatePartition(
    _ input: BatchCreatePartitionInput, _ context: RequestContext
  ) async throws -> BatchCreatePartitionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.addPartitions(
      input.partitionInputList.map(CatalogPartition.init), to: input.tableName, in: input.databaseName,
      context: context)
    return BatchCreatePartitionOutput(errors: failures.map(\.shape))
  }

  public func getPartition(_ input: GetPartitionInput, _ context: RequestContext) async throws -> GetPartitionOutput {
    try check(catalog: input.catalogId, context)
    let partition = try await catalog.partition(
      input.partitionValues, of: input.tableName, in: input.databaseName, context: context)
    return GetPartitionOutput(
      partition: partition.shape(table: input.tableName, database: input.databaseName, context))
  }

  public func batchGetPartition(
    _ input: BatchGetPartitionInput, _ context: RequestContext
  ) async throws -> BatchGetPartitionOutput {
    try check(catalog: input.catalogId, context)
    let found = try await catalog.partitions(
      input.partitionsToGet.map(\.values), of: input.tableName, in: input.databaseName, context: context)
    // All that was asked is looked at, so no key is left unprocessed; absent partitions are left out, as on AWS.
    return BatchGetPartitionOutput(
      partitions: found.map { $0.shape(table: input.tableName, database: input.databaseName, context) },
      unprocessedKeys: [])
  }

  public func getPartitions(
    _ input: GetPartitionsInput, _ context: RequestContext
  ) async throws -> GetPartitionsOutput {
    try check(catalog: input.catalogId, context)
    guard input.queryAsOfTime == nil, input.transactionId == nil else {
      throw CatalogError.invalidInput("The table is not a governed table.")
    }
    if let segment = input.segment, segment.segmentNumber >= segment.totalSegments {
      throw CatalogError.invalidInput("SegmentNumber must be less than TotalSegments.")
    }
    let after = try PageToken.read(input.nextToken, "GetPartitions")
    let count = min(input.maxResults ?? Limits.partitionsPerPageMax, Limits.partitionsPerPageMax)
    let found = try await catalog.partitionPage(
      of: input.tableName, in: input.databaseName, after: after, expression: input.expression,
      segment: input.segment.map { (Int($0.segmentNumber), Int($0.totalSegments)) }, limit: count.saturatingAdd(1),
      context: context)
    let (page, next) = PageToken.cut(found, to: count, "GetPartitions", name: \.values)
    return GetPartitionsOutput(
      partitions: page.map {
        $0.shape(
          table: input.tableName, database: input.databaseName, columns: !(input.excludeColumnSchema ?? false), context)
      },
      nextToken: next)
  }

  public func updatePartition(
    _ input: UpdatePartitionInput, _ context: RequestContext
  ) async throws -> UpdatePartitionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.updatePartitions(
      [(input.partitionValueList, CatalogPartition(input.partitionInput))], of: input.tableName,
      in: input.databaseName, action: "glue:UpdatePartition", context: context)
    if let failure = failures.first { throw failure.error }
    return UpdatePartitionOutput()
  }

  public func batchUpdatePartition(
    _ input: BatchUpdatePartitionInput, _ context: RequestContext
  ) async throws -> BatchUpdatePartitionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.updatePartitions(
      input.entries.map { ($0.partitionValueList, CatalogPartition($0.partitionInput)) }, of: input.tableName,
      in: input.databaseName, context: context)
    return BatchUpdatePartitionOutput(
      errors: failures.map {
        BatchUpdatePartitionFailureEntry(partitionValueList: $0.values, errorDetail: ErrorDetail($0.error))
      })
  }

  public func deletePartition(
    _ input: DeletePartitionInput, _ context: RequestContext
  ) async throws -> DeletePartitionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.deletePartitions(
      [input.partitionValues], of: input.tableName, in: input.databaseName, action: "glue:DeletePartition",
      context: context)
    if let failure = failures.first { throw failure.error }
    return DeletePartitionOutput()
  }

  public func batchDeletePartition(
    _ input: BatchDeletePartitionInput, _ context: RequestContext
  ) async throws -> BatchDeletePartitionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.deletePartitions(
      input.partitionsToDelete.map(\.values), of: input.tableName, in: input.databaseName, context: context)
    return BatchDeletePartitionOutput(errors: failures.map(\.shape))
  }

  // MARK: Indexes

  public func createPartitionIndex(
    _ input: CreatePartitionIndexInput, _ context: RequestContext
  ) async throws -> CreatePartitionIndexOutput {
    try check(catalog: input.catalogId, context)
    let index = PartitionIndexDefinition(name: input.partitionIndex.indexName, keys: input.partitionIndex.keys)
    try await catalog.createPartitionIndex(index, of: input.tableName, in: input.databaseName, context: context)
    return CreatePartitionIndexOutput()
  }

  public func getPartitionIndexes(
    _ input: GetPartitionIndexesInput, _ context: RequestContext
  ) async throws -> GetPartitionIndexesOutput {
    try check(catalog: input.catalogId, context)
    let (table, indexes) = try await catalog.partitionIndexes(
      of: input.tableName, in: input.databaseName, context: context)
    let types = Dictionary(
      table.partitionKeys.map { ($0.name.lowercased(), $0.type ?? "string") }, uniquingKeysWith: { first, _ in first })
    return GetPartitionIndexesOutput(
      partitionIndexDescriptorList: indexes.map { index in
        PartitionIndexDescriptor(
          indexName: index.name,
          keys: index.keys.map { KeySchemaElement(name: $0, type: types[$0.lowercased()] ?? "string") },
          indexStatus: .active, backfillErrors: [])
      })
  }

  public func deletePartitionIndex(
    _ input: DeletePartitionIndexInput, _ context: RequestContext
  ) async throws -> DeletePartitionIndexOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deletePartitionIndex(
      input.indexName, of: input.tableName, in: input.databaseName, context: context)
    return DeletePartitionIndexOutput()
  }
}

extension PartitionFailure {
  fileprivate var shape: PartitionError { PartitionError(partitionValues: values, errorDetail: ErrorDetail(error)) }
}
