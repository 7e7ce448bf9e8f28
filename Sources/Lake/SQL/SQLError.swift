/// What is wrong with a statement, in the words and with the code of Athena engine version 3.
public struct SQLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Trino's error codes, as Athena puts them before the message.
  public enum Code: String, Hashable, Sendable {
    /// The text is no statement. Athena shows no code before the message.
    case syntax = "SYNTAX_ERROR"
    /// Hive's parser refused a DDL statement; the message begins with `FAILED:`.
    case hiveParse = "FAILED"
    case tableNotFound = "TABLE_NOT_FOUND"
    case tableAlreadyExists = "TABLE_ALREADY_EXISTS"
    case schemaNotFound = "SCHEMA_NOT_FOUND"
    case catalogNotFound = "CATALOG_NOT_FOUND"
    case columnNotFound = "COLUMN_NOT_FOUND"
    case ambiguousName = "AMBIGUOUS_NAME"
    case columnAliasNotFound = "COLUMN_ALIAS_NOT_FOUND"
    case duplicateColumnName = "DUPLICATE_COLUMN_NAME"
    case duplicateNamedQuery = "DUPLICATE_NAMED_QUERY"
    case mismatchedColumnAliases = "MISMATCHED_COLUMN_ALIASES"
    case missingColumnName = "MISSING_COLUMN_NAME"
    case missingColumnAliases = "MISSING_COLUMN_ALIASES"
    case missingGroupBy = "MISSING_GROUP_BY"
    case missingOrderBy = "MISSING_ORDER_BY"
    case missingOver = "MISSING_OVER"
    case functionNotFound = "FUNCTION_NOT_FOUND"
    case functionNotAggregate = "FUNCTION_NOT_AGGREGATE"
    case functionNotWindow = "FUNCTION_NOT_WINDOW"
    case typeMismatch = "TYPE_MISMATCH"
    case typeNotFound = "TYPE_NOT_FOUND"
    case expressionNotAggregate = "EXPRESSION_NOT_AGGREGATE"
    case expressionNotScalar = "EXPRESSION_NOT_SCALAR"
    case expressionNotInDistinct = "EXPRESSION_NOT_IN_DISTINCT"
    case nestedAggregation = "NESTED_AGGREGATION"
    case nestedWindow = "NESTED_WINDOW"
    case nestedRecursive = "NESTED_RECURSIVE"
    case invalidArguments = "INVALID_ARGUMENTS"
    case invalidFunctionArgument = "INVALID_FUNCTION_ARGUMENT"
    case invalidCastArgument = "INVALID_CAST_ARGUMENT"
    case invalidLiteral = "INVALID_LITERAL"
    case invalidColumnReference = "INVALID_COLUMN_REFERENCE"
    case invalidParameterUsage = "INVALID_PARAMETER_USAGE"
    case invalidLimitClause = "INVALID_LIMIT_CLAUSE"
    case invalidRowCount = "INVALID_ROW_COUNT"
    case invalidWindowFrame = "INVALID_WINDOW_FRAME"
    case invalidWindowReference = "INVALID_WINDOW_REFERENCE"
    case invalidRecursiveReference = "INVALID_RECURSIVE_REFERENCE"
    case invalidView = "INVALID_VIEW"
    case invalidTableProperty = "INVALID_TABLE_PROPERTY"
    case viewIsRecursive = "VIEW_IS_RECURSIVE"
    case viewIsStale = "VIEW_IS_STALE"
    case tooManyArguments = "TOO_MANY_ARGUMENTS"
    case tooManyGroupingSets = "TOO_MANY_GROUPING_SETS"
    case unsupportedSubquery = "UNSUPPORTED_SUBQUERY"
    case subqueryMultipleRows = "SUBQUERY_MULTIPLE_ROWS"
    case numericOutOfRange = "NUMERIC_VALUE_OUT_OF_RANGE"
    case divisionByZero = "DIVISION_BY_ZERO"
    case notSupported = "NOT_SUPPORTED"
    case statementTooLarge = "STATEMENT_TOO_LARGE"
    case genericUserError = "GENERIC_USER_ERROR"
    case genericInternalError = "GENERIC_INTERNAL_ERROR"
  }

  public var code: Code
  /// The message without code and place.
  public var message: String
  public var position: SourcePosition?

  public init(_ code: Code, _ message: String, at position: SourcePosition? = nil) {
    self.code = code
    self.message = message
    self.position = position
  }

  /// Athena's whole text, such as `TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.t' does not exist`.
  public var description: String {
    let place = position.map { "line \($0.line):\($0.column): " } ?? ""
    switch code {
    case .syntax: return place + message
    case .hiveParse:
      let place = position.map { "line \($0.line):\(max(0, $0.column - 1)) " } ?? ""
      return "FAILED: ParseException " + place + message
    default: return "\(code.rawValue): \(place)\(message)"
    }
  }
}

/// A place in a statement's text.
public struct SourcePosition: Hashable, Sendable {
  /// From 1.
  public var line: Int
  /// Code points from the line's start, from 1.
  public var column: Int
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
