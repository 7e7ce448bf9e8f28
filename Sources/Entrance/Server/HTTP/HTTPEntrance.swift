import AWSWire
import HummingbirdCore
import Kernel
import Logging
import NIOCore
import NIOHTTP1

/// What the HTTP library does with a connection that it accepted: NIO reads HTTP/1 out of its bytes, and one task takes
/// its requests one after another.
///
/// The library's own way there, with an asynchronous sequence of parts for each connection and messages turned from one
/// model into another and back, took twice the processor's time of all that a small GetObject does.
struct HTTPEntrance: ServerChildChannel {
  let gateway: Gateway

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTPConnection> {
    channel.eventLoop.makeCompletedFuture {
      let connection = HTTPConnection(channel, clock: gateway.clock)
      var limits = NIOHTTPDecoderLimitConfiguration()
      limits.maxHeaderFieldSize = HTTPLimits.headBytesMax
      limits.maxHeaderListSize = HTTPLimits.headBytesMax
      limits.maxHeaderFieldCount = HTTPLimits.headFieldsMax
      let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(ByteToMessageHandler(decoder))
      try pipeline.addHandler(connection)
      return connection
    }
  }

  func handle(value connection: HTTPConnection, logger: Logger) async {
    let address = connection.channel.remoteAddress?.ipAddress ?? ""
    await withTaskCancellationHandler {
      while let exchange = await connection.next() {
        await connection.answer(exchange, await gateway.respond(to: exchange, sourceIP: address))
      }
    } onCancel: {
      connection.channel.close(promise: nil)
    }
  }
}

/// What one connection may hold. Source of the head's limit: the largest that SDKs send are presigned URLs and
/// metadata, both far below.
enum HTTPLimits {
  static let headBytesMax = 80 << 10
  static let headFieldsMax = 1000
  /// A body of at most these bytes is handed over whole, a longer one as it comes.
  static let collectedBytesMax = 64 << 10
  /// Bytes read and not yet asked for, before the client has to wait.
  static let unreadBytesMax = 128 << 10
  /// What a request that was sent ahead of its turn counts for at the least.
  static let queuedPartWeight = 512
  /// A body of at most these bytes is copied behind its head, so that both leave as one.
  static let joinedBytesMax = 16 << 10
  /// A connection on which nothing comes is closed after this; SDKs keep theirs for about a minute.
  static let idleTime = TimeAmount.seconds(120)
  /// How long a client may take to hear the last answer and close.
  static let lingerTime = TimeAmount.seconds(5)
}
