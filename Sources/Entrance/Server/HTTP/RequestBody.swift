import NIOCore

/// A request's body as it comes from the network. All of its state is touched on the connection's event loop.
final class RequestBody: @unchecked Sendable {  // safe: state is the event loop's alone
  private weak var connection: HTTPConnection?
  private var parts = CircularBuffer<ByteBuffer>()
  private var reader: CheckedContinuation<ByteBuffer?, any Error>?
  private var end: Result<Void, any Error>?
  private var isDiscarded = false
  /// Bytes that nobody has asked for yet.
  private(set) var unreadBytes = 0

  init(_ connection: HTTPConnection) { self.connection = connection }

  func offer(_ bytes: ByteBuffer) {
    guard !isDiscarded, bytes.readableBytes > 0 else { return }
    if let waiting = reader {
      reader = nil
      waiting.resume(returning: bytes)
    } else {
      parts.append(bytes)
      unreadBytes += bytes.readableBytes
    }
  }

  /// - Parameter error: why it broke off; `nil` where it came to its end.
  func finish(_ error: (any Error)?) {
    guard end == nil else { return }
    end = error.map { .failure($0) } ?? .success(())
    if let waiting = reader {
      reader = nil
      conclude(waiting)
    }
  }

  /// Nobody will ask for the rest.
  func discard() {
    isDiscarded = true
    parts.removeAll()
    unreadBytes = 0
    connection?.regulate()
  }

  private func conclude(_ waiting: CheckedContinuation<ByteBuffer?, any Error>) {
    switch end {
    case .failure(let error)?: waiting.resume(throwing: error)
    default: waiting.resume(returning: nil)
    }
  }

  /// The next bytes, `nil` at the end. Throws what broke the body off.
  func next() async throws -> ByteBuffer? {
    guard let connection else { throw ConnectionLost() }
    return try await withCheckedThrowingContinuation { continuation in
      connection.onLoop { connection in
        if let part = self.parts.popFirst() {
          self.unreadBytes -= part.readableBytes
          connection.regulate()
          continuation.resume(returning: part)
        } else if self.end != nil || self.isDiscarded {
          self.conclude(continuation)
        } else {
          self.reader = continuation
        }
      }
    }
  }
}
