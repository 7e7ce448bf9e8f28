import Kernel
import NIOCore

/// Reads shapes from CBOR (RFC 8949), with definite and indefinite lengths.
///
/// The bytes must outlive the source.
final class CBORSource: ValueSource {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  /// Items still to come in each open container; `nil` for one that ends with a break.
  private var open: [UInt64?] = []
  private var hint = 0
  /// Whether a tagged integer is milliseconds, as Kinesis' CBOR has it, and not seconds as the standard does.
  private let millisecondDates: Bool

  init(_ bytes: UnsafeRawBufferPointer, millisecondDates: Bool) {
    self.bytes = bytes
    self.millisecondDates = millisecondDates
  }

  private var broken: WireFault { .malformed("The request body is not CBOR") }
  private func wrong(_ target: String) -> WireFault { .mismatch("A value can not be converted to \(target)") }

  // MARK: Items

  private struct Head {
    var major: UInt8
    var info: UInt8
    var value: UInt64
    var isIndefinite: Bool { info == 31 }
  }

  private func byte() throws -> UInt8 {
    guard at < bytes.count else { throw broken }
    at += 1
    return bytes[at - 1]
  }

  private func peek() throws -> UInt8 {
    guard at < bytes.count else { throw broken }
    return bytes[at]
  }

  private func head() throws -> Head {
    let first = try byte()
    let info = first & 0x1F
    var value = UInt64(info)
    switch info {
    case 0..<24: break
    case 24...27:
      value = 0
      for _ in 0..<(1 << (info - 24)) { value = value << 8 | UInt64(try byte()) }
    case 31 where [2, 3, 4, 5, 7].contains(first >> 5): value = 0
    default: throw broken
    }
    return Head(major: first >> 5, info: info, value: value)
  }

  /// The head of the next item that is no tag.
  private func untagged() throws -> Head {
    var head = try head()
    var tags = 0
    while head.major == 6 {
      tags += 1
      guard tags <= 8 else { throw broken }
      head = try self.head()
    }
    return head
  }

  private func take(_ count: UInt64) throws -> UnsafeRawBufferPointer {
    guard count <= UInt64(bytes.count - at) else { throw broken }
    let slice = UnsafeRawBufferPointer(rebasing: bytes[at..<at + Int(count)])
    at += Int(count)
    return slice
  }

  /// The content of a string of either kind, whose head has been read.
  private func content(_ head: Head) throws -> [UInt8] {
    guard head.isIndefinite else { return Array(try take(head.value)) }
    var all: [UInt8] = []
    while try peek() != 0xFF {
      let chunk = try self.head()
      guard chunk.major == head.major, !chunk.isIndefinite else { throw broken }
      all += try take(chunk.value)
    }
    at += 1
    return all
  }

  private func enter(_ major: UInt8, _ target: String) throws {
    let head = try untagged()
    guard head.major == major else { throw wrong(target) }
    // Each item takes a byte at least, so that a length cannot promise more than there is.
    guard head.isIndefinite || head.value <= UInt64(bytes.count - at) else { throw broken }
    guard open.count < WireLimits.nestingMax else { throw broken }
    open.append(head.isIndefinite ? nil : head.value)
  }

  /// Whether another item (or pair) comes in the open container; leaves it when none does.
  private func another() throws -> Bool {
    guard let left = open.last else { throw broken }
    if let left {
      guard left > 0 else {
        open.removeLast()
        return false
      }
      open[open.count - 1] = left - 1
      return true
    }
    if try peek() == 0xFF {
      at += 1
      open.removeLast()
      return false
    }
    return true
  }

  // MARK: Shapes

  override func enterStructure(_ schema: StructureSchema) throws {
    try enter(5, "a structure")
    hint = 0
  }

  override func nextMember(_ schema: StructureSchema) throws -> Int {
    while try another() {
      let head = try untagged()
      guard head.major == 3 else { throw broken }
      let member: Int
      if head.isIndefinite {
        member = try content(head).withUnsafeBytes { schema.bodyNames.find($0, hint: hint) }
      } else {
        member = schema.bodyNames.find(try take(head.value), hint: hint)
      }
      if try takeNull() { continue }
      if member >= 0 {
        hint = member + 1
        return member
      }
      try skipItem()
    }
    return -1
  }

