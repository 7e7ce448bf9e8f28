import Processes
import Testing

@Suite struct OutputLinesTests {
  static let bytesMax = 1 << 10

  @Test func `bytes become lines wherever they are cut`() {
    var lines = OutputLines(bytesMax: Self.bytesMax)
    for part in ["a", "b\nc", "\n\nd"] { lines.append(Array(part.utf8)) }
    #expect(lines.take(all: false) == ["ab", "c", ""])
    lines.append(Array("e".utf8))
    #expect(lines.take(all: true) == ["de"])
    #expect(lines.take(all: true) == [])
  }

  @Test func `output past the limit is dropped, and the next event has room again`() {
    var lines = OutputLines(bytesMax: Self.bytesMax)
    for _ in 0..<3 { lines.append([UInt8](repeating: 120, count: Self.bytesMax / 2)) }
    #expect(lines.droppedBytes == Self.bytesMax / 2)
    _ = lines.take(all: true)
    lines.append(Array("next\n".utf8))
    #expect(lines.take(all: false) == ["next"])
  }
}
