public import Kernel

/// Rights that a database gives on each new table, as Lake Formation reads them.
public struct DefaultPermission: Codable, Hashable, Sendable {
  public var principal: String?
  public var permissions: [String]
  public init(principal: String?, permissions: [String]) {
    self.principal = principal
    self.permissions = permissions
  }
}

/// What a caller says of a database: the catalog's `DatabaseInput`.
public struct DatabaseDefinition: Codable, Hashable, Sendable {
  /// Folded to lower case when it is stored.
  public var name: String
  public var description: String?
  public var locationURI: String?
  public var parameters: [String: String]?
  public var tableDefaults: [DefaultPermission]?
  public var target: CatalogLink?

  public init(
    name: String, description: String? = nil, locationURI: String? = nil, parameters: [String: String]? = nil,
    tableDefaults: [DefaultPermission]? = nil, target: CatalogLink? = nil
  ) {
    self.name = name
    self.description = description
    self.locationURI = locationURI
    self.parameters = parameters
    self.tableDefaults = tableDefaults
    self.target = target
  }
}

/// A database in the catalog.
@dynamicMemberLookup
public struct CatalogDatabase: Codable, Hashable, Sendable {
  public var definition: DatabaseDefinition
  public var createTime: Timestamp

  public init(definition: DatabaseDefinition, createTime: Timestamp) {
    self.definition = definition
    self.createTime = createTime
  }

  public subscript<Value>(dynamicMember path: KeyPath<DatabaseDefinition, Value>) -> Value { definition[keyPath: path] }
}
