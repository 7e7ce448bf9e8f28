public import Kernel

/// A named set of schemas.
public struct SchemaRegistryRecord: Codable, Hashable, Sendable {
  public var name: String
  public var description: String?
  public var createdTime: Timestamp
  public var updatedTime: Timestamp
}

/// A schema: a name under which versions follow one another.
public struct SchemaRecord: Codable, Hashable, Sendable {
  public var registry: String
  public var name: String
  public var description: String?
  /// `JSON`, `AVRO` or `PROTOBUF`.
  public var format: String
  /// `BACKWARD`, `FULL_ALL` …
  public var compatibility: String
  /// The version that the compatibility mode was last set at: earlier ones no longer bind.
  public var checkpoint: Int64
  /// The highest number given to a version, refused ones included.
  public var lastNumber: Int64
  public var createdTime: Timestamp
  public var updatedTime: Timestamp
}

/// One version of a schema.
public struct SchemaVersionRecord: Codable, Hashable, Sendable {
  public enum Status: String, Codable, Sendable {
    case available = "AVAILABLE"
    /// The definition was not compatible. It keeps its number and cannot be used.
    case failure = "FAILURE"
  }
  public struct Metadata: Codable, Hashable, Sendable {
    public var key: String
    public var value: String
    public var createdTime: Timestamp
  }

  public var id: String
  public var number: Int64
  public var definition: String
  /// Tells definitions apart, whatever their spaces and order of members.
  public var fingerprint: String
  public var status: Status
  public var createdTime: Timestamp
  public var metadata: [Metadata]
}

/// Where a version stands, kept by its id.
struct SchemaVersionPlace: Codable, Sendable {
  var registry: String
  var schema: String
  var number: Int64
}

/// How a caller names a schema.
public struct SchemaName: Hashable, Sendable {
  public var registry: String
  public var name: String
  /// What the caller gave, for messages.
  var givenARN: String?

  public init(registry: String = SchemaRegistry.defaultRegistry, name: String) {
    self.registry = registry
    self.name = name
  }

  /// - Throws: `InvalidInputException` unless exactly one of the two ways is used.
  init(arn: String?, name: String?, registry: String?) throws {
    if let arn {
      guard name == nil, registry == nil else {
        throw CatalogError.invalidInput(
          "One of (registryName and schemaName) or schemaArn has to be provided, both cannot be provided.")
      }
      let parts = ARN(arn)?.resource.split(separator: "/", omittingEmptySubsequences: false) ?? []
      guard parts.count == 3, parts[0] == "schema", !parts[1].isEmpty, !parts[2].isEmpty else {
        throw CatalogError.invalidInput(
          "The parameter value contains one or more characters that are not valid. Parameter Name: SchemaArn")
      }
      self.init(registry: String(parts[1]), name: String(parts[2]))
      givenARN = arn
    } else {
      guard let name else {
        throw CatalogError.invalidInput(
          "At least one of (registryName and schemaName) or schemaArn has to be provided.")
      }
      self.init(registry: registry ?? SchemaRegistry.defaultRegistry, name: name)
    }
  }

  var shown: String {
    "RegistryName: \(givenARN == nil ? registry : "null"), SchemaName: \(givenARN == nil ? name : "null"), "
      + "SchemaArn: \(givenARN ?? "null")"
  }
}

/// Which version of a schema a caller means.
public enum SchemaVersionChoice: Hashable, Sendable {
  case latest
  case number(Int64)

  /// - Throws: `InvalidInputException` unless exactly one of the two is given.
  init(latest: Bool?, number: Int64?) throws {
    switch (latest, number) {
    case (true?, nil): self = .latest
    case (nil, let number?), (false?, let number?): self = .number(number)
    case (true?, _?): throw CatalogError.invalidInput("Only one of VersionNumber or LatestVersion is required.")
    default: throw CatalogError.invalidInput("One of version number (or) latest version is required.")
    }
  }

  var shown: String {
    switch self {
    case .latest: "VersionNumber: null, isLatestVersion: true"
    case .number(let number): "VersionNumber: \(number), isLatestVersion: false"
    }
  }
}
