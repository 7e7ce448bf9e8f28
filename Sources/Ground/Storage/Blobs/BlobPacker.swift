import Kernel
import NIOCore

/// Puts small blobs into packs: all that wait become one write and one sync.
///
/// A pack is written by one opening of the store only and only at its end. After a failed write or sync it is
/// given up, since nothing is known of its last bytes, and the next group begins another.
final class BlobPacker: Sendable {
  private struct Put: Sendable {
    var bytes: ByteBuffer
    var crc32c: UInt32
    var answer: @Sendable (Result<BlobRef, any Error>) -> Void
  }

  private struct Queue {
    var waiting: [Put] = []
    var bytes = 0
    var draining = false
    var closed = false
  }

  private struct Pack {
    var number: UInt64
    var file: any DiskFile
    var end: UInt64 = 0
  }

  private let folder: String
  private let disk: any Disk
  private let numbers: BlobNumbers
  private let queue = Locked(Queue())
  private let thread = BlockingPool(name: "blob-pack", threads: 1, queueLimit: 16)
  /// The pack that grows now; touched on `thread` only, the lock is for the compiler's sake.
  private let pack = Locked<Pack?>(nil)
  /// Number of the pack that grows now: it must not be removed for holding no data yet.
  private let growing = Locked<UInt64?>(nil)

  init(folder: String, disk: any Disk, numbers: BlobNumbers) {
    self.folder = folder
    self.disk = disk
    self.numbers = numbers
  }

  func isGrowing(_ file: UInt64) -> Bool { growing.withLock { $0 == file } }

  /// Returns once the bytes are on disk.
  func put(_ bytes: ByteBuffer) async throws -> BlobRef {
    let crc32c = bytes.withUnsafeReadableBytes { CRC32C.of($0) }
    return try await withCheckedThrowingContinuation { caller in
      enqueue(Put(bytes: bytes, crc32c: crc32c, answer: { caller.resume(with: $0) }))
    }
  }

  private func enqueue(_ put: Put) {
    let refusal: StorageError?
    let startDraining: Bool
    (refusal, startDraining) = queue.withLock { queue in
      if queue.closed { return (.closed, false) }
      let length = put.bytes.readableBytes
      guard queue.bytes + length <= StorageLimits.blobPutsWaitingBytesMax else {
        return (.overloaded("\(queue.bytes) bytes of small blobs wait for the disk"), false)
      }
      queue.bytes += length
      queue.waiting.append(put)
      defer { queue.draining = true }
      return (nil, !queue.draining)
    }
    if let refusal { return put.answer(.failure(refusal)) }
    guard startDraining else { return }
    // One drain runs at a time, so the thread always takes it.
    try? thread.submit { self.drain() }
  }

  /// Writes group after group until nobody waits.
  private func drain() {
    while true {
      let group: [Put] = queue.withLock { queue in
        var count = 0
        var bytes = 0
        while count < queue.waiting.count {
          bytes += queue.waiting[count].bytes.readableBytes
          guard count == 0 || bytes <= StorageLimits.blobGroupBytesMax else { break }
          count += 1
        }
        let group = Array(queue.waiting.prefix(count))
        queue.waiting.removeFirst(count)
        queue.bytes -= group.reduce(0) { $0 + $1.bytes.readableBytes }
        if group.isEmpty { queue.draining = false }
        return group
      }
      if group.isEmpty { return }
      do {
        for (put, blob) in zip(group, try write(group)) { put.answer(.success(blob)) }
      } catch {
        for put in group { put.answer(.failure(error)) }
      }
    }
  }

  /// Writes and syncs a group.
  private func write(_ group: [Put]) throws -> [BlobRef] {
    let length = group.reduce(UInt64(0)) { $0 + BlobFiles.packed(UInt64($1.bytes.readableBytes)) }
    var pack = try self.pack.withLock { $0 } ?? begin()
    if pack.end > 0, pack.end + length > StorageLimits.blobPackBytesMax { pack = try begin() }
    do {
      var blobs: [BlobRef] = []
      var image = [UInt8](repeating: 0, count: Int(length))
      var index = 0
      for put in group {
        let count = put.bytes.readableBytes
        image.withUnsafeMutableBytes { image in
          put.bytes.withUnsafeReadableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: image[index...]).copyMemory(from: bytes)
          }
        }
        blobs.append(
          BlobRef(
            file: pack.number, offset: pack.end + UInt64(index), length: UInt64(count), crc32c: put.crc32c))
        index += Int(BlobFiles.packed(UInt64(count)))
      }
      try image.withUnsafeBytes { try pack.file.write($0, at: pack.end) }
      try pack.file.sync()
      pack.end += length
      let grown = pack
      self.pack.withLock { $0 = grown }
      return blobs
    } catch {
      self.pack.withLock { $0 = nil }
      growing.withLock { $0 = nil }
      throw error
    }
  }

  private func begin() throws -> Pack {
    let number = try numbers.take(pack: true)
    growing.withLock { $0 = number }
    let file = try disk.open("\(folder)/\(BlobFiles.packFolder)/\(BlobFiles.name(of: number))", create: true)
    try disk.syncFolder("\(folder)/\(BlobFiles.packFolder)")
    return Pack(number: number, file: file)
  }

  /// Waits for the blobs that were accepted; later calls throw `closed`.
  func close() async {
    queue.withLock { $0.closed = true }
    try? await thread.run { self.pack.withLock { $0 = nil } }
  }
}
