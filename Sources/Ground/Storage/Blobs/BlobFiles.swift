/// Names, numbers and formats of the files in the blob folder.
///
/// A file's number says what it is: even numbers are files of one blob, odd ones are packs. Numbers are never
/// given twice, whatever was deleted, so that a deletion repeated after a crash cannot hit a newer file.
enum BlobFiles {
  static func isPack(_ file: UInt64) -> Bool { file & 1 == 1 }

  static let packFolder = "packs"

  /// Files of one blob lie 1,024 to a folder.
  static func folder(of file: UInt64) -> String { isPack(file) ? packFolder : hex(file >> 11, digits: 8) }

  static func name(of file: UInt64) -> String { hex(file, digits: 16) + (isPack(file) ? ".pack" : ".blob") }

  /// The number of the file so named, or `nil` for a name that is not a blob file's.
  static func number(of name: String) -> UInt64? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, let file = UInt64(parts[0], radix: 16) else { return nil }
    return self.name(of: file) == name ? file : nil
  }

  private static func hex(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// The length rounded up to what a pack gives a blob.
  static func packed(_ length: UInt64) -> UInt64 {
    let unit = UInt64(StorageLimits.blobPackAlignment)
    return (length + unit - 1) / unit * unit
  }
}

/// What follows the bytes in a file of one blob: a CRC-32C for each block, then a footer that proves the table.
/// All numbers are little-endian.
///
/// | bytes | |
/// |---|---|
/// | 4 × blocks | CRC-32C of each block |
/// | 4 | `TBL1` |
/// | 4 | bytes in a block |
/// | 8 | the blob's length |
/// | 8 | the file's number |
/// | 4 | CRC-32C of the table and the footer up to here |
struct BlobTable: Sendable {
  static let magic: UInt32 = 0x314C_4254
  static let footerBytes = 28

  let blockBytes: Int
  let checksums: [UInt32]

  static func encode(file: UInt64, length: UInt64, checksums: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(checksums.count * 4 + footerBytes)
    for checksum in checksums { bytes.appendLittleEndian(checksum) }
    bytes.appendLittleEndian(magic)
    bytes.appendLittleEndian(UInt32(StorageLimits.blobBlockBytes))
    bytes.appendLittleEndian(length)
    bytes.appendLittleEndian(file)
    bytes.appendLittleEndian(bytes.withUnsafeBytes { CRC32C.of($0) })
    return bytes
  }

  /// Reads the table of the blob that fills `file`'s first `length` bytes.
  static func read(_ file: any DiskFile, number: UInt64, length: UInt64) throws -> BlobTable {
    let size = try file.size()
    // No table is longer than its blob; a length from a damaged key must not ask for memory without end.
    guard size > length, size - length <= max(length, 1 << 20) else { throw corrupt(file, "its length is \(size)") }
    var bytes = [UInt8](repeating: 0, count: Int(size - length))
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: length) }
    guard count == bytes.count, count >= footerBytes else { throw corrupt(file, "its table is cut off") }
    return try bytes.withUnsafeBytes { bytes in
      let footer = bytes.count - footerBytes
      guard bytes.littleEndian(UInt32.self, at: footer) == magic,
        bytes.littleEndian(UInt64.self, at: footer + 8) == length,
        bytes.littleEndian(UInt64.self, at: footer + 16) == number,
        bytes.littleEndian(UInt32.self, at: footer + 24)
          == CRC32C.of(UnsafeRawBufferPointer(rebasing: bytes[..<(footer + 24)]))
      else { throw corrupt(file, "its table's checksum does not match") }
      let blockBytes = Int(bytes.littleEndian(UInt32.self, at: footer + 4))
      guard blockBytes > 0, blockBytes <= 16 << 20,
        UInt64(footer / 4) == (length + UInt64(blockBytes) - 1) / UInt64(blockBytes)
      else { throw corrupt(file, "its table has \(footer / 4) blocks of \(blockBytes)") }
      let checksums = (0..<footer / 4).map { bytes.littleEndian(UInt32.self, at: $0 * 4) }
      return BlobTable(blockBytes: blockBytes, checksums: checksums)
    }
  }

  private static func corrupt(_ file: any DiskFile, _ why: String) -> StorageError {
    .corrupt("blob file \(file.path): \(why)")
  }
}