  override func enterList(_ traits: ValueTraits?) throws { try enter(4, "a list") }
  override func nextElement() throws -> Bool { try another() }
  override func enterMap(_ traits: ValueTraits?) throws { try enter(5, "a map") }
  override func nextKey() throws -> String? { try another() ? try string() : nil }

  override func takeNull() throws -> Bool {
    let next = try peek()
    guard next == 0xF6 || next == 0xF7 else { return false }
    at += 1
    return true
  }

  override func string() throws -> String {
    let head = try untagged()
    guard head.major == 3 else { throw wrong("a String") }
    let text: String?
    if head.isIndefinite {
      text = String(validating: try content(head), as: UTF8.self)
    } else {
      text = String(validating: try take(head.value), as: UTF8.self)
    }
    guard let text else { throw broken }
    return text
  }

  override func blob() throws -> ByteBuffer {
    let head = try untagged()
    guard head.major == 2 else { throw wrong("a byte array") }
    if head.isIndefinite { return ByteBuffer(bytes: try content(head)) }
    return ByteBuffer(bytes: try take(head.value))
  }

  override func bool() throws -> Bool {
    switch try byte() {
    case 0xF4: return false
    case 0xF5: return true
    default: throw wrong("a Boolean")
    }
  }

  override func integer(_ kind: IntegerKind) throws -> Int64 {
    let head = try untagged()
    let value: Int64?
    switch head.major {
    case 0: value = Int64(exactly: head.value)
    case 1: value = Int64(exactly: head.value).map { -1 - $0 }
    case 7: value = try float(head).flatMap { Int64(exactly: $0) }
    default: value = nil
    }
    guard let value, kind.holds(value) else { throw wrong(kind.rawValue) }
    return value
  }

  override func double() throws -> Double {
    let head = try untagged()
    switch head.major {
    case 0: return Double(head.value)
    case 1: return -1 - Double(head.value)
    default:
      guard let value = try float(head) else { throw wrong("a Double") }
      return value
    }
  }

  private func float(_ head: Head) throws -> Double? {
    guard head.major == 7 else { return nil }
    switch head.info {
    case 25: return Double(Self.half(UInt16(truncatingIfNeeded: head.value)))
    case 26: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.value)))
    case 27: return Double(bitPattern: head.value)
    default: return nil
    }
  }

  /// A half-precision float by its bits.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction / 16_777_216
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }

  override func timestamp(_ format: TimestampFormat?) throws -> Timestamp {
    let head = try untagged()
    switch head.major {
    case 0, 1:
      guard let magnitude = Int64(exactly: head.value) else { throw wrong("a Timestamp") }
      let value = head.major == 0 ? magnitude : -1 - magnitude
      return millisecondDates ? Timestamp(milliseconds: value) : Timestamp(seconds: value)
    default:
      guard let seconds = try float(head) else { throw wrong("a Timestamp") }
      return Timestamp(secondsSinceEpoch: seconds)
    }
  }

  /// Steps over an item of any kind, without recursion.
  private func skipItem() throws {
    var levels: [UInt64?] = [1]
    while let left = levels.last {
      if let left {
        guard left > 0 else {
          levels.removeLast()
          continue
        }
        levels[levels.count - 1] = left - 1
      } else if try peek() == 0xFF {
        at += 1
        levels.removeLast()
        continue
      }
      let head = try untagged()
      switch head.major {
      case 2, 3: _ = try content(head)
      case 4, 5:
        guard levels.count < WireLimits.nestingMax else { throw broken }
        guard head.isIndefinite || head.value <= UInt64(bytes.count - at) else { throw broken }
        levels.append(head.isIndefinite ? nil : head.value * (head.major == 5 ? 2 : 1))
      case 7 where head.isIndefinite: throw broken
      default: break
      }
    }
  }
}
