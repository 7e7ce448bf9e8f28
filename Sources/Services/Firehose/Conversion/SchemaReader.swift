import GlueModel
import Kernel
import SQL

/// Reads the Glue table that says which columns a delivery has.
struct SchemaReader: Sendable {
  let glue: any GlueAPI

  /// - Parameter acting: gives a context with a role's rights.
  /// - Returns: the columns, and the context that the schema was read in.
  /// - Throws: what Glue answers, or InvalidArgumentException for a schema that nothing can be converted to.
  func shape(
    _ conversion: S3Destination.Conversion, scope: Scope, acting: (String) async throws -> RequestContext
  ) async throws -> (shape: RowShape, context: RequestContext) {
    guard let role = conversion.role, let database = conversion.database, let name = conversion.table,
      let deserializer = conversion.deserializer
    else { throw AWSError("InvalidArgumentException", "The schema of the format conversion is not complete.") }
    var context = try await acting(role)
    if let region = conversion.region { context.scope.region = Region(region) }
    let table: Table?
    if let version = conversion.versionID, version != "LATEST" {
      table = try await glue.getTableVersion(
        GetTableVersionInput(
          catalogId: conversion.catalogID, databaseName: database, tableName: name, versionId: version), context
      ).tableVersion?.table
    } else {
      table = try await glue.getTable(
        GetTableInput(catalogId: conversion.catalogID, databaseName: database, name: name), context
      ).table
    }
    let columns = table?.storageDescriptor?.columns ?? []
    guard !columns.isEmpty else {
      throw AWSError("InvalidArgumentException", "Table \(database).\(name) has no columns to convert to.")
    }
    do {
      return (try RowShape(columns.map { ($0.name, $0.type ?? "string") }, deserializer), context)
    } catch {
      throw AWSError("InvalidArgumentException", "The schema of table \(database).\(name) is invalid. \(error)")
    }
  }
}
