import Kernel
import NIOCore

/// The answer to `Expect: 100-continue`: sent when a handler begins to read the body, so that a request which is
/// refused before is spared its upload. SDKs wait a second for it.
final class GoAhead: Sendable {
  private let channel: any Channel
  private let wasSent = Locked(false)

  init(on channel: any Channel) { self.channel = channel }

  func send() {
    let isFirst = wasSent.withLock { wasSent in
      defer { wasSent = true }
      return !wasSent
    }
    guard isFirst else { return }
    channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
  }

  /// Whether the client still holds its body back. It may then send it or not, so the connection is of no more use.
  var isAwaited: Bool { wasSent.withLock { !$0 } }
}
