public import NIOCore

/// Bytes that come as they are needed: a request's or a response's body.
///
/// It can be read once. Whoever reads pulls, so a slow reader slows the source.
public struct ByteStream: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  /// The number of bytes to come, where the source knows it.
  public let length: Int64?
  /// All of it, where it is in memory already: for consumers that need no loop then.
  public let bytes: ByteBuffer?
  private let start: @Sendable () -> Next

  /// Gives the next bytes, or `nil` at the end.
  public typealias Next = @Sendable () async throws -> ByteBuffer?

  /// - Parameter start: called once, when reading begins.
  public init(length: Int64?, start: @escaping @Sendable () -> Next) {
    self.length = length
    bytes = nil
    self.start = start
  }

  /// A stream of bytes that are in memory already.
  public init(_ bytes: ByteBuffer) {
    length = Int64(bytes.readableBytes)
    self.bytes = bytes
    start = {
      let rest = Locked<ByteBuffer?>(bytes.readableBytes > 0 ? bytes : nil)
      return { rest.withLock { rest in rest.take() } }
    }
  }

  /// A stream over any asynchronous sequence of buffers.
  public init<Source: AsyncSequence & Sendable>(length: Int64?, _ source: Source) where Source.Element == ByteBuffer {
    self.init(length: length) {
      let box = IteratorBox(source.makeAsyncIterator())
      return { try await box.next() }
    }
  }

  public static let empty = ByteStream(ByteBuffer())

  public struct AsyncIterator: AsyncIteratorProtocol {
    let pull: Next
    public mutating func next() async throws -> ByteBuffer? { try await pull() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: start()) }

  /// Begins reading: the function gives the next bytes at each call, `nil` at the end. For readers that are no loop.
  public func makeReader() -> Next { start() }

  /// All bytes in one buffer.
  /// - Throws: `TooLong` as soon as more than `limit` bytes have come.
  public func collect(upTo limit: Int) async throws -> ByteBuffer {
    if let length, length > Int64(limit) { throw TooLong(limit: limit) }
    if let bytes { return bytes }
    var all = ByteBuffer()
    for try await var part in self {
      guard all.readableBytes + part.readableBytes <= limit else { throw TooLong(limit: limit) }
      if all.readableBytes == 0 { all = part } else { all.writeBuffer(&part) }
    }
    return all
  }

  /// The body was longer than the caller takes.
  public struct TooLong: Error, Sendable {
    public let limit: Int
  }
}

/// Holds an iterator so that a `@Sendable` closure can step it.
private final class IteratorBox<Iterator: AsyncIteratorProtocol>: @unchecked Sendable {
  // Safe: a stream is read once, by one reader at a time, so `next` is never entered twice at once.
  private var iterator: Iterator
  init(_ iterator: Iterator) { self.iterator = iterator }
  func next() async throws -> Iterator.Element? { try await iterator.next() }
}
