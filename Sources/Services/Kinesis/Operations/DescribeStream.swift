public import Kernel
public import KinesisModel

extension KinesisService {
  public func describeStream(
    _ input: DescribeStreamInput, _ context: RequestContext
  ) async throws -> DescribeStreamOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "DescribeStream", context)
    let state = live.snapshot
    let after = try input.exclusiveStartShardId.map { try Self.shardIndex($0, live.id) } ?? -1
    let limit = input.limit ?? Limits.describeShardsDefault
    let listed = state.record.status == .creating ? [] : state.shards.filter { $0.index > after }
    let record = state.record
    return DescribeStreamOutput(
      streamDescription: StreamDescription(
        streamName: record.name, streamARN: live.id.arn.description, streamStatus: record.status.wire,
        streamModeDetails: record.mode.wire, shards: listed.prefix(limit).map { Self.wire($0) },
        hasMoreShards: listed.count > limit, retentionPeriodHours: record.retentionHours,
        streamCreationTimestamp: record.createdAt.wholeMilliseconds,
        enhancedMonitoring: [
          EnhancedMetrics(shardLevelMetrics: record.shardLevelMetrics.map { MetricsName(rawValue: $0) })
        ],
        encryptionType: record.encryptionType, keyId: record.encryptionKey))
  }

  public func describeStreamSummary(
    _ input: DescribeStreamSummaryInput, _ context: RequestContext
  ) async throws -> DescribeStreamSummaryOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "DescribeStreamSummary", context)
    let state = live.snapshot
    let record = state.record
    return DescribeStreamSummaryOutput(
      streamDescriptionSummary: StreamDescriptionSummary(
        streamName: record.name, streamARN: live.id.arn.description, streamStatus: record.status.wire,
        streamModeDetails: record.mode.wire, retentionPeriodHours: record.retentionHours,
        streamCreationTimestamp: record.createdAt.wholeMilliseconds,
        enhancedMonitoring: [
          EnhancedMetrics(shardLevelMetrics: record.shardLevelMetrics.map { MetricsName(rawValue: $0) })
        ],
        encryptionType: record.encryptionType, keyId: record.encryptionKey, openShardCount: state.openShardCount,
        consumerCount: state.consumers.count, maxRecordSizeInKiB: record.maxRecordKiB))
  }

  public func describeLimits(
    _ input: DescribeLimitsInput, _ context: RequestContext
  ) async throws -> DescribeLimitsOutput {
    try await context.authorize("kinesis:DescribeLimits", on: ["*"])
    let states = directory.streams(in: context.scope).map(\.snapshot)
    return DescribeLimitsOutput(
      shardLimit: Limits.provisionedShardsPerAccountMax,
      openShardCount: states.filter { $0.record.mode == .provisioned }.reduce(0) { $0 + $1.openShardCount },
      onDemandStreamCount: states.count { $0.record.mode == .onDemand },
      onDemandStreamCountLimit: Limits.onDemandStreamsPerAccountMax)
  }

  static func wire(_ shard: ShardRecord) -> Shard {
    Shard(
      shardId: shard.id, parentShardId: shard.parent.map { ShardRecord.id($0) },
      adjacentParentShardId: shard.adjacentParent.map { ShardRecord.id($0) }, hashKeyRange: wire(shard.range),
      sequenceNumberRange: SequenceNumberRange(
        startingSequenceNumber: SequenceNumber.start(of: shard).text,
        endingSequenceNumber: shard.closedAt.map { SequenceNumber.end(of: shard, at: $0).text }))
  }

  static func wire(_ range: HashRange) -> HashKeyRange {
    HashKeyRange(startingHashKey: range.start.decimal, endingHashKey: range.end.decimal)
  }

  static func shardIndex(_ text: String, _ id: StreamID) throws -> Int {
    guard let index = ShardRecord.index(of: text) else { throw noSuchShard(text, id) }
    return index
  }
}

extension StreamRecord {
  var encryptionType: EncryptionType { encryptionKey == nil ? .none : .kms }
}

extension Timestamp {
  /// AWS shows moments in milliseconds.
  var wholeMilliseconds: Timestamp { Timestamp(milliseconds: milliseconds) }
}
