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

  /// Keys are folded a word at a time: each character at each place of one.
  @Test(arguments: 0..<20)
  func everyCharacterIsFoldedByItself(place: Int) {
    for byte in UInt8(0x20)..<0x80 where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
      let character = String(UnicodeScalar(byte))
      let key = String(repeating: ".", count: place) + character + "Z.A"
      for (dots, folds) in [(false, true), (true, true), (true, false)] {
        var lines = ObjectLines(JSONDeserializer(kind: .openX, caseInsensitive: folds, dotsToUnderscores: dots))
        var out = ByteBuffer()
        lines.add(ByteBuffer(string: "{\"\(key)\":\"É\(key)\"}"), to: &out)
        var folded = folds ? key.lowercased() : key
        if dots { folded = folded.replacing(".", with: "_") }
        #expect(String(buffer: out) == "{\"\(folded)\":\"É\(key)\"}\n")
      }
    }
  }

  @Test(arguments: 0..<50)
  func keysBeyondASCIIAreSuspicious(length: Int) {
    let (laid, lines) = lay("{\"\(String(repeating: "x", count: length))é\":1}")
    #expect(laid.isEmpty && lines.isSuspicious)
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
