import Kernel

/// One log's state in memory.
final class LogHandle: @unchecked Sendable {
  // Safe: the fields of the first group are touched only while the store's state lock is held, those of the
  // second only by the thread that holds the write turn.
  let id: LogID
  let number: UInt32

  // What is on disk, and so what readers see.
  var first: UInt64
  var next: UInt64
  var lastTime: Int64
  var isDeleted = false
  /// Callers that wait for a record, with the offset they wait for.
  var waiters: [UInt64: (offset: UInt64, wake: CheckedContinuation<Void, any Error>)] = [:]
  /// Sequence of a segment that no living record of this log precedes; 0 for the store's first.
  var firstSegment: UInt64 = 0

  // What has been given out, groups that are still on their way to disk included.
  var assignedNext: UInt64
  var assignedTime: Int64
  var isDeleting = false
  /// The log's place in the group being formed, and which group that is.
  var slot = 0
  var slotGroup: UInt64 = 0

  init(id: LogID, number: UInt32, first: UInt64 = 0, next: UInt64 = 0, lastTime: Int64 = LogCheckpoint.noTime) {
    self.id = id
    self.number = number
    self.first = first
    self.next = next
    self.lastTime = lastTime
    assignedNext = next
    assignedTime = lastTime
  }

  /// Takes back what failed groups were given.
  func forgetAssigned() {
    assignedNext = next
    assignedTime = lastTime
    isDeleting = isDeleted
  }

  /// Waiters whose record is there now, taken out.
  func takeServed() -> [CheckedContinuation<Void, any Error>] {
    guard !waiters.isEmpty else { return [] }
    let served = waiters.filter { $0.value.offset < next }
    for id in served.keys { waiters[id] = nil }
    return served.values.map(\.wake)
  }
}

/// A segment that readers may look into.
struct LogSegment: Sendable {
  let sequence: UInt64
  /// How often it was rewritten.
  var generation: UInt32
  /// Its index while it grows and until the index file is written.
  var growing: GrowingLogIndex?
  /// Where its synced frames end, where that is known without looking.
  var end: UInt64?
}

/// The segment that grows. Its fields are the writing thread's, but for `index`, which readers share.
final class ActiveLogSegment: @unchecked Sendable {
  // Safe: touched only by the thread that holds the write turn; `index` only while the state lock is held.
  let sequence: UInt64
  let file: any DiskFile
  let capacity: UInt64
  let index: GrowingLogIndex
  let seed: UInt32
  /// Where the next frame goes.
  var writeEnd: UInt64
  /// Frames written, those on their way to disk included.
  var frameCount: Int

  init(sequence: UInt64, file: any DiskFile, capacity: UInt64, index: GrowingLogIndex, writeEnd: UInt64) {
    self.sequence = sequence
    self.file = file
    self.capacity = capacity
    self.index = index
    self.writeEnd = writeEnd
    frameCount = index.frameCount
    seed = LogFormat.seed(sequence: sequence)
  }
}
