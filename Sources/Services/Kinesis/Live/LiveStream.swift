package import Kernel
package import Storage

/// One shard as the running service holds it: its name, log and allowances.
package final class ShardHandle: Sendable {
  package let index: Int
  package let id: String
  package let log: LogID
  package let writes = Locked(WriteAllowance())
  package let reads = Locked(ReadAllowance())

  package init(_ shard: ShardRecord, of stream: StreamID, uid: String) {
    index = shard.index
    id = shard.id
    log = StreamKeys.log(stream, uid: uid, shard: shard.index)
  }
}

/// Finds the open shard of a hash key.
package struct ShardRoutes: Sendable {
  /// Where each open shard's range starts, ascending; the ranges touch and cover the ring.
  private let starts: [UInt128]
  package let shards: [(handle: ShardHandle, record: ShardRecord)]

  package init(_ shards: [ShardRecord], handles: [Int: ShardHandle]) {
    let open = shards.filter(\.isOpen).sorted { $0.range.start < $1.range.start }
    self.shards = open.compactMap { record in handles[record.index].map { ($0, record) } }
    starts = self.shards.map(\.record.range.start.value)
  }

  /// Place in `shards` of the one that takes `key`.
  package func place(of key: HashKey) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= key.value { low = middle } else { high = middle }
    }
    return low
  }
}

/// What a live stream is at one moment.
package struct StreamState: Sendable {
  package var record: StreamRecord
  /// All shards that still have something to read, by index.
  package var shards: [ShardRecord]
  package var consumers: [String: ConsumerRecord]
  package var handles: [Int: ShardHandle]
  package var routes: ShardRoutes

  package init(
    _ id: StreamID, record: StreamRecord, shards: [ShardRecord], consumers: [String: ConsumerRecord] = [:],
    keeping old: [Int: ShardHandle] = [:]
  ) {
    self.record = record
    self.shards = shards
    self.consumers = consumers
    var handles: [Int: ShardHandle] = [:]
    for shard in shards { handles[shard.index] = old[shard.index] ?? ShardHandle(shard, of: id, uid: record.uid) }
    self.handles = handles
    routes = ShardRoutes(shards, handles: handles)
  }

  /// Binary search: shards are kept by index.
  package func shard(_ index: Int) -> ShardRecord? {
    var low = 0
    var high = shards.count
    while low < high {
      let middle = (low + high) / 2
      if shards[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low < shards.count && shards[low].index == index ? shards[low] : nil
  }

  package var openShardCount: Int { routes.shards.count }
}

/// A stream in memory: the copy that every call reads, so that no call waits for the key store. Changes are written
/// to the key store first and shown here after.
package final class LiveStream: Sendable {
  package let id: StreamID
  package let gate = StreamGate()
  /// Changes of this stream pass one at a time.
  package let changes = Turnstile()
  private let state: Locked<StreamState>
  private struct Traffic {
    var bytes = 0
    var records = 0
    var since: Timestamp
  }
  private let traffic: Locked<Traffic>
  private struct Watchers {
    var version: UInt64 = 0
    var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    var next: UInt64 = 0
  }
  private let watchers = Locked(Watchers())

  package init(_ id: StreamID, _ state: StreamState) {
    self.id = id
    self.state = Locked(state)
    traffic = Locked(Traffic(since: state.record.createdAt))
  }

  package var snapshot: StreamState { state.withLock { $0 } }

  /// Shows a change that is durable already.
  package func show(_ new: StreamState) {
    state.withLock { $0 = new }
    let waiting = watchers.withLock { watchers in
      watchers.version += 1
      let waiting = Array(watchers.waiting.values)
      watchers.waiting = [:]
      return waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Counts the shown changes; `waitForChange(after:)` takes it.
  package var version: UInt64 { watchers.withLock { $0.version } }

  /// Returns once a change was shown after `version` was read.
  package func waitForChange(after version: UInt64) async throws {
    let id = watchers.withLock { watchers in
      watchers.next += 1
      return watchers.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let ready: Result<Void, any Error>? = watchers.withLock { watchers in
          if Task.isCancelled { return .failure(CancellationError()) }
          if watchers.version != version { return .success(()) }
          watchers.waiting[id] = continuation
          return nil
        }
        if let ready { continuation.resume(with: ready) }
      }
    } onCancel: {
      let continuation = watchers.withLock { $0.waiting.removeValue(forKey: id) }
      continuation?.resume(throwing: CancellationError())
    }
  }

  /// Adds a call's bytes and records to what on-demand scaling looks at.
  package func noteTraffic(bytes: Int, records: Int) {
    traffic.withLock { traffic in
      traffic.bytes = traffic.bytes.saturatingAdd(bytes)
      traffic.records = traffic.records.saturatingAdd(records)
    }
  }

  /// Bytes and records a second since the last call.
  package func takeTraffic(at now: Timestamp) -> (bytes: Double, records: Double) {
    traffic.withLock { traffic in
      let seconds = max(1, Double((now - traffic.since).milliseconds) / 1000)
      defer { traffic = Traffic(since: now) }
      return (Double(traffic.bytes) / seconds, Double(traffic.records) / seconds)
    }
  }
}
