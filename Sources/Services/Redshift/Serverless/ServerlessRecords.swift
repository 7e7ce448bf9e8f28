import AWSWire
import Kernel
import PostgresWire
import RedshiftServerlessModel
import Storage

/// Quotas and rules of Redshift Serverless, from "Quotas and limits in Amazon Redshift" and the API reference.
package enum ServerlessLimits {
  package static let nameCharacters = 3...64
  package static let namespacesMax = 25
  package static let workgroupsMax = 25
  package static let snapshotsMax = 1_000
  package static let baseCapacityDefault = 128
  package static let capacityMax = 1_024
  package static let capacityMin = 4
  package static let credentialSeconds = 900...3600
  package static let listDefault = 100
  package static let tagsMax = 50
  package static let ports = [5431...5455, 8191...8215]
  package static let portDefault = 5439
  package static let connectionsMax = 2_000
  package static let endpointNameCharactersMax = 30
  package static let endpointsMax = 25
  package static let policyBytesMax = 20 << 10
}

/// A serverless namespace as it is kept.
struct NamespaceRecord: Codable, Sendable {
  enum Status: String, Codable, Sendable {
    case available = "AVAILABLE"
    case modifying = "MODIFYING"
    case deleting = "DELETING"
  }

  var name: String
  /// The database's name among all namespaces: a UUID.
  var id: String
  var status: Status
  var created: Timestamp
  var adminUser: String
  var adminPassword: PasswordVerifier?
  /// Whether the database has yet to hear of `adminPassword`.
  var passwordIsNew: Bool
  var secretARN: String?
  var secretKMSKey: String?
  var database: String
  var encryptionKey: String
  var kmsKey: String
  var roles: [String]
  var defaultRole: String?
  var logExports: [String]
  var tags: [String: String]
  /// A copy to take before it goes.
  var finalSnapshot: String?
  /// The copy that is being put in the place of what it holds.
  var restoring: String?

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-namespace", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-namespace", scope.account.digits, scope.region.code).subtree
  }
  static let everywhere = Key("redshift-namespace").subtree

  func arn(_ scope: Scope) -> ARN {
    ARN(service: "redshift-serverless", scope.region, scope.account, "namespace/\(id)")
  }

  func settings(_ scope: Scope, workgroup: WorkgroupRecord?) -> NamespaceSettings {
    NamespaceSettings(
      id: id, scope: scope, name: workgroup?.name ?? name, database: database, adminUser: adminUser,
      adminPassword: adminPassword, encryptionKey: [UInt8](hexadecimal: encryptionKey), roles: roles,
      defaultRole: defaultRole, parameters: workgroup?.parameters ?? WorkgroupRecord.defaultParameters)
  }

  func shape(_ scope: Scope) -> Namespace {
    var shape = Namespace(
      adminPasswordSecretArn: secretARN, adminPasswordSecretKmsKeyId: secretKMSKey, adminUsername: adminUser)
    shape.creationDate = created
    shape.dbName = database
    shape.defaultIamRoleArn = defaultRole
    // AWS shows roles in this form.
    shape.iamRoles = roles.map { "IamRole(applyStatus=in-sync, iamRoleArn=\($0))" }
    shape.kmsKeyId = kmsKey
    shape.logExports = logExports.map { LogExport(rawValue: $0) }
    shape.namespaceArn = arn(scope).description
    shape.namespaceId = id
    shape.namespaceName = name
    shape.status = NamespaceStatus(rawValue: status.rawValue)
    return shape
  }
}

/// A workgroup as it is kept.
struct WorkgroupRecord: Codable, Sendable {
  enum Status: String, Codable, Sendable {
    case creating = "CREATING"
    case available = "AVAILABLE"
    case modifying = "MODIFYING"
    case deleting = "DELETING"
  }

  var name: String
  var id: String
  var status: Status
  var created: Timestamp
  /// The namespace's name.
  var namespace: String
  var baseCapacity: Int
  var maxCapacity: Int?
  var port: Int
  var boundPort: Int?
  var parameters: [String: String]
  var isPublic: Bool
  var enhancedRouting: Bool
  var securityGroups: [String]
  var subnets: [String]
  var priceTarget: Int?
  var track: String
  var tags: [String: String]

