public import Kernel
import Storage

extension GlueCatalog {
  /// The versions of a table, newest first, the present one included.
  /// - Parameter before: leaves out this version and newer ones.
  public func tableVersions(
    of name: String, in database: String, before: Int64? = nil, limit: Int = .max, context: RequestContext
  ) async throws -> [CatalogTable] {
    let (name, database) = (Self.fold(name), Self.fold(database))
    try await authorize("glue:GetTableVersions", on: context.catalogResources.table(name, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.read { reader in
      let present = try reader.table(name, in: database, keys)
      var versions: [CatalogTable] = []
      guard limit > 0 else { return versions }
      if before == nil {
        versions.append(try reader.resolved(present, context))
        guard versions.count < limit else { return versions }
      }
      var range = keys.versions(of: name, in: database)
      if let before { range.to = keys.version(before, of: name, in: database) }
      try reader.scan(range, reversed: true) { _, bytes in
        versions.append(try reader.resolved(try KeyRecord.decode(CatalogTable.self, bytes), context))
        return versions.count < limit
      }
      return versions
    }
  }

  /// Forgets an earlier version.
  /// - Throws: `EntityNotFoundException`; `InvalidInputException` for the present version.
  public func deleteTableVersion(
    _ version: String, of name: String, in database: String, context: RequestContext
  ) async throws {
    let (name, database) = (Self.fold(name), Self.fold(database))
    try await authorize("glue:DeleteTableVersion", on: context.catalogResources.table(name, in: database), context)
    let keys = context.catalogKeys
    try await self.keys.write { try $0.deleteVersion(version, of: name, in: database, keys) }
  }

  /// Forgets several earlier versions.
  /// - Returns: those that could not be deleted, with the reason.
  public func deleteTableVersions(
    _ versions: [String], of name: String, in database: String, context: RequestContext
  ) async throws -> [(name: String, error: AWSError)] {
    let (name, database) = (Self.fold(name), Self.fold(database))
    try await authorize(
      "glue:BatchDeleteTableVersion", on: context.catalogResources.table(name, in: database), context)
    let keys = context.catalogKeys
    return try await self.keys.write { transaction in
      _ = try transaction.table(name, in: database, keys)
      var failures: [(name: String, error: AWSError)] = []
      for version in versions {
        do { try transaction.deleteVersion(version, of: name, in: database, keys) } catch let error as AWSError {
          failures.append((version, error))
        }
      }
      return failures
    }
  }
}

extension KeyTransaction {
  func deleteVersion(_ version: String, of name: String, in database: String, _ keys: CatalogKeys) throws {
    let present = try table(name, in: database, keys)
    guard version != String(present.version) else {
      throw CatalogError.invalidInput("The current version of a table cannot be deleted.")
    }
    guard let number = Int64(version), case let key = keys.version(number, of: name, in: database),
      try get(key) != nil
    else { throw CatalogError.noVersion }
    try delete(key)
  }
}
