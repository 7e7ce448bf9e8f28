import Foundation
import Kernel
import NIOCore
import Storage

/// Keeps what happened in a namespace, in a log of the log store. Records gather in memory and are written half a
/// second later, so that no statement waits for them: a crash takes what was not written yet.
final class ActivityLog: Sendable {
  private struct State {
    var waiting: [ByteBuffer] = []
    var dropped = 0
    var isWriting = false
    var isMade = false
    var untrimmed = 0
  }
  private let state = Locked(State())
  private let logs: any LogStore
  private let log: LogID
  private let clock: any WallClock

  static func id(_ namespace: String) -> LogID { LogID("redshift/activity/\(namespace)") }

  init(logs: any LogStore, namespace: String, clock: any WallClock) {
    self.logs = logs
    self.clock = clock
    log = Self.id(namespace)
  }

  /// Notes a record, to be written soon. Too many that wait are dropped.
  func append(_ record: ActivityRecord) {
    guard let bytes = try? JSONEncoder().encode(record) else { return }
    let begins = state.withLock { state in
      guard state.waiting.count < WarehouseLimits.activityWaitingMax else {
        state.dropped += 1
        return false
      }
      state.waiting.append(ByteBuffer(bytes: bytes))
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if begins { Task { await write() } }
  }

  private func write() async {
    try? await clock.sleep(for: .milliseconds(WarehouseLimits.activityDelayMilliseconds))
    state.withLock { $0.isWriting = false }
    await flush()
  }

  /// Writes what waits. What cannot be written is dropped: the history is no reason to fail.
  func flush() async {
    let (payloads, isMade) = state.withLock { state in
      defer { state.waiting = [] }
      return (state.waiting, state.isMade)
    }
    guard !payloads.isEmpty else { return }
    do {
      if !isMade {
        try await logs.create(log)
        state.withLock { $0.isMade = true }
      }
      _ = try await logs.append([LogBatch(log: log, payloads: payloads)])
      let isDue = state.withLock { state in
        state.untrimmed += payloads.count
        guard state.untrimmed >= WarehouseLimits.activityTrimEvery else { return false }
        state.untrimmed = 0
        return true
      }
      if isDue { try await trim() }
    } catch {
      state.withLock { $0.dropped += payloads.count }
    }
  }

  /// Where the next record will be.
  func end() async throws -> UInt64 { try await bounds()?.next ?? 0 }

  /// Records from an offset on, and where they end.
  func read(from offset: UInt64, recordsMax: Int) async throws -> (records: [ActivityRecord], next: UInt64) {
    guard try await bounds() != nil else { return ([], offset) }
    let page = try await logs.read(log, from: offset, recordsMax: recordsMax, bytesMax: 4 << 20)
    return (
      page.compactMap { try? JSONDecoder().decode(ActivityRecord.self, from: Data(buffer: $0.payload)) },
      page.last.map { $0.offset + 1 } ?? offset
    )
  }

  /// The newest of what is kept, oldest first, at most `activityReadMax` records.
  func read() async throws -> [ActivityRecord] {
    guard let bounds = try await bounds() else { return [] }
    let most = UInt64(WarehouseLimits.activityReadMax)
    var from = max(bounds.first, bounds.next > most ? bounds.next - most : 0)
    var records: [ActivityRecord] = []
    while from < bounds.next {
      let page = try await logs.read(log, from: from, recordsMax: 1_000, bytesMax: 4 << 20)
      guard let last = page.last else { break }
      records += page.compactMap { try? JSONDecoder().decode(ActivityRecord.self, from: Data(buffer: $0.payload)) }
      from = last.offset + 1
    }
    return records
  }

  /// The greatest numbers that were given out before the namespace was closed or the server died.
  func numbers() async throws -> ActivityRecord.Numbers {
    guard let bounds = try await bounds(), bounds.next > bounds.first else { return ActivityRecord.Numbers() }
    let last = try await logs.read(log, from: bounds.next - 1, recordsMax: 1, bytesMax: 4 << 20)
    return last.first.flatMap { try? JSONDecoder().decode(ActivityRecord.self, from: Data(buffer: $0.payload)) }?
      .numbers ?? ActivityRecord.Numbers()
  }

  /// Forgets records that are past their time, or too many.
  private func trim() async throws {
    guard let bounds = try await bounds() else { return }
    try await logs.trim(log, before: clock.now() - WarehouseLimits.activityKept)
    let most = UInt64(WarehouseLimits.activityRecordsMax)
    guard bounds.next > most, bounds.first < bounds.next - most else { return }
    let oldest = try await logs.read(log, from: bounds.next - most, recordsMax: 1, bytesMax: 0)
    if let oldest = oldest.first { try await logs.trim(log, before: oldest.time) }
  }

  private func bounds() async throws -> LogBounds? {
    guard try await logs.logs(prefix: log.name).contains(log) else { return nil }
    return try await logs.bounds(log)
  }
}

extension Data {
  fileprivate init(buffer: ByteBuffer) { self.init(buffer.readableBytesView) }
}
