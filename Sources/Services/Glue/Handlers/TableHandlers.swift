public import GlueModel
public import Kernel

extension GlueService {
  public func createTable(_ input: CreateTableInput, _ context: RequestContext) async throws -> CreateTableOutput {
    try check(catalog: input.catalogId, context)
    guard input.openTableFormatInput == nil else {
      throw AWSError.notImplemented(service: "Glue", operation: "CreateTable with an OpenTableFormatInput")
    }
    guard let table = input.tableInput else { throw CatalogError.invalidInput("TableInput must be provided.") }
    let indexes = (input.partitionIndexes ?? []).map { PartitionIndexDefinition(name: $0.indexName, keys: $0.keys) }
    try await catalog.createTable(
      TableDefinition(table), in: input.databaseName, indexes: indexes, context: context)
    return CreateTableOutput()
  }

  public func getTable(_ input: GetTableInput, _ context: RequestContext) async throws -> GetTableOutput {
    try check(catalog: input.catalogId, context)
    let table = try await catalog.table(input.name, in: input.databaseName, context: context)
    return GetTableOutput(table: table.shape(context))
  }

  public func getTables(_ input: GetTablesInput, _ context: RequestContext) async throws -> GetTablesOutput {
    try check(catalog: input.catalogId, context)
    let after = try PageToken.read(input.nextToken, "GetTables")
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await catalog.tables(
      in: input.databaseName, matching: input.expression.flatMap { $0.isEmpty ? nil : $0 }, after: after?.first,
      limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "GetTables") { [$0.name] }
    let shapes = page.map { table in
      guard let wanted = input.attributesToGet, !wanted.isEmpty else { return table.shape(context) }
      return Table(
        name: table.name, databaseName: table.database,
        tableType: wanted.contains(.tableType) ? table.tableType : nil, catalogId: context.account.digits)
    }
    return GetTablesOutput(tableList: shapes, nextToken: next)
  }

  public func updateTable(_ input: UpdateTableInput, _ context: RequestContext) async throws -> UpdateTableOutput {
    try check(catalog: input.catalogId, context)
    guard input.updateOpenTableFormatInput == nil else {
      throw AWSError.notImplemented(service: "Glue", operation: "UpdateTable with an UpdateOpenTableFormatInput")
    }
    guard let table = input.tableInput else { throw CatalogError.invalidInput("TableInput must be provided.") }
    try await catalog.updateTable(
      TableDefinition(table), in: input.databaseName, ifVersion: input.versionId,
      archive: !(input.skipArchive ?? false), context: context)
    return UpdateTableOutput()
  }

  public func deleteTable(_ input: DeleteTableInput, _ context: RequestContext) async throws -> DeleteTableOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deleteTable(input.name, in: input.databaseName, context: context)
    return DeleteTableOutput()
  }

  public func batchDeleteTable(
    _ input: BatchDeleteTableInput, _ context: RequestContext
  ) async throws -> BatchDeleteTableOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.deleteTables(input.tablesToDelete, in: input.databaseName, context: context)
    return BatchDeleteTableOutput(
      errors: failures.map { TableError(tableName: $0.name, errorDetail: ErrorDetail($0.error)) })
  }

  public func getTableVersion(
    _ input: GetTableVersionInput, _ context: RequestContext
  ) async throws -> GetTableVersionOutput {
    try check(catalog: input.catalogId, context)
    let table = try await catalog.table(
      input.tableName, in: input.databaseName, version: input.versionId ?? "LATEST", action: "glue:GetTableVersion",
      context: context)
    return GetTableVersionOutput(
      tableVersion: TableVersion(table: table.shape(context), versionId: String(table.version)))
  }

  public func getTableVersions(
    _ input: GetTableVersionsInput, _ context: RequestContext
  ) async throws -> GetTableVersionsOutput {
    try check(catalog: input.catalogId, context)
    let before = try PageToken.read(input.nextToken, "GetTableVersions")?.first.flatMap { Int64($0) }
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await catalog.tableVersions(
      of: input.tableName, in: input.databaseName, before: before, limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "GetTableVersions") { [String($0.version)] }
    return GetTableVersionsOutput(
      tableVersions: page.map { TableVersion(table: $0.shape(context), versionId: String($0.version)) },
      nextToken: next)
  }

  public func deleteTableVersion(
    _ input: DeleteTableVersionInput, _ context: RequestContext
  ) async throws -> DeleteTableVersionOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deleteTableVersion(
      input.versionId, of: input.tableName, in: input.databaseName, context: context)
    return DeleteTableVersionOutput()
  }

  public func batchDeleteTableVersion(
    _ input: BatchDeleteTableVersionInput, _ context: RequestContext
  ) async throws -> BatchDeleteTableVersionOutput {
    try check(catalog: input.catalogId, context)
    let failures = try await catalog.deleteTableVersions(
      input.versionIds, of: input.tableName, in: input.databaseName, context: context)
    return BatchDeleteTableVersionOutput(
      errors: failures.map {
        TableVersionError(tableName: input.tableName, versionId: $0.name, errorDetail: ErrorDetail($0.error))
      })
  }
}
