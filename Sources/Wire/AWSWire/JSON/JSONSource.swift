import CTarnSystem
import Kernel
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads JSON by pulling tokens from bytes: no tree, and strings only where a shape keeps one.
///
/// The bytes must outlive the source.
final class JSONSource: ValueSource {
  private let bytes: UnsafePointer<UInt8>
  private let count: Int
  private var at = 0
  /// Whether the container at hand has given nothing yet.
  private var isFresh = true
  /// The member that would come next if the client writes members in the order it did last time.
  private var hint = 0

  init(_ buffer: UnsafeRawBufferPointer) {
    // An empty body has no address; one byte of zero never is read, as `count` is zero.
    bytes = buffer.bindMemory(to: UInt8.self).baseAddress ?? UnsafePointer(Self.nothing)
    count = buffer.count
  }

  nonisolated(unsafe) private static let nothing = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

  // MARK: Structures, lists, maps

  override func enterStructure(_ schema: StructureSchema) throws {
    try open("{", "structure or map")
    hint = 0
  }

  override func nextMember(_ schema: StructureSchema) throws -> Int {
    while try nextPair() {
      let (start, length, isPlain) = try scanString()
      try takeColon()
      let member: Int
      if isPlain {
        member = schema.bodyNames.find(UnsafeRawBufferPointer(start: bytes + start, count: length), hint: hint)
      } else {
        member = schema.bodyNames.find(try text(start, length, isPlain: false))
      }
      if try takeNull() { continue }
      if member >= 0 {
        hint = member + 1
        return member
      }
      try skipValue()
    }
    return -1
  }

  override func enterList(_ traits: ValueTraits?) throws { try open("[", "list") }

  override func nextElement() throws -> Bool {
    try skipSpace()
    if bytes[at] == UInt8(ascii: "]") {
      at += 1
      isFresh = false
      return false
    }
    if !isFresh {
      try take(",")
      try skipSpace()
      guard bytes[at] != UInt8(ascii: "]") else { throw broken }
    }
    return true
  }

  override func enterMap(_ traits: ValueTraits?) throws { try open("{", "structure or map") }

  override func nextKey() throws -> String? {
    guard try nextPair() else { return nil }
    let (start, length, isPlain) = try scanString()
    let key = try text(start, length, isPlain: isPlain)
    try takeColon()
    return key
  }

  private func open(_ mark: Character, _ kind: String) throws {
    try skipSpace()
    guard bytes[at] == mark.asciiValue else {
      throw isValueStart
        ? WireFault.mismatch(
          mark == "{" ? "Unexpected field type" : "Expected list or null") : broken
    }
    at += 1
    isFresh = true
  }

  /// Steps to the next key of an object; false once the object has been left.
  private func nextPair() throws -> Bool {
    try skipSpace()
    if bytes[at] == UInt8(ascii: "}") {
      at += 1
      isFresh = false
      return false
    }
    if !isFresh {
      try take(",")
      try skipSpace()
    }
    guard bytes[at] == UInt8(ascii: "\"") else { throw broken }
    return true
  }

  private func takeColon() throws {
    try take(":")
    try skipSpace()
  }

  // MARK: Scalars

  override func takeNull() throws -> Bool {
    try skipSpace()
    guard bytes[at] == UInt8(ascii: "n") else { return false }
    try word("null")
    isFresh = false
    return true
  }

  override func string() throws -> String {
    try expectString("a String")
    let (start, length, isPlain) = try scanString()
    isFresh = false
    return try text(start, length, isPlain: isPlain)
  }

  override func blob() throws -> ByteBuffer {
    try expectString("a byte array")
    let (start, length, isPlain) = try scanString()
    isFresh = false
    guard isPlain else {
      // A base64 text may escape its slashes.
      let plain = Array(try text(start, length, isPlain: false).utf8)
      return try plain.withUnsafeBufferPointer { try Self.base64($0.baseAddress ?? bytes, $0.count) }
    }
    return try Self.base64(bytes + start, length)
  }

