import Kernel
public import NIOCore
public import Storage

/// A `BlobStore` in memory, for tests and as the model that the real one is compared with. A blob's place is a
/// serial number; its checksum is not computed.
public final class MemoryBlobStore: BlobStore {
  struct State {
    var blobs: [UInt64: ByteBuffer] = [:]
    var nextFile: UInt64 = 1
  }
  let state = Locked(State())
  public let packedBytesMax: Int

  public init(packedBytesMax: Int = 256 << 10) { self.packedBytesMax = packedBytesMax }

  /// The number of blobs held: shows a test whether anything leaks.
  public var count: Int { state.withLock { $0.blobs.count } }

  public func put(_ bytes: ByteBuffer) async throws -> BlobRef {
    precondition(bytes.readableBytes <= packedBytesMax)
    return keep(bytes)
  }

  public func writer() async throws -> any BlobWriter { MemoryBlobWriter(store: self) }

  func keep(_ bytes: ByteBuffer) -> BlobRef {
    state.withLock { state in
      let file = state.nextFile
      state.nextFile += 1
      state.blobs[file] = bytes.slice()
      return BlobRef(file: file, offset: 0, length: UInt64(bytes.readableBytes), crc32c: 0)
    }
  }

  private func bytes(_ blob: BlobRef) throws -> ByteBuffer {
    guard let bytes = state.withLock({ $0.blobs[blob.file] }) else { throw StorageError.noSuchBlob("\(blob.file)") }
    return bytes
  }

  public func open(_ blob: BlobRef) async throws -> any BlobReader { MemoryBlobReader(bytes: try bytes(blob)) }

  public func openBlocking(_ blob: BlobRef) throws -> any BlobReader { MemoryBlobReader(bytes: try bytes(blob)) }

  public func read(_ blob: BlobRef, at position: UInt64, count: Int) async throws -> ByteBuffer {
    try await open(blob).read(at: position, count: count)
  }

  public func readBlocking(
    _ blob: BlobRef, at position: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    try openBlocking(blob).readBlocking(at: position, into: buffer)
  }

  public func delete(_ blobs: [BlobRef]) async throws {
    state.withLock { state in
      for blob in blobs { state.blobs[blob.file] = nil }
    }
  }

  /// Nothing is left from before: memory does not outlive the process.
  public func collectOrphans(
    namedBy scan: @escaping @Sendable (_ mark: @escaping @Sendable (BlobRef) -> Void) async throws -> Void
  ) async throws -> CollectedOrphans {
    try await scan { _ in }
    return CollectedOrphans(files: 0, bytes: 0)
  }
}

private struct MemoryBlobReader: BlobReader {
  let bytes: ByteBuffer
  var length: UInt64 { UInt64(bytes.readableBytes) }

  func read(at position: UInt64, count: Int) async throws -> ByteBuffer {
    guard position < length, count > 0 else { return ByteBuffer() }
    let start = Int(position)
    return bytes.getSlice(at: bytes.readerIndex + start, length: min(count, bytes.readableBytes - start))
      ?? ByteBuffer()
  }

  func readBlocking(at position: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard position < length else { return 0 }
    return bytes.withUnsafeReadableBytes { source in
      let part = UnsafeRawBufferPointer(rebasing: source[Int(position)...].prefix(buffer.count))
      buffer.copyMemory(from: part)
      return part.count
    }
  }
}

private final class MemoryBlobWriter: BlobWriter {
  private let store: MemoryBlobStore
  private let bytes = Locked(ByteBuffer())

  init(store: MemoryBlobStore) { self.store = store }

  func write(_ bytes: ByteBuffer) async throws { self.bytes.withLock { _ = $0.writeImmutableBuffer(bytes) } }
  func finish() async throws -> BlobRef { store.keep(bytes.withLock { $0 }) }
  func abort() async {}
}
