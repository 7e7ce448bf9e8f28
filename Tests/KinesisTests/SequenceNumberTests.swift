import Kernel
import Kinesis
import Testing

@Suite struct SequenceNumberTests {
  let shard = ShardRecord(
    index: 3, range: HashRange(start: .min, end: .max), openedAt: Timestamp(seconds: 1_700_000_000))

  @Test func looksLikeAWSs() {
    let text = SequenceNumber.start(of: shard).text
    #expect(text.utf8.count == 56)
    #expect(text.hasPrefix("49"))
  }

  @Test func growsWithTheOffsetAndLeadsBack() throws {
    var last = SequenceNumber.start(of: shard).text
    for offset in [0, 1, 2, 9, 10, 1 << 20, 1 << 48, 1 << 62] as [UInt64] {
      let number = SequenceNumber(offset: offset, time: Timestamp(seconds: 1_700_000_123), of: shard)
      #expect(last < number.text)
      last = number.text
      let back = try #require(SequenceNumber(number.text))
      #expect(back == number)
      #expect(back.offset == offset)
    }
    #expect(last < SequenceNumber.end(of: shard, at: Timestamp(seconds: 1_700_000_000)).text)
  }

  @Test func randomNumbersReadBack() throws {
    let seed: UInt64 = 20_260_519
    let random = SeededRandomSource(seed: seed)
    for _ in 0..<2_000 {
      let number = SequenceNumber(
        shardOpenedSeconds: Int64(random.next() >> 28), shard: Int(random.next() >> 33), ordinal: random.next() >> 1,
        seconds: Int64(random.next() >> 28))
      #expect(SequenceNumber(number.text) == number, "seed \(seed)")
    }
  }

  @Test(arguments: [
    "", "0", "5", "1", String(repeating: "9", count: 56), String(repeating: "9", count: 129),
    "4957800000000000000000000000000000000000000000000000000x",
    "-957800000000000000000000000000000000000000000000000000",
  ]) func refusesWhatItDidNotWrite(text: String) {
    #expect(SequenceNumber(text) == nil)
  }
}
