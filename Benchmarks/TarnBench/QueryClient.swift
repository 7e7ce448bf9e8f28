import AWSWire
import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1

/// Runs queries through Athena's API.
struct QueryClient: Sendable {
  let endpoint: String
  let bucket: String
  private let http = HTTPClient(eventLoopGroupProvider: .singleton)

  init(endpoint: String, bucket: String) {
    self.endpoint = endpoint
    self.bucket = bucket
  }

  func close() async { try? await http.shutdown() }

  func run(_ sql: String, database: String = "default") async throws {
    let started = try await call(
      "StartQueryExecution",
      [
        "QueryString": sql, "QueryExecutionContext": ["Database": database],
        "ResultConfiguration": ["OutputLocation": "s3://\(bucket)/results/"],
      ])
    guard let id = started["QueryExecutionId"] as? String else { throw BenchFailure("no execution id") }
    let began = ContinuousClock.now
    while true {
      let answer = try await call("GetQueryExecution", ["QueryExecutionId": id])
      let status = (answer["QueryExecution"] as? [String: Any])?["Status"] as? [String: Any]
      switch status?["State"] as? String {
      case "SUCCEEDED": return
      case "FAILED", "CANCELLED": throw BenchFailure("\(sql): \(status?["StateChangeReason"] ?? "")")
      // Asking takes of the cores that the query runs on: the longer it runs, the less often, within four per cent.
      default: try await Task.sleep(for: max(.milliseconds(1), (ContinuousClock.now - began) / 25))
      }
    }
  }

  private func call(_ operation: String, _ input: [String: Any]) async throws -> [String: Any] {
    let body = ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: input))
    let host = String(endpoint.drop { $0 != "/" }.dropFirst(2))
    var wire = WireRequest(
      method: "POST", rawPath: "/", rawQuery: "",
      headers: WireHeaders([
        ("host", host), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonAthena.\(operation)"),
      ]), body: .empty)
    SigV4Signer(accessKeyID: "test", secretAccessKey: "test", region: "us-east-1", service: "athena")
      .sign(&wire, body: body, at: SystemClock().now())
    var request = HTTPClientRequest(url: endpoint + "/")
    request.method = .POST
    for field in wire.headers.fields where field.name != "host" {
      request.headers.add(name: field.name, value: field.value)
    }
    request.body = .bytes(body)
    let response = try await http.execute(request, timeout: .minutes(5))
    let bytes = try await response.body.collect(upTo: 16 << 20)
    guard response.status.code == 200 else { throw BenchFailure("\(operation): \(String(buffer: bytes))") }
    return try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any] ?? [:]
  }
}
