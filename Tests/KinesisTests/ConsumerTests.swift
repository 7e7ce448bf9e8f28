import Kernel
import Kinesis
import KinesisModel
import NIOCore
import Testing

@Suite struct ConsumerTests {
  @Test func aWaitingConsumerIsWokenByARecord() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let consumer = try await house.kinesis.consumer(of: ARN(try await house.describe("dojo").streamARN)!, house.context)
    let start = try await consumer.offset(of: 0, at: .latest)
    let waiting = Task { try await consumer.waitForRecords(0, at: start) }
    _ = try await house.put(2, to: "dojo")
    try await waiting.value
    let batch = try await consumer.read(0, from: start, recordsMax: 100, bytesMax: 1 << 20)
    #expect(batch.records.map(\.partitionKey) == ["key-0", "key-1"])
    #expect(batch.nextOffset == start + 2 && !batch.isEnd)
  }

  @Test func aWaitingConsumerIsWokenByASplit() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let consumer = try await house.kinesis.consumer(of: ARN(try await house.describe("dojo").streamARN)!, house.context)
    let waiting = Task { try await consumer.waitForRecords(0, at: 0) }
    _ = try await house.kinesis.splitShard(
      SplitShardInput(streamName: "dojo", shardToSplit: "shardId-0", newStartingHashKey: "1000"), house.context)
    try await waiting.value
    #expect(try await consumer.read(0, from: 0, recordsMax: 1, bytesMax: 1).isEnd)
    let shards = try await consumer.shards()
    #expect(shards.map(\.isOpen) == [false, true, true] && shards[1].parents == [0])
  }

  @Test func aWaitCanBeGivenUp() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let consumer = try await house.kinesis.consumer(of: ARN(try await house.describe("dojo").streamARN)!, house.context)
    let waiting = Task { try await consumer.waitForRecords(0, at: 0) }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test func deletionEndsAWait() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let consumer = try await house.kinesis.consumer(of: ARN(try await house.describe("dojo").streamARN)!, house.context)
    let waiting = Task { try await consumer.waitForRecords(0, at: 0) }
    _ = try await house.kinesis.deleteStream(DeleteStreamInput(streamName: "dojo"), house.context)
    try await waiting.value
    let gone = await failure { try await consumer.read(0, from: 0, recordsMax: 1, bytesMax: 1) }
    #expect(gone.code == "ResourceNotFoundException")
  }
}
