public import CloudWatchModel
public import Kernel
public import Logging
public import Storage

/// CloudWatch's metrics: what the services of this server measure, and what its users put.
///
/// As a `MetricTap` it takes measurements without ever holding a service up: they gather in memory by the minute
/// and are written together by `run`. What users put is durable before it is acknowledged.
public struct CloudWatchService: CloudWatchAPI, MetricTap {
  let store: MetricStore
  let clock: any WallClock
  private let logger: Logger

  public init(keys: any KeyStore, clock: any WallClock, logger: Logger = Logger(label: "cloudwatch")) {
    store = MetricStore(keys: keys)
    self.clock = clock
    self.logger = logger
  }

  public func record(_ samples: [MetricSample]) { store.pending.add(samples) }

  /// Measurements that found no room since the start.
  public var droppedSamples: Int { store.pending.dropped }

  /// Writes what waits, every minute, and ages what is old, every hour, until the task is cancelled; then writes
  /// once more.
  public func run() async throws {
    var nextMaintenance = clock.now()
    while !Task.isCancelled {
      do {
        try await clock.sleep(for: .seconds(Limits.flushSeconds))
      } catch {
        break
      }
      // A disk that is full today may have room tomorrow: what could not be written waits.
      await attempt("metrics were not written and wait") { try await store.flush() }
      if clock.now() >= nextMaintenance {
        await attempt("old metrics were not rolled up") { try await store.maintain(now: clock.now()) }
        nextMaintenance = clock.now() + .seconds(Limits.maintenanceSeconds)
      }
    }
    try await flush()
  }

  private func attempt(_ failure: Logger.Message, _ work: () async throws -> Void) async {
    do {
      try await work()
    } catch {
      logger.warning(failure, metadata: ["error": "\(error)"])
    }
  }

  /// Writes what waits. For the server's stop.
  public func flush() async throws { try await store.flush() }

  /// Rolls up and drops what is past its time. `run` does so by itself.
  package func maintain() async throws { try await store.maintain(now: clock.now()) }
}
