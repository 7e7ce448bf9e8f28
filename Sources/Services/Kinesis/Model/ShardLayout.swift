package import Kernel

/// A stream's shards while they are split and merged: pure bookkeeping, done before anything is stored.
package struct ShardLayout: Sendable, Equatable {
  /// All shards by index, closed ones included.
  package private(set) var shards: [ShardRecord]
  package private(set) var nextShard: Int

  package init(shards: [ShardRecord], nextShard: Int) {
    self.shards = shards
    self.nextShard = nextShard
  }

  /// `count` shards of equal width.
  package init(uniform count: Int, at now: Timestamp) {
    shards = HashRange.uniform(count).enumerated().map { ShardRecord(index: $0, range: $1, openedAt: now) }
    nextShard = count
  }

  /// Open shards in the order of their hash keys.
  package var open: [ShardRecord] { shards.filter(\.isOpen).sorted { $0.range.start < $1.range.start } }

  package subscript(index: Int) -> ShardRecord? { shards.first { $0.index == index } }

  private mutating func close(_ index: Int, at now: Timestamp) {
    guard let place = shards.firstIndex(where: { $0.index == index }) else { return }
    shards[place].closedAt = now
  }

  private mutating func add(_ range: HashRange, parent: Int, adjacentParent: Int?, at now: Timestamp) -> ShardRecord {
    let shard = ShardRecord(
      index: nextShard, range: range, parent: parent, adjacentParent: adjacentParent, openedAt: now)
    shards.append(shard)
    nextShard += 1
    return shard
  }

  /// Closes `shard` and opens two: the keys before `key`, and those from it on.
  @discardableResult
  package mutating func split(_ shard: ShardRecord, at key: HashKey, now: Timestamp) -> (ShardRecord, ShardRecord) {
    precondition(shard.range.start < key && key <= shard.range.end)
    close(shard.index, at: now)
    let lower = add(
      HashRange(start: shard.range.start, end: HashKey(key.value - 1)), parent: shard.index, adjacentParent: nil,
      at: now)
    let upper = add(HashRange(start: key, end: shard.range.end), parent: shard.index, adjacentParent: nil, at: now)
    return (lower, upper)
  }

  /// Closes two neighbours and opens one over both.
  @discardableResult
  package mutating func merge(_ shard: ShardRecord, _ adjacent: ShardRecord, now: Timestamp) -> ShardRecord {
    precondition(Self.adjacent(shard, adjacent))
    close(shard.index, at: now)
    close(adjacent.index, at: now)
    let range = HashRange(
      start: min(shard.range.start, adjacent.range.start), end: max(shard.range.end, adjacent.range.end))
    return add(range, parent: shard.index, adjacentParent: adjacent.index, at: now)
  }

  /// Do the two shards' hash keys touch?
  package static func adjacent(_ left: ShardRecord, _ right: ShardRecord) -> Bool {
    let (lower, upper) = left.range.start < right.range.start ? (left, right) : (right, left)
    return lower.range.end < upper.range.start && lower.range.end.value + 1 == upper.range.start.value
  }

  /// Reaches `count` equal shards by splits and merges, through short-lived shards where widths do not fit, as
  /// UpdateShardCount does.
  package mutating func scale(to count: Int, now: Timestamp) {
    let targets = HashRange.uniform(count)
    for target in targets.dropFirst() {
      if let holder = open.first(where: { $0.range.contains(target.start) }), holder.range.start != target.start {
        split(holder, at: target.start, now: now)
      }
    }
    for target in targets {
      let parts = open.filter { target.contains($0.range.start) }
      guard var joined = parts.first else { continue }
      for part in parts.dropFirst() { joined = merge(joined, part, now: now) }
    }
  }

  /// Notes where a closed shard's log ends.
  package mutating func setEnd(_ offset: UInt64, of index: Int) {
    guard let place = shards.firstIndex(where: { $0.index == index }) else { return }
    shards[place].endOffset = offset
  }

  /// Drops closed shards of which nothing is left to read.
  package mutating func drop(_ indexes: Set<Int>) { shards.removeAll { indexes.contains($0.index) } }
}
