/// One part of a name.
public struct Identifier: Hashable, Sendable, CustomStringConvertible {
  /// Which capitals mean nothing.
  public enum Folding: Hashable, Sendable {
    /// Those of every alphabet, as in Trino.
    case letters
    /// A to Z alone, as in Redshift.
    case ascii
    /// None.
    case nothing
  }

  /// As written, without quotes.
  public var text: String
  public var quoted: Bool
  public var folding: Folding
  public var position: SourcePosition

  public init(
    _ text: String, quoted: Bool = false, folding: Folding = .letters,
    at position: SourcePosition = SourcePosition(line: 1, column: 1)
  ) {
    self.text = text
    self.quoted = quoted
    self.folding = folding
    self.position = position
  }

  /// The name as it is matched: without the capitals that mean nothing.
  public var key: String {
    switch folding {
    case .letters: text.lowercased()
    case .ascii: text.asciiLowercased
    case .nothing: text
    }
  }
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

extension StringProtocol {
  /// With a to z for A to Z; all other letters stay as they are.
  public var asciiLowercased: String {
    guard utf8.contains(where: { $0 >= 0x41 && $0 <= 0x5a }) else { return String(self) }
    return String(decoding: utf8.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
