public import GlueModel
public import Kernel
import Storage

/// A connection as it is stored: how a store beside S3 is reached.
struct ConnectionRecord: Codable, Sendable, Hashable {
  struct Network: Codable, Sendable, Hashable {
    var subnet: String?
    var securityGroups: [String]?
    var zone: String?
  }

  var name: String
  var description: String?
  var type: String
  var matchCriteria: [String]?
  var properties: [String: String]
  var spark: [String: String]?
  var athena: [String: String]?
  var python: [String: String]?
  var network: Network?
  /// The secret that its user and password stand in; there is no Secrets Manager that would be asked.
  var secret: String?
  var created: Timestamp
  var updated: Timestamp
  var updatedBy: String

  static let passwordProperties = ["PASSWORD", "ENCRYPTED_PASSWORD"]

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "connection", name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("glue", scope.account.digits, scope.region.code, "connection").subtree
  }
  static func arn(_ name: String, _ scope: Scope) -> ARN {
    ARN(service: "glue", scope.region, scope.account, "connection/\(name)")
  }

  func shape(hidesPassword: Bool) -> Connection {
    var shape = Connection(name: name)
    shape.description = description
    shape.connectionType = ConnectionType(rawValue: type)
    shape.matchCriteria = matchCriteria ?? []
    shape.connectionProperties = properties.filter {
      !(hidesPassword && Self.passwordProperties.contains($0.key))
    }
    shape.sparkProperties = spark
    shape.athenaProperties = athena
    shape.pythonProperties = python
    shape.physicalConnectionRequirements = network.map {
      PhysicalConnectionRequirements(
        subnetId: $0.subnet, securityGroupIdList: $0.securityGroups, availabilityZone: $0.zone)
    }
    if let secret {
      shape.authenticationConfiguration = AuthenticationConfiguration(
        authenticationType: AuthenticationType(rawValue: "BASIC"), secretArn: secret)
    }
    shape.creationTime = created
    shape.lastUpdatedTime = updated
    shape.lastUpdatedBy = updatedBy
    shape.status = ConnectionStatus(rawValue: "READY")
    shape.connectionSchemaVersion = 1
    return shape
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func connection(_ name: String, _ scope: Scope) throws -> ConnectionRecord {
    guard let record = try get(ConnectionRecord.key(scope, name), as: ConnectionRecord.self) else {
      throw CatalogError.entityNotFound("Connection \(name) not found.")
    }
    return record
  }
}

extension GlueService {
  private static let connectionsMax = 1_000

  /// A connection is a part of the catalog: both are asked for.
  static func places(_ arn: ARN, _ context: RequestContext) -> [String] {
    [context.arn("glue", "catalog").description, arn.description]
  }

  public func createConnection(
    _ input: CreateConnectionInput, _ context: RequestContext
  ) async throws -> CreateConnectionOutput {
    try check(catalog: input.catalogId, context)
    let scope = context.scope
    let record = try Self.connection(input.connectionInput, context)
    try await context.authorize(
      "glue:CreateConnection", on: Self.places(ConnectionRecord.arn(record.name, scope), context))
    let tags = input.tags ?? [:]
    try CatalogTags.check(tags)
    let tagKey = context.catalogKeys.tags(ConnectionRecord.arn(record.name, scope).description)
    try await catalog.keys.write { transaction in
      guard try transaction.get(ConnectionRecord.key(scope, record.name)) == nil else {
        throw CatalogError.alreadyExists("Connection already exists.")
      }
      guard try transaction.entries(ConnectionRecord.all(scope)).count < Self.connectionsMax else {
        throw CatalogError.limitExceeded("The number of connections exceeds the limit of \(Self.connectionsMax).")
      }
      try transaction.set(ConnectionRecord.key(scope, record.name), record: record)
      if !tags.isEmpty { try transaction.set(tagKey, record: tags) }
    }
    return CreateConnectionOutput(createConnectionStatus: ConnectionStatus(rawValue: "READY"))
  }

