import Foundation
import Kernel
import Logging
import NIOCore
import Storage

/// Keeps what functions write in a log of each function, until CloudWatch Logs takes it: written together a few times a
/// second, so that no invocation waits for the disk. What a crash cuts off is the last moment's.
actor FunctionLog: LogEventTap {
  private let logs: any LogStore
  private let clock: any WallClock
  private let log: Logger
  private struct Waiting {
    var batches: [LogEventBatch] = []
    var events = 0
    var dropped = 0
  }
  private let waiting = Locked(Waiting())
  private var trimmedAt: Timestamp?

  init(logs: any LogStore, clock: any WallClock, log: Logger) {
    self.logs = logs
    self.clock = clock
    self.log = log
  }

  nonisolated func record(_ batch: LogEventBatch) {
    waiting.withLock { waiting in
      guard waiting.events + batch.events.count <= Limits.logEventsWaitingMax else {
        waiting.dropped += batch.events.count
        return
      }
      waiting.events += batch.events.count
      waiting.batches.append(batch)
    }
  }

  static func id(_ scope: Scope, _ group: String) -> LogID {
    // A group's name may hold characters that a log's must not.
    let name = group.utf8.map { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
        ? String(UnicodeScalar(byte)) : "." + [byte].hex
    }.joined()
    return LogID("lambda/\(scope.account.digits)/\(scope.region.code)/\(name)")
  }

  /// One event as it is kept: a line of JSON.
  private struct Line: Encodable {
    var stream: String
    var time: Int64
    var message: String
  }

  func run() async {
    while (try? await clock.sleep(for: Limits.logFlushEvery)) != nil { await flush() }
    await flush()
  }

  /// Writes what waits.
  func flush() async {
    let taken = waiting.withLock { waiting in
      defer { waiting = Waiting() }
      return waiting
    }
    if taken.dropped > 0 {
      log.warning("log events of functions were dropped", metadata: ["events": "\(taken.dropped)"])
    }
    guard !taken.batches.isEmpty else { return }
    let encoder = JSONEncoder()
    var byLog: [LogID: [ByteBuffer]] = [:]
    for batch in taken.batches {
      byLog[Self.id(batch.scope, batch.group), default: []] += batch.events.compactMap { event in
        let line = Line(stream: batch.stream, time: event.time.milliseconds, message: event.message)
        return (try? encoder.encode(line)).map { ByteBuffer(bytes: $0) }
      }
    }
    do {
      try await logs.create(Array(byLog.keys))
      _ = try await logs.append(byLog.map { LogBatch(log: $0.key, payloads: $0.value) })
      try await trim(Array(byLog.keys))
    } catch {
      log.error("log events of functions could not be kept", metadata: ["error": "\(error)"])
    }
  }

  private func trim(_ written: [LogID]) async throws {
    let now = clock.now()
    if let trimmedAt, now - trimmedAt < .seconds(3600) { return }
    trimmedAt = now
    for id in written { try await logs.trim(id, before: now - .seconds(Limits.logKeepHours * 3600)) }
  }
}
