public import Kernel
public import KinesisModel
import Storage

extension KinesisService {
  public func createStream(_ input: CreateStreamInput, _ context: RequestContext) async throws -> CreateStreamOutput {
    let id = StreamID(scope: context.scope, name: input.streamName)
    let arn = id.arn
    try await context.authorize("kinesis:CreateStream", on: arn)
    let tags = input.tags ?? [:]
    if !tags.isEmpty { try await context.authorize("kinesis:AddTagsToStream", on: arn) }
    try TagRules.check(keys: tags.keys, values: tags.values, verb: "add tags to", id)
    guard tags.count <= Limits.tagsPerStreamMax else { throw TagRules.tooMany(id) }
    if let warm = input.warmThroughputMiBps, warm > 0 {
      throw AWSError.notImplemented(service: "kinesis", operation: "CreateStream with WarmThroughputMiBps")
    }
    let mode: StreamRecord.Mode
    let count: Int
    switch input.streamModeDetails?.streamMode {
    case .some(.onDemand):
      guard input.shardCount == nil else {
        throw KinesisError.validationException("ShardCount is not expected when StreamMode=ON_DEMAND")
      }
      (mode, count) = (.onDemand, Limits.onDemandShardsAtStart)
    default:
      guard let asked = input.shardCount else {
        throw KinesisError.validationException("ShardCount is required when StreamMode=PROVISIONED")
      }
      (mode, count) = (.provisioned, asked)
    }
    let live = try await directory.making.pass {
      try checkQuotas(id, mode: mode, adding: count)
      let now = clock.now()
      let uid = random.bytes(6).hex
      var record = StreamRecord(name: id.name, uid: uid, createdAt: now, status: .creating, mode: mode)
      record.tags = tags
      record.maxRecordKiB = input.maxRecordSizeInKiB ?? Limits.recordKiBDefault
      let layout = ShardLayout(uniform: count, at: now)
      record.nextShard = layout.nextShard
      let (stored, shards) = (record, layout.shards)
      try await keys.write { transaction in
        try transaction.set(StreamKeys.stream(id), record: stored)
        for shard in shards { try transaction.set(StreamKeys.shard(id, shard.index), record: shard) }
      }
      let live = LiveStream(id, StreamState(id, record: stored, shards: shards))
      directory.add(live)
      return live
    }
    try await finishCreating(live)
    return CreateStreamOutput()
  }

  private func checkQuotas(_ id: StreamID, mode: StreamRecord.Mode, adding count: Int) throws {
    if directory[id] != nil {
      throw KinesisError.resourceInUseException(
        "Stream \(id.name) under account \(id.scope.account) already exists.")
    }
    let states = directory.streams(in: id.scope).map(\.snapshot)
    if states.count(where: { $0.record.status == .creating }) >= Limits.streamsBeingCreatedMax {
      throw KinesisError.limitExceededException(
        "The number of streams in CREATING state for the account \(id.scope.account) exceeds the limit of "
          + "\(Limits.streamsBeingCreatedMax).")
    }
    switch mode {
    case .onDemand:
      guard states.count(where: { $0.record.mode == .onDemand }) < Limits.onDemandStreamsPerAccountMax else {
        throw KinesisError.limitExceededException(
          "This request would exceed the on-demand stream limit for the account \(id.scope.account) in "
            + "\(id.scope.region). Limit: \(Limits.onDemandStreamsPerAccountMax).")
      }
    case .provisioned: try checkShardQuota(id, adding: count)
    }
  }

  /// - Throws: LimitExceededException when `count` more provisioned shards pass the account's quota.
  func checkShardQuota(_ id: StreamID, adding count: Int) throws {
    let held = directory.streams(in: id.scope).map(\.snapshot).filter { $0.record.mode == .provisioned }
      .reduce(0) { $0 + $1.openShardCount }
    guard count > Limits.provisionedShardsPerAccountMax - held else { return }
    throw KinesisError.limitExceededException(
      "This request would exceed the shard limit for the account \(id.scope.account) in \(id.scope.region). "
        + "Current shard count for the account: \(held). Limit: \(Limits.provisionedShardsPerAccountMax). "
        + "Number of additional shards that would have resulted from this request: \(count). Refer to the AWS "
        + "Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current "
        + "limits and how to request higher limits.")
  }

  /// Takes a stream from CREATING to ACTIVE: its logs are made, then its record says so.
  func finishCreating(_ live: LiveStream) async throws {
    try await live.changes.pass {
      var state = live.snapshot
      guard state.record.status == .creating else { return }
      try await logs.create(state.handles.values.map(\.log))
      state.record.status = .active
      let record = state.record
      let key = StreamKeys.stream(live.id)
      try await keys.write { try $0.set(key, record: record) }
      live.show(state)
    }
  }
}
