public import Kernel
import Storage

/// A function of Hive's that the catalog knows by name. Nothing here runs it.
public struct UserFunction: Codable, Hashable, Sendable {
  public struct Resource: Codable, Hashable, Sendable {
    public var kind: String?
    public var uri: String?
  }

  public var name: String
  public var className: String?
  public var owner: String?
  public var ownerKind: String?
  public var kind: String?
  public var resources: [Resource]
  public var database: String
  public var createTime: Timestamp
}

extension GlueCatalog {
  public func createFunction(_ function: UserFunction, context: RequestContext) async throws {
    var function = function
    function.name = Self.fold(function.name)
    function.database = Self.fold(function.database)
    function.createTime = clock.now().toSecond
    try await authorize(
      "glue:CreateUserDefinedFunction",
      on: context.catalogResources.function(function.name, in: function.database), context)
    let keys = context.catalogKeys
    let record = function
    try await self.keys.write { transaction in
      _ = try transaction.database(record.database, keys)
      let key = keys.function(record.name, in: record.database)
      guard try transaction.get(key) == nil else { throw CatalogError.alreadyExists("Function already exists.") }
      try transaction.set(key, record: record)
    }
  }

  public func function(_ name: String, in database: String, context: RequestContext) async throws -> UserFunction {
    let (name, database) = (Self.fold(name), Self.fold(database))
    try await authorize(
      "glue:GetUserDefinedFunction", on: context.catalogResources.function(name, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { try $0.function(name, in: database, keys) }
  }

  /// Functions whose names fit `pattern`, in the order of database and name.
  public func functions(
    matching pattern: String, in database: String?, kind: String?, after: (database: String, name: String)?,
    limit: Int, context: RequestContext
  ) async throws -> [UserFunction] {
    let database = database.map(Self.fold)
    try await authorize(
      "glue:GetUserDefinedFunctions", on: context.catalogResources.function("*", in: database ?? "*"), context)
    let filter = try NamePattern(pattern)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      if let database { _ = try reader.database(database, keys) }
      var range = database.map(keys.functions(in:)) ?? keys.allFunctions
      if let after { range.from = max(range.from, keys.function(after.name, in: after.database).subtree.to) }
      var found: [UserFunction] = []
      guard range.from < range.to, limit > 0 else { return found }
      try reader.scan(range) { _, bytes in
        let function = try KeyRecord.decode(UserFunction.self, bytes)
        if filter.matches(function.name), kind == nil || kind == function.kind { found.append(function) }
        return found.count < limit
      }
      return found
    }
  }

  public func updateFunction(_ name: String, to function: UserFunction, context: RequestContext) async throws {
    let (name, database) = (Self.fold(name), Self.fold(function.database))
    try await authorize(
      "glue:UpdateUserDefinedFunction", on: context.catalogResources.function(name, in: database), context)
    let keys = context.catalogKeys
    let replacement = function
    try await self.keys.write { transaction in
      var next = replacement
      let present = try transaction.function(name, in: database, keys)
      (next.name, next.database, next.createTime) = (name, database, present.createTime)
      try transaction.set(keys.function(name, in: database), record: next)
    }
  }

  public func deleteFunction(_ name: String, in database: String, context: RequestContext) async throws {
    let (name, database) = (Self.fold(name), Self.fold(database))
    try await authorize(
      "glue:DeleteUserDefinedFunction", on: context.catalogResources.function(name, in: database), context)
    let keys = context.catalogKeys
    try await self.keys.write { transaction in
      _ = try transaction.function(name, in: database, keys)
      try transaction.delete(keys.function(name, in: database))
    }
  }
}

extension KeyReader {
  fileprivate func function(_ name: String, in database: String, _ keys: CatalogKeys) throws -> UserFunction {
    if let function = try get(keys.function(name, in: database), as: UserFunction.self) { return function }
    _ = try self.database(database, keys)
    throw CatalogError.entityNotFound("Function \(name) not found.")
  }
}
