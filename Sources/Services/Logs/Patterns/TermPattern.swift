/// Words, phrases and regular expressions: `ERROR "timed out" -retry`, `?WARN ?ERROR`, `%4\d\d%`.
struct TermPattern: Sendable {
  private enum Term: Sendable {
    case text([UInt8])
    case regex(SearchedRegex)

    func isFound(in message: UnsafeRawBufferPointer) -> Bool {
      switch self {
      case .text(let bytes): contains(message, bytes)
      case .regex(let regex): regex.isFound(in: String(decoding: message, as: UTF8.self))
      }
    }
  }

  /// All of these must be found.
  private var wanted: [Term] = []
  /// One of these must be found; they count only where nothing else is asked for.
  private var optional: [Term] = []
  /// None of these may be found.
  private var excluded: [Term] = []

  var isEmpty: Bool { wanted.isEmpty && optional.isEmpty && excluded.isEmpty }

  init(_ reader: inout PatternReader) throws(FilterPattern.Malformed) {
    while true {
      reader.skipSpace()
      guard let first = reader.peek else { break }
      switch first {
      case "?":
        _ = reader.take()
        optional.append(try Self.term(&reader))
      case "-":
        _ = reader.take()
        // AWS's own example has a blank behind the sign.
        reader.skipSpace()
        excluded.append(try Self.term(&reader))
      default: wanted.append(try Self.term(&reader))
      }
    }
    // A phrase without a character asks for nothing.
    wanted.removeAll { if case .text(let bytes) = $0 { bytes.isEmpty } else { false } }
  }

  private static func term(_ reader: inout PatternReader) throws(FilterPattern.Malformed) -> Term {
    switch reader.peek {
    case "\"": return .text(Array(try reader.quoted().utf8))
    case "%": return .regex(try reader.regex())
    default:
      let word = reader.take { !$0.isWhitespace && $0 != "\"" }
      guard !word.isEmpty, word.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
        throw FilterPattern.Malformed("Invalid character(s) in term '\(word)'")
      }
      return .text(Array(word.utf8))
    }
  }

  func matches(_ message: UnsafeRawBufferPointer) -> Bool {
    guard wanted.allSatisfy({ $0.isFound(in: message) }), !excluded.contains(where: { $0.isFound(in: message) }) else {
      return false
    }
    // "If you combine `?` with other filter patterns, the question mark is ignored": so says AWS's page.
    guard wanted.isEmpty, excluded.isEmpty, !optional.isEmpty else { return true }
    return optional.contains { $0.isFound(in: message) }
  }
}
