/// What is wrong with a ruleset's text, in the words of AWS's parser (`line 1:8 mismatched input …`).
public struct RulesetError: Error, Hashable, Sendable, CustomStringConvertible {
  public let message: String

  public init(_ message: String) { self.message = message }

  init(_ message: String, at place: TextPlace) {
    self.message = "line \(place.line):\(place.column) \(message)"
  }

  /// As Glue answers it.
  public var description: String { "Parsing Error: \(message)" }
}

/// A place in a ruleset: lines count from 1, columns from 0, as AWS's parser has them.
public struct TextPlace: Hashable, Sendable {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
