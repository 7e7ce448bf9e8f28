import HTTPTypes
import Kernel
import NIOCore
import NIOHTTPTypes

/// The answer to `Expect: 100-continue`: sent when a handler begins to read the body, so that a request which is
/// refused before is spared its upload. SDKs wait a second for it.
final class GoAhead: Sendable {
  private let channel: any Channel
  private let wasSent = Locked(false)

  /// - Returns: `nil` for a request that does not wait.
  init?(_ head: HTTPRequest, on channel: any Channel) {
    guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return nil }
    self.channel = channel
  }

  func send() {
    let isFirst = wasSent.withLock { wasSent in
      defer { wasSent = true }
      return !wasSent
    }
    guard isFirst else { return }
    channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
  }

  /// Whether the client still holds its body back. It may then send it or not, so the connection is of no more use.
  var isAwaited: Bool { wasSent.withLock { !$0 } }
}
