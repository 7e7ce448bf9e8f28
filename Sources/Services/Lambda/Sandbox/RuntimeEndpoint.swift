import Foundation
import Kernel
import NIOCore
import NIOHTTP1
import NIOPosix

/// The Lambda Runtime API of one sandbox, on a loopback address and port of its own that only its process is told:
/// one function cannot answer for another. Source: "Using the Lambda runtime API for custom runtimes".
struct RuntimeEndpoint: Sendable {
  private let channel: any Channel
  /// `AWS_LAMBDA_RUNTIME_API`.
  let address: String

  static func open(_ desk: RuntimeDesk, random: any RandomSource) async throws -> RuntimeEndpoint {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 16)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          var limits = NIOHTTPDecoderLimitConfiguration()
          limits.maxHeaderListSize = Limits.runtimeHeadBytesMax
          let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(HTTPResponseEncoder())
          try pipeline.addHandler(ByteToMessageHandler(decoder))
          try pipeline.addHandler(RuntimeConnection(desk))
        }
      }
    #if os(Linux)
      // All of 127/8 is this machine's.
      let host = "127.\(1 + random.next(below: 254)).\(random.next(below: 256)).\(1 + random.next(below: 254))"
    #else
      let host = "127.0.0.1"
    #endif
    let channel = try await bootstrap.bind(host: host, port: 0).get()
    return RuntimeEndpoint(channel: channel, address: "\(host):\(channel.localAddress?.port ?? 0)")
  }

  func close() { channel.close(promise: nil) }
}

/// One connection of a sandbox's process.
final class RuntimeConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let desk: RuntimeDesk
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isTooLong = false

  init(_ desk: RuntimeDesk) { self.desk = desk }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = ByteBuffer()
      isTooLong = false
    case .body(var part):
      guard body.readableBytes + part.readableBytes <= Limits.payloadBytesMax else {
        isTooLong = true
        return
      }
      body.writeBuffer(&part)
    case .end:
      guard let head else { return }
      self.head = nil
      respond(to: head, context)
    }
  }

  private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let parts = head.uri.split(separator: "/").map(String.init)
    guard parts.count >= 3, parts[0] == "2018-06-01", parts[1] == "runtime" else {
      return refuse(context, .notFound, "InvalidPath", "no such resource")
    }
    switch (head.method, parts.count, parts[2]) {
    case (.GET, 4, "invocation") where parts[3] == "next": next(context)
    case (.POST, 4, "init") where parts[3] == "error":
      desk.failInit(isTooLong ? ByteBuffer() : body)
      accept(context)
    case (.POST, 5, "invocation") where parts[4] == "response":
      guard !isTooLong else {
        return refuse(
          context, .payloadTooLarge, "Function.ResponseSizeTooLarge",
          "Response payload size exceeded maximum allowed payload size (\(Limits.payloadBytesMax) bytes).")
      }
      answer(context, parts[3], .response(body))
    case (.POST, 5, "invocation") where parts[4] == "error":
      answer(context, parts[3], .failed(isTooLong ? ByteBuffer() : body))
    default: refuse(context, .notFound, "InvalidPath", "no such resource")
    }
  }

  private func answer(_ context: ChannelHandlerContext, _ requestID: String, _ outcome: InvocationOutcome) {
    if desk.answer(requestID, outcome) {
      accept(context)
    } else {
      refuse(context, .badRequest, "InvalidRequestID", "Invalid request ID")
    }
  }

  private func next(_ context: ChannelHandlerContext) {
    let promise = context.eventLoop.makePromise(of: Invocation?.self)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    promise.futureResult.whenSuccess { invocation in
      let (connection, context) = bound.value
      guard let invocation else {
        context.close(promise: nil)
        return
      }
      connection.deliver(invocation, context)
    }
    desk.next(promise)
  }

  private func deliver(_ invocation: Invocation, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders([
      ("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", invocation.requestID),
      ("Lambda-Runtime-Deadline-Ms", "\(invocation.deadline.milliseconds)"),
      ("Lambda-Runtime-Invoked-Function-Arn", invocation.functionARN),
      ("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
    ])
    if let given = invocation.clientContext { headers.add(name: "Lambda-Runtime-Client-Context", value: given) }
    write(context, .ok, headers, invocation.payload)
  }

  private func accept(_ context: ChannelHandlerContext) {
    write(
      context, .accepted, HTTPHeaders([("Content-Type", "application/json")]), ByteBuffer(string: #"{"status":"OK"}"#))
  }

  private func refuse(
    _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ type: String, _ message: String
  ) {
    write(
      context, status, HTTPHeaders([("Content-Type", "application/json")]),
      ByteBuffer(string: #"{"errorMessage":"\#(message)","errorType":"\#(type)"}"#))
  }

  private func write(
    _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: ByteBuffer
  ) {
    var headers = headers
    headers.add(name: "Content-Length", value: "\(body.readableBytes)")
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
