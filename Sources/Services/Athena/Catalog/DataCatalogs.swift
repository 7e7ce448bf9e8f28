public import AthenaModel
import GlueModel
public import Kernel

/// The catalogs that queries can name. There is one: Glue's, under the name AWS gives it.
extension AthenaService {
  static let glueCatalog = "AwsDataCatalog"

  public func listDataCatalogs(_ input: ListDataCatalogsInput, _ context: RequestContext) async throws
    -> ListDataCatalogsOutput
  {
    try await context.authorize("athena:ListDataCatalogs", on: ["*"])
    return ListDataCatalogsOutput(dataCatalogsSummary: [
      DataCatalogSummary(catalogName: Self.glueCatalog, type: .glue)
    ])
  }

  public func getDataCatalog(_ input: GetDataCatalogInput, _ context: RequestContext) async throws
    -> GetDataCatalogOutput
  {
    try await context.authorize("athena:GetDataCatalog", on: context.arn("athena", "datacatalog/\(input.name)"))
    try Self.checkCatalog(input.name)
    return GetDataCatalogOutput(
      dataCatalog: DataCatalog(
        name: Self.glueCatalog, type: .glue, parameters: ["catalog-id": context.account.digits]))
  }

  public func listDatabases(_ input: ListDatabasesInput, _ context: RequestContext) async throws
    -> ListDatabasesOutput
  {
    try await context.authorize("athena:ListDatabases", on: context.arn("athena", "datacatalog/\(input.catalogName)"))
    try Self.checkCatalog(input.catalogName)
    let page = try await asMetadata {
      try await glue.getDatabases(GetDatabasesInput(nextToken: input.nextToken, maxResults: input.maxResults), context)
    }
    return ListDatabasesOutput(databaseList: page.databaseList.map(Self.shape), nextToken: page.nextToken)
  }

  public func getDatabase(_ input: AthenaModel.GetDatabaseInput, _ context: RequestContext) async throws
    -> AthenaModel.GetDatabaseOutput
  {
    try await context.authorize("athena:GetDatabase", on: context.arn("athena", "datacatalog/\(input.catalogName)"))
    try Self.checkCatalog(input.catalogName)
    let found = try await asMetadata {
      try await glue.getDatabase(GlueModel.GetDatabaseInput(name: input.databaseName), context)
    }
    return AthenaModel.GetDatabaseOutput(database: found.database.map(Self.shape))
  }

  public func listTableMetadata(_ input: ListTableMetadataInput, _ context: RequestContext) async throws
    -> ListTableMetadataOutput
  {
    try await context.authorize(
      "athena:ListTableMetadata", on: context.arn("athena", "datacatalog/\(input.catalogName)"))
    try Self.checkCatalog(input.catalogName)
    let page = try await asMetadata {
      try await glue.getTables(
        GetTablesInput(
          databaseName: input.databaseName, expression: input.expression, nextToken: input.nextToken,
          maxResults: input.maxResults), context)
    }
    return ListTableMetadataOutput(
      tableMetadataList: (page.tableList ?? []).map(Self.shape), nextToken: page.nextToken)
  }

  public func getTableMetadata(_ input: GetTableMetadataInput, _ context: RequestContext) async throws
    -> GetTableMetadataOutput
  {
    try await context.authorize(
      "athena:GetTableMetadata", on: context.arn("athena", "datacatalog/\(input.catalogName)"))
    try Self.checkCatalog(input.catalogName)
    let found = try await asMetadata {
      try await glue.getTable(GetTableInput(databaseName: input.databaseName, name: input.tableName), context)
    }
    return GetTableMetadataOutput(tableMetadata: found.table.map(Self.shape))
  }

  public func listEngineVersions(_ input: ListEngineVersionsInput, _ context: RequestContext) async throws
    -> ListEngineVersionsOutput
  {
    try await context.authorize("athena:ListEngineVersions", on: ["*"])
    return ListEngineVersionsOutput(engineVersions: [
      EngineVersion(
        selectedEngineVersion: WorkGroupRecord.automaticEngine,
        effectiveEngineVersion: WorkGroupRecord.effectiveEngine),
      EngineVersion(
        selectedEngineVersion: WorkGroupRecord.effectiveEngine,
        effectiveEngineVersion: WorkGroupRecord.effectiveEngine),
    ])
  }

  private static func checkCatalog(_ name: String) throws {
    guard name.lowercased() == glueCatalog.lowercased() else {
      throw AthenaError.invalidRequestException("Catalog \(name) does not exist.")
    }
  }

  /// Glue's refusals reach Athena's callers as metadata errors that carry Glue's words.
  private func asMetadata<T>(_ body: () async throws -> T) async throws -> T {
    do {
      return try await body()
    } catch let error as AWSError where error.fault == .sender && !error.code.hasPrefix("AccessDenied") {
      throw AthenaError.metadataException("\(error.message) (Service: AWSGlue; Error Code: \(error.code))")
    }
  }

  private static func shape(_ database: GlueModel.Database) -> AthenaModel.Database {
    AthenaModel.Database(
      name: database.name, description: database.description, parameters: database.parameters)
  }

  private static func shape(_ table: Table) -> TableMetadata {
    TableMetadata(
      name: table.name, createTime: table.createTime, lastAccessTime: table.lastAccessTime ?? table.createTime,
      tableType: table.tableType, columns: (table.storageDescriptor?.columns ?? []).map(shape),
      partitionKeys: (table.partitionKeys ?? []).map(shape), parameters: parameters(table))
  }

  private static func shape(_ column: GlueModel.Column) -> AthenaModel.Column {
    AthenaModel.Column(name: column.name, type: column.type, comment: column.comment)
  }

  /// Athena shows the storage beside the table's own parameters.
  private static func parameters(_ table: Table) -> [String: String] {
    var parameters = table.parameters ?? [:]
    let storage = table.storageDescriptor
    parameters["inputformat"] = storage?.inputFormat
    parameters["outputformat"] = storage?.outputFormat
    parameters["location"] = storage?.location
    parameters["serde.serialization.lib"] = storage?.serdeInfo?.serializationLibrary
    for (key, value) in storage?.serdeInfo?.parameters ?? [:] { parameters["serde.param.\(key)"] = value }
    return parameters
  }
}
