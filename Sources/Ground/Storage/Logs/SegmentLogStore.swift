import Foundation
public import Kernel
import NIOCore

/// The embedded `LogStore`: all logs share one sequence of segment files.
///
/// Appends queue up; a group of all that wait becomes one run of frames, one write and one `fdatasync`, however
/// many logs it touches. While one group syncs the next is formed and written. Which logs exist and what they
/// keep travels in the same frames, so it is durable by the same sync; each segment begins with a checkpoint of
/// all that, so a store is recovered from its newest segment alone.
///
/// What is synced when: `append`, `create`, `delete` and `trim` return after the `fdatasync` that covers their
/// frames. A new segment's file and name are synced before a group in it is acknowledged, and it is begun only
/// when everything before it is on disk. Index files are never synced; they are made again when they are not
/// whole. After a failed write or sync the segment is closed at its last synced frame and never written again.
public final class SegmentLogStore: LogStore {
  /// How long segments get; tests take shorter ones.
  package struct Sizes: Sendable {
    package var segmentBytesMin = StorageLimits.logSegmentBytesMin
    package var segmentBytesMax = StorageLimits.logSegmentBytesMax
    package var framesPerSegmentMax = StorageLimits.logFramesPerSegmentMax
    package init() {}
  }

  struct State {
    var byName: [LogID: LogHandle] = [:]
    var byNumber: [UInt32: LogHandle] = [:]
    /// In order of their sequences.
    var segments: [LogSegment] = []
    var waiting: [LogWork] = []
    var waitingBytes = 0
    /// Threads that form and write groups now: two at most, one writing while the other syncs.
    var committers = 0
    /// Why a group did not reach the disk, until what was built on it is taken back.
    var failure: (any Error)?
    /// Called when no thread writes groups any more.
    var whenIdle: (@Sendable () -> Void)?
    var nextWaiter: UInt64 = 0
    /// Sequences of sealed segments in which something died since they were last looked at.
    var dying: Set<UInt64> = []
    var tidying = false
    var closed = false
  }

  /// What only the holder of the write turn touches.
  struct Writing {
    var active: ActiveLogSegment?
    var nextSequence: UInt64 = 1
    var nextNumber: UInt32 = 1
    var groups: UInt64 = 0
    /// Logs made by groups that are still on their way to disk.
    var creating: [LogID: LogHandle] = [:]
    var capacity: UInt64

    init(capacity: UInt64) { self.capacity = capacity }
  }

  /// Two locks that a thread takes one after the other, holding the second before it lets go of the first; so
  /// groups are synced in the order they were written. `NSLock` because each is let go in another scope.
  final class Turns: @unchecked Sendable {
    // Safe: `writing` is touched only while `write` is held.
    let write = NSLock()
    let sync = NSLock()
    var writing: Writing

    init(_ sizes: Sizes) { writing = Writing(capacity: sizes.segmentBytesMin) }
  }

  let folder: String
  let disk: any Disk
  let clock: any WallClock
  let state = Locked(State())
  let turns: Turns
  let sizes: Sizes
  let sealed: SealedSegments
  let commitThreads = BlockingPool(name: "log-commit", threads: 2, queueLimit: 16)
  let tidyThread = BlockingPool(name: "log-tidy", threads: 1, queueLimit: 16)
  let readThreads = BlockingPool(
    name: "log-read", threads: StorageLimits.logReadThreads, queueLimit: StorageLimits.logReadsWaitingMax)

  /// Opens the store in a folder that exists, recovering what a crash left. Blocks.
  package init(folder: String, disk: any Disk, clock: any WallClock, sizes: Sizes = Sizes()) throws {
    self.folder = folder
    self.disk = disk
    self.clock = clock
    self.sizes = sizes
    turns = Turns(sizes)
    sealed = SealedSegments(folder: folder, disk: disk)
    try recover()
  }

  func handle(_ log: LogID, in state: State) throws -> LogHandle {
    guard !state.closed else { throw StorageError.closed }
    guard let handle = state.byName[log] else { throw StorageError.noSuchLog(log.name) }
    return handle
  }

  // MARK: writing

  public func create(_ logs: [LogID]) async throws {
    for log in logs where log.name.utf8.count > StorageLimits.logNameBytesMax {
      throw StorageError.io(operation: "make a log of so long a name", path: log.name, errno: ENAMETOOLONG)
    }
    try await change(.create(logs))
  }

  public func delete(_ log: LogID) async throws { try await change(.delete(log)) }

