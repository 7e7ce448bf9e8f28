import Kernel
import Kinesis
import NIOCore
import Storage

/// A record on its way to a destination.
struct SourceRecord: Sendable {
  var offset: UInt64
  /// When the source got it.
  var time: Timestamp
  var data: ByteBuffer
  /// The Kinesis record it was.
  var consumed: ConsumedRecord?
}

struct LaneBatch: Sendable {
  var records: [SourceRecord]
  var next: UInt64
  /// The lane ends here for good.
  var isEnd = false
  var millisBehind: Int64 = 0
}

/// Where a delivery stream's records come from: some lanes, each an ordered row of records.
protocol RecordSource: Sendable {
  /// Marks checkpoints: those of a source with another mark are not this source's.
  var mark: String? { get }
  /// The lanes that there are, those at their end included.
  func lanes() async throws -> [Int]
  /// Reads records of up to `bytesMax` bytes together, one at least where there is one.
  func read(_ lane: Int, from offset: UInt64, bytesMax: Int) async throws -> LaneBatch
  /// Returns once the lane has a record at `offset`, or has ended.
  func wait(_ lane: Int, at offset: UInt64) async throws
}

/// Records that PutRecord and PutRecordBatch took in: one log.
struct DirectSource: RecordSource {
  let logs: any LogStore
  let log: LogID
  var mark: String? { nil }

  static func log(of record: DeliveryStreamRecord, in scope: Scope) -> LogID {
    LogID("firehose/\(scope.account.digits)/\(scope.region.code)/\(record.name)-\(record.uid)/direct")
  }

  func lanes() async throws -> [Int] { [0] }

  func read(_ lane: Int, from offset: UInt64, bytesMax: Int) async throws -> LaneBatch {
    let records = try await logs.read(log, from: offset, recordsMax: Limits.readRecordsMax, bytesMax: bytesMax)
    return LaneBatch(
      records: records.map { SourceRecord(offset: $0.offset, time: $0.time, data: $0.payload) },
      next: records.last.map { $0.offset + 1 } ?? offset)
  }

  func wait(_ lane: Int, at offset: UInt64) async throws { try await logs.waitForRecord(log, at: offset) }
}

/// A Kinesis stream, a lane for each shard.
struct KinesisSource: RecordSource {
  let consumer: StreamConsumer
  var mark: String? { consumer.streamUID }

  func lanes() async throws -> [Int] { try await consumer.shards().map(\.index) }

  func read(_ lane: Int, from offset: UInt64, bytesMax: Int) async throws -> LaneBatch {
    let batch = try await consumer.read(
      lane, from: offset, recordsMax: Limits.readRecordsMax, bytesMax: bytesMax)
    return LaneBatch(
      records: batch.records.map {
        SourceRecord(offset: $0.offset, time: $0.time, data: $0.data, consumed: $0)
      }, next: batch.nextOffset, isEnd: batch.isEnd, millisBehind: batch.millisBehindLatest)
  }

  func wait(_ lane: Int, at offset: UInt64) async throws { try await consumer.waitForRecords(lane, at: offset) }
}