  private static func connection(_ input: ConnectionInput, _ context: RequestContext) throws -> ConnectionRecord {
    guard input.validateCredentials != true else {
      throw AWSError.notImplemented(service: "Glue", operation: "Connections with ValidateCredentials")
    }
    if let configuration = input.authenticationConfiguration,
      configuration.authenticationType?.rawValue ?? "BASIC" != "BASIC"
    {
      throw AWSError.notImplemented(service: "Glue", operation: "Connections with OAuth2 or custom authentication")
    }
    let now = context.time
    var record = ConnectionRecord(
      name: input.name, type: input.connectionType.rawValue, properties: input.connectionProperties, created: now,
      updated: now, updatedBy: context.principal.arn.description)
    record.description = input.description
    record.matchCriteria = input.matchCriteria
    (record.spark, record.athena, record.python) = (
      input.sparkProperties, input.athenaProperties, input.pythonProperties
    )
    record.network = input.physicalConnectionRequirements.map {
      ConnectionRecord.Network(
        subnet: $0.subnetId, securityGroups: $0.securityGroupIdList, zone: $0.availabilityZone)
    }
    record.secret = input.authenticationConfiguration?.secretArn
    if record.type == "JDBC" {
      let hasURL = record.properties["JDBC_CONNECTION_URL"].map { $0.hasPrefix("jdbc:") } ?? false
      guard hasURL || record.properties["CONNECTOR_URL"] != nil else {
        throw CatalogError.invalidInput("JDBC_CONNECTION_URL is required and must begin with jdbc:.")
      }
    }
    return record
  }

  public func updateConnection(
    _ input: UpdateConnectionInput, _ context: RequestContext
  ) async throws -> UpdateConnectionOutput {
    try check(catalog: input.catalogId, context)
    let scope = context.scope
    try await context.authorize(
      "glue:UpdateConnection", on: Self.places(ConnectionRecord.arn(input.name, scope), context))
    var given = input.connectionInput
    given.name = input.name
    let new = try Self.connection(given, context)
    try await catalog.keys.write { transaction in
      let before = try transaction.connection(input.name, scope)
      var record = new
      record.created = before.created
      try transaction.set(ConnectionRecord.key(scope, record.name), record: record)
    }
    return UpdateConnectionOutput()
  }

  public func deleteConnection(
    _ input: DeleteConnectionInput, _ context: RequestContext
  ) async throws -> DeleteConnectionOutput {
    try check(catalog: input.catalogId, context)
    try await delete(connection: input.connectionName, "glue:DeleteConnection", context)
    return DeleteConnectionOutput()
  }

  public func batchDeleteConnection(
    _ input: BatchDeleteConnectionInput, _ context: RequestContext
  ) async throws -> BatchDeleteConnectionOutput {
    try check(catalog: input.catalogId, context)
    var gone: [String] = []
    var errors: [String: ErrorDetail] = [:]
    for name in input.connectionNameList {
      do {
        try await delete(connection: name, "glue:BatchDeleteConnection", context)
        gone.append(name)
      } catch let error as AWSError {
        errors[name] = ErrorDetail(errorCode: error.code, errorMessage: error.message)
      }
    }
    return BatchDeleteConnectionOutput(succeeded: gone, errors: errors)
  }

  private func delete(connection name: String, _ action: String, _ context: RequestContext) async throws {
    let (scope, arn) = (context.scope, ConnectionRecord.arn(name, context.scope))
    try await context.authorize(action, on: Self.places(arn, context))
    let tagKey = context.catalogKeys.tags(arn.description)
    try await catalog.keys.write { transaction in
      _ = try transaction.connection(name, scope)
      try transaction.delete(ConnectionRecord.key(scope, name))
      try transaction.delete(tagKey)
    }
  }

  public func getConnection(
    _ input: GetConnectionInput, _ context: RequestContext
  ) async throws -> GetConnectionOutput {
    try check(catalog: input.catalogId, context)
    let scope = context.scope
    try await context.authorize(
      "glue:GetConnection", on: Self.places(ConnectionRecord.arn(input.name, scope), context))
    let record = try await catalog.keys.read { try $0.connection(input.name, scope) }
    return GetConnectionOutput(connection: record.shape(hidesPassword: input.hidePassword ?? false))
  }

  public func getConnections(
    _ input: GetConnectionsInput, _ context: RequestContext
  ) async throws -> GetConnectionsOutput {
    try check(catalog: input.catalogId, context)
    let scope = context.scope
    try await context.authorize("glue:GetConnections", on: [context.arn("glue", "catalog").description])
    let (page, next) = try await page(
      ConnectionRecord.all(scope), as: ConnectionRecord.self, input.maxResults, input.nextToken, "GetConnections",
      key: { ConnectionRecord.key(scope, $0) }, name: { $0.name })
    let filter = input.filter
    let chosen = page.filter { record in
      (filter?.connectionType.map { $0.rawValue == record.type } ?? true)
        && (filter?.matchCriteria.map { Set($0).isSubset(of: record.matchCriteria ?? []) } ?? true)
    }
    return GetConnectionsOutput(
      connectionList: chosen.map { $0.shape(hidesPassword: input.hidePassword ?? false) }, nextToken: next)
  }
}
