import Glue
import GlueModel
import Kernel
import Storage
import StorageTesting
import Testing

@Suite struct TableTests {
  private func get(_ fixture: GlueFixture, _ name: String = "events") async throws -> Table? {
    try await fixture.service.getTable(GetTableInput(databaseName: "lake", name: name), fixture.context).table
  }

  private func update(
    _ fixture: GlueFixture, _ description: String, version: String? = nil, skipArchive: Bool? = nil
  ) async throws {
    var table = fixture.events
    table.description = description
    _ = try await fixture.service.updateTable(
      UpdateTableInput(databaseName: "lake", tableInput: table, skipArchive: skipArchive, versionId: version),
      fixture.context)
  }

  @Test func whatIsGivenIsKept() async throws {
    let fixture = try await GlueFixture.lake()
    let storage = StorageDescriptor(
      columns: [Column(name: "a", type: "array<int>", comment: "c", parameters: ["p": "q"])], location: "s3://l/",
      additionalLocations: ["s3://m/"], inputFormat: "in", outputFormat: "out", compressed: true, numberOfBuckets: 4,
      serdeInfo: SerDeInfo(name: "s", serializationLibrary: "lib", parameters: ["field.delim": ","]),
      bucketColumns: ["a"], sortColumns: [Order(column: "a", sortOrder: 1)], parameters: ["x": "y"],
      skewedInfo: SkewedInfo(
        skewedColumnNames: ["a"], skewedColumnValues: ["1"], skewedColumnValueLocationMaps: ["1": "s3://n/"]),
      storedAsSubDirectories: true)
    let input = TableInput(
      name: "Full", description: "d", owner: "o", lastAccessTime: Timestamp(seconds: 5), retention: 3,
      storageDescriptor: storage, viewOriginalText: "/* Presto View */", viewExpandedText: "e",
      tableType: "VIRTUAL_VIEW", parameters: ["presto_view": "true"])
    try await fixture.createTable(input)
    let table = try #require(try await get(fixture, "FULL"))
    #expect(table.name == "full")
    #expect(table.storageDescriptor == storage)
    #expect(table.viewOriginalText == "/* Presto View */")
    #expect(table.owner == "o")
    #expect(table.retention == 3)
    #expect(table.versionId == "0")
    #expect(table.isRegisteredWithLakeFormation == false)
    #expect(table.createdBy == "arn:aws:iam::000000000000:root")
    #expect(table.databaseName == "lake")
    #expect(table.createTime == Timestamp(seconds: 1_700_000_000))
  }

  @Test func aTableAndItsPartitionsAreMadeInSomebodysTransaction() async throws {
    let fixture = GlueFixture()
    try await fixture.createDatabase("lake")
    let catalog = fixture.service.catalog
    let wrong = fixture.partition("2026-01-01")
    let right = fixture.partition("2026-01-01", "7")
    let failing = try await catalog.creation(
      of: fixture.events, partitions: [right, wrong], in: "lake", context: fixture.context)
    #expect(await awsError { try await fixture.keys.write(failing) } != nil)
    #expect(await awsError { _ = try await get(fixture) }?.code == "EntityNotFoundException")
    let making = try await catalog.creation(
      of: fixture.events, partitions: [right], in: "lake", context: fixture.context)
    try await fixture.keys.write(making)
    #expect(try await get(fixture)?.name == "events")
    #expect(try await fixture.partitions().partitions?.map(\.values) == [["2026-01-01", "7"]])
    #expect(await awsError { try await fixture.keys.write(making) }?.code == "AlreadyExistsException")
    // Partitions that are there stay as they are.
    try await fixture.keys.write(
      try await catalog.addition(
        of: [right, fixture.partition("2026-01-01", "8")], to: "events", in: "lake", context: fixture.context))
    #expect(try await fixture.partitions().partitions?.count == 2)
  }

  @Test func errorsAreAWSs() async throws {
    let fixture = try await GlueFixture.lake()
    let twice = await awsError { try await fixture.createTable(fixture.events) }
    #expect(twice?.code == "AlreadyExistsException")
    #expect(twice?.message == "Table already exists.")
    let absent = await awsError { _ = try await get(fixture, "none") }
    #expect(absent?.code == "EntityNotFoundException")
    #expect(absent?.message == "Entity Not Found")
    let orphan = await awsError { try await fixture.createTable(fixture.events, in: "sea") }
    #expect(orphan?.message == "Database sea not found.")
    let iceberg = await awsError {
      _ = try await fixture.service.createTable(
        CreateTableInput(
          databaseName: "lake", tableInput: fixture.events,
          openTableFormatInput: OpenTableFormatInput(icebergInput: IcebergInput(metadataOperation: .create))),
        fixture.context)
    }
    #expect(iceberg?.httpStatus == 501)
    var twins = fixture.events
    twins.name = "twins"
    twins.partitionKeys = [Column(name: "ID", type: "string")]
    let duplicate = await awsError { try await fixture.createTable(twins) }
    #expect(duplicate?.code == "InvalidInputException")
  }

  @Test func anUpdateMustHaveSeenTheVersion() async throws {
    let fixture = try await GlueFixture.lake()
    try await update(fixture, "one", version: "0")
    let stale = await awsError { try await update(fixture, "two", version: "0") }
    #expect(stale?.code == "ConcurrentModificationException")
    #expect(stale?.message == "Update table failed due to concurrent modifications.")
    #expect(try await get(fixture)?.description == "one")
    #expect(try await get(fixture)?.versionId == "1")
  }

