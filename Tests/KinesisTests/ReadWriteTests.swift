import Kernel
import Kinesis
import KinesisModel
import NIOCore
import Testing

@Suite struct ReadWriteTests {
  @Test func recordsLandInTheShardOfTheirHash() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 4)
    let output = try await house.put(200, to: "dojo")
    #expect(output.failedRecordCount == 0)
    #expect(output.encryptionType == nil)
    let ranges = HashRange.uniform(4)
    for (index, record) in output.records.enumerated() {
      let shard = try #require(ranges.firstIndex { $0.contains(HashKey(partitionKey: "key-\(index)")) })
      #expect(record.shardId == ShardRecord.id(shard))
    }
    var read = 0
    for shard in 0..<4 {
      let page = try await house.get(try await house.iterator("dojo", shard))
      #expect(page.records.map(\.sequenceNumber) == page.records.map(\.sequenceNumber).sorted())
      let expected = output.records.filter { $0.shardId == ShardRecord.id(shard) }.compactMap(\.sequenceNumber)
      #expect(page.records.map(\.sequenceNumber) == expected)
      #expect(page.records.allSatisfy { $0.data.readableBytes == 100 && $0.encryptionType == nil })
      #expect(page.millisBehindLatest == 0 && page.nextShardIterator != nil && page.childShards == nil)
      read += page.records.count
    }
    #expect(read == 200)
    #expect(house.taps.sum("IncomingRecords") == 200)
    #expect(house.taps.sum("PutRecords.TotalRecords") == 200)
    #expect(house.taps.sum("GetRecords.Records") == 200)
  }

  @Test func explicitHashKeysOverrideThePartitionKey() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 2)
    let half = "170141183460469231731687303715884105728"
    for (hash, shard) in [("0", 0), (half, 1), ("340282366920938463463374607431768211455", 1)] {
      let output = try await house.kinesis.putRecord(
        PutRecordInput(streamName: "dojo", data: ByteBuffer(), partitionKey: "x", explicitHashKey: hash), house.context)
      #expect(output.shardId == ShardRecord.id(shard))
    }
    let over = "340282366920938463463374607431768211456"
    let refused = await failure {
      try await house.kinesis.putRecord(
        PutRecordInput(streamName: "dojo", data: ByteBuffer(), partitionKey: "x", explicitHashKey: over), house.context)
    }
    #expect(
      refused.message
        == "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was \(over)")
  }

  @Test func sizesAreRefusedOnePastTheLimit() async throws {
    let house = try await House(liftShardLimits: true)
    try await house.create("dojo", shards: 1)
    #expect(try await house.put(1, to: "dojo", size: 1 << 20).failedRecordCount == 0)
    #expect(await failure { try await house.put(1, to: "dojo", size: (1 << 20) + 1) }.code == "ValidationException")
    _ = try await house.kinesis.updateMaxRecordSize(
      UpdateMaxRecordSizeInput(
        streamARN: try await house.describe("dojo").streamARN, maxRecordSizeInKiB: 10_240), house.context)
    #expect(try await house.put(1, to: "dojo", size: 10 << 20).failedRecordCount == 0)
    // Ten records of 1 MiB less their keys' five bytes are exactly 10 MiB.
    #expect(try await house.put(10, to: "dojo", size: (1 << 20) - 5).failedRecordCount == 0)
    let refused = await failure { try await house.put(10, to: "dojo", size: (1 << 20) - 4) }
    #expect(refused.code == "InvalidArgumentException" && refused.message == "Records size exceeds 10 MB limit")
  }

  @Test func aShardTakesAThousandRecordsASecond() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let first = try await house.put(500, to: "dojo")
    let second = try await house.put(500, to: "dojo")
    let third = try await house.put(500, to: "dojo")
    #expect(first.failedRecordCount == 0 && second.failedRecordCount == 0 && third.failedRecordCount == 500)
    #expect(third.records.first?.errorCode == "ProvisionedThroughputExceededException")
    #expect(
      third.records.first?.errorMessage
        == "Rate exceeded for shard shardId-000000000000 in stream dojo under account 000000000000.")
    let single = await failure {
      try await house.kinesis.putRecord(
        PutRecordInput(streamName: "dojo", data: ByteBuffer(), partitionKey: "x"), house.context)
    }
    #expect(single.code == "ProvisionedThroughputExceededException")
    house.clock.advance(by: .milliseconds(500))
    #expect(try await house.put(500, to: "dojo").failedRecordCount == 0)
    #expect(house.taps.sum("WriteProvisionedThroughputExceeded") == 501)
  }

  @Test func aProducerThatRetriesFinishes() async throws {
    let house = try await House()
    _ = try await house.kinesis.createStream(
      CreateStreamInput(streamName: "dojo", streamModeDetails: StreamModeDetails(streamMode: .onDemand)), house.context)
    let random = SeededRandomSource(seed: 11)
    var sent = 0
    for _ in 0..<20 {
      var pending = (0..<500).map { _ in
        PutRecordsRequestEntry(
          data: ByteBuffer(repeating: 65, count: 200), partitionKey: "device-\(random.next(below: 800) + 1)")
      }
      var rounds = 0
      while true {
        let output = try await house.kinesis.putRecords(
          PutRecordsInput(records: pending, streamName: "dojo"), house.context)
        sent += pending.count - (output.failedRecordCount ?? 0)
        pending = zip(pending, output.records).filter { $1.errorCode != nil }.map(\.0)
        if pending.isEmpty { break }
        rounds += 1
        try #require(rounds < 10)
        house.clock.advance(by: .milliseconds(500))
      }
      house.clock.advance(by: .milliseconds(10))
    }
    #expect(sent == 10_000)
  }

  @Test func iteratorsOfEveryKind() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    var numbers: [String] = []
    for _ in 0..<5 {
      numbers += try await house.put(1, to: "dojo").records.compactMap(\.sequenceNumber)
      house.clock.advance(by: .seconds(10))
    }
    let start = Timestamp(seconds: 1_700_000_000)
    func read(_ iterator: String) async throws -> [String] {
      house.clock.advance(by: .milliseconds(200))
      return try await house.get(iterator).records.map(\.sequenceNumber)
    }
    #expect(try await read(try await house.iterator("dojo", 0)) == numbers)
    #expect(try await read(try await house.iterator("dojo", 0, .latest)) == [])
    #expect(
      try await read(try await house.iterator("dojo", 0, .atSequenceNumber, from: numbers[2])) == Array(numbers[2...]))
    #expect(
      try await read(try await house.iterator("dojo", 0, .afterSequenceNumber, from: numbers[2]))
        == Array(numbers[3...]))
    #expect(
      try await read(try await house.iterator("dojo", 0, .atTimestamp, at: start + .seconds(10)))
        == Array(numbers[1...]))
    #expect(
      try await read(try await house.iterator("dojo", 0, .atTimestamp, at: start + .seconds(11)))
        == Array(numbers[2...]))
    let shardStart = try await house.describe("dojo").shards[0].sequenceNumberRange.startingSequenceNumber
    #expect(try await read(try await house.iterator("dojo", 0, .afterSequenceNumber, from: shardStart)) == numbers)

    let latest = try await house.iterator("dojo", 0, .latest)
    let fresh = try await house.put(1, to: "dojo").records.compactMap(\.sequenceNumber)
    #expect(try await read(latest) == fresh)
  }

  @Test func iteratorsAreRefusedWithAWSsWords() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 2)
    let number = try #require(
      try await house.kinesis.putRecord(
        PutRecordInput(streamName: "dojo", data: ByteBuffer(), partitionKey: "x", explicitHashKey: "0"), house.context
      ).sequenceNumber as String?)
    let other = await failure { try await house.iterator("dojo", 1, .atSequenceNumber, from: number) }
    #expect(
      other.message
        == "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a call to a shard "
        + "with "
        + "shardId-000000000001")
    let none = await failure { try await house.iterator("dojo", 0, .atSequenceNumber) }
    #expect(none.message.hasSuffix("Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber."))
    let both = await failure { try await house.iterator("dojo", 0, .latest, from: number) }
    #expect(both.message.hasSuffix("Request specified LATEST and also a StartingSequenceNumber."))
    let ahead = await failure {
      try await house.iterator("dojo", 0, .atTimestamp, at: house.clock.now() + .seconds(1))
    }
    #expect(ahead.message.hasPrefix("The timestampInMillis parameter cannot be greater than"))
    let shard = await failure { try await house.iterator("dojo", 7) }
    #expect(shard.message == "Shard shardId-000000000007 in stream dojo under account 000000000000 does not exist")
    #expect(await failure { try await house.get("AAAAnonsense") }.message == "Invalid ShardIterator.")
  }

  @Test func iteratorsExpireAfterFiveMinutes() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let iterator = try await house.iterator("dojo", 0)
    house.clock.advance(by: .seconds(300))
    _ = try await house.get(iterator)
    house.clock.advance(by: .milliseconds(1))
    let expired = await failure { try await house.get(iterator) }
    #expect(expired.code == "ExpiredIteratorException")
    #expect(
      expired.message
        == "Iterator expired. The iterator was created at time Tue Nov 14 22:13:20 UTC 2023 while right now it is "
        + "Tue Nov 14 22:18:20 UTC 2023 which is further in the future than the tolerated delay of 300000 milliseconds."
    )
  }

  @Test func pagesKnowHowFarBehindTheyAre() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    _ = try await house.put(10, to: "dojo")
    house.clock.advance(by: .seconds(7))
    let page = try await house.get(try await house.iterator("dojo", 0), limit: 4)
    #expect(page.records.count == 4 && page.millisBehindLatest == 7000)
    let rest = try await house.get(try #require(page.nextShardIterator))
    #expect(rest.records.count == 6 && rest.millisBehindLatest == 0)
    let tip = try await house.get(try #require(rest.nextShardIterator))
    #expect(tip.records.isEmpty && tip.nextShardIterator != nil)
  }

  @Test func aSixthReadWithinASecondIsRefused() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    let iterator = try await house.iterator("dojo", 0)
    for _ in 0..<5 { _ = try await house.get(iterator) }
    let refused = await failure { try await house.get(iterator) }
    #expect(refused.code == "ProvisionedThroughputExceededException")
    #expect(house.taps.sum("ReadProvisionedThroughputExceeded") == 1)
  }

  @Test func oneReadGivesAtMostTenMebibytes() async throws {
    let house = try await House(liftShardLimits: true)
    try await house.create("dojo", shards: 1)
    for _ in 0..<3 { _ = try await house.put(8, to: "dojo", size: 600_000) }
    let page = try await house.get(try await house.iterator("dojo", 0))
    #expect(page.records.count == 17)
  }

  @Test func onlyTheRightfulMayRead() async throws {
    let house = try await House()
    try await house.create("dojo", shards: 1)
    var context = house.context
    context.scope = Scope(account: try #require(AccountID("111122223333")), region: .usEast1)
    context.principal = .root(of: context.scope.account)
    context.authorizer = DenyingAuthorizer()
    let arn = try await house.describe("dojo").streamARN
    let denied = await failure {
      try await house.kinesis.putRecord(
        PutRecordInput(data: ByteBuffer(), partitionKey: "x", streamARN: arn), context)
    }
    #expect(denied.code == "AccessDenied", "another account's root is no owner here")
  }
}

struct DenyingAuthorizer: Authorizer {
  func authorize(_ request: AuthorizationRequest) async throws {
    throw AWSError("AccessDenied", "\(request.action) on \(request.resources)")
  }
}
