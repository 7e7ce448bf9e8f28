import Glue
import Kernel
import Testing

@Suite struct AsyncTurnsTests {
  /// Something that is said once and waited for.
  private struct Word {
    private let pair = AsyncStream<Void>.makeStream()
    func say() { pair.continuation.finish() }
    func heard() async { for await _ in pair.stream {} }
  }

  @Test func `who waits has its turn when another is done`() async throws {
    let turns = AsyncTurns(atOnce: 1)
    let (begun, done) = (Word(), Word())
    let first = Task {
      try await turns.run {
        begun.say()
        await done.heard()
        return 1
      }
    }
    await begun.heard()
    let second = Task { try await turns.run { 2 } }
    done.say()
    #expect(try await first.value == 1)
    #expect(try await second.value == 2)
  }

  @Test func `who is told to stop while it waits stops at once`() async throws {
    let turns = AsyncTurns(atOnce: 1)
    let (begun, done) = (Word(), Word())
    let first = Task {
      try await turns.run {
        begun.say()
        await done.heard()
      }
    }
    await begun.heard()
    let second = Task { try await turns.run { Issue.record("it had no turn") } }
    second.cancel()
    // The first is still at work.
    await #expect(throws: CancellationError.self) { try await second.value }
    let third = Task { try await turns.run { 3 } }
    done.say()
    try await first.value
    #expect(try await third.value == 3)
  }
}
