public import NIOCore

/// Values of parameters that come in PostgreSQL's binary format, turned into its text format.
public enum BinaryParameters {
  /// Microseconds from 1970 to 2000, which the binary format counts from.
  static let epochMicroseconds: Int64 = 946_684_800_000_000
  static let epochDays: Int32 = 10_957

  /// - Parameter index: the parameter's place from 1, for errors.
  /// - Throws: `22P03` for a length that the type does not have, `22021` for broken text.
  public static func text(_ value: ByteBuffer, oid: UInt32, index: Int) throws(PostgresError) -> String {
    var value = value
    let text: String? =
      switch oid {
      case 16: value.readInteger(as: UInt8.self).map { $0 == 0 ? "f" : "t" }
      case 20, 21, 23, 26: integer(&value, isUnsigned: oid == 26)
      case 700: value.readInteger(as: UInt32.self).map { floating(Float(bitPattern: $0)) }
      case 701: value.readInteger(as: UInt64.self).map { floating(Double(bitPattern: $0)) }
      case 17: "\\x" + hex(&value)
      case 6551: hex(&value)
      case 1082: value.readInteger(as: Int32.self).map(date)
      case 1083: value.readInteger(as: Int64.self).flatMap(time)
      case 1266: timeTZ(&value)
      case 1114: value.readInteger(as: Int64.self).map { timestamp($0, zone: "") }
      case 1184: value.readInteger(as: Int64.self).map { timestamp($0, zone: "+00") }
      case 1186: interval(&value)
      case 1188: value.readInteger(as: Int32.self).map { "\($0) mons" }
      case 1190:
        value.readInteger(as: Int64.self).map {
          "\($0 / microsecondsPerDay) days \(intervalTime($0 % microsecondsPerDay))"
        }
      case 1700: numeric(&value)
      case 2950: uuid(&value)
      case let oid where ArrayFormat.isArray(oid): try ArrayFormat.text(&value)
      default: try all(&value)
      }
    guard let text, value.readableBytes == 0 else {
      throw PostgresError("22P03", "incorrect binary data format in bind parameter \(index)")
    }
    return text
  }

  /// The value as text; it ends before a zero byte, which is no character of a text.
  public static func plainText(_ value: ByteBuffer) throws(PostgresError) -> String {
    var value = value
    return try all(&value)
  }

  private static func all(_ value: inout ByteBuffer) throws(PostgresError) -> String {
    let end = value.readableBytesView.firstIndex(of: 0) ?? value.writerIndex
    let front = value.getSlice(at: value.readerIndex, length: end - value.readerIndex) ?? ByteBuffer()
    let text = try front.utf8Text()
    value.moveReaderIndex(to: value.writerIndex)
    return text
  }

  /// Of any width: clients bind the width of the number, not of the column.
  private static func integer(_ value: inout ByteBuffer, isUnsigned: Bool) -> String? {
    switch value.readableBytes {
    case 2: value.readInteger(as: Int16.self).map(String.init)
    case 4 where isUnsigned: value.readInteger(as: UInt32.self).map(String.init)
    case 4: value.readInteger(as: Int32.self).map(String.init)
    case 8: value.readInteger(as: Int64.self).map(String.init)
    default: nil
    }
  }

  private static func floating(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
    value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : value.description
  }

