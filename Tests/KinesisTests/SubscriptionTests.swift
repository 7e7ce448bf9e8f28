import AWSWire
import Kernel
import Kinesis
import KinesisModel
import NIOCore
import Testing

@Suite struct SubscriptionTests {
  /// A stream of one shard with a consumer; gives the consumer's ARN.
  private func consumer(_ house: House) async throws -> String {
    try await house.create("dojo", shards: 1)
    let stream = try await house.describe("dojo").streamARN
    return try await house.kinesis.registerStreamConsumer(
      RegisterStreamConsumerInput(streamARN: stream, consumerName: "reader"), house.context
    ).consumer.consumerARN
  }

  private func subscribe(
    _ house: House, _ arn: String, _ type: ShardIteratorType = .trimHorizon, after number: String? = nil
  ) async throws -> EventStream.Next {
    let output = try await house.kinesis.subscribeToShard(
      SubscribeToShardInput(
        consumerARN: arn, shardId: "shardId-000000000000",
        startingPosition: StartingPosition(type: type, sequenceNumber: number)), house.context)
    return output.eventStream.makeReader()
  }

  private func next(_ events: EventStream.Next) async throws -> SubscribeToShardEvent {
    let event = try #require(try await events())
    #expect(event.name == "SubscribeToShardEvent")
    return try #require(event.payload as? SubscribeToShardEvent)
  }

  @Test func theNumberToGoOnWithWorksBeforeAnyRecordCame() async throws {
    let house = try await House()
    let arn = try await consumer(house)
    let empty = try await next(try await subscribe(house, arn, .latest))
    #expect(empty.records.isEmpty && empty.millisBehindLatest == 0)
    _ = try await house.put(2, to: "dojo")
    house.clock.advance(by: .seconds(5))
    let later = try await subscribe(house, arn, .afterSequenceNumber, after: empty.continuationSequenceNumber)
    let event = try await next(later)
    #expect(event.records.map(\.partitionKey) == ["key-0", "key-1"])
    #expect(event.continuationSequenceNumber == event.records.last?.sequenceNumber)
  }

  @Test func aRecordWakesAWaitingSubscription() async throws {
    let house = try await House()
    let events = try await subscribe(house, try await consumer(house))
    _ = try await next(events)
    let waiting = Task { try await next(events).records.count }
    _ = try await house.put(3, to: "dojo")
    #expect(try await waiting.value == 3)
  }

  @Test func withoutRecordsAnEventComesEveryFiveSeconds() async throws {
    let house = try await House()
    let events = try await subscribe(house, try await consumer(house))
    _ = try await next(events)
    let waiting = Task { try await next(events).records.count }
    while house.clock.sleeping == 0 { await Task.yield() }
    house.clock.advance(by: .seconds(5))
    #expect(try await waiting.value == 0)
  }

  @Test func twoMebibytesASecondAndNoMore() async throws {
    let house = try await House()
    let events = try await subscribe(house, try await consumer(house))
    _ = try await next(events)
    _ = try await house.put(2, to: "dojo", size: 1_000_000)
    house.clock.advance(by: .seconds(1))
    _ = try await house.put(1, to: "dojo", size: 1_000_000)
    #expect(try await next(events).records.count == 1)
    let held = Task { try await next(events).records.count }
    while house.clock.sleeping == 0 { await Task.yield() }
    house.clock.advance(by: .milliseconds(476))
    #expect(try await held.value == 1)
  }

  @Test func itEndsAfterFiveMinutes() async throws {
    let house = try await House()
    let events = try await subscribe(house, try await consumer(house))
    _ = try await next(events)
    house.clock.advance(by: .seconds(300))
    #expect(try await events() == nil)
  }

  @Test func aSecondOneWaitsFiveSecondsAndThenTakesOver() async throws {
    let house = try await House()
    let arn = try await consumer(house)
    let first = try await subscribe(house, arn)
    house.clock.advance(by: .milliseconds(4_999))
    #expect(await failure { try await subscribe(house, arn) }.code == "ResourceInUseException")
    house.clock.advance(by: .milliseconds(1))
    let second = try await subscribe(house, arn)
    #expect(await failure { try await first()?.name }.code == "ResourceInUseException")
    #expect(try await first() == nil)
    _ = try await next(second)
    #expect(house.taps.count("SubscribeToShard.Success") == 3)
  }

  @Test func theLastEventNamesTheChildren() async throws {
    let house = try await House()
    let arn = try await consumer(house)
    _ = try await house.put(1, to: "dojo")
    _ = try await house.kinesis.splitShard(
      SplitShardInput(streamName: "dojo", shardToSplit: "shardId-0", newStartingHashKey: "1000"), house.context)
    let events = try await subscribe(house, arn)
    let last = try await next(events)
    #expect(last.records.count == 1 && last.continuationSequenceNumber == nil)
    #expect(last.childShards?.map(\.shardId) == ["shardId-000000000001", "shardId-000000000002"])
    #expect(try await events() == nil)
  }

  @Test func aDeregisteredConsumerHearsNoMore() async throws {
    let house = try await House()
    let arn = try await consumer(house)
    let events = try await subscribe(house, arn)
    _ = try await house.kinesis.deregisterStreamConsumer(DeregisterStreamConsumerInput(consumerARN: arn), house.context)
    #expect(await failure { try await events()?.name }.code == "ResourceNotFoundException")
  }
}
