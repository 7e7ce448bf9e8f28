import CTarnSystem
import Kernel
import NIOCore

/// Writes shapes as JSON.
final class JSONShapeEncoder: ShapeEncoder {
  private let sink = ByteSink()
  /// Whether a comma must come before the next member or element.
  private var needsComma = false

  var buffer: ByteBuffer { get throws(WireFault) { try sink.buffer } }

  override func beginStructure(_ schema: StructureSchema) { open("{") }
  override func endStructure(_ schema: StructureSchema) { close("}") }
  override func beforeMember(_ member: MemberSchema) {
    comma()
    sink.write(member.jsonKey)
  }
  override func beginList(_ traits: ValueTraits?, count: Int) { open("[") }
  override func beforeElement(_ traits: ValueTraits?) { comma() }
  override func endList(_ traits: ValueTraits?) { close("]") }
  override func beginMap(_ traits: ValueTraits?, count: Int) { open("{") }
  override func beforeKey(_ key: String, _ traits: ValueTraits?) {
    comma()
    string(key)
    sink.write(":" as StaticString)
  }
  override func endMap(_ traits: ValueTraits?) { close("}") }

  private func open(_ mark: StaticString) {
    sink.write(mark)
    needsComma = false
  }
  private func close(_ mark: StaticString) {
    sink.write(mark)
    needsComma = true
  }
  private func comma() {
    if needsComma { sink.write("," as StaticString) }
    needsComma = true
  }

  override func string(_ value: String) { JSONText.write(value, to: sink) }
  override func integer(_ value: Int64) { sink.write(value) }
  override func bool(_ value: Bool) { sink.write(value ? "true" as StaticString : "false") }

  override func double(_ value: Double) {
    if value.isFinite { sink.write(NumberText.write(value)) } else { string(NumberText.write(value)) }
  }

  override func timestamp(_ value: Timestamp) {
    let format = traits?.timestampFormat ?? .unixTimestamp
    if format == .unixTimestamp, value.nanoseconds >= 0 {
      let milliseconds = value.milliseconds
      sink.write(milliseconds / 1000)
      let fraction = milliseconds % 1000
      guard fraction > 0 else { return }
      sink.write(fraction < 10 ? ".00" as StaticString : fraction < 100 ? ".0" : ".")
      sink.write(fraction)
    } else {
      let text = TimestampText.write(value, format)
      if format == .unixTimestamp { sink.write(text) } else { string(text) }
    }
  }

  override func blob(_ value: ByteBuffer) {
    let length = (value.readableBytes + 2) / 3 * 4
    sink.write("\"" as StaticString)
    value.withUnsafeReadableBytes { bytes in
      guard length > 0, let from = bytes.bindMemory(to: UInt8.self).baseAddress, let to = sink.reserve(length)
      else { return }
      tarn_base64_encode(to, from, bytes.count)
      sink.advance(length)
    }
    sink.write("\"" as StaticString)
  }
}

/// Strings as JSON writes them.
enum JSONText {
  private static let digits: StaticString = "0123456789abcdef"

  /// Writes a string with its quotation marks.
  static func write(_ value: String, to sink: ByteSink) {
    var value = value
    sink.write("\"" as StaticString)
    value.withUTF8 { units in
      guard let start = units.baseAddress else { return }
      var at = 0
      while at < units.count {
        let plain = tarn_json_plain(start + at, units.count - at)
        sink.write(UnsafeBufferPointer(start: start + at, count: plain))
        at += plain
        if at < units.count {
          escape(units[at], sink)
          at += 1
        }
      }
    }
    sink.write("\"" as StaticString)
  }

  private static func escape(_ unit: UInt8, _ sink: ByteSink) {
    switch unit {
    case UInt8(ascii: "\""): sink.write("\\\"" as StaticString)
    case UInt8(ascii: "\\"): sink.write("\\\\" as StaticString)
    case 0x0A: sink.write("\\n" as StaticString)
    case 0x0D: sink.write("\\r" as StaticString)
    case 0x09: sink.write("\\t" as StaticString)
    default:
      sink.write("\\u00" as StaticString)
      sink.write(digits.utf8Start[Int(unit >> 4)])
      sink.write(digits.utf8Start[Int(unit & 15)])
    }
  }
}
