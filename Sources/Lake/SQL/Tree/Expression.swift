/// A scalar expression as it was written.
public struct Expression: Hashable, Sendable {
  /// Unique within one analysis: what is inferred about an expression is kept beside the tree, by this number.
  public let id: Int
  public let position: SourcePosition
  public let kind: Kind

  public init(id: Int, position: SourcePosition, kind: Kind) {
    self.id = id
    self.position = position
    self.kind = kind
  }

  public indirect enum Kind: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(String)
    case decimal(String)
    case double(String)
    case string(String)
    case binary([UInt8])
    /// `DATE '…'`, `DECIMAL '…'` and every `type '…'`.
    case typed(SQLType, String)
    case interval(IntervalLiteral)
    /// `?`, counted from 0.
    case parameter(Int)
    case identifier(Identifier)
    case dereference(Expression, Identifier)
    case subscriptOf(Expression, Expression)
    case negative(Expression)
    case positive(Expression)
    case arithmetic(ArithmeticOperator, Expression, Expression)
    case concatenation(Expression, Expression)
    case comparison(ComparisonOperator, Expression, Expression)
    /// Two or more terms of one operator.
    case logical(LogicalOperator, [Expression])
    case not(Expression)
    case between(Expression, low: Expression, high: Expression, negated: Bool)
    case inList(Expression, [Expression], negated: Bool)
    case inSubquery(Expression, Query, negated: Bool)
    case exists(Query)
    case subquery(Query)
    case quantified(ComparisonOperator, Expression, Quantifier, Query)
    case like(Expression, pattern: Expression, escape: Expression?, negated: Bool)
    case isNull(Expression, negated: Bool)
    case isDistinct(Expression, Expression, negated: Bool)
    case caseOf(operand: Expression?, whens: [When], otherwise: Expression?)
    case cast(Expression, SQLType, safe: Bool)
    case extract(Identifier, Expression)
    case current(CurrentValue, precision: Int?)
    case call(FunctionCall)
    case lambda([Identifier], Expression)
    case array([Expression])
    case row([Expression])
    case atTimeZone(Expression, Expression)
    case trim(TrimSide, characters: Expression?, source: Expression)
    case grouping([Expression])
    /// What only Redshift has.
    case redshift(RedshiftExpression)
  }
}

public enum ArithmeticOperator: String, Hashable, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case modulus = "%"
}

public enum ComparisonOperator: String, Hashable, Sendable {
  case equal = "="
  case notEqual = "<>"
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

public enum LogicalOperator: String, Hashable, Sendable {
  case and = "AND"
  case or = "OR"
}

public enum Quantifier: String, Hashable, Sendable {
  case all = "ALL"
  case any = "ANY"
  case some = "SOME"
}

public enum TrimSide: String, Hashable, Sendable {
  case both = "BOTH"
  case leading = "LEADING"
  case trailing = "TRAILING"
}

/// The values that SQL names without brackets.
public enum CurrentValue: String, Hashable, Sendable {
  case date = "current_date"
  case time = "current_time"
  case timestamp = "current_timestamp"
  case localTime = "localtime"
  case localTimestamp = "localtimestamp"
  case user = "current_user"
  case catalog = "current_catalog"
  case schema = "current_schema"
}

public struct When: Hashable, Sendable {
  public var condition: Expression
  public var result: Expression
}

/// `INTERVAL '3' DAY`, `INTERVAL -'1-6' YEAR TO MONTH`.
public struct IntervalLiteral: Hashable, Sendable {
  public enum Unit: String, Hashable, Sendable, CaseIterable {
    case year = "YEAR"
    case month = "MONTH"
    case day = "DAY"
    case hour = "HOUR"
    case minute = "MINUTE"
    case second = "SECOND"
  }
  public var negative: Bool
  public var value: String
  public var from: Unit
  public var to: Unit?
}

public struct FunctionCall: Hashable, Sendable {
  public var name: QualifiedName
  public var arguments: [Expression]
  /// `count(*)`.
  public var star = false
  public var distinct = false
  public var orderBy: [SortItem] = []
  public var filter: Expression?
  public var nulls: NullTreatment?
  public var window: WindowReference?
  /// What `listagg` does when its text becomes too long.
  public var overflow: ListaggOverflow?
  /// `WITHIN GROUP (ORDER BY …)` of Redshift's LISTAGG, PERCENTILE_CONT and PERCENTILE_DISC.
  public var withinGroup: [SortItem] = []
  /// Redshift's `APPROXIMATE COUNT(…)`.
  public var approximate = false

  public enum NullTreatment: String, Hashable, Sendable {
    case ignore = "IGNORE NULLS"
    case respect = "RESPECT NULLS"
  }
}

public enum ListaggOverflow: Hashable, Sendable {
  case error
  case truncate(filler: String, withCount: Bool)
}

public enum WindowReference: Hashable, Sendable {
  case named(Identifier)
  case inline(WindowSpecification)
}

public struct WindowSpecification: Hashable, Sendable {
  public var existing: Identifier?
  public var partitionBy: [Expression]
  public var orderBy: [SortItem]
  public var frame: WindowFrame?
}

public struct WindowFrame: Hashable, Sendable {
  public enum Unit: String, Hashable, Sendable {
    case rows = "ROWS"
    case range = "RANGE"
    case groups = "GROUPS"
  }
  public enum Bound: Hashable, Sendable {
    case unboundedPreceding
    case preceding(Expression)
    case currentRow
    case following(Expression)
    case unboundedFollowing
  }
  public var unit: Unit
  public var start: Bound
  public var end: Bound?
}

public struct SortItem: Hashable, Sendable {
  public var key: Expression
  public var descending: Bool
  /// Trino puts nulls last in both directions unless told otherwise.
  public var nullsFirst: Bool?
}
