import Kernel
import NIOCore

/// Reads a blob that is a file of its own, whole blocks at a time, each against its checksum.
struct BlobFileReader: BlobReader {
  let blob: BlobRef
  let file: any DiskFile
  let table: BlobTable
  let threads: BlockingPool

  var length: UInt64 { blob.length }

  func read(at position: UInt64, count: Int) async throws -> ByteBuffer {
    try await threads.runStorage { try readBuffer(at: position, count: count) }
  }

  /// Reads into a new buffer that holds the whole blocks and gives the part asked for. Blocks.
  func readBuffer(at position: UInt64, count: Int) throws -> ByteBuffer {
    guard position < length, count > 0 else { return ByteBuffer() }
    let end = min(length, position.saturatingAdd(UInt64(count)))
    let unit = UInt64(table.blockBytes)
    let alignedStart = position / unit * unit
    let alignedEnd = min(length, (end + unit - 1) / unit * unit)
    var buffer = ByteBuffer()
    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Int(alignedEnd - alignedStart)) { memory in
      let blocks = UnsafeMutableRawBufferPointer(rebasing: memory[..<Int(alignedEnd - alignedStart)])
      try readBlocks(from: alignedStart, into: blocks)
      return blocks.count
    }
    return buffer.getSlice(at: Int(position - alignedStart), length: Int(end - position)) ?? ByteBuffer()
  }

  func readBlocking(at position: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard position < length, buffer.count > 0 else { return 0 }
    let end = min(length, position.saturatingAdd(UInt64(buffer.count)))
    let unit = UInt64(table.blockBytes)
    var at = position
    // The blocks that are asked for in part go through memory of their own; those between are read in place.
    if at % unit != 0 || end - at < min(unit, length - at) {
      at += try readPart(of: at / unit * unit, from: at, to: end, into: buffer, at: 0)
    }
    let wholeEnd = end == length ? end : end / unit * unit
    if at < wholeEnd {
      let start = Int(at - position)
      try readBlocks(
        from: at, into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<(start + Int(wholeEnd - at))]))
      at = wholeEnd
    }
    if at < end { at += try readPart(of: at, from: at, to: end, into: buffer, at: Int(at - position)) }
    return Int(at - position)
  }

  /// Copies from one block what of it lies in `from ..< to`.
  private func readPart(
    of blockStart: UInt64, from: UInt64, to: UInt64, into buffer: UnsafeMutableRawBufferPointer, at index: Int
  ) throws -> UInt64 {
    let blockEnd = min(length, blockStart + UInt64(table.blockBytes))
    return try withUnsafeTemporaryAllocation(byteCount: Int(blockEnd - blockStart), alignment: 16) { block in
      try readBlocks(from: blockStart, into: block)
      let count = Int(min(to, blockEnd) - from)
      let start = Int(from - blockStart)
      UnsafeMutableRawBufferPointer(rebasing: buffer[index...]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: block[start..<(start + count)]))
      return UInt64(count)
    }
  }

  /// Fills `memory` with whole blocks (the blob's last one may be short) and checks each.
  private func readBlocks(from start: UInt64, into memory: UnsafeMutableRawBufferPointer) throws {
    guard try file.read(into: memory, at: start) == memory.count else {
      throw StorageError.corrupt("blob file \(file.path) ends before byte \(start + UInt64(memory.count))")
    }
    var block = Int(start / UInt64(table.blockBytes))
    var index = 0
    while index < memory.count {
      let end = min(memory.count, index + table.blockBytes)
      let checksum = CRC32C.of(UnsafeRawBufferPointer(rebasing: memory[index..<end]))
      guard block < table.checksums.count, checksum == table.checksums[block] else {
        throw StorageError.corrupt("blob file \(file.path): block \(block) does not match its checksum")
      }
      block += 1
      index = end
    }
  }
}

/// A packed blob, read and checked as a whole when it was opened: it is short, and its place in the pack may be
/// given back at any moment after.
struct PackedBlobReader: BlobReader {
  let bytes: ByteBuffer

  var length: UInt64 { UInt64(bytes.readableBytes) }

  /// Blocks.
  init(_ blob: BlobRef, file: any DiskFile) throws {
    guard blob.length <= StorageLimits.blobPackedBytesMax else {
      throw StorageError.corrupt("\(file.path) holds no blob of \(blob.length) bytes")
    }
    var buffer = ByteBuffer()
    let count = Int(blob.length)
    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
      let memory = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
      let found = try file.read(into: memory, at: blob.offset)
      guard found == count, CRC32C.of(UnsafeRawBufferPointer(memory)) == blob.crc32c else {
        // What was given back reads as zeros.
        guard memory[..<found].contains(where: { $0 != 0 }) else {
          throw StorageError.noSuchBlob("\(file.path) at \(blob.offset)")
        }
        throw StorageError.corrupt("\(file.path): the blob at \(blob.offset) does not match its checksum")
      }
      return count
    }
    bytes = buffer
  }

  func read(at position: UInt64, count: Int) async throws -> ByteBuffer { slice(at: position, count: count) }

  func slice(at position: UInt64, count: Int) -> ByteBuffer {
    guard position < length, count > 0 else { return ByteBuffer() }
    return bytes.getSlice(at: Int(position), length: min(count, bytes.readableBytes - Int(position))) ?? ByteBuffer()
  }

  func readBlocking(at position: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let part = slice(at: position, count: buffer.count)
    part.withUnsafeReadableBytes { buffer.copyMemory(from: $0) }
    return part.readableBytes
  }
}
