import Kernel
import PostgresWire
import RedshiftModel
import Storage

/// A provisioned cluster as it is kept.
struct ClusterRecord: Codable, Sendable {
  /// `ClusterStatus` as AWS words it.
  enum Status: String, Codable, Sendable {
    case creating, available, modifying, resizing, rebooting, pausing, paused, resuming, deleting
    case finalSnapshot = "final-snapshot"
    case failed = "hardware-failure"
  }

  var identifier: String
  /// The namespace that holds its databases: a UUID.
  var namespace: String
  var status: Status
  var created: Timestamp
  var nodeType: String
  var nodes: Int
  var masterUser: String
  /// As the API set it last; `nil` for a cluster whose snapshot brought its admin's password along.
  var masterPassword: PasswordVerifier?
  /// Whether the database has yet to hear of `masterPassword`.
  var passwordIsNew = false
  /// Where Redshift manages the admin's password: the ARN that its secret goes by.
  var secretARN: String?
  var secretKMSKey: String?
  var database: String
  /// The port that was asked for.
  var port: Int
  /// The port that it listens at, or did last.
  var boundPort: Int?
  /// 32 bytes in hexadecimal digits, for an encrypted cluster.
  var encryptionKey: String?
  var kmsKey: String?
  /// The key that its file still has, while that is written anew with `encryptionKey`.
  var formerKey: FormerKey?
  var subnetGroup: String?
  var securityGroups: [String] = []
  var zone: String
  var maintenanceWindow: String
  var parameterGroup: String
  /// The group's values as they were when the cluster last started.
  var appliedParameters: [String: String] = [:]
  var automatedRetentionDays: Int
  var manualRetentionDays: Int
  var allowsVersionUpgrade: Bool
  var isPublic: Bool
  var enhancedRouting: Bool
  var roles: [String] = []
  var defaultRole: String?
  var track: String
  var relocation: Bool
  var multiAZ: Bool
  var tags: [String: String] = [:]
  /// The copy that it was restored from, and how many bytes that has.
  var restoredFrom: Restored?
  /// A usage limit was reached that says so.
  var isSpectrumOff: Bool?
  /// Where its audit goes; `nil` while logging is off.
  var logging: Logging?
  /// A copy to take before the cluster goes.
  var finalSnapshot: String?

  /// A key that goes, or the want of one.
  struct FormerKey: Codable, Sendable {
    /// As `encryptionKey`.
    var key: String?
  }

  struct Restored: Codable, Sendable {
    var copy: String
    var encryptionKey: String?
    var bytes: Int64
    var isDone = false
    /// When the restore ended, for the time that it took.
    var ended: Timestamp?
  }

  /// The audit as it is delivered.
  struct Logging: Codable, Sendable {
    var bucket: String
    var prefix: String
    /// Where the next delivery begins in the namespace's activity log.
    var offset: UInt64?
    var delivered: Timestamp?
    var failed: Timestamp?
    var failure: String?
    /// Whether the call that enabled it named the type of the destination.
    var namesType: Bool?
  }

  static func key(_ scope: Scope, _ identifier: String) -> Key {
    Key("redshift-cluster", scope.account.digits, scope.region.code, identifier)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-cluster", scope.account.digits, scope.region.code).subtree
  }
  static let everywhere = Key("redshift-cluster").subtree

  static func arn(_ scope: Scope, _ identifier: String) -> ARN {
    ARN(service: "redshift", scope.region, scope.account, "cluster:\(identifier)")
  }

  func settings(_ scope: Scope) -> NamespaceSettings {
    var settings = NamespaceSettings(
      id: namespace, scope: scope, name: identifier, database: database, adminUser: masterUser,
      adminPassword: masterPassword, encryptionKey: encryptionKey.flatMap { [UInt8](hexadecimal: $0) }, roles: roles,
      defaultRole: defaultRole, parameters: appliedParameters)
    settings.isSpectrumOff = isSpectrumOff ?? false
    return settings
  }

  var endpointOptions: EndpointOptions {
    var options = EndpointOptions()
    options.connectionsMax = ClusterLimits.nodeTypes[nodeType]?.connections ?? options.connectionsMax
    options.requiresTLS = appliedParameters["require_ssl"]?.lowercased() == "true"
    options.statementMillisecondsMax = appliedParameters["statement_timeout"].flatMap { Int($0) }.flatMap {
      $0 > 0 ? $0 : nil
    }
    return options
  }

