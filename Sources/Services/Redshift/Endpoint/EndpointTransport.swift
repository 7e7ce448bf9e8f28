public import NIOCore

/// Bytes from and to one client. `Server` implements it over a socket, tests over arrays.
public protocol EndpointTransport: Sendable {
  /// The client's address without port, for errors and logs.
  var clientAddress: String { get }
  /// What the client sent next; `nil` once it has gone.
  func read() async -> ByteBuffer?
  /// Hands over what is to be sent. Returns when the client can take more, so that a slow reader slows its query.
  /// - Throws: `ClientGone`.
  func write(_ bytes: ByteBuffer) async throws(ClientGone)
  /// Encrypts all that follows. Called between messages, after what was written before is on its way.
  func startTLS() async throws(ClientGone)
  /// Runs `body` when the client goes, at once if it has: a query that nobody waits for is to end.
  func whenGone(_ body: @escaping @Sendable () -> Void)
  /// Sends last words and closes, without waiting for the client to read them.
  func writeLast(_ bytes: ByteBuffer)
  /// Ends the connection once what was written is sent. Safe to call twice, and from anywhere.
  func close()
}

/// The connection has ended.
public struct ClientGone: Error, Sendable {
  public init() {}
}
