import AWSWire
import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1

/// A small AWS client: signs, sends, and reads JSON or XML as text. It speaks to the server as a stranger would.
struct APIClient: Sendable {
  let endpoint: String
  private let accessKeyID: String
  private let secretAccessKey: String
  private let sessionToken: String?
  private let region: String
  private let http = HTTPClient(eventLoopGroupProvider: .singleton)
  private static let responseBytesMax = 64 << 20

  init(endpoint: String, accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, region: String) {
    self.endpoint = endpoint
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.region = region
  }

  /// The server refused a call.
  struct Refused: Error, CustomStringConvertible {
    let call: String
    let status: UInt
    let body: String
    var description: String { "\(call) was answered \(status): \(body)" }
  }

  /// Calls an operation of a JSON service.
  /// - Parameter target: the service's target prefix and the operation, `Kinesis_20131202.PutRecords`.
  func json(_ service: String, _ target: String, _ body: [String: Any]) async throws -> [String: Any] {
    let bytes = try JSONSerialization.data(withJSONObject: body)
    let answer = try await send(
      service, "POST", "/", headers: [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
      body: ByteBuffer(bytes: bytes), called: target)
    guard answer.readableBytes > 0 else { return [:] }
    let object = try JSONSerialization.jsonObject(with: Data(answer.readableBytesView))
    return object as? [String: Any] ?? [:]
  }

  /// Calls an operation of a Query service.
  func query(_ service: String, _ parameters: [(String, String)]) async throws {
    let form = parameters.map { "\(Self.escape($0.0))=\(Self.escape($0.1))" }.joined(separator: "&")
    _ = try await send(
      service, "POST", "/", headers: [("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
      body: ByteBuffer(string: form), called: parameters.first?.1 ?? service)
  }

  /// Calls S3.
  func s3(_ method: String, _ path: String, query: String = "", body: ByteBuffer = ByteBuffer()) async throws -> String
  {
    let answer = try await send("s3", method, path, query: query, headers: [], body: body, called: "\(method) \(path)")
    return String(buffer: answer)
  }

  /// Calls what Tarn adds beside a service's operations.
  func tool(_ service: String, _ path: String, _ parameters: [(String, String)]) async throws -> ByteBuffer {
    let query = parameters.map { "\(Self.escape($0.0))=\(Self.escape($0.1))" }.joined(separator: "&")
    return try await send(service, "POST", path, query: query, headers: [], body: ByteBuffer(), called: path)
  }

  func close() async { try? await http.shutdown() }

  private func send(
    _ service: String, _ method: String, _ path: String, query: String = "", headers: [(String, String)],
    body: ByteBuffer, called: String
  ) async throws -> ByteBuffer {
    let host = String(endpoint.drop { $0 != "/" }.dropFirst(2))
    var wire = WireRequest(
      method: method, rawPath: path, rawQuery: query, headers: WireHeaders([("host", host)] + headers),
      body: ByteStream(body))
    let signer = SigV4Signer(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, region: region,
      service: service)
    signer.sign(&wire, body: body, at: SystemClock().now())
    var request = HTTPClientRequest(url: endpoint + path + (query.isEmpty ? "" : "?" + query))
    request.method = HTTPMethod(rawValue: method)
    for field in wire.headers.fields where field.name != "host" {
      request.headers.add(name: field.name, value: field.value)
    }
    if body.readableBytes > 0 { request.body = .bytes(body) }
    let response = try await http.execute(request, timeout: .minutes(2))
    let bytes = try await response.body.collect(upTo: Self.responseBytesMax)
    guard response.status.code < 300 else {
      throw Refused(call: called, status: response.status.code, body: String(buffer: bytes))
    }
    return bytes
  }

  private static func escape(_ text: String) -> String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~".utf8)
    return text.utf8.map { plain.contains($0) ? String(UnicodeScalar($0)) : "%" + [$0].hex.uppercased() }.joined()
  }
}
