public import Kernel
import Storage

extension GlueCatalog {
  /// - Throws: `EntityNotFoundException`.
  public func database(_ name: String, context: RequestContext) async throws -> CatalogDatabase {
    let name = Self.fold(name)
    try await authorize("glue:GetDatabase", on: context.catalogResources.database(name), context)
    let keys = context.catalogKeys
    return try await self.keys.read { try $0.database(name, keys) }
  }

  /// Databases in the order of their names.
  /// - Parameters:
  ///   - after: leaves out names up to this one.
  ///   - limit: at most so many.
  public func databases(
    after: String? = nil, limit: Int = .max, context: RequestContext
  ) async throws -> [CatalogDatabase] {
    try await authorize("glue:GetDatabases", on: context.catalogResources.database("*"), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      var range = keys.databases
      if let after { range.from = keys.database(after).subtree.to }
      return try reader.records(range, as: CatalogDatabase.self, limit: limit)
    }
  }

  /// - Throws: `AlreadyExistsException`.
  public func createDatabase(
    _ definition: DatabaseDefinition, tags: [String: String] = [:], context: RequestContext
  ) async throws {
    var definition = definition
    definition.name = Self.fold(definition.name)
    let name = definition.name
    try await authorize("glue:CreateDatabase", on: context.catalogResources.database(name), context)
    guard !name.allSatisfy(\.isWhitespace) else {
      throw CatalogError.invalidInput("Database name cannot be blank.")
    }
    try CatalogTags.check(tags)
    let keys = context.catalogKeys
    let resource = context.arn("glue", "database/\(name)").description
    let database = CatalogDatabase(definition: definition, createTime: clock.now().toSecond)
    try await self.keys.write { transaction in
      guard try transaction.get(keys.database(name)) == nil else { throw CatalogError.databaseExists }
      try transaction.set(keys.database(name), record: database)
      if !tags.isEmpty { try transaction.set(keys.tags(resource), record: tags) }
    }
  }

  /// Replaces what is said of a database; its name stays.
  public func updateDatabase(
    _ name: String, to definition: DatabaseDefinition, context: RequestContext
  ) async throws {
    let name = Self.fold(name)
    try await authorize("glue:UpdateDatabase", on: context.catalogResources.database(name), context)
    guard Self.fold(definition.name) == name else {
      throw CatalogError.invalidInput("Database name cannot be changed.")
    }
    var definition = definition
    definition.name = name
    let replacement = definition
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      var database = try transaction.database(name, keys)
      database.definition = replacement
      try transaction.set(keys.database(name), record: database)
    }
  }

  /// Deletes a database with its tables, their versions and partitions, and its functions.
  public func deleteDatabase(_ name: String, context: RequestContext) async throws {
    let name = Self.fold(name)
    let resources = context.catalogResources
    try await authorize(
      "glue:DeleteDatabase",
      on: resources.database(name) + [resources.table("*", in: name)[2], resources.function("*", in: name)[2]], context)
    let keys = context.catalogKeys
    let resource = context.arn("glue", "database/\(name)").description
    try await self.keys.write { transaction in
      _ = try transaction.database(name, keys)
      try transaction.delete(keys.database(name))
      try transaction.delete(keys.tags(resource))
      for range in keys.belongings(ofDatabase: name) { try transaction.delete(range) }
    }
  }

  /// Makes the database `default` unless it is there, as Athena does on its first use.
  public func ensureDefaultDatabase(context: RequestContext) async throws {
    do {
      try await createDatabase(
        DatabaseDefinition(name: "default", description: "Default Hive database"), context: context)
    } catch let error as AWSError where error.code == "AlreadyExistsException" {}
  }
}

extension Timestamp {
  /// Glue keeps its times to the second.
  var toSecond: Timestamp { Timestamp(seconds: seconds) }
}
