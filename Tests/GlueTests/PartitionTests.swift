import Glue
import GlueModel
import Kernel
import Testing

@Suite struct PartitionTests {
  @Test func whatIsGivenIsKept() async throws {
    let fixture = try await GlueFixture.lake()
    var input = fixture.partition("2026-05-19", "12")
    input.lastAccessTime = Timestamp(seconds: 9)
    #expect(try await fixture.addPartitions([input]).isEmpty)
    let found = try await fixture.service.getPartition(
      GetPartitionInput(databaseName: "Lake", tableName: "Events", partitionValues: ["2026-05-19", "12"]),
      fixture.context
    ).partition
    #expect(found?.values == ["2026-05-19", "12"])
    #expect(found?.storageDescriptor?.location == "s3://lake/events/2026-05-19/12")
    #expect(found?.storageDescriptor?.columns == [Column(name: "id", type: "string")])
    #expect(found?.parameters == ["rows": "3"])
    #expect(found?.lastAccessTime == Timestamp(seconds: 9))
    #expect(found?.lastAnalyzedTime == nil)
    #expect(found?.tableName == "events")
    #expect(found?.creationTime == Timestamp(seconds: 1_700_000_000))
  }

  @Test func aBatchReportsEachFailure() async throws {
    let fixture = try await GlueFixture.lake()
    _ = try await fixture.addPartitions([fixture.partition("a", "1")])
    let errors = try await fixture.addPartitions([
      fixture.partition("a", "1"), fixture.partition("a", "2"), fixture.partition("a"),
    ])
    #expect(errors.map(\.partitionValues) == [["a", "1"], ["a"]])
    #expect(errors.map(\.errorDetail?.errorCode) == ["AlreadyExistsException", "InvalidInputException"])
    #expect(errors.first?.errorDetail?.errorMessage == "Partition already exists.")
    #expect(try await fixture.partitions().partitions?.count == 2)

    let alone = await awsError {
      _ = try await fixture.service.createPartition(
        CreatePartitionInput(databaseName: "lake", tableName: "events", partitionInput: fixture.partition("a", "1")),
        fixture.context)
    }
    #expect(alone?.code == "AlreadyExistsException")
  }

  @Test func batchGetLeavesOutTheAbsent() async throws {
    let fixture = try await GlueFixture.lake()
    _ = try await fixture.addPartitions([fixture.partition("a", "1")])
    let found = try await fixture.service.batchGetPartition(
      BatchGetPartitionInput(
        databaseName: "lake", tableName: "events",
        partitionsToGet: [PartitionValueList(values: ["b", "1"]), PartitionValueList(values: ["a", "1"])]),
      fixture.context)
    #expect(found.partitions?.map(\.values) == [["a", "1"]])
    #expect(found.unprocessedKeys == [])
    let absent = await awsError {
      _ = try await fixture.service.getPartition(
        GetPartitionInput(databaseName: "lake", tableName: "events", partitionValues: ["b", "1"]), fixture.context)
    }
    #expect(absent?.message == "Cannot find partition.")
  }

  @Test func expressionsCompareByType() async throws {
    let fixture = try await GlueFixture.lake()
    var inputs: [PartitionInput] = []
    for day in ["2026-05-18", "2026-05-19", "2026-05-20"] {
      for hour in [2, 9, 10, 11] { inputs.append(fixture.partition(day, String(hour))) }
    }
    _ = try await fixture.addPartitions(inputs)
    func found(_ expression: String) async throws -> [[String]] {
      try await fixture.partitions(expression).partitions?.compactMap(\.values) ?? []
    }
    // Text would put 10 before 9.
    #expect(try await found("day = '2026-05-19' AND hour >= 9").map { $0[1] } == ["10", "11", "9"])
    #expect(try await found("hour = 2").count == 3)
    #expect(try await found("day > '2026-05-18' and day <= '2026-05-20' and hour in (2, 11)").count == 4)
    #expect(try await found("day LIKE '2026-05-1%' AND NOT hour BETWEEN 3 AND 10").count == 4)
    #expect(try await found("day = '2026-05-19' OR hour = 11").count == 6)
    #expect(try await found("").count == 12)
    #expect(await awsError { _ = try await found("nothing = 3") }?.code == "InvalidInputException")
    #expect(await awsError { _ = try await found("day = ") }?.code == "InvalidInputException")
    #expect(await awsError { _ = try await found("hour = 'x'") }?.code == "InvalidInputException")
  }

