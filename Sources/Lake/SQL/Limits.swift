/// The sizes that a statement may have, so that no text exhausts memory or the stack.
public enum SQLLimits {
  /// Bytes of one statement. Source: Athena, `StartQueryExecution` QueryString, at most 262,144.
  public static let statementBytesMax = 262_144
  /// Levels of brackets, subqueries and operators within each other. Trino fails at its stack's end
  /// ("statement is too large"); a number is kinder.
  public static let nestingMax = 160
  /// Operands of one unbroken chain of `+ - * / % ||`.
  public static let operatorChainMax = 500
  /// Levels of `array<…>`, `map<…>` and `struct<…>` in one type.
  public static let typeNestingMax = 50
  /// Views within views. Source: our own.
  public static let viewNestingMax = 30
  /// Grouping sets that ROLLUP, CUBE and GROUPING SETS may multiply to. Source: Trino `query.max-grouping-sets`.
  public static let groupingSetsMax = 2048
}
