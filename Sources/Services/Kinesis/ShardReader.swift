public import Kernel
import KinesisModel
public import NIOCore
import Storage

/// A record as a consumer within this process gets it.
public struct ConsumedRecord: Sendable {
  /// Place in the shard: what a consumer keeps to go on after this record is `offset + 1`.
  public let offset: UInt64
  /// When the record came.
  public let time: Timestamp
  let shard: ShardRecord
  let frame: RecordFrame

  public var partitionKey: String { frame.partitionKey }
  public var data: ByteBuffer { frame.data }
  var encrypted: Bool { frame.encrypted }
  public var shardID: String { shard.id }
  /// The record's number as GetRecords gives it; made when asked for.
  public var sequenceNumber: String { SequenceNumber(offset: offset, time: time, of: shard).text }
}

/// What one read of a shard gave.
public struct ShardBatch: Sendable {
  public var records: [ConsumedRecord]
  /// Where to read on.
  public var nextOffset: UInt64
  /// 0 at the shard's tip; else how old the batch's last record is.
  public var millisBehindLatest: Int64
  /// The shard is closed and nothing more is to come; its children follow.
  public var isEnd: Bool
  /// Data and partition keys of the records.
  public var bytes = 0

  init(records: [ConsumedRecord], nextOffset: UInt64, millisBehindLatest: Int64, isEnd: Bool) {
    self.records = records
    self.nextOffset = nextOffset
    self.millisBehindLatest = millisBehindLatest
    self.isEnd = isEnd
  }
}

/// A shard as a consumer within this process sees it.
public struct ConsumerShard: Sendable, Hashable {
  public var index: Int
  public var id: String
  /// The shards that were split or merged into this one.
  public var parents: [Int]
  public var isOpen: Bool
  public var openedAt: Timestamp
}

/// Where a consumer begins in a shard.
public enum ShardStart: Sendable, Hashable {
  case trimHorizon
  case latest
  case atTimestamp(Timestamp)
}

/// Reads one stream from within the process, for Firehose and Lambda. It reads what GetRecords reads and needs the
/// same rights, but does not count against the shards' read limits, and it can wait for records instead of polling.
public struct StreamConsumer: Sendable {
  let service: KinesisService
  let live: LiveStream
  let uid: String
  let context: RequestContext

  /// Tells the stream from a later one of the same name: checkpoints of another uid are worth nothing.
  public var streamUID: String { uid }

  /// The stream's shards by index, closed ones that still hold records included.
  /// - Throws: what ListShards throws.
  public func shards() async throws -> [ConsumerShard] {
    let state = try await current(for: "ListShards")
    return state.shards.map { shard in
      ConsumerShard(
        index: shard.index, id: shard.id, parents: [shard.parent, shard.adjacentParent].compactMap { $0 },
        isOpen: shard.isOpen, openedAt: shard.openedAt)
    }
  }

  /// The offset that a consumer begins at.
  public func offset(of shard: Int, at start: ShardStart) async throws -> UInt64 {
    let (record, handle) = try await find(shard, for: "GetShardIterator")
    return try await service.reading(record, live.id) {
      switch start {
      case .trimHorizon: try await service.logs.bounds(handle.log).first
      case .latest: try await service.logs.bounds(handle.log).next
      case .atTimestamp(let time): try await service.logs.offset(handle.log, atOrAfter: time)
      }
    }
  }

  /// Reads on from `offset`; an empty batch at the shard's tip.
  public func read(_ shard: Int, from offset: UInt64, recordsMax: Int, bytesMax: Int) async throws -> ShardBatch {
    let (record, handle) = try await find(shard, for: "GetRecords")
    let batch = try await service.read(
      record, handle, live, from: offset, recordsMax: recordsMax, bytesMax: bytesMax)
    service.reportConsumed(live, handle, batch)
    return batch
  }

  /// Returns once the shard has a record at `offset`, or is closed before it, or the stream is gone.
  /// - Throws: `CancellationError`.
  public func waitForRecords(_ shard: Int, at offset: UInt64) async throws {
    while true {
      let version = live.version
      let state = live.snapshot
      guard state.record.uid == uid, state.record.status != .deleting, let record = state.shard(shard),
        let handle = state.handles[shard]
      else { return }
      if let end = record.endOffset, offset >= end { return }
      let (service, live) = (service, live)
      let arrived = try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await service.logs.waitForRecord(handle.log, at: offset)
          return true
        }
        group.addTask {
          try await live.waitForChange(after: version)
          return false
        }
        defer { group.cancelAll() }
        do {
          return try await group.next() ?? false
        } catch StorageError.noSuchLog {
          return true
        }
      }
      if arrived { return }
    }
  }

  private func current(for action: String) async throws -> StreamState {
    try await service.authorize(action, on: live.id, live, context)
    let state = live.snapshot
    guard state.record.uid == uid, service.directory[live.id] === live else { throw KinesisService.notFound(live.id) }
    try KinesisService.requireReady(live, state)
    return state
  }

  private func find(_ shard: Int, for action: String) async throws -> (ShardRecord, ShardHandle) {
    let state = try await current(for: action)
    guard let record = state.shard(shard), let handle = state.handles[shard] else {
      throw KinesisService.noSuchShard(ShardRecord.id(shard), live.id)
    }
    return (record, handle)
  }
}

extension KinesisService {
  /// A consumer of the stream, with the rights of `context`'s principal.
  /// - Throws: ResourceNotFoundException, AccessDeniedException (for `kinesis:DescribeStream`).
  public func consumer(of stream: ARN, _ context: RequestContext) async throws -> StreamConsumer {
    let live = try await self.stream(nil, stream.description, for: "DescribeStream", context)
    let state = live.snapshot
    try Self.requireReady(live, state)
    return StreamConsumer(service: self, live: live, uid: state.record.uid, context: context)
  }
}