  private static func base64(_ start: UnsafePointer<UInt8>, _ length: Int) throws -> ByteBuffer {
    let room = length / 4 * 3
    var buffer = ByteBufferAllocator().buffer(capacity: room)
    var written = 0
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
      guard room > 0, let base = space.bindMemory(to: UInt8.self).baseAddress else {
        written = length == 0 ? 0 : -1
        return 0
      }
      written = tarn_base64_decode(base, start, length)
      return max(0, written)
    }
    guard written >= 0 else { throw WireFault.mismatch("Could not decode the value as base64") }
    return buffer
  }

  override func bool() throws -> Bool {
    try skipSpace()
    switch bytes[at] {
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"):
      try word("false")
      isFresh = false
      return false
    default: throw wrong("a Boolean")
    }
    isFresh = false
    return true
  }

  override func integer(_ kind: IntegerKind) throws -> Int64 {
    let (start, length) = try scanNumber(kind.rawValue)
    var value: Int64 = 0
    let negative = bytes[start] == UInt8(ascii: "-")
    for index in (negative ? start + 1 : start)..<start + length {
      guard bytes[index].isDigit else { return try integral(start, length, kind) }
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, overSum) = tens.subtractingReportingOverflow(Int64(bytes[index] - 48))
      guard !over, !overSum else { throw WireFault.mismatch("NUMBER_VALUE can not be converted to \(kind.rawValue)") }
      value = sum
    }
    // Gathered below zero, where one more value fits.
    if !negative {
      guard value != .min else { throw WireFault.mismatch("NUMBER_VALUE can not be converted to \(kind.rawValue)") }
      value = -value
    }
    guard kind.holds(value) else { throw WireFault.mismatch("NUMBER_VALUE can not be converted to \(kind.rawValue)") }
    return value
  }

  /// A number with a fraction or an exponent, which is an integer all the same (`1e3`, `5.0`).
  private func integral(_ start: Int, _ length: Int, _ kind: IntegerKind) throws -> Int64 {
    let text = try text(start, length, isPlain: true)
    guard let value = NumberText.double(text), let whole = Int64(exactly: value), kind.holds(whole) else {
      throw WireFault.mismatch("NUMBER_VALUE can not be converted to \(kind.rawValue)")
    }
    return whole
  }

  override func double() throws -> Double {
    try skipSpace()
    if bytes[at] == UInt8(ascii: "\"") {
      let word = try string()
      guard ["NaN", "Infinity", "-Infinity"].contains(word), let value = NumberText.double(word) else {
        throw WireFault.mismatch("STRING_VALUE can not be converted to a Double")
      }
      return value
    }
    let (start, length) = try scanNumber("a Double")
    guard let value = NumberText.double(try text(start, length, isPlain: true)) else { throw broken }
    return value
  }

  override func timestamp(_ format: TimestampFormat?) throws -> Timestamp {
    try skipSpace()
    if bytes[at] == UInt8(ascii: "\"") {
      guard let moment = TimestampText.read(try string()) else {
        throw WireFault.mismatch("STRING_VALUE can not be converted to a Timestamp")
      }
      return moment
    }
    let (start, length) = try scanNumber("a Timestamp")
    guard let moment = TimestampText.readUnix(try text(start, length, isPlain: true)) else { throw broken }
    return moment
  }

  // MARK: Tokens

  /// Skips space, and makes sure that a byte follows.
  private func skipSpace() throws {
    while at < count {
      switch bytes[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
    throw broken
  }

  private func take(_ mark: Character) throws {
    try skipSpace()
    guard bytes[at] == mark.asciiValue else { throw broken }
    at += 1
  }

  private func word(_ word: StaticString) throws {
    guard count - at >= word.utf8CodeUnitCount, memcmp(bytes + at, word.utf8Start, word.utf8CodeUnitCount) == 0 else {
      throw broken
    }
    at += word.utf8CodeUnitCount
  }

  /// Steps over the string that begins here.
  /// - Returns: where its content is, and whether it stands there without escapes.
  private func scanString() throws -> (start: Int, length: Int, isPlain: Bool) {
    at += 1
    let start = at
    var isPlain = true
    while true {
      at += tarn_json_plain(bytes + at, count - at)
      guard at < count else { throw broken }
      if bytes[at] == UInt8(ascii: "\"") {
        at += 1
        return (start, at - 1 - start, isPlain)
      }
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < count else { throw broken }
      isPlain = false
      at += 2
    }
  }

  private func text(_ start: Int, _ length: Int, isPlain: Bool) throws -> String {
    let content = UnsafeBufferPointer(start: bytes + start, count: length)
    if isPlain {
      guard let text = String(validating: content, as: UTF8.self) else { throw broken }
      return text
    }
    guard let units = JSONEscapes.resolve(content), let text = String(validating: units, as: UTF8.self) else {
      throw broken
    }
    return text
  }

  private func scanNumber(_ target: String) throws -> (start: Int, length: Int) {
    try skipSpace()
    guard bytes[at].isDigit || bytes[at] == UInt8(ascii: "-") else { throw wrong(target) }
    let start = at
    at += 1
    while at < count {
      switch bytes[at] {
      case 48...57, UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
        at += 1
      default:
        guard at - start > 1 || bytes[start].isDigit else { throw broken }
        isFresh = false
        return (start, at - start)
      }
    }
    throw broken
  }

  private func expectString(_ target: String) throws {
    try skipSpace()
    guard bytes[at] == UInt8(ascii: "\"") else { throw wrong(target) }
  }

  /// Steps over a value of any kind, without recursion.
  private func skipValue() throws {
    var closers: [UInt8] = []
    repeat {
      try skipSpace()
      switch bytes[at] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        guard closers.count < WireLimits.nestingMax else { throw broken }
        // In ASCII a closing bracket stands two after its opening one.
        closers.append(bytes[at] + 2)
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard closers.popLast() == bytes[at] else { throw broken }
        at += 1
      case UInt8(ascii: "\""): _ = try scanString()
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard !closers.isEmpty else { throw broken }
        at += 1
      case UInt8(ascii: "t"): try word("true")
      case UInt8(ascii: "f"): try word("false")
      case UInt8(ascii: "n"): try word("null")
      default: _ = try scanNumber("")
      }
    } while !closers.isEmpty
    isFresh = false
  }

  /// Makes sure that nothing but space follows the outermost value.
  func finish() throws {
    while at < count {
      guard [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) else { throw broken }
      at += 1
    }
  }

  private var isValueStart: Bool {
    switch bytes[at] {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "t"), UInt8(ascii: "f"),
      UInt8(ascii: "-"), 48...57:
      true
    default: false
    }
  }

  /// The token that stands here cannot be what the model wants; the words are those of AWS's services.
  private func wrong(_ target: String) -> WireFault {
    switch bytes[at] {
    case UInt8(ascii: "{"): .mismatch("Start of structure or map found where not expected.")
    case UInt8(ascii: "["): .mismatch("Start of list found where not expected")
    case UInt8(ascii: "\""): .mismatch("STRING_VALUE can not be converted to \(target)")
    case UInt8(ascii: "t"): .mismatch("TRUE_VALUE can not be converted to \(target)")
    case UInt8(ascii: "f"): .mismatch("FALSE_VALUE can not be converted to \(target)")
    case UInt8(ascii: "-"), 48...57: .mismatch("NUMBER_VALUE can not be converted to \(target)")
    default: broken
    }
  }

  private var broken: WireFault { .malformed("Could not parse request body into json") }
}

