import Kernel

/// Whether transactions that ran at once could have run one after the other. Each sees the rows of its beginning; what
/// it read and wrote is known by tables, as in Redshift. Source: Redshift, "Serializable isolation".
///
/// One transaction must come before another when it read a table as it was before the other wrote it, or when it wrote
/// what the other, which began later, read or wrote. A transaction that would close a circle of these is refused as it
/// commits.
final class SerialOrder: Sendable {
  struct Conflict: Sendable {
    var table: Int
    /// The transactions of the circle, the refused one first.
    var transactions: [Int]
  }

  private struct Done {
    var id: Int
    var began: Int
    /// The last moment until the commit is on disk: whoever begins before may not see it.
    var committed = Int.max
    var reads: Set<Int>
    var writes: Set<Int>
  }

  private struct State {
    var moment = 0
    /// When each open transaction began.
    var open: [Int: Int] = [:]
    var done: [Done] = []

    /// Lets go of what no open transaction can meet: neither itself nor through one that both ran beside.
    mutating func trim() {
      guard let first = open.values.min() else {
        done.removeAll { $0.committed < Int.max }
        return
      }
      let reach = done.filter { $0.committed > first }.map(\.began).min() ?? first
      let horizon = min(first, reach)
      done.removeAll { $0.committed < horizon }
      if done.count > WarehouseLimits.orderedTransactionsMax {
        done.removeFirst(done.count - WarehouseLimits.orderedTransactionsMax)
      }
    }
  }
  private let state = Locked(State())

  /// A transaction is about to take its view of the rows.
  func begin(_ id: Int) {
    state.withLock { state in
      state.moment += 1
      state.open[id] = state.moment
    }
  }

  /// A transaction asks to commit. `ended` must follow.
  func commit(_ id: Int, reads: Set<Int>, writes: Set<Int>, isChecked: Bool) -> Conflict? {
    state.withLock { state in
      guard let began = state.open[id] else { return nil }
      let own = Done(id: id, began: began, reads: reads, writes: writes)
      if isChecked, let conflict = Self.circle(own, state.done) { return conflict }
      if !reads.isEmpty || !writes.isEmpty { state.done.append(own) }
      return nil
    }
  }

  /// A transaction is over, and what it wrote is seen by all that begin from now on, or was taken back.
  func ended(_ id: Int, committed: Bool) {
    state.withLock { state in
      state.open[id] = nil
      state.moment += 1
      if let index = state.done.lastIndex(where: { $0.id == id }) {
        if committed { state.done[index].committed = state.moment } else { state.done.remove(at: index) }
      }
      state.trim()
    }
  }

  /// The table for which one must come before the other.
  private static func edge(_ one: Done, _ other: Done) -> Int? {
    if one.committed < other.began {
      return one.writes.intersection(other.reads.union(other.writes)).min()
    }
    guard other.committed > one.began else { return nil }
    return one.reads.intersection(other.writes).min()
  }

  private static func circle(_ own: Done, _ done: [Done]) -> Conflict? {
    guard !own.reads.isEmpty, !done.isEmpty else { return nil }
    // From itself along the order, until it comes back.
    var paths: [(Done, [Int], Int)] = []
    var seen: Set<Int> = [own.id]
    for other in done {
      if let table = edge(own, other) {
        seen.insert(other.id)
        paths.append((other, [own.id, other.id], table))
      }
    }
    while let (last, path, table) = paths.popLast() {
      if edge(last, own) != nil { return Conflict(table: table, transactions: path) }
      for other in done where !seen.contains(other.id) {
        guard edge(last, other) != nil else { continue }
        seen.insert(other.id)
        paths.append((other, path + [other.id], table))
      }
    }
    return nil
  }
}
