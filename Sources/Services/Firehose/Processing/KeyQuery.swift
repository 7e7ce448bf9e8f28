package import Kernel
package import NIOCore

/// A jq program that makes partition keys of records, run by Debian's jq (1.6, AWS's version) as a process of its own:
/// programs can run without end or ask for all memory there is, and the environment is none of theirs.
package struct KeyQuery: Sendable {
  let program: String
  /// Where records lie for the process.
  private let folder: String
  private let pool: BlockingPool

  /// - Parameters:
  ///   - folder: where records lie while the process reads them.
  ///   - pool: the threads that wait for the process.
  package init(program: String, folder: String, pool: BlockingPool) {
    self.program = program
    self.folder = folder
    self.pool = pool
  }

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
    let (status, lines) = try await run(Array("{\"i\":0,\"r\":null}\n".utf8))
    // jq ends with 2 for usage and 3 for programs that do not compile.
    guard status == 2 || status == 3 else {
      guard status != Self.notFound else { throw Failure(reason: "jq is not installed.") }
      return
    }
    let text = lines.first { !$0.isEmpty } ?? "compile error"
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
    // A program that asks for more than it may have is ended: its records have failed, the delivery goes on.
    let (status, lines) = try await run(input)
    guard status != Self.notFound else { throw Failure(reason: "jq is not installed.") }
    for line in lines {
      // A line that a killed process left in its middle is none.
      guard let answer = try? JSONNode(Array(line.utf8)), case .number(let text)? = answer["i"], let place = Int(text),
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

  /// What the shell ends with when there is no such program.
  private static let notFound: Int32 = 127

  private func run(_ input: [UInt8]) async throws -> (status: Int32, lines: [String]) {
    let run = QueryRun(filter: filter, input: input, folder: folder)
    return try await pool.run { try run.blocking() }
  }
}
