import Foundation
import Kernel
package import NIOCore
import Subprocess

/// A jq program that makes partition keys of records, run by Debian's jq (1.6, AWS's version) as a process of its own:
/// programs can run without end or ask for all memory there is, and the environment is none of theirs.
package struct KeyQuery: Sendable {
  let program: String

  package init(program: String) { self.program = program }

  package struct Failure: Error, Sendable {
    package var reason: String
  }

  package enum Keys: Sendable, Equatable {
    case keys([String: String])
    case failed(String)
  }

  /// Records come with their place, and go back with it whatever the program does to its input.
  private var filter: String {
    "{i: .i, r: (try [first(.r | (\n\(program)\n))] catch {e: tostring})}"
  }

  /// Whether the program can be compiled.
  /// - Throws: `Failure` with jq's words.
  package func check() async throws {
    let (status, _, errors) = try await run(Array("{\"i\":0,\"r\":null}\n".utf8))
    // jq ends with 2 for usage and 3 for programs that do not compile.
    guard status == 2 || status == 3 else {
      guard status != 127 else { throw Failure(reason: "jq is not installed.") }
      return
    }
    let text = errors.split(separator: "\n").first.map(String.init) ?? "compile error"
    throw Failure(reason: text.hasPrefix("jq: error: ") ? String(text.dropFirst(11)) : text)
  }

  /// The keys of each record, in their order.
  /// - Throws: `Failure` when jq itself cannot be run.
  package func keys(of records: [ByteBuffer]) async throws -> [Keys] {
    var keys = [Keys](repeating: .failed("The query gave no answer for this record"), count: records.count)
    var input: [UInt8] = []
    for (place, record) in records.enumerated() {
      let bytes = Array(record.readableBytesView)
      // Only what is JSON goes to the process: what is not would end it for all the others.
      guard (try? JSONNode(bytes)) != nil else {
        keys[place] = .failed("Invalid JSON: the record could not be parsed")
        continue
      }
      input += Array("{\"i\":\(place),\"r\":".utf8) + bytes + Array("}\n".utf8)
    }
    guard !input.isEmpty else { return keys }
    let status: Int32
    let output: [UInt8]
    do {
      (status, output, _) = try await run(input)
    } catch let error as SubprocessError {
      if error.code == .spawnFailed || error.code == .executableNotFound {
        throw Failure(reason: "jq cannot be run: \(error)")
      }
      // The program asked for more than it may have, and was ended: its records have failed, the delivery goes on.
      return keys
    }
    guard status != 127 else { throw Failure(reason: "jq is not installed.") }
    for line in output.split(separator: UInt8(ascii: "\n")) {
      // A line that a killed process left in its middle is none.
      guard let answer = try? JSONNode(Array(line)), case .number(let text)? = answer["i"], let place = Int(text),
        keys.indices.contains(place), let result = answer["r"]
      else { continue }
      keys[place] = Self.keys(of: result)
    }
    return keys
  }

  private static func keys(of result: JSONNode) -> Keys {
    if let error = result["e"]?.plainText { return .failed(error) }
    guard case .array(let outputs) = result, case .object(let members)? = outputs.first else {
      return .failed("The query did not give an object of partition keys")
    }
    var keys: [String: String] = [:]
    for member in members {
      guard let text = member.value.plainText, !text.isEmpty else {
        return .failed("partitionKeys values must not be null or empty")
      }
      keys[member.key] = text
    }
    return .keys(keys)
  }

  /// Writing to a process that has ended must fail, and not end this one too as the signal does unless it is ignored.
  private static let brokenPipesFail: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  /// The shell sets the limits and becomes jq.
  private func run(_ input: [UInt8]) async throws -> (status: Int32, output: [UInt8], errors: String) {
    _ = Self.brokenPipesFail
    let limits = "ulimit -v \(Limits.queryMemoryKiB); ulimit -t \(Limits.querySeconds); ulimit -f 0; "
    let result = try await Subprocess.run(
      .name("sh"),
      arguments: ["-c", limits + "exec jq -c \"$1\"", "sh", filter],
      environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]),
      input: .array(input), output: .bytes(limit: Limits.queryOutputBytesMax),
      error: .string(limit: Limits.queryErrorBytesMax))
    let status: Int32
    switch result.terminationStatus {
    case .exited(let code): status = code
    case .signaled(let signal): status = -signal
    }
    return (status, result.standardOutput, result.standardError)
  }
}
