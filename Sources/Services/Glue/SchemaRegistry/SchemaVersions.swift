public import Kernel
import Storage

extension SchemaRegistry {
  /// Adds a version.
  ///
  /// A definition that is a usable version already gives that one back. One that is not compatible is kept with its
  /// number and the status `FAILURE`, as AWS does: the caller learns it from the status.
  /// - Throws: `InvalidInputException` for a definition that is malformed, and for a schema without versioning.
  public func register(
    _ definition: String, as name: SchemaName, context: RequestContext
  ) async throws -> SchemaVersionRecord {
    try await authorize("glue:RegisterSchemaVersion", name, context)
    let keys = context.catalogKeys
    for _ in 0..<Limits.registerAttemptsMax {
      let (schema, versions) = try await self.keys.read { reader in
        let schema = try reader.schema(name, keys)
        return (schema, try reader.versions(of: schema, keys))
      }
      try Self.check(definition, schema.format)
      let fingerprint = Self.fingerprint(definition, schema.format)
      if let same = versions.last(where: { $0.fingerprint == fingerprint && $0.status == .available }) { return same }
      guard schema.compatibility != CompatibilityMode.disabled.rawValue || schema.lastNumber == 0 else {
        throw CatalogError.invalidInput(
          "Compatibility DISABLED does not allow versioning. SchemaId: SchemaId(schemaArn=\(name.givenARN ?? "null"), "
            + "schemaName=\(name.givenARN == nil ? name.name : "null"), "
            + "registryName=\(name.givenARN == nil ? name.registry : "null"))")
      }
      guard versions.count < Limits.schemaVersionsMax else {
        throw CatalogError.limitExceeded(
          "More schema versions cannot be created. The maximum limit has been reached.")
      }
      // Compared before the transaction, which then makes sure that nothing has changed since.
      let fits = Self.accepts(definition, after: versions, schema)
      let version = newVersion(
        definition, number: schema.lastNumber.saturatingAdd(1), fits ? .available : .failure, schema.format)
      var next = schema
      next.lastNumber = version.number
      next.updatedTime = version.createdTime
      let (changed, present) = (next, schema)
      let written = try await self.keys.write { transaction in
        guard try transaction.schema(name, keys) == present else { return false }
        try transaction.set(keys.schema(changed.name, in: changed.registry), record: changed)
        try transaction.setVersion(version, of: changed, keys)
        return true
      }
      if written { return version }
    }
    throw CatalogError.concurrentModification("Schema is being modified by another request.")
  }

  private static func accepts(
    _ definition: String, after versions: [SchemaVersionRecord], _ schema: SchemaRecord
  ) -> Bool {
    guard let mode = CompatibilityMode(rawValue: schema.compatibility),
      let format = SchemaFormat(rawValue: schema.format)
    else { return false }
    let binding = versions.filter { $0.status == .available && $0.number >= schema.checkpoint }
    return SchemaCompatibility.accepts(definition, after: binding.map(\.definition), mode: mode, format: format)
  }

  public func version(
    _ choice: SchemaVersionChoice, of name: SchemaName, action: String = "glue:GetSchemaVersion",
    context: RequestContext
  ) async throws -> (schema: SchemaRecord, version: SchemaVersionRecord) {
    try await authorize(action, name, context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let schema = try reader.schema(name, keys)
      return (schema, try reader.version(choice, of: schema, name, keys))
    }
  }

  public func version(
    id: String, action: String = "glue:GetSchemaVersion", context: RequestContext
  ) async throws -> (schema: SchemaRecord, version: SchemaVersionRecord) {
    let keys = context.catalogKeys
    let place = try await self.keys.read { try $0.get(keys.schemaVersionByID(id), as: SchemaVersionPlace.self) }
    guard let place else {
      try await context.authorize(action, on: [Self.arn("*", in: "*", context)])
      throw CatalogError.entityNotFound("Schema version is not found. SchemaVersionId: \(id)")
    }
    return try await version(
      .number(place.number), of: SchemaName(registry: place.registry, name: place.schema), action: action,
      context: context)
  }

  /// Versions in the order of their numbers.
  public func versions(
    of name: SchemaName, after: Int64?, limit: Int, context: RequestContext
  ) async throws -> [SchemaVersionRecord] {
    try await authorize("glue:ListSchemaVersions", name, context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let schema = try reader.schema(name, keys)
      var range = keys.schemaVersions(schema.name, in: schema.registry)
      if let after { range.from = keys.schemaVersion(after.saturatingAdd(1), of: schema.name, in: schema.registry) }
      return try reader.records(range, as: SchemaVersionRecord.self, limit: limit)
    }
  }

