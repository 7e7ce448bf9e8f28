/// A query whose names and types are settled.
public struct BoundQuery: Hashable, Sendable {
  /// The `WITH` queries that begin to be visible here, in order.
  public var common: [CommonTable]
  public var body: BoundBody
  public var columns: [OutputColumn]
  public var orderBy: [BoundSort]
  public var offset: Int64?
  public var limit: Int64?
  public var withTies: Bool
}

/// A column of a result.
public struct OutputColumn: Hashable, Sendable {
  /// `nil` for an expression without a name, which Athena shows as `_col0` by its place.
  public var name: String?
  public var type: SQLType
}

public struct CommonTable: Hashable, Sendable {
  /// Unique in the statement.
  public var number: Int
  public var recursive: Bool
  public var query: BoundQuery
}

public indirect enum BoundBody: Hashable, Sendable {
  case select(BoundSelect)
  case values([[BoundExpression]])
  case setOperation(SetOperation.Operator, all: Bool, [BoundQuery])
  case query(BoundQuery)
}

public struct BoundSelect: Hashable, Sendable {
  public var distinct: Bool
  public var items: [BoundExpression]
  public var from: BoundRelation?
  public var filter: BoundExpression?
  /// `nil` when rows are not grouped; one empty set when all rows are one group.
  public var groupingSets: [[BoundExpression]]?
  public var having: BoundExpression?
}

public indirect enum BoundRelation: Hashable, Sendable {
  case table(TableReference)
  case derived(BoundQuery, relation: Int, lateral: Bool)
  case common(number: Int, relation: Int, columns: Int)
  case unnest(BoundUnnest)
  case join(Join.Kind, BoundRelation, BoundRelation, condition: BoundExpression?)
  case sampled(BoundRelation, SampleMethod, percentage: Double)
}

/// `UNNEST(a, b) WITH ORDINALITY`.
public struct BoundUnnest: Hashable, Sendable {
  public var relation: Int
  public var items: [BoundExpression]
  public var ordinality: Bool
}

/// One mention of a table in a statement. The executor says what stands for it in the engine.
public struct TableReference: Hashable, Sendable {
  /// Unique in the statement.
  public var relation: Int
  public var table: BoundTable
}

extension BoundRelation {
  /// The prefix of an output column's name in a derived relation: columns are `c0`, `c1` …
  static func column(_ index: Int) -> String { "c\(index)" }
}

/// A statement that reads, ready to be printed.
public struct BoundStatement: Sendable {
  public var query: BoundQuery
  /// Every table that is read, by relation number.
  public var tables: [TableUse]
}

/// How a statement uses one mention of a table.
public struct TableUse: Hashable, Sendable {
  public var reference: TableReference
  /// The columns that are named anywhere, in the table's order; hidden ones such as `$path` last.
  public var columns: [String]
  /// What is asked of the partition keys; partitions for which it is not `mayMatch` need not be read.
  public var partitions: PartitionPredicate
}
