/// What Redshift's expressions have beyond the common tree.
public indirect enum RedshiftExpression: Hashable, Sendable {
  /// `CAST(x AS type)`, `x::type`, `type 'text'`, `CONVERT(type, x)`; safe is TRY_CAST.
  case cast(Expression, RedshiftType, safe: Bool)
  /// `INTERVAL '1 day 2 hours'`, `INTERVAL '3' DAY`, `INTERVAL '1-6' YEAR TO MONTH`.
  case interval(text: String, from: IntervalLiteral.Unit?, to: IntervalLiteral.Unit?)
  /// ILIKE, SIMILAR TO, `~`, `~*`, `!~`, `!~*`.
  case match(TextMatch, Expression, pattern: Expression, escape: Expression?, negated: Bool)
  /// PostgreSQL's operators without a place in the common tree.
  case binary(BinaryOperator, Expression, Expression)
  case unary(UnaryOperator, Expression)
  /// `x IS TRUE`, `x IS NOT FALSE`; `nil` is UNKNOWN.
  case isTruth(Expression, Bool?, negated: Bool)
  /// `column(+)` in a WHERE clause.
  case outerMark(Expression)
  /// `x = ANY (array)`.
  case quantifiedArray(ComparisonOperator, Expression, Quantifier, Expression)
  /// DEFAULT among the values of INSERT and UPDATE.
  case defaultValue
  /// `(a, b) OVERLAPS (c, d)`.
  case overlaps([Expression], [Expression])
  /// `x COLLATE name`.
  case collate(Expression, String)
  /// `PRIOR x` in CONNECT BY: of the row above.
  case prior(Expression)
}

public enum TextMatch: String, Hashable, Sendable {
  case ilike = "ILIKE"
  case similar = "SIMILAR TO"
  case regex = "~"
  case regexIgnoringCase = "~*"
}

public enum BinaryOperator: String, Hashable, Sendable {
  case power = "^"
  case bitAnd = "&"
  case bitOr = "|"
  case bitXor = "#"
  case shiftLeft = "<<"
  case shiftRight = ">>"
}

public enum UnaryOperator: String, Hashable, Sendable {
  case bitNot = "~"
  case squareRoot = "|/"
  case cubeRoot = "||/"
  case absolute = "@"
}

/// What Redshift's FROM has beyond the common tree.
public indirect enum RedshiftRelation: Hashable, Sendable {
  case pivot(Pivot)
  case unpivot(Unpivot)
  /// `UNPIVOT object AS value AT attribute`: an object's members as rows.
  case unpivotObject(Expression, value: Identifier, attribute: Identifier?)
  /// `t.items AS item [AT position]`: an array's elements as rows. Whether a dotted name is a table or an array is
  /// known from what stands to its left.
  case navigation(Expression, value: Identifier, position: Identifier?)
  /// `generate_series(1, 10)`, `function(…)`.
  case function(FunctionCall)
}

public struct Pivot: Hashable, Sendable {
  public var source: Relation
  public var aggregates: [PivotAggregate]
  /// The column whose values become columns.
  public var column: Expression
  public var values: [PivotValue]
}

public struct PivotAggregate: Hashable, Sendable {
  public var call: Expression
  public var alias: Identifier?
}

public struct PivotValue: Hashable, Sendable {
  public var value: Expression
  public var alias: Identifier?
}

public struct Unpivot: Hashable, Sendable {
  public var source: Relation
  public var includesNulls: Bool
  public var value: Identifier
  public var name: Identifier
  public var columns: [UnpivotColumn]
}

public struct UnpivotColumn: Hashable, Sendable {
  public var column: Identifier
  public var alias: Expression?
}

extension RedshiftExpression {
  /// The expressions directly within.
  var children: [Expression] {
    switch self {
    case .cast(let value, _, _), .unary(_, let value), .isTruth(let value, _, _), .outerMark(let value),
      .collate(let value, _), .prior(let value):
      [value]
    case .interval, .defaultValue: []
    case .match(_, let value, let pattern, let escape, _): [value, pattern] + (escape.map { [$0] } ?? [])
    case .binary(_, let left, let right), .quantifiedArray(_, let left, _, let right): [left, right]
    case .overlaps(let left, let right): left + right
    }
  }
}
