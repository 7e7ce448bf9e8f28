public import Kernel
public import KinesisModel
import Storage

extension KinesisService {
  public func getShardIterator(
    _ input: GetShardIteratorInput, _ context: RequestContext
  ) async throws -> GetShardIteratorOutput {
    let id = try Self.streamID(name: input.streamName, arn: input.streamARN, context)
    let live = directory[id]
    try await authorize("GetShardIterator", on: id, live, context)
    guard let live else { throw Self.notFound(id) }
    let state = live.snapshot
    try Self.requireReady(live, state)
    let index = try Self.shardIndex(input.shardId, id)
    guard let shard = state.shard(index), let handle = state.handles[index] else {
      throw KinesisError.resourceNotFoundException(
        "Shard \(ShardRecord.id(index)) in stream \(id.name) under account \(id.scope.account) does not exist")
    }
    let now = clock.now()
    let offset = try await start(input, shard, handle, id, now: now)
    let position = IteratorPosition(
      scope: id.scope, stream: id.name, uid: state.record.uid, shard: index, offset: offset, issuedAt: now)
    return GetShardIteratorOutput(shardIterator: try position.sealed(by: sealer))
  }

  /// The offset that the call's kind of iterator begins at.
  func start(
    _ input: GetShardIteratorInput, _ shard: ShardRecord, _ handle: ShardHandle, _ id: StreamID, now: Timestamp
  ) async throws -> UInt64 {
    let kind = input.shardIteratorType
    let text = input.startingSequenceNumber
    switch kind {
    case .atSequenceNumber, .afterSequenceNumber:
      guard let text else { throw Self.mismatch("\(kind.rawValue) and no StartingSequenceNumber") }
      let number = try Self.sequenceNumber(text, shard, id)
      guard let offset = number.offset else { return 0 }
      return kind == .atSequenceNumber ? offset : offset + 1
    case .atTimestamp:
      guard let time = input.timestamp else {
        throw KinesisError.invalidArgumentException(
          "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no "
            + "timestamp parameter.")
      }
      guard time.milliseconds <= now.milliseconds else {
        throw KinesisError.invalidArgumentException(
          "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: "
            + "\(time.milliseconds), currentTimestampInMillis: \(now.milliseconds)")
      }
      // The client sees arrival times in milliseconds and may hand one back.
      return try await reading(shard, id) { try await self.logs.offset(handle.log, atOrAfter: time.wholeMilliseconds) }
    case .trimHorizon, .latest:
      if text != nil { throw Self.mismatch("\(kind.rawValue) and also a StartingSequenceNumber") }
      if kind == .trimHorizon { return 0 }
      return try await reading(shard, id) { try await self.logs.bounds(handle.log).next }
    default: throw Self.mismatch("\(kind.rawValue) and no StartingSequenceNumber")
    }
  }

  private static func mismatch(_ what: String) -> AWSError {
    KinesisError.invalidArgumentException(
      "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
        + "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified \(what).")
  }

  private static func sequenceNumber(_ text: String, _ shard: ShardRecord, _ id: StreamID) throws -> SequenceNumber {
    let used =
      "StartingSequenceNumber \(text) used in GetShardIterator on shard \(shard.id) in stream \(id.name) under account "
      + "\(id.scope.account) is invalid"
    guard let number = SequenceNumber(text) else { throw KinesisError.invalidArgumentException(used + ".") }
    guard number.shard == shard.index else {
      throw KinesisError.invalidArgumentException(
        "Invalid StartingSequenceNumber. It encodes \(ShardRecord.id(number.shard)), while it was used in a call to a "
          + "shard with \(shard.id)")
    }
    guard number.shardOpenedSeconds == shard.openedAt.seconds else {
      throw KinesisError.invalidArgumentException(used + " because it did not come from this stream.")
    }
    return number
  }

  /// Runs a read of a shard's log; a log that was deleted meanwhile is a shard that does not exist.
  func reading<Result>(
    _ shard: ShardRecord, _ id: StreamID, _ body: () async throws -> Result
  ) async throws -> Result {
    do {
      return try await body()
    } catch StorageError.noSuchLog {
      throw KinesisError.resourceNotFoundException(
        "Shard \(shard.id) in stream \(id.name) under account \(id.scope.account) does not exist")
    }
  }
}
