import Foundation
import Kernel

/// A server started for a measurement, and what the system says of it.
final class ServerProcess: @unchecked Sendable {
  // Safe: nothing but the process handle, which is used for its number and its end.
  let endpoint: String
  let port: Int
  let readyMilliseconds: Double
  private let process: Process

  /// - Throws: when the program does not come to its ready line.
  init(program: String, data: String, options: [String] = []) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["serve", "--data", data, "--port", "0", "--log-level", "error"] + options
    let pipe = Pipe()
    process.standardOutput = pipe
    let began = ContinuousClock.now
    try process.run()
    var line = Data()
    while line.last != 10 {
      let more = pipe.fileHandleForReading.availableData
      guard !more.isEmpty else { throw BenchFailure("the server did not start") }
      line += more
    }
    readyMilliseconds = Double((ContinuousClock.now - began).nanoseconds) / 1e6
    let text = String(decoding: line, as: UTF8.self)
    guard let start = text.range(of: #""endpoint":""#)?.upperBound, let end = text[start...].firstIndex(of: "\""),
      let port = Int(text[start..<end].split(separator: ":").last ?? "")
    else { throw BenchFailure("the ready line cannot be read: \(text)") }
    endpoint = String(text[start..<end])
    self.port = port
  }

  /// Processor seconds used so far.
  var processorSeconds: Double {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  var residentBytes: Int { status("VmRSS") }

  /// The most that was ever resident.
  var peakResidentBytes: Int { status("VmHWM") }

  private func status(_ field: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }) else { return 0 }
    return (Int(line.split(separator: " ").dropLast().last ?? "") ?? 0) * 1024
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
  }
}

struct BenchFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
