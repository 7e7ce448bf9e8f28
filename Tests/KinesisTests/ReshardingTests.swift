import Kernel
import Kinesis
import KinesisModel
import NIOCore
import Testing

@Suite struct ReshardingTests {
  @Test func aSplitEndsTheParentAndLeadsToItsChildren() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let before = try await house.put(10, to: "dojo")
    house.clock.advance(by: .seconds(5))
    _ = try await house.kinesis.splitShard(
      SplitShardInput(
        streamName: "dojo", shardToSplit: "shardId-000000000000",
        newStartingHashKey: "170141183460469231731687303715884105728"),
      house.context)
    let after = try await house.put(20, to: "dojo")
    #expect(after.failedRecordCount == 0)
    #expect(Set(after.records.compactMap(\.shardId)) == ["shardId-000000000001", "shardId-000000000002"])

    let first = try await house.get(try await house.iterator("dojo", 0), limit: 6)
    #expect(first.nextShardIterator != nil && first.childShards == nil)
    let last = try await house.get(try #require(first.nextShardIterator))
    #expect(last.records.count == 4 && last.nextShardIterator == nil)
    #expect(last.childShards?.map(\.shardId) == ["shardId-000000000001", "shardId-000000000002"])
    #expect(last.childShards?.first?.parentShards == ["shardId-000000000000"])
    let ending = try #require(try await house.describe("dojo").shards[0].sequenceNumberRange.endingSequenceNumber)
    for record in before.records { #expect(try #require(record.sequenceNumber) < ending) }
    // LATEST on a closed shard is its end.
    let end = try await house.get(try await house.iterator("dojo", 0, .latest))
    #expect(end.records.isEmpty && end.nextShardIterator == nil)
  }

  @Test func mergesNeedNeighbours() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 3)
    func merge(_ left: Int, _ right: Int) async throws {
      _ = try await house.kinesis.mergeShards(
        MergeShardsInput(
          streamName: "dojo", shardToMerge: ShardRecord.id(left), adjacentShardToMerge: ShardRecord.id(right)),
        house.context)
    }
    let refused = await failure { try await merge(0, 2) }
    #expect(
      refused.message
        == "Shards shardId-000000000000 and shardId-000000000002 in stream dojo under account 000000000000 are not an "
        + "adjacent pair of shards eligible for merging")
    try await merge(1, 2)
    let shards = try await house.describe("dojo").shards
    #expect(shards[3].parentShardId == "shardId-000000000001")
    #expect(shards[3].adjacentParentShardId == "shardId-000000000002")
    #expect(await failure { try await merge(1, 0) }.code == "InvalidArgumentException")
    #expect(
      await failure { try await merge(0, 9) }.message
        == "Could not find shard shardId-000000000009 in stream dojo under account 000000000000.")
  }

  @Test func splitKeysMustLieInside() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    for key in ["0", "1", "340282366920938463463374607431768211455"] {
      let refused = await failure {
        try await house.kinesis.splitShard(
          SplitShardInput(streamName: "dojo", shardToSplit: "shardId-0", newStartingHashKey: key), house.context)
      }
      #expect(refused.message.hasPrefix("NewStartingHashKey \(key) used in SplitShard() on shard shardId-000000000000"))
    }
    _ = try await house.kinesis.splitShard(
      SplitShardInput(streamName: "dojo", shardToSplit: "shardId-0", newStartingHashKey: "2"), house.context)
  }

  @Test func shardCountsDoubleAndHalve() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 2)
    func scale(_ count: Int) async throws -> UpdateShardCountOutput {
      try await house.kinesis.updateShardCount(
        UpdateShardCountInput(streamName: "dojo", targetShardCount: count, scalingType: .uniformScaling), house.context)
    }
    let output = try await scale(4)
    #expect(output.currentShardCount == 2 && output.targetShardCount == 4)
    #expect(
      try await house.kinesis.listShards(
        ListShardsInput(streamName: "dojo", shardFilter: ShardFilter(type: .atLatest)), house.context
      ).shards?.count == 4)
    #expect(
      await failure { try await scale(9) }.message
        == "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 4 "
        + "Target shard count: 9")
    #expect(await failure { try await scale(1) }.code == "InvalidArgumentException")
    for count in [2, 3, 4, 3, 4, 3, 4, 3, 4] { _ = try await scale(count) }
    #expect(await failure { try await scale(5) }.code == "LimitExceededException")
    house.clock.advance(by: .seconds(86_400))
    _ = try await scale(5)
    #expect(try await house.put(50, to: "dojo").failedRecordCount == 0)
  }

  @Test func onDemandStreamsRefuseManualScaling() async throws {
    let house = try await House()
    _ = try await house.kinesis.createStream(
      CreateStreamInput(streamName: "dojo", streamModeDetails: StreamModeDetails(streamMode: .onDemand)), house.context)
    let refused = await failure {
      try await house.kinesis.updateShardCount(
        UpdateShardCountInput(streamName: "dojo", targetShardCount: 8, scalingType: .uniformScaling), house.context)
    }
    #expect(refused.code == "ValidationException")
    #expect(refused.message == "Request is invalid. Stream dojo under account 000000000000 is in On-Demand mode.")
  }

  @Test func onDemandStreamsGrowWithTheirTraffic() async throws {
    let house = try await House()
    _ = try await house.kinesis.createStream(
      CreateStreamInput(streamName: "dojo", streamModeDetails: StreamModeDetails(streamMode: .onDemand)), house.context)
    await house.kinesis.tidy()
    for _ in 0..<5 { _ = try await house.put(500, to: "dojo") }
    house.clock.advance(by: .seconds(1))
    await house.kinesis.tidy()
    let summary = try await house.kinesis.describeStreamSummary(
      DescribeStreamSummaryInput(streamName: "dojo"), house.context)
    #expect(summary.streamDescriptionSummary.openShardCount == 8)
    await house.kinesis.tidy()
    #expect(try await house.describe("dojo").shards.count == 12, "a quiet window changes nothing")
  }

  @Test func producersAndSplitsAtOnceLoseNothing() async throws {
    let house = try await House(liftShardLimits: true)
    try await house.create("dojo", shards: 2)
    let numbers = try await withThrowingTaskGroup(of: [String].self) { group in
      for producer in 0..<8 {
        group.addTask {
          var numbers: [String] = []
          for round in 0..<20 {
            let output = try await house.put(10, to: "dojo") { "p\(producer)-\(round)-\($0)" }
            numbers += output.records.compactMap { $0.sequenceNumber }
          }
          return numbers
        }
      }
      group.addTask {
        for count in [4, 3, 6, 5, 3] {
          _ = try await house.kinesis.updateShardCount(
            UpdateShardCountInput(streamName: "dojo", targetShardCount: count, scalingType: .uniformScaling),
            house.context)
        }
        return []
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(numbers.count == 1600)
    var read: Set<String> = []
    for shard in try await house.describe("dojo").shards {
      var iterator: String? = try await house.iterator("dojo", try #require(ShardRecord.index(of: shard.shardId)))
      while let next = iterator {
        let page = try await house.get(next, limit: 100)
        read.formUnion(page.records.map(\.sequenceNumber))
        iterator = page.records.isEmpty ? nil : page.nextShardIterator
      }
    }
    #expect(read == Set(numbers))
  }
}
