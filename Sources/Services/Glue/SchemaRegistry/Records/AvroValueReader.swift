import AWSWire
import Kernel

/// Reads one Avro datum, in the binary encoding, with its writer's schema.
///
/// Bytes become base64, enumerations their symbols, moments and dates text as SQL has it, decimals numbers; a union is
/// its value.
struct AvroValueReader {
  private let document: AvroDocument
  private var bytes: ByteCursor
  private var valuesLeft = Limits.recordValuesMax

  private init(_ bytes: [UInt8], _ document: AvroDocument) {
    self.document = document
    self.bytes = ByteCursor(bytes)
  }

  static func value(_ bytes: [UInt8], _ document: AvroDocument) throws(RegistryRecord.Unreadable) -> JSONNode {
    var reader = AvroValueReader(bytes, document)
    let value = try reader.value(document.root, depth: 0)
    guard reader.bytes.isAtEnd else {
      throw RegistryRecord.Unreadable("Bytes follow the record's value: it was not written with its schema.")
    }
    return value
  }

  private mutating func value(_ schema: AvroSchema, depth: Int) throws(RegistryRecord.Unreadable) -> JSONNode {
    guard depth <= Limits.recordDepthMax, valuesLeft > 0 else {
      throw RegistryRecord.Unreadable("The record's values are too many, or nested too deep.")
    }
    valuesLeft -= 1
    switch schema {
    case .null: return .null
    case .boolean: return .bool(try bytes.take(1).first != 0)
    case .int, .long: return .number(String(try bytes.zigzag()))
    case .float: return .real(Float(bitPattern: try bytes.littleEndian()))
    case .double: return .real(Double(bitPattern: try bytes.littleEndian()))
    case .bytes: return .string(Base64.encode(try block()))
    case .string: return .string(try bytes.text(count()))
    case .array(let items):
      var elements: [JSONNode] = []
      while let count = try blockCount() {
        for _ in 0..<count { elements.append(try value(items, depth: depth + 1)) }
      }
      return .array(elements)
    case .map(let values):
      var members: [JSONNode.Member] = []
      while let count = try blockCount() {
        for _ in 0..<count {
          let key = try bytes.text(self.count())
          members.append(.init(key, try value(values, depth: depth + 1)))
        }
      }
      return .object(members)
    case .union(let branches):
      let index = try bytes.zigzag()
      guard branches.indices.contains(Int(index)) else {
        throw RegistryRecord.Unreadable("A union has no branch \(index).")
      }
      return try value(branches[Int(index)], depth: depth + 1)
    case .named(let name): return try named(name, depth: depth)
    case .logical(let meaning, let base): return try logical(meaning, base, depth: depth)
    case .decimal(_, let scale, let base): return .number(Self.decimal(try unscaled(base), scale: scale))
    }
  }

  private mutating func named(_ name: String, depth: Int) throws(RegistryRecord.Unreadable) -> JSONNode {
    switch document.named[name] {
    case .record(let fields)?:
      var members: [JSONNode.Member] = []
      for field in fields { members.append(.init(field.name, try value(field.type, depth: depth + 1))) }
      return .object(members)
    case .fixed(let size)?: return .string(Base64.encode(try bytes.take(size)))
    case .enumeration(let symbols, _)?:
      let index = try bytes.zigzag()
      guard symbols.indices.contains(Int(index)) else {
        throw RegistryRecord.Unreadable("The enumeration \(name) has no symbol \(index).")
      }
      return .string(symbols[Int(index)])
    case nil: throw RegistryRecord.Unreadable("The type \(name) is not defined.")
    }
  }

