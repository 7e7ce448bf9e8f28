public import GlueModel
public import Kernel

extension GlueService {
  /// The registry a caller names, by name or ARN; the default one when it names none.
  private func registryName(_ id: RegistryId?) throws -> String {
    switch (id?.registryName, id?.registryArn) {
    case (_?, _?):
      throw CatalogError.invalidInput(
        "One of registryName or registryArn has to be provided, both cannot be provided.")
    case (let name?, nil): return name
    case (nil, let arn?):
      let parts = ARN(arn)?.resource.split(separator: "/", omittingEmptySubsequences: false) ?? []
      guard parts.count == 2, parts[0] == "registry", !parts[1].isEmpty else {
        throw CatalogError.invalidInput(
          "The parameter value contains one or more characters that are not valid. Parameter Name: RegistryArn")
      }
      return String(parts[1])
    case (nil, nil): return SchemaRegistry.defaultRegistry
    }
  }

  public func createRegistry(
    _ input: CreateRegistryInput, _ context: RequestContext
  ) async throws -> CreateRegistryOutput {
    let tags = input.tags ?? [:]
    let record = try await registry.createRegistry(
      input.registryName, description: input.description, tags: tags, context: context)
    return CreateRegistryOutput(
      registryArn: SchemaRegistry.arn(registry: record.name, context), registryName: record.name,
      description: record.description, tags: tags)
  }

  public func getRegistry(_ input: GetRegistryInput, _ context: RequestContext) async throws -> GetRegistryOutput {
    let record = try await registry.registry(registryName(input.registryId), context: context)
    return GetRegistryOutput(
      registryName: record.name, registryArn: SchemaRegistry.arn(registry: record.name, context),
      description: record.description, status: .available, createdTime: SchemaRegistry.text(record.createdTime),
      updatedTime: SchemaRegistry.text(record.updatedTime))
  }

  public func listRegistries(
    _ input: ListRegistriesInput, _ context: RequestContext
  ) async throws -> ListRegistriesOutput {
    let after = try PageToken.read(input.nextToken, "ListRegistries")
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await registry.registries(after: after?.first, limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "ListRegistries") { [$0.name] }
    return ListRegistriesOutput(
      registries: page.map {
        RegistryListItem(
          registryName: $0.name, registryArn: SchemaRegistry.arn(registry: $0.name, context),
          description: $0.description, status: .available, createdTime: SchemaRegistry.text($0.createdTime),
          updatedTime: SchemaRegistry.text($0.updatedTime))
      },
      nextToken: next)
  }

  public func updateRegistry(
    _ input: UpdateRegistryInput, _ context: RequestContext
  ) async throws -> UpdateRegistryOutput {
    let name = try registryName(input.registryId)
    try await registry.updateRegistry(name, description: input.description, context: context)
    return UpdateRegistryOutput(registryName: name, registryArn: SchemaRegistry.arn(registry: name, context))
  }

  public func deleteRegistry(
    _ input: DeleteRegistryInput, _ context: RequestContext
  ) async throws -> DeleteRegistryOutput {
    let name = try registryName(input.registryId)
    try await registry.deleteRegistry(name, context: context)
    return DeleteRegistryOutput(
      registryName: name, registryArn: SchemaRegistry.arn(registry: name, context), status: .deleting)
  }

  // MARK: Schemas

  public func createSchema(_ input: CreateSchemaInput, _ context: RequestContext) async throws -> CreateSchemaOutput {
    let name = SchemaName(registry: try registryName(input.registryId), name: input.schemaName)
    let tags = input.tags ?? [:]
    let (schema, version) = try await registry.createSchema(
      name, format: input.dataFormat.rawValue, compatibility: (input.compatibility ?? .backward).rawValue,
      description: input.description, definition: input.schemaDefinition, tags: tags, context: context)
    return CreateSchemaOutput(
      registryName: schema.registry, registryArn: SchemaRegistry.arn(registry: schema.registry, context),
      schemaName: schema.name, schemaArn: schema.arn(context), description: schema.description,
      dataFormat: input.dataFormat, compatibility: Compatibility(rawValue: schema.compatibility),
      schemaCheckpoint: schema.checkpoint, latestSchemaVersion: schema.lastNumber,
      nextSchemaVersion: schema.lastNumber.saturatingAdd(1), schemaStatus: .available, tags: tags,
      schemaVersionId: version?.id, schemaVersionStatus: version.map { .init($0.status) })
  }

  public func getSchema(_ input: GetSchemaInput, _ context: RequestContext) async throws -> GetSchemaOutput {
    let (schema, latest) = try await registry.schema(SchemaName(input.schemaId), context: context)
    return GetSchemaOutput(
      registryName: schema.registry, registryArn: SchemaRegistry.arn(registry: schema.registry, context),
      schemaName: schema.name, schemaArn: schema.arn(context), description: schema.description,
      dataFormat: DataFormat(rawValue: schema.format), compatibility: Compatibility(rawValue: schema.compatibility),
      schemaCheckpoint: schema.checkpoint, latestSchemaVersion: latest,
      nextSchemaVersion: schema.lastNumber.saturatingAdd(1), schemaStatus: .available,
      createdTime: SchemaRegistry.text(schema.createdTime), updatedTime: SchemaRegistry.text(schema.updatedTime))
  }

  public func listSchemas(_ input: ListSchemasInput, _ context: RequestContext) async throws -> ListSchemasOutput {
    let token = try PageToken.read(input.nextToken, "ListSchemas")
    let after = token.flatMap { $0.count == 2 ? (registry: $0[0], name: $0[1]) : nil }
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await registry.schemas(
      in: input.registryId.map(registryName), after: after, limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "ListSchemas") { [$0.registry, $0.name] }
    return ListSchemasOutput(
      schemas: page.map {
        SchemaListItem(
          registryName: $0.registry, schemaName: $0.name, schemaArn: $0.arn(context), description: $0.description,
          schemaStatus: .available, createdTime: SchemaRegistry.text($0.createdTime),
          updatedTime: SchemaRegistry.text($0.updatedTime))
      },
      nextToken: next)
  }

  public func updateSchema(_ input: UpdateSchemaInput, _ context: RequestContext) async throws -> UpdateSchemaOutput {
    let schema = try await registry.updateSchema(
      SchemaName(input.schemaId), checkpoint: input.schemaVersionNumber.map(SchemaVersionChoice.init),
      compatibility: input.compatibility?.rawValue, description: input.description, context: context)
    return UpdateSchemaOutput(
      schemaArn: schema.arn(context), schemaName: schema.name, registryName: schema.registry)
  }

  public func deleteSchema(_ input: DeleteSchemaInput, _ context: RequestContext) async throws -> DeleteSchemaOutput {
    let name = try SchemaName(input.schemaId)
    try await registry.deleteSchema(name, context: context)
    return DeleteSchemaOutput(
      schemaArn: SchemaRegistry.arn(name.name, in: name.registry, context), schemaName: name.name, status: .deleting)
  }
}

extension SchemaRecord {
  func arn(_ context: RequestContext) -> String { SchemaRegistry.arn(name, in: registry, context) }
}

extension SchemaName {
  init(_ id: SchemaId) throws {
    try self.init(arn: id.schemaArn, name: id.schemaName, registry: id.registryName)
  }
}

extension SchemaVersionChoice {
  init(_ shape: SchemaVersionNumber) throws {
    try self.init(latest: shape.latestVersion, number: shape.versionNumber)
  }
}

extension SchemaVersionStatus {
  init(_ status: SchemaVersionRecord.Status) { self.init(rawValue: status.rawValue) }
}
