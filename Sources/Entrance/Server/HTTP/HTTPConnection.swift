import AWSWire
import HummingbirdCore
import Kernel
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// A request and what its answer has to know of it.
struct HTTPExchange: Sendable {
  let request: WireRequest
  /// Where the client waits with the body until it is told to go ahead.
  let goAhead: GoAhead?
  let keepsAlive: Bool
  /// HTTP/1.0 has no chunks: a body of unknown length ends with the connection.
  let isOld: Bool
}

/// The last handler of a connection's pipeline: makes requests of what is read, hands them to the one task that asks
/// for them, and lets a task that writes too fast wait. All of its state is touched on the channel's event loop.
///
/// Requests that a client sends ahead wait for the answers before them.
final class HTTPConnection: ChannelInboundHandler, ServerChildChannelValue, @unchecked Sendable {
  // Safe: the state is the event loop's alone; what other threads call goes there first.
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    case waiting
    case collecting(HTTPRequestHead, ByteBuffer)
    /// A request is with the task; `hasEnded` once all of its body was read from the network.
    case underway(RequestBody?, hasEnded: Bool)

    var isWaiting: Bool { if case .waiting = self { true } else { false } }
  }

  let channel: any Channel
  private var phase = Phase.waiting
  private var ready: HTTPExchange?
  private var taker: CheckedContinuation<HTTPExchange?, Never>?
  private var writer: CheckedContinuation<Void, any Error>?
  /// Parts of requests whose turn has not come.
  private var queued = CircularBuffer<HTTPServerRequestPart>()
  private var queuedWeight = 0
  private var isOpen = true
  private var reads = true
  /// No request after the one underway.
  private var isClosing = false
  /// The last answer is on its way; what still comes is read and forgotten.
  private var isLeaving = false
  /// The answer has been written, and the rest of its request is still to be read.
  private var isAnswered = false
  private var lastActivity = NIODeadline.now()
  private var responses: ResponseHead

  /// - Parameter clock: tells the date of answers.
  init(_ channel: any Channel, clock: any WallClock) {
    self.channel = channel
    responses = ResponseHead(clock: clock)
  }

  // MARK: Reading

  func handlerAdded(context: ChannelHandlerContext) { watchIdleness(after: HTTPLimits.idleTime) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { take(unwrapInboundIn(data)) }

  func channelReadComplete(context: ChannelHandlerContext) {
    lastActivity = .now()
    regulate()
  }

  private func take(_ part: HTTPServerRequestPart) {
    guard !isLeaving else { return }
    switch (part, phase) {
    case (.head(let head), .waiting): begin(head)
    case (.body(var bytes), .collecting(let head, var body)):
      phase = .waiting  // so that the buffer has one owner while it grows
      if body.readableBytes == 0 { body = bytes } else { body.writeBuffer(&bytes) }
      phase = .collecting(head, body)
    case (.end, .collecting(let head, let body)):
      phase = .underway(nil, hasEnded: true)
      hand(exchange(head, ByteStream(body), nil))
    case (.body(let bytes), .underway(let body, hasEnded: false)): body?.offer(bytes)
    case (.end, .underway(let body, hasEnded: false)):
      phase = .underway(body, hasEnded: true)
      body?.finish(nil)
      if isAnswered { turn() }
    default:
      queued.append(part)
      queuedWeight += Self.weight(part)
    }
  }

  private static func weight(_ part: HTTPServerRequestPart) -> Int {
    if case .body(let bytes) = part { return HTTPLimits.queuedPartWeight + bytes.readableBytes }
    return HTTPLimits.queuedPartWeight
  }

  private func begin(_ head: HTTPRequestHead) {
    let length = head.headers.first(name: "content-length").flatMap { Int64($0) }
    let isChunked = head.headers.contains(name: "transfer-encoding")
    let waits = head.headers.first(name: "expect")?.lowercased() == "100-continue"
    if !isChunked, !waits, (length ?? 0) <= HTTPLimits.collectedBytesMax {
      phase = .collecting(head, ByteBuffer())
      return
    }
    let body = RequestBody(self)
    let goAhead = waits ? GoAhead(on: channel) : nil
    phase = .underway(body, hasEnded: false)
    let stream = ByteStream(length: isChunked ? nil : length ?? 0) {
      goAhead?.send()
      return { try await body.next() }
    }
    hand(exchange(head, stream, goAhead))
  }

  private func exchange(_ head: HTTPRequestHead, _ body: ByteStream, _ goAhead: GoAhead?) -> HTTPExchange {
    HTTPExchange(
      request: WireRequest(head, body: body), goAhead: goAhead, keepsAlive: head.isKeepAlive,
      isOld: head.version.minor == 0)
  }

  private func hand(_ exchange: HTTPExchange) {
    if let waiting = taker {
      taker = nil
      waiting.resume(returning: exchange)
    } else {
      ready = exchange
    }
  }

  /// Reads on, or lets the client wait, by what has been read and not been asked for.
  func regulate() {
    var unread = queuedWeight
    if case .underway(let body?, _) = phase { unread += body.unreadBytes }
    let shouldRead = unread < HTTPLimits.unreadBytesMax
    guard shouldRead != reads, isOpen else { return }
    reads = shouldRead
    try? channel.syncOptions?.setOption(.autoRead, value: shouldRead)
  }

  // MARK: Ends

  func channelInactive(context: ChannelHandlerContext) {
    isOpen = false
    if case .underway(let body?, hasEnded: false) = phase { body.finish(ConnectionLost()) }
    taker?.resume(returning: nil)
    taker = nil
    ready = nil
    writer?.resume(throwing: ConnectionLost())
    writer = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if isLeaving, error is ByteToMessageDecoderError { return }
    guard error is HTTPParserError else {
      // A reset, a broken handshake: nothing more can be said to this client.
      context.close(promise: nil)
      return
    }
    isClosing = true
    switch phase {
    case .waiting:
      let refusal = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
      leave(with: ByteBuffer(string: refusal))
    case .collecting(let head, _):
      phase = .underway(nil, hasEnded: true)
      hand(exchange(head, ByteStream(length: nil) { { throw error } }, nil))
    case .underway(let body, hasEnded: false):
      phase = .underway(body, hasEnded: true)
      body?.finish(error)
      if isAnswered { turn() }
    case .underway: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent, ChannelEvent.inputClosed:
      isClosing = true
      if isLeaving || phase.isWaiting { context.close(promise: nil) }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    lastActivity = .now()
    guard context.channel.isWritable, let waiting = writer else { return }
    writer = nil
    waiting.resume()
  }

  private func watchIdleness(after delay: TimeAmount) {
    channel.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.endIfIdle() }
  }

  private func endIfIdle() {
    guard isOpen else { return }
    let idle = NIODeadline.now() - lastActivity
    if !isLeaving, case .underway(_, hasEnded: true) = phase {
      watchIdleness(after: HTTPLimits.idleTime)
    } else if idle < HTTPLimits.idleTime {
      watchIdleness(after: HTTPLimits.idleTime - idle)
    } else {
      channel.close(promise: nil)
    }
  }

  /// Says the last thing and goes once the client has heard it: a connection that is closed with bytes unread takes
  /// back what was just written.
  private func leave(with bytes: ByteBuffer) {
    isLeaving = true
    channel.writeAndFlush(bytes, promise: nil)
    // A slow client may take long to fetch what waits for it; the time to hear it begins after that.
    channel.close(mode: .output).assumeIsolated().whenComplete { [weak self] _ in
      guard let self, isOpen else { return }
      channel.eventLoop.assumeIsolated().scheduleTask(in: HTTPLimits.lingerTime) { [weak self] in
        self?.channel.close(promise: nil)
      }
    }
  }

  /// The next request's turn, once the one underway has been read and answered.
  private func turn() {
    isAnswered = false
    if isClosing && queued.isEmpty {
      leave(with: ByteBuffer())
      return
    }
    phase = .waiting
    while let part = queued.popFirst() {
      queuedWeight -= Self.weight(part)
      take(part)
      if case .underway(_, hasEnded: true) = phase { break }
    }
    regulate()
  }

  // MARK: For the connection's task

  /// The next request; `nil` once the client has gone.
  func next() async -> HTTPExchange? {
    await withCheckedContinuation { continuation in
      onLoop { connection in
        if let exchange = connection.ready {
          connection.ready = nil
          continuation.resume(returning: exchange)
        } else if connection.isOpen {
          connection.taker = continuation
        } else {
          continuation.resume(returning: nil)
        }
      }
    }
  }

  /// Writes the answer to the request that `next` gave. A client that goes meanwhile is no error to anybody.
  func answer(_ exchange: HTTPExchange, _ response: WireResponse) async {
    // A client that still holds its body back may send it or not: the connection is of no more use.
    let isLast = !exchange.keepsAlive || exchange.goAhead?.isAwaited == true
    let form = ResponseHead.Form(exchange, response, isLast: isLast)
    if let bytes = response.body.bytes ?? (form.hasBody ? nil : ByteBuffer()) {
      onLoop { connection in
        var head = connection.responses.write(response, form)
        let body = form.hasBody ? bytes : ByteBuffer()
        if body.readableBytes <= HTTPLimits.joinedBytesMax {
          head.writeImmutableBuffer(body)
          connection.finish(exchange, with: head, isLast: form.isLast)
        } else {
          connection.channel.write(head, promise: nil)
          connection.finish(exchange, with: body, isLast: form.isLast)
        }
      }
      return
    }
    do {
      onLoop { connection in connection.channel.write(connection.responses.write(response, form), promise: nil) }
      try await send(response.body, form)
      onLoop { connection in
        connection.finish(exchange, with: ByteBuffer(string: form.isChunked ? "0\r\n\r\n" : ""), isLast: form.isLast)
      }
    } catch {
      // A body that breaks off must not look like a whole one.
      channel.close(promise: nil)
    }
  }

  private func send(_ body: ByteStream, _ form: ResponseHead.Form) async throws {
    let next = body.makeReader()
    var left = form.length
    func pull() async throws -> ByteBuffer? {
      guard form.endsWithServer else { return try await next() }
      return try await cancelWhenGracefulShutdown { try await next() }
    }
    while let part = try await pull() {
      guard channel.isActive else { throw ConnectionLost() }
      if form.isChunked {
        guard part.readableBytes > 0 else { continue }
        channel.write(ByteBuffer(string: String(part.readableBytes, radix: 16) + "\r\n"), promise: nil)
        channel.write(part, promise: nil)
        channel.writeAndFlush(ByteBuffer(string: "\r\n"), promise: nil)
      } else {
        left = left.map { $0 - Int64(part.readableBytes) }
        if let left, left < 0 { throw ConnectionLost() }
        channel.writeAndFlush(part, promise: nil)
      }
      if !channel.isWritable { try await writable() }
    }
    guard (left ?? 0) == 0 else { throw ConnectionLost() }
  }

  private func writable() async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      onLoop { connection in
        if !connection.isOpen {
          continuation.resume(throwing: ConnectionLost())
        } else if connection.channel.isWritable {
          continuation.resume()
        } else {
          connection.writer = continuation
        }
      }
    }
  }

  private func finish(_ exchange: HTTPExchange, with bytes: ByteBuffer, isLast: Bool) {
    lastActivity = .now()
    isClosing = isClosing || isLast
    if exchange.goAhead?.isAwaited == true {
      leave(with: bytes)
      return
    }
    guard case .underway(let body, let hasEnded) = phase else { return }
    isAnswered = true
    if hasEnded && isClosing && queued.isEmpty {
      leave(with: bytes)
      return
    }
    channel.writeAndFlush(bytes, promise: nil)
    if hasEnded {
      turn()
    } else {
      // What the client still sends is read and forgotten, or it would never read the answer.
      body?.discard()
    }
  }

  func onLoop(_ body: @escaping @Sendable (HTTPConnection) -> Void) {
    if channel.eventLoop.inEventLoop { body(self) } else { channel.eventLoop.execute { body(self) } }
  }
}

/// The client has gone, or did not keep to what it announced.
struct ConnectionLost: Error {}
