import Firehose
import NIOCore
import Testing

/// Strings are copied in groups of sixteen bytes: nothing may depend on where in a group a thing stands.
@Suite struct ObjectLinesTests {
  private func lay(_ record: String) -> (text: String, lines: ObjectLines) {
    var lines = ObjectLines(JSONDeserializer(kind: .openX))
    var out = ByteBuffer()
    lines.add(ByteBuffer(string: record), to: &out)
    return (String(buffer: out), lines)
  }

  @Test(arguments: 0..<50)
  func stringsOfEveryLength(length: Int) {
    let text = String(repeating: "x", count: length)
    for value in [text, text + #"\""# + text, text + #"\\"#, text + #"\n"#, text + "é" + text, text + "{}[],:" + text] {
      let record = #"{"a":"\#(value)","b":["\#(value)",{"c":1}]}"#
      let (laid, lines) = lay(record)
      #expect(laid == record + "\n")
      #expect(!lines.isSuspicious && lines.lines == 1 && lines.longest == record.utf8.count + 1)
    }
  }

  @Test(arguments: 0..<50)
  func keysOfEveryLengthAreFolded(length: Int) {
    let key = "Key" + String(repeating: "X", count: length)
    #expect(lay("{\"\(key)\": \"Value\(key)\"}").text == "{\"\(key.lowercased())\": \"Value\(key)\"}\n")
  }

  @Test(arguments: 0..<50)
  func whatBreaksOffOrHidesAControlIsSuspicious(length: Int) {
    let text = String(repeating: "x", count: length)
    for record in [
      "{\"\(text)", "{\"a\":\"\(text)\n\"}", "{\"a\":\"\(text)\\", "{\"a\":\"\(text)\u{1}xxxxxxxxxxxxxxxxxxxxx\"}",
    ] {
      let (laid, lines) = lay(record)
      #expect(laid.isEmpty && lines.isSuspicious)
    }
  }

  @Test func severalObjectsAndLineBreaksBetweenTokens() {
    let (laid, lines) = lay("{\n\"a\":\r1}{}{\"a\":2}\n")
    #expect(laid == "{ \"a\": 1}\n{}\n{\"a\":2}\n" && lines.lines == 3)
  }
}
