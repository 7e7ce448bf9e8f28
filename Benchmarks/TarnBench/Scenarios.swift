import Foundation
import Kernel
import NIOCore

/// The measurements, each on a server and a data folder of its own.
struct Scenarios {
  let program: String
  let folder: String
  let seconds: Int
  let connections: Int
  let limits: MachineLimits

  func onServer(
    _ name: String, options: [String] = [], _ body: (ServerProcess, SignedRequests) async throws -> Void
  ) async throws {
    let server = try ServerProcess(program: program, data: "\(folder)/\(name)", options: options)
    defer {
      server.stop()
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    try await body(server, SignedRequests(port: server.port))
  }

  func load(
    _ server: ServerProcess, connections: Int, _ request: @escaping @Sendable (Int, Int) -> ByteBuffer?
  ) async throws -> LoadOutcome {
    let before = server.processorSeconds
    var outcome = try await HTTPLoad(host: "127.0.0.1", port: server.port, connections: connections)
      .run(seconds: seconds, request)
    outcome.serverCPUShare = (server.processorSeconds - before) / outcome.seconds
    outcome.serverResidentBytes = server.residentBytes
    return outcome
  }

  func start(_ report: inout Report) async throws {
    try await onServer("start") { server, _ in
      report.row("start to ready", String(format: "%.0f ms", server.readyMilliseconds), "to reach: 300 ms")
      report.row("resident memory idle", "\(server.residentBytes / 1_000_000) MB", "to reach: 100 MB")
    }
  }

  // MARK: - Kinesis

  private static let recordsPerCall = 500
  private static let recordBytes = 1024

  func records(_ report: inout Report) async throws {
    for shards in [1, 100, 1000] {
      try await onServer("records-\(shards)", options: ["--lift-shard-limits"]) { server, requests in
        try await requests.once(
          requests.json("kinesis", "Kinesis_20131202.CreateStream", #"{"StreamName":"bench","ShardCount":\#(shards)}"#))
        let random = SeededRandomSource(seed: 1)
        let calls = (0..<16).map { _ in Self.putRecords(requests, random) }
        let outcome = try await load(server, connections: 8) { connection, index in
          calls[(connection * 7 + index) % calls.count]
        }
        let bytes = Double(outcome.requests * Self.recordsPerCall * Self.recordBytes) / outcome.seconds
        report.load(
          "PutRecords 500 × 1 KB, \(shards) shards", outcome, figure: String(format: "%.0f MB/s", bytes / 1e6),
          beside: String(
            format: "%.0f%% of synced writes (to reach: 25%%)", bytes / limits.syncedWriteBytesPerSecond * 100))
      }
    }
  }

  static func putRecords(_ requests: SignedRequests, _ random: SeededRandomSource) -> ByteBuffer {
    let records = (0..<recordsPerCall).map { _ in
      #"{"Data":"\#(Data(random.bytes(recordBytes)).base64EncodedString())","PartitionKey":"\#(random.next())"}"#
    }
    return requests.json(
      "kinesis", "Kinesis_20131202.PutRecords",
      #"{"StreamName":"bench","Records":[\#(records.joined(separator: ","))]}"#)
  }

  // MARK: - S3

  func smallObjects(_ report: inout Report) async throws {
    try await onServer("small") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      let body = ByteBuffer(bytes: SeededRandomSource(seed: 2).bytes(4096))
      let keys = 4000
      let puts = (0..<keys).map { requests.request("s3", "PUT", "/bench/object-\($0)", body: body) }
      let put = try await load(server, connections: connections) { connection, index in
        puts[(connection * 131 + index) % keys]
      }
      report.load(
        "PutObject 4 KB, \(connections) connections", put, figure: String(format: "%.0f/s", put.requestsPerSecond),
        beside: "to reach: 5000/s")
      // Every key is there before the reads: each connection puts its share.
      let share = keys / connections
      let seeding = try await HTTPLoad(host: "127.0.0.1", port: server.port, connections: connections)
        .run(seconds: 60) { connection, index in index < share ? puts[connection * share + index] : nil }
      guard seeding.failures == 0 else { throw BenchFailure(seeding.firstFailure ?? "a call failed") }
      let gets = (0..<keys).map { requests.request("s3", "GET", "/bench/object-\($0)") }
      let get = try await load(server, connections: connections) { connection, index in
        gets[(connection * 131 + index) % (share * connections)]
      }
      report.load(
        "GetObject 4 KB, \(connections) connections", get, figure: String(format: "%.0f/s", get.requestsPerSecond),
        beside: "to reach: 15000/s")
    }
  }

  func largeObjects(_ report: inout Report) async throws {
    try await onServer("large") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      let size = 256 << 20
      let body = ByteBuffer(repeating: 0x5A, count: size)
      let request = requests.request("s3", "PUT", "/bench/large", body: body, unsignedPayload: true)
      let put = try await load(server, connections: 1) { _, _ in request }
      let written = Double(put.requests * size) / put.seconds
      let best = min(limits.syncedWriteBytesPerSecond, limits.md5BytesPerSecond)
      report.load(
        "PutObject 256 MB", put, figure: String(format: "%.0f MB/s", written / 1e6),
        beside: String(format: "%.0f%% of the lower of disk and MD5 (to reach: 75%%)", written / best * 100))
      let fetch = requests.request("s3", "GET", "/bench/large")
      let get = try await load(server, connections: 1) { _, _ in fetch }
      let read = Double(get.responseBytes) / get.seconds
      report.load(
        "GetObject 256 MB", get, figure: String(format: "%.0f MB/s", read / 1e6),
        beside: String(format: "%.0f%% of loopback (to reach: 50%%)", read / limits.loopbackBytesPerSecond * 100))
    }
  }

  // MARK: - Athena

  func trivialQuery(_ report: inout Report) async throws {
    try await onServer("query") { server, requests in
      try await requests.once(requests.request("s3", "PUT", "/bench"))
      let client = QueryClient(endpoint: server.endpoint, bucket: "bench")
      var latency = Histogram()
      for index in 0..<50 {
        let began = ContinuousClock.now
        try await client.run("SELECT \(index)")
        if index >= 5 { latency.add(nanoseconds: UInt64((ContinuousClock.now - began).nanoseconds)) }
      }
      await client.close()
      report.row(
        "Athena SELECT 1, start to SUCCEEDED", String(format: "p50 %.1f ms", latency.milliseconds(at: 0.5)),
        String(format: "p99 %.1f ms; to reach: 30 ms over the engine's own", latency.milliseconds(at: 0.99)))
    }
  }
}
