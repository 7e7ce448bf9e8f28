import Kernel
import Kinesis
import KinesisModel
import NIOCore
import StorageTesting
import Testing

@Suite struct SettingsTests {
  @Test func retentionMovesBothWaysAndTrims() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    _ = try await house.kinesis.increaseStreamRetentionPeriod(
      IncreaseStreamRetentionPeriodInput(streamName: "dojo", retentionPeriodHours: 48), house.context)
    _ = try await house.put(3, to: "dojo")
    house.clock.advance(by: .seconds(30 * 3600))
    let late = try await house.put(1, to: "dojo").records.compactMap(\.sequenceNumber)
    await house.kinesis.tidy()
    #expect(try await house.get(try await house.iterator("dojo", 0)).records.count == 4)
    let shorter = await failure {
      try await house.kinesis.increaseStreamRetentionPeriod(
        IncreaseStreamRetentionPeriodInput(streamName: "dojo", retentionPeriodHours: 24), house.context)
    }
    #expect(
      shorter.message
        == "Requested retention period (24 hours) for stream dojo can not be shorter than existing retention period "
        + "(48 hours). Use DecreaseRetentionPeriod API.")
    _ = try await house.kinesis.decreaseStreamRetentionPeriod(
      DecreaseStreamRetentionPeriodInput(streamName: "dojo", retentionPeriodHours: 24), house.context)
    // At once for readers, and for good when the house is tidied.
    #expect(try await house.get(try await house.iterator("dojo", 0)).records.map(\.sequenceNumber) == late)
    await house.kinesis.tidy()
    #expect(try await house.get(try await house.iterator("dojo", 0)).records.map(\.sequenceNumber) == late)
    house.clock.advance(by: .seconds(25 * 3600))
    let empty = try await house.get(try await house.iterator("dojo", 0))
    #expect(empty.records.isEmpty && empty.millisBehindLatest == 0 && empty.nextShardIterator != nil)
    for (hours, words) in [(23, "too short."), (8761, "too long.")] {
      let refused = await failure {
        try await house.kinesis.increaseStreamRetentionPeriod(
          IncreaseStreamRetentionPeriodInput(streamName: "dojo", retentionPeriodHours: hours), house.context)
      }
      #expect(refused.message.hasSuffix(words))
    }
  }

  @Test func closedShardsGoWithTheirLastRecord() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 2)
    _ = try await house.put(10, to: "dojo")
    _ = try await house.kinesis.mergeShards(
      MergeShardsInput(streamName: "dojo", shardToMerge: "shardId-0", adjacentShardToMerge: "shardId-1"), house.context)
    await house.kinesis.tidy()
    #expect(try await house.describe("dojo").shards.count == 3)
    house.clock.advance(by: .seconds(24 * 3600 + 1))
    await house.kinesis.tidy()
    #expect(try await house.describe("dojo").shards.map(\.shardId) == ["shardId-000000000002"])
    #expect(try await house.logs.logs(prefix: "kinesis/").count == 1)
    #expect(
      try await house.restarted().describeStream(DescribeStreamInput(streamName: "dojo"), house.context)
        .streamDescription.shards.count == 1)
  }

  @Test func tagsAreCheckedAndPaged() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    func add(_ tags: [String: String]) async throws {
      _ = try await house.kinesis.addTagsToStream(AddTagsToStreamInput(streamName: "dojo", tags: tags), house.context)
    }
    try await add(Dictionary(uniqueKeysWithValues: (10..<60).map { ("k\($0)", "v") }))
    let tooMany = await failure { try await add(["k60": "v"]) }
    #expect(tooMany.message.hasSuffix("because a given stream cannot have more than 50 tags associated with it."))
    #expect(await failure { try await add(["a;b": "1"]) }.message.hasPrefix("Some tags contain invalid characters."))
    let page = try await house.kinesis.listTagsForStream(
      ListTagsForStreamInput(streamName: "dojo", exclusiveStartTagKey: "k49", limit: 3), house.context)
    #expect(page.tags.map(\.key) == ["k50", "k51", "k52"] && page.hasMoreTags)
    _ = try await house.kinesis.untagResource(
      UntagResourceInput(tagKeys: ["k10"], resourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/dojo"),
      house.context)
    let all = try await house.kinesis.listTagsForResource(
      ListTagsForResourceInput(resourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/dojo"), house.context)
    #expect(all.tags?.count == 49)
  }

  @Test func encryptionIsShownOnRecordsAndStream() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    _ = try await house.kinesis.startStreamEncryption(
      StartStreamEncryptionInput(streamName: "dojo", encryptionType: .kms, keyId: "alias/aws/kinesis"), house.context)
    #expect(try await house.put(1, to: "dojo").encryptionType == .kms)
    #expect(try await house.get(try await house.iterator("dojo", 0)).records.first?.encryptionType == .kms)
    #expect(try await house.describe("dojo").keyId == "alias/aws/kinesis")
  }

  @Test func enhancedMonitoringAddsAndRemoves() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let on = try await house.kinesis.enableEnhancedMonitoring(
      EnableEnhancedMonitoringInput(streamName: "dojo", shardLevelMetrics: [.all]), house.context)
    #expect(on.currentShardLevelMetrics == [] && on.desiredShardLevelMetrics?.count == 7)
    let off = try await house.kinesis.disableEnhancedMonitoring(
      DisableEnhancedMonitoringInput(streamName: "dojo", shardLevelMetrics: [.incomingBytes]), house.context)
    #expect(off.desiredShardLevelMetrics?.count == 6)
  }

  @Test func consumersAreListedAndGone() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let arn = try await house.describe("dojo").streamARN
    for index in 10..<30 {
      _ = try await house.kinesis.registerStreamConsumer(
        RegisterStreamConsumerInput(streamARN: arn, consumerName: "c\(index)"), house.context)
    }
    let refused = await failure {
      try await house.kinesis.registerStreamConsumer(
        RegisterStreamConsumerInput(streamARN: arn, consumerName: "c30"), house.context)
    }
    #expect(refused.code == "LimitExceededException")
    let page = try await house.kinesis.listStreamConsumers(
      ListStreamConsumersInput(streamARN: arn, maxResults: 15), house.context)
    let rest = try await house.kinesis.listStreamConsumers(
      ListStreamConsumersInput(streamARN: arn, nextToken: page.nextToken), house.context)
    #expect(page.consumers?.count == 15 && rest.consumers?.count == 5)
    let one = try await house.kinesis.describeStreamConsumer(
      DescribeStreamConsumerInput(streamARN: arn, consumerName: "c10"), house.context
    ).consumerDescription
    #expect(one.consumerStatus == .active)
    _ = try await house.kinesis.deregisterStreamConsumer(
      DeregisterStreamConsumerInput(consumerARN: one.consumerARN), house.context)
    #expect(
      await failure {
        try await house.kinesis.describeStreamConsumer(
          DescribeStreamConsumerInput(consumerARN: one.consumerARN), house.context)
      }.code == "ResourceNotFoundException")
  }

  @Test func policiesComeAndGo() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let arn = try await house.describe("dojo").streamARN
    let policy = #"{"Version":"2012-10-17","Statement":[]}"#
    #expect(
      await failure {
        try await house.kinesis.putResourcePolicy(
          PutResourcePolicyInput(resourceARN: arn, policy: "{"), house.context)
      }.code == "InvalidArgumentException")
    _ = try await house.kinesis.putResourcePolicy(
      PutResourcePolicyInput(resourceARN: arn, policy: policy), house.context)
    #expect(
      try await house.kinesis.getResourcePolicy(GetResourcePolicyInput(resourceARN: arn), house.context).policy
        == policy)
    _ = try await house.kinesis.deleteResourcePolicy(DeleteResourcePolicyInput(resourceARN: arn), house.context)
    #expect(
      await failure {
        try await house.kinesis.getResourcePolicy(GetResourcePolicyInput(resourceARN: arn), house.context)
      }.code == "ResourceNotFoundException")
  }
}
