import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where encoders write: memory that grows.
///
/// A `ByteBuffer` would do, but its checks on each small write are most of the cost of writing a response of ten
/// thousand small members.
final class ByteSink {
  private var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 1024) {
    self.capacity = capacity
    base = Self.held(malloc(capacity))
  }

  deinit { free(base) }

  /// There is no answer to write when there is no memory to write it in.
  private static func held(_ memory: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer {
    guard let memory else { fatalError("out of memory") }
    return memory
  }

  /// Makes room for `more` bytes and gives the place where they go.
  @inline(__always)
  func reserve(_ more: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity - count < more { grow(more) }
    return (base + count).assumingMemoryBound(to: UInt8.self)
  }

  private func grow(_ more: Int) {
    capacity = max(capacity * 2, count + more)
    base = Self.held(realloc(base, capacity))
  }

  /// Counts `written` bytes that were put where `reserve` said.
  @inline(__always)
  func advance(_ written: Int) { count += written }

  @inline(__always)
  func write(_ byte: UInt8) {
    reserve(1).pointee = byte
    count += 1
  }

  @inline(__always)
  func write(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let from = bytes.baseAddress, bytes.count > 0 else { return }
    memcpy(reserve(bytes.count), from, bytes.count)
    count += bytes.count
  }

  @inline(__always)
  func write(_ text: StaticString) { write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) }

  func write(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { write($0) } }

  func write(_ text: String) {
    var text = text
    text.withUTF8 { write($0) }
  }

  func write(_ buffer: ByteBuffer) { buffer.withUnsafeReadableBytes { write($0.bindMemory(to: UInt8.self)) } }

  /// A number in decimal digits.
  func write(_ number: Int64) {
    // The longest is `-9223372036854775808`.
    let place = reserve(20)
    var digits = number.magnitude
    var length = 1
    var rest = digits
    while rest >= 10 {
      rest /= 10
      length += 1
    }
    var at = 0
    if number < 0 {
      place[0] = UInt8(ascii: "-")
      at = 1
    }
    for index in stride(from: at + length - 1, through: at, by: -1) {
      place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits % 10)
      digits /= 10
    }
    count += at + length
  }

  /// Puts `text` at `index`, before what has been written since.
  func insert(_ text: String, at index: Int) {
    let tail = Array(UnsafeRawBufferPointer(start: base + index, count: count - index))
    count = index
    write(text)
    write(tail)
  }

  /// What has been written so far.
  var buffer: ByteBuffer { ByteBuffer(bytes: UnsafeRawBufferPointer(start: base, count: count)) }
}