  private mutating func logical(
    _ meaning: String, _ base: AvroSchema, depth: Int
  ) throws(RegistryRecord.Unreadable) -> JSONNode {
    let perSecond: Int64
    switch (meaning, base) {
    case ("date", .int):
      return .string(try MomentText.date(days: bytes.zigzag()))
    case ("timestamp-millis", .long), ("local-timestamp-millis", .long): perSecond = 1_000
    case ("timestamp-micros", .long), ("local-timestamp-micros", .long): perSecond = 1_000_000
    default: return try value(base, depth: depth + 1)
    }
    let count = try bytes.zigzag()
    let seconds = count.floorDivide(perSecond)
    let nanoseconds = (count - seconds * perSecond) * (1_000_000_000 / perSecond)
    return .string(try MomentText.timestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  private mutating func count() throws(RegistryRecord.Unreadable) -> Int {
    guard let count = Int(exactly: try bytes.zigzag()), count >= 0 else {
      throw RegistryRecord.Unreadable("A length below 0.")
    }
    return count
  }

  private mutating func block() throws(RegistryRecord.Unreadable) -> ArraySlice<UInt8> { try bytes.take(count()) }

  /// Values of the next block of an array or a map; `nil` at its end.
  private mutating func blockCount() throws(RegistryRecord.Unreadable) -> UInt64? {
    let count = try bytes.zigzag()
    // A block whose count is below 0 says how many bytes it has.
    if count < 0 { _ = try bytes.zigzag() }
    return count == 0 ? nil : count.magnitude
  }

  private mutating func unscaled(_ base: AvroSchema) throws(RegistryRecord.Unreadable) -> ArraySlice<UInt8> {
    var found = ArraySlice<UInt8>()
    if case .named(let name) = base, case .fixed(let size)? = document.named[name] {
      found = try bytes.take(size)
    } else {
      found = try block()
    }
    guard found.count <= Self.decimalBytesMax else {
      throw RegistryRecord.Unreadable("A decimal of \(found.count) bytes is too large.")
    }
    return found
  }

  /// Far more than Hive's 38 digits take.
  private static let decimalBytesMax = 64

  /// - Parameter bytes: two's complement, the highest byte first.
  private static func decimal(_ bytes: ArraySlice<UInt8>, scale: Int) -> String {
    let isNegative = bytes.first.map { $0 >= 0x80 } ?? false
    var magnitude = Array(bytes)
    if isNegative {
      var carry: UInt16 = 1
      for index in magnitude.indices.reversed() {
        let sum = UInt16(~magnitude[index]) + carry
        magnitude[index] = UInt8(truncatingIfNeeded: sum)
        carry = sum >> 8
      }
    }
    var digits: [UInt8] = []
    while magnitude.contains(where: { $0 != 0 }) || digits.count <= scale {
      var rest: UInt16 = 0
      for index in magnitude.indices {
        let value = rest << 8 | UInt16(magnitude[index])
        magnitude[index] = UInt8(value / 10)
        rest = value % 10
      }
      digits.append(48 + UInt8(rest))
    }
    var text = String(decoding: digits.reversed(), as: UTF8.self)
    if scale > 0 { text.insert(".", at: text.index(text.endIndex, offsetBy: -scale)) }
    return isNegative ? "-" + text : text
  }
}

extension JSONNode {
  /// A number, or its name where JSON has no number for it.
  static func real<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ number: Number) -> JSONNode {
    if number.isNaN { return .string("NaN") }
    if number.isInfinite { return .string(number < 0 ? "-Infinity" : "Infinity") }
    return .number(String(number))
  }
}

/// Dates and moments as SQL writes them.
enum MomentText {
  /// Days from 1970-01-01 on that have a date of four digits for the year.
  private static let days: ClosedRange<Int64> = -719_162...2_932_896

  static func date(days: Int64) throws(RegistryRecord.Unreadable) -> String {
    guard Self.days.contains(days) else { throw RegistryRecord.Unreadable("A date outside of the years 1 to 9999.") }
    return String(text(civil(days)).prefix(10))
  }

  /// - Parameter nanoseconds: 0 ..< 1,000,000,000.
  static func timestamp(seconds: Int64, nanoseconds: Int64) throws(RegistryRecord.Unreadable) -> String {
    let day = seconds.floorDivide(86_400)
    guard days.contains(day) else { throw RegistryRecord.Unreadable("A moment outside of the years 1 to 9999.") }
    var time = civil(day)
    let rest = Int(seconds - day * 86_400)
    (time.hour, time.minute, time.second) = (rest / 3600, rest / 60 % 60, rest % 60)
    time.nanosecond = Int(nanoseconds)
    return text(time)
  }

  /// `Timestamp` reaches from 1677 to 2262; the calendar is the same every 400 years.
  private static func civil(_ days: Int64) -> CivilTime {
    let era = (days + 73_048).floorDivide(146_097)
    var time = CivilTime(Timestamp(seconds: (days - era * 146_097) * 86_400))
    time.year += Int(era) * 400
    return time
  }

  private static func text(_ time: CivilTime) -> String {
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    return "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2)) \(padded(time.hour, 2)):"
      + "\(padded(time.minute, 2)):\(padded(time.second, 2)).\(padded(time.nanosecond / 1000, 6))"
  }
}

/// Takes what binary formats are made of from the front of some bytes.
struct ByteCursor {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }
  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ count: Int) throws(RegistryRecord.Unreadable) -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else { throw RegistryRecord.Unreadable("The record ends too early.") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func text(_ count: Int) throws(RegistryRecord.Unreadable) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw RegistryRecord.Unreadable("A string that is not UTF-8.")
    }
    return text
  }

  /// An integer of groups of seven bits, the lowest first.
  mutating func varint() throws(RegistryRecord.Unreadable) -> UInt64 {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try take(1).first ?? 0
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
    }
    throw RegistryRecord.Unreadable("A number of more than ten bytes.")
  }

  /// A varint whose lowest bit is the sign.
  mutating func zigzag() throws(RegistryRecord.Unreadable) -> Int64 {
    let number = try varint()
    return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }

  mutating func littleEndian<Number: FixedWidthInteger>() throws(RegistryRecord.Unreadable) -> Number {
    let taken = try take(Number.bitWidth / 8)
    return taken.reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}
