import CTarnSystem
package import NIOCore

/// Lays records out as the engine reads them fast: every JSON object on a line of its own.
///
/// It finds where objects begin and end (a record may hold several, `{"a":1}{"a":2}`), takes line breaks out and folds
/// keys as the deserializer asks. It does not check that what is inside is JSON: the engine does, and a batch it
/// refuses is gone through record by record.
package struct ObjectLines: Sendable {
  private let foldsCase: Bool
  private let foldsDots: Bool
  /// Some record cannot be laid out, so the batch must be gone through record by record.
  package private(set) var isSuspicious = false
  package private(set) var lines = 0
  /// Bytes of the longest line: the engine wants to know.
  package private(set) var longest = 0

  package init(_ deserializer: JSONDeserializer) {
    foldsCase = deserializer.foldsCase
    foldsDots = deserializer.dotsToUnderscores == true
  }

  /// Adds a record's objects to `out`; nothing once the batch is suspicious.
  package mutating func add(_ record: ByteBuffer, to out: inout ByteBuffer) {
    guard !isSuspicious else { return }
    longest = max(longest, record.readableBytes + 1)
    var added: Int?
    // A line break for each object at most: "{}" takes three bytes where it took two.
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: record.readableBytes * 2) { target in
      record.withUnsafeReadableBytes { source in
        guard let (written, objects) = layOut(source, target) else { return 0 }
        added = objects
        return written
      }
    }
    if let added { lines += added } else { isSuspicious = true }
  }

  private func layOut(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
  ) -> (written: Int, objects: Int)? {
    var read = 0
    var write = 0
    var objects = 0
    while true {
      while read < source.count, Self.isSpace(source[read]) { read += 1 }
      if read == source.count { break }
      guard source[read] == UInt8(ascii: "{") else { return nil }
      var depth = 0
      repeat {
        guard read < source.count else { return nil }
        let byte = source[read]
        switch byte {
        case UInt8(ascii: "\""):
          guard copyString(source, &read, target, &write) else { return nil }
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        target[write] = byte == 10 || byte == 13 ? 32 : byte
        read += 1
        write += 1
      } while depth > 0
      target[write] = 10
      write += 1
      objects += 1
    }
    return objects > 0 ? (write, objects) : nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }

  /// Copies what needs no second look, up to before the next quote, backslash or control.
  @inline(__always)
  private static func copyPlain(
    _ source: UnsafeRawBufferPointer, _ read: inout Int, _ target: UnsafeMutableRawBufferPointer, _ write: inout Int
  ) {
    let rest = UnsafeRawBufferPointer(rebasing: source[read...])
    guard let start = rest.baseAddress else { return }
    let count = tarn_json_plain(start.assumingMemoryBound(to: UInt8.self), rest.count)
    UnsafeMutableRawBufferPointer(rebasing: target[write...])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
    read += count
    write += count
  }

  /// Copies the string at `read`, folded if it is a key. `false` for what the simple way cannot do.
  private func copyString(
    _ source: UnsafeRawBufferPointer, _ read: inout Int, _ target: UnsafeMutableRawBufferPointer, _ write: inout Int
  ) -> Bool {
    let start = write
    target[write] = source[read]
    read += 1
    write += 1
    var hasEscape = false
    Self.copyPlain(source, &read, target, &write)
    while true {
      guard read < source.count else { return false }
      let byte = source[read]
      if byte < 32 { return false }
      target[write] = byte
      read += 1
      write += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        hasEscape = true
        guard read < source.count else { return false }
        target[write] = source[read]
        read += 1
        write += 1
        Self.copyPlain(source, &read, target, &write)
      }
    }
    guard foldsCase || foldsDots else { return true }
    var ahead = read
    while ahead < source.count, Self.isSpace(source[ahead]) { ahead += 1 }
    guard ahead < source.count, source[ahead] == UInt8(ascii: ":") else { return true }
    if hasEscape { return false }
    for place in start..<write {
      let byte = target[place]
      if byte >= 0x80, foldsCase { return false }
      if foldsCase, byte >= 65, byte <= 90 { target[place] = byte | 32 }
      if foldsDots, byte == UInt8(ascii: ".") { target[place] = UInt8(ascii: "_") }
    }
    return true
  }
}
