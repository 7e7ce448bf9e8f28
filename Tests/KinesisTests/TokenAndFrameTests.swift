import Kernel
import Kinesis
import NIOCore
import Testing

@Suite struct TokenAndFrameTests {
  let sealer = TokenSealer(secret: [UInt8](repeating: 7, count: 32), random: SeededRandomSource(seed: 1))
  let position = IteratorPosition(
    scope: Scope(account: .standard, region: .usEast1), stream: String(repeating: "s", count: 128), uid: "a1",
    shard: 9, offset: 77, issuedAt: Timestamp(milliseconds: 1_700_000_000_123))

  @Test func iteratorsReadBackAndFitTheModel() throws {
    let text = try position.sealed(by: sealer)
    #expect(text.utf8.count <= 512)
    #expect(IteratorPosition(text, sealer: sealer) == position)
  }

  @Test func changedIteratorsAreRefused() throws {
    let text = Array(try position.sealed(by: sealer))
    for place in stride(from: 0, to: text.count - 1, by: 7) {
      var changed = text
      changed[place] = changed[place] == "A" ? "B" : "A"
      #expect(IteratorPosition(String(changed), sealer: sealer) == nil)
    }
    #expect(IteratorPosition("AAAA", sealer: sealer) == nil)
    #expect(IteratorPosition("not base64!", sealer: sealer) == nil)
  }

  @Test func tokensServeOnePurpose() throws {
    let text = try sealer.seal(ByteBuffer(string: "x"), for: .shardList)
    #expect(sealer.open(text, for: .shardList) == ByteBuffer(string: "x"))
    #expect(sealer.open(text, for: .iterator) == nil)
  }

  @Test func framesReadBack() throws {
    var buffer = ByteBuffer()
    RecordFrame.write(
      partitionKey: "schlüssel", explicitHash: HashKey(5), encrypted: true, data: ByteBuffer(string: "payload"),
      to: &buffer)
    let frame = try #require(RecordFrame(buffer))
    #expect(frame.partitionKey == "schlüssel")
    #expect(frame.explicitHash == HashKey(5))
    #expect(frame.encrypted)
    #expect(frame.data == ByteBuffer(string: "payload"))
    #expect(frame.size == 10 + 7)
    #expect(RecordFrame(ByteBuffer(bytes: [0, 0, 9, 1])) == nil)
    #expect(RecordFrame(ByteBuffer()) == nil)
  }
}
