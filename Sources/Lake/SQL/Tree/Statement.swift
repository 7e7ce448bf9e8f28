/// One statement of Athena's language.
public indirect enum Statement: Hashable, Sendable {
  case query(Query)
  case createTableAs(CreateTableAs)
  case insert(Insert)
  case createView(CreateView)
  case dropView(QualifiedName, ifExists: Bool)
  case explain(Explain)
  case prepare(Identifier, Statement, text: String)
  case execute(Identifier, [Expression])
  case deallocate(Identifier)
  case unload(Unload)
  case delete(QualifiedName, filter: Expression?)
  case update(Update)
  case merge(Merge)
  case optimize(QualifiedName, filter: Expression?)
  case vacuum(QualifiedName)
  case hive(HiveStatement)
}

public struct Property: Hashable, Sendable {
  public var name: Identifier
  public var value: Expression
}

/// `CREATE TABLE t WITH (…) AS query`.
public struct CreateTableAs: Hashable, Sendable {
  public var name: QualifiedName
  public var ifNotExists: Bool
  public var columns: [Identifier]?
  public var comment: String?
  public var properties: [Property]
  public var query: Query
  public var withData: Bool
}

public struct Insert: Hashable, Sendable {
  public var table: QualifiedName
  public var columns: [Identifier]?
  public var query: Query
}

public struct CreateView: Hashable, Sendable {
  public var name: QualifiedName
  public var orReplace: Bool
  public var comment: String?
  public var query: Query
  /// The query as written.
  public var text: String
}

public struct Explain: Hashable, Sendable {
  public var analyze: Bool
  public var verbose: Bool
  /// `LOGICAL`, `DISTRIBUTED`, `VALIDATE`, `IO`.
  public var type: String?
  /// `TEXT`, `GRAPHVIZ`, `JSON`.
  public var format: String?
  public var statement: Statement
}

/// `UNLOAD (query) TO 's3://…' WITH (format = 'PARQUET')`.
public struct Unload: Hashable, Sendable {
  public var query: Query
  public var location: String
  public var properties: [Property]
}

public struct Update: Hashable, Sendable {
  public var table: QualifiedName
  public var assignments: [Assignment]
  public var filter: Expression?
}

public struct Assignment: Hashable, Sendable {
  public var column: Identifier
  public var value: Expression
}

public struct Merge: Hashable, Sendable {
  public var target: QualifiedName
  public var alias: Identifier?
  public var source: Relation
  public var condition: Expression
  public var cases: [MergeCase]
}

public struct MergeCase: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    case update([Assignment])
    case delete
    case insert(columns: [Identifier], values: [Expression])
  }
  public var matched: Bool
  public var condition: Expression?
  public var action: Action
}
