import Glue
import GlueModel
import Kernel
import Testing

@Suite struct DatabaseTests {
  @Test func namesAreFoldedAndKept() async throws {
    let fixture = GlueFixture()
    let input = DatabaseInput(
      name: "Lake", description: "d", locationUri: "s3://lake/", parameters: ["a": "b"])
    _ = try await fixture.service.createDatabase(CreateDatabaseInput(databaseInput: input), fixture.context)
    let found = try await fixture.service.getDatabase(GetDatabaseInput(name: "LAKE"), fixture.context).database
    #expect(found?.name == "lake")
    #expect(found?.description == "d")
    #expect(found?.locationUri == "s3://lake/")
    #expect(found?.parameters == ["a": "b"])
    #expect(found?.catalogId == "000000000000")
    #expect(
      found?.createTableDefaultPermissions?.first?.principal?.dataLakePrincipalIdentifier == "IAM_ALLOWED_PRINCIPALS")
  }

  @Test func errorsAreAWSs() async throws {
    let fixture = GlueFixture()
    try await fixture.createDatabase("lake")
    let twice = await awsError { try await fixture.createDatabase("LAKE") }
    #expect(twice?.code == "AlreadyExistsException")
    #expect(twice?.message == "Database already exists.")
    let absent = await awsError {
      _ = try await fixture.service.getDatabase(GetDatabaseInput(name: "sea"), fixture.context)
    }
    #expect(absent?.code == "EntityNotFoundException")
    #expect(absent?.message == "Database sea not found.")
    #expect(absent?.httpStatus == 400)
    let elsewhere = await awsError {
      _ = try await fixture.service.getDatabase(
        GetDatabaseInput(catalogId: "111111111111", name: "lake"), fixture.context)
    }
    #expect(elsewhere?.code == "EntityNotFoundException")
  }

  @Test func listsPageByPage() async throws {
    let fixture = GlueFixture()
    for number in 0..<7 { try await fixture.createDatabase("d\(number)") }
    var names: [String] = []
    var token: String?
    repeat {
      let page = try await fixture.service.getDatabases(
        GetDatabasesInput(nextToken: token, maxResults: 3), fixture.context)
      names += page.databaseList.map(\.name)
      token = page.nextToken
    } while token != nil
    #expect(names == (0..<7).map { "d\($0)" })
    let wrong = await awsError {
      _ = try await fixture.service.getDatabases(GetDatabasesInput(nextToken: "?"), fixture.context)
    }
    #expect(wrong?.code == "InvalidInputException")
  }

  @Test func deletingTakesAllThatBelongs() async throws {
    let fixture = try await GlueFixture.lake()
    _ = try await fixture.addPartitions([fixture.partition("a", "1")])
    _ = try await fixture.service.deleteDatabase(DeleteDatabaseInput(name: "lake"), fixture.context)
    try await fixture.createDatabase("lake")
    let tables = try await fixture.service.getTables(GetTablesInput(databaseName: "lake"), fixture.context)
    #expect(tables.tableList?.isEmpty == true)
    try await fixture.createTable(fixture.events)
    #expect(try await fixture.partitions().partitions?.isEmpty == true)
  }

  @Test func theDefaultDatabaseIsMadeOnce() async throws {
    let fixture = GlueFixture()
    try await fixture.service.catalog.ensureDefaultDatabase(context: fixture.context)
    try await fixture.service.catalog.ensureDefaultDatabase(context: fixture.context)
    #expect(try await fixture.service.catalog.databases(context: fixture.context).map(\.name) == ["default"])
  }
}
