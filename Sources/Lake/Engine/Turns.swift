import Kernel

/// Lets a number of queries run at once; others wait in the order in which they came.
actor Turns {
  private let waitingMax: Int
  private var free: Int
  private var waiting: [(id: UInt64, wake: CheckedContinuation<Void, any Error>)] = []
  private var nextID: UInt64 = 0

  init(atOnce: Int, waitingMax: Int) {
    free = max(1, atOnce)
    self.waitingMax = waitingMax
  }

  /// Waits for a turn. Give it back with `leave`.
  /// - Throws: `EngineError` of kind `overloaded` when too many wait already; `CancellationError`.
  func enter() async throws {
    try Task.checkCancellation()
    if free > 0 {
      free -= 1
      return
    }
    guard waiting.count < waitingMax else {
      throw EngineError(kind: .overloaded, message: "\(waitingMax) queries wait already.")
    }
    nextID += 1
    let id = nextID
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
        if Task.isCancelled { wake.resume(throwing: CancellationError()) } else { waiting.append((id, wake)) }
      }
    } onCancel: {
      Task { await self.giveUp(id) }
    }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().wake.resume() }
  }

  private func giveUp(_ id: UInt64) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).wake.resume(throwing: CancellationError())
  }
}
