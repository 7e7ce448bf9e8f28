import Kernel
import Kinesis
import KinesisModel
import NIOCore
import Storage
import StorageTesting
import Testing

/// A Kinesis on stores in memory and a clock moved by hand.
final class House: Sendable {
  let clock = ManualClock()
  let keys = MemoryKeyStore()
  let logs: MemoryLogStore
  let kinesis: KinesisService
  let taps = TapeTap()
  static let scope = Scope(account: .standard, region: .usEast1)

  init(liftShardLimits: Bool = false) async throws {
    logs = MemoryLogStore(clock: clock)
    kinesis = try await KinesisService.open(
      keys: keys, logs: logs, clock: clock, random: SeededRandomSource(seed: 5), metrics: taps,
      options: KinesisOptions(liftShardLimits: liftShardLimits))
  }

  /// The same data under a service started anew.
  func restarted() async throws -> KinesisService {
    try await KinesisService.open(
      keys: keys, logs: logs, clock: clock, random: SeededRandomSource(seed: 6))
  }

  var context: RequestContext {
    RequestContext(
      requestID: "r", scope: Self.scope, principal: .root(of: .standard), time: clock.now(),
      authorizer: OpenAuthorizer())
  }

  @discardableResult
  func create(_ name: String, shards: Int) async throws -> String {
    _ = try await kinesis.createStream(CreateStreamInput(streamName: name, shardCount: shards), context)
    return name
  }

  func put(_ count: Int, to name: String, size: Int = 100, key: (Int) -> String = { "key-\($0)" }) async throws
    -> PutRecordsOutput
  {
    let records = (0..<count).map { index in
      PutRecordsRequestEntry(
        data: ByteBuffer(repeating: UInt8(truncatingIfNeeded: index), count: size), partitionKey: key(index))
    }
    return try await kinesis.putRecords(PutRecordsInput(records: records, streamName: name), context)
  }

  func iterator(
    _ name: String, _ shard: Int, _ type: ShardIteratorType = .trimHorizon, from sequence: String? = nil,
    at time: Timestamp? = nil
  ) async throws -> String {
    let output = try await kinesis.getShardIterator(
      GetShardIteratorInput(
        streamName: name, shardId: ShardRecord.id(shard), shardIteratorType: type, startingSequenceNumber: sequence,
        timestamp: time), context)
    return try #require(output.shardIterator)
  }

  func get(_ iterator: String, limit: Int? = nil) async throws -> GetRecordsOutput {
    try await kinesis.getRecords(GetRecordsInput(shardIterator: iterator, limit: limit), context)
  }

  func describe(_ name: String) async throws -> StreamDescription {
    try await kinesis.describeStream(DescribeStreamInput(streamName: name), context).streamDescription
  }
}

/// Keeps what was measured.
final class TapeTap: MetricTap {
  private let tape = Locked<[MetricSample]>([])
  func record(_ samples: [MetricSample]) { tape.withLock { $0 += samples } }
  func count(_ name: String) -> Int { tape.withLock { $0.count { $0.name == name } } }
  func sum(_ name: String) -> Double {
    tape.withLock { $0.filter { $0.name == name && $0.dimensions.count == 1 }.reduce(0) { $0 + $1.value } }
  }
}

/// Runs `body` and gives the AWS error that it must throw.
func failure(_ body: () async throws -> some Any, at location: SourceLocation = #_sourceLocation) async -> AWSError {
  do {
    let result = try await body()
    Issue.record("no error, but \(result)", sourceLocation: location)
  } catch let error as AWSError {
    return error
  } catch {
    Issue.record("not an AWS error: \(error)", sourceLocation: location)
  }
  return AWSError("none", "")
}
