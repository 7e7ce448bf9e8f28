public import GlueModel
public import Kernel

extension GlueService {
  public func createDatabase(
    _ input: CreateDatabaseInput, _ context: RequestContext
  ) async throws -> CreateDatabaseOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.createDatabase(DatabaseDefinition(input.databaseInput), tags: input.tags ?? [:], context: context)
    return CreateDatabaseOutput()
  }

  public func getDatabase(_ input: GetDatabaseInput, _ context: RequestContext) async throws -> GetDatabaseOutput {
    try check(catalog: input.catalogId, context)
    let database = try await catalog.database(input.name, context: context)
    return GetDatabaseOutput(database: database.shape(context))
  }

  public func getDatabases(_ input: GetDatabasesInput, _ context: RequestContext) async throws -> GetDatabasesOutput {
    try check(catalog: input.catalogId, context)
    // Nothing is shared from other accounts, nor federated.
    if let kind = input.resourceShareType, kind != .all { return GetDatabasesOutput(databaseList: []) }
    let after = try PageToken.read(input.nextToken, "GetDatabases")
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await catalog.databases(after: after?.first, limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "GetDatabases") { [$0.name] }
    let shapes = page.map { database in
      guard let wanted = input.attributesToGet, !wanted.isEmpty else { return database.shape(context) }
      let whole = database.shape(context)
      return Database(
        name: whole.name, targetDatabase: wanted.contains(.targetDatabase) ? whole.targetDatabase : nil,
        catalogId: whole.catalogId)
    }
    return GetDatabasesOutput(databaseList: shapes, nextToken: next)
  }

  public func updateDatabase(
    _ input: UpdateDatabaseInput, _ context: RequestContext
  ) async throws -> UpdateDatabaseOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.updateDatabase(input.name, to: DatabaseDefinition(input.databaseInput), context: context)
    return UpdateDatabaseOutput()
  }

  public func deleteDatabase(
    _ input: DeleteDatabaseInput, _ context: RequestContext
  ) async throws -> DeleteDatabaseOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deleteDatabase(input.name, context: context)
    return DeleteDatabaseOutput()
  }

  public func getCatalogImportStatus(
    _ input: GetCatalogImportStatusInput, _ context: RequestContext
  ) async throws -> GetCatalogImportStatusOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.authorize("glue:GetCatalogImportStatus", on: context.catalogResources.catalog, context)
    // There never was a catalog of Athena's own to import from.
    return GetCatalogImportStatusOutput(importStatus: CatalogImportStatus(importCompleted: true))
  }
}
