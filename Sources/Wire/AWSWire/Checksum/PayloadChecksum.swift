import CTarnSystem
import Crypto
import Foundation
import NIOCore

/// A checksum of S3's flexible kind over a payload that streams by.
struct PayloadChecksum {
  private enum State {
    case crc32(UInt32)
    case crc32c(UInt32)
    case crc64nvme(UInt64)
    case sha1(Insecure.SHA1)
    case sha256(SHA256)
  }
  private var state: State

  /// - Parameter header: the header field or trailer that carries the value, `x-amz-checksum-crc32`.
  /// - Returns: `nil` for a name that is no checksum's.
  init?(header: String) {
    switch header {
    case "x-amz-checksum-crc32": state = .crc32(0)
    case "x-amz-checksum-crc32c": state = .crc32c(0)
    case "x-amz-checksum-crc64nvme": state = .crc64nvme(0)
    case "x-amz-checksum-sha1": state = .sha1(Insecure.SHA1())
    case "x-amz-checksum-sha256": state = .sha256(SHA256())
    default: return nil
    }
  }

  mutating func update(_ buffer: ByteBuffer) {
    buffer.withUnsafeReadableBytes { bytes in
      switch state {
      case .crc32(let sum): state = .crc32(tarn_crc32(sum, bytes.baseAddress, bytes.count))
      case .crc32c(let sum): state = .crc32c(tarn_crc32c(sum, bytes.baseAddress, bytes.count))
      case .crc64nvme(let sum): state = .crc64nvme(tarn_crc64nvme(sum, bytes.baseAddress, bytes.count))
      case .sha1(var hash):
        hash.update(bufferPointer: bytes)
        state = .sha1(hash)
      case .sha256(var hash):
        hash.update(bufferPointer: bytes)
        state = .sha256(hash)
      }
    }
  }

  /// The value as the header carries it: base64 of the big-endian bytes.
  var base64: String {
    switch state {
    case .crc32(let sum), .crc32c(let sum): withUnsafeBytes(of: sum.bigEndian) { Data($0).base64EncodedString() }
    case .crc64nvme(let sum): withUnsafeBytes(of: sum.bigEndian) { Data($0).base64EncodedString() }
    case .sha1(let hash): Data(hash.finalize()).base64EncodedString()
    case .sha256(let hash): Data(hash.finalize()).base64EncodedString()
    }
  }
}
