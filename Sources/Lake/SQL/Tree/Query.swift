/// A query with what may stand around its body.
public struct Query: Hashable, Sendable {
  public var position: SourcePosition
  public var with: WithClause?
  public var body: QueryBody
  public var orderBy: [SortItem]
  public var offset: Expression?
  public var limit: RowLimit?
}

public struct WithClause: Hashable, Sendable {
  public var recursive: Bool
  public var queries: [NamedQuery]
}

public struct NamedQuery: Hashable, Sendable {
  public var name: Identifier
  public var columns: [Identifier]?
  public var query: Query
}

public enum RowLimit: Hashable, Sendable {
  case all
  case rows(Expression)
  /// `FETCH FIRST n ROWS ONLY | WITH TIES`; without a number, one row.
  case fetchFirst(Expression?, withTies: Bool)
}

public indirect enum QueryBody: Hashable, Sendable {
  case select(Select)
  case values(SourcePosition, [Expression])
  case table(QualifiedName)
  case subquery(Query)
  /// Terms of one operator, from left to right.
  case setOperation(SetOperation)
}

public struct SetOperation: Hashable, Sendable {
  public enum Operator: String, Hashable, Sendable {
    case union = "UNION"
    case intersect = "INTERSECT"
    case except = "EXCEPT"
  }
  public var position: SourcePosition
  public var operation: Operator
  public var all: Bool
  public var terms: [QueryBody]
}

public struct Select: Hashable, Sendable {
  public var position: SourcePosition
  public var distinct: Bool
  public var items: [SelectItem]
  /// Joined by commas.
  public var from: [Relation]
  public var filter: Expression?
  public var groupBy: GroupBy?
  public var having: Expression?
  public var windows: [NamedWindow]
  /// Redshift's `SELECT TOP n`.
  public var top: Expression?
  /// Redshift's QUALIFY.
  public var qualify: Expression?
  /// Redshift's `SELECT … EXCLUDE (a, b) FROM`: columns of the result that are left out.
  public var excluded: [Identifier] = []
  /// Redshift's CONNECT BY.
  public var hierarchy: Hierarchy?
}

/// `START WITH … CONNECT BY …`: rows, and below each those that the condition connects with it.
public struct Hierarchy: Hashable, Sendable {
  public var position: SourcePosition
  /// Which rows are on top; all of them without it.
  public var start: Expression?
  public var condition: Expression
}

public enum SelectItem: Hashable, Sendable {
  case expression(Expression, alias: Identifier?)
  /// `*`, `t.*`, `(row).*`, with the names that `AS (…)` may give.
  case all(of: Expression?, aliases: [Identifier], SourcePosition)
}

public struct NamedWindow: Hashable, Sendable {
  public var name: Identifier
  public var specification: WindowSpecification
}

public struct GroupBy: Hashable, Sendable {
  public var distinct: Bool
  public var elements: [GroupingElement]
}

public enum GroupingElement: Hashable, Sendable {
  case simple([Expression])
  case rollup([[Expression]])
  case cube([[Expression]])
  case sets([[Expression]])
}

public struct Relation: Hashable, Sendable {
  public let id: Int
  public let position: SourcePosition
  public let kind: Kind

  public indirect enum Kind: Hashable, Sendable {
    case table(QualifiedName)
    case subquery(Query)
    case lateral(Query)
    case unnest([Expression], ordinality: Bool)
    case join(Join)
    case aliased(Relation, Identifier, columns: [Identifier]?)
    case sampled(Relation, SampleMethod, Expression)
    /// What only Redshift has.
    case redshift(RedshiftRelation)
  }
}

public enum SampleMethod: String, Hashable, Sendable {
  case bernoulli = "BERNOULLI"
  case system = "SYSTEM"
}

public struct Join: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case cross = "CROSS"
    case inner = "INNER"
    case left = "LEFT"
    case right = "RIGHT"
    case full = "FULL"
  }
  public enum Criteria: Hashable, Sendable {
    case none
    case on(Expression)
    case using([Identifier])
    case natural
  }
  public var kind: Kind
  public var left: Relation
  public var right: Relation
  public var criteria: Criteria
}
