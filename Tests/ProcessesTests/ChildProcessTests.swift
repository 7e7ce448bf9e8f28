import Foundation
import Kernel
import Processes
import Testing

#if os(Linux)
  @Suite struct ChildProcessTests {
    /// Whether the kernel has Landlock: it tells its version, number 444 with a flag, and nothing else then.
    private static let hasLandlock: Bool = {
      typealias SystemCall = @convention(c) (Int, UnsafeRawPointer?, Int, UInt32) -> Int
      guard let symbol = dlsym(nil, "syscall") else { return false }
      return unsafeBitCast(symbol, to: SystemCall.self)(444, nil, 0, 1) > 0
    }()

    /// The kernel ends a process when the thread ends that started it.
    private let starter = BlockingPool(name: "processes-test", threads: 1, queueLimit: 10)

    private struct Outcome {
      var code: Int32
      var output: [String]
      var errors: [String]
    }

    private func run(_ script: String, in folder: String, _ limit: Program.Limit) async throws -> Outcome {
      let program = Program(
        path: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"], folder: folder,
        limit: limit, separatesErrors: true)
      let process = try await starter.run { try ChildProcess.start(program) }
      while true {
        process.drain()
        if let code = process.ended() {
          process.drain()
          return Outcome(
            code: code, output: process.takeLines(all: true), errors: process.takeErrorLines(all: true))
        }
        try await Task.sleep(for: .milliseconds(5))
      }
    }

    private func folder() throws -> String {
      let path = NSTemporaryDirectory() + "tarn-processes-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path + "/own", withIntermediateDirectories: true)
      return path
    }

    @Test func `output and errors are kept apart`() async throws {
      let folder = try folder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let outcome = try await run("echo out; echo err >&2; exit 3", in: folder, Program.Limit())
      #expect(outcome.code == 3)
      #expect(outcome.output == ["out"])
      #expect(outcome.errors == ["err"])
    }

    @Test func `a program that is not there is told`() async throws {
      let program = Program(path: "/no/such/program", arguments: [], environment: [:], folder: "/")
      await #expect(throws: ChildProcess.StartFailure.self) {
        _ = try await starter.run { try ChildProcess.start(program) }
      }
    }

    @Test(.enabled(if: hasLandlock, "this kernel has no Landlock"))
    func `a program writes and reads where it may`() async throws {
      let folder = try folder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Data("secret".utf8).write(to: URL(fileURLWithPath: folder + "/secret"))
      let limit = Program.Limit(
        writableFolders: [folder + "/own", "/dev/null"],
        readableFolders: ["/usr", "/bin", "/lib", "/lib64", "/etc", "/dev"])
      let script = """
        echo a > own/a && mv own/a own/b && cat own/b && rm own/b && echo own
        (echo x > outside) 2>/dev/null || echo no outside
        (mv secret own/secret) 2>/dev/null || echo no move
        (cat secret) 2>/dev/null || echo no secret
        (sh -c 'echo x > outside') 2>/dev/null || echo no child outside
        """
      let outcome = try await run(script, in: folder, limit)
      #expect(outcome.output == ["a", "own", "no outside", "no move", "no secret", "no child outside"])
      #expect(!FileManager.default.fileExists(atPath: folder + "/outside"))
    }
  }
#endif
