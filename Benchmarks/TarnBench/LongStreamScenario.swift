import Foundation
import Kernel

extension Scenarios {
  /// Ten million records into one stream: is the last million taken as fast as the first?
  func tenMillionRecords(_ report: inout Report) async throws {
    try await onServer("long", options: ["--lift-shard-limits"]) { server, requests in
      try await requests.once(
        requests.json("kinesis", "Kinesis_20131202.CreateStream", #"{"StreamName":"bench","ShardCount":16}"#))
      let random = SeededRandomSource(seed: 4)
      var calls = (0..<8).map { _ in Self.putRecords(requests, random) }
      var rates: [Double] = []
      for million in 1...10 {
        // A signature is good for some minutes only.
        if million % 3 == 0 { calls = (0..<8).map { _ in Self.putRecords(requests, random) } }
        let bodies = calls
        let outcome = try await HTTPLoad(host: "127.0.0.1", port: server.port, connections: 8)
          .run(seconds: 600) { connection, index in index < 250 ? bodies[connection] : nil }
        guard outcome.failures == 0 else { throw BenchFailure(outcome.firstFailure ?? "a call failed") }
        rates.append(1e6 / outcome.seconds)
      }
      report.row(
        "records/s, the tenth million", String(format: "%.0f/s", rates[9]),
        String(
          format: "first million %.0f/s; tenth / first %.2f; resident %d MB", rates[0], rates[9] / rates[0],
          server.residentBytes / 1_000_000))
    }
  }
}
