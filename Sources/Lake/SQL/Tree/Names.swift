/// One part of a name.
public struct Identifier: Hashable, Sendable, CustomStringConvertible {
  /// As written, without quotes.
  public var text: String
  public var quoted: Bool
  public var position: SourcePosition

  public init(_ text: String, quoted: Bool = false, at position: SourcePosition = SourcePosition(line: 1, column: 1)) {
    self.text = text
    self.quoted = quoted
    self.position = position
  }

  /// Names are matched in lower case, quoted or not, as Trino does.
  public var key: String { text.lowercased() }
  public var description: String { text }

  /// Trino's spelling, with quotes when they are needed.
  public var sql: String {
    let plain = text.utf8.enumerated().allSatisfy { index, byte in
      (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte == 0x5f
        || (index > 0 && byte >= 0x30 && byte <= 0x39)
    }
    return plain && !quoted && !text.isEmpty ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

/// `name`, `database.name` or `catalog.database.name`.
public struct QualifiedName: Hashable, Sendable, CustomStringConvertible {
  public var parts: [Identifier]
  public init(_ parts: [Identifier]) { self.parts = parts }

  /// The last part in lower case.
  public var key: String { parts.last?.key ?? "" }
  public var position: SourcePosition { parts.first?.position ?? SourcePosition(line: 1, column: 1) }
  /// All parts in lower case, joined by dots.
  public var description: String { parts.map(\.key).joined(separator: ".") }
}
