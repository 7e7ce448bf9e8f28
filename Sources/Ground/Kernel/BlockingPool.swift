import Foundation

/// Threads for work that blocks (SQLite, DuckDB, `fsync`, large reads), which must not hold one of Swift's
/// cooperative threads. Callers past the queue's limit are refused, so that overload is seen and not hidden.
public final class BlockingPool: Sendable {
  /// The pool had `queueLimit` jobs waiting already.
  public struct Overloaded: OverloadReporting, Sendable {
    public let pool: String
    public var isOverload: Bool { true }
  }

  public let name: String
  public let threads: Int
  public let queueLimit: Int

  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var head = 0
    var stopped = false
  }
  /// `NSCondition` guards `state`: the pool's threads sleep on it.
  private final class Shared: @unchecked Sendable {  // safe: `state` is touched only while `condition` is held
    let condition = NSCondition()
    var state = State()
  }
  private let shared = Shared()

  /// - Parameters:
  ///   - name: shown as the threads' name.
  ///   - queueLimit: jobs that may wait; a further one is refused with `Overloaded`.
  public init(name: String, threads: Int, queueLimit: Int) {
    precondition(threads > 0 && queueLimit > 0)
    self.name = name
    self.threads = threads
    self.queueLimit = queueLimit
    for index in 0..<threads {
      let shared = shared
      let thread = Thread { Self.work(shared) }
      thread.name = "\(name)-\(index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit {
    shared.condition.lock()
    shared.state.stopped = true
    shared.condition.broadcast()
    shared.condition.unlock()
  }

  private static func work(_ shared: Shared) {
    while true {
      shared.condition.lock()
      while shared.state.head == shared.state.jobs.count && !shared.state.stopped { shared.condition.wait() }
      guard shared.state.head < shared.state.jobs.count else {
        shared.condition.unlock()
        return
      }
      let job = shared.state.jobs[shared.state.head]
      shared.state.head += 1
      if shared.state.head == shared.state.jobs.count {
        shared.state.jobs.removeAll(keepingCapacity: true)
        shared.state.head = 0
      } else if shared.state.head > 1024 {
        shared.state.jobs.removeFirst(shared.state.head)
        shared.state.head = 0
      }
      shared.condition.unlock()
      job()
    }
  }

  /// Queues a job and returns at once.
  /// - Throws: `Overloaded` when the queue is full.
  public func submit(_ job: @escaping @Sendable () -> Void) throws(Overloaded) {
    shared.condition.lock()
    defer { shared.condition.unlock() }
    guard shared.state.jobs.count - shared.state.head < queueLimit else { throw Overloaded(pool: name) }
    shared.state.jobs.append(job)
    shared.condition.signal()
  }

  /// Runs `body` on one of the pool's threads.
  /// - Throws: `Overloaded`, or what `body` throws.
  public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      do {
        try submit { continuation.resume(with: Result { try body() }) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}
