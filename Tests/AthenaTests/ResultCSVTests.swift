import Athena
import NIOCore
import Testing

@Suite struct ResultCSVTests {
  private let rows: [[String?]] = [
    ["a", "b"], ["plain", nil], ["quo\"te", ""], ["comma, line\nfeed", "é\u{1F600}"], [nil, nil], ["\"", "\"\""],
  ]

  private func written() -> ByteBuffer {
    var buffer = ByteBuffer()
    for row in rows { ResultCSV.append(row, to: &buffer) }
    return buffer
  }

  @Test func `null is nothing and an empty string is quotes`() {
    #expect(String(buffer: written()).split(separator: "\n")[1] == "\"plain\",")
    #expect(String(buffer: written()).split(separator: "\n")[2] == "\"quo\"\"te\",\"\"")
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func `what is written is read back, however the bytes are cut`(size: Int) {
    var bytes = written()
    var reader = ResultCSVReader()
    var read: [[String?]] = []
    while var part = bytes.readSlice(length: min(size, bytes.readableBytes)), part.readableBytes > 0 {
      reader.read(&part, into: &read, rowsMax: 100)
    }
    #expect(read == rows)
    #expect(reader.bytesUsed == Int64(written().readableBytes))
  }

  @Test func `a page ends at a row, and the next begins behind it`() {
    var first = ResultCSVReader()
    var page: [[String?]] = []
    var bytes = written()
    first.read(&bytes, into: &page, rowsMax: 4)
    #expect(page == Array(rows.prefix(4)))
    var rest = written()
    rest.moveReaderIndex(forwardBy: Int(first.bytesUsed))
    var second = ResultCSVReader()
    page = []
    second.read(&rest, into: &page, rowsMax: 100)
    #expect(page == Array(rows.dropFirst(4)))
  }
}
