import ArgumentParser
import Foundation
import Kernel

/// `tarn-bench`: loads a server of its own and prints what it bears, beside the machine's own limits.
@main
struct TarnBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tarn-bench",
    abstract: "Measures throughput and latency beside the limits of the machine, in one run.")

  @Option(help: "The server's program.")
  var tarn: String?

  @Option(help: "Where the data folder and the machine's own measurements go; the same disk for both.")
  var folder = NSTemporaryDirectory()

  @Option(help: "Seconds of load for each measurement.")
  var seconds = 5

  @Option(help: "Connections of the small-object loads.")
  var connections = 32

  @Option(
    parsing: .upToNextOption,
    help: "Only these: \(Self.names.joined(separator: ", ")).")
  var only: [String] = []

  static let names = [
    "limits", "start", "records", "small", "large", "query", "firehose", "tpch", "warehouse", "quality", "crawl",
    "functions", "memory", "crawlmany", "long",
  ]

  func validate() throws {
    if let odd = only.first(where: { !Self.names.contains($0) }) {
      throw ValidationError("there is no measurement '\(odd)'")
    }
  }

  @Option(help: "TPC-H's scale factor.")
  var scale = 1.0

  @Option(help: "Objects of the crawl of very many.")
  var objects = 200_000

  @Option(help: "The project's folder, where the script set up what the measurements need beside Tarn.")
  var root = "."

  func run() async throws {
    let program =
      tarn
      ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("tarn").path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw ValidationError("there is no server at \(program): build it, or give --tarn")
    }
    let work = folder + "/tarn-bench-\(SystemRandomSource().uuid())"
    try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: work) }
    var report = Report()
    let limits = try await MachineLimits.measure(folder: work, seconds: min(seconds, 3))
    report.limits(limits)
    let scenarios = Scenarios(
      program: program, folder: work, seconds: seconds, connections: connections, limits: limits)
    func wanted(_ name: String) -> Bool { only.isEmpty || only.contains(name) }
    if wanted("start") { try await scenarios.start(&report) }
    if wanted("records") { try await scenarios.records(&report) }
    if wanted("small") { try await scenarios.smallObjects(&report) }
    if wanted("large") { try await scenarios.largeObjects(&report) }
    if wanted("query") { try await scenarios.trivialQuery(&report) }
    if wanted("memory") { try await scenarios.memory(&report) }
    if wanted("long") { try await scenarios.tenMillionRecords(&report) }
    if wanted("tpch") {
      try await scenarios.tpch(&report, tools: Tools(root: root), scale: scale, rounds: 5)
    }
    if wanted("warehouse") {
      try await scenarios.warehouse(&report, tools: Tools(root: root), scale: scale, rounds: 5)
    }
    if wanted("quality") { try await scenarios.quality(&report, tools: Tools(root: root), rounds: 5) }
    if wanted("crawl") { try await scenarios.crawl(&report, rounds: 3) }
    if wanted("crawlmany") { try await scenarios.crawlOfMany(&report, objects: objects) }
    if wanted("firehose") { try await scenarios.firehose(&report) }
    if wanted("functions") { try await scenarios.functions(&report) }
  }
}

/// Prints figures as they come, each with what it is compared with.
struct Report {
  func limits(_ limits: MachineLimits) {
    row("limit: sequential write with sync", String(format: "%.0f MB/s", limits.syncedWriteBytesPerSecond / 1e6), "")
    row("limit: MD5, one core", String(format: "%.0f MB/s", limits.md5BytesPerSecond / 1e6), "")
    row("limit: SHA-256, one core", String(format: "%.0f MB/s", limits.sha256BytesPerSecond / 1e6), "")
    row(
      "limit: loopback HTTP, empty handler", String(format: "%.0f/s", limits.emptyRequestsPerSecond),
      String(format: "%.0f MB/s of 1 MB bodies", limits.loopbackBytesPerSecond / 1e6))
  }

  func row(_ name: String, _ figure: String, _ beside: String) {
    let padded = name.padding(toLength: 44, withPad: " ", startingAt: 0)
    print("\(padded) \(figure.padding(toLength: 18, withPad: " ", startingAt: 0)) \(beside)")
  }

  func load(_ name: String, _ outcome: LoadOutcome, figure: String, beside: String = "") {
    let latency = String(
      format: "p50 %.2f ms, p99 %.2f ms, server CPU %.0f%%, resident %d MB", outcome.latency.milliseconds(at: 0.5),
      outcome.latency.milliseconds(at: 0.99), outcome.serverCPUShare * 100, outcome.serverResidentBytes / 1_000_000)
    row(name, figure, [beside, latency].filter { !$0.isEmpty }.joined(separator: "; "))
    if outcome.failures > 0 { row("  failed requests", "\(outcome.failures)", outcome.firstFailure ?? "") }
  }
}
