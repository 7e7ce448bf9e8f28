import Foundation
import Kernel

extension SegmentLogStore {
  /// Forms, writes, syncs and publishes group after group until nothing waits. Runs on one or two threads.
  func commitGroups() {
    while true {
      turns.write.lock()
      guard let group = takeGroup() else {
        turns.write.unlock()
        return
      }
      let active: ActiveLogSegment
      let end: UInt64
      do {
        active = try segment(for: group)
        form(group, in: active)
        if group.image.length > 0 {
          try active.file.write(group.image.written, at: active.writeEnd)
          active.writeEnd += UInt64(group.image.length)
          active.frameCount += group.places.count
        }
        end = active.writeEnd
      } catch {
        turns.sync.lock()
        repair()
        turns.sync.unlock()
        turns.write.unlock()
        group.answer(error)
        continue
      }
      turns.sync.lock()
      if let failure = state.withLock({ $0.failure }) {
        // The group before this one did not reach the disk, and this one builds on it.
        repair()
        turns.sync.unlock()
        turns.write.unlock()
        group.answer(failure)
        continue
      }
      turns.write.unlock()
      var failure: (any Error)?
      var woken: [(wake: CheckedContinuation<Void, any Error>, failure: StorageError?)] = []
      do {
        if group.image.length > 0 { try active.file.sync() }
        woken = publish(group, in: active, end: end)
      } catch {
        state.withLock { $0.failure = error }
        failure = error
      }
      turns.sync.unlock()
      group.answer(failure)
      for waiter in woken {
        if let failure = waiter.failure { waiter.wake.resume(throwing: failure) } else { waiter.wake.resume() }
      }
    }
  }

  /// What waits, as much as one group takes; `nil` when nothing does, and then this thread counts as gone.
  private func takeGroup() -> LogGroup? {
    let (works, idle): ([LogWork], (@Sendable () -> Void)?) = state.withLock { state in
      var count = 0
      var bytes = 0
      while count < state.waiting.count {
        bytes += state.waiting[count].bytes
        guard count == 0 || bytes <= StorageLimits.logGroupBytesMax else {
          bytes -= state.waiting[count].bytes
          break
        }
        count += 1
      }
      let works = Array(state.waiting.prefix(count))
      state.waiting.removeFirst(count)
      state.waitingBytes -= bytes
      if works.isEmpty { state.committers -= 1 }
      return (works, state.committers == 0 ? state.whenIdle.take() : nil)
    }
    idle?()
    return works.isEmpty ? nil : LogGroup(works: works)
  }

  // MARK: segments

  /// The segment that takes the group: the active one, or a new one when it is full or was given up.
  private func segment(for group: LogGroup) throws -> ActiveLogSegment {
    let bytes = UInt64(group.bytesMax)
    if state.withLock({ $0.failure }) == nil, let active = turns.writing.active,
      active.writeEnd + bytes <= active.capacity,
      active.frameCount < sizes.framesPerSegmentMax
    {
      return active
    }
    // A segment is begun when everything before it is on disk: its checkpoint says that it is.
    turns.sync.lock()
    defer { turns.sync.unlock() }
    if state.withLock({ $0.failure }) != nil { repair() }
    return try beginSegment(room: bytes)
  }

  /// Begins a segment with a checkpoint of all logs. Both turns are held and nothing is on its way.
  private func beginSegment(room: UInt64) throws -> ActiveLogSegment {
    let sequence = turns.writing.nextSequence
    turns.writing.nextSequence += 1
    let checkpoint = state.withLock { state in
      LogCheckpoint(
        previousSequence: state.segments.last?.sequence ?? 0, previousEnd: state.segments.last?.end ?? 0,
        nextNumber: turns.writing.nextNumber,
        logs: state.byNumber.values.sorted { $0.number < $1.number }.map { log in
          LogCheckpoint.Log(
            number: log.number, first: log.first, next: log.next, lastTime: log.lastTime, name: log.id.name)
        })
    }
    let image = LogFrameImage()
    let seed = LogFormat.seed(sequence: sequence)
    image.append(kind: .checkpoint, body: checkpoint.encode(), time: clock.now().nanoseconds, seed: seed)
    // The checkpoint of very many logs must stay a small part of its segment.
    let least = UInt64(LogFormat.segmentHeaderBytes + image.length * 8) + room
    let capacity = min(max(turns.writing.capacity, least), UInt64(UInt32.max) - 8)
    let path = "\(folder)/\(LogFormat.segmentName(sequence, 0))"
    do {
      let file = try disk.open(path, create: true)
      try file.preallocate(at: 0, count: capacity)
      let header = LogFormat.segmentHeader(sequence: sequence, generation: 0)
      try header.withUnsafeBytes { try file.write($0, at: 0) }
      try file.write(image.written, at: UInt64(LogFormat.segmentHeaderBytes))
      try file.sync()
      try disk.syncFolder(folder)
      let end = UInt64(LogFormat.segmentHeaderBytes + image.length)
      let active = ActiveLogSegment(
        sequence: sequence, file: file, capacity: capacity, index: GrowingLogIndex(checkpoint), writeEnd: end)
      turns.writing.active = active
      turns.writing.capacity = min(turns.writing.capacity * 2, sizes.segmentBytesMax)
      state.withLock { state in
        state.segments.append(LogSegment(sequence: sequence, generation: 0, growing: active.index, end: end))
      }
      scheduleTidying()
      return active
    } catch {
      try? disk.remove(path)
      throw error
    }
  }

