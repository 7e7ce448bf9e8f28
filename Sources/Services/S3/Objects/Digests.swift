import Crypto
import NIOCore

/// What was computed over a body.
struct Digests: Sendable {
  var bytes: UInt64 = 0
  /// Sixteen bytes.
  var md5: [UInt8] = []
  var checksums: [ChecksumAlgorithm: [UInt8]] = [:]
}

/// MD5 and the wanted checksums, computed as the bytes come.
struct RunningDigests {
  private var bytes: UInt64 = 0
  private var md5 = Insecure.MD5()
  private var checksums: [(algorithm: ChecksumAlgorithm, running: RunningChecksum)]

  init(_ algorithms: Set<ChecksumAlgorithm>) {
    checksums = algorithms.map { ($0, RunningChecksum($0)) }
  }

  mutating func update(_ buffer: ByteBuffer) {
    buffer.withUnsafeReadableBytes { bytes in
      self.bytes += UInt64(bytes.count)
      md5.update(bufferPointer: bytes)
      for index in checksums.indices { checksums[index].running.update(bytes) }
    }
  }

  func finish() -> Digests {
    var result = Digests(bytes: bytes, md5: Array(md5.finalize()))
    for (algorithm, running) in checksums { result.checksums[algorithm] = running.finish() }
    return result
  }
}

enum MD5 {
  static func of(_ bytes: [UInt8]) -> [UInt8] { Array(Insecure.MD5.hash(data: bytes)) }
}