  @Test func ofManyUpdatesOneWins() async throws {
    let fixture = try await GlueFixture.lake()
    let won = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<16 {
        group.addTask {
          do {
            try await update(fixture, "u\(number)", version: "0")
            return true
          } catch {
            return false
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(won == 1)
    #expect(try await get(fixture)?.versionId == "1")
  }

  @Test func versionsAreArchivedUnlessSkipped() async throws {
    let fixture = try await GlueFixture.lake()
    try await update(fixture, "one")
    try await update(fixture, "two", skipArchive: true)
    try await update(fixture, "three")
    func versions(_ token: String? = nil, _ max: Int? = nil) async throws -> GetTableVersionsOutput {
      try await fixture.service.getTableVersions(
        GetTableVersionsInput(databaseName: "lake", tableName: "events", nextToken: token, maxResults: max),
        fixture.context)
    }
    #expect(try await versions().tableVersions?.map(\.versionId) == ["3", "2", "0"])
    let first = try await versions(nil, 2)
    #expect(first.tableVersions?.map(\.versionId) == ["3", "2"])
    #expect(try await versions(first.nextToken, 2).tableVersions?.map(\.versionId) == ["0"])

    func version(_ id: String?) async throws -> Table? {
      try await fixture.service.getTableVersion(
        GetTableVersionInput(databaseName: "lake", tableName: "events", versionId: id), fixture.context
      ).tableVersion?.table
    }
    #expect(try await version("0")?.description == nil)
    #expect(try await version("2")?.description == "two")
    #expect(try await version(nil)?.description == "three")
    #expect(await awsError { _ = try await version("1") }?.code == "EntityNotFoundException")

    let errors = try await fixture.service.batchDeleteTableVersion(
      BatchDeleteTableVersionInput(databaseName: "lake", tableName: "events", versionIds: ["0", "9", "3"]),
      fixture.context
    ).errors
    #expect(errors?.map(\.versionId) == ["9", "3"])
    #expect(try await versions().tableVersions?.map(\.versionId) == ["3", "2"])
  }

  @Test func tablesAreChosenByPatternAndPaged() async throws {
    let fixture = try await GlueFixture.lake()
    for name in ["sales_a", "sales_b", "sales_c", "other"] {
      try await fixture.createTable(TableInput(name: name))
    }
    func names(_ pattern: String?) async throws -> [String]? {
      try await fixture.service.getTables(
        GetTablesInput(databaseName: "lake", expression: pattern), fixture.context
      ).tableList?.map(\.name)
    }
    #expect(try await names(nil) == ["events", "other", "sales_a", "sales_b", "sales_c"])
    #expect(try await names("sales_.*") == ["sales_a", "sales_b", "sales_c"])
    #expect(try await names("sales") == [])
    #expect(try await names("events|other") == ["events", "other"])
    #expect(await awsError { _ = try await names("(") }?.code == "InvalidInputException")
    let page = try await fixture.service.getTables(
      GetTablesInput(databaseName: "lake", expression: "sales_.*", maxResults: 2), fixture.context)
    #expect(page.tableList?.count == 2)
    let rest = try await fixture.service.getTables(
      GetTablesInput(databaseName: "lake", expression: "sales_.*", nextToken: page.nextToken), fixture.context)
    #expect(rest.tableList?.map(\.name) == ["sales_c"])
    #expect(rest.nextToken == nil)
  }

  @Test func batchDeleteReportsTheAbsent() async throws {
    let fixture = try await GlueFixture.lake()
    let errors = try await fixture.service.batchDeleteTable(
      BatchDeleteTableInput(databaseName: "lake", tablesToDelete: ["none", "events"]), fixture.context
    ).errors
    #expect(errors?.map(\.tableName) == ["none"])
    #expect(errors?.first?.errorDetail?.errorCode == "EntityNotFoundException")
    #expect(await awsError { _ = try await get(fixture) }?.code == "EntityNotFoundException")
  }

  @Test func searchLooksEverywhere() async throws {
    let fixture = try await GlueFixture.lake()
    try await fixture.createDatabase("sea")
    try await fixture.createTable(TableInput(name: "ships", description: "events at sea"), in: "sea")
    func names(_ input: SearchTablesInput) async throws -> [String]? {
      try await fixture.service.searchTables(input, fixture.context).tableList?.map(\.name)
    }
    #expect(try await names(SearchTablesInput(searchText: "event")) == ["events", "ships"])
    #expect(try await names(SearchTablesInput(searchText: "\"events\"")) == ["events"])
    #expect(
      try await names(SearchTablesInput(filters: [PropertyPredicate(key: "DatabaseName", value: "sea")])) == ["ships"])
    #expect(
      try await names(SearchTablesInput(sortCriteria: [SortCriterion(fieldName: "Name", sort: .desc)]))
        == ["ships", "events"])
  }

  @Test func rightsAreAskedOnCatalogDatabaseAndTable() async throws {
    final class Witness: Authorizer {
      let asked = Locked<[AuthorizationRequest]>([])
      func authorize(_ request: AuthorizationRequest) async throws { asked.withLock { $0.append(request) } }
    }
    let fixture = try await GlueFixture.lake()
    let witness = Witness()
    let arn = ARN(service: "sts", region: "", account: "000000000000", resource: "assumed-role/r/s")
    let principal = Principal(
      kind: .assumedRole(name: "r", session: "s"), account: .standard, arn: arn, userID: "u", accessKeyID: "")
    _ = try await fixture.service.getTable(
      GetTableInput(databaseName: "Lake", name: "Events"), GlueFixture.context(principal, authorizer: witness))
    let asked = witness.asked.withLock { $0 }
    #expect(asked.map(\.action) == ["glue:GetTable"])
    #expect(
      asked.first?.resources == [
        "arn:aws:glue:us-east-1:000000000000:catalog", "arn:aws:glue:us-east-1:000000000000:database/lake",
        "arn:aws:glue:us-east-1:000000000000:table/lake/events",
      ])
  }
}
