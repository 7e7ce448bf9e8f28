import Crypto
public import Kernel
public import Storage

/// Glue's Schema Registry: schemas whose versions must stay compatible.
///
/// Every change is on disk when the call returns. Deleting takes effect at once; the answer says `DELETING`, as AWS's
/// does, and the next question finds nothing.
public struct SchemaRegistry: Sendable {
  public static let defaultRegistry = "default-registry"

  let keys: any KeyStore
  let clock: any WallClock
  let random: any RandomSource

  public init(keys: any KeyStore, clock: any WallClock, random: any RandomSource) {
    self.keys = keys
    self.clock = clock
    self.random = random
  }

  static func arn(registry: String, _ context: RequestContext) -> String {
    context.arn("glue", "registry/\(registry)").description
  }
  static func arn(_ schema: String, in registry: String, _ context: RequestContext) -> String {
    context.arn("glue", "schema/\(registry)/\(schema)").description
  }

  /// Times as the registry writes them.
  static func text(_ time: Timestamp) -> String {
    func pad(_ number: Int, _ width: Int = 2) -> String {
      String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
    }
    let civil = CivilTime(time)
    return "\(pad(civil.year, 4))-\(pad(civil.month))-\(pad(civil.day))T\(pad(civil.hour)):\(pad(civil.minute)):"
      + "\(pad(civil.second)).\(pad(civil.nanosecond / 1_000_000, 3))Z"
  }

  // MARK: Registries

  public func createRegistry(
    _ name: String, description: String?, tags: [String: String], context: RequestContext
  ) async throws -> SchemaRegistryRecord {
    let arn = Self.arn(registry: name, context)
    try await context.authorize("glue:CreateRegistry", on: [arn])
    let keys = context.catalogKeys
    let now = clock.now()
    let record = SchemaRegistryRecord(name: name, description: description, createdTime: now, updatedTime: now)
    try await self.keys.write { transaction in
      guard try transaction.get(keys.registry(name)) == nil else {
        throw CatalogError.alreadyExists("Registry already exists. RegistryName: \(name)")
      }
      guard try transaction.entries(keys.registries, limit: Limits.registriesMax).count < Limits.registriesMax else {
        throw CatalogError.limitExceeded("More registries cannot be created. The maximum limit has been reached.")
      }
      try transaction.set(keys.registry(name), record: record)
      if !tags.isEmpty { try transaction.set(keys.tags(arn), record: tags) }
    }
    return record
  }

  public func registry(_ name: String, context: RequestContext) async throws -> SchemaRegistryRecord {
    try await context.authorize("glue:GetRegistry", on: [Self.arn(registry: name, context)])
    let keys = context.catalogKeys
    return try await self.keys.read { try $0.registry(name, keys) }
  }

