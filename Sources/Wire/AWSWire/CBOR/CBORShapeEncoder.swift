import Kernel
import NIOCore

/// Writes shapes as CBOR (RFC 8949).
final class CBORShapeEncoder: ShapeEncoder {
  private let sink = ByteSink()
  private let millisecondDates: Bool

  var buffer: ByteBuffer { get throws(WireFault) { try sink.buffer } }

  init(millisecondDates: Bool) { self.millisecondDates = millisecondDates }

  private func head(_ major: UInt8, _ value: UInt64) {
    switch value {
    case 0..<24: sink.write(major << 5 | UInt8(value))
    case 24...0xFF: bytes(major << 5 | 24, value, 1)
    case 0x100...0xFFFF: bytes(major << 5 | 25, value, 2)
    case 0x1_0000...0xFFFF_FFFF: bytes(major << 5 | 26, value, 4)
    default: bytes(major << 5 | 27, value, 8)
    }
  }

  /// An initial byte and the low `count` bytes of `value`, the high ones first.
  private func bytes(_ initial: UInt8, _ value: UInt64, _ count: Int) {
    sink.write(initial)
    for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
      sink.write(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  // How many members will come is not known at a structure's beginning: it ends with a break.
  override func beginStructure(_ schema: StructureSchema) { sink.write(UInt8(0xBF)) }
  override func endStructure(_ schema: StructureSchema) { sink.write(UInt8(0xFF)) }
  override func beforeMember(_ member: MemberSchema) { string(member.wireName) }
  override func beginList(_ traits: ValueTraits?, count: Int) { head(4, UInt64(count)) }
  override func beginMap(_ traits: ValueTraits?, count: Int) { head(5, UInt64(count)) }
  override func beforeKey(_ key: String, _ traits: ValueTraits?) { string(key) }

  override func string(_ value: String) {
    head(3, UInt64(value.utf8.count))
    sink.write(value)
  }
  override func integer(_ value: Int64) {
    if value >= 0 { head(0, UInt64(value)) } else { head(1, UInt64(-1 - value)) }
  }
  override func double(_ value: Double) {
    bytes(0xFB, value.bitPattern, 8)
  }
  override func bool(_ value: Bool) { sink.write(UInt8(value ? 0xF5 : 0xF4)) }
  override func blob(_ value: ByteBuffer) {
    head(2, UInt64(value.readableBytes))
    sink.write(value)
  }
  override func timestamp(_ value: Timestamp) {
    head(6, 1)
    if millisecondDates {
      integer(value.milliseconds)
    } else if value.nanoseconds % 1_000_000_000 == 0 {
      integer(value.seconds)
    } else {
      double(Double(value.milliseconds) / 1000)
    }
  }
}
