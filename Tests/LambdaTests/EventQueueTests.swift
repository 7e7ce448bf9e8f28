import Foundation
import Kernel
import Lambda
import Storage
import StorageTesting
import Testing

/// A store whose first reads fail.
private final class MoodyStore: KeyStore {
  struct Mood: Error {}
  private let inner: MemoryKeyStore
  let failures: Locked<Int>

  init(_ inner: MemoryKeyStore, failures: Int) {
    self.inner = inner
    self.failures = Locked(failures)
  }

  func read<T: Sendable>(_ body: @escaping @Sendable (any KeyReader) throws -> T) async throws -> T {
    let fails = failures.withLock { left in
      left -= 1
      return left >= 0
    }
    if fails { throw Mood() }
    return try await inner.read(body)
  }

  func readBlocking<T>(_ body: (any KeyReader) throws -> T) throws -> T { try inner.readBlocking(body) }

  func write<T: Sendable>(_ body: @escaping @Sendable (any KeyTransaction) throws -> T) async throws -> T {
    try await inner.write(body)
  }
}

@Suite struct EventQueueTests {
  private func event(_ function: String, at time: Timestamp) -> EventRecord {
    EventRecord(
      id: "", scope: Scope(account: .standard, region: .usEast1), function: function, requestID: "r",
      payload: Data("{}".utf8), received: time, due: time)
  }

  @Test func `what an earlier run left is worked on, though the disk does not give it at once`() async throws {
    let store = MemoryKeyStore()
    let clock = BatchWorkTests.RushingClock()
    let random = SeededRandomSource(seed: 1)
    try await EventQueue(keys: store, clock: clock, random: random).put([event("a", at: clock.now())])
    let queue = EventQueue(keys: MoodyStore(store, failures: 3), clock: clock, random: random)
    let (done, finish) = AsyncStream<String>.makeStream()
    let running = Task {
      await queue.run { event in
        finish.yield(event.function)
        return .done(nil)
      }
    }
    var seen = done.makeAsyncIterator()
    #expect(await seen.next() == "a")
    running.cancel()
    await running.value
  }

  @Test func `events and what goes with them are kept together or not at all`() async throws {
    struct Refused: Error {}
    let store = MemoryKeyStore()
    let clock = BatchWorkTests.RushingClock()
    let queue = EventQueue(keys: store, clock: clock, random: SeededRandomSource(seed: 1))
    let mark = Key("mark")
    try await queue.put([event("a", at: clock.now()), event("b", at: clock.now())]) { try $0.set(mark, [1]) }
    #expect(await queue.size == 2)
    #expect(try await store.read { try $0.get(mark) } == [1])
    await #expect(throws: Refused.self) {
      try await queue.put([self.event("c", at: clock.now())]) { _ in throw Refused() }
    }
    #expect(await queue.size == 2)
  }
}
