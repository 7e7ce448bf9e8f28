/// The sizes that a statement may have, so that no text exhausts memory or the stack.
public enum SQLLimits {
  /// Bytes of one statement. Source: Athena, `StartQueryExecution` QueryString, at most 262,144.
  public static let statementBytesMax = 262_144
  /// Bytes of one statement of Redshift. Source: its quotas, "Maximum size of a SQL statement", 16 MB.
  public static let redshiftStatementBytesMax = 16 << 20
  /// Levels of the tree of one statement of Redshift, chains of operators and joins included. The engine's own limit
  /// (`max_expression_depth`) is 1,000.
  public static let redshiftTreeHeightMax = 500
  /// Copies of one expression that the engine's macros may make of it. Source: our own.
  public static let redshiftRepetitionMax = 300_000.0
  /// Levels of brackets, subqueries and operators within each other. Trino fails at its stack's end
  /// ("statement is too large"); a number is kinder.
  public static let nestingMax = 160
  /// Operands of one unbroken chain of `+ - * / % ||`.
  public static let operatorChainMax = 500
  /// Levels of `array<…>`, `map<…>` and `struct<…>` in one type.
  public static let typeNestingMax = 50
  /// Expressions that binding and printing may look at. A lambda is bound anew for every type that its result widens
  /// to, a view for every mention, so that nested ones multiply.
  public static let boundExpressionsMax = 200_000
  public static let printedExpressionsMax = 2_000_000
  /// Bytes of one expression in the engine's tongue.
  public static let printedBytesMax = 16 << 20
  /// Views within views. Source: our own.
  public static let viewNestingMax = 30
  /// Steps of `WITH RECURSIVE`. Source: Trino `max-recursion-depth`, which Athena leaves as it is.
  public static let recursionDepthMax = 10
  /// Grouping sets that ROLLUP, CUBE and GROUPING SETS may multiply to. Source: Trino `query.max-grouping-sets`.
  public static let groupingSetsMax = 2048
}
