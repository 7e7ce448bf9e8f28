import Glue
import GlueModel
import Kernel
import StorageTesting
import Testing

/// A service over memory, with a clock that stands still.
struct GlueFixture {
  let clock = ManualClock()
  let keys = MemoryKeyStore()
  let service: GlueService
  let context: RequestContext

  init() {
    service = GlueService(keys: keys, clock: clock, random: SeededRandomSource(seed: 7))
    context = Self.context(.root(of: .standard))
  }

  static func context(_ principal: Principal, authorizer: any Authorizer = OpenAuthorizer()) -> RequestContext {
    RequestContext(
      requestID: "r", scope: Scope(account: .standard, region: .usEast1), principal: principal,
      time: Timestamp(seconds: 1_700_000_000), authorizer: authorizer)
  }

  /// A database `lake` with a table `events`, partitioned by a day (text) and an hour (integer).
  static func lake() async throws -> GlueFixture {
    let fixture = GlueFixture()
    try await fixture.createDatabase("lake")
    try await fixture.createTable(fixture.events)
    return fixture
  }

  var events: TableInput {
    TableInput(
      name: "events", retention: 0,
      storageDescriptor: StorageDescriptor(
        columns: [Column(name: "id", type: "string"), Column(name: "amount", type: "double")],
        location: "s3://lake/events/"),
      partitionKeys: [Column(name: "day", type: "string"), Column(name: "hour", type: "int")],
      tableType: "EXTERNAL_TABLE", parameters: ["classification": "parquet"])
  }

  func createDatabase(_ name: String) async throws {
    _ = try await service.createDatabase(CreateDatabaseInput(databaseInput: DatabaseInput(name: name)), context)
  }

  func createTable(_ table: TableInput, in database: String = "lake") async throws {
    _ = try await service.createTable(CreateTableInput(databaseName: database, tableInput: table), context)
  }

  func partition(_ values: String...) -> PartitionInput {
    PartitionInput(
      values: values,
      storageDescriptor: StorageDescriptor(
        columns: [Column(name: "id", type: "string")], location: "s3://lake/events/" + values.joined(separator: "/")),
      parameters: ["rows": "3"])
  }

  func addPartitions(_ partitions: [PartitionInput]) async throws -> [PartitionError] {
    try await service.batchCreatePartition(
      BatchCreatePartitionInput(databaseName: "lake", tableName: "events", partitionInputList: partitions), context
    ).errors ?? []
  }

  func partitions(_ expression: String? = nil, token: String? = nil, max: Int? = nil) async throws
    -> GetPartitionsOutput
  {
    try await service.getPartitions(
      GetPartitionsInput(
        databaseName: "lake", tableName: "events", expression: expression, nextToken: token, maxResults: max), context)
  }
}

/// The error that `body` throws, which must be one of AWS's.
func awsError(_ body: () async throws -> Void) async -> AWSError? {
  do {
    try await body()
    Issue.record("no error")
    return nil
  } catch let error as AWSError {
    return error
  } catch {
    Issue.record("another error: \(error)")
    return nil
  }
}
