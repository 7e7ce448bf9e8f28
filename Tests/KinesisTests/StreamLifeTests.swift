import Kernel
import Kinesis
import KinesisModel
import Storage
import StorageTesting
import Testing

@Suite struct StreamLifeTests {
  @Test func aNewStreamIsActiveWithEqualShards() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 3)
    let stream = try await house.describe("dojo")
    #expect(stream.streamStatus == .active)
    #expect(stream.streamARN == "arn:aws:kinesis:us-east-1:000000000000:stream/dojo")
    #expect(stream.shards.map(\.shardId) == (0..<3).map { "shardId-00000000000\($0)" })
    #expect(stream.retentionPeriodHours == 24)
    #expect(stream.encryptionType == EncryptionType.none)
    #expect(stream.streamModeDetails?.streamMode == .provisioned)
    #expect(stream.enhancedMonitoring == [EnhancedMetrics(shardLevelMetrics: [])])
    #expect(stream.shards.allSatisfy { $0.sequenceNumberRange.endingSequenceNumber == nil })
  }

  @Test func onDemandBeginsWithFourShards() async throws {
    let house = try await House()
    _ = try await house.kinesis.createStream(
      CreateStreamInput(streamName: "dojo", streamModeDetails: StreamModeDetails(streamMode: .onDemand)), house.context)
    let summary = try await house.kinesis.describeStreamSummary(
      DescribeStreamSummaryInput(streamName: "dojo"), house.context
    ).streamDescriptionSummary
    #expect(summary.openShardCount == 4)
    #expect(summary.streamModeDetails?.streamMode == .onDemand)
    let limits = try await house.kinesis.describeLimits(DescribeLimitsInput(), house.context)
    #expect(limits.onDemandStreamCount == 1 && limits.openShardCount == 0)
  }

  @Test func missingAndDoubleStreamsAreNamed() async throws {
    let house = try await House()
    let missing = await failure { try await house.describe("dojo") }
    #expect(missing.code == "ResourceNotFoundException")
    #expect(missing.message == "Stream dojo under account 000000000000 not found.")
    try await house.create("dojo", shards: 1)
    let double = await failure { try await house.create("dojo", shards: 1) }
    #expect(double.code == "ResourceInUseException")
    #expect(double.message == "Stream dojo under account 000000000000 already exists.")
  }

  @Test func aStreamIsFoundByARNAlone() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let output = try await house.kinesis.describeStream(
      DescribeStreamInput(streamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/dojo"), house.context)
    #expect(output.streamDescription.streamName == "dojo")
    let neither = await failure { try await house.kinesis.describeStream(DescribeStreamInput(), house.context) }
    #expect(neither.code == "InvalidArgumentException")
  }

  @Test func deletingTakesNameRecordsAndLogs() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 2)
    _ = try await house.put(10, to: "dojo")
    let iterator = try await house.iterator("dojo", 0)
    _ = try await house.kinesis.deleteStream(DeleteStreamInput(streamName: "dojo"), house.context)
    #expect(await failure { try await house.describe("dojo") }.code == "ResourceNotFoundException")
    #expect(try await house.logs.logs(prefix: "kinesis/").isEmpty)
    #expect(try await house.keys.read { try $0.entries(StreamKeys.all) }.count == 1, "only the secret is left")
    try await house.create("dojo", shards: 2)
    let stale = await failure { try await house.get(iterator) }
    #expect(stale.code == "ResourceNotFoundException", "an iterator of the old stream must not read the new one")
  }

  @Test func consumersHoldADeletionUp() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let arn = try await house.describe("dojo").streamARN
    let consumer = try await house.kinesis.registerStreamConsumer(
      RegisterStreamConsumerInput(streamARN: arn, consumerName: "fan"), house.context
    ).consumer
    #expect(consumer.consumerARN == "\(arn)/consumer/fan:1700000000")
    let refused = await failure {
      try await house.kinesis.deleteStream(DeleteStreamInput(streamName: "dojo"), house.context)
    }
    #expect(refused.code == "ResourceInUseException")
    _ = try await house.kinesis.deleteStream(
      DeleteStreamInput(streamName: "dojo", enforceConsumerDeletion: true), house.context)
    #expect(await failure { try await house.describe("dojo") }.code == "ResourceNotFoundException")
  }

  @Test func everythingSurvivesARestart() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 2)
    let stored = try await house.put(5, to: "dojo")
    _ = try await house.kinesis.addTagsToStream(
      AddTagsToStreamInput(streamName: "dojo", tags: ["team": "data"]), house.context)
    let iterators = [try await house.iterator("dojo", 0), try await house.iterator("dojo", 1)]
    let again = try await house.restarted()
    var numbers: Set<String> = []
    for iterator in iterators {
      let output = try await again.getRecords(GetRecordsInput(shardIterator: iterator), house.context)
      numbers.formUnion(output.records.map(\.sequenceNumber))
    }
    #expect(numbers == Set(stored.records.compactMap(\.sequenceNumber)))
    let tags = try await again.listTagsForStream(ListTagsForStreamInput(streamName: "dojo"), house.context)
    #expect(tags.tags == [Tag(key: "team", value: "data")])
  }

  @Test func streamsHalfMadeOrHalfDeletedAreFinishedAtStart() async throws {
    let house = try await House()
    try await house.create("half-made", shards: 1)
    try await house.create("half-gone", shards: 1)
    for (name, status) in [("half-made", StreamRecord.Status.creating), ("half-gone", .deleting)] {
      let key = StreamKeys.stream(StreamID(scope: House.scope, name: name))
      try await house.keys.write { transaction in
        var record = try #require(try transaction.get(key, as: StreamRecord.self))
        record.status = status
        try transaction.set(key, record: record)
      }
    }
    let again = try await house.restarted()
    let names = try await again.listStreams(ListStreamsInput(), house.context).streamNames
    #expect(names == ["half-made"])
    let made = try await again.describeStream(DescribeStreamInput(streamName: "half-made"), house.context)
    #expect(made.streamDescription.streamStatus == .active)
  }

  @Test func streamsAndShardsArePaged() async throws {
    let house = try await House()
    for index in 0..<5 { try await house.create("s\(index)", shards: 3) }
    var names: [String] = []
    var token: String?
    repeat {
      let page = try await house.kinesis.listStreams(ListStreamsInput(limit: 2, nextToken: token), house.context)
      #expect(page.hasMoreStreams == (page.nextToken != nil))
      names += page.streamNames
      token = page.nextToken
    } while token != nil
    #expect(names == (0..<5).map { "s\($0)" })

    let first = try await house.kinesis.listShards(ListShardsInput(streamName: "s0", maxResults: 2), house.context)
    #expect(first.shards?.count == 2)
    let next = try #require(first.nextToken)
    let rest = try await house.kinesis.listShards(ListShardsInput(nextToken: next), house.context)
    #expect(rest.shards?.map(\.shardId) == ["shardId-000000000002"] && rest.nextToken == nil)
    house.clock.advance(by: .seconds(301))
    #expect(
      await failure { try await house.kinesis.listShards(ListShardsInput(nextToken: next), house.context) }.code
        == "ExpiredNextTokenException")
    let both = await failure {
      try await house.kinesis.listShards(ListShardsInput(streamName: "s0", nextToken: next), house.context)
    }
    #expect(both.message == "NextToken and StreamName cannot be provided together.")
    let neither = await failure { try await house.kinesis.listShards(ListShardsInput(), house.context) }
    #expect(neither.message == "Either NextToken or StreamName should be provided.")

    let page = try await house.kinesis.describeStream(
      DescribeStreamInput(streamName: "s0", limit: 2), house.context
    ).streamDescription
    #expect(page.hasMoreShards && page.shards.count == 2)
    let last = try await house.kinesis.describeStream(
      DescribeStreamInput(streamName: "s0", exclusiveStartShardId: "shardId-000000000001"), house.context
    ).streamDescription
    #expect(!last.hasMoreShards && last.shards.count == 1)
  }

  @Test func aThousandShardsFitTheAccount() async throws {
    let house = try await House()
    try await house.create("wide", shards: 1000)
    let refused = await failure { try await house.create("wider", shards: 19_001) }
    #expect(refused.code == "LimitExceededException")
    #expect(refused.message.contains("Current shard count for the account: 1000. Limit: 20000."))
  }
}
