import CTarnSystem
public import NIOCore

/// Messages of `application/vnd.amazon.eventstream`: the lengths of the message and of its headers with a checksum
/// over both, the headers, the payload, a checksum over all. Numbers are big-endian, checksums CRC-32.
public enum EventMessage {
  public static let contentType = "application/vnd.amazon.eventstream"
  /// Headers hold text here; the format knows nine types more.
  private static let textHeader: UInt8 = 7
  private static let preludeBytes = 12
  private static let checksumBytes = 4

  public static func event(_ name: String, contentType: String, _ payload: ByteBuffer) -> ByteBuffer {
    message([(":event-type", name), (":content-type", contentType), (":message-type", "event")], payload)
  }

  public static func exception(_ name: String, contentType: String, _ payload: ByteBuffer) -> ByteBuffer {
    message([(":exception-type", name), (":content-type", contentType), (":message-type", "exception")], payload)
  }

  static func message(_ headers: [(name: String, value: String)], _ payload: ByteBuffer) -> ByteBuffer {
    let headerBytes = headers.reduce(0) { $0 + 1 + $1.name.utf8.count + 1 + 2 + $1.value.utf8.count }
    let total = preludeBytes + headerBytes + payload.readableBytes + checksumBytes
    var out = ByteBuffer()
    out.reserveCapacity(total)
    out.writeInteger(UInt32(truncatingIfNeeded: total))
    out.writeInteger(UInt32(truncatingIfNeeded: headerBytes))
    out.writeInteger(checksum(out))
    for (name, value) in headers {
      out.writeInteger(UInt8(truncatingIfNeeded: name.utf8.count))
      out.writeString(name)
      out.writeInteger(textHeader)
      out.writeInteger(UInt16(truncatingIfNeeded: value.utf8.count))
      out.writeString(value)
    }
    out.writeImmutableBuffer(payload)
    out.writeInteger(checksum(out))
    return out
  }

  private static func checksum(_ bytes: ByteBuffer) -> UInt32 {
    bytes.withUnsafeReadableBytes { tarn_crc32(0, $0.baseAddress, $0.count) }
  }
}
