import Kernel

/// What services hand over and is not written yet: up to named limits, past which it is dropped and counted.
final class WaitingLines: Sendable {
  struct Taken: Sendable {
    var batches: [LogEventBatch] = []
    var dropped = 0
  }
  private struct State {
    var taken = Taken()
    var events = 0
    var bytes = 0
    var droppedEver = 0
  }
  private let state = Locked(State())

  func add(_ batch: LogEventBatch) {
    guard !batch.events.isEmpty else { return }
    let bytes = batch.events.reduce(0) { $0 + $1.message.utf8.count }
    state.withLock { state in
      guard state.events + batch.events.count <= Limits.lineEventsWaitingMax,
        state.bytes + bytes <= Limits.lineBytesWaitingMax
      else {
        state.taken.dropped += batch.events.count
        state.droppedEver += batch.events.count
        return
      }
      state.events += batch.events.count
      state.bytes += bytes
      state.taken.batches.append(batch)
    }
  }

  func take() -> Taken {
    state.withLock { state in
      defer {
        state.taken = Taken()
        state.events = 0
        state.bytes = 0
      }
      return state.taken
    }
  }

  var dropped: Int { state.withLock { $0.droppedEver } }
}