  /// After a failed write or sync: takes everything back that is not on disk and gives the segment up at its last
  /// synced frame. Both turns are held, so no group is on its way.
  private func repair() {
    turns.writing.active = nil
    turns.writing.creating = [:]
    state.withLock { state in
      state.failure = nil
      for handle in state.byNumber.values { handle.forgetAssigned() }
    }
    scheduleTidying()
  }

  // MARK: groups

  /// Gives the works of a group their offsets and writes their frames into its image.
  private func form(_ group: LogGroup, in active: ActiveLogSegment) {
    turns.writing.groups += 1
    let now = clock.now().nanoseconds
    state.withLock { state in
      turns.writing.creating = turns.writing.creating.filter { state.byName[$0.key] !== $0.value }
    }
    var changes: [UInt8] = []
    for work in group.works {
      switch work {
      case .append(let append): group.outcomes.append(Result { try assign(append, group, now) })
      case .change(let request, _):
        apply(request, group, &changes)
        group.outcomes.append(.success([]))
      }
    }
    group.image.reserve(group.bytesMax)
    if !changes.isEmpty { group.image.append(kind: .changes, body: changes, time: now, seed: active.seed) }
    group.appendRecords(start: active.writeEnd, seed: active.seed)
  }

  private func assign(_ append: LogAppend, _ group: LogGroup, _ now: Int64) throws -> [LogPosition] {
    for (log, _) in append.batches where log.isDeleting { throw StorageError.noSuchLog(log.id.name) }
    var positions: [LogPosition] = []
    positions.reserveCapacity(append.batches.count)
    for (log, payloads) in append.batches {
      // One time for all of a group's records of a log; a batch of none leaves the log's time alone.
      let time = max(now, log.assignedTime)
      positions.append(LogPosition(firstOffset: log.assignedNext, time: Timestamp(nanoseconds: time)))
      guard !payloads.isEmpty else { continue }
      if log.slotGroup != turns.writing.groups {
        log.slotGroup = turns.writing.groups
        log.slot = group.slots.count
        group.slots.append(LogGroup.Slot(log: log, pieces: [], firstOffset: log.assignedNext, count: 0))
      }
      group.slots[log.slot].pieces.append(payloads)
      group.slots[log.slot].count += payloads.count
      log.assignedNext += UInt64(payloads.count)
      log.assignedTime = time
    }
    return positions
  }

  private func apply(_ request: LogChangeRequest, _ group: LogGroup, _ changes: inout [UInt8]) {
    switch request {
    case .create(let logs):
      for id in logs where existing(id) == nil {
        let handle = LogHandle(id: id, number: turns.writing.nextNumber)
        turns.writing.nextNumber += 1
        turns.writing.creating[id] = handle
        LogChange.create(number: handle.number, name: id.name).append(to: &changes)
        group.steps.append(.created(handle))
      }
    case .delete(let id):
      guard let handle = existing(id) else { return }
      handle.isDeleting = true
      LogChange.delete(number: handle.number).append(to: &changes)
      group.steps.append(.deleted(handle))
    case .trim(let handle, let trim):
      guard !handle.isDeleting else { return }
      LogChange.trim(number: handle.number, first: trim.first).append(to: &changes)
      group.steps.append(.trimmed(handle, trim))
    }
  }

  /// The log of that name as the works before have left it.
  private func existing(_ id: LogID) -> LogHandle? {
    if let made = turns.writing.creating[id], !made.isDeleting { return made }
    guard let handle = state.withLock({ $0.byName[id] }), !handle.isDeleting else { return nil }
    return handle
  }

  /// Lets readers see a group that is on disk.
  /// - Returns: who waited for it.
  private func publish(
    _ group: LogGroup, in active: ActiveLogSegment, end: UInt64
  ) -> [(wake: CheckedContinuation<Void, any Error>, failure: StorageError?)] {
    var woken: [(wake: CheckedContinuation<Void, any Error>, failure: StorageError?)] = []
    var died = false
    state.withLock { state in
      for step in group.steps {
        switch step {
        case .created(let log):
          state.byName[log.id] = log
          state.byNumber[log.number] = log
          log.firstSegment = active.sequence
        case .deleted(let log):
          log.isDeleted = true
          if state.byName[log.id] === log { state.byName[log.id] = nil }
          state.byNumber[log.number] = nil
          woken += log.waiters.values.map { ($0.wake, StorageError.noSuchLog(log.id.name)) }
          log.waiters = [:]
          state.markDying(from: log.firstSegment, through: active.sequence)
          died = true
        case .trimmed(let log, let trim):
          guard trim.first > log.first else { continue }
          log.first = min(trim.first, log.next)
          state.markDying(from: log.firstSegment, through: trim.segment)
          log.firstSegment = trim.segment
          died = true
        }
      }
      for slot in group.slots {
        slot.log.next = slot.firstOffset + UInt64(slot.count)
      }
      for (log, place) in group.places {
        active.index.append(place, log: log.number)
        log.lastTime = place.time
      }
      for slot in group.slots { woken += slot.log.takeServed().map { ($0, nil) } }
      if let last = state.segments.indices.last, state.segments[last].sequence == active.sequence {
        state.segments[last].end = end
      }
    }
    if died { scheduleTidying() }
    return woken
  }
}

extension SegmentLogStore.State {
  /// Marks the segments in which records of a log may have died.
  mutating func markDying(from: UInt64, through: UInt64) {
    for segment in segments where segment.sequence >= from && segment.sequence <= through {
      dying.insert(segment.sequence)
    }
  }
}