  @Test func pagesAndSegmentsMissNothing() async throws {
    let fixture = try await GlueFixture.lake()
    for start in stride(from: 0, to: 250, by: 50) {
      _ = try await fixture.addPartitions((start..<start + 50).map { fixture.partition("d\($0 % 7)", String($0)) })
    }
    var seen: [[String]] = []
    var token: String?
    repeat {
      let page = try await fixture.partitions("hour >= 100", token: token, max: 40)
      #expect((page.partitions?.count ?? 0) <= 40)
      seen += page.partitions?.compactMap(\.values) ?? []
      token = page.nextToken
    } while token != nil
    #expect(seen.count == 150)
    #expect(Set(seen).count == 150)

    var parts: [[String]] = []
    for number in 0..<4 {
      let page = try await fixture.service.getPartitions(
        GetPartitionsInput(
          databaseName: "lake", tableName: "events", segment: Segment(segmentNumber: number, totalSegments: 4)),
        fixture.context)
      #expect(page.partitions?.isEmpty == false)
      parts += page.partitions?.compactMap(\.values) ?? []
    }
    #expect(Set(parts).count == 250)
    let columnless = try await fixture.service.getPartitions(
      GetPartitionsInput(databaseName: "lake", tableName: "events", excludeColumnSchema: true), fixture.context)
    #expect(columnless.partitions?.first?.storageDescriptor?.columns == nil)
    #expect(columnless.partitions?.first?.storageDescriptor?.location != nil)
  }

