/// Reads Redshift's language.
///
/// ```swift
/// for text in try RedshiftParser.split("SET x TO 1; SELECT 1") { let tree = try RedshiftParser.statement(text) }
/// ```
public enum RedshiftParser {
  /// Cuts a script at its semicolons, which count neither in quotes, comments nor `$$` bodies. Empty parts are left out.
  /// - Throws: `SQLError` (`.syntax`) for an open quote or comment.
  public static func split(_ script: String) throws(SQLError) -> [String] {
    throw SQLError(.notSupported, "Not there yet")
  }

  /// Reads one statement; a closing semicolon may follow it.
  /// - Throws: `SQLError` in PostgreSQL's words: `syntax error at or near "x"`.
  public static func statement(_ text: String) throws(SQLError) -> RedshiftStatement {
    throw SQLError(.notSupported, "Not there yet")
  }

  /// Reads an expression alone, such as a column's default.
  public static func expression(_ text: String) throws(SQLError) -> Expression {
    throw SQLError(.notSupported, "Not there yet")
  }
}

extension SQLError {
  /// PostgreSQL's code for it.
  public var sqlState: String {
    switch code {
    case .syntax: "42601"
    case .notSupported: "0A000"
    case .statementTooLarge: "54001"
    case .tableNotFound: "42P01"
    case .columnNotFound: "42703"
    case .schemaNotFound: "3F000"
    case .ambiguousName: "42702"
    case .functionNotFound: "42883"
    case .typeNotFound: "42704"
    case .typeMismatch, .invalidFunctionArgument: "42804"
    case .missingGroupBy: "42803"
    case .divisionByZero: "22012"
    case .numericOutOfRange: "22003"
    case .invalidLiteral, .invalidCastArgument: "22P02"
    case .invalidArguments: "22023"
    case .duplicateColumnName: "42701"
    case .tableAlreadyExists: "42P07"
    default: "XX000"
    }
  }
}

extension SourcePosition {
  /// The place as PostgreSQL tells it: characters from the start of `text`, from 1.
  public func character(in text: String) -> Int {
    var line = 1
    var column = 1
    var count = 1
    for scalar in text.unicodeScalars {
      if line == self.line, column >= self.column { break }
      if scalar == "\n" {
        if line == self.line { break }
        line += 1
        column = 1
      } else {
        column += 1
      }
      count += 1
    }
    return count
  }
}
