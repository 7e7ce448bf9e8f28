/// Bytes cut into lines, up to a named number of bytes between two takings.
public struct OutputLines: Sendable {
  private var done: [String] = []
  private var open: [UInt8] = []
  private var bytes = 0
  public private(set) var droppedBytes = 0

  private let bytesMax: Int

  /// - Parameter bytesMax: what is kept between two takings.
  public init(bytesMax: Int) { self.bytesMax = bytesMax }

  public mutating func append(_ part: some Collection<UInt8>) {
    guard bytes < bytesMax else {
      droppedBytes += part.count
      return
    }
    var rest = part[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      add(rest[..<end])
      close()
      rest = rest[rest.index(after: end)...]
    }
    add(rest)
  }

  private mutating func add(_ part: some Collection<UInt8>) {
    let room = max(0, bytesMax - bytes)
    open.append(contentsOf: part.prefix(room))
    bytes += min(room, part.count)
    droppedBytes += max(0, part.count - room)
  }

  private mutating func close() {
    // Past the limit lines would still be counted one by one.
    if bytes < bytesMax {
      done.append(String(decoding: open, as: UTF8.self))
      bytes += 1
    }
    open.removeAll(keepingCapacity: true)
  }

  public mutating func take(all: Bool) -> [String] {
    if all, !open.isEmpty {
      done.append(String(decoding: open, as: UTF8.self))
      open.removeAll()
    }
    defer {
      done = []
      bytes = open.count
    }
    return done
  }
}
