import CCompression
import CTarnSystem
package import Kernel
package import NIOCore

/// Writes an object in one of Firehose's compression formats, a part at a time.
package final class ObjectEncoder {
  package enum Failure: Error { case compression }

  private let format: S3Destination.Compression
  private let deflate: OpaquePointer?
  private var pending = ByteBuffer()
  private var begun = false
  // What a ZIP archive's directory says of its one file.
  private let entryName: String
  private let time: CivilTime
  private var checksum: UInt32 = 0
  private var plainBytes: UInt64 = 0
  private var packedBytes: UInt64 = 0

  /// Snappy blocks of both formats hold so much: what snappy-java writes.
  private static let snappyBlockBytes = 32 << 10

  /// - Parameters:
  ///   - entryName: the file's name within a ZIP archive.
  ///   - time: the file's time within a ZIP archive.
  package init(_ format: S3Destination.Compression, entryName: String, time: CivilTime) throws {
    self.format = format
    self.entryName = entryName
    self.time = time
    switch format {
    case .gzip, .zip:
      deflate = tarn_deflate_new(format == .gzip ? 1 : 0)
      guard deflate != nil else { throw Failure.compression }
    case .none, .snappy, .hadoopSnappy: deflate = nil
    }
  }

  deinit { tarn_deflate_free(deflate) }

  /// What the format puts behind an object's name ("Configure Amazon S3 object name format" in AWS's guide).
  package static func ending(_ format: S3Destination.Compression) -> String {
    switch format {
    case .none: ""
    case .gzip: ".gz"
    case .zip: ".zip"
    case .snappy: ".snappy"
    case .hadoopSnappy: ".hsnappy"
    }
  }

  /// The Content-Encoding that Firehose sets.
  package static func contentEncoding(_ format: S3Destination.Compression) -> String? {
    switch format {
    case .none: nil
    case .gzip: "gzip"
    case .zip: "zip"
    case .snappy: "snappy-java"
    case .hadoopSnappy: "hadoop-snappy"
    }
  }

  /// Takes bytes and gives what can be written already.
  package func write(_ bytes: ByteBuffer) throws -> ByteBuffer {
    switch format {
    case .none: return bytes
    case .gzip, .zip:
      var out = header()
      if format == .zip {
        checksum = bytes.withUnsafeReadableBytes {
          tarn_crc32(checksum, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)
        }
        plainBytes += UInt64(bytes.readableBytes)
      }
      try squeeze(bytes, finish: false, into: &out)
      return out
    case .snappy, .hadoopSnappy:
      var out = header()
      pending.writeImmutableBuffer(bytes)
      while let block = pending.readSlice(length: Self.snappyBlockBytes) { try snappy(block, into: &out) }
      pending.discardReadBytes()
      return out
    }
  }

  /// Ends the object.
  package func finish() throws -> ByteBuffer {
    var out = header()
    switch format {
    case .none: break
    case .gzip: try squeeze(ByteBuffer(), finish: true, into: &out)
    case .zip:
      try squeeze(ByteBuffer(), finish: true, into: &out)
      writeDirectory(to: &out)
    case .snappy, .hadoopSnappy:
      if pending.readableBytes > 0 { try snappy(pending, into: &out) }
      pending.clear()
    }
    return out
  }

  private func squeeze(_ bytes: ByteBuffer, finish: Bool, into out: inout ByteBuffer) throws {
    guard let deflate else { return }
    var rest = bytes
    while true {
      var taken = 0
      var filled = 0
      var result: Int32 = 0
      let room = max(4096, rest.readableBytes / 2)
      out.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
        result = rest.withUnsafeReadableBytes { input in
          tarn_deflate_run(
            deflate, input.bindMemory(to: UInt8.self).baseAddress, input.count, finish ? 1 : 0,
            target.bindMemory(to: UInt8.self).baseAddress, min(target.count, 1 << 30), &taken, &filled)
        }
        return filled
      }
      guard result >= 0 else { throw Failure.compression }
      packedBytes += UInt64(filled)
      rest.moveReaderIndex(forwardBy: taken)
      if finish ? result == 1 : rest.readableBytes == 0 { return }
    }
  }

  private func snappy(_ block: ByteBuffer, into out: inout ByteBuffer) throws {
    if format == .hadoopSnappy { out.writeInteger(UInt32(block.readableBytes)) }
    let lengthAt = out.writerIndex
    out.writeInteger(UInt32(0))
    var length = 0
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: tarn_snappy_bound(block.readableBytes)) { target in
      length = block.withUnsafeReadableBytes { input in
        tarn_snappy_compress(
          input.bindMemory(to: UInt8.self).baseAddress, input.count, target.bindMemory(to: UInt8.self).baseAddress)
      }
      return length
    }
    guard length > 0 else { throw Failure.compression }
    out.setInteger(UInt32(length), at: lengthAt)
  }

  /// What stands at an object's beginning, once.
  private func header() -> ByteBuffer {
    var out = ByteBuffer()
    guard !begun else { return out }
    begun = true
    switch format {
    case .snappy:
      // snappy-java's stream: its magic, version 1, readable since version 1.
      out.writeBytes([0x82] + Array("SNAPPY".utf8) + [0])
      out.writeInteger(UInt32(1))
      out.writeInteger(UInt32(1))
    case .zip:
      out.writeInteger(UInt32(0x0403_4b50), endianness: .little)
      writeEntry(to: &out, checksum: 0, packed: 0, plain: 0)
      out.writeInteger(UInt16(entryName.utf8.count), endianness: .little)
      out.writeInteger(UInt16(0), endianness: .little)
      out.writeString(entryName)
    case .none, .gzip, .hadoopSnappy: break
    }
    return out
  }

  /// The part that a ZIP archive's local header and directory share. Sizes follow the data (flag bit 3).
  private func writeEntry(to out: inout ByteBuffer, checksum: UInt32, packed: UInt32, plain: UInt32) {
    for number: UInt16 in [20, 1 << 3 | 1 << 11, 8] { out.writeInteger(number, endianness: .little) }
    let clock = UInt16(time.hour << 11 | time.minute << 5 | time.second / 2)
    let day = UInt16(clamping: max(0, time.year - 1980) << 9 | time.month << 5 | time.day)
    out.writeInteger(clock, endianness: .little)
    out.writeInteger(day, endianness: .little)
    for number in [checksum, packed, plain] { out.writeInteger(number, endianness: .little) }
  }

  private func writeDirectory(to out: inout ByteBuffer) {
    // Buffers end at 128 MiB, far below what 32 bits hold.
    let packed = UInt32(clamping: packedBytes)
    let plain = UInt32(clamping: plainBytes)
    for number in [UInt32(0x0807_4b50), checksum, packed, plain] { out.writeInteger(number, endianness: .little) }
    let nameBytes = entryName.utf8.count
    let directoryAt = UInt32(clamping: 30 + nameBytes + Int(packedBytes) + 16)
    out.writeInteger(UInt32(0x0201_4b50), endianness: .little)
    out.writeInteger(UInt16(20), endianness: .little)
    writeEntry(to: &out, checksum: checksum, packed: packed, plain: plain)
    out.writeInteger(UInt16(nameBytes), endianness: .little)
    for _ in 0..<4 { out.writeInteger(UInt16(0), endianness: .little) }
    for _ in 0..<2 { out.writeInteger(UInt32(0), endianness: .little) }
    out.writeString(entryName)
    out.writeInteger(UInt32(0x0605_4b50), endianness: .little)
    for number: UInt16 in [0, 0, 1, 1] { out.writeInteger(number, endianness: .little) }
    out.writeInteger(UInt32(46 + nameBytes), endianness: .little)
    out.writeInteger(directoryAt, endianness: .little)
    out.writeInteger(UInt16(0), endianness: .little)
  }
}
