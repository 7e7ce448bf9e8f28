import AWSWire
import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1

/// Calls that are part of a measurement's way, one at a time.
struct APIClient: Sendable {
  let endpoint: String
  private let http = HTTPClient(eventLoopGroupProvider: .singleton)

  init(endpoint: String) { self.endpoint = endpoint }

  func close() async { try? await http.shutdown() }

  /// A call of a JSON service.
  func call(_ service: String, _ target: String, _ input: [String: Any]) async throws -> [String: Any] {
    let bytes = try await send(
      service, "POST", "/", query: "",
      headers: [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
      body: ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: input)))
    guard bytes.readableBytes > 0 else { return [:] }
    return try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any] ?? [:]
  }

  /// The first thousand keys of a bucket below a prefix.
  func keys(in bucket: String, prefix: String) async throws -> [String] {
    let name = prefix.replacing("/", with: "%2F")
    let text = String(buffer: try await send("s3", "GET", "/\(bucket)", query: "list-type=2&prefix=\(name)"))
    return text.split(separator: "<Key>").dropFirst().map { String($0.prefix { $0 != "<" }) }
  }

  /// Calls a function and gives what it answered.
  func invoke(_ function: String, _ payload: String) async throws -> Any {
    let bytes = try await send(
      "lambda", "POST", "/2015-03-31/functions/\(function)/invocations", query: "", body: ByteBuffer(string: payload))
    return try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView), options: .fragmentsAllowed)
  }

  private func send(
    _ service: String, _ method: String, _ path: String, query: String, headers: [(String, String)] = [],
    body: ByteBuffer = ByteBuffer()
  ) async throws -> ByteBuffer {
    let host = String(endpoint.drop { $0 != "/" }.dropFirst(2))
    var wire = WireRequest(
      method: method, rawPath: path, rawQuery: query, headers: WireHeaders([("host", host)] + headers), body: .empty)
    SigV4Signer(accessKeyID: "test", secretAccessKey: "test", region: "us-east-1", service: service)
      .sign(&wire, body: body, at: SystemClock().now())
    var request = HTTPClientRequest(url: endpoint + path + (query.isEmpty ? "" : "?\(query)"))
    request.method = HTTPMethod(rawValue: method)
    for field in wire.headers.fields where field.name != "host" {
      request.headers.add(name: field.name, value: field.value)
    }
    if method != "GET" { request.body = .bytes(body) }
    let response = try await http.execute(request, timeout: .minutes(5))
    let bytes = try await response.body.collect(upTo: 16 << 20)
    guard response.status.code == 200 else { throw BenchFailure("\(path) \(headers): \(String(buffer: bytes))") }
    return bytes
  }
}
