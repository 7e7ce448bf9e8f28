import Kernel
import Kinesis
import Testing

@Suite struct ShardLayoutTests {
  let start = Timestamp(seconds: 1_700_000_000)
  var later: Timestamp { start + .seconds(60) }

  func covers(_ layout: ShardLayout) -> Bool {
    let open = layout.open
    return open.first?.range.start == .min && open.last?.range.end == .max
      && zip(open, open.dropFirst()).allSatisfy { $0.range.end.value + 1 == $1.range.start.value }
  }

  @Test func splitLeavesParentClosedWithTwoChildren() throws {
    var layout = ShardLayout(uniform: 2, at: start)
    let shard = try #require(layout[1])
    let key = HashKey(shard.range.start.value + 1000)
    let (lower, upper) = layout.split(shard, at: key, now: later)
    #expect(layout[1]?.closedAt == later)
    #expect(lower.index == 2 && upper.index == 3)
    #expect(lower.parent == 1 && upper.parent == 1 && lower.adjacentParent == nil)
    #expect(lower.range.end.value + 1 == upper.range.start.value)
    #expect(covers(layout))
  }

  @Test func mergeNamesBothParents() throws {
    var layout = ShardLayout(uniform: 3, at: start)
    let (left, right) = (try #require(layout[1]), try #require(layout[0]))
    #expect(ShardLayout.adjacent(left, right))
    #expect(!ShardLayout.adjacent(right, try #require(layout[2])))
    let joined = layout.merge(left, right, now: later)
    #expect(joined.parent == 1 && joined.adjacentParent == 0)
    #expect(covers(layout))
    #expect(layout.open.count == 2)
  }

  @Test(arguments: [(1, 2), (2, 4), (4, 2), (2, 3), (3, 2), (3, 6), (5, 7), (7, 4), (4, 4)])
  func scalingEndsInEqualRanges(from: Int, to: Int) {
    var layout = ShardLayout(uniform: from, at: start)
    layout.scale(to: to, now: later)
    #expect(layout.open.map(\.range) == HashRange.uniform(to))
    #expect(covers(layout))
    for shard in layout.shards where shard.index >= from { #expect(shard.parent != nil) }
  }

  @Test func doublingSplitsEachShardOnce() {
    var layout = ShardLayout(uniform: 2, at: start)
    layout.scale(to: 4, now: later)
    #expect(layout.shards.count == 6)
  }

  @Test func filtersFollowLifetimes() throws {
    var layout = ShardLayout(uniform: 1, at: start)
    layout.split(try #require(layout[0]), at: HashKey(1 << 64), now: later)
    func shown(_ rule: ShardFilterRule, horizon: Timestamp) -> [Int] {
      layout.shards.filter { rule.shows($0, horizon: horizon) }.map(\.index)
    }
    #expect(shown(.all, horizon: start) == [0, 1, 2])
    #expect(shown(.atLatest, horizon: start) == [1, 2])
    #expect(shown(.atTrimHorizon, horizon: start) == [0])
    #expect(shown(.fromTrimHorizon, horizon: later + .seconds(1)) == [1, 2])
    #expect(shown(.after(shard: 0), horizon: start) == [1, 2])
    #expect(shown(.at(start + .seconds(30)), horizon: start) == [0])
    #expect(shown(.at(later + .seconds(30)), horizon: start) == [1, 2])
    #expect(shown(.from(later + .seconds(1)), horizon: start) == [1, 2])
    #expect(shown(.from(start), horizon: start) == [0, 1, 2])
  }

  @Test func shardNamesAreReadLeniently() {
    #expect(ShardRecord.id(3) == "shardId-000000000003")
    #expect(ShardRecord.index(of: "shardId-000000000003") == 3)
    #expect(ShardRecord.index(of: "shardId-3") == 3)
    for name in ["3", "shardId-", "shardId-x", "shardId-99999999999999999999", "shardId-002147483648"] {
      #expect(ShardRecord.index(of: name) == nil)
    }
  }
}
