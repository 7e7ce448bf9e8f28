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
///
/// Without memory to grow into it takes nothing more, and `buffer` throws: encoders write without looking, and the
/// answer is refused once, at its end.
final class ByteSink {
  private var base: UnsafeMutableRawPointer?
  private(set) var count = 0
  private var capacity: Int
  private var isRefused = false

  init(capacity: Int = 1024) {
    base = malloc(capacity)
    self.capacity = base == nil ? 0 : capacity
  }

  deinit { free(base) }

  /// Makes room for `more` bytes and gives the place where they go; `nil` when there is no memory for them.
  @inline(__always)
  func reserve(_ more: Int) -> UnsafeMutablePointer<UInt8>? {
    if capacity - count < more || isRefused, !grow(more) { return nil }
    return base.map { ($0 + count).assumingMemoryBound(to: UInt8.self) }
  }

  private func grow(_ more: Int) -> Bool {
    let wanted = max(capacity * 2, count + more)
    guard !isRefused, let grown = realloc(base, wanted) else {
      isRefused = true
      return false
    }
    base = grown
    capacity = wanted
    return true
  }

  /// Counts `written` bytes that were put where `reserve` said.
  @inline(__always)
  func advance(_ written: Int) { count += written }

  @inline(__always)
  func write(_ byte: UInt8) {
    guard let place = reserve(1) else { return }
    place.pointee = byte
    count += 1
  }

  @inline(__always)
  func write(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let from = bytes.baseAddress, bytes.count > 0, let to = reserve(bytes.count) else { return }
    memcpy(to, from, bytes.count)
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
    guard let place = reserve(20) else { return }
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
    guard let base, !isRefused else { return }
    let tail = Array(UnsafeRawBufferPointer(start: base + index, count: count - index))
    count = index
    write(text)
    write(tail)
  }

  /// What has been written so far.
  /// - Throws: `WireFault.outOfMemory` when some of it found no room.
  var buffer: ByteBuffer {
    get throws(WireFault) {
      guard !isRefused else { throw .outOfMemory }
      return ByteBuffer(bytes: UnsafeRawBufferPointer(start: base, count: count))
    }
  }
}
