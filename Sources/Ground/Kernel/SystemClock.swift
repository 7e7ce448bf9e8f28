import Atomics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The machine's clock, held from going backwards.
public struct SystemClock: WallClock {
  private let latest = ManagedAtomic<Int64>(0)

  public init() {}

  public func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let read = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    var seen = latest.load(ordering: .relaxed)
    while read > seen {
      let (exchanged, original) = latest.weakCompareExchange(expected: seen, desired: read, ordering: .relaxed)
      if exchanged { return Timestamp(nanoseconds: read) }
      seen = original
    }
    return Timestamp(nanoseconds: seen)
  }

  public func sleep(until deadline: Timestamp) async throws {
    while true {
      let left = deadline - now()
      guard left > .zero else { return }
      try await Task.sleep(for: left)
    }
  }
}

/// A clock for tests: time stands still until `advance` moves it.
public final class ManualClock: WallClock {
  private struct State {
    var now: Timestamp
    var sleepers: [UInt64: (deadline: Timestamp, wake: CheckedContinuation<Void, any Error>)] = [:]
    var nextSleeper: UInt64 = 0
  }
  private let state: Locked<State>

  public init(_ start: Timestamp = Timestamp(seconds: 1_700_000_000)) { state = Locked(State(now: start)) }

  public func now() -> Timestamp { state.withLock { $0.now } }

  /// The number of tasks that wait for a later moment: lets a test wait until a sleeper has lain down.
  public var sleeping: Int { state.withLock { $0.sleepers.count } }

  /// Moves time on by `span` and wakes whoever waited for a moment up to then.
  public func advance(by span: Duration) {
    let due = state.withLock { state in
      state.now = state.now + span
      let due = state.sleepers.filter { $0.value.deadline <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.deadline < $1.deadline }
    }
    for sleeper in due { sleeper.wake.resume() }
  }

  public func sleep(until deadline: Timestamp) async throws {
    let id = state.withLock { state in
      state.nextSleeper += 1
      return state.nextSleeper
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
        let ready: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if deadline <= state.now { return .success(()) }
          state.sleepers[id] = (deadline, wake)
          return nil
        }
        if let ready { wake.resume(with: ready) }
      }
    } onCancel: {
      let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
      sleeper?.wake.resume(throwing: CancellationError())
    }
  }
}