  @Test func updatesMoveAndReplace() async throws {
    let fixture = try await GlueFixture.lake()
    _ = try await fixture.addPartitions([fixture.partition("a", "1"), fixture.partition("b", "1")])
    func update(_ old: [String], _ new: PartitionInput) async throws {
      _ = try await fixture.service.updatePartition(
        UpdatePartitionInput(
          databaseName: "lake", tableName: "events", partitionValueList: old, partitionInput: new), fixture.context)
    }
    try await update(["a", "1"], fixture.partition("c", "1"))
    #expect(try await fixture.partitions().partitions?.map(\.values) == [["b", "1"], ["c", "1"]])
    #expect(
      await awsError { try await update(["a", "1"], fixture.partition("a", "1")) }?.code == "EntityNotFoundException")
    #expect(
      await awsError { try await update(["b", "1"], fixture.partition("c", "1")) }?.code == "AlreadyExistsException")
    let errors = try await fixture.service.batchUpdatePartition(
      BatchUpdatePartitionInput(
        databaseName: "lake", tableName: "events",
        entries: [
          BatchUpdatePartitionRequestEntry(partitionValueList: ["b", "1"], partitionInput: PartitionInput()),
          BatchUpdatePartitionRequestEntry(partitionValueList: ["z", "1"], partitionInput: PartitionInput()),
        ]), fixture.context
    ).errors
    #expect(errors?.map(\.partitionValueList) == [["z", "1"]])
  }

  @Test func deletedPartitionsAreGone() async throws {
    let fixture = try await GlueFixture.lake()
    _ = try await fixture.addPartitions([fixture.partition("a", "1"), fixture.partition("a", "2")])
    let errors = try await fixture.service.batchDeletePartition(
      BatchDeletePartitionInput(
        databaseName: "lake", tableName: "events",
        partitionsToDelete: [PartitionValueList(values: ["a", "1"]), PartitionValueList(values: ["x", "1"])]),
      fixture.context
    ).errors
    #expect(errors?.map(\.partitionValues) == [["x", "1"]])
    #expect(try await fixture.partitions().partitions?.map(\.values) == [["a", "2"]])
  }

  @Test func visitorsStopWhenTheySay() async throws {
    let fixture = try await GlueFixture.lake()
    _ = try await fixture.addPartitions((0..<20).map { fixture.partition("a", String($0)) })
    let seen = Locked(0)
    try await fixture.service.catalog.partitions(of: "events", in: "lake", context: fixture.context) { _ in
      seen.withLock { count in
        count += 1
        return count < 5
      }
    }
    #expect(seen.withLock { $0 } == 5)
    let failures = try await fixture.service.catalog.addPartitions(
      [CatalogPartition(values: ["a", "1"]), CatalogPartition(values: ["b", "1"])], to: "events", in: "lake",
      ifAbsent: true, context: fixture.context)
    #expect(failures.isEmpty)
  }

  @Test func indexesAreKeptAndChecked() async throws {
    let fixture = try await GlueFixture.lake()
    func create(_ name: String, _ keys: [String]) async throws {
      _ = try await fixture.service.createPartitionIndex(
        CreatePartitionIndexInput(
          databaseName: "lake", tableName: "events", partitionIndex: PartitionIndex(keys: keys, indexName: name)),
        fixture.context)
    }
    try await create("by_hour", ["hour"])
    #expect(await awsError { try await create("by_hour", ["day"]) }?.code == "AlreadyExistsException")
    #expect(await awsError { try await create("x", ["id"]) }?.code == "InvalidInputException")
    let found = try await fixture.service.getPartitionIndexes(
      GetPartitionIndexesInput(databaseName: "lake", tableName: "events"), fixture.context
    ).partitionIndexDescriptorList
    #expect(found?.map(\.indexName) == ["by_hour"])
    #expect(found?.first?.keys == [KeySchemaElement(name: "hour", type: "int")])
    #expect(found?.first?.indexStatus == .active)
    try await create("b", ["day"])
    try await create("c", ["day", "hour"])
    #expect(await awsError { try await create("d", ["hour", "day"]) }?.code == "ResourceNumberLimitExceededException")
  }

  @Test func statisticsBelongToColumns() async throws {
    let fixture = try await GlueFixture.lake()
    let known = ColumnStatistics(
      columnName: "amount", columnType: "double", analyzedTime: Timestamp(seconds: 1),
      statisticsData: ColumnStatisticsData(
        type: .double,
        doubleColumnStatisticsData: DoubleColumnStatisticsData(
          minimumValue: 1.5, maximumValue: 9, numberOfNulls: 2, numberOfDistinctValues: 7)))
    var unknown = known
    unknown.columnName = "nothing"
    let errors = try await fixture.service.updateColumnStatisticsForTable(
      UpdateColumnStatisticsForTableInput(
        databaseName: "lake", tableName: "events", columnStatisticsList: [known, unknown]), fixture.context
    ).errors
    #expect(errors?.map(\.columnStatistics?.columnName) == ["nothing"])
    let found = try await fixture.service.getColumnStatisticsForTable(
      GetColumnStatisticsForTableInput(databaseName: "lake", tableName: "events", columnNames: ["amount", "id"]),
      fixture.context)
    #expect(found.columnStatisticsList == [known])
    #expect(found.errors?.map(\.columnName) == ["id"])
    _ = try await fixture.service.deleteColumnStatisticsForTable(
      DeleteColumnStatisticsForTableInput(databaseName: "lake", tableName: "events", columnName: "amount"),
      fixture.context)
    let gone = try await fixture.service.getColumnStatisticsForTable(
      GetColumnStatisticsForTableInput(databaseName: "lake", tableName: "events", columnNames: ["amount"]),
      fixture.context)
    #expect(gone.columnStatisticsList == [])
  }
}
