import Kernel
import NIOCore
import Storage
import StorageTesting
import Testing

/// Random operations on a disk that crashes, beside a dictionary: a blob that was acknowledged is there and intact
/// after the restart, one whose deletion was acknowledged is gone, and what nobody names is given back.
@Suite struct BlobCrashTests {
  @Test func `acknowledged blobs survive crashes, and orphans are given back`() async {
    await RandomRounds.run(3) { random in
      var world = BlobWorld(random: random)
      for _ in 0..<4 { try await world.liveAndCrash() }
    }
  }
}

private struct BlobWorld {
  let random: SeededRandomSource
  var disk: SimulatedDisk
  /// What keys would name.
  var named: [BlobRef: ByteBuffer] = [:]
  var written: UInt64 = 0

  init(random: SeededRandomSource) {
    self.random = random
    disk = SimulatedDisk(random: random)
  }

  func open() throws -> FileBlobStore {
    try disk.makeFolder("blobs")
    return try FileBlobStore(folder: "blobs", disk: disk)
  }

  /// Bytes unlike those of any other blob.
  mutating func bytes(long: Bool) -> ByteBuffer {
    written += 1
    let length = long ? (256 << 10) + random.next(below: 300_000) : random.next(below: 20_000)
    var bytes = ByteBuffer()
    // Not zero at the start: a hole reads as zeros.
    bytes.writeInteger(written << 8 | 0xA5, endianness: .little)
    while bytes.readableBytes < min(length, 4096) { bytes.writeInteger(random.next()) }
    let piece = bytes
    while bytes.readableBytes < length { bytes.writeImmutableBuffer(piece) }
    return bytes.getSlice(at: 0, length: length) ?? ByteBuffer()
  }

  /// Through a writer, piece by piece, or at once.
  static func store(_ bytes: ByteBuffer, pieces: Int, in store: FileBlobStore) async throws -> BlobRef {
    if pieces == 0, bytes.readableBytes <= store.packedBytesMax { return try await store.put(bytes) }
    let writer = try await store.writer()
    var rest = bytes
    let size = max(1, bytes.readableBytes / max(1, pieces))
    while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
      try await writer.write(piece)
    }
    return try await writer.finish()
  }

  mutating func some(_ percent: Int) -> [BlobRef] {
    let order = named.keys.sorted { ($0.file, $0.offset) < ($1.file, $1.offset) }
    return order.filter { _ in random.next(below: 100) < percent }
  }

  mutating func liveAndCrash() async throws {
    let store = try open()
    try await collect(store)
    try await compare(store)
    if random.next(below: 3) == 0 { disk.failSync(after: random.next(below: 30)) }
    for _ in 0..<random.next(below: 30) { try await step(store) }
    disk.failSync(after: .max)
    try await compare(store)
    if random.next(below: 4) > 0 { try await crash(store) }
    await store.close()
  }

  mutating func step(_ store: FileBlobStore) async throws {
    switch random.next(below: 20) {
    case 0: try await compare(store)
    case 1..<4:
      let gone = some(15)
      for blob in gone { named[blob] = nil }
      do {
        try await store.delete(gone)
        for blob in gone { try await expectGone(blob, store) }
      } catch StorageError.io {
        // They are neither named nor surely gone: a later search finds them.
      }
    case 4:
      let writer = try await store.writer()
      try await writer.write(bytes(long: true))
      await writer.abort()
    default:
      let bytes = bytes(long: random.next(below: 6) == 0)
      do {
        let blob = try await Self.store(bytes, pieces: random.next(below: 4), in: store)
        try check(named[blob] == nil, "a place was given twice: \(blob)")
        named[blob] = bytes
      } catch StorageError.io {
        // Not acknowledged: nobody names it.
      }
    }
  }

  /// Lets the power go while blobs are written and deleted.
  mutating func crash(_ store: FileBlobStore) async throws {
    let gone = some(30)
    for blob in gone { named[blob] = nil }
    let coming = (0..<random.next(below: 8)).map { _ in
      (bytes: bytes(long: random.next(below: 4) == 0), pieces: random.next(below: 3))
    }
    disk.stop(afterOperations: random.next(below: 20))
    enum Outcome: Sendable {
      case stored(BlobRef, ByteBuffer)
      case deleted
      case failed
    }
    let outcomes = await withTaskGroup(of: Outcome.self) { group in
      for blob in coming {
        group.addTask {
          let stored = try? await Self.store(blob.bytes, pieces: blob.pieces, in: store)
          return stored.map { .stored($0, blob.bytes) } ?? .failed
        }
      }
      group.addTask { (try? await store.delete(gone)) == nil ? .failed : .deleted }
      return await group.reduce(into: []) { $0.append($1) }
    }
    disk = disk.afterCrash()
    let after = try open()
    for outcome in outcomes {
      switch outcome {
      case .stored(let blob, let bytes): named[blob] = bytes
      case .deleted: for blob in gone where blob.length > 0 { try await expectGone(blob, after) }
      case .failed: break
      }
    }
    try await compare(after)
    try await collect(after)
    try await compare(after)
    await after.close()
  }

  /// Only files that something names are left, of those from before.
  func collect(_ store: FileBlobStore) async throws {
    let blobs = Array(named.keys)
    _ = try await store.collectOrphans { mark in blobs.forEach(mark) }
    let files = disk.paths.filter { $0.hasSuffix(".blob") }.count
    let expected = Set(blobs.filter { $0.file & 1 == 0 }.map(\.file)).count
    try check(files == expected, "\(files) files of one blob are left, not \(expected)")
  }

  func expectGone(_ blob: BlobRef, _ store: FileBlobStore) async throws {
    guard blob.length > 0 else { return }
    let found = try? await store.read(blob, at: 0, count: .max)
    try check(found == nil, "a deleted blob is still there: \(blob)")
  }

  func compare(_ store: FileBlobStore) async throws {
    for (blob, bytes) in named {
      let start = random.next(below: bytes.readableBytes + 1)
      let count = random.next(below: 2) == 0 ? Int.max : random.next(below: 100_000)
      let expected = bytes.getSlice(
        at: bytes.readerIndex + start, length: min(count, bytes.readableBytes - start))
      let found = try await store.read(blob, at: UInt64(start), count: count)
      try check(found == expected, "\(blob) differs from \(start) on")
    }
  }
}
