import Kernel
import NIOCore
import Storage

/// What a search looks for.
struct EventQuery: Sendable {
  /// Milliseconds, from the first up to but without the second.
  var from: Int64
  var to: Int64
  /// Only events behind this one, or only events before it.
  var after: EventPosition?
  var before: EventPosition?
  var pattern: FilterPattern?

  func takes(_ position: EventPosition) -> Bool {
    guard position.time >= from, position.time < to else { return false }
    if let after, position <= after { return false }
    if let before, position >= before { return false }
    return true
  }
}

/// A stream as a search reads it.
struct SearchedStream: Sendable {
  var name: String
  var number: UInt64
  var log: LogID
  var latenessMs: Int64
  var aheadMs: Int64
  /// The oldest event that may be in it.
  var oldest: Int64

  init(_ record: StreamRecord, _ id: GroupID, uid: String) {
    name = record.name
    number = record.number
    log = LogsKeys.log(id, uid, record.number)
    latenessMs = record.latenessMs
    aheadMs = record.aheadMs
    oldest = record.note.firstEvent ?? .max
  }

  /// Offers the events of batches to a page.
  func offer(_ batches: [LogRecord], _ query: EventQuery, to page: inout EventPage) throws {
    for batch in batches {
      try EventBatch.visit(batch.payload) { place, time, ingestion, message in
        let position = EventPosition(time: time, stream: number, offset: batch.offset, place: place + 1)
        guard query.takes(position), page.hasRoom(for: position) else { return }
        if let pattern = query.pattern {
          guard message.withUnsafeReadableBytes({ pattern.matches($0) }) else { return }
        }
        page.offer(FoundEvent(position: position, ingestion: ingestion, message: String(buffer: message)))
      }
    }
  }
}

/// Reads a stream on, batch by batch, and knows what it cannot meet any more.
struct ForwardReader: Sendable {
  let stream: SearchedStream
  private var offset: UInt64?
  /// Events older than this were all read.
  private(set) var complete: Int64
  private(set) var isAtEnd = false

  init(_ stream: SearchedStream, _ query: EventQuery) {
    self.stream = stream
    complete = max(stream.oldest, query.from)
    if stream.oldest >= query.to { isAtEnd = true }
  }

  /// Reads some batches.
  mutating func read(_ query: EventQuery, from logs: any LogStore) async throws -> [LogRecord] {
    let start: UInt64
    if let offset {
      start = offset
    } else {
      // What arrived before this was older than is wanted.
      let earliest = max(query.from, query.after?.time ?? query.from)
      start = try await logs.offset(
        stream.log, atOrAfter: Timestamp(milliseconds: earliest.saturatingSubtract(stream.aheadMs)))
    }
    let batches = try await logs.read(
      stream.log, from: start, recordsMax: Limits.readBatchesMax, bytesMax: Limits.readBytesMax)
    guard let last = batches.last else {
      isAtEnd = true
      complete = .max
      return []
    }
    offset = last.offset + 1
    // What arrives later is at most so much older than its arrival.
    complete = max(complete, last.time.milliseconds.saturatingSubtract(stream.latenessMs))
    if complete >= query.to { isAtEnd = true }
    return batches
  }

  mutating func end() { isAtEnd = true }
}
