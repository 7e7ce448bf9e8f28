import Engine
import Kernel
import LakeTesting
import Testing

@Suite struct CancelTests {
  static let endless =
    "SELECT count(*) FROM range(10000000000) a(i), range(1000) b(j) WHERE i % 7 = j % 3 AND seen(i) >= 0"

  /// An engine whose function `seen` tells that a query is running.
  private static func watched() -> (fixture: Fixture, calls: Locked<Int>) {
    let calls = Locked(0)
    let seen = ScalarFunction("seen", ["BIGINT"], returns: "BIGINT", isVolatile: true) { arguments, row in
      calls.withLock { $0 += 1 }
      return arguments[0][row]
    }
    return (Fixture(functions: EngineFunctions(scalars: [seen])), calls)
  }

  @Test func aRunningQueryIsCancelled() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    fixture.lake["s3://lake/a.csv"] = Array("x\n1\n".utf8)
    // The read of the object is where the test knows that the query runs.
    fixture.lake.beforeRead { _ in session.cancel() }
    await #expect { try await session.execute("SELECT * FROM read_csv('s3://lake/a.csv')") } throws: {
      ($0 as? EngineError)?.kind == .interrupted
    }
    #expect(session.isCancelled)
    await #expect(throws: EngineError.self) { try await session.run("SELECT 1") }
  }

  @Test func computingIsCancelled() async throws {
    let (fixture, calls) = Self.watched()
    let session = fixture.session()
    let outcome = Task { try await session.execute(Self.endless) }
    while calls.withLock({ $0 }) == 0 { await Task.yield() }
    session.cancel()
    await #expect { try await outcome.value } throws: { ($0 as? EngineError)?.kind == .interrupted }
  }

  @Test func aCancelledTaskCancelsItsQuery() async throws {
    let (fixture, calls) = Self.watched()
    let session = fixture.session()
    let task = Task { try await session.execute(Self.endless) }
    while calls.withLock({ $0 }) == 0 { await Task.yield() }
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? EngineError)?.kind == .interrupted }
  }

  @Test func aQueryCancelledBeforeItsBeginningNeverRuns() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    session.cancel()
    await #expect { try await session.run("SELECT 1") } throws: { ($0 as? EngineError)?.kind == .interrupted }
  }

  @Test func queriesPastTheLimitWaitForTheirTurn() async throws {
    let fixture = Fixture(concurrentQueriesMax: 1)
    let first = try await fixture.session().run("SELECT * FROM range(1000000)")
    let second = fixture.session()
    let waiting = Task { try await second.execute("SELECT 1") }
    let cancelled = Task { try await fixture.session().execute("SELECT 1") }
    cancelled.cancel()
    await #expect { try await cancelled.value } throws: { ($0 as? EngineError)?.kind == .interrupted }
    let stopped = fixture.session()
    let stopping = Task { try await stopped.execute("SELECT 1") }
    stopped.cancel()
    await #expect { try await stopping.value } throws: { ($0 as? EngineError)?.kind == .interrupted }
    #expect(second.progress == nil)
    await first.close()
    #expect(try await waiting.value == 1)
  }
}
