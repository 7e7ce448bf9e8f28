import Kernel

/// Which subscriptions have something to deliver, and which are at work: each has one worker at a time.
final class DeliveryDesk: Sendable {
  struct Job: Hashable, Sendable {
    var group: GroupID
    var groupUID: String
    var subscription: String
  }
  private struct State {
    /// Subscriptions at work, and whether something came since they began.
    var working: [Job: Bool] = [:]
    var isOpen = true
    /// The next batch that each delivers, by stream; read from the key store once.
    var cursors: [Job: [UInt64: UInt64]] = [:]
    /// The subscriptions of groups, so that a group without any costs next to nothing.
    var jobs: [GroupID: [Job]] = [:]
  }
  private let state = Locked(State())
  private let orders: AsyncStream<Job>.Continuation
  let incoming: AsyncStream<Job>

  init() {
    let made = AsyncStream<Job>.makeStream()
    incoming = made.stream
    orders = made.continuation
  }

  /// Notes which subscriptions a group has, and lets new ones begin.
  func set(_ jobs: [Job], of group: GroupID) {
    state.withLock { state in
      for gone in state.jobs[group] ?? [] where !jobs.contains(gone) { state.cursors[gone] = nil }
      state.jobs[group] = jobs.isEmpty ? nil : jobs
    }
    wake(group)
  }

  /// Events of a group came in.
  func wake(_ group: GroupID) {
    let free = state.withLock { state -> [Job] in
      var free: [Job] = []
      for job in state.jobs[group] ?? [] {
        if state.working[job] != nil {
          state.working[job] = true
        } else {
          state.working[job] = false
          free.append(job)
        }
      }
      return free
    }
    for job in free { orders.yield(job) }
  }

  /// A worker has delivered all that it saw.
  func rest(_ job: Job) {
    let again = state.withLock { state -> Bool in
      guard state.working[job] == true, state.jobs[job.group]?.contains(job) == true else {
        state.working[job] = nil
        return false
      }
      state.working[job] = false
      return true
    }
    if again { orders.yield(job) }
  }

  func isWanted(_ job: Job) -> Bool { state.withLock { $0.jobs[job.group]?.contains(job) == true } }

  func cursors(_ job: Job) -> [UInt64: UInt64]? { state.withLock { $0.cursors[job] } }
  func setCursors(_ job: Job, _ cursors: [UInt64: UInt64]) { state.withLock { $0.cursors[job] = cursors } }
  func advance(_ job: Job, stream: UInt64, to next: UInt64) { state.withLock { $0.cursors[job]?[stream] = next } }
}
