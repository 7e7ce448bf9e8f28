import Kernel
import NIOCore

/// Records that wait for their delivery, laid out as the delivery wants them.
///
/// Used by one pump, one call at a time.
final class DeliveryBuffer: @unchecked Sendable {
  // Safe: only the pump that made it touches it, and the delivery that the pump waits for.
  /// The checkpoint when the buffer began: names are drawn from it.
  let starts: [Int: UInt64]
  /// Arrival of the oldest and of the newest record.
  private(set) var oldest: Timestamp
  private(set) var newest: Timestamp
  private(set) var records = 0
  /// Bytes of the records as they came.
  private(set) var plainBytes: Int64 = 0
  /// What of each lane is in here.
  private(set) var ranges: [Int: Range<UInt64>] = [:]
  /// The records one behind the other, or their objects one a line for the converter.
  let spill: SpillFile
  private(set) var lines: ObjectLines?
  private let delimiter: String?
  /// Records that are processed first are only counted here: the delivery reads them again.
  private let isProcessed: Bool

  init(starts: [Int: UInt64], oldest: Timestamp, destination: S3Destination, spill: SpillFile) {
    self.starts = starts
    self.oldest = oldest
    newest = oldest
    self.spill = spill
    delimiter = destination.delimiter
    isProcessed = ProcessingPlan(destination) != nil
    if !isProcessed, let conversion = destination.conversion, conversion.isEnabled,
      let deserializer = conversion.deserializer
    {
      lines = ObjectLines(deserializer)
    }
  }

  func add(_ batch: LaneBatch, lane: Int, from start: UInt64) async throws {
    guard !isProcessed else {
      count(batch, lane: lane, from: start)
      return
    }
    var bytes = spill.takeSpare()
    // Room for all of it at once, and for twice the last record as `ObjectLines` asks for.
    let largest = batch.records.reduce(0) { max($0, $1.data.readableBytes) }
    bytes.reserveCapacity(batch.records.reduce(2 * largest) { $0 + $1.data.readableBytes + 1 })
    for record in batch.records {
      if lines != nil {
        lines?.add(record.data, to: &bytes)
      } else {
        bytes.writeImmutableBuffer(record.data)
        if let delimiter { bytes.writeString(delimiter) }
      }
    }
    count(batch, lane: lane, from: start)
    if lines?.isSuspicious != true { try await spill.append(consume bytes) }
  }

  private func count(_ batch: LaneBatch, lane: Int, from start: UInt64) {
    for record in batch.records {
      plainBytes += Int64(record.data.readableBytes)
      oldest = min(oldest, record.time)
      newest = max(newest, record.time)
    }
    records += batch.records.count
    ranges[lane] = (ranges[lane]?.lowerBound ?? start)..<batch.next
  }
}
