import Foundation
import Kernel
import LambdaModel
import Logging

/// How a sandbox of a runtime is started.
struct RuntimeProgram: Sendable, Hashable {
  var path: String
  var arguments: [String]
  /// Whether the address space may be bounded: Node.js reserves far more than it uses.
  var boundsAddressSpace: Bool
}

/// The runtimes of this machine: its own interpreters, found once and asked for their version.
struct RuntimeCatalog: Sendable {
  private let interpreters: [String: String]
  let folder: String

  /// Which runtimes AWS lists this server could ever run; the others are refused when a function is made.
  static func isSupported(_ runtime: String) -> Bool {
    runtime.hasPrefix("python3.") || nodeMajor(runtime) != nil || runtime.hasPrefix("provided")
  }

  private static func nodeMajor(_ runtime: String) -> String? {
    guard runtime.hasPrefix("nodejs"), runtime.hasSuffix(".x") else { return nil }
    return String(runtime.dropFirst(6).dropLast(2))
  }

  /// Looks for interpreters in `path`, in its order, and writes the bootstraps into `folder`. Blocks.
  init(path: String, folder: String) throws {
    var found: [String: String] = [:]
    for place in path.split(separator: ":").map(String.init) where place.hasPrefix("/") {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      for name in names.sorted() where name.hasPrefix("python3.") && !name.hasSuffix("-config") {
        let minor = name.dropFirst("python3.".count)
        guard !minor.isEmpty, minor.allSatisfy(\.isNumber), found[name] == nil else { continue }
        // A shim that chooses an interpreter by the working folder is none: the version it gives is not fixed.
        guard !place.hasSuffix("/shims"), access("\(place)/\(name)", X_OK) == 0 else { continue }
        found[name] = "\(place)/\(name)"
      }
      if names.contains("node"), !place.hasSuffix("/shims"), access("\(place)/node", X_OK) == 0,
        let major = Self.majorVersion(of: "\(place)/node"), found["nodejs\(major).x"] == nil
      {
        found["nodejs\(major).x"] = "\(place)/node"
      }
    }
    interpreters = found
    self.folder = folder
    try PythonBootstrap.source.write(toFile: "\(folder)/bootstrap.py", atomically: true, encoding: .utf8)
    try NodeBootstrap.source.write(toFile: "\(folder)/bootstrap.mjs", atomically: true, encoding: .utf8)
  }

  /// The runtimes whose interpreters are there.
  var names: [String] { interpreters.keys.sorted() }

  /// `v20.1.2` gives `20`.
  private static func majorVersion(of program: String) -> String? {
    guard let pipe = popen("'\(program.replacing("'", with: ""))' --version 2>/dev/null", "r") else { return nil }
    defer { pclose(pipe) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), pipe) != nil else { return nil }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let major = text.drop { $0 == "v" }.prefix { $0.isNumber }
    return major.isEmpty ? nil : String(major)
  }

  /// How the runtime is started for code in `task`.
  /// - Throws: InvalidRuntimeException when the interpreter is not installed.
  func program(for runtime: String, task: String) throws -> RuntimeProgram {
    if runtime.hasPrefix("provided") {
      return RuntimeProgram(path: "\(task)/bootstrap", arguments: [], boundsAddressSpace: true)
    }
    guard let interpreter = interpreters[runtime] else {
      throw LambdaError.invalidRuntimeException(
        "The runtime \(runtime) is not installed on this machine. Installed: \(names.joined(separator: ", ")).")
    }
    if runtime.hasPrefix("python") {
      return RuntimeProgram(
        path: interpreter, arguments: ["-B", "\(folder)/bootstrap.py"], boundsAddressSpace: true)
    }
    return RuntimeProgram(path: interpreter, arguments: ["\(folder)/bootstrap.mjs"], boundsAddressSpace: false)
  }
}