  public func trim(_ log: LogID, before time: Timestamp) async throws {
    let (handle, trim) = try await find(log, atOrAfter: time)
    if state.withLock({ _ in trim.first > handle.first }) { try await change(.trim(handle, trim)) }
  }

  private func change(_ request: LogChangeRequest) async throws {
    try await withCheckedThrowingContinuation { (caller: CheckedContinuation<Void, any Error>) in
      enqueue(.change(request, answer: { caller.resume(with: $0) }))
    }
  }

  public func append(_ batches: [LogBatch]) async throws -> [LogPosition] {
    var bytes = 0
    for batch in batches {
      bytes += 64 + batch.payloads.count * 4
      for payload in batch.payloads {
        let length = payload.readableBytes
        guard length <= StorageLimits.logRecordBytesMax else {
          throw StorageError.overloaded("a record of \(length) bytes is longer than a log takes")
        }
        bytes += length
      }
    }
    // Each frame that a long batch is cut into has a header of its own.
    bytes += bytes / StorageLimits.logFrameBytesMax * 128 + 128
    let handles = try state.withLock { state in
      try batches.map { try handle($0.log, in: state) }
    }
    let targets = zip(handles, batches).map { (log: $0, payloads: $1.payloads) }
    let size = bytes
    return try await withCheckedThrowingContinuation { caller in
      enqueue(.append(LogAppend(batches: targets, bytes: size, answer: { caller.resume(with: $0) })))
    }
  }

  private func enqueue(_ work: LogWork) {
    let refusal: StorageError?
    let startCommitter: Bool
    (refusal, startCommitter) = state.withLock { state in
      if state.closed { return (.closed, false) }
      guard state.waitingBytes + work.bytes <= StorageLimits.logAppendsWaitingBytesMax else {
        return (.overloaded("\(state.waitingBytes) bytes of records wait for the disk"), false)
      }
      state.waiting.append(work)
      state.waitingBytes += work.bytes
      guard state.committers < 2 else { return (nil, false) }
      state.committers += 1
      return (nil, true)
    }
    if let refusal {
      switch work {
      case .append(let append): append.answer(.failure(refusal))
      case .change(_, let answer): answer(.failure(refusal))
      }
    }
    // Two run at most, so their threads always take them.
    if startCommitter { try? commitThreads.submit { self.commitGroups() } }
  }

  // MARK: waiting and looking

  public func waitForRecord(_ log: LogID, at offset: UInt64) async throws {
    let (handle, id) = try state.withLock { state in
      state.nextWaiter += 1
      return (try self.handle(log, in: state), state.nextWaiter)
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
        let ready: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.closed { return .failure(StorageError.closed) }
          if handle.isDeleted { return .failure(StorageError.noSuchLog(log.name)) }
          if handle.next > offset { return .success(()) }
          handle.waiters[id] = (offset, wake)
          return nil
        }
        if let ready { wake.resume(with: ready) }
      }
    } onCancel: {
      let waiter = state.withLock { _ in handle.waiters.removeValue(forKey: id) }
      waiter?.wake.resume(throwing: CancellationError())
    }
  }

  public func bounds(_ log: LogID) async throws -> LogBounds {
    try state.withLock { state in
      let handle = try self.handle(log, in: state)
      let time = handle.lastTime == LogCheckpoint.noTime ? nil : Timestamp(nanoseconds: handle.lastTime)
      return LogBounds(first: handle.first, next: handle.next, lastTime: time)
    }
  }

  public func logs(prefix: String) async throws -> [LogID] {
    state.withLock { $0.byName.keys.filter { $0.name.hasPrefix(prefix) } }.sorted()
  }

  /// Waits for what was accepted; later calls throw `closed`.
  public func close() async {
    let waiters = state.withLock { state in
      state.closed = true
      let waiters = state.byNumber.values.flatMap { $0.waiters.values.map(\.wake) }
      for handle in state.byNumber.values { handle.waiters = [:] }
      return waiters
    }
    for waiter in waiters { waiter.resume(throwing: StorageError.closed) }
    await withCheckedContinuation { (caller: CheckedContinuation<Void, Never>) in
      let idle = state.withLock { state in
        if state.committers > 0 { state.whenIdle = { caller.resume() } }
        return state.committers == 0
      }
      if idle { caller.resume() }
    }
    try? await tidyThread.run {}
    turns.write.withLock { turns.writing.active = nil }
    sealed.forgetAll()
  }
}
