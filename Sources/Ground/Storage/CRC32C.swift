import CTarnSystem

/// CRC-32C, the checksum of everything that logs and blobs put on disk.
enum CRC32C {
  /// The checksum of `bytes`, continuing from that of the bytes before them.
  static func of(_ bytes: UnsafeRawBufferPointer, after crc: UInt32 = 0) -> UInt32 {
    tarn_crc32c(crc, bytes.baseAddress, bytes.count)
  }
}
