/// A word, a literal or a sign of a statement.
public struct Token: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// A bare word; `text` is as written, `upper` is for comparing with keywords.
    case word
    /// An identifier in quotes; `text` is without them.
    case quotedIdentifier
    case backquotedIdentifier
    /// A string literal; `text` is the value.
    case string
    /// `X'…'`; `text` is the hexadecimal digits.
    case binary
    case integer, decimal, double
    /// `1abc`, which Trino refuses with a message of its own.
    case digitIdentifier
    case parameter
    /// An operator or a bracket; `text` is the sign.
    case symbol
    case unrecognized
    case end
  }

  public var kind: Kind
  public var text: String
  /// `text` in upper case for words, and the raw sign for symbols.
  public var upper: String
  public var position: SourcePosition
  /// Where the token stands in the statement's UTF-8.
  public var range: Range<Int>
}
