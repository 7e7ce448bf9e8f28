import Foundation

/// DuckDB in a process of its own, asked statement by statement: the measure for queries.
final class DuckDBBaseline {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending = Data()

  /// - Parameter tools: the Python environment with DuckDB and `tpchgen-cli`.
  init(tools: Tools, threads: Int) throws {
    process.executableURL = URL(fileURLWithPath: tools.python)
    process.arguments = [tools.baselineScript, String(threads)]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  struct Outcome: Decodable {
    var milliseconds: Double?
    var rows: Int?
    var error: String?
  }

  /// Runs one statement to its end.
  /// - Returns: its duration in milliseconds, and its rows.
  @discardableResult
  func run(_ sql: String) throws -> (milliseconds: Double, rows: Int) {
    var line = try JSONEncoder().encode(sql)
    line.append(10)
    try input.fileHandleForWriting.write(contentsOf: line)
    while !pending.contains(10) {
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw BenchFailure("DuckDB's process ended") }
      pending += more
    }
    let end = pending.firstIndex(of: 10) ?? pending.endIndex
    let outcome = try JSONDecoder().decode(Outcome.self, from: pending[..<end])
    pending = Data(pending[end...].dropFirst())
    guard let milliseconds = outcome.milliseconds, let rows = outcome.rows else {
      throw BenchFailure("DuckDB: \(outcome.error ?? "no answer"): \(sql)")
    }
    return (milliseconds, rows)
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

/// What the measurements need beside Tarn; `./tarn bench` sets it up.
struct Tools: Sendable {
  /// The project's folder.
  let root: String
  var python: String { "\(root)/.deps/bench/bin/python" }
  var generator: String { "\(root)/.deps/bench/bin/tpchgen-cli" }
  var baselineScript: String { "\(root)/Benchmarks/baseline/duckdb_baseline.py" }

  func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BenchFailure("\(program) ended with \(process.terminationStatus)")
    }
  }
}
