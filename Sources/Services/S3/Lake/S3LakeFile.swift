import Kernel
import LakeFiles
import Storage

/// An object held open for the engine's threads.
final class S3LakeFile: LakeFile {
  let info: LakeFileInfo
  private let segments: [Segment]
  /// Where each segment begins within the object.
  private let starts: [UInt64]
  private let blobs: any BlobStore
  private let held: Locked<Held>

  /// What keeps the bytes there; given up by `close`.
  private struct Held {
    /// Of an object of one blob.
    var reader: (any BlobReader)?
    var lease: BlobLeases.Lease?
  }

  /// - Throws: `ObjectBody.Gone` when the object was deleted since its record was read.
  init(_ info: LakeFileInfo, _ segments: [Segment], _ store: ObjectStore) throws {
    self.info = info
    self.segments = segments
    blobs = store.blobs
    var start: UInt64 = 0
    starts = segments.map { segment in
      defer { start += segment.length }
      return start
    }
    if segments.count == 1 {
      do {
        held = Locked(Held(reader: try store.blobs.openBlocking(segments[0].blob)))
      } catch StorageError.noSuchBlob {
        throw ObjectBody.Gone()
      }
    } else {
      guard let lease = store.leases.take(segments.map(\.blob)) else { throw ObjectBody.Gone() }
      held = Locked(Held(lease: lease))
    }
  }

  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard offset >= 0, offset < info.size else { return 0 }
    let reader = held.withLock { $0.reader }
    var filled = 0
    var position = UInt64(offset)
    var index = segmentIndex(at: position)
    while filled < buffer.count, index < segments.count {
      let segment = segments[index]
      let skipped = position - starts[index]
      let count = Int(min(UInt64(buffer.count - filled), segment.length - skipped))
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
      let read: Int
      if let reader {
        read = try reader.readBlocking(at: segment.start + skipped, into: piece)
      } else {
        read = try blobs.readBlocking(segment.blob, at: segment.start + skipped, into: piece)
      }
      guard read == count else { throw StorageError.corrupt("a blob is shorter than its object says") }
      filled += count
      position += UInt64(count)
      index += 1
    }
    return filled
  }

  private func segmentIndex(at position: UInt64) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  func close() { held.withLock { $0 = Held() } }
}
