import NIOCore

/// XML as it is written.
struct XMLText {
  private let sink = ByteSink()

  var buffer: ByteBuffer { get throws(WireFault) { try sink.buffer } }
  /// How many bytes have been written.
  var count: Int { sink.count }

  func declaration() { sink.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" as StaticString) }

  /// - Parameter attributes: as they stand in the tag, with a space before each.
  func open(_ name: String, attributes: String = "") {
    sink.write("<" as StaticString)
    sink.write(name)
    if !attributes.isEmpty { sink.write(attributes) }
    sink.write(">" as StaticString)
  }

  func close(_ name: String) {
    sink.write("</" as StaticString)
    sink.write(name)
    sink.write(">" as StaticString)
  }

  func element(_ name: String, _ text: String, attributes: String = "") {
    open(name, attributes: attributes)
    self.text(text)
    close(name)
  }

  func text(_ text: String) {
    // U+FFFE and U+FFFF, which XML does not have, begin with 0xEF.
    let isPlain = text.utf8.allSatisfy {
      $0 >= 0x20 && $0 != 0x26 && $0 != 0x3C && $0 != 0x3E && $0 != 0x22 && $0 != 0xEF
    }
    if isPlain {
      sink.write(text)
    } else {
      sink.write(Self.escaped(text))
    }
  }

  /// Puts `text` at `index`, before what has been written since.
  func insert(_ text: String, at index: Int) { sink.insert(text, at: index) }

  /// Carriage returns are written by number, as S3 does with keys that hold them: a parser would turn a bare one into a
  /// line feed. What XML 1.0 does not have becomes U+FFFD, since parsers refuse it in any spelling.
  /// Source: XML 1.0, production 2 (`Char`).
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\r": result += "&#xd;"
      case _ where scalar.value < 0x20, "\u{FFFE}", "\u{FFFF}": result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
