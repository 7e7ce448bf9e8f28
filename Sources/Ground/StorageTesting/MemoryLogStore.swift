public import Kernel
import NIOCore
public import Storage

/// A `LogStore` in memory, for tests and as the model that the real one is compared with.
public final class MemoryLogStore: LogStore {
  private struct Log {
    var records: [LogRecord] = []
    var first: UInt64 = 0
    var next: UInt64 = 0
    var lastTime: Timestamp?
  }
  private struct Waiter {
    var log: LogID
    var offset: UInt64
    var wake: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var logs: [LogID: Log] = [:]
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
  }
  private let state = Locked(State())
  private let clock: any WallClock

  public init(clock: any WallClock) { self.clock = clock }

  public func create(_ logs: [LogID]) async throws {
    state.withLock { state in
      for log in logs where state.logs[log] == nil { state.logs[log] = Log() }
    }
  }

  public func logs(prefix: String) async throws -> [LogID] {
    state.withLock { $0.logs.keys.filter { $0.name.hasPrefix(prefix) }.sorted() }
  }

  public func append(_ batches: [LogBatch]) async throws -> [LogPosition] {
    let (positions, woken) = try state.withLock { state in
      for batch in batches where state.logs[batch.log] == nil { throw StorageError.noSuchLog(batch.log.name) }
      let now = clock.now()
      var positions: [LogPosition] = []
      for batch in batches {
        // Taken out while it grows, so that its records are not copied.
        guard var log = state.logs.removeValue(forKey: batch.log) else { continue }
        let time = max(now, log.lastTime ?? now)
        positions.append(LogPosition(firstOffset: log.next, time: time))
        for payload in batch.payloads {
          log.records.append(LogRecord(offset: log.next, time: time, payload: payload.slice()))
          log.next += 1
          log.lastTime = time
        }
        state.logs[batch.log] = log
      }
      let ready = state.waiters.filter { ($0.value.offset) < (state.logs[$0.value.log]?.next ?? 0) }
      for id in ready.keys { state.waiters[id] = nil }
      return (positions, ready.values.map(\.wake))
    }
    for wake in woken { wake.resume() }
    return positions
  }

  private func log(_ id: LogID) throws -> Log {
    guard let log = state.withLock({ $0.logs[id] }) else { throw StorageError.noSuchLog(id.name) }
    return log
  }

  public func read(_ log: LogID, from offset: UInt64, recordsMax: Int, bytesMax: Int) async throws -> [LogRecord] {
    var found: [LogRecord] = []
    var bytes = 0
    for record in try self.log(log).records where record.offset >= offset {
      guard found.count < recordsMax else { break }
      guard found.isEmpty || bytes + record.payload.readableBytes <= bytesMax else { break }
      bytes += record.payload.readableBytes
      found.append(record)
    }
    return found
  }

  public func bounds(_ log: LogID) async throws -> LogBounds {
    let log = try self.log(log)
    return LogBounds(first: log.first, next: log.next, lastTime: log.lastTime)
  }

  public func offset(_ log: LogID, atOrAfter time: Timestamp) async throws -> UInt64 {
    let log = try self.log(log)
    return log.records.first { $0.time >= time }?.offset ?? log.next
  }

  public func waitForRecord(_ log: LogID, at offset: UInt64) async throws {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
        let ready: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          guard let held = state.logs[log] else { return .failure(StorageError.noSuchLog(log.name)) }
          if held.next > offset { return .success(()) }
          state.waiters[id] = Waiter(log: log, offset: offset, wake: wake)
          return nil
        }
        if let ready { wake.resume(with: ready) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.wake.resume(throwing: CancellationError())
    }
  }

  public func trim(_ log: LogID, before time: Timestamp) async throws {
    try state.withLock { state in
      guard var held = state.logs[log] else { throw StorageError.noSuchLog(log.name) }
      held.records.removeAll { $0.time < time }
      held.first = held.records.first?.offset ?? held.next
      state.logs[log] = held
    }
  }

  public func delete(_ log: LogID) async throws {
    let woken = state.withLock { state in
      state.logs[log] = nil
      let ready = state.waiters.filter { $0.value.log == log }
      for id in ready.keys { state.waiters[id] = nil }
      return ready.values.map(\.wake)
    }
    for wake in woken { wake.resume(throwing: StorageError.noSuchLog(log.name)) }
  }
}
