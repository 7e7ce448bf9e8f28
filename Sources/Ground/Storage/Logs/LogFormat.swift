import NIOCore

/// Segments and frames as they lie on disk. All numbers are little-endian.
///
/// A segment begins with a header of 64 bytes: `TARNLOG1`, sequence (8), generation (4), zeros. Frames follow,
/// each at a multiple of 8. The first frame is a checkpoint: the whole state before it. The rest of the file is
/// zeros. Generations count how often a sealed segment was rewritten.
///
/// | frame header | |
/// |---|---|
/// | 4 | `TLF1` |
/// | 4 | CRC-32C of the frame from the next field to its body's end, begun with the segment's sequence |
/// | 4 | bytes in the body |
/// | 1 + 3 | kind; zeros |
/// | 4 | number of the log |
/// | 4 | number of records |
/// | 8 | offset of the first record |
/// | 8 | time of the records, nanoseconds since the epoch |
///
/// A frame of records has as its body a length (4) for each record, then their bytes.
enum LogFormat {
  static let segmentMagic: UInt64 = 0x3147_4F4C_4E52_4154
  static let segmentHeaderBytes = 64
  static let frameMagic: UInt32 = 0x3146_4C54
  static let frameHeaderBytes = 40

  enum Kind: UInt8 {
    case records = 1
    case changes = 2
    case checkpoint = 3
  }

  /// What checksums of a segment's frames begin with, so that a frame proves where it belongs.
  static func seed(sequence: UInt64) -> UInt32 {
    withUnsafeBytes(of: sequence.littleEndian) { CRC32C.of($0) }
  }

  /// A frame's length on disk.
  static func aligned(_ bytes: Int) -> Int { (bytes + 7) & ~7 }

  static func segmentHeader(sequence: UInt64, generation: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(segmentMagic)
    bytes.appendLittleEndian(sequence)
    bytes.appendLittleEndian(generation)
    bytes += Array(repeating: 0, count: segmentHeaderBytes - bytes.count)
    return bytes
  }

  static func segmentName(_ sequence: UInt64, _ generation: UInt32) -> String {
    "\(hex(sequence, 16))-\(hex(UInt64(generation), 4)).seg"
  }

  static func indexName(_ sequence: UInt64, _ generation: UInt32) -> String {
    "\(hex(sequence, 16))-\(hex(UInt64(generation), 4)).idx"
  }

  /// The sequence and generation that a segment's file name holds, or `nil` for another file.
  static func parseSegmentName(_ name: String) -> (sequence: UInt64, generation: UInt32)? {
    guard name.hasSuffix(".seg") else { return nil }
    let parts = name.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let sequence = UInt64(parts[0], radix: 16), let generation = UInt32(parts[1], radix: 16),
      segmentName(sequence, generation) == name
    else { return nil }
    return (sequence, generation)
  }

