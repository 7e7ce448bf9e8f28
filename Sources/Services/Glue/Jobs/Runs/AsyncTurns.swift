/// Lets so many work at once; the others wait in their order.
package actor AsyncTurns {
  private var free: Int
  private var waiting: [(number: Int, turn: CheckedContinuation<Void, any Error>)] = []
  private var numbers = 0

  package init(atOnce: Int) { free = atOnce }

  /// Does the work once it is its turn.
  /// - Throws: what the work throws; `CancellationError` at once when the task is cancelled while it waits.
  package func run<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
    if free > 0 {
      free -= 1
    } else {
      try await wait()
    }
    defer {
      if waiting.isEmpty { free += 1 } else { waiting.removeFirst().turn.resume() }
    }
    try Task.checkCancellation()
    return try await body()
  }

  private func wait() async throws {
    numbers += 1
    let number = numbers
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (turn: CheckedContinuation<Void, any Error>) in
        if Task.isCancelled {
          turn.resume(throwing: CancellationError())
        } else {
          waiting.append((number, turn))
        }
      }
    } onCancel: {
      Task { await self.leave(number) }
    }
  }

  /// Who has got its turn meanwhile keeps it.
  private func leave(_ number: Int) {
    guard let place = waiting.firstIndex(where: { $0.number == number }) else { return }
    waiting.remove(at: place).turn.resume(throwing: CancellationError())
  }
}

/// Something that becomes known once, and that others wait for.
actor Announcement {
  private var value: String?
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func announce(_ value: String) {
    self.value = value
    for waiter in waiting { waiter.resume() }
    waiting = []
  }

  @discardableResult
  func wait() async -> String {
    while true {
      if let value { return value }
      await withCheckedContinuation { waiting.append($0) }
    }
  }
}
