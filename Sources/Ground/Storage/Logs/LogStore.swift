public import Kernel
public import NIOCore

/// Names one append-only log, such as a shard: a path of ASCII words, `kinesis/000000000000/us-east-1/s/shardId-…`.
public struct LogID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let name: String
  public init(_ name: String) { self.name = name }
  public var description: String { name }
  public static func < (left: LogID, right: LogID) -> Bool { left.name < right.name }
}

/// A record read back from a log.
public struct LogRecord: Sendable, Hashable {
  /// Position in its log: 0 for the first record ever appended, then one more each.
  public var offset: UInt64
  /// When it was appended, by the store's clock; never earlier than the record's before it.
  public var time: Timestamp
  public var payload: ByteBuffer

  public init(offset: UInt64, time: Timestamp, payload: ByteBuffer) {
    self.offset = offset
    self.time = time
    self.payload = payload
  }
}

/// Records for one log, appended together and in order.
public struct LogBatch: Sendable {
  public var log: LogID
  public var payloads: [ByteBuffer]

  public init(log: LogID, payloads: [ByteBuffer]) {
    self.log = log
    self.payloads = payloads
  }
}

/// Where a batch landed.
public struct LogPosition: Sendable, Hashable {
  /// Offset of the batch's first record; the others follow without gaps.
  public var firstOffset: UInt64
  public var time: Timestamp

  public init(firstOffset: UInt64, time: Timestamp) {
    self.firstOffset = firstOffset
    self.time = time
  }
}

/// What a log holds now.
public struct LogBounds: Sendable, Hashable {
  /// Offset of the oldest record kept; equal to `next` when the log is empty.
  public var first: UInt64
  /// Offset that the next record will get.
  public var next: UInt64
  /// When the newest record was appended.
  public var lastTime: Timestamp?

  public init(first: UInt64, next: UInt64, lastTime: Timestamp?) {
    self.first = first
    self.next = next
    self.lastTime = lastTime
  }
}

/// Append-only logs that share their commits: however many logs a group of callers writes to, the group costs
/// one `fsync`.
public protocol LogStore: Sendable {
  /// Makes empty logs, durable when it returns. A log that exists already is left as it is.
  func create(_ logs: [LogID]) async throws

  /// The logs that exist and whose names begin with `prefix`, in the order of their names.
  func logs(prefix: String) async throws -> [LogID]

  /// Appends all batches and returns once they are on disk; they become visible to readers then and not before.
  /// - Returns: one position a batch, in the order of `batches`.
  /// - Throws: `StorageError.noSuchLog`, with nothing appended; `overloaded` past the queue's limit of bytes.
  func append(_ batches: [LogBatch]) async throws -> [LogPosition]

  /// Reads on from `offset` (clamped to the oldest record kept), checksums verified.
  /// - Parameters:
  ///   - recordsMax: at most so many records.
  ///   - bytesMax: stops before the payloads' sum passes this, but gives at least one record.
  func read(_ log: LogID, from offset: UInt64, recordsMax: Int, bytesMax: Int) async throws -> [LogRecord]

  func bounds(_ log: LogID) async throws -> LogBounds

  /// Offset of the first record appended at or after `time`; `bounds.next` when there is none yet.
  func offset(_ log: LogID, atOrAfter time: Timestamp) async throws -> UInt64

  /// Returns once the log holds a record at `offset` or past it: lets a consumer wait without polling.
  /// - Throws: `CancellationError`; `noSuchLog` when the log is deleted meanwhile.
  func waitForRecord(_ log: LogID, at offset: UInt64) async throws

  /// Forgets records older than `time`. Their space is given back when a whole segment is free.
  func trim(_ log: LogID, before time: Timestamp) async throws

  /// Deletes the log and its records. Deleting an absent log is no error.
  func delete(_ log: LogID) async throws
}

extension LogStore {
  /// Makes an empty log. A log that exists already is left as it is.
  public func create(_ log: LogID) async throws { try await create([log]) }
}