  public func registries(
    after: String?, limit: Int, context: RequestContext
  ) async throws -> [SchemaRegistryRecord] {
    try await context.authorize("glue:ListRegistries", on: [Self.arn(registry: "*", context)])
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      var range = keys.registries
      if let after { range.from = keys.registry(after).subtree.to }
      return try reader.records(range, as: SchemaRegistryRecord.self, limit: limit)
    }
  }

  public func updateRegistry(_ name: String, description: String, context: RequestContext) async throws {
    try await context.authorize("glue:UpdateRegistry", on: [Self.arn(registry: name, context)])
    let keys = context.catalogKeys
    let now = clock.now()
    try await self.keys.write { transaction in
      var record = try transaction.registry(name, keys)
      record.description = description
      record.updatedTime = now
      try transaction.set(keys.registry(name), record: record)
    }
  }

  /// Deletes a registry with its schemas and their versions.
  public func deleteRegistry(_ name: String, context: RequestContext) async throws {
    let arn = Self.arn(registry: name, context)
    try await context.authorize("glue:DeleteRegistry", on: [arn])
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      _ = try transaction.registry(name, keys)
      for schema in try transaction.records(keys.schemas(in: name), as: SchemaRecord.self) {
        try transaction.deleteSchema(schema, context)
      }
      try transaction.delete(keys.registry(name))
      try transaction.delete(keys.tags(arn))
    }
  }

  // MARK: Schemas

  /// Makes a schema, with its first version where a definition is given. The default registry is made when it is
  /// needed.
  public func createSchema(
    _ name: SchemaName, format: SchemaFormatName, compatibility: String, description: String?,
    definition: String?, tags: [String: String], context: RequestContext
  ) async throws -> (schema: SchemaRecord, version: SchemaVersionRecord?) {
    let arn = Self.arn(name.name, in: name.registry, context)
    try await context.authorize("glue:CreateSchema", on: [Self.arn(registry: name.registry, context), arn])
    if let definition { try Self.check(definition, format) }
    let keys = context.catalogKeys
    let now = clock.now()
    let version = definition.map { newVersion($0, number: 1, .available, format) }
    let schema = SchemaRecord(
      registry: name.registry, name: name.name, description: description, format: format,
      compatibility: compatibility, checkpoint: 1, lastNumber: version == nil ? 0 : 1, createdTime: now,
      updatedTime: now)
    try await self.keys.write { transaction in
      if name.registry == Self.defaultRegistry, try transaction.get(keys.registry(name.registry)) == nil {
        try transaction.set(
          keys.registry(name.registry),
          record: SchemaRegistryRecord(name: name.registry, description: nil, createdTime: now, updatedTime: now))
      }
      _ = try transaction.registry(name.registry, keys)
      let key = keys.schema(name.name, in: name.registry)
      guard try transaction.get(key) == nil else {
        throw CatalogError.alreadyExists("Schema already exists. SchemaName: \(name.name)")
      }
      try transaction.set(key, record: schema)
      if let version { try transaction.setVersion(version, of: schema, keys) }
      if !tags.isEmpty { try transaction.set(keys.tags(arn), record: tags) }
    }
    return (schema, version)
  }

  /// A schema and the number of its latest version that can be used (0 when there is none).
  public func schema(
    _ name: SchemaName, context: RequestContext
  ) async throws -> (schema: SchemaRecord, latest: Int64) {
    try await authorize("glue:GetSchema", name, context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let schema = try reader.schema(name, keys)
      return (schema, try reader.latestVersion(of: schema, keys)?.number ?? 0)
    }
  }

  /// Schemas in the order of registry and name.
  public func schemas(
    in registry: String?, after: (registry: String, name: String)?, limit: Int, context: RequestContext
  ) async throws -> [SchemaRecord] {
    try await context.authorize("glue:ListSchemas", on: [Self.arn(registry: registry ?? "*", context)])
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      if let registry { _ = try reader.registry(registry, keys) }
      var range = registry.map(keys.schemas(in:)) ?? keys.schemas
      if let after { range.from = max(range.from, keys.schema(after.name, in: after.registry).subtree.to) }
      guard range.from < range.to else { return [] }
      return try reader.records(range, as: SchemaRecord.self, limit: limit)
    }
  }

  /// Sets description, compatibility mode and checkpoint. Versions that exist are not compared anew.
  public func updateSchema(
    _ name: SchemaName, checkpoint: SchemaVersionChoice?, compatibility: String?, description: String?,
    context: RequestContext
  ) async throws -> SchemaRecord {
    try await authorize("glue:UpdateSchema", name, context)
    guard checkpoint != nil || compatibility != nil || description != nil else {
      throw CatalogError.invalidInput("At least one of compatibility, version number or description is required.")
    }
    if compatibility != nil, checkpoint == nil {
      throw CatalogError.invalidInput("Version number is required when compatibility is updated.")
    }
    let keys = context.catalogKeys
    let now = clock.now()
    return try await self.keys.write { transaction in
      var schema = try transaction.schema(name, keys)
      if let checkpoint {
        schema.checkpoint = try transaction.version(checkpoint, of: schema, name, keys).number
      }
      if let compatibility { schema.compatibility = compatibility }
      if let description { schema.description = description }
      schema.updatedTime = now
      try transaction.set(keys.schema(schema.name, in: schema.registry), record: schema)
      return schema
    }
  }

  public func deleteSchema(_ name: SchemaName, context: RequestContext) async throws {
    try await authorize("glue:DeleteSchema", name, context)
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      try transaction.deleteSchema(try transaction.schema(name, keys), context)
    }
  }

  // MARK: Helpers

  func authorize(_ action: String, _ name: SchemaName, _ context: RequestContext) async throws {
    try await context.authorize(
      action,
      on: [
        Self.arn(registry: name.registry, context), Self.arn(name.name, in: name.registry, context),
      ])
  }

  /// - Throws: `InvalidInputException`.
  static func check(_ definition: String, _ format: SchemaFormatName) throws {
    guard let known = SchemaFormat(rawValue: format) else {
      throw CatalogError.invalidInput("Data format is not valid.")
    }
    guard definition.utf8.count <= Limits.schemaDefinitionBytesMax else {
      throw CatalogError.invalidInput("Schema definition is longer than \(Limits.schemaDefinitionBytesMax) bytes.")
    }
    if let problem = SchemaCompatibility.problem(with: definition, format: known) {
      throw CatalogError.invalidInput("Schema definition of \(format) data format is invalid: \(problem)")
    }
  }

  static func fingerprint(_ definition: String, _ format: SchemaFormatName) -> String {
    let document = SchemaFormat(rawValue: format).flatMap { SchemaCompatibility.document(of: definition, format: $0) }
    let canonical = document?.canonicalText ?? definition
    return Array(SHA256.hash(data: Array(canonical.utf8))).hex
  }

  func newVersion(
    _ definition: String, number: Int64, _ status: SchemaVersionRecord.Status, _ format: SchemaFormatName
  ) -> SchemaVersionRecord {
    SchemaVersionRecord(
      id: random.uuid(), number: number, definition: definition, fingerprint: Self.fingerprint(definition, format),
      status: status, createdTime: clock.now(), metadata: [])
  }
}

