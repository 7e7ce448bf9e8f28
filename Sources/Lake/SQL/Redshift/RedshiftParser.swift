/// Reads Redshift's language.
///
/// ```swift
/// for text in try RedshiftParser.split("SET x TO 1; SELECT 1") { let tree = try RedshiftParser.statement(text) }
/// ```
public enum RedshiftParser {
  /// Cuts a script at its semicolons, which count neither in quotes, comments nor `$$` bodies. Empty parts are left
  /// out.
  /// - Throws: `SQLError` (`.syntax`) for an open quote or comment.
  public static func split(_ script: String) throws(SQLError) -> [String] {
    try RedshiftLexer.parts(of: script)
  }

  /// Reads one statement; a closing semicolon may follow it.
  /// - Parameter keepsCase: whether capitals in quoted names mean something (`enable_case_sensitive_identifier`).
  /// - Throws: `SQLError` in PostgreSQL's words: `syntax error at or near "x"`.
  public static func statement(_ text: String, keepsCase: Bool = false) throws(SQLError) -> RedshiftStatement {
    var parser = try RedshiftDescent(text, keepsCase: keepsCase)
    return try parser.whole { parser throws(SQLError) in try parser.statement() }
  }

  /// Reads a query alone, such as a view's text.
  public static func query(_ text: String, keepsCase: Bool = false) throws(SQLError) -> Query {
    var parser = try RedshiftDescent(text, keepsCase: keepsCase)
    return try parser.whole { parser throws(SQLError) in try parser.query() }
  }

  /// Reads an expression alone, such as a column's default or a policy's condition.
  public static func expression(_ text: String, keepsCase: Bool = false) throws(SQLError) -> Expression {
    var parser = try RedshiftDescent(text, keepsCase: keepsCase)
    return try parser.whole { parser throws(SQLError) in try parser.expression() }
  }

  /// Reads a type as a column may have it, such as `varchar(20)`.
  public static func type(_ text: String) throws(SQLError) -> RedshiftType {
    var parser = try RedshiftDescent(text)
    return try parser.whole { parser throws(SQLError) in try parser.type() }
  }

  /// Writes `$1`, `$2`, … for the `:name` that the Data API's parameters are named by.
  /// - Returns: the text, and the names in the order of their numbers; each is there once.
  public static func numberingNamedParameters(_ text: String) throws(SQLError) -> (text: String, names: [String]) {
    let tokens = try RedshiftLexer.tokens(of: text)
    var names: [String] = []
    let utf8 = Array(text.utf8)
    var result: [UInt8] = []
    var copied = 0
    for (index, token) in tokens.enumerated() where token.upper == ":" && token.kind == .symbol {
      let next = tokens[min(index + 1, tokens.count - 1)]
      guard next.kind == .word, next.range.lowerBound == token.range.upperBound else { continue }
      let number = names.firstIndex(of: next.text) ?? names.count
      if number == names.count { names.append(next.text) }
      result += utf8[copied..<token.range.lowerBound]
      result += Array("$\(number + 1)".utf8)
      copied = next.range.upperBound
    }
    result += utf8[copied...]
    return (String(decoding: result, as: UTF8.self), names)
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
