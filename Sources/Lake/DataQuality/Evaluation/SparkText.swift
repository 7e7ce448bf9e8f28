import SQL

/// SQL as Spark writes it, in DuckDB's words: strings in single or double quotes with backslashes, names in backticks.
///
/// Filters and statements are the ruleset's owner's text and are put into questions of ours. Brackets must close what
/// they open, so that a filter stays what it is; what it may read is the engine's to decide.
public enum SparkSQL {
  /// What is wrong with a text that no question can hold.
  public struct Refused: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  /// - Throws: `Refused`.
  public static func text(_ sql: String) throws(Refused) -> String {
    do {
      return try SparkText.duckDB(sql)
    } catch {
      throw Refused(description: error.message)
    }
  }
}

/// The translation, from the first character to the last.
struct SparkText {
  /// - Throws: `RuleFailure` for a text that no question can hold.
  static func duckDB(_ text: String) throws(RuleFailure) -> String {
    var translation = SparkText(Array(text.unicodeScalars))
    return try translation.translated()
  }

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var output = ""
  private var open: [Unicode.Scalar] = []

  private init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private static let refused = RuleFailure.error("The provided SQL is invalid")

  private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }
  private var following: Unicode.Scalar? { index + 1 < scalars.count ? scalars[index + 1] : nil }

  private mutating func translated() throws(RuleFailure) -> String {
    while let scalar = current {
      switch scalar {
      case "'", "\"": emit(DuckDBText.string(try string(closing: scalar)))
      case "`": emit(DuckDBText.identifier(try name()))
      case "-" where following == "-": skipLine()
      case "/" where following == "*": try skipComment()
      case "<" where following == "=" && index + 2 < scalars.count && scalars[index + 2] == ">":
        emit("IS NOT DISTINCT FROM")
        index += 3
      case _ where Self.isWord(scalar): try word()
      // A statement ends at its end; a dollar or a question mark would be DuckDB's own.
      case ";", "$", "?": throw Self.refused
      default:
        try mark(scalar)
        output.unicodeScalars.append(scalar)
        index += 1
      }
    }
    guard open.isEmpty else { throw Self.refused }
    guard output.contains(where: { !$0.isWhitespace }) else { throw Self.refused }
    return output
  }

  /// Words and strings stand apart, so that no two become one.
  private mutating func emit(_ text: String) { output += " \(text) " }

  private mutating func mark(_ scalar: Unicode.Scalar) throws(RuleFailure) {
    switch scalar {
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard open.popLast() == scalar else { throw Self.refused }
    default: break
    }
  }

  private mutating func word() throws(RuleFailure) {
    var text = ""
    while let scalar = current, Self.isWord(scalar) {
      text.unicodeScalars.append(scalar)
      index += 1
    }
    switch text.lowercased() {
    // The name of the data that a rule is about; DuckDB keeps the word for keys.
    case "primary": emit("\"primary\"")
    case "rlike", "regexp":
      // Spark looks for the pattern anywhere.
      while current?.properties.isWhitespace == true { index += 1 }
      guard let quote = current, quote == "'" || quote == "\"" else { throw Self.refused }
      emit("~ " + DuckDBText.string("(?s).*(?:\(try string(closing: quote))).*"))
    default: output += text
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
  }

  /// Two of a name's quotes are one.
  private mutating func name() throws(RuleFailure) -> String {
    var text = ""
    index += 1
    while let scalar = current {
      index += 1
      if scalar == "`" {
        guard current == "`" else { return text }
        index += 1
      }
      text.unicodeScalars.append(scalar)
    }
    throw Self.refused
  }

  private mutating func string(closing quote: Unicode.Scalar) throws(RuleFailure) -> String {
    var text = String.UnicodeScalarView()
    index += 1
    while let scalar = current {
      index += 1
      if scalar == quote {
        guard current == quote else { return String(text) }
        index += 1
      } else if scalar == "\\", let escaped = current {
        index += 1
        switch escaped {
        case "n": text.append("\n")
        case "t": text.append("\t")
        case "r": text.append("\r")
        case "0": text.append("\0")
        case "'", "\"", "\\": text.append(escaped)
        // What stands for nothing is a pattern's: `\d`, `\%`.
        default:
          text.append("\\")
          text.append(escaped)
        }
        continue
      }
      text.append(scalar)
    }
    throw Self.refused
  }

  private mutating func skipLine() {
    while let scalar = current, scalar != "\n" { _ = scalar; index += 1 }
    output += " "
  }

  private mutating func skipComment() throws(RuleFailure) {
    index += 2
    while let scalar = current {
      if scalar == "*", following == "/" {
        index += 2
        output += " "
        return
      }
      index += 1
    }
    throw Self.refused
  }
}
