public import Kernel
import Storage

extension GlueCatalog {
  /// - Parameter version: an earlier version by its id; `nil` and `LATEST` for the present one.
  /// - Throws: `EntityNotFoundException`.
  public func table(
    _ name: String, in database: String, version: String? = nil, context: RequestContext
  ) async throws -> CatalogTable {
    let action = version == nil || version == "LATEST" ? "glue:GetTable" : "glue:GetTableVersion"
    return try await table(name, in: database, version: version, action: action, context: context)
  }

  func table(
    _ name: String, in database: String, version: String?, action: String, context: RequestContext
  ) async throws -> CatalogTable {
    let (name, database) = (Self.fold(name), Self.fold(database))
    let wanted = version == "LATEST" ? nil : version
    try await authorize(
      action, on: context.catalogResources.table(name, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      guard let table = try reader.get(keys.table(name, in: database), as: CatalogTable.self) else {
        _ = try reader.database(database, keys)
        // Reading says less than writing does, where the missing table is named.
        throw CatalogError.entityNotFound("Entity Not Found")
      }
      guard let wanted, wanted != String(table.version) else { return try reader.resolved(table, context) }
      guard let number = Int64(wanted),
        let earlier = try reader.get(keys.version(number, of: name, in: database), as: CatalogTable.self)
      else { throw CatalogError.noVersion }
      return try reader.resolved(earlier, context)
    }
  }

  /// Tables of a database in the order of their names.
  /// - Parameters:
  ///   - pattern: a regular expression for the whole name.
  ///   - after: leaves out names up to this one.
  ///   - limit: at most so many.
  /// - Throws: `EntityNotFoundException` for the database; `InvalidInputException` for the pattern.
  public func tables(
    in database: String, matching pattern: String? = nil, after: String? = nil, limit: Int = .max,
    context: RequestContext
  ) async throws -> [CatalogTable] {
    let database = Self.fold(database)
    try await authorize("glue:GetTables", on: context.catalogResources.table("*", in: database), context)
    let filter = try pattern.map(NamePattern.init)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      _ = try reader.database(database, keys)
      var range = keys.tables(in: database)
      if let after { range.from = keys.table(after, in: database).subtree.to }
      var found: [CatalogTable] = []
      guard limit > 0 else { return found }
      try reader.scan(range) { key, bytes in
        if let filter, let name = key.elements?.last?.string, !filter.matches(name) { return true }
        found.append(try reader.resolved(try KeyRecord.decode(CatalogTable.self, bytes), context))
        return found.count < limit
      }
      return found
    }
  }

  /// - Throws: `EntityNotFoundException` for the database, `AlreadyExistsException`, `InvalidInputException`.
  public func createTable(
    _ definition: TableDefinition, in database: String, indexes: [PartitionIndexDefinition] = [],
    context: RequestContext
  ) async throws {
    try await keys.write(try await creation(of: definition, in: database, indexes: indexes, context: context))
  }

  /// What makes the table, for a transaction that does other things too.
  func creation(
    of definition: TableDefinition, in database: String, indexes: [PartitionIndexDefinition], context: RequestContext
  ) async throws -> CatalogStep {
    let database = Self.fold(database)
    let definition = try Self.checked(definition)
    try await authorize("glue:CreateTable", on: context.catalogResources.table(definition.name, in: database), context)
    try PartitionIndexDefinition.check(indexes, against: definition.partitionKeys)
    let keys = context.catalogKeys
    let now = clock.now().toSecond
    let table = CatalogTable(
      database: database, definition: definition, createTime: now, updateTime: now,
      createdBy: context.principal.arn.description, version: 0)
    return { transaction in
      _ = try transaction.database(database, keys)
      let key = keys.table(definition.name, in: database)
      guard try transaction.get(key) == nil else { throw CatalogError.tableExists }
      _ = try transaction.resolved(table, strict: true, context)
      try transaction.set(key, record: table)
      for index in indexes {
        try transaction.set(keys.index(index.name, of: definition.name, in: database), record: index)
      }
    }
  }

  /// Replaces a table's definition and gives it the next version.
  /// - Parameters:
  ///   - ifVersion: the version that the caller has seen; another one present is a `ConcurrentModificationException`.
  ///   - archive: keep the version that is replaced.
  public func updateTable(
    _ definition: TableDefinition, in database: String, ifVersion: String? = nil, archive: Bool = true,
    context: RequestContext
  ) async throws {
    let database = Self.fold(database)
    let definition = try Self.checked(definition)
    let name = definition.name
    try await authorize("glue:UpdateTable", on: context.catalogResources.table(name, in: database), context)
    let keys = context.catalogKeys
    let now = clock.now().toSecond
    try await self.keys.write { transaction in
      let present = try transaction.table(name, in: database, keys)
      if let ifVersion, ifVersion != String(present.version) { throw CatalogError.staleVersion }
      if present.definition.partitionKeys.count != definition.partitionKeys.count,
        try !transaction.entries(keys.partitions(of: name, in: database), limit: 1).isEmpty
      {
        throw CatalogError.invalidInput("The partition keys of a table with partitions cannot be added or removed.")
      }
      if archive {
        try transaction.set(keys.version(present.version, of: name, in: database), record: present)
      }
      var next = present
      next.definition = definition
      next.updateTime = now
      next.version = present.version.saturatingAdd(1)
      _ = try transaction.resolved(next, strict: true, context)
      try transaction.set(keys.table(name, in: database), record: next)
    }
  }

  /// Deletes a table with its versions, partitions and statistics.
  /// - Throws: `EntityNotFoundException`.
  public func deleteTable(_ name: String, in database: String, context: RequestContext) async throws {
    let (name, database) = (Self.fold(name), Self.fold(database))
    try await authorize("glue:DeleteTable", on: context.catalogResources.table(name, in: database), context)
    let keys = context.catalogKeys
    try await self.keys.write { try $0.deleteTable(name, in: database, keys) }
  }

  /// Deletes several tables.
  /// - Returns: those that could not be deleted, with the reason.
  public func deleteTables(
    _ names: [String], in database: String, context: RequestContext
  ) async throws -> [(name: String, error: AWSError)] {
    let database = Self.fold(database)
    for name in names {
      try await authorize(
        "glue:BatchDeleteTable", on: context.catalogResources.table(Self.fold(name), in: database), context)
    }
    let keys = context.catalogKeys
    return try await self.keys.write { transaction in
      _ = try transaction.database(database, keys)
      var failures: [(name: String, error: AWSError)] = []
      for name in names {
        do { try transaction.deleteTable(Self.fold(name), in: database, keys) } catch let error as AWSError {
          failures.append((name, error))
        }
      }
      return failures
    }
  }

  /// Folds the name and checks what Glue checks of a definition.
  private static func checked(_ definition: TableDefinition) throws -> TableDefinition {
    var definition = definition
    definition.name = fold(definition.name)
    guard !definition.name.allSatisfy(\.isWhitespace) else {
      throw CatalogError.invalidInput("Table name cannot be blank.")
    }
    let columns = (definition.storage?.columns ?? []) + definition.partitionKeys
    var seen: Set<String> = []
    for column in columns where !seen.insert(column.name.lowercased()).inserted {
      throw CatalogError.invalidInput("Duplicate column name: \(column.name)")
    }
    return definition
  }
}

extension KeyTransaction {
  func deleteTable(_ name: String, in database: String, _ keys: CatalogKeys) throws {
    _ = try table(name, in: database, keys)
    try delete(keys.table(name, in: database))
    for range in keys.belongings(of: name, in: database) { try delete(range) }
  }
}
