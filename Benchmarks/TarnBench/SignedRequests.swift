import AWSWire
import Foundation
import Kernel
import NIOCore

/// Requests signed beforehand, as bytes. A signature is good for five minutes, so one request can be sent again.
struct SignedRequests {
  let port: Int

  func request(
    _ service: String, _ method: String, _ path: String, headers: [(String, String)] = [],
    body: ByteBuffer = ByteBuffer(),
    unsignedPayload: Bool = false
  ) -> ByteBuffer {
    var wire = WireRequest(
      method: method, rawPath: path, rawQuery: "", headers: WireHeaders([("host", "127.0.0.1:\(port)")] + headers),
      body: .empty)
    SigV4Signer(accessKeyID: "test", secretAccessKey: "test", region: "us-east-1", service: service)
      .sign(&wire, body: unsignedPayload ? nil : body, at: SystemClock().now())
    var bytes = ByteBuffer()
    bytes.writeString("\(method) \(path) HTTP/1.1\r\n")
    for field in wire.headers.fields { bytes.writeString("\(field.name): \(field.value)\r\n") }
    if method != "GET" { bytes.writeString("content-length: \(body.readableBytes)\r\n") }
    bytes.writeString("\r\n")
    bytes.writeImmutableBuffer(body)
    return bytes
  }

  func json(_ service: String, _ target: String, _ body: String) -> ByteBuffer {
    request(
      service, "POST", "/", headers: [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
      body: ByteBuffer(string: body))
  }

  /// Sends one request and waits for its answer.
  func once(_ bytes: ByteBuffer) async throws {
    let outcome = try await HTTPLoad(host: "127.0.0.1", port: port, connections: 1)
      .run(seconds: 60) { _, index in index == 0 ? bytes : nil }
    guard outcome.failures == 0 else { throw BenchFailure(outcome.firstFailure ?? "a request failed") }
  }
}
