import Firehose
import Kernel
import NIOCore
import Testing

@Suite struct EncoderTests {
  let time = CivilTime(year: 2026, month: 5, day: 19, hour: 12)
  let text = ByteBuffer(bytes: (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })

  func encode(_ format: S3Destination.Compression, partBytes: Int) throws -> ByteBuffer {
    let encoder = try ObjectEncoder(format, entryName: "records", time: time)
    var rest = text
    var out = ByteBuffer()
    while rest.readableBytes > 0, let part = rest.readSlice(length: min(partBytes, rest.readableBytes)) {
      out.writeImmutableBuffer(try encoder.write(part))
    }
    out.writeImmutableBuffer(try encoder.finish())
    return out
  }

  @Test func plainBytesStay() throws { #expect(try encode(.none, partBytes: 1000) == text) }

  @Test func gzipHasItsMark() throws {
    let bytes = try encode(.gzip, partBytes: 10_000)
    #expect(Array(bytes.readableBytesView.prefix(3)) == [0x1f, 0x8b, 8])
    #expect(bytes.readableBytes < text.readableBytes / 4)
    // The trailer ends with the plain length.
    #expect(bytes.getInteger(at: bytes.writerIndex - 4, endianness: .little, as: UInt32.self) == 200_000)
  }

  @Test func zipDirectoryPointsAtItsFile() throws {
    let bytes = try encode(.zip, partBytes: 10_000)
    #expect(bytes.getInteger(at: 0, endianness: .little, as: UInt32.self) == 0x0403_4b50)
    let end = bytes.writerIndex - 22
    #expect(bytes.getInteger(at: end, endianness: .little, as: UInt32.self) == 0x0605_4b50)
    let directory = Int(try #require(bytes.getInteger(at: end + 16, endianness: .little, as: UInt32.self)))
    #expect(bytes.getInteger(at: directory, endianness: .little, as: UInt32.self) == 0x0201_4b50)
    #expect(bytes.getInteger(at: directory + 24, endianness: .little, as: UInt32.self) == 200_000)
    let size = Int(try #require(bytes.getInteger(at: end + 12, endianness: .little, as: UInt32.self)))
    #expect(directory + size == end)
  }

  @Test func snappyBlocksDoNotDependOnTheParts() throws {
    let bytes = try encode(.snappy, partBytes: 999)
    #expect(bytes == (try encode(.snappy, partBytes: 100_000)))
    #expect(Array(bytes.readableBytesView.prefix(16)) == [0x82] + Array("SNAPPY".utf8) + [0, 0, 0, 0, 1, 0, 0, 0, 1])
    // Walk the blocks: each says its length.
    var rest = bytes
    rest.moveReaderIndex(forwardBy: 16)
    var blocks = 0
    while let length = rest.readInteger(as: UInt32.self) {
      let block = rest.readSlice(length: Int(length))
      #expect(block != nil)
      blocks += 1
    }
    #expect(blocks == 7)
  }

  @Test func hadoopBlocksSayTheirPlainLength() throws {
    var rest = try encode(.hadoopSnappy, partBytes: 5_000)
    var plain = 0
    while let length = rest.readInteger(as: UInt32.self) {
      plain += Int(length)
      let packed = rest.readInteger(as: UInt32.self) ?? .max
      let block = rest.readSlice(length: Int(packed))
      #expect(block != nil)
    }
    #expect(plain == 200_000)
  }
}
