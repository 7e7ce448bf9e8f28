import NIOCore

/// A file of one blob while it is written. Blocks; one thread at a time.
final class BlobFileSink: @unchecked Sendable {
  // Safe: a writer runs its steps one after the other, and hands the sink over between them through a lock.
  let number: UInt64
  let path: String
  private let file: any DiskFile
  private let disk: any Disk
  private let folder: String
  private var length: UInt64 = 0
  private var checksums: [UInt32] = []
  private var blockChecksum: UInt32 = 0
  private var blockFill = 0
  private var checksum: UInt32 = 0

  init(number: UInt64, folder: String, disk: any Disk) throws {
    self.number = number
    self.folder = folder
    self.disk = disk
    path = "\(folder)/\(BlobFiles.name(of: number))"
    file = try disk.open(path, create: true)
  }

  func append(_ bytes: ByteBuffer) throws {
    try bytes.withUnsafeReadableBytes { bytes in
      try file.write(bytes, at: length)
      length += UInt64(bytes.count)
      checksum = CRC32C.of(bytes, after: checksum)
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = rest.prefix(StorageLimits.blobBlockBytes - blockFill)
        blockChecksum = CRC32C.of(UnsafeRawBufferPointer(rebasing: part), after: blockChecksum)
        blockFill += part.count
        rest = rest.dropFirst(part.count)
        if blockFill == StorageLimits.blobBlockBytes { endBlock() }
      }
    }
    file.startWriteback(upTo: length)
  }

  private func endBlock() {
    checksums.append(blockChecksum)
    blockChecksum = 0
    blockFill = 0
  }

  /// Writes the table of checksums and syncs the file and its name.
  func finish() throws -> BlobRef {
    if blockFill > 0 { endBlock() }
    let table = BlobTable.encode(file: number, length: length, checksums: checksums)
    try table.withUnsafeBytes { try file.write($0, at: length) }
    try file.sync()
    try disk.syncFolder(folder)
    return BlobRef(file: number, offset: 0, length: length, crc32c: checksum)
  }
}
