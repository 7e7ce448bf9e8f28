/// Athena's DDL, which Hive's grammar rules.
public enum HiveStatement: Hashable, Sendable {
  case createTable(CreateTable)
  case createDatabase(CreateDatabase)
  case dropDatabase(Identifier, ifExists: Bool, cascade: Bool)
  case setDatabaseProperties(Identifier, [HiveProperty])
  case dropTable(QualifiedName, ifExists: Bool)
  case alterTable(QualifiedName, AlterTable)
  case repairTable(QualifiedName)
  case showDatabases(pattern: String?)
  case showTables(database: Identifier?, pattern: String?)
  case showViews(database: Identifier?, pattern: String?)
  case showPartitions(QualifiedName)
  case showColumns(QualifiedName)
  case showCreateTable(QualifiedName)
  case showCreateView(QualifiedName)
  case showTableProperties(QualifiedName, property: String?)
  case describe(Describe)
}

/// `'key'='value'`; a database or table property may stand without a value.
public struct HiveProperty: Hashable, Sendable {
  public var name: String
  public var value: String
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

public struct HiveColumn: Hashable, Sendable {
  public var name: Identifier
  public var type: HiveType
  public var comment: String?
}

/// `PARTITIONED BY (day(ts))` and the like, which Iceberg tables use.
public struct PartitionField: Hashable, Sendable {
  /// `identity`, `year`, `month`, `day`, `hour`, `bucket` or `truncate`.
  public var transform: String
  public var argument: Int?
  public var column: Identifier
}

public struct CreateTable: Hashable, Sendable {
  public var name: QualifiedName
  public var external: Bool
  public var ifNotExists: Bool
  public var columns: [HiveColumn]
  public var comment: String?
  public var partitionColumns: [HiveColumn]
  /// Partitioning by columns of the table itself, as for Iceberg.
  public var partitionFields: [PartitionField]
  public var buckets: Bucketing?
  public var rowFormat: RowFormat?
  public var storage: StorageFormat?
  public var location: String?
  public var properties: [HiveProperty]

  public struct Bucketing: Hashable, Sendable {
    public var columns: [Identifier]
    public var sortedBy: [SortColumn]
    public var count: Int
  }
  public struct SortColumn: Hashable, Sendable {
    public var name: Identifier
    public var descending: Bool
  }
}

public enum RowFormat: Hashable, Sendable {
  case serde(String, properties: [HiveProperty])
  case delimited(Delimiters)

  public struct Delimiters: Hashable, Sendable {
    public var fields: String?
    public var escape: String?
    public var collectionItems: String?
    public var mapKeys: String?
    public var lines: String?
    public var null: String?
  }
}

public enum StorageFormat: Hashable, Sendable {
  /// `STORED AS PARQUET`, in upper case.
  case named(String)
  case classes(input: String, output: String)
}

public struct CreateDatabase: Hashable, Sendable {
  public var name: Identifier
  public var ifNotExists: Bool
  public var comment: String?
  public var location: String?
  public var properties: [HiveProperty]
}

/// `(year='2024', month=1)`, with the values' text; `nil` where a value stands for every one.
public struct PartitionSpecification: Hashable, Sendable {
  public struct Value: Hashable, Sendable {
    public var column: Identifier
    public var comparison: ComparisonOperator
    public var value: String?
  }
  public var values: [Value]
}

public struct PartitionLocation: Hashable, Sendable {
  public var specification: PartitionSpecification
  public var location: String?
}

public enum AlterTable: Hashable, Sendable {
  case addPartitions([PartitionLocation], ifNotExists: Bool)
  case dropPartitions([PartitionSpecification], ifExists: Bool)
  case renamePartition(PartitionSpecification, to: PartitionSpecification)
  case setLocation(String, partition: PartitionSpecification?)
  case setProperties([HiveProperty])
  case unsetProperties([String], ifExists: Bool)
  case addColumns([HiveColumn], partition: PartitionSpecification?)
  case replaceColumns([HiveColumn])
  case changeColumn(Identifier, HiveColumn, placement: ColumnPlacement?)
  case dropColumn(Identifier)
  case rename(QualifiedName)
}

public enum ColumnPlacement: Hashable, Sendable {
  case first
  case after(Identifier)
}

public struct Describe: Hashable, Sendable {
  public enum Form: String, Hashable, Sendable {
    case plain = ""
    case extended = "EXTENDED"
    case formatted = "FORMATTED"
  }
  public var form: Form
  public var table: QualifiedName
  public var partition: PartitionSpecification?
  /// `DESCRIBE t.col.field`.
  public var column: [Identifier]
}
