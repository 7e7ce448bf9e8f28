import Kernel
import NIOCore

/// Computes a long body's digests on a thread of their own while the same bytes go to the disk.
///
/// The caller adds chunks in order; `add` suspends while more than `digestQueueChunks` wait, so that a body that
/// comes faster than MD5 goes does not pile up in memory.
final class DigestPipeline: Sendable {
  private struct State {
    var digests: RunningDigests
    var waiting: [ByteBuffer] = []
    /// A job is on the pool; it goes on until nothing waits.
    var busy = false
    var failure: BlockingPool.Overloaded?
    /// The producer waits for room, or for the end.
    var producer: CheckedContinuation<Void, any Error>?
    var finishing = false
  }
  private let state: Locked<State>
  private let pool: BlockingPool

  init(_ algorithms: Set<ChecksumAlgorithm>, on pool: BlockingPool) {
    state = Locked(State(digests: RunningDigests(algorithms)))
    self.pool = pool
  }

  /// Takes the next chunk.
  /// - Throws: `BlockingPool.Overloaded`.
  func add(_ chunk: ByteBuffer) async throws {
    let start = state.withLock { state in
      state.waiting.append(chunk)
      defer { state.busy = true }
      return !state.busy
    }
    if start { try pool.submit { self.drain() } }
    try await waitForRoom()
  }

  /// Everything that was added, digested.
  func finish() async throws -> Digests {
    state.withLock { $0.finishing = true }
    try await waitForRoom()
    return state.withLock { $0.digests.finish() }
  }

  private func waitForRoom() async throws {
    try await withCheckedThrowingContinuation { (producer: CheckedContinuation<Void, any Error>) in
      let goOn = state.withLock { state in
        if Self.hasRoom(state) { return true }
        state.producer = producer
        return false
      }
      if goOn { producer.resume() }
    }
  }

  private static func hasRoom(_ state: State) -> Bool {
    state.finishing ? state.waiting.isEmpty && !state.busy : state.waiting.count < Limits.digestQueueChunks
  }

  private func drain() {
    var digests: RunningDigests?
    while true {
      let (next, producer): (ByteBuffer?, CheckedContinuation<Void, any Error>?) = state.withLock { state in
        if let digests { state.digests = digests }
        let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        if next == nil { state.busy = false }
        digests = state.digests
        guard let producer = state.producer, Self.hasRoom(state) else { return (next, nil) }
        state.producer = nil
        return (next, producer)
      }
      producer?.resume()
      guard let next else { return }
      digests?.update(next)
    }
  }
}
