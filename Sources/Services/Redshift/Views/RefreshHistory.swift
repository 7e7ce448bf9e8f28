import Kernel

/// How materialized views were refreshed since the namespace was opened, for the catalog's views.
final class RefreshHistory: Sendable {
  struct Entry: Sendable {
    var user: Int
    var database: String
    var schema: String
    var view: String
    var transaction: Int
    var isAutomatic: Bool
    var status: String
    var started: Timestamp
    var ended: Timestamp
    var scans: [Scan] = []
  }

  /// What was read of one shard.
  struct Scan: Sendable {
    var schema: String
    var stream: String
    var shard: String
    var position: String
    var rows: Int
    var skipped: Int
    var bytes: Int
    var earliest: Timestamp
    var latest: Timestamp
  }

  /// A record that the view's query could not take.
  struct Skipped: Sendable {
    var schema: String
    var stream: String
    var view: String
    var shard: String
    var position: String
    var time: Timestamp
    var reason: String
  }

  private struct State {
    var entries: [Entry] = []
    var skipped: [Skipped] = []
  }
  private let state = Locked(State())

  func add(_ entry: Entry) {
    state.withLock { state in
      state.entries.append(entry)
      if state.entries.count > WarehouseLimits.refreshesMax { state.entries.removeFirst(100) }
    }
  }

  func add(_ records: [Skipped]) {
    state.withLock { state in
      state.skipped += records
      let over = state.skipped.count - WarehouseLimits.loadErrorsMax
      if over > 0 { state.skipped.removeFirst(over) }
    }
  }

  var entries: [Entry] { state.withLock { $0.entries } }
  var skipped: [Skipped] { state.withLock { $0.skipped } }
}
