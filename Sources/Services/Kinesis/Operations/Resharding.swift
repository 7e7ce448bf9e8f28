public import Kernel
public import KinesisModel
import Storage

extension KinesisService {
  public func splitShard(_ input: SplitShardInput, _ context: RequestContext) async throws -> SplitShardOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "SplitShard", context)
    let id = live.id
    let index = try Self.shardIndex(input.shardToSplit, id)
    try await reshape(live) { state, layout, now in
      try Self.requireProvisioned(state, id)
      guard let shard = layout[index] else { throw Self.noSuchShard(ShardRecord.id(index), id) }
      guard shard.isOpen else {
        throw KinesisError.invalidArgumentException(
          "Shard \(shard.id) in stream \(id.name) under account \(id.scope.account) has already been merged or split, "
            + "and thus is not eligible for merging or splitting.")
      }
      try checkShardQuota(id, adding: 1)
      // AWS wants a key greater than one past the start and below the end.
      guard let key = HashKey(decimal: input.newStartingHashKey),
        shard.range.start.value < key.value - min(key.value, 1),
        key < shard.range.end
      else {
        throw KinesisError.invalidArgumentException(
          "NewStartingHashKey \(input.newStartingHashKey) used in SplitShard() on shard \(shard.id) in stream "
            + "\(id.name) under account \(id.scope.account) is not both greater than one plus the shard's "
            + "StartingHashKey \(shard.range.start.decimal) and less than the shard's EndingHashKey "
            + "\(shard.range.end.decimal).")
      }
      layout.split(shard, at: key, now: now)
    }
    return SplitShardOutput()
  }

  public func mergeShards(_ input: MergeShardsInput, _ context: RequestContext) async throws -> MergeShardsOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "MergeShards", context)
    let id = live.id
    let indexes = try [input.shardToMerge, input.adjacentShardToMerge].map { try Self.shardIndex($0, id) }
    try await reshape(live) { state, layout, now in
      try Self.requireProvisioned(state, id)
      let shards = try indexes.map { index in
        guard let shard = layout[index] else { throw Self.noSuchShard(ShardRecord.id(index), id) }
        return shard
      }
      for shard in shards where !shard.isOpen {
        throw KinesisError.invalidArgumentException(
          "Shard \(shard.id) in stream \(id.name) under account \(id.scope.account) has already been merged or split, "
            + "and thus is not eligible for merging or splitting.")
      }
      guard ShardLayout.adjacent(shards[0], shards[1]) else {
        throw KinesisError.invalidArgumentException(
          "Shards \(shards[0].id) and \(shards[1].id) in stream \(id.name) under account \(id.scope.account) are not "
            + "an adjacent pair of shards eligible for merging")
      }
      layout.merge(shards[0], shards[1], now: now)
    }
    return MergeShardsOutput()
  }

  public func updateShardCount(
    _ input: UpdateShardCountInput, _ context: RequestContext
  ) async throws -> UpdateShardCountOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "UpdateShardCount", context)
    let id = live.id
    let target = input.targetShardCount
    let current = live.snapshot.openShardCount
    try await reshape(live) { state, layout, now in
      try Self.requireProvisioned(state, id)
      let open = state.openShardCount
      if target > open.saturatingMultiply(2) {
        throw KinesisError.invalidArgumentException(
          "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: "
            + "\(open) Target shard count: \(target)")
      }
      if target < (open + 1) / 2 {
        throw KinesisError.invalidArgumentException(
          "UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: "
            + "\(open) Target shard count: \(target)")
      }
      if target > Limits.shardsPerStreamMax {
        throw KinesisError.limitExceededException(
          "UpdateShardCount cannot scale a stream over \(Limits.shardsPerStreamMax) shards. Target shard count: "
            + "\(target)"
        )
      }
      if target > open { try checkShardQuota(id, adding: target - open) }
      let recent = state.record.shardCountUpdates.filter { now - $0 < .seconds(86_400) }
      guard recent.count < Limits.shardCountUpdatesPerDayMax else {
        throw KinesisError.limitExceededException(
          "Stream \(id.name) under account \(id.scope.account) can be scaled with UpdateShardCount "
            + "\(Limits.shardCountUpdatesPerDayMax) times in a rolling 24-hour period.")
      }
      state.record.shardCountUpdates = recent + [now]
      layout.scale(to: target, now: now)
    }
    return UpdateShardCountOutput(
      streamName: id.name, currentShardCount: current, targetShardCount: target, streamARN: id.arn.description)
  }

  static func requireProvisioned(_ state: StreamState, _ id: StreamID) throws {
    guard state.record.mode == .provisioned else {
      throw KinesisError.validationException(
        "Request is invalid. Stream \(id.name) under account \(id.scope.account) is in On-Demand mode.")
    }
  }

  /// Splits and merges as `plan` says: checks it, makes the new shards' logs, stops the producers for the moment in
  /// which closed shards get their end, writes the change, and lets the producers in to the new shards.
  func reshape(
    _ live: LiveStream, _ plan: (inout StreamState, inout ShardLayout, Timestamp) throws -> Void
  ) async throws {
    try await live.changes.pass {
      let old = live.snapshot
      try Self.requireActive(live, old)
      func planned(at now: Timestamp) throws -> (StreamState, ShardLayout) {
        var state = old
        var layout = ShardLayout(shards: old.shards, nextShard: old.record.nextShard)
        try plan(&state, &layout, now)
        return (state, layout)
      }
      let (_, draft) = try planned(at: clock.now())
      let id = live.id
      let fresh = draft.shards.filter { $0.index >= old.record.nextShard }
      try await logs.create(fresh.map { StreamKeys.log(id, uid: old.record.uid, shard: $0.index) })
      var updating = old
      updating.record.status = .updating
      live.show(updating)
      await live.gate.shut()
      defer { live.gate.open() }
      do {
        // The same plan again, now that no record can come before the moment it is dated.
        var (state, layout) = try planned(at: clock.now())
        for shard in layout.shards where !shard.isOpen && shard.endOffset == nil {
          let end =
            shard.index < old.record.nextShard
            ? try await logs.bounds(StreamKeys.log(id, uid: old.record.uid, shard: shard.index)).next : 0
          layout.setEnd(end, of: shard.index)
        }
        state.record.nextShard = layout.nextShard
        let record = state.record
        let known = Dictionary(uniqueKeysWithValues: old.shards.map { ($0.index, $0) })
        let changed = layout.shards.filter { known[$0.index] != $0 }
        try await keys.write { transaction in
          try transaction.set(StreamKeys.stream(id), record: record)
          for shard in changed { try transaction.set(StreamKeys.shard(id, shard.index), record: shard) }
        }
        live.show(
          StreamState(id, record: record, shards: layout.shards, consumers: state.consumers, keeping: old.handles))
      } catch {
        live.show(old)
        throw error
      }
    }
  }
}