  static let defaultParameters = [
    "auto_mv": "true", "datestyle": "ISO, MDY", "enable_case_sensitive_identifier": "false",
    "enable_user_activity_logging": "true", "max_query_execution_time": "14400", "query_group": "default",
    "require_ssl": "false", "search_path": "$user, public", "use_fips_ssl": "false",
  ]
  /// Limits of query monitoring that a workgroup may have beside.
  static let otherParameters: Set<String> = [
    "max_query_cpu_time", "max_query_blocks_read", "max_scan_row_count", "max_query_queue_time",
    "max_query_cpu_usage_percent", "max_query_temp_blocks_to_disk", "max_join_row_count",
    "max_nested_loop_join_row_count", "max_io_skew", "max_cpu_skew", "max_query_cpu_skew", "wlm_json_configuration",
  ]

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-workgroup", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-workgroup", scope.account.digits, scope.region.code).subtree
  }
  static let everywhere = Key("redshift-workgroup").subtree

  func arn(_ scope: Scope) -> ARN {
    ARN(service: "redshift-serverless", scope.region, scope.account, "workgroup/\(id)")
  }

  var endpointOptions: EndpointOptions {
    var options = EndpointOptions()
    options.connectionsMax = ServerlessLimits.connectionsMax
    options.requiresTLS = parameters["require_ssl"]?.lowercased() == "true"
    options.statementMillisecondsMax = parameters["max_query_execution_time"].flatMap { Int($0) }.flatMap {
      $0 > 0 && $0 < 1_000_000 ? $0 * 1000 : nil
    }
    return options
  }

  func shape(_ scope: Scope, address: String) -> Workgroup {
    var shape = Workgroup(baseCapacity: baseCapacity)
    shape.configParameters = parameters.sorted { $0.key < $1.key }.map {
      ConfigParameter(parameterKey: $0.key, parameterValue: $0.value)
    }
    shape.creationDate = created
    shape.crossAccountVpcs = []
    shape.endpoint = boundPort.map { Endpoint(address: address, port: $0, vpcEndpoints: []) } ?? Endpoint()
    shape.enhancedVpcRouting = enhancedRouting
    shape.ipAddressType = "ipv4"
    shape.maxCapacity = maxCapacity
    shape.namespaceName = namespace
    shape.patchVersion = "1"
    shape.port = port
    shape.pricePerformanceTarget = PerformanceTarget(
      level: priceTarget, status: priceTarget == nil ? "DISABLED" : "ENABLED")
    shape.publiclyAccessible = isPublic
    shape.securityGroupIds = securityGroups
    shape.status = WorkgroupStatus(rawValue: status.rawValue)
    shape.subnetIds = subnets
    shape.trackName = track
    shape.workgroupArn = arn(scope).description
    shape.workgroupId = id
    shape.workgroupName = name
    shape.workgroupVersion = "1.0"
    return shape
  }
}

extension KeyReader {
  func namespace(_ scope: Scope, _ name: String) throws -> NamespaceRecord {
    guard let record = try get(NamespaceRecord.key(scope, name), as: NamespaceRecord.self) else {
      throw RedshiftServerlessError.resourceNotFoundException("Namespace \(name) doesn't exist.")
    }
    return record
  }

  func workgroup(_ scope: Scope, _ name: String) throws -> WorkgroupRecord {
    guard let record = try get(WorkgroupRecord.key(scope, name), as: WorkgroupRecord.self) else {
      throw RedshiftServerlessError.resourceNotFoundException("Workgroup \(name) doesn't exist.")
    }
    return record
  }

  /// The workgroup that a namespace is reached through.
  func workgroup(_ scope: Scope, of namespace: String) throws -> WorkgroupRecord? {
    try records(WorkgroupRecord.all(scope), as: WorkgroupRecord.self).first { $0.namespace == namespace }
  }
}
