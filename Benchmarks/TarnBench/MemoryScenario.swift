import AWSWire
import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1

extension Scenarios {
  /// What much data does to the server's memory: an object of five gigabytes in and out, then a million records. The
  /// peak is the system's own (`VmHWM`), so that nothing between two looks is missed.
  func memory(_ report: inout Report) async throws {
    try await onServer("memory", options: ["--lift-shard-limits"]) { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      let idle = server.peakResidentBytes
      report.row("peak memory idle", "\(idle / 1_000_000) MB", "")
      let transfer = ObjectTransfer(server: server, path: "/bench/five-gigabytes", bytes: 5 << 30)
      let put = try await transfer.put()
      grown(&report, "peak memory after PutObject of 5 GB", server, idle, put)
      let get = try await transfer.get()
      grown(&report, "peak memory after GetObject of 5 GB", server, idle, get)
      await transfer.close()

      try await requests.once(
        requests.json("kinesis", "Kinesis_20131202.CreateStream", #"{"StreamName":"bench","ShardCount":4}"#))
      let calls = 2000
      let body = Self.putRecords(requests, SeededRandomSource(seed: 3))
      let began = ContinuousClock.now
      let outcome = try await HTTPLoad(host: "127.0.0.1", port: server.port, connections: 8)
        .run(seconds: 600) { _, index in index < calls / 8 ? body : nil }
      guard outcome.failures == 0 else { throw BenchFailure(outcome.firstFailure ?? "a call failed") }
      let seconds = Double((ContinuousClock.now - began).nanoseconds) / 1e9
      grown(&report, "peak memory after a million records of 1 KB", server, idle, 1_024_000_000 / seconds)
    }
  }

  private func grown(
    _ report: inout Report, _ name: String, _ server: ServerProcess, _ idle: Int, _ bytesPerSecond: Double
  ) {
    let peak = server.peakResidentBytes
    report.row(
      name, "\(peak / 1_000_000) MB",
      String(format: "%d MB over idle; %.0f MB/s", (peak - idle) / 1_000_000, bytesPerSecond / 1e6))
  }
}

/// One large object, streamed both ways.
private struct ObjectTransfer: Sendable {
  let server: ServerProcess
  let path: String
  let bytes: Int
  private let http = HTTPClient(eventLoopGroupProvider: .singleton)

  init(server: ServerProcess, path: String, bytes: Int) {
    self.server = server
    self.path = path
    self.bytes = bytes
  }

  func close() async { try? await http.shutdown() }

  /// - Returns: bytes per second.
  func put() async throws -> Double {
    let block = ByteBuffer(repeating: 0x5A, count: 1 << 20)
    let count = bytes >> 20
    let (blocks, length) = (Blocks(block: block, count: count), Int64(count) << 20)
    return try await timed("PUT", body: .stream(blocks, length: .known(length)))
  }

  func get() async throws -> Double { try await timed("GET", body: nil) }

  private func timed(_ method: String, body: HTTPClientRequest.Body?) async throws -> Double {
    var wire = WireRequest(
      method: method, rawPath: path, rawQuery: "", headers: WireHeaders([("host", "127.0.0.1:\(server.port)")]),
      body: .empty)
    SigV4Signer(accessKeyID: "test", secretAccessKey: "test", region: "us-east-1", service: "s3")
      .sign(&wire, body: nil, at: SystemClock().now())
    var request = HTTPClientRequest(url: server.endpoint + path)
    request.method = HTTPMethod(rawValue: method)
    for field in wire.headers.fields where field.name != "host" {
      request.headers.add(name: field.name, value: field.value)
    }
    request.body = body
    let began = ContinuousClock.now
    let response = try await http.execute(request, timeout: .minutes(30))
    for try await _ in response.body {}
    guard response.status.code == 200 else { throw BenchFailure("\(method) \(path): \(response.status)") }
    return Double(bytes) / (Double((ContinuousClock.now - began).nanoseconds) / 1e9)
  }
}

/// The same block again and again.
private struct Blocks: AsyncSequence, Sendable {
  let block: ByteBuffer
  let count: Int

  struct AsyncIterator: AsyncIteratorProtocol {
    let block: ByteBuffer
    var left: Int
    mutating func next() async -> ByteBuffer? {
      guard left > 0 else { return nil }
      left -= 1
      return block
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(block: block, left: count) }
}
