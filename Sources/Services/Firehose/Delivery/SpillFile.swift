package import Kernel
import LakeFiles
package import NIOCore
import Storage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Bytes that wait for their delivery: the first in memory, the rest in a temporary file that has no name and so is
/// gone with the process. Nothing here need be durable: the source has it all.
package final class SpillFile: Sendable {
  private struct State {
    /// Bytes behind those in the file.
    var tail = ByteBuffer()
    /// What was written to the file: its memory serves again, as fresh memory costs the kernel a fault a page.
    var spare = ByteBuffer()
    var fileBytes: Int64 = 0
    var descriptor: Int32 = -1
  }
  private let state = Locked(State())
  private let folder: String
  private let pool: BlockingPool
  private let inMemoryBytesMax: Int

  /// - Parameters:
  ///   - folder: where the temporary file is made.
  ///   - pool: the threads that write it.
  ///   - inMemoryBytesMax: how much stays in memory.
  package init(folder: String, pool: BlockingPool, inMemoryBytesMax: Int = Limits.bufferInMemoryBytesMax) {
    self.folder = folder
    self.pool = pool
    self.inMemoryBytesMax = inMemoryBytesMax
  }

  deinit {
    let descriptor = state.withLock { $0.descriptor }
    if descriptor >= 0 { close(descriptor) }
  }

  package var count: Int64 { state.withLock { $0.fileBytes + Int64($0.tail.readableBytes) } }

  /// An empty buffer to lay bytes out in, for `append`.
  package func takeSpare() -> ByteBuffer {
    state.withLock { state in
      defer { state.spare = ByteBuffer() }
      return state.spare
    }
  }

  /// Adds bytes. One caller at a time.
  package func append(_ bytes: consuming ByteBuffer) async throws {
    let full = hold(bytes)
    if full { try await pool.run { [self] in try spill() } }
  }

  /// - Returns: whether it is time to write.
  private func hold(_ bytes: consuming ByteBuffer) -> Bool {
    let bytes = consume bytes
    return state.withLock { state in
      if state.tail.readableBytes == 0 { state.tail = bytes } else { state.tail.writeImmutableBuffer(bytes) }
      return state.tail.readableBytes > inMemoryBytesMax
    }
  }

  private func spill() throws {
    var (descriptor, tail, position) = state.withLock { ($0.descriptor, $0.tail, $0.fileBytes) }
    state.withLock { $0.tail = ByteBuffer() }
    if descriptor < 0 {
      descriptor = try makeFile()
      let made = descriptor
      state.withLock { $0.descriptor = made }
    }
    let count = tail.readableBytes
    try tail.withUnsafeReadableBytes { bytes in
      var written = 0
      while written < bytes.count {
        let result = pwrite(
          descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written, off_t(position) + written)
        if result < 0 {
          if errno == EINTR { continue }
          throw errno == ENOSPC
            ? StorageError.diskFull : StorageError.io(operation: "pwrite", path: folder, errno: errno)
        }
        written += result
      }
    }
    tail.clear()
    let spare = tail
    state.withLock { state in
      state.fileBytes += Int64(count)
      state.spare = spare
    }
  }

  private func makeFile() throws -> Int32 {
    mkdir(folder, 0o700)
    var template = Array((folder + "/delivery-XXXXXX").utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkstemp($0) } ?? -1
    }
    guard descriptor >= 0 else { throw StorageError.io(operation: "mkstemp", path: folder, errno: errno) }
    unlink(template)
    return descriptor
  }

  /// Reads up to `count` bytes at `offset`.
  package func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
    let inMemory = state.withLock { $0.fileBytes == 0 }
    if inMemory { return try copy(at: offset, count: count) }
    return try await pool.run { [self] in try copy(at: offset, count: count) }
  }

  private func copy(at offset: Int64, count: Int) throws -> ByteBuffer {
    var out = ByteBuffer()
    try out.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
      try readBlocking(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(count)))
    }
    return out
  }

  /// Blocks. Several readers at a time, once nothing is added any more.
  package func readBlocking(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard offset >= 0, buffer.count > 0 else { return 0 }
    let (descriptor, fileBytes, tail) = state.withLock { ($0.descriptor, $0.fileBytes, $0.tail) }
    var done = 0
    while done < buffer.count, offset + Int64(done) < fileBytes {
      let position = offset + Int64(done)
      let wanted = min(Int64(buffer.count - done), fileBytes - position)
      let result = pread(descriptor, buffer.baseAddress?.advanced(by: done), Int(wanted), off_t(position))
      if result < 0 {
        if errno == EINTR { continue }
        throw StorageError.io(operation: "pread", path: folder, errno: errno)
      }
      guard result > 0 else { throw StorageError.corrupt("a temporary file ends early") }
      done += result
    }
    let inTail = Int(offset + Int64(done) - fileBytes)
    if done < buffer.count, inTail >= 0, inTail < tail.readableBytes {
      let count = min(buffer.count - done, tail.readableBytes - inTail)
      tail.withUnsafeReadableBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[inTail..<inTail + count]))
      }
      done += count
    }
    return done
  }
}

/// A spill file as the engine reads it.
struct SpilledLakeFile: LakeFile {
  let spill: SpillFile
  let info: LakeFileInfo

  init(_ spill: SpillFile) {
    self.spill = spill
    info = LakeFileInfo(size: spill.count, modified: Timestamp(seconds: 0), tag: "")
  }

  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    try spill.readBlocking(at: offset, into: buffer)
  }

  func close() {}
}
