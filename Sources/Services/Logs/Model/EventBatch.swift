import Kernel
package import NIOCore
import Storage

/// The events of one call as they lie in a stream's log, one record a batch.
///
/// Layout, little-endian: version (1, always 1), milliseconds at which they came in (8), number of events (4), and for
/// each: timestamp in milliseconds (8), bytes in the message (4), the message.
package enum EventBatch {
  package struct Event: Sendable, Hashable {
    package var time: Int64
    package var message: String
    package init(time: Int64, message: String) {
      self.time = time
      self.message = message
    }
  }

  package static func encode(_ events: some Collection<Event>, ingestion: Int64) -> ByteBuffer {
    var out = ByteBuffer()
    out.reserveCapacity(13 + events.reduce(0) { $0 + 12 + $1.message.utf8.count })
    out.writeInteger(UInt8(1))
    out.writeInteger(ingestion, endianness: .little)
    out.writeInteger(UInt32(clamping: events.count), endianness: .little)
    for event in events {
      out.writeInteger(event.time, endianness: .little)
      out.writeInteger(UInt32(clamping: event.message.utf8.count), endianness: .little)
      out.writeString(event.message)
    }
    return out
  }

  /// Visits the events of a batch in order, each with its place in the batch.
  /// - Throws: `StorageError.corrupt` for bytes that are no batch, and what `visit` throws.
  package static func visit(
    _ batch: ByteBuffer,
    _ visit: (_ place: Int, _ time: Int64, _ ingestion: Int64, _ message: ByteBuffer) throws -> Void
  ) throws {
    var rest = batch
    guard rest.readInteger(as: UInt8.self) == 1, let ingestion = rest.readInteger(endianness: .little, as: Int64.self),
      let count = rest.readInteger(endianness: .little, as: UInt32.self)
    else { throw StorageError.corrupt("a batch of log events has no head") }
    for place in 0..<Int(count) {
      guard let time = rest.readInteger(endianness: .little, as: Int64.self),
        let length = rest.readInteger(endianness: .little, as: UInt32.self),
        let message = rest.readSlice(length: Int(length))
      else { throw StorageError.corrupt("a batch of log events ends early") }
      try visit(place, time, ingestion, message)
    }
  }
}

/// A batch in a few numbers.
package struct BatchSummary: Sendable, Hashable {
  package var oldest: Int64
  package var newest: Int64
  package var ingestion: Int64
  package var bytes: Int64

  package init(oldest: Int64, newest: Int64, ingestion: Int64, bytes: Int64) {
    self.oldest = oldest
    self.newest = newest
    self.ingestion = ingestion
    self.bytes = bytes
  }

  package init(_ batch: ByteBuffer) throws {
    self.init(oldest: .max, newest: .min, ingestion: 0, bytes: 0)
    try EventBatch.visit(batch) { _, time, ingestion, message in
      oldest = min(oldest, time)
      newest = max(newest, time)
      self.ingestion = ingestion
      bytes += Int64(message.readableBytes + Limits.bytesBesideMessage)
    }
  }
}
