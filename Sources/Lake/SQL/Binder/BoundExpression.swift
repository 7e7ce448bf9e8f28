/// An expression whose names, functions and types are settled. Printers write it in an engine's language.
public struct BoundExpression: Hashable, Sendable {
  public var type: SQLType
  public var kind: Kind

  public init(_ type: SQLType, _ kind: Kind) {
    self.type = type
    self.kind = kind
  }

  public indirect enum Kind: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Digits with sign and point.
    case decimal(String)
    case double(Double)
    case string(String)
    case binary([UInt8])
    /// A date, time, timestamp, or other literal in the canonical text of its type; moments are in UTC.
    case text(String)
    case interval(months: Int64, microseconds: Int64)
    case column(ColumnReference)
    /// A lambda's parameter, by its number in the statement.
    case variable(Int)
    case call(BoundCall)
    case aggregate(BoundAggregate)
    case window(BoundWindow)
    case cast(BoundExpression, safe: Bool)
    case arithmetic(ArithmeticOperator, BoundExpression, BoundExpression)
    case negative(BoundExpression)
    case concatenation([BoundExpression])
    case comparison(ComparisonOperator, BoundExpression, BoundExpression)
    case distinct(BoundExpression, BoundExpression, negated: Bool)
    case logical(LogicalOperator, [BoundExpression])
    case not(BoundExpression)
    case between(BoundExpression, BoundExpression, BoundExpression)
    case inList(BoundExpression, [BoundExpression])
    case like(BoundExpression, pattern: BoundExpression, escape: BoundExpression?)
    case isNull(BoundExpression)
    case caseOf([BoundWhen], otherwise: BoundExpression?)
    case coalesce([BoundExpression])
    case nullIf(BoundExpression, BoundExpression)
    /// `NULL` where the value cannot be computed.
    case attempt(BoundExpression)
    case array([BoundExpression])
    case row([BoundExpression])
    /// A field of a row, counted from 0.
    case field(BoundExpression, Int)
    case lambda([Int], BoundExpression)
    case subquery(BoundQuery)
    case exists(BoundQuery)
    case inSubquery(BoundExpression, BoundQuery)
    case quantified(ComparisonOperator, BoundExpression, Quantifier, BoundQuery)
    case grouping([BoundExpression])
  }
}

/// A column of one relation of the statement.
public struct ColumnReference: Hashable, Sendable {
  /// The relation's number, unique in the statement.
  public var relation: Int
  public var name: String
}

public struct BoundWhen: Hashable, Sendable {
  public var condition: BoundExpression
  public var result: BoundExpression
}

/// A call of a scalar function, with arguments of the parameters' types.
public struct BoundCall: Hashable, Sendable {
  /// Trino's name, in lower case.
  public var name: String
  public var arguments: [BoundExpression]
  /// How DuckDB says it.
  public var form: DuckDBForm
}

/// How a function is written for DuckDB.
public enum DuckDBForm: Hashable, Sendable {
  /// `{0}` stands for the first argument, `{*}` for all.
  case template(String)
  /// A builder by its name in `DuckDBBuilders`.
  case builder(String)
}

public struct BoundAggregate: Hashable, Sendable {
  public var call: BoundCall
  public var distinct: Bool
  public var orderBy: [BoundSort]
  public var filter: BoundExpression?
}

public struct BoundWindow: Hashable, Sendable {
  public var function: BoundAggregate
  public var nulls: FunctionCall.NullTreatment?
  public var partitionBy: [BoundExpression]
  public var orderBy: [BoundSort]
  public var frame: BoundFrame?
}

public struct BoundFrame: Hashable, Sendable {
  public enum Bound: Hashable, Sendable {
    case unboundedPreceding
    case preceding(BoundExpression)
    case currentRow
    case following(BoundExpression)
    case unboundedFollowing
  }
  public var unit: WindowFrame.Unit
  public var start: Bound
  public var end: Bound
}

public struct BoundSort: Hashable, Sendable {
  public enum Key: Hashable, Sendable {
    case expression(BoundExpression)
    /// An output column, counted from 1.
    case ordinal(Int)
  }
  public var key: Key
  public var descending: Bool
  public var nullsFirst: Bool
}
