import Kernel

/// Lets a number of queries run at once; others wait in the order in which they came.
actor Turns {
  private let waitingMax: Int
  private var free: Int
  private var waiting: [(session: ObjectIdentifier, wake: CheckedContinuation<Void, any Error>)] = []

  init(atOnce: Int, waitingMax: Int) {
    free = max(1, atOnce)
    self.waitingMax = waitingMax
  }

  /// Waits for a turn. Give it back with `leave`.
  /// - Throws: `EngineError` of kind `overloaded` when too many wait already, and when the session is cancelled.
  func enter(_ session: EngineSession) async throws {
    try session.checkCancelled()
    if free > 0 {
      free -= 1
      return
    }
    guard waiting.count < waitingMax else {
      throw EngineError(kind: .overloaded, message: "\(waitingMax) queries wait already.")
    }
    try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
      waiting.append((ObjectIdentifier(session), wake))
    }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().wake.resume() }
  }

  /// The session was cancelled: it waits no longer.
  func giveUp(_ session: EngineSession) {
    guard let index = waiting.firstIndex(where: { $0.session == ObjectIdentifier(session) }) else { return }
    waiting.remove(at: index).wake.resume(throwing: EngineError.cancelled)
  }
}
