import Kernel
import Logging
import Storage

extension KinesisService {
  /// Forgets old records, drops expired shards and lets on-demand streams grow, until its task is cancelled.
  public func run() async {
    while true {
      do {
        try await clock.sleep(for: Limits.tidyEvery)
      } catch {
        return
      }
      await tidy()
    }
  }

  /// One round of `run`.
  package func tidy() async {
    for live in directory.all where live.snapshot.record.status == .active {
      do {
        try await trim(live)
        try await scaleOnDemand(live)
      } catch {
        log.error("housekeeping failed", metadata: ["stream": "\(live.id.arn)", "error": "\(error)"])
      }
    }
  }

  /// Forgets what is past the stream's retention, and closed shards of which nothing is left.
  private func trim(_ live: LiveStream) async throws {
    let state = live.snapshot
    let horizon = state.record.horizon(at: clock.now())
    guard state.record.createdAt < horizon else { return }
    for handle in state.handles.values {
      do {
        try await logs.trim(handle.log, before: horizon)
      } catch StorageError.noSuchLog {
        continue
      }
    }
    guard state.shards.contains(where: { $0.closedAt.map { $0 < horizon } ?? false }) else { return }
    let id = live.id
    try await live.changes.pass {
      let state = live.snapshot
      guard state.record.status == .active else { return }
      let expired = Set(state.shards.filter { $0.closedAt.map { $0 < horizon } ?? false }.map(\.index))
      try await keys.write { transaction in
        for index in expired { try transaction.delete(StreamKeys.shard(id, index)) }
      }
      live.show(
        StreamState(
          id, record: state.record, shards: state.shards.filter { !expired.contains($0.index) },
          consumers: state.consumers, keeping: state.handles))
      try await deleteLogs(expired.compactMap { state.handles[$0]?.log })
    }
  }

  /// Doubles an on-demand stream's shards when the last window's average took more than half of what they carry:
  /// AWS keeps room for twice the traffic it has seen.
  private func scaleOnDemand(_ live: LiveStream) async throws {
    let rate = live.takeTraffic(at: clock.now())
    let state = live.snapshot
    guard state.record.mode == .onDemand, !options.liftShardLimits else { return }
    let open = state.openShardCount
    let bytesShare = rate.bytes / Double(open * Limits.shardWriteBytesPerSecond)
    let recordsShare = rate.records / Double(open * Limits.shardWriteRecordsPerSecond)
    let target = min(open * 2, Limits.onDemandShardsMax)
    guard max(bytesShare, recordsShare) > 0.5, target > open else { return }
    try await reshape(live) { _, layout, now in layout.scale(to: target, now: now) }
    log.info("an on-demand stream has grown", metadata: ["stream": "\(live.id.arn)", "shards": "\(target)"])
  }
}