  private static func hex(_ value: inout ByteBuffer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(value.readableBytes * 2)
    while let byte = value.readInteger(as: UInt8.self) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// What a row's text would say of the value.
  private static func written(_ write: (RowBuffer) -> Void) -> String {
    let buffer = RowBuffer(capacity: 256)
    write(buffer)
    var bytes = ByteBuffer()
    buffer.move(to: &bytes)
    bytes.moveReaderIndex(forwardBy: min(4, bytes.readableBytes))
    return String(buffer: bytes)
  }

  private static func date(_ days: Int32) -> String {
    if days == .max || days == .min { return days > 0 ? "infinity" : "-infinity" }
    let (shifted, overflow) = days.addingReportingOverflow(epochDays)
    return written { $0.dateText(overflow ? .max : shifted) }
  }

  private static func timestamp(_ microseconds: Int64, zone: StaticString) -> String {
    if microseconds == .max || microseconds == .min { return microseconds > 0 ? "infinity" : "-infinity" }
    let (shifted, overflow) = microseconds.addingReportingOverflow(epochMicroseconds)
    return written { $0.timestampText(overflow ? .max : shifted, zone: zone) }
  }

  private static func time(_ microseconds: Int64) -> String? {
    guard (0...86_400_000_000).contains(microseconds) else { return nil }
    return written { $0.timeText(microseconds) }
  }

  private static func timeTZ(_ value: inout ByteBuffer) -> String? {
    guard let microseconds = value.readInteger(as: Int64.self), let west = value.readInteger(as: Int32.self),
      (-86_400...86_400).contains(west), let time = time(microseconds)
    else { return nil }
    let seconds = Int(west.magnitude)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    var zone = "\(west > 0 ? "-" : "+")\(two(seconds / 3600))"
    if seconds % 3600 != 0 { zone += ":\(two(seconds / 60 % 60))" }
    if seconds % 60 != 0 { zone += ":\(two(seconds % 60))" }
    return time + zone
  }

  /// With days (16 bytes, PostgreSQL 8.1 and later) or without (12 bytes, Redshift's).
  private static func interval(_ value: inout ByteBuffer) -> String? {
    let hasDays = value.readableBytes == 16
    guard let microseconds = value.readInteger(as: Int64.self) else { return nil }
    var days: Int32 = 0
    if hasDays { days = value.readInteger(as: Int32.self) ?? 0 }
    guard let months = value.readInteger(as: Int32.self) else { return nil }
    return "\(months) mons \(days) days \(intervalTime(microseconds))"
  }

  private static let microsecondsPerDay: Int64 = 86_400_000_000

  private static func intervalTime(_ microseconds: Int64) -> String {
    let magnitude = microseconds.magnitude
    let seconds = magnitude / 1_000_000
    func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let fraction = String(magnitude % 1_000_000 + 1_000_000).dropFirst()
    let clock = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(fraction)"
    return microseconds < 0 ? "-" + clock : clock
  }

  /// Groups of four decimal digits.
  private static func numeric(_ value: inout ByteBuffer) -> String? {
    guard let count = value.readInteger(as: UInt16.self), let weight = value.readInteger(as: Int16.self),
      let sign = value.readInteger(as: UInt16.self), let scale = value.readInteger(as: UInt16.self),
      value.readableBytes == Int(count) * 2, scale <= 16_383
    else { return nil }
    switch sign {
    case 0, 0x4000: break
    case 0xC000: return "NaN"
    case 0xD000: return "Infinity"
    case 0xF000: return "-Infinity"
    default: return nil
    }
    var groups: [UInt16] = []
    for _ in 0..<count {
      guard let group = value.readInteger(as: UInt16.self), group < 10_000 else { return nil }
      groups.append(group)
    }
    func group(_ index: Int) -> String {
      let digits = String(index >= 0 && index < groups.count ? Int(groups[index]) + 10_000 : 10_000)
      return String(digits.dropFirst())
    }
    var text = ""
    if weight < 0 {
      text = "0"
    } else {
      // What no group says is zero; more of those than a number has digits is nonsense.
      guard weight < 4_096 else { return nil }
      for index in 0...Int(weight) { text += group(index) }
      let trimmed = text.drop { $0 == "0" }
      text = trimmed.isEmpty ? "0" : String(trimmed)
    }
    if scale > 0 {
      var fraction = ""
      var index = Int(weight) + 1
      while fraction.count < Int(scale) {
        fraction += group(index)
        index += 1
      }
      text += "." + fraction.prefix(Int(scale))
    }
    return sign == 0x4000 ? "-" + text : text
  }

  private static func uuid(_ value: inout ByteBuffer) -> String? {
    guard value.readableBytes == 16 else { return nil }
    let digits = Array(hex(&value).utf8)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
      .joined(separator: "-")
  }
}
