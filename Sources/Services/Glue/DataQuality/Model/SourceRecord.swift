import GlueModel

/// A table that a run looks at, as it is stored.
struct SourceRecord: Codable, Sendable, Hashable {
  var database: String
  var table: String
  var catalogID: String?
  var connection: String?
  var options: [String: String]?
  /// SQL that the table goes through first.
  var query: String?
  /// Whether it was given in the newer of the two shapes.
  var isNewer = false

  /// - Throws: `InvalidInputException` for a source of neither or both shapes.
  init(_ source: DataSource) throws {
    switch (source.glueTable, source.dataQualityGlueTable) {
    case (let table?, nil):
      database = table.databaseName
      self.table = table.tableName
      (catalogID, connection, options) = (table.catalogId, table.connectionName, table.additionalOptions)
    case (nil, let table?):
      database = table.databaseName
      self.table = table.tableName
      (catalogID, connection, options) = (table.catalogId, table.connectionName, table.additionalOptions)
      query = table.preProcessingQuery
      isNewer = true
    default: throw CatalogError.invalidInput("A data source names one Glue table.")
    }
  }

  var shape: DataSource {
    isNewer
      ? DataSource(
        dataQualityGlueTable: DataQualityGlueTable(
          databaseName: database, tableName: table, catalogId: catalogID, connectionName: connection,
          additionalOptions: options, preProcessingQuery: query))
      : DataSource(
        glueTable: GlueTable(
          databaseName: database, tableName: table, catalogId: catalogID, connectionName: connection,
          additionalOptions: options))
  }

  /// Whether a listing's filter means this table.
  func matches(_ other: SourceRecord) -> Bool {
    database.lowercased() == other.database.lowercased() && table.lowercased() == other.table.lowercased()
  }
}
