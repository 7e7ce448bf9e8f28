public import Kernel
public import RedshiftModel
import Storage

extension RedshiftService {
  /// Makes a cluster from a snapshot: the snapshot's settings where the call names none of its own.
  public func restoreFromClusterSnapshot(
    _ input: RestoreFromClusterSnapshotInput, _ context: RequestContext
  ) async throws -> RestoreFromClusterSnapshotOutput {
    let scope = context.scope
    let identifier = try ClusterRules.identifier(input.clusterIdentifier, "ClusterIdentifier")
    guard (input.snapshotIdentifier == nil) != (input.snapshotArn == nil) else {
      throw RedshiftError.invalidParameterCombination(
        "Exactly one of SnapshotIdentifier and SnapshotArn must be specified.")
    }
    let name = try input.snapshotIdentifier ?? Self.snapshotName(input.snapshotArn ?? "")
    if let owner = input.ownerAccount, owner != scope.account.digits {
      throw RedshiftError.accessToSnapshotDeniedFault("Access to snapshot \(name) is denied.")
    }
    let snapshot = try await keys.read { try $0.snapshot(scope, name, of: input.snapshotClusterIdentifier) }
    try await context.authorize(
      "redshift:RestoreFromClusterSnapshot",
      on: [ClusterRecord.arn(scope, identifier).description, snapshot.arn(scope).description])
    guard snapshot.status == .available else {
      throw RedshiftError.invalidClusterSnapshotStateFault(
        "Cannot restore from the snapshot \(snapshot.name) because it is not in an available state.")
    }
    try Self.refuseUnsupported(
      hsm: input.hsmConfigurationIdentifier ?? input.hsmClientCertificateIdentifier, elasticIP: input.elasticIp,
      schedule: input.snapshotScheduleIdentifier, version: nil)
    var record = snapshot.cluster
    record.identifier = identifier
    record.namespace = house.random.uuid()
    record.status = .creating
    record.created = context.time
    record.boundPort = nil
    record.finalSnapshot = nil
    record.restoredFrom = ClusterRecord.Restored(
      copy: snapshot.copy, encryptionKey: snapshot.cluster.encryptionKey, bytes: snapshot.bytes)
    if input.encrypted == true, record.encryptionKey == nil {
      record.encryptionKey = house.random.bytes(32).hex
    } else if input.encrypted == false, record.encryptionKey != nil {
      throw RedshiftError.unsupportedOperationFault("An encrypted snapshot is restored into an encrypted cluster.")
    }
    // The admin's password comes along in the copy.
    record.masterPassword = nil
    record.passwordIsNew = false
    record.kmsKey = record.encryptionKey == nil ? nil : input.kmsKeyId ?? snapshot.cluster.kmsKey ?? Self.ownedKey
    record.nodeType = input.nodeType?.lowercased() ?? record.nodeType
    record.nodes = try ClusterRules.nodes(
      input.numberOfNodes ?? record.nodes, clusterType: nil, nodeType: record.nodeType)
    record.port = input.port ?? record.port
    try ClusterRules.port(record.port, nodeType: record.nodeType)
    record.roles = input.iamRoles ?? []
    record.defaultRole = input.defaultIamRoleArn
    try ClusterRules.roles(record.roles, default: record.defaultRole)
    if input.manageMasterPassword == true {
      (record.masterPassword, record.secretARN) = try masterPassword(
        nil, managed: true, user: record.masterUser, subject: "\(identifier)-\(record.masterUser)", scope)
    }
    record.subnetGroup = input.clusterSubnetGroupName?.lowercased() ?? record.subnetGroup
    record.securityGroups = input.vpcSecurityGroupIds ?? []
    record.zone = input.availabilityZone ?? record.zone
    record.maintenanceWindow = try input.preferredMaintenanceWindow.map(ClusterRules.window) ?? record.maintenanceWindow
    record.parameterGroup = input.clusterParameterGroupName?.lowercased() ?? ParameterGroupRecord.standard
    record.automatedRetentionDays = try ClusterRules.retention(
      automated: input.automatedSnapshotRetentionPeriod ?? record.automatedRetentionDays, nodeType: record.nodeType)
    record.manualRetentionDays = try ClusterRules.retention(
      manual: input.manualSnapshotRetentionPeriod ?? record.manualRetentionDays)
    record.allowsVersionUpgrade = input.allowVersionUpgrade ?? record.allowsVersionUpgrade
    record.isPublic = input.publiclyAccessible ?? false
    record.enhancedRouting = input.enhancedVpcRouting ?? record.enhancedRouting
    record.track = try Self.track(input.maintenanceTrackName ?? record.track)
    record.relocation = input.availabilityZoneRelocation ?? false
    record.multiAZ = input.multiAZ ?? false
    record.tags = [:]
    let made = try await begin(record, scope)
    return RestoreFromClusterSnapshotOutput(cluster: try await shape(made, context))
  }
}
