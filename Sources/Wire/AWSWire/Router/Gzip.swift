import CTarnSystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Request bodies that come compressed.
enum Gzip {
  /// - Throws: `WireFault` when the body is no gzip stream, or holds more than `limit` bytes.
  static func unpack(_ body: ByteBuffer, limit: Int) throws -> ByteBuffer {
    var content: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = body.withUnsafeReadableBytes { bytes in
      tarn_gunzip(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, limit, &content, &count)
    }
    defer { free(content) }
    switch result {
    case 0: return ByteBuffer(bytes: UnsafeBufferPointer(start: content, count: count))
    case 1: throw WireFault.malformed("The request body is not a gzip stream")
    default: throw WireFault.tooLarge(limit: limit)
    }
  }
}
