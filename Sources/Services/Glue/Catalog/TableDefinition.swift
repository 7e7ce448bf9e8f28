public import Kernel

/// A column as the catalog knows it.
public struct CatalogColumn: Codable, Hashable, Sendable {
  public var name: String
  /// A Hive type, such as `array<struct<a:int>>`; the catalog does not look inside.
  public var type: String?
  public var comment: String?
  public var parameters: [String: String]?

  public init(name: String, type: String?, comment: String? = nil, parameters: [String: String]? = nil) {
    self.name = name
    self.type = type
    self.comment = comment
    self.parameters = parameters
  }
}

/// How rows are written in a table's files.
public struct SerDe: Codable, Hashable, Sendable {
  public var name: String?
  /// The Java class by which Hive, Athena and Firehose know the format.
  public var library: String?
  public var parameters: [String: String]?

  public init(name: String? = nil, library: String? = nil, parameters: [String: String]? = nil) {
    self.name = name
    self.library = library
    self.parameters = parameters
  }
}

/// Where and how the data of a table or a partition is stored: the catalog's `StorageDescriptor`.
public struct StorageDescription: Codable, Hashable, Sendable {
  public struct SortColumn: Codable, Hashable, Sendable {
    public var column: String
    /// 1 ascending, 0 descending.
    public var order: Int
    public init(column: String, order: Int) {
      self.column = column
      self.order = order
    }
  }

  public struct Skew: Codable, Hashable, Sendable {
    public var columns: [String]?
    public var values: [String]?
    public var locations: [String: String]?
    public init(columns: [String]? = nil, values: [String]? = nil, locations: [String: String]? = nil) {
      self.columns = columns
      self.values = values
      self.locations = locations
    }
  }

  /// A version of a schema in the registry that stands for the columns.
  public struct SchemaSource: Codable, Hashable, Sendable {
    public var schemaARN: String?
    public var schemaName: String?
    public var registryName: String?
    public var versionID: String?
    public var versionNumber: Int64?
    public init(
      schemaARN: String? = nil, schemaName: String? = nil, registryName: String? = nil, versionID: String? = nil,
      versionNumber: Int64? = nil
    ) {
      self.schemaARN = schemaARN
      self.schemaName = schemaName
      self.registryName = registryName
      self.versionID = versionID
      self.versionNumber = versionNumber
    }
  }

  public var columns: [CatalogColumn]
  /// A prefix, such as `s3://bucket/events/`.
  public var location: String?
  public var additionalLocations: [String]?
  public var inputFormat: String?
  public var outputFormat: String?
  public var compressed: Bool
  public var numberOfBuckets: Int
  public var serDe: SerDe?
  public var bucketColumns: [String]?
  public var sortColumns: [SortColumn]?
  public var parameters: [String: String]?
  public var skew: Skew?
  public var storedAsSubDirectories: Bool
  public var schemaSource: SchemaSource?

  public init(
    columns: [CatalogColumn] = [], location: String? = nil, additionalLocations: [String]? = nil,
    inputFormat: String? = nil, outputFormat: String? = nil, compressed: Bool = false, numberOfBuckets: Int = 0,
    serDe: SerDe? = nil, bucketColumns: [String]? = nil, sortColumns: [SortColumn]? = nil,
    parameters: [String: String]? = nil, skew: Skew? = nil, storedAsSubDirectories: Bool = false,
    schemaSource: SchemaSource? = nil
  ) {
    self.columns = columns
    self.location = location
    self.additionalLocations = additionalLocations
    self.inputFormat = inputFormat
    self.outputFormat = outputFormat
    self.compressed = compressed
    self.numberOfBuckets = numberOfBuckets
    self.serDe = serDe
    self.bucketColumns = bucketColumns
    self.sortColumns = sortColumns
    self.parameters = parameters
    self.skew = skew
    self.storedAsSubDirectories = storedAsSubDirectories
    self.schemaSource = schemaSource
  }
}

/// Points at a database or a table elsewhere: the link's target.
public struct CatalogLink: Codable, Hashable, Sendable {
  public var catalogID: String?
  public var database: String?
  public var table: String?
  public var region: String?

  public init(catalogID: String? = nil, database: String? = nil, table: String? = nil, region: String? = nil) {
    self.catalogID = catalogID
    self.database = database
    self.table = table
    self.region = region
  }
}

/// What a caller says of a table: the catalog's `TableInput`.
public struct TableDefinition: Codable, Hashable, Sendable {
  /// Folded to lower case when it is stored, as Hive asks.
  public var name: String
  public var description: String?
  public var owner: String?
  public var lastAccessTime: Timestamp?
  public var lastAnalyzedTime: Timestamp?
  public var retention: Int
  public var storage: StorageDescription?
  public var partitionKeys: [CatalogColumn]
  public var viewOriginalText: String?
  public var viewExpandedText: String?
  /// `EXTERNAL_TABLE`, `VIRTUAL_VIEW`, `GOVERNED`; free text.
  public var tableType: String?
  public var parameters: [String: String]?
  public var target: CatalogLink?

  public init(
    name: String, description: String? = nil, owner: String? = nil, lastAccessTime: Timestamp? = nil,
    lastAnalyzedTime: Timestamp? = nil, retention: Int = 0, storage: StorageDescription? = nil,
    partitionKeys: [CatalogColumn] = [], viewOriginalText: String? = nil, viewExpandedText: String? = nil,
    tableType: String? = nil, parameters: [String: String]? = nil, target: CatalogLink? = nil
  ) {
    self.name = name
    self.description = description
    self.owner = owner
    self.lastAccessTime = lastAccessTime
    self.lastAnalyzedTime = lastAnalyzedTime
    self.retention = retention
    self.storage = storage
    self.partitionKeys = partitionKeys
    self.viewOriginalText = viewOriginalText
    self.viewExpandedText = viewExpandedText
    self.tableType = tableType
    self.parameters = parameters
    self.target = target
  }
}

/// A table in the catalog, at one of its versions.
@dynamicMemberLookup
public struct CatalogTable: Codable, Hashable, Sendable {
  public var database: String
  public var definition: TableDefinition
  public var createTime: Timestamp
  public var updateTime: Timestamp
  /// ARN of the principal that made it.
  public var createdBy: String
  /// 0 for a new table, then one more each update.
  public var version: Int64

  public init(
    database: String, definition: TableDefinition, createTime: Timestamp, updateTime: Timestamp, createdBy: String,
    version: Int64
  ) {
    self.database = database
    self.definition = definition
    self.createTime = createTime
    self.updateTime = updateTime
    self.createdBy = createdBy
    self.version = version
  }

  public subscript<Value>(dynamicMember path: KeyPath<TableDefinition, Value>) -> Value { definition[keyPath: path] }
}
