import Foundation
import HeapModule
package import Kernel
import LambdaModel
package import Logging
package import Storage

/// The queue of asynchronous events of all functions. Events are kept in the key store; in memory is only when each is
/// due.
package actor EventQueue {
  private let keys: any KeyStore
  private let clock: any WallClock
  private let random: any RandomSource
  private let log: Logger
  private struct Entry: Comparable {
    var due: Timestamp
    var id: String
    static func < (left: Entry, right: Entry) -> Bool { (left.due, left.id) < (right.due, right.id) }
  }
  private var waiting = Heap<Entry>()
  /// Ids of those that are worked on.
  private var working: Set<String> = []
  private var wake: AsyncStream<Void>.Continuation?

  package init(
    keys: any KeyStore, clock: any WallClock, random: any RandomSource, log: Logger = Logger(label: "tarn.lambda")
  ) {
    self.keys = keys
    self.clock = clock
    self.random = random
    self.log = log
  }

  /// Events that wait or are worked on.
  package var size: Int { waiting.count + working.count }

  /// Takes events in; they are on disk when this returns, together with what `also` writes.
  /// - Throws: TooManyRequestsException when too many wait.
  package func put(
    _ events: [EventRecord], also: @escaping @Sendable (any KeyTransaction) throws -> Void = { _ in }
  ) async throws {
    guard size + events.count <= Limits.queuedEventsMax else {
      throw LambdaError.tooManyRequestsException("Rate Exceeded.")
    }
    let events = events.map { named($0) }
    try await keys.write { transaction in
      for event in events { try transaction.set(LambdaKeys.event(event.id), record: event) }
      try also(transaction)
    }
    for event in events { add(event) }
  }

  /// An id that orders by time.
  private func named(_ event: EventRecord) -> EventRecord {
    var event = event
    let time = String(UInt64(max(0, event.received.nanoseconds)), radix: 16)
    event.id = String(repeating: "0", count: max(0, 16 - time.count)) + time + random.bytes(8).hex
    return event
  }

  private func add(_ event: EventRecord) {
    waiting.insert(Entry(due: event.due, id: event.id))
    wake?.yield()
  }

  // MARK: Working

  /// What is to be done with an event after a try.
  package enum Verdict: Sendable {
    /// It has been dealt with; an event for its destination takes its place.
    case done(EventRecord?)
    /// It comes again, as it says itself.
    case again(EventRecord)
  }

  /// Works on events as they become due, until the task is cancelled.
  package func run(_ work: @escaping @Sendable (EventRecord) async -> Verdict) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.load() }
      while !Task.isCancelled {
        while working.count < Limits.eventsAtOnce, let next = waiting.min, next.due <= clock.now() {
          waiting.removeMin()
          working.insert(next.id)
          group.addTask { await self.process(next.id, work) }
        }
        await rest()
      }
      group.cancelAll()
    }
  }

  /// Finds what an earlier run left, and tries again for as long as the disk does not give it.
  private func load() async {
    while !Task.isCancelled {
      do {
        let kept = try await keys.read {
          try $0.records(LambdaKeys.events, as: EventRecord.self).map { ($0.due, $0.id) }
        }
        // What came in meanwhile has its entry already.
        let known = working.union(waiting.unordered.map(\.id))
        for (due, id) in kept where !known.contains(id) { waiting.insert(Entry(due: due, id: id)) }
        wake?.yield()
        return
      } catch {
        log.error("asynchronous events cannot be read; this is tried again", metadata: ["error": "\(error)"])
        try? await clock.sleep(for: Limits.loadRetryEvery)
      }
    }
  }

  /// Returns when something has come in or has been done, or the next event is due.
  private func rest() async {
    let clock = clock
    // A stream ends with the task that waits for it: each rest has one of its own.
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    wake = continuation
    defer { wake = nil }
    let next = working.count < Limits.eventsAtOnce ? waiting.min?.due : nil
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in stream { return } }
      if let next { group.addTask { try? await clock.sleep(until: next) } }
      await group.next()
      group.cancelAll()
    }
  }

  private func process(_ id: String, _ work: @Sendable (EventRecord) async -> Verdict) async {
    defer {
      working.remove(id)
      wake?.yield()
    }
    do {
      guard let event = try await keys.read({ try $0.get(LambdaKeys.event(id), as: EventRecord.self) }) else { return }
      switch await work(event) {
      case .done(let follower):
        let follower = follower.map { named($0) }
        // Both or neither: a destination hears of an event once.
        try await keys.write { transaction in
          try transaction.delete(LambdaKeys.event(id))
          if let follower { try transaction.set(LambdaKeys.event(follower.id), record: follower) }
        }
        if let follower { add(follower) }
      case .again(let later):
        try await keys.write { try $0.set(LambdaKeys.event(id), record: later) }
        add(later)
      }
    } catch {
      log.error("an asynchronous event is tried again", metadata: ["error": "\(error)"])
      waiting.insert(Entry(due: clock.now() + Limits.eventThrottlePauseMax, id: id))
    }
  }
}
