public import Kernel
package import Logging
public import NIOCore
public import Storage

/// The bucket that events come from.
public struct BucketEventSource: Sendable, Hashable {
  public var arn: String
  public var owner: AccountID
  public var region: Region

  init(_ bucket: BucketRecord) {
    (arn, owner, region) = (bucket.arn, bucket.owner, bucket.region)
  }

  init(_ event: QueuedEvent) {
    (arn, owner, region) = ("arn:\(event.region.partition):s3:::\(event.bucket)", event.owner, event.region)
  }
}

/// Who takes the events of buckets. `Server` hands it in: S3 does not know functions.
public protocol BucketEventTargets: Sendable {
  /// Whether a bucket's events may go to a destination.
  /// - Returns: `nil`, or what speaks against it in AWS's words.
  func problem(with destination: String, from source: BucketEventSource) async throws -> String?

  /// Takes messages in, each on its own. They are on disk when this returns, together with what `also` writes.
  /// - Throws: when they are not taken; they come again.
  func deliver(
    _ messages: [ByteBuffer], to destination: String, from source: BucketEventSource,
    also: @escaping @Sendable (any KeyTransaction) throws -> Void
  ) async throws
}

extension S3Service {
  /// Hands events over as they come, until the task is cancelled. A destination that does not take its events delays
  /// no other one.
  func deliverEventsForever() async {
    guard let eventTargets else { return }
    let (clock, signal) = (clock, store.eventSignal)
    var delivery = EventDelivery(keys: store.keys, clock: clock, targets: eventTargets, logger: logger)
    var alarm: Timestamp?
    signal.wake()
    await withDiscardingTaskGroup { group in
      for await _ in signal.wakes {
        let next = await delivery.run()
        guard let next, alarm.map({ next < $0 || $0 <= clock.now() }) ?? true else { continue }
        alarm = next
        group.addTask {
          try? await clock.sleep(until: next)
          signal.wake()
        }
      }
      group.cancelAll()
    }
  }
}

/// Empties the queue of events, destination by destination.
package struct EventDelivery {
  let keys: any KeyStore
  let clock: any WallClock
  let targets: any BucketEventTargets
  let logger: Logger
  private var pauses: [String: Pause] = [:]

  private struct Pause {
    var until: Timestamp
    var length: Duration
  }

  package init(
    keys: any KeyStore, clock: any WallClock, targets: any BucketEventTargets,
    logger: Logger = Logger(label: "tarn.s3")
  ) {
    self.keys = keys
    self.clock = clock
    self.targets = targets
    self.logger = logger
  }

  /// Hands over what can be handed over now.
  /// - Returns: when to try again what could not.
  package mutating func run() async -> Timestamp? {
    var isMore = true
    while isMore, !Task.isCancelled {
      isMore = false
      let waiting: [String]
      do {
        waiting = try await keys.read { try Self.destinations($0) }
      } catch {
        logger.error("S3 could not read its events; they stay queued.", metadata: ["error": "\(error)"])
        return clock.now() + Limits.eventPauseFirst
      }
      pauses = pauses.filter { waiting.contains($0.key) }
      for destination in waiting where pauses[destination]?.until ?? clock.now() <= clock.now() {
        do {
          try await deliverSome(to: destination)
          pauses[destination] = nil
          isMore = true
        } catch {
          pause(destination, error)
        }
      }
    }
    return pauses.values.map(\.until).min()
  }

  private mutating func pause(_ destination: String, _ error: any Error) {
    if pauses[destination] == nil {
      logger.warning(
        "S3's events are not taken; they come again until they are \(Limits.eventAgeHoursMax) hours old.",
        metadata: ["destination": "\(destination)", "error": "\(error)"])
    }
    let length = min(Limits.eventPauseMax, pauses[destination].map { $0.length * 2 } ?? Limits.eventPauseFirst)
    pauses[destination] = Pause(until: clock.now() + length, length: length)
  }

  /// Hands the oldest events of one destination over: those of one bucket, as many as go in one step.
  private func deliverSome(to destination: String) async throws {
    let entries = try await keys.read {
      try $0.entries(Layout.events(to: destination).subtree, limit: Limits.eventBatch)
    }
    let events = try entries.map { (key: $0.key, event: try QueuedEvent(decoding: $0.value)) }
    let horizon = clock.now() - .seconds(Limits.eventAgeHoursMax * 3600)
    let old = events.prefix { $0.event.time < horizon }.map(\.key)
    guard old.isEmpty else {
      logger.error(
        "S3 dropped events that were not taken in \(Limits.eventAgeHoursMax) hours.",
        metadata: ["destination": "\(destination)", "events": "\(old.count)"])
      return try await keys.write { transaction in for key in old { try transaction.delete(key) } }
    }
    guard let source = events.first.map({ BucketEventSource($0.event) }) else { return }
    let batch = events.prefix { BucketEventSource($0.event) == source }
    let done = batch.map(\.key)
    try await targets.deliver(
      batch.map { ByteBuffer(string: #"{"Records":[\#($0.event.body)]}"#) }, to: destination, from: source
    ) { transaction in
      for key in done { try transaction.delete(key) }
    }
  }

  /// Destinations that events wait for. Each costs one look-up, however many events there are.
  private static func destinations(_ reader: any KeyReader) throws -> [String] {
    var found: [String] = []
    var range = Layout.events.subtree
    while let next = try reader.entries(range, limit: 1).first {
      let name = String(decoding: Layout.objectKey(in: next.key, under: Layout.events), as: UTF8.self)
      found.append(name)
      range.from = Layout.events(to: name).subtree.to
    }
    return found
  }
}
