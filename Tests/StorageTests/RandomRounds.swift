import Foundation
import Kernel
import Testing

/// How much the random tests do: a little on every change, a hundred times that with `TARN_SLOW=1`; and one seed
/// alone with `TARN_SEED`.
enum RandomRounds {
  static let factor = ProcessInfo.processInfo.environment["TARN_SLOW"] == nil ? 1 : 100

  /// Runs `body` with one seed after the other, and names the seed under which something went wrong.
  static func run(_ count: Int, _ body: (SeededRandomSource) async throws -> Void) async {
    if let text = ProcessInfo.processInfo.environment["TARN_SEED"], let seed = UInt64(text) {
      return await run(seed: seed, body)
    }
    // Another start each day, so that time finds more; the seed that fails is printed.
    let start = UInt64(Date().timeIntervalSince1970 / 86_400) * 1_000_000
    for round in 0..<UInt64(count * factor) { await run(seed: start + round, body) }
  }

  private static func run(seed: UInt64, _ body: (SeededRandomSource) async throws -> Void) async {
    await withKnownSeed(seed) { try await body(SeededRandomSource(seed: seed)) }
  }

  private static func withKnownSeed(_ seed: UInt64, _ body: () async throws -> Void) async {
    do {
      try await body()
    } catch {
      Issue.record("TARN_SEED=\(seed) fails: \(error)")
    }
  }
}

/// What a random test found wrong; it ends its round.
struct Mismatch: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Mismatch(message()) }
}
