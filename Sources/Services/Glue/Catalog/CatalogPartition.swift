public import Kernel

/// A partition: the part of a table's data with the same values of its partition keys.
public struct CatalogPartition: Hashable, Sendable {
  /// One text a partition key of the table, in the keys' order.
  public var values: [String]
  public var storage: StorageDescription?
  public var parameters: [String: String]?
  public var lastAccessTime: Timestamp?
  public var lastAnalyzedTime: Timestamp?
  /// Set by the catalog.
  public var creationTime: Timestamp

  public init(
    values: [String], storage: StorageDescription? = nil, parameters: [String: String]? = nil,
    lastAccessTime: Timestamp? = nil, lastAnalyzedTime: Timestamp? = nil,
    creationTime: Timestamp = Timestamp(nanoseconds: 0)
  ) {
    self.values = values
    self.storage = storage
    self.parameters = parameters
    self.lastAccessTime = lastAccessTime
    self.lastAnalyzedTime = lastAnalyzedTime
    self.creationTime = creationTime
  }
}
