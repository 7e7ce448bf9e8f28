import NIOCore
import NIOSSL
import Redshift

/// The last handler of a connection's pipeline: hands what is read to the one task that asks for it, and lets a task
/// that writes too fast wait. All of its state is touched on the channel's event loop.
///
/// It keeps reading, up to a limit, while nobody asks: that is how a client which goes in the middle of a query is
/// noticed.
final class WarehouseSocket: ChannelInboundHandler, @unchecked Sendable {  // safe: state is the event loop's alone
  typealias InboundIn = ByteBuffer

  private let channel: any Channel
  private var received = ByteBuffer()
  private var reader: CheckedContinuation<ByteBuffer?, Never>?
  private var writer: CheckedContinuation<Void, any Error>?
  private var isOpen = true
  private var isReading = false
  /// Told when the client has gone while nobody reads.
  private var onGone: (@Sendable () -> Void)?

  init(_ channel: any Channel) { self.channel = channel }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { readMore() }
  }

  func channelActive(context: ChannelHandlerContext) {
    readMore()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    deliver()
    readMore()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, let waiting = writer {
      writer = nil
      waiting.resume()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isOpen = false
    deliver()
    writer?.resume(throwing: ClientGone())
    writer = nil
    let gone = onGone
    onGone = nil
    gone?()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A broken handshake, a reset: nothing more can be said to this client.
    context.close(promise: nil)
  }

  private func readMore() {
    // A channel that is not active yet would forget that it was asked to read.
    guard isOpen, channel.isActive, !isReading, received.readableBytes < EndpointLimits.unreadBytesMax else { return }
    isReading = true
    channel.read()
  }

  private func deliver() {
    guard let waiting = reader else { return }
    if received.readableBytes > 0 {
      reader = nil
      waiting.resume(returning: received)
      received = ByteBuffer()
    } else if !isOpen {
      reader = nil
      waiting.resume(returning: nil)
    }
  }

  // MARK: For the task, on the event loop

  func takeReader(_ continuation: CheckedContinuation<ByteBuffer?, Never>) {
    precondition(reader == nil, "one task reads a connection")
    reader = continuation
    deliver()
    readMore()
  }

  func takeWriter(_ continuation: CheckedContinuation<Void, any Error>) {
    precondition(writer == nil, "one task writes a connection")
    if !isOpen {
      continuation.resume(throwing: ClientGone())
    } else if channel.isWritable {
      continuation.resume()
    } else {
      writer = continuation
    }
  }

  func whenGone(_ body: @escaping @Sendable () -> Void) {
    if isOpen { onGone = body } else { body() }
  }
}

/// One client's bytes, for the warehouse.
struct WarehouseTransport: EndpointTransport {
  let channel: any Channel
  let socket: WarehouseSocket
  let tls: NIOSSLContext

  var clientAddress: String { channel.remoteAddress?.ipAddress ?? "" }

  func read() async -> ByteBuffer? {
    await withCheckedContinuation { continuation in
      if channel.eventLoop.inEventLoop {
        socket.takeReader(continuation)
      } else {
        channel.eventLoop.execute { socket.takeReader(continuation) }
      }
    }
  }

  func write(_ bytes: ByteBuffer) async throws(ClientGone) {
    guard channel.isActive else { throw ClientGone() }
    channel.writeAndFlush(bytes, promise: nil)
    if channel.isWritable { return }
    do {
      try await withCheckedThrowingContinuation { continuation in
        channel.eventLoop.execute { socket.takeWriter(continuation) }
      }
    } catch {
      throw ClientGone()
    }
  }

  func startTLS() async throws(ClientGone) {
    do {
      try await channel.eventLoop.submit {
        let handler = NIOSSLServerHandler(context: tls)
        try channel.pipeline.syncOperations.addHandler(handler, position: .first)
      }.get()
    } catch {
      throw ClientGone()
    }
  }

  func whenGone(_ body: @escaping @Sendable () -> Void) {
    channel.eventLoop.execute { socket.whenGone(body) }
  }

  func writeLast(_ bytes: ByteBuffer) {
    channel.writeAndFlush(bytes, promise: nil)
    close()
  }

  func close() { channel.close(promise: nil) }
}
