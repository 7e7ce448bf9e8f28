import Kernel

/// Lets producers pass side by side, and stops them while a stream's shards change, so that no record lands in a
/// shard after it was closed.
package final class StreamGate: Sendable {
  private struct State {
    var inside = 0
    var shut = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    var drained: CheckedContinuation<Void, Never>?
  }
  private let state = Locked(State())

  package init() {}

  /// Goes in, waiting while the gate is shut. Every `enter` is followed by one `leave`.
  package func enter() async {
    let entered = state.withLock { state in
      if state.shut { return false }
      state.inside += 1
      return true
    }
    if entered { return }
    await withCheckedContinuation { continuation in
      let entered = state.withLock { state in
        if state.shut {
          state.waiting.append(continuation)  // `open` counts it in
          return false
        }
        state.inside += 1
        return true
      }
      if entered { continuation.resume() }
    }
  }

  package func leave() {
    let drained: CheckedContinuation<Void, Never>? = state.withLock { state in
      state.inside -= 1
      return state.inside == 0 ? state.drained.take() : nil
    }
    drained?.resume()
  }

  /// Stops newcomers and returns once all inside have left. One caller at a time; `open` must follow.
  package func shut() async {
    await withCheckedContinuation { continuation in
      let empty = state.withLock { state in
        state.shut = true
        if state.inside == 0 { return true }
        state.drained = continuation
        return false
      }
      if empty { continuation.resume() }
    }
  }

  package func open() {
    let waiting = state.withLock { state in
      state.shut = false
      state.inside += state.waiting.count
      let waiting = state.waiting
      state.waiting = []
      return waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}

/// Runs bodies one after another, in the order they came.
package final class Turnstile: Sendable {
  private struct State {
    var busy = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Locked(State())

  package init() {}

  package func pass<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> Result {
    await enter()
    defer { leave() }
    return try await body()
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let free = state.withLock { state in
        if state.busy {
          state.waiting.append(continuation)
          return false
        }
        state.busy = true
        return true
      }
      if free { continuation.resume() }
    }
  }

  private func leave() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      if state.waiting.isEmpty {
        state.busy = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
