import Kernel
import NIOCore
import NIOPosix

/// What a load bore.
struct LoadOutcome: Sendable {
  var requests = 0
  var failures = 0
  var firstFailure: String?
  var responseBytes = 0
  var seconds = 0.0
  var latency = Histogram()
  var serverCPUShare = 0.0
  var serverResidentBytes = 0

  var requestsPerSecond: Double { Double(requests) / seconds }
}

/// Closed-loop load over raw connections: each sends a request made beforehand, waits for its answer, sends the next.
/// The requests are bytes already, so that the generator takes as little as it can of the cores it shares.
struct HTTPLoad: Sendable {
  let host: String
  let port: Int
  let connections: Int

  /// One thread sends and reads all of it: the second would take the server's core.
  private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// - Parameters:
  ///   - stop: when to send no more.
  ///   - request: the `index`-th request of a connection; `nil` ends the connection's work.
  func run(
    seconds: Int, _ request: @escaping @Sendable (_ connection: Int, _ index: Int) -> ByteBuffer?
  ) async throws -> LoadOutcome {
    let clock = ContinuousClock()
    let began = clock.now
    let deadline = began + .seconds(seconds)
    var total = LoadOutcome()
    try await withThrowingTaskGroup(of: LoadOutcome.self) { group in
      for connection in 0..<connections {
        group.addTask { try await self.drive(connection, until: deadline, request) }
      }
      for try await part in group {
        total.requests += part.requests
        total.failures += part.failures
        total.firstFailure = total.firstFailure ?? part.firstFailure
        total.responseBytes += part.responseBytes
        total.latency.add(part.latency)
      }
    }
    let spent = clock.now - began
    total.seconds = Double(spent.nanoseconds) / 1e9
    return total
  }

  private func drive(
    _ connection: Int, until deadline: ContinuousClock.Instant,
    _ request: @escaping @Sendable (Int, Int) -> ByteBuffer?
  ) async throws -> LoadOutcome {
    let finished = Self.loops.any().makePromise(of: LoadOutcome.self)
    let handler = { LoadHandler(deadline: deadline, finished: finished, next: { request(connection, $0) }) }
    let channel = try await ClientBootstrap(group: Self.loops)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler()) }
      }
      .connect(host: host, port: port).get()
    let outcome = try await finished.futureResult.get()
    try? await channel.close()
    return outcome
  }
}

/// One connection's loop. Reads just enough of HTTP: the status, the content length, the body's end.
private final class LoadHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let deadline: ContinuousClock.Instant
  private let finished: EventLoopPromise<LoadOutcome>
  private let next: (Int) -> ByteBuffer?
  private var outcome = LoadOutcome()
  private var sent = ContinuousClock.now
  private var head = ByteBuffer()
  /// Bytes of the body still to come; `nil` while the head is read.
  private var bodyLeft: Int?
  private var status = 0
  private var failure = ByteBuffer()

  init(deadline: ContinuousClock.Instant, finished: EventLoopPromise<LoadOutcome>, next: @escaping (Int) -> ByteBuffer?)
  {
    self.deadline = deadline
    self.finished = finished
    self.next = next
  }

  func channelActive(context: ChannelHandlerContext) { send(context) }

  private func send(_ context: ChannelHandlerContext) {
    guard ContinuousClock.now < deadline, let request = next(outcome.requests) else {
      finished.succeed(outcome)
      return
    }
    head.clear()
    bodyLeft = nil
    sent = .now
    context.writeAndFlush(wrapOutboundOut(request), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    outcome.responseBytes += part.readableBytes
    if bodyLeft == nil {
      head.writeBuffer(&part)
      guard let end = headEnd() else { return }
      let length = head.withUnsafeReadableBytes { bytes in
        status = Self.number(bytes, from: 9)
        return Self.contentLength(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
      }
      head.moveReaderIndex(forwardBy: end + 4)
      part = head
      bodyLeft = length
    }
    guard let left = bodyLeft else { return }
    if status >= 300, failure.readableBytes < 500 { failure.writeImmutableBuffer(part) }
    bodyLeft = left - part.readableBytes
    guard bodyLeft == 0 else { return }
    outcome.requests += 1
    if status >= 300 {
      outcome.failures += 1
      outcome.firstFailure = outcome.firstFailure ?? "\(status) \(String(buffer: failure))"
      failure.clear()
    }
    outcome.latency.add(nanoseconds: UInt64((ContinuousClock.now - sent).nanoseconds))
    send(context)
  }

  /// Bytes before the empty line that ends the head.
  private func headEnd() -> Int? {
    head.withUnsafeReadableBytes { bytes in
      var index = 0
      while index + 3 < bytes.count {
        // A line feed stands at the third byte of the mark or not at all.
        if bytes[index + 1] == 10, bytes[index] == 13, bytes[index + 2] == 13, bytes[index + 3] == 10 { return index }
        index += 1
      }
      return nil
    }
  }

  private static let lengthField = Array("content-length:".utf8)

  private static func contentLength(_ head: UnsafeRawBufferPointer) -> Int {
    var index = 0
    while index + lengthField.count < head.count {
      if head[index] == 10, matches(head, at: index + 1) { return number(head, from: index + 1 + lengthField.count) }
      index += 1
    }
    return 0
  }

  private static func matches(_ head: UnsafeRawBufferPointer, at start: Int) -> Bool {
    guard start + lengthField.count <= head.count else { return false }
    for (offset, byte) in lengthField.enumerated() where head[start + offset] | 32 != byte | 32 { return false }
    return true
  }

  /// The digits from `start` on, blanks before them skipped.
  private static func number(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var value = 0
    for byte in bytes.dropFirst(start) {
      if byte == 32, value == 0 { continue }
      guard byte >= 48, byte <= 57 else { break }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { finished.fail(error) }
  func channelInactive(context: ChannelHandlerContext) { finished.succeed(outcome) }
}