  private static func hex(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

/// A frame's header.
struct LogFrame {
  var kind: LogFormat.Kind
  var bodyBytes: Int
  var log: UInt32
  var count: UInt32
  var firstOffset: UInt64
  var time: Int64

  /// The frame's length on disk.
  var length: Int { LogFormat.aligned(LogFormat.frameHeaderBytes + bodyBytes) }

  /// Reads a header; `nil` when the bytes are none.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= LogFormat.frameHeaderBytes,
      bytes.littleEndian(UInt32.self, at: 0) == LogFormat.frameMagic,
      let kind = LogFormat.Kind(rawValue: bytes[12])
    else { return nil }
    self.kind = kind
    bodyBytes = Int(bytes.littleEndian(UInt32.self, at: 8))
    log = bytes.littleEndian(UInt32.self, at: 16)
    count = bytes.littleEndian(UInt32.self, at: 20)
    firstOffset = bytes.littleEndian(UInt64.self, at: 24)
    time = bytes.littleEndian(Int64.self, at: 32)
  }

  init(kind: LogFormat.Kind, bodyBytes: Int, log: UInt32 = 0, count: UInt32 = 0, firstOffset: UInt64 = 0, time: Int64) {
    self.kind = kind
    self.bodyBytes = bodyBytes
    self.log = log
    self.count = count
    self.firstOffset = firstOffset
    self.time = time
  }

  /// Completes a frame whose body stands behind the place of its header.
  func seal(_ frame: UnsafeMutableRawBufferPointer, seed: UInt32) {
    frame.storeLittleEndian(LogFormat.frameMagic, at: 0)
    frame.storeLittleEndian(UInt32(bodyBytes), at: 8)
    frame.storeLittleEndian(UInt32(kind.rawValue), at: 12)
    frame.storeLittleEndian(log, at: 16)
    frame.storeLittleEndian(count, at: 20)
    frame.storeLittleEndian(firstOffset, at: 24)
    frame.storeLittleEndian(time, at: 32)
    let end = LogFormat.frameHeaderBytes + bodyBytes
    let checksum = CRC32C.of(UnsafeRawBufferPointer(rebasing: frame[8..<end]), after: seed)
    frame.storeLittleEndian(checksum, at: 4)
  }

  /// Whether the bytes, which hold the whole frame, match its checksum.
  func isIntact(_ frame: UnsafeRawBufferPointer, seed: UInt32) -> Bool {
    let end = LogFormat.frameHeaderBytes + bodyBytes
    guard end <= frame.count else { return false }
    return frame.littleEndian(UInt32.self, at: 4)
      == CRC32C.of(UnsafeRawBufferPointer(rebasing: frame[8..<end]), after: seed)
  }
}

/// Reads a segment's frames one after the other, as far as they are intact.
struct LogFrameScanner {
  let file: any DiskFile
  let seed: UInt32
  /// Where the next frame begins.
  private(set) var position: UInt64
  private let end: UInt64
  private var window: [UInt8] = []
  private var windowStart: UInt64 = 0

  /// - Parameter end: frames past it are not looked at.
  init(file: any DiskFile, sequence: UInt64, end: UInt64) {
    self.file = file
    seed = LogFormat.seed(sequence: sequence)
    position = UInt64(LogFormat.segmentHeaderBytes)
    self.end = end
  }

  /// Whether the file begins as a segment of this sequence.
  static func isSegment(_ file: any DiskFile, sequence: UInt64) throws -> Bool {
    var header = [UInt8](repeating: 0, count: LogFormat.segmentHeaderBytes)
    let count = try header.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    return header.withUnsafeBytes {
      count == $0.count && $0.littleEndian(UInt64.self, at: 0) == LogFormat.segmentMagic
        && $0.littleEndian(UInt64.self, at: 8) == sequence
    }
  }

  /// Gives the next frame, its bytes and where it stands to `visit` and steps behind it.
  /// - Returns: `false` at the end: where the frames end, or where one is torn.
  mutating func next(
    _ visit: (_ frame: LogFrame, _ bytes: UnsafeRawBufferPointer, _ position: UInt64) throws -> Void
  ) throws -> Bool {
    guard try fetch(LogFormat.frameHeaderBytes), let frame = withFrame({ LogFrame($0) }),
      try fetch(frame.length),
      withFrame({ frame.isIntact($0, seed: seed) })
    else { return false }
    try withFrame { bytes in
      try visit(frame, UnsafeRawBufferPointer(rebasing: bytes[..<frame.length]), position)
    }
    position += UInt64(frame.length)
    return true
  }

  private func withFrame<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
    try window.withUnsafeBytes { window in
      try body(UnsafeRawBufferPointer(rebasing: window[Int(position - windowStart)...]))
    }
  }

  /// Makes sure that the window holds so many bytes from `position` on.
  private mutating func fetch(_ count: Int) throws -> Bool {
    guard position + UInt64(count) <= end else { return false }
    if position >= windowStart, position + UInt64(count) <= windowStart + UInt64(window.count) { return true }
    let length = Int(min(end - position, UInt64(max(count, 4 << 20))))
    if window.count != length { window = [UInt8](repeating: 0, count: length) }
    windowStart = position
    let found = try window.withUnsafeMutableBytes { try file.read(into: $0, at: windowStart) }
    guard found >= count else { return false }
    if found < length { window.removeLast(length - found) }
    return true
  }
}
