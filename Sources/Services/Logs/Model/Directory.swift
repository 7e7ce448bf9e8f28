import Kernel
import Storage

/// A group at work: its record, its streams, its filters ready to use.
struct LiveGroup: Sendable {
  var record: GroupRecord
  var streams: [String: StreamRecord] = [:]
  var filters: [LiveMetricFilter] = []
  var subscriptions: [LiveSubscription] = []

  init(_ record: GroupRecord) {
    self.record = record
    compile()
  }

  mutating func change(to record: GroupRecord) {
    guard record.version > self.record.version else { return }
    self.record = record
    compile()
  }

  private mutating func compile() {
    filters = record.metricFilters.compactMap { LiveMetricFilter($0) }
    subscriptions = record.subscriptions.compactMap { LiveSubscription($0) }
  }

  var bytes: Int64 { streams.values.reduce(0) { $0.saturatingAdd($1.note.bytes) } }
}

/// A subscription with its pattern read.
struct LiveSubscription: Sendable {
  let record: SubscriptionRecord
  let pattern: FilterPattern

  init?(_ record: SubscriptionRecord) {
    guard let pattern = try? FilterPattern(record.pattern) else { return nil }
    self.record = record
    self.pattern = pattern
  }
}

/// What is there, in memory: the key store has it all, and is written first.
final class Directory: Sendable {
  private struct State {
    var groups: [GroupID: LiveGroup] = [:]
    /// Streams whose notes are not written yet.
    var unwritten: Set<StreamID> = []
  }
  private let state = Locked(State())

  struct StreamID: Hashable, Sendable {
    var group: GroupID
    var uid: String
    var name: String
  }

  func add(_ id: GroupID, _ group: LiveGroup) { state.withLock { $0.groups[id] = group } }

  func group(_ id: GroupID) -> LiveGroup? { state.withLock { $0.groups[id] } }

  /// A group's record without its streams, and one of its streams: what a hot path needs.
  func find(_ id: GroupID, stream: String) -> (group: GroupRecord, stream: StreamRecord?)? {
    state.withLock { state in state.groups[id].map { ($0.record, $0.streams[stream]) } }
  }

  func record(_ id: GroupID) -> GroupRecord? { state.withLock { $0.groups[id]?.record } }
  func filters(_ id: GroupID) -> [LiveMetricFilter] { state.withLock { $0.groups[id]?.filters ?? [] } }
  func subscriptions(_ id: GroupID) -> [LiveSubscription] { state.withLock { $0.groups[id]?.subscriptions ?? [] } }
  func has(_ id: GroupID) -> Bool { state.withLock { $0.groups[id] != nil } }

  /// The groups of a scope, or of all.
  func groups(of scope: Scope?) -> [GroupID] {
    state.withLock { $0.groups.keys.filter { scope == nil || $0.scope == scope } }
  }

  func count(of scope: Scope) -> Int { state.withLock { $0.groups.keys.count { $0.scope == scope } } }

  /// Shows a group's record as it was written.
  func change(_ id: GroupID, to record: GroupRecord) {
    state.withLock { state in
      guard state.groups[id]?.record.uid == record.uid else { return }
      state.groups[id]?.change(to: record)
    }
  }

  func remove(_ id: GroupID, uid: String) {
    state.withLock { state in
      guard state.groups[id]?.record.uid == uid else { return }
      state.groups[id] = nil
    }
  }

  /// - Returns: whether the group is there still.
  @discardableResult
  func add(_ stream: StreamRecord, to id: GroupID, uid: String) -> Bool {
    state.withLock { state in
      guard state.groups[id]?.record.uid == uid else { return false }
      state.groups[id]?.streams[stream.name] = stream
      return true
    }
  }

  func removeStream(_ name: String, number: UInt64, of id: GroupID) {
    state.withLock { state in
      guard state.groups[id]?.streams[name]?.number == number else { return }
      state.groups[id]?.streams[name] = nil
    }
  }

  /// Counts a batch that was written, and widens the stream's bounds. The record is to be written when it is returned:
  /// readers rely on bounds.
  func note(
    _ summary: BatchSummary, at offset: UInt64, arrived: Int64, stream name: String, number: UInt64, of id: GroupID
  ) -> StreamRecord? {
    state.withLock { state in
      guard let uid = state.groups[id]?.record.uid, var stream = state.groups[id]?.streams[name],
        stream.number == number
      else { return nil }
      stream.note.add(summary, at: offset)
      let isWider = stream.widen(summary, arrived: arrived)
      state.groups[id]?.streams[name] = stream
      state.unwritten.insert(StreamID(group: id, uid: uid, name: name))
      return isWider ? stream : nil
    }
  }

  /// Sets the count of what is kept to nothing, once nothing is.
  func emptied(_ name: String, number: UInt64, of id: GroupID) {
    state.withLock { state in
      guard let uid = state.groups[id]?.record.uid, state.groups[id]?.streams[name]?.number == number else { return }
      state.groups[id]?.streams[name]?.note.bytes = 0
      state.unwritten.insert(StreamID(group: id, uid: uid, name: name))
    }
  }

  /// The records of streams with unwritten notes; they count as written.
  func takeUnwritten() -> [(StreamID, StreamRecord)] {
    state.withLock { state in
      let taken = state.unwritten.compactMap { id in
        state.groups[id.group].flatMap { $0.record.uid == id.uid ? $0.streams[id.name] : nil }.map { (id, $0) }
      }
      state.unwritten = []
      return taken
    }
  }

  func putBack(_ ids: [StreamID]) { state.withLock { $0.unwritten.formUnion(ids) } }
}

extension StreamRecord {
  /// Widens the bounds to the next power of two, so that they change a few times in a stream's life.
  /// - Parameter arrived: when the store appended the batch, in milliseconds.
  /// - Returns: whether they changed.
  mutating func widen(_ summary: BatchSummary, arrived: Int64) -> Bool {
    let before = (latenessMs, aheadMs)
    while arrived.saturatingSubtract(summary.oldest) > latenessMs { latenessMs = latenessMs.saturatingMultiply(2) }
    while summary.newest.saturatingSubtract(arrived) > aheadMs { aheadMs = aheadMs.saturatingMultiply(2) }
    return before != (latenessMs, aheadMs)
  }
}
