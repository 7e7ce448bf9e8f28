import Kernel
import PostgresWire
import RedshiftModel
import Storage

/// A snapshot of a cluster as it is kept.
struct SnapshotRecord: Codable, Sendable {
  enum Status: String, Codable, Sendable { case creating, available, failed }

  var name: String
  /// The copy of the namespace: a UUID.
  var copy: String
  var status: Status
  var created: Timestamp
  var ended: Timestamp?
  var bytes: Int64 = 0
  var retentionDays: Int
  var retentionStart: Timestamp
  var tags: [String: String]
  /// Taken by the schedule; goes with its cluster, or when its time is over.
  var isAutomated: Bool?
  /// The cluster as it was; a restore begins with its settings.
  var cluster: ClusterRecord

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-snapshot", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-snapshot", scope.account.digits, scope.region.code).subtree
  }
  static let everywhere = Key("redshift-snapshot").subtree

  static func arn(_ scope: Scope, cluster: String, _ name: String) -> ARN {
    ARN(service: "redshift", scope.region, scope.account, "snapshot:\(cluster)/\(name)")
  }

  func arn(_ scope: Scope) -> ARN { Self.arn(scope, cluster: cluster.identifier, name) }

  var type: String { isAutomated == true ? "automated" : "manual" }

  /// When it is removed; `nil` for one that stays.
  var expires: Timestamp? { retentionDays < 0 ? nil : retentionStart + .seconds(Int64(retentionDays) * 86_400) }

  /// Writes a snapshot down that is about to be made.
  static func begin(
    _ transaction: any KeyTransaction, _ scope: Scope, of cluster: ClusterRecord, name: String, copy: String,
    retentionDays: Int, tags: [String: String], at now: Timestamp, isAutomated: Bool = false
  ) throws {
    guard try transaction.get(key(scope, name)) == nil else {
      throw RedshiftError.clusterSnapshotAlreadyExistsFault(
        "Cannot create the snapshot because the identifier \(name) already exists.")
    }
    let manual = try transaction.records(all(scope), as: SnapshotRecord.self).count { $0.isAutomated != true }
    guard isAutomated || manual < ClusterLimits.snapshotsMax else {
      throw RedshiftError.clusterSnapshotQuotaExceededFault(
        "The request would exceed the quota of \(ClusterLimits.snapshotsMax) snapshots.")
    }
    try transaction.set(
      key(scope, name),
      record: SnapshotRecord(
        name: name, copy: copy, status: .creating, created: now, retentionDays: retentionDays, retentionStart: now,
        tags: tags, isAutomated: isAutomated ? true : nil, cluster: cluster))
  }

  func shape(_ scope: Scope, now: Timestamp) -> Snapshot {
    let megabytes = Double(bytes) / 1_048_576
    var shape = Snapshot(
      snapshotIdentifier: name, clusterIdentifier: cluster.identifier, snapshotCreateTime: created,
      status: status.rawValue, port: cluster.boundPort ?? cluster.port, availabilityZone: cluster.zone,
      clusterCreateTime: cluster.created, masterUsername: cluster.masterUser, clusterVersion: "1.0",
      engineFullVersion: "1.0.1", snapshotType: type, nodeType: cluster.nodeType, numberOfNodes: cluster.nodes,
      dbName: cluster.database)
    shape.encrypted = cluster.encryptionKey != nil
    shape.encryptedWithHSM = false
    shape.kmsKeyId = cluster.kmsKey
    shape.accountsWithRestoreAccess = []
    shape.ownerAccount = scope.account.digits
    shape.totalBackupSizeInMegaBytes = megabytes
    shape.actualIncrementalBackupSizeInMegaBytes = megabytes
    shape.backupProgressInMegaBytes = megabytes
    shape.currentBackupRateInMegaBytesPerSecond = 0
    shape.estimatedSecondsToCompletion = status == .creating ? -1 : 0
    shape.elapsedTimeInSeconds = max(0, ((ended ?? now) - created).milliseconds / 1000)
    shape.tags = tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) }
    shape.restorableNodeTypes = ClusterLimits.nodeTypes.keys.sorted()
    shape.enhancedVpcRouting = cluster.enhancedRouting
    shape.maintenanceTrackName = cluster.track
    if isAutomated != true {
      shape.manualSnapshotRetentionPeriod = retentionDays
      shape.manualSnapshotRemainingDays = expires.map { max(0, Int(($0 - now).milliseconds / 86_400_000)) }
    }
    shape.snapshotRetentionStartTime = retentionStart
    shape.masterPasswordSecretArn = cluster.secretARN
    shape.snapshotArn = arn(scope).description
    return shape
  }
}

extension KeyTransaction {
  /// Forgets a snapshot. Its bytes go with the last that names them.
  func forget(_ record: SnapshotRecord, _ scope: Scope) throws {
    try delete(SnapshotRecord.key(scope, record.name))
    let others = try records(SnapshotRecord.all(scope), as: SnapshotRecord.self)
    if !others.contains(where: { $0.copy == record.copy }) { try RedshiftService.dropLater(record.copy, self) }
  }
}

extension KeyReader {
  /// - Throws: `ClusterSnapshotNotFound`.
  func snapshot(_ scope: Scope, _ name: String, of cluster: String? = nil) throws -> SnapshotRecord {
    guard let record = try get(SnapshotRecord.key(scope, name.lowercased()), as: SnapshotRecord.self),
      cluster == nil || cluster?.lowercased() == record.cluster.identifier
    else { throw RedshiftError.clusterSnapshotNotFoundFault("Snapshot \(name) not found.") }
    return record
  }
}