  /// The version with this definition, whatever its spaces and order of members.
  public func version(
    definition: String, of name: SchemaName, context: RequestContext
  ) async throws -> (schema: SchemaRecord, version: SchemaVersionRecord) {
    try await authorize("glue:GetSchemaByDefinition", name, context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let schema = try reader.schema(name, keys)
      try Self.check(definition, schema.format)
      let fingerprint = Self.fingerprint(definition, schema.format)
      let same = try reader.versions(of: schema, keys).filter { $0.fingerprint == fingerprint }
      guard let version = same.last(where: { $0.status == .available }) ?? same.last else {
        throw CatalogError.entityNotFound("Schema version is not found. \(name.shown)")
      }
      return (schema, version)
    }
  }

  /// Deletes versions `from ... to`.
  /// - Returns: those that could not be deleted, with the reason.
  /// - Throws: `InvalidInputException` when the checkpoint is among them.
  public func deleteVersions(
    _ numbers: ClosedRange<Int64>, of name: SchemaName, context: RequestContext
  ) async throws -> [(number: Int64, error: AWSError)] {
    try await authorize("glue:DeleteSchemaVersions", name, context)
    let keys = context.catalogKeys
    return try await self.keys.write { transaction in
      let schema = try transaction.schema(name, keys)
      if schema.checkpoint > 1, numbers.contains(schema.checkpoint) {
        throw CatalogError.invalidInput("The version with the checkpoint cannot be deleted.")
      }
      var failures: [(number: Int64, error: AWSError)] = []
      for number in numbers {
        let key = keys.schemaVersion(number, of: schema.name, in: schema.registry)
        guard let version = try transaction.get(key, as: SchemaVersionRecord.self) else {
          let missing = CatalogError.entityNotFound(
            "Schema version is not found. \(name.shown), \(SchemaVersionChoice.number(number).shown)")
          failures.append((number, missing))
          continue
        }
        guard number > 1 else {
          failures.append((number, CatalogError.invalidInput("The first schema version cannot be deleted.")))
          continue
        }
        try transaction.delete(key)
        try transaction.delete(keys.schemaVersionByID(version.id))
      }
      return failures
    }
  }

  // MARK: Metadata

  /// Adds a pair to a version. A key can have several values.
  public func putMetadata(
    _ key: String, _ value: String, on found: (schema: SchemaRecord, version: SchemaVersionRecord),
    context: RequestContext
  ) async throws {
    let now = clock.now()
    try await changeVersion(found, context) { version in
      guard !version.metadata.contains(where: { $0.key == key && $0.value == value }) else {
        throw CatalogError.alreadyExists(
          "Resource already exist for schema version id: \(version.id), metadata key: \(key), metadata value: \(value)")
      }
      guard version.metadata.count < Limits.schemaVersionMetadataMax else {
        throw CatalogError.limitExceeded("Your resource limits for Schema Version Metadata have been exceeded.")
      }
      version.metadata.append(.init(key: key, value: value, createdTime: now))
    }
  }

  public func removeMetadata(
    _ key: String, _ value: String, from found: (schema: SchemaRecord, version: SchemaVersionRecord),
    context: RequestContext
  ) async throws {
    try await changeVersion(found, context) { version in
      guard let position = version.metadata.firstIndex(where: { $0.key == key && $0.value == value }) else {
        throw CatalogError.entityNotFound(
          "Resource not found for schema version id: \(version.id), metadata key: \(key), metadata value: \(value)")
      }
      version.metadata.remove(at: position)
    }
  }

  private func changeVersion(
    _ found: (schema: SchemaRecord, version: SchemaVersionRecord), _ context: RequestContext,
    _ change: @escaping @Sendable (inout SchemaVersionRecord) throws -> Void
  ) async throws {
    let keys = context.catalogKeys
    let id = found.version.id
    let key = keys.schemaVersion(found.version.number, of: found.schema.name, in: found.schema.registry)
    try await self.keys.write { transaction in
      guard var version = try transaction.get(key, as: SchemaVersionRecord.self), version.id == id else {
        throw CatalogError.entityNotFound("Schema version is not found. SchemaVersionId: \(id)")
      }
      try change(&version)
      try transaction.set(key, record: version)
    }
  }
}
