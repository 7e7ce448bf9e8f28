public import GlueModel
public import Kernel

extension GlueService {
  public func registerSchemaVersion(
    _ input: RegisterSchemaVersionInput, _ context: RequestContext
  ) async throws -> RegisterSchemaVersionOutput {
    let version = try await registry.register(
      input.schemaDefinition, as: SchemaName(input.schemaId), context: context)
    return RegisterSchemaVersionOutput(
      schemaVersionId: version.id, versionNumber: version.number, status: .init(version.status))
  }

  public func checkSchemaVersionValidity(
    _ input: CheckSchemaVersionValidityInput, _ context: RequestContext
  ) async throws -> CheckSchemaVersionValidityOutput {
    try await context.authorize("glue:CheckSchemaVersionValidity", on: ["*"])
    guard let format = SchemaFormat(rawValue: input.dataFormat.rawValue) else {
      throw CatalogError.invalidInput("Data format is not valid.")
    }
    let problem = SchemaCompatibility.problem(with: input.schemaDefinition, format: format)
    return CheckSchemaVersionValidityOutput(valid: problem == nil, error: problem)
  }

  /// The version that a caller names by id, or by schema and number.
  private func version(
    id: String?, schema: SchemaId?, number: SchemaVersionNumber?, action: String, _ context: RequestContext
  ) async throws -> (schema: SchemaRecord, version: SchemaVersionRecord) {
    if let id {
      guard schema == nil, number == nil else {
        throw CatalogError.invalidInput(
          "No other input parameters can be specified when fetching by SchemaVersionId.")
      }
      return try await registry.version(id: id, action: action, context: context)
    }
    guard let schema else {
      throw CatalogError.invalidInput("At least one of (registryName and schemaName) or schemaArn has to be provided.")
    }
    guard let number else {
      throw CatalogError.invalidInput("One of version number (or) latest version is required.")
    }
    return try await registry.version(
      SchemaVersionChoice(number), of: SchemaName(schema), action: action, context: context)
  }

  public func getSchemaVersion(
    _ input: GetSchemaVersionInput, _ context: RequestContext
  ) async throws -> GetSchemaVersionOutput {
    let (schema, version) = try await version(
      id: input.schemaVersionId, schema: input.schemaId, number: input.schemaVersionNumber,
      action: "glue:GetSchemaVersion", context)
    return GetSchemaVersionOutput(
      schemaVersionId: version.id, schemaDefinition: version.definition,
      dataFormat: DataFormat(rawValue: schema.format), schemaArn: schema.arn(context), versionNumber: version.number,
      status: .init(version.status), createdTime: SchemaRegistry.text(version.createdTime))
  }

  public func getSchemaByDefinition(
    _ input: GetSchemaByDefinitionInput, _ context: RequestContext
  ) async throws -> GetSchemaByDefinitionOutput {
    let (schema, version) = try await registry.version(
      definition: input.schemaDefinition, of: SchemaName(input.schemaId), context: context)
    return GetSchemaByDefinitionOutput(
      schemaVersionId: version.id, schemaArn: schema.arn(context), dataFormat: DataFormat(rawValue: schema.format),
      status: .init(version.status), createdTime: SchemaRegistry.text(version.createdTime))
  }

  public func listSchemaVersions(
    _ input: ListSchemaVersionsInput, _ context: RequestContext
  ) async throws -> ListSchemaVersionsOutput {
    let name = try SchemaName(input.schemaId)
    let after = try PageToken.read(input.nextToken, "ListSchemaVersions")?.first.flatMap { Int64($0) }
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await registry.versions(
      of: name, after: after, limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "ListSchemaVersions") { [String($0.number)] }
    let arn = SchemaRegistry.arn(name.name, in: name.registry, context)
    return ListSchemaVersionsOutput(
      schemas: page.map {
        SchemaVersionListItem(
          schemaArn: arn, schemaVersionId: $0.id, versionNumber: $0.number, status: .init($0.status),
          createdTime: SchemaRegistry.text($0.createdTime))
      },
      nextToken: next)
  }

  public func deleteSchemaVersions(
    _ input: DeleteSchemaVersionsInput, _ context: RequestContext
  ) async throws -> DeleteSchemaVersionsOutput {
    let parts = input.versions.split(separator: "-").compactMap { Int64($0) }
    guard let first = parts.first, let last = parts.last, parts.count <= 2, first > 0, first <= last else {
      throw CatalogError.invalidInput("Versions must be a number or a range of numbers.")
    }
    guard last - first < Int64(Limits.schemaVersionsPerDeleteMax) else {
      throw CatalogError.invalidInput(
        "At most \(Limits.schemaVersionsPerDeleteMax) schema versions can be deleted in a single call.")
    }
    let failures = try await registry.deleteVersions(first...last, of: SchemaName(input.schemaId), context: context)
    return DeleteSchemaVersionsOutput(
      schemaVersionErrors: failures.map {
        SchemaVersionErrorItem(
          versionNumber: $0.number,
          errorDetails: ErrorDetails(errorCode: $0.error.code, errorMessage: $0.error.message))
      })
  }

