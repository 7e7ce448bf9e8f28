import AWSWire
import Kernel
import NIOCore

/// What tests of routers need around a request.
enum Fixtures {
  struct AllowAll: Authorizer {
    func authorize(_ request: AuthorizationRequest) async throws {}
  }

  static let context = RequestContext(
    requestID: "5f9b6f3e-0000-4000-8000-000000000001",
    scope: Scope(account: .standard, region: .usEast1), principal: .root(of: .standard),
    time: Timestamp(seconds: 1_700_000_000), authorizer: AllowAll())

  static func request(
    _ method: String = "POST", _ path: String = "/", query: String = "", headers: [(String, String)] = [],
    body: String = ""
  ) -> WireRequest {
    WireRequest(
      method: method, rawPath: path, rawQuery: query, headers: WireHeaders(headers),
      body: ByteStream(ByteBuffer(string: body)))
  }

  static func json(_ target: String, _ body: String) -> WireRequest {
    request(headers: [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.1")], body: body)
  }

  static func form(_ body: String) -> WireRequest {
    request(headers: [("Content-Type", "application/x-www-form-urlencoded")], body: body)
  }
}

extension WireResponse {
  /// The whole body as text.
  func text() async throws -> String { String(buffer: try await body.collect(upTo: 64 << 20)) }
}
