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
    // A line break for each object at most: "{}" takes three bytes where it took two; and a word beyond.
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: record.readableBytes * 2 + Self.word) { target in
      record.withUnsafeReadableBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress,
          let (written, objects) = layOut(from, source.count, to)
        else { return 0 }
        added = objects
        return written
      }
    }
    if let added { lines += added } else { isSuspicious = true }
  }

  /// - Parameter target: has room for two bytes for each one of the source and a word beyond.
  private func layOut(
    _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer
  ) -> (written: Int, objects: Int)? {
    var read = 0
    var write = 0
    var objects = 0
    while true {
      while read < count, Self.isSpace(source.byte(read)) { read += 1 }
      if read == count { break }
      guard source.byte(read) == UInt8(ascii: "{") else { return nil }
      var depth = 0
      repeat {
        guard read < count else { return nil }
        let byte = source.byte(read)
        switch byte {
        case UInt8(ascii: "\""):
          guard let (from, to) = copyString(source, count, read, target, write) else { return nil }
          (read, write) = (from, to)
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        target.storeBytes(of: byte == 10 || byte == 13 ? 32 : byte, toByteOffset: write, as: UInt8.self)
        read += 1
        write += 1
      } while depth > 0
      target.storeBytes(of: 10, toByteOffset: write, as: UInt8.self)
      write += 1
      objects += 1
    }
    return objects > 0 ? (write, objects) : nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }

  /// Copies the string at `first`, folded if it is a key, eight bytes at once where nothing in them is special.
  /// - Returns: where reading and writing go on; `nil` for what the simple way cannot do.
  @inline(__always)
  private func copyString(
    _ source: UnsafeRawPointer, _ count: Int, _ first: Int, _ target: UnsafeMutableRawPointer, _ start: Int
  ) -> (read: Int, write: Int)? {
    target.storeBytes(of: UInt8(ascii: "\""), toByteOffset: start, as: UInt8.self)
    var read = first + 1
    var write = start + 1
    var hasEscape = false
    while true {
      while read + Self.word <= count {
        let bytes = source.loadUnaligned(fromByteOffset: read, as: UInt64.self)
        target.storeBytes(of: bytes, toByteOffset: write, as: UInt64.self)
        let special = Self.special(UInt64(littleEndian: bytes))
        let plain = special.trailingZeroBitCount / 8
        read += plain
        write += plain
        if special != 0 { break }
      }
      guard read < count else { return nil }
      let byte = source.byte(read)
      if byte < 32 { return nil }
      target.storeBytes(of: byte, toByteOffset: write, as: UInt8.self)
      read += 1
      write += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        hasEscape = true
        guard read < count else { return nil }
        target.storeBytes(of: source.byte(read), toByteOffset: write, as: UInt8.self)
        read += 1
        write += 1
      }
    }
    guard foldsCase || foldsDots else { return (read, write) }
    var ahead = read
    while ahead < count, Self.isSpace(source.byte(ahead)) { ahead += 1 }
    guard ahead < count, source.byte(ahead) == UInt8(ascii: ":") else { return (read, write) }
    if hasEscape || !fold(target, start, write) { return nil }
    return (read, write)
  }

  /// Folds a key a word at a time. What stands behind it in its last word may change: it is not yet written.
  /// - Returns: false when folding takes more than ASCII's rules.
  @inline(__always)
  private func fold(_ target: UnsafeMutableRawPointer, _ start: Int, _ end: Int) -> Bool {
    var place = start
    while place < end {
      var bytes = UInt64(littleEndian: target.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      let own: UInt64 = end - place >= Self.word ? ~0 : (1 << (8 * (end - place))) - 1
      if foldsCase {
        if bytes & own & Self.highs != 0 { return false }
        // Bytes from A carry into their highest bit, those beyond Z do so too: both bits differ for capitals alone.
        let low = bytes & ~Self.highs
        let capitals = (low &+ Self.ones &* (0x80 - 0x41)) & ~(low &+ Self.ones &* (0x80 - 0x5B)) & Self.highs
        bytes |= (capitals & ~bytes) >> 2
      }
      if foldsDots {
        let others = bytes ^ (Self.ones &* 0x2E)
        // A borrow from a dot may mark the byte above it wrongly: where there is a dot, it is done byte by byte.
        if (others &- Self.ones) & ~others & Self.highs != 0 { bytes = Self.dotsFolded(bytes) }
      }
      target.storeBytes(of: bytes.littleEndian, toByteOffset: place, as: UInt64.self)
      place += Self.word
    }
    return true
  }

  private static func dotsFolded(_ bytes: UInt64) -> UInt64 {
    var folded: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      let byte = (bytes >> shift) & 0xFF
      folded |= (byte == 0x2E ? 0x5F : byte) << shift
    }
    return folded
  }

  private static let word = 8
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// The lowest bit set belongs to the first byte that is a quote, a backslash or a control; 0 where there is none.
  /// A subtraction's borrow marks bytes above the first one wrongly at times, never below it.
  @inline(__always)
  private static func special(_ bytes: UInt64) -> UInt64 {
    let quote = bytes ^ (ones &* 0x22)
    let backslash = bytes ^ (ones &* 0x5C)
    let found =
      ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((bytes &- ones &* 0x20) & ~bytes)
    return found & (ones &* 0x80)
  }
}

extension UnsafeRawPointer {
  @inline(__always)
  fileprivate func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }
}