/// `JSON`, `AVRO` or `PROTOBUF`.
public typealias SchemaFormatName = String

extension KeyReader {
  func registry(_ name: String, _ keys: CatalogKeys) throws -> SchemaRegistryRecord {
    guard let record = try get(keys.registry(name), as: SchemaRegistryRecord.self) else {
      throw CatalogError.entityNotFound("Registry is not found. RegistryName: \(name)")
    }
    return record
  }

  func schema(_ name: SchemaName, _ keys: CatalogKeys) throws -> SchemaRecord {
    guard let record = try get(keys.schema(name.name, in: name.registry), as: SchemaRecord.self) else {
      throw CatalogError.entityNotFound("Schema is not found. \(name.shown)")
    }
    return record
  }

  func versions(of schema: SchemaRecord, _ keys: CatalogKeys) throws -> [SchemaVersionRecord] {
    try records(keys.schemaVersions(schema.name, in: schema.registry), as: SchemaVersionRecord.self)
  }

  /// The newest version that can be used.
  func latestVersion(of schema: SchemaRecord, _ keys: CatalogKeys) throws -> SchemaVersionRecord? {
    var latest: SchemaVersionRecord?
    try scan(keys.schemaVersions(schema.name, in: schema.registry), reversed: true) { _, bytes in
      let version = try KeyRecord.decode(SchemaVersionRecord.self, bytes)
      if version.status == .available { latest = version }
      return latest == nil
    }
    return latest
  }

  func version(
    _ choice: SchemaVersionChoice, of schema: SchemaRecord, _ name: SchemaName, _ keys: CatalogKeys
  ) throws -> SchemaVersionRecord {
    let found =
      switch choice {
      case .latest: try latestVersion(of: schema, keys)
      case .number(let number):
        try get(keys.schemaVersion(number, of: schema.name, in: schema.registry), as: SchemaVersionRecord.self)
      }
    guard let found else {
      throw CatalogError.entityNotFound("Schema version is not found. \(name.shown), \(choice.shown)")
    }
    return found
  }
}

extension KeyTransaction {
  func setVersion(_ version: SchemaVersionRecord, of schema: SchemaRecord, _ keys: CatalogKeys) throws {
    try set(keys.schemaVersion(version.number, of: schema.name, in: schema.registry), record: version)
    try set(
      keys.schemaVersionByID(version.id),
      record: SchemaVersionPlace(registry: schema.registry, schema: schema.name, number: version.number))
  }

  func deleteSchema(_ schema: SchemaRecord, _ context: RequestContext) throws {
    let keys = context.catalogKeys
    for version in try versions(of: schema, keys) { try delete(keys.schemaVersionByID(version.id)) }
    try delete(keys.schemaVersions(schema.name, in: schema.registry))
    try delete(keys.schema(schema.name, in: schema.registry))
    try delete(keys.tags(SchemaRegistry.arn(schema.name, in: schema.registry, context)))
  }
}
