import NIOCore

/// The `.metadata` object beside a result: a protocol buffer that lists the columns.
///
/// AWS does not document it. The layout here (field 4, one message a column: catalog 1, schema 2, table 3, name 4,
/// label 5, type 6, precision 7, scale 8, nullable 9, case sensitive 10) is the one that open readers of it use.
enum ResultMetadata {
  static func encode(_ columns: [ResultColumn]) -> ByteBuffer {
    var file = ByteBuffer()
    for column in columns {
      var message = ByteBuffer()
      string(1, "hive", &message)
      string(4, column.name, &message)
      string(5, column.name, &message)
      string(6, column.type, &message)
      number(7, UInt64(max(0, column.precision)), &message)
      number(8, UInt64(max(0, column.scale)), &message)
      number(9, 3, &message)  // nullable: unknown
      number(10, column.type == "varchar" ? 1 : 0, &message)
      tag(4, wire: 2, &file)
      varint(UInt64(message.readableBytes), &file)
      file.writeBuffer(&message)
    }
    return file
  }

  private static func tag(_ field: UInt64, wire: UInt64, _ buffer: inout ByteBuffer) {
    varint(field << 3 | wire, &buffer)
  }

  private static func string(_ field: UInt64, _ text: String, _ buffer: inout ByteBuffer) {
    tag(field, wire: 2, &buffer)
    varint(UInt64(text.utf8.count), &buffer)
    buffer.writeString(text)
  }

  private static func number(_ field: UInt64, _ value: UInt64, _ buffer: inout ByteBuffer) {
    tag(field, wire: 0, &buffer)
    varint(value, &buffer)
  }

  private static func varint(_ value: UInt64, _ buffer: inout ByteBuffer) {
    var rest = value
    while rest >= 0x80 {
      buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    buffer.writeInteger(UInt8(rest))
  }
}