/// Backslash escapes of JSON strings.
enum JSONEscapes {
  /// - Returns: the bytes meant, or `nil` when an escape is none.
  static func resolve(_ content: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var units: [UInt8] = []
    units.reserveCapacity(content.count)
    var at = 0
    while at < content.count {
      guard content[at] == UInt8(ascii: "\\") else {
        units.append(content[at])
        at += 1
        continue
      }
      guard at + 1 < content.count else { return nil }
      at += 2
      switch content[at - 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(content[at - 1])
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "u"):
        guard let scalar = scalar(content, &at) else { return nil }
        units += Array(String(Character(scalar)).utf8)
      default: return nil
      }
    }
    return units
  }

  private static func scalar(_ content: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Unicode.Scalar? {
    guard let first = hexadecimal(content, &at) else { return nil }
    guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) }
    guard at + 1 < content.count, content[at] == UInt8(ascii: "\\"), content[at + 1] == UInt8(ascii: "u") else {
      return nil
    }
    at += 2
    guard let second = hexadecimal(content, &at), second & 0xFC00 == 0xDC00 else { return nil }
    return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF)
  }

  private static func hexadecimal(_ content: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> UInt32? {
    guard at + 4 <= content.count else { return nil }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let byte = content[at]
      at += 1
      switch byte {
      case 48...57: code = code << 4 | UInt32(byte - 48)
      case 65...70: code = code << 4 | UInt32(byte - 55)
      case 97...102: code = code << 4 | UInt32(byte - 87)
      default: return nil
      }
    }
    return code
  }
}
