import SQL

extension WarehouseSession {
  func unload(_ unload: RedshiftUnload) async throws -> SQLOutcome {
    throw SQLFailure("0A000", "UNLOAD is not implemented by Tarn yet")
  }
  func createExternalSchema(_ create: RedshiftExternalSchema) async throws {
    throw SQLFailure("0A000", "CREATE EXTERNAL SCHEMA is not implemented by Tarn yet")
  }
  func createExternalTable(_ create: RedshiftExternalTable) async throws -> SQLOutcome {
    throw SQLFailure("0A000", "CREATE EXTERNAL TABLE is not implemented by Tarn yet")
  }
  func alterExternalTable(_ name: QualifiedName, _ change: RedshiftAlterExternalTable) async throws -> SQLOutcome {
    throw SQLFailure("0A000", "ALTER of external tables is not implemented by Tarn yet")
  }
  func dropExternalTable(_ schema: CatalogSchema, _ table: String, ifExists: Bool) async throws {
    throw SQLFailure("0A000", "DROP of external tables is not implemented by Tarn yet")
  }
  func externalTable(
    _ place: SessionNames.Place
  ) async throws -> (relation: String, columns: [RedshiftKnownColumn]) {
    throw SQLFailure("0A000", "external tables are not implemented by Tarn yet")
  }
}

struct ExternalTableInfo: Sendable {
  struct Column: Sendable {
    var name: String
    var type: String
    var partitionKey: Int
  }
  var schema: String
  var name: String
  var location: String?
  var inputFormat: String?
  var outputFormat: String?
  var serde: String?
  var serdeParameters: String?
  var parameters: String?
  var columns: [Column]
}

extension WarehouseSession {
  func externalTables() async throws -> [ExternalTableInfo] { [] }
  func externalPartitions() async throws -> [[String?]] { [] }
}