  public func getSchemaVersionsDiff(
    _ input: GetSchemaVersionsDiffInput, _ context: RequestContext
  ) async throws -> GetSchemaVersionsDiffOutput {
    let name = try SchemaName(input.schemaId)
    let action = "glue:GetSchemaVersionsDiff"
    let first = try await registry.version(
      SchemaVersionChoice(input.firstSchemaVersionNumber), of: name, action: action, context: context)
    let second = try await registry.version(
      SchemaVersionChoice(input.secondSchemaVersionNumber), of: name, action: action, context: context)
    guard let format = SchemaFormat(rawValue: first.schema.format),
      let old = SchemaCompatibility.document(of: first.version.definition, format: format),
      let new = SchemaCompatibility.document(of: second.version.definition, format: format)
    else { throw AWSError.internalFailure() }
    return GetSchemaVersionsDiffOutput(diff: JSONPatch.from(old, to: new))
  }

  // MARK: Metadata

  /// A pair of metadata, both parts of which must be there.
  private func pair(_ shape: MetadataKeyValuePair) throws -> (key: String, value: String) {
    guard let key = shape.metadataKey, let value = shape.metadataValue else {
      throw CatalogError.invalidInput("Both the metadata key and the metadata value are required.")
    }
    return (key, value)
  }

  private func isLatest(
    _ found: (schema: SchemaRecord, version: SchemaVersionRecord), _ number: SchemaVersionNumber?
  ) -> Bool { number?.latestVersion ?? false }

  public func putSchemaVersionMetadata(
    _ input: PutSchemaVersionMetadataInput, _ context: RequestContext
  ) async throws -> PutSchemaVersionMetadataOutput {
    let (key, value) = try pair(input.metadataKeyValue)
    let found = try await version(
      id: input.schemaVersionId, schema: input.schemaId, number: input.schemaVersionNumber,
      action: "glue:PutSchemaVersionMetadata", context)
    try await registry.putMetadata(key, value, on: found, context: context)
    return PutSchemaVersionMetadataOutput(
      schemaArn: found.schema.arn(context), schemaName: found.schema.name, registryName: found.schema.registry,
      latestVersion: isLatest(found, input.schemaVersionNumber), versionNumber: found.version.number,
      schemaVersionId: found.version.id, metadataKey: key, metadataValue: value)
  }

  public func removeSchemaVersionMetadata(
    _ input: RemoveSchemaVersionMetadataInput, _ context: RequestContext
  ) async throws -> RemoveSchemaVersionMetadataOutput {
    let (key, value) = try pair(input.metadataKeyValue)
    let found = try await version(
      id: input.schemaVersionId, schema: input.schemaId, number: input.schemaVersionNumber,
      action: "glue:RemoveSchemaVersionMetadata", context)
    try await registry.removeMetadata(key, value, from: found, context: context)
    return RemoveSchemaVersionMetadataOutput(
      schemaArn: found.schema.arn(context), schemaName: found.schema.name, registryName: found.schema.registry,
      latestVersion: isLatest(found, input.schemaVersionNumber), versionNumber: found.version.number,
      schemaVersionId: found.version.id, metadataKey: key, metadataValue: value)
  }

  public func querySchemaVersionMetadata(
    _ input: QuerySchemaVersionMetadataInput, _ context: RequestContext
  ) async throws -> QuerySchemaVersionMetadataOutput {
    let found = try await version(
      id: input.schemaVersionId, schema: input.schemaId, number: input.schemaVersionNumber,
      action: "glue:QuerySchemaVersionMetadata", context)
    let wanted = input.metadataList ?? []
    let chosen = found.version.metadata.filter { entry in
      wanted.isEmpty
        || wanted.contains {
          ($0.metadataKey == nil || $0.metadataKey == entry.key)
            && ($0.metadataValue == nil || $0.metadataValue == entry.value)
        }
    }
    // The newest value of a key stands first, earlier ones behind it.
    let map = Dictionary(grouping: chosen, by: \.key).mapValues { entries in
      let newest = entries.last
      return MetadataInfo(
        metadataValue: newest?.value, createdTime: newest.map { SchemaRegistry.text($0.createdTime) },
        otherMetadataValueList: entries.dropLast().reversed().map {
          OtherMetadataValueListItem(metadataValue: $0.value, createdTime: SchemaRegistry.text($0.createdTime))
        })
    }
    return QuerySchemaVersionMetadataOutput(metadataInfoMap: map, schemaVersionId: found.version.id)
  }
}
