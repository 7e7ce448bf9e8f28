import Kernel

/// Work that goes on after its call was answered: a cluster's making, its deletion. Jobs of one subject run one after
/// the other.
actor Jobs {
  private var last: [String: (number: UInt64, task: Task<Void, Never>)] = [:]
  private var count: UInt64 = 0
  private var isStopped = false

  /// Queues a job behind those of the same subject. What is not begun at the stop is found by the next start.
  func start(_ subject: String, _ body: @escaping @Sendable () async -> Void) {
    guard !isStopped else { return }
    count += 1
    let (number, before) = (count, last[subject]?.task)
    let task = Task {
      await before?.value
      if self.mayBegin { await body() }
      self.ended(subject, number)
    }
    last[subject] = (number, task)
  }

  private var mayBegin: Bool { !isStopped }

  private func ended(_ subject: String, _ number: UInt64) {
    if last[subject]?.number == number { last[subject] = nil }
  }

  /// Returns once nothing is under way.
  func settle() async {
    while let job = last.values.first { await job.task.value }
  }

  /// Lets what runs come to its end and takes nothing more.
  func stop() async {
    isStopped = true
    await settle()
  }
}
