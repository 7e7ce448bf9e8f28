import AWSWire
import Foundation
import Kernel
import Logging
import NIOCore
import Storage

/// Keeps who changed or asked what: management events as CloudTrail words them, one JSON object each, in a log of the
/// log store.
///
/// Events gather in memory and are written once a second, so no call waits for them and a crash takes the last
/// second's. Data events (objects, records, metrics) are as many as requests and are not kept, as a trail of AWS's own
/// does not unless it is told to.
final class AuditTrail: AuditTap {
  /// Where an account's root reads its trail.
  static let path = Health.path + "audit"
  static let log = LogID("audit/management-events")

  /// Events that may wait to be written; beyond, they are dropped and counted.
  static let waitingMax = 10_000
  static let flushSeconds = 1
  /// CloudTrail's event history goes back so far.
  static let keptDays = 90
  /// The oldest events go when there are more.
  static let keptEventsMax: UInt64 = 1_000_000
  static let trimSeconds = 3600
  /// Events and bytes of one page.
  static let pageEventsMax = 1000
  static let pageBytesMax = 4 << 20

  private struct State {
    var waiting: [ByteBuffer] = []
    var dropped = 0
    var isOpen = false
  }
  private let state = Locked(State())
  private let logs: any LogStore
  private let clock: any WallClock
  private let random: any RandomSource
  private let logger: Logger

  init(logs: any LogStore, clock: any WallClock, random: any RandomSource, logger: Logger) {
    self.logs = logs
    self.clock = clock
    self.random = random
    self.logger = logger
  }

  func record(_ event: AuditEvent) {
    guard !ManagementEvent.isData(event.service, event.operation) else { return }
    let line = ManagementEvent.line(event, id: random.uuid())
    state.withLock { state in
      if state.waiting.count < Self.waitingMax { state.waiting.append(line) } else { state.dropped += 1 }
    }
  }

  /// Writes events as they come, until the task is cancelled.
  func run() async {
    var trimmed = clock.now() - .seconds(Self.trimSeconds)
    while !Task.isCancelled {
      do {
        try await clock.sleep(for: .seconds(Self.flushSeconds))
        try await flush()
        guard clock.now() - trimmed >= .seconds(Self.trimSeconds) else { continue }
        trimmed = clock.now()
        try await trim()
      } catch is CancellationError {
        return
      } catch {
        logger.error("audit events could not be written", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Writes what waits. What cannot be written is dropped.
  func flush() async throws {
    let (lines, dropped, isOpen) = state.withLock { state in
      defer { (state.waiting, state.dropped) = ([], 0) }
      return (state.waiting, state.dropped, state.isOpen)
    }
    if dropped > 0 { logger.warning("audit events were dropped", metadata: ["count": "\(dropped)"]) }
    guard !lines.isEmpty else { return }
    if !isOpen {
      try await logs.create(Self.log)
      state.withLock { $0.isOpen = true }
    }
    _ = try await logs.append([LogBatch(log: Self.log, payloads: lines)])
  }

  private func trim() async throws {
    guard try await logs.logs(prefix: Self.log.name).contains(Self.log) else { return }
    try await logs.trim(Self.log, before: clock.now() - .seconds(Int64(Self.keptDays) * 86_400))
    let bounds = try await logs.bounds(Self.log)
    guard bounds.next - bounds.first > Self.keptEventsMax else { return }
    let oldest = try await logs.read(Self.log, from: bounds.next - Self.keptEventsMax, recordsMax: 1, bytesMax: 0)
    if let oldest = oldest.first { try await logs.trim(Self.log, before: oldest.time) }
  }

  /// A page of an account's events, oldest first, one JSON object a line. `from` in the query continues where the
  /// header `x-tarn-next` of the page before says.
  func answer(_ request: WireRequest, account: AccountID) async throws -> WireResponse {
    try await flush()
    let from = request.rawQuery.split(separator: "&").first { $0.hasPrefix("from=") }
    let start = from.flatMap { UInt64($0.dropFirst("from=".count)) } ?? 0
    var records: [LogRecord] = []
    if try await logs.logs(prefix: Self.log.name).contains(Self.log) {
      records = try await logs.read(
        Self.log, from: start, recordsMax: Self.pageEventsMax, bytesMax: Self.pageBytesMax)
    }
    var body = ByteBuffer()
    let mark = "\"recipientAccountId\":\"\(account.digits)\""
    for record in records where String(buffer: record.payload).contains(mark) {
      body.writeImmutableBuffer(record.payload)
      body.writeString("\n")
    }
    let next = records.last.map { $0.offset + 1 } ?? start
    return WireResponse(
      status: 200, headers: WireHeaders([("content-type", "application/x-ndjson"), ("x-tarn-next", "\(next)")]),
      body: ByteStream(body))
  }
}
