public import Kernel
import PostgresWire
public import RedshiftModel
import Storage

extension RedshiftService {
  /// Changes settings: those that clients do not notice at once, the others behind the call, as `modifying` or
  /// `resizing`.
  public func modifyCluster(_ input: ModifyClusterInput, _ context: RequestContext) async throws
    -> ModifyClusterOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:ModifyCluster", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    try Self.refuseUnsupported(
      hsm: input.hsmConfigurationIdentifier ?? input.hsmClientCertificateIdentifier, elasticIP: input.elasticIp,
      schedule: nil, version: input.clusterVersion)
    let before = try await keys.read { try $0.cluster(scope, input.clusterIdentifier) }
    let password = try Self.changesPassword(input)
      ? masterPassword(
        input.masterUserPassword, managed: input.manageMasterPassword, user: before.masterUser,
        subject: "\(before.identifier)-\(before.masterUser)", scope)
      : nil
    let newKey = house.random.bytes(32).hex
    let changed = try await keys.write { transaction in
      var record = try transaction.cluster(scope, input.clusterIdentifier)
      guard record.status == .available || (record.status == .paused && Self.isQuiet(input)) else {
        throw Self.wrongState(record, "ModifyCluster")
      }
      let was = record
      try Self.apply(input, to: &record, newKey: newKey)
      if let password {
        (record.masterPassword, record.secretARN) = password
        record.passwordIsNew = true
      }
      if let group = input.clusterParameterGroupName?.lowercased() {
        _ = try transaction.parameterValues(scope, group)
        record.parameterGroup = group
      }
      // AWS moves the data to a new cluster then, as it does for a resize.
      if record.nodeType != was.nodeType || record.nodes != was.nodes || record.formerKey != nil {
        record.status = .resizing
      } else if record.port != was.port || record.passwordIsNew {
        record.status = .modifying
      }
      if record.port != was.port { record.boundPort = nil }
      if let name = input.newClusterIdentifier {
        record.identifier = try ClusterRules.identifier(name, "NewClusterIdentifier")
        guard try transaction.get(ClusterRecord.key(scope, record.identifier)) == nil else {
          throw RedshiftError.clusterAlreadyExistsFault("Cluster already exists")
        }
        try transaction.delete(ClusterRecord.key(scope, was.identifier))
      }
      try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
      return record
    }
    if changed.status != .available, changed.status != .paused { await goOn(scope, changed) }
    return ModifyClusterOutput(cluster: try await shape(changed, context))
  }

  private static func changesPassword(_ input: ModifyClusterInput) -> Bool {
    input.masterUserPassword != nil || input.manageMasterPassword == true
  }

  /// Whether a paused cluster takes the change: nothing that needs its database.
  private static func isQuiet(_ input: ModifyClusterInput) -> Bool {
    !changesPassword(input) && input.nodeType == nil && input.numberOfNodes == nil && input.port == nil
      && input.encrypted == nil
  }

  /// - Parameter newKey: for a cluster that becomes encrypted.
  private static func apply(
    _ input: ModifyClusterInput, to record: inout ClusterRecord, newKey: String? = nil
  ) throws {
    if input.nodeType != nil || input.numberOfNodes != nil || input.clusterType != nil {
      let type = input.nodeType?.lowercased() ?? record.nodeType
      let count = input.clusterType == "single-node" ? 1 : input.numberOfNodes ?? record.nodes
      record.nodes = try ClusterRules.nodes(count, clusterType: input.clusterType, nodeType: type)
      record.nodeType = type
    }
    if let port = input.port {
      try ClusterRules.port(port, nodeType: record.nodeType)
      record.port = port
    }
    if let days = input.automatedSnapshotRetentionPeriod {
      record.automatedRetentionDays = try ClusterRules.retention(automated: days, nodeType: record.nodeType)
    }
    if let days = input.manualSnapshotRetentionPeriod {
      record.manualRetentionDays = try ClusterRules.retention(manual: days)
    }
    if let window = input.preferredMaintenanceWindow { record.maintenanceWindow = try ClusterRules.window(window) }
    if let track = input.maintenanceTrackName { record.track = try Self.track(track) }
    if let encrypted = input.encrypted, encrypted != (record.encryptionKey != nil) {
      record.formerKey = ClusterRecord.FormerKey(key: record.encryptionKey)
      record.encryptionKey = encrypted ? newKey : nil
      record.kmsKey = encrypted ? Self.ownedKey : nil
    }
    if let key = input.kmsKeyId {
      guard record.encryptionKey != nil else {
        throw RedshiftError.invalidParameterCombination("A KMS key can only be given to an encrypted cluster.")
      }
      record.kmsKey = key
    }
    if input.multiAZ == true, input.availabilityZoneRelocation ?? record.relocation {
      throw RedshiftError.invalidParameterCombination(
        "Availability zone relocation cannot be used with Multi-AZ clusters.")
    }
    record.securityGroups = input.vpcSecurityGroupIds ?? record.securityGroups
    record.allowsVersionUpgrade = input.allowVersionUpgrade ?? record.allowsVersionUpgrade
    record.isPublic = input.publiclyAccessible ?? record.isPublic
    record.enhancedRouting = input.enhancedVpcRouting ?? record.enhancedRouting
    record.relocation = input.availabilityZoneRelocation ?? record.relocation
    record.multiAZ = input.multiAZ ?? record.multiAZ
    record.zone = input.availabilityZone ?? record.zone
    record.secretKMSKey = input.masterPasswordSecretKmsKeyId ?? record.secretKMSKey
  }

  public func resizeCluster(_ input: ResizeClusterInput, _ context: RequestContext) async throws
    -> ResizeClusterOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:ResizeCluster", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    let resized = try await keys.write { transaction in
      var record = try transaction.cluster(scope, input.clusterIdentifier)
      guard record.status == .available else { throw Self.wrongState(record, "ResizeCluster") }
      try Self.apply(
        ModifyClusterInput(
          clusterIdentifier: input.clusterIdentifier, clusterType: input.clusterType, nodeType: input.nodeType,
          numberOfNodes: input.numberOfNodes), to: &record)
      record.status = .resizing
      try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
      return record
    }
    await goOn(scope, resized)
    return ResizeClusterOutput(cluster: try await shape(resized, context))
  }

  /// Adds roles to a cluster and takes others away; statements may name those that it has.
  public func modifyClusterIamRoles(_ input: ModifyClusterIamRolesInput, _ context: RequestContext) async throws
    -> ModifyClusterIamRolesOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:ModifyClusterIamRoles", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    let changed = try await keys.write { transaction in
      var record = try transaction.cluster(scope, input.clusterIdentifier)
      guard record.status == .available || record.status == .paused else {
        throw Self.wrongState(record, "ModifyClusterIamRoles")
      }
      let removed = Set(input.removeIamRoles ?? [])
      record.roles.removeAll { removed.contains($0) }
      for role in input.addIamRoles ?? [] where !record.roles.contains(role) { record.roles.append(role) }
      if let standard = input.defaultIamRoleArn, !removed.contains(standard) {
        record.defaultRole = standard.isEmpty ? nil : standard
      } else if let standard = record.defaultRole, removed.contains(standard) {
        record.defaultRole = nil
      }
      try ClusterRules.roles(record.roles, default: record.defaultRole)
      try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
      return record
    }
    try await house.open.update(changed.settings(scope))
    return ModifyClusterIamRolesOutput(cluster: try await shape(changed, context))
  }
}
