import Kinesis
import Testing

@Suite struct HashKeyTests {
  @Test func md5OfThePartitionKeyIsBigEndian() {
    // printf device-00001 | md5sum
    #expect(HashKey(partitionKey: "a").decimal == "16955237001963240173058271559858726497")
    #expect(HashKey(partitionKey: "") == HashKey(decimal: "281949768489412648962353822266799178366"))
  }

  @Test func decimalsStopAt128Bits() {
    #expect(HashKey(decimal: "340282366920938463463374607431768211455") == .max)
    #expect(HashKey(decimal: "340282366920938463463374607431768211456") == nil)
    #expect(HashKey(decimal: "-1") == nil)
    #expect(HashKey(decimal: "") == nil)
  }

  @Test func uniformRangesAreAWSs() {
    // As a stream of three and of four shards shows them.
    #expect(HashRange.uniform(1) == [HashRange(start: .min, end: .max)])
    #expect(
      HashRange.uniform(3).map(\.start.decimal)
        == ["0", "113427455640312821154458202477256070485", "226854911280625642308916404954512140970"])
    #expect(
      HashRange.uniform(4).map(\.end.decimal)
        == [
          "85070591730234615865843651857942052863", "170141183460469231731687303715884105727",
          "255211775190703847597530955573826158591", "340282366920938463463374607431768211455",
        ])
  }

  @Test(arguments: [1, 2, 3, 7, 100, 1000]) func uniformRangesCoverTheRing(count: Int) {
    let ranges = HashRange.uniform(count)
    #expect(ranges.count == count)
    #expect(ranges.first?.start == .min)
    #expect(ranges.last?.end == .max)
    for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.end.value + 1 == right.start.value) }
  }
}
