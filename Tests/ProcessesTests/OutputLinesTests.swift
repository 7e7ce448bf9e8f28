import Lambda
import Testing

@Suite struct OutputLinesTests {
  @Test func `bytes become lines wherever they are cut`() {
    var lines = OutputLines()
    for part in ["a", "b\nc", "\n\nd"] { lines.append(Array(part.utf8)) }
    #expect(lines.take(all: false) == ["ab", "c", ""])
    lines.append(Array("e".utf8))
    #expect(lines.take(all: true) == ["de"])
    #expect(lines.take(all: true) == [])
  }

  @Test func `output past the limit is dropped, and the next event has room again`() {
    var lines = OutputLines()
    for _ in 0..<3 { lines.append([UInt8](repeating: 120, count: Limits.outputBytesMax / 2)) }
    #expect(lines.droppedBytes == Limits.outputBytesMax / 2)
    _ = lines.take(all: true)
    lines.append(Array("next\n".utf8))
    #expect(lines.take(all: false) == ["next"])
  }
}