  var availability: String {
    switch status {
    case .available: "Available"
    case .creating, .modifying, .resizing, .pausing, .resuming, .deleting, .finalSnapshot: "Modifying"
    case .rebooting: "Unavailable"
    case .paused: "Paused"
    case .failed: "Failed"
    }
  }

  /// - Parameters:
  ///   - address: the name under which the caller reaches this server.
  ///   - group: the values of its parameter group as they stand.
  func shape(_ scope: Scope, address: String, group: [String: String]) -> Cluster {
    var shape = Cluster(
      clusterIdentifier: identifier, nodeType: nodeType, clusterStatus: status.rawValue,
      clusterAvailabilityStatus: availability, masterUsername: masterUser, dbName: database,
      clusterCreateTime: status == .creating ? nil : created,
      automatedSnapshotRetentionPeriod: automatedRetentionDays, manualSnapshotRetentionPeriod: manualRetentionDays,
      clusterSecurityGroups: [],
      vpcSecurityGroups: securityGroups.map { VpcSecurityGroupMembership(vpcSecurityGroupId: $0, status: "active") },
      clusterParameterGroups: [
        ClusterParameterGroupStatus(
          parameterGroupName: parameterGroup,
          parameterApplyStatus: group == appliedParameters || status == .creating ? "in-sync" : "pending-reboot")
      ],
      clusterSubnetGroupName: subnetGroup, availabilityZone: zone, preferredMaintenanceWindow: maintenanceWindow,
      pendingModifiedValues: PendingModifiedValues(), clusterVersion: "1.0",
      allowVersionUpgrade: allowsVersionUpgrade, numberOfNodes: nodes, publiclyAccessible: isPublic,
      encrypted: encryptionKey != nil, clusterPublicKey: nil, clusterNodes: nodeShapes,
      clusterRevisionNumber: "1",
      tags: tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) }, kmsKeyId: kmsKey,
      enhancedVpcRouting: enhancedRouting,
      iamRoles: roles.map { ClusterIamRole(iamRoleArn: $0, applyStatus: "in-sync") }, pendingActions: [],
      maintenanceTrackName: track, deferredMaintenanceWindows: [],
      availabilityZoneRelocationStatus: relocation ? "enabled" : "disabled",
      clusterNamespaceArn: ARN(service: "redshift", scope.region, scope.account, "namespace:\(namespace)").description,
      totalStorageCapacityInMegaBytes: (ClusterLimits.nodeTypes[nodeType]?.gigabytes ?? 0) * 1000 * Int64(nodes),
      aquaConfiguration: AquaConfiguration(aquaStatus: .disabled, aquaConfigurationStatus: .auto))
    shape.endpoint = boundPort.map { Endpoint(address: address, port: $0) }
    shape.defaultIamRoleArn = defaultRole
    shape.masterPasswordSecretArn = secretARN
    shape.masterPasswordSecretKmsKeyId = secretKMSKey
    shape.multiAZ = multiAZ ? "Enabled" : "Disabled"
    shape.ipAddressType = "ipv4"
    if let restoredFrom {
      let megabytes = restoredFrom.bytes / 1_048_576
      shape.restoreStatus = RestoreStatus(
        status: restoredFrom.isDone ? "completed" : "restoring", snapshotSizeInMegaBytes: megabytes,
        progressInMegaBytes: restoredFrom.isDone ? megabytes : 0,
        elapsedTimeInSeconds: restoredFrom.ended.map { max(0, ($0 - created).milliseconds / 1000) } ?? 0,
        estimatedTimeToCompletionInSeconds: 0)
    }
    return shape
  }

  private var nodeShapes: [ClusterNode] {
    guard nodes > 1 else { return [ClusterNode(nodeRole: "SHARED", privateIPAddress: "127.0.0.1")] }
    let compute = (0..<nodes).map { ClusterNode(nodeRole: "COMPUTE-\($0)", privateIPAddress: "127.0.0.1") }
    return [ClusterNode(nodeRole: "LEADER", privateIPAddress: "127.0.0.1")] + compute
  }
}

extension KeyReader {
  /// - Throws: `ClusterNotFound`.
  func cluster(_ scope: Scope, _ identifier: String) throws -> ClusterRecord {
    guard let record = try get(ClusterRecord.key(scope, identifier.lowercased()), as: ClusterRecord.self) else {
      throw RedshiftError.clusterNotFoundFault("Cluster \(identifier) not found.")
    }
    return record
  }
}

extension [UInt8] {
  /// `nil` unless the text is pairs of hexadecimal digits.
  init?(hexadecimal text: String) {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
