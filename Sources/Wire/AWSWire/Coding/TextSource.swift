import CTarnSystem
import Kernel
public import NIOCore

/// A source whose scalars are all text: XML, Query, headers, labels and query strings.
class TextSource: ValueSource {
  /// The text of the value at hand.
  func text() throws -> String { "" }
  /// What is thrown for a text that does not read as its type.
  func unreadable(_ text: String) -> WireFault { .mismatch("a value does not read as its type") }

  override func string() throws -> String { try text() }

  override func integer(_ kind: IntegerKind) throws -> Int64 {
    let text = try text()
    let digits = text.hasPrefix("+") ? "" : text.trimmedSpace
    guard let value = Int64(digits), kind.holds(value) else { throw unreadable(text) }
    return value
  }

  override func double() throws -> Double {
    let text = try text()
    guard let value = NumberText.double(text.trimmedSpace) else { throw unreadable(text) }
    return value
  }

  override func bool() throws -> Bool {
    let text = try text()
    switch text.trimmedSpace.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default: throw unreadable(text)
    }
  }

  override func timestamp(_ format: TimestampFormat?) throws -> Timestamp {
    let text = try text()
    guard let moment = TimestampText.read(text.trimmedSpace) else { throw unreadable(text) }
    return moment
  }

  override func blob() throws -> ByteBuffer {
    let text = try text()
    guard let bytes = Base64.decode(text.trimmedSpace) else { throw unreadable(text) }
    return bytes
  }
}

extension String {
  var trimmedSpace: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    guard let first, let last, isSpace(first) || isSpace(last) else { return self }
    var rest = self[...]
    while let first = rest.first, isSpace(first) { rest.removeFirst() }
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(rest)
  }
}

/// Base64 with padding.
public enum Base64 {
  /// - Returns: `nil` when the text is not base64.
  public static func decode(_ text: String) -> ByteBuffer? {
    var text = text
    return text.withUTF8 { units in
      let room = units.count / 4 * 3
      guard let from = units.baseAddress, room > 0 else { return units.isEmpty ? ByteBuffer() : nil }
      var buffer = ByteBufferAllocator().buffer(capacity: room)
      var count = -1
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
        guard let to = space.bindMemory(to: UInt8.self).baseAddress else { return 0 }
        count = tarn_base64_decode(to, from, units.count)
        return max(0, count)
      }
      return count >= 0 ? buffer : nil
    }
  }

  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    let bytes = Array(bytes)
    return String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { space in
      bytes.withUnsafeBufferPointer { from in
        guard let from = from.baseAddress, let to = space.baseAddress, !bytes.isEmpty else { return 0 }
        tarn_base64_encode(to, from, bytes.count)
        return (bytes.count + 2) / 3 * 4
      }
    }
  }
}
