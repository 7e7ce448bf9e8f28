public import Kernel
import PostgresWire
public import RedshiftModel
import Storage

extension RedshiftService {
  /// Checks what AWS checks, writes the cluster down as `creating`, and makes its database behind the call.
  public func createCluster(_ input: CreateClusterInput, _ context: RequestContext) async throws
    -> CreateClusterOutput
  {
    let scope = context.scope
    let identifier = try ClusterRules.identifier(input.clusterIdentifier, "ClusterIdentifier")
    try await context.authorize("redshift:CreateCluster", on: ClusterRecord.arn(scope, identifier))
    let nodeType = input.nodeType.lowercased()
    let nodes = try ClusterRules.nodes(input.numberOfNodes, clusterType: input.clusterType, nodeType: nodeType)
    try ClusterRules.value(ClusterRules.fault(ofUser: input.masterUsername, "MasterUsername"))
    let database = input.dbName.flatMap { $0.isEmpty ? nil : $0 } ?? "dev"
    try ClusterRules.value(ClusterRules.fault(ofDatabase: database, "DBName"))
    try Self.refuseUnsupported(
      hsm: input.hsmConfigurationIdentifier ?? input.hsmClientCertificateIdentifier, elasticIP: input.elasticIp,
      schedule: input.snapshotScheduleIdentifier, version: input.clusterVersion)
    let (verifier, secret) = try masterPassword(
      input.masterUserPassword, managed: input.manageMasterPassword, user: input.masterUsername,
      subject: "\(identifier)-\(input.masterUsername)", scope)
    let port = input.port ?? ClusterLimits.portDefault
    try ClusterRules.port(port, nodeType: nodeType)
    let roles = input.iamRoles ?? []
    try ClusterRules.roles(roles, default: input.defaultIamRoleArn)
    if input.availabilityZoneRelocation == true, input.multiAZ == true {
      throw RedshiftError.invalidParameterCombination(
        "Availability zone relocation cannot be used with Multi-AZ clusters.")
    }
    let record = ClusterRecord(
      identifier: identifier, namespace: house.random.uuid(), status: .creating, created: context.time,
      nodeType: nodeType, nodes: nodes, masterUser: input.masterUsername, masterPassword: verifier, secretARN: secret,
      secretKMSKey: input.masterPasswordSecretKmsKeyId, database: database, port: port,
      encryptionKey: input.encrypted == false ? nil : house.random.bytes(32).hex,
      kmsKey: input.encrypted == false ? nil : input.kmsKeyId ?? Self.ownedKey,
      subnetGroup: input.clusterSubnetGroupName?.lowercased(),
      securityGroups: input.vpcSecurityGroupIds ?? [],
      zone: input.availabilityZone ?? "\(scope.region.code)a",
      maintenanceWindow: try input.preferredMaintenanceWindow.map(ClusterRules.window) ?? Self.window(identifier),
      parameterGroup: input.clusterParameterGroupName?.lowercased() ?? ParameterGroupRecord.standard,
      automatedRetentionDays: try ClusterRules.retention(
        automated: input.automatedSnapshotRetentionPeriod, nodeType: nodeType),
      manualRetentionDays: try ClusterRules.retention(manual: input.manualSnapshotRetentionPeriod),
      allowsVersionUpgrade: input.allowVersionUpgrade ?? true, isPublic: input.publiclyAccessible ?? false,
      enhancedRouting: input.enhancedVpcRouting ?? false, roles: roles, defaultRole: input.defaultIamRoleArn,
      track: try Self.track(input.maintenanceTrackName), relocation: input.availabilityZoneRelocation ?? false,
      multiAZ: input.multiAZ ?? false, tags: try ClusterRules.tags(input.tags))
    let made = try await begin(record, scope)
    return CreateClusterOutput(cluster: try await shape(made, context))
  }

  /// Writes a new cluster down, where its name is free and its groups exist, and starts its making.
  func begin(_ record: ClusterRecord, _ scope: Scope) async throws -> ClusterRecord {
    let now = house.clock.now()
    let made = try await keys.write { transaction in
      var record = record
      guard try transaction.get(ClusterRecord.key(scope, record.identifier)) == nil else {
        throw RedshiftError.clusterAlreadyExistsFault("Cluster already exists")
      }
      guard try transaction.entries(ClusterRecord.all(scope)).count < ClusterLimits.clustersMax else {
        throw RedshiftError.clusterQuotaExceededFault(
          "The request would result in the account exceeding its cluster quota of \(ClusterLimits.clustersMax).")
      }
      record.appliedParameters = try transaction.parameterValues(scope, record.parameterGroup)
      if let group = record.subnetGroup { _ = try transaction.subnetGroup(scope, group) }
      try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
      try EventRecord.tell(
        transaction, scope, .cluster, record.identifier, "Cluster \(record.identifier) creation has started.", at: now,
        categories: ["management"], id: "REDSHIFT-EVENT-2000")
      return record
    }
    await goOn(scope, made)
    return made
  }

  /// - Returns: what is kept of the password, and the ARN of its secret where Redshift manages it.
  func masterPassword(
    _ password: String?, managed: Bool?, user: String, subject: String, _ scope: Scope
  ) throws -> (PasswordVerifier, String?) {
    if managed == true {
      // Terraform sends an empty one with it.
      guard password?.isEmpty ?? true else {
        throw RedshiftError.invalidParameterCombination(
          "MasterUserPassword can't be specified when ManageMasterPassword is true.")
      }
      let made = "Tn1" + house.random.bytes(24).hex
      let arn = ARN(
        service: "secretsmanager", scope.region, scope.account,
        "secret:redshift!\(subject)-\(house.random.bytes(3).hex)")
      return (PasswordVerifier(password: made, user: user, random: house.random), arn.description)
    }
    guard let password else {
      throw RedshiftError.invalidParameterCombination(
        "The parameter MasterUserPassword must be provided unless ManageMasterPassword is true.")
    }
    try ClusterRules.password(password)
    return (PasswordVerifier(password: password, user: user, random: house.random), nil)
  }

  static func refuseUnsupported(hsm: String?, elasticIP: String?, schedule: String?, version: String?) throws {
    if let hsm {
      throw RedshiftError.hsmConfigurationNotFoundFault("HSM configuration \(hsm) not found.")
    }
    if let elasticIP {
      throw RedshiftError.invalidElasticIpFault("The Elastic IP (EIP) \(elasticIP) is invalid or cannot be found.")
    }
    if let schedule {
      throw RedshiftError.snapshotScheduleNotFoundFault("Snapshot schedule \(schedule) not found.")
    }
    guard version ?? "1.0" == "1.0" else {
      throw RedshiftError.invalidParameterValue("Invalid cluster version \(version ?? ""). Only 1.0 is available.")
    }
  }

  static func track(_ name: String?) throws -> String {
    let track = (name ?? "current").lowercased()
    guard ["current", "trailing"].contains(track) else {
      throw RedshiftError.invalidClusterTrackFault("The provided cluster track name is not valid.")
    }
    return track
  }

  /// A window for those that name none: AWS draws one; here it follows from the name.
  static func window(_ identifier: String) -> String {
    let sum = identifier.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][sum % 7]
    let hour = 3 + sum / 7 % 8
    let from = hour < 10 ? "0\(hour)" : "\(hour)"
    return "\(day):\(from):00-\(day):\(from):30"
  }

  /// What AWS calls the key of clusters that are encrypted with none of the user's own.
  static let ownedKey = "AWS_OWNED_KMS_KEY"
}
