import AWSWire
public import Kernel
public import RedshiftServerlessModel
import Storage

/// A snapshot of a serverless namespace as it is kept.
struct ServerlessSnapshotRecord: Codable, Sendable {
  enum Status: String, Codable, Sendable {
    case creating = "CREATING"
    case available = "AVAILABLE"
    case failed = "FAILED"
  }

  var name: String
  var id: String
  /// The copy of the namespace: a UUID.
  var copy: String
  var status: Status
  var created: Timestamp
  var bytes: Int64 = 0
  /// -1 keeps it for good.
  var retentionDays: Int
  var retentionStart: Timestamp
  var tags: [String: String]
  var namespace: NamespaceRecord
  /// A document that lets other accounts restore it.
  var policy: String?

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("redshift-serverless-snapshot", scope.account.digits, scope.region.code, name)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-serverless-snapshot", scope.account.digits, scope.region.code).subtree
  }
  static let everywhere = Key("redshift-serverless-snapshot").subtree

  func arn(_ scope: Scope) -> ARN { ARN(service: "redshift-serverless", scope.region, scope.account, "snapshot/\(id)") }

  var expires: Timestamp? { retentionDays < 0 ? nil : retentionStart + .seconds(Int64(retentionDays) * 86_400) }

  static func begin(
    _ transaction: any KeyTransaction, _ scope: Scope, of namespace: NamespaceRecord, name: String, id: String,
    copy: String, retentionDays: Int?, tags: [String: String], at now: Timestamp
  ) throws {
    guard try transaction.get(key(scope, name)) == nil else {
      throw RedshiftServerlessError.conflictException("Snapshot \(name) already exists.")
    }
    guard try transaction.entries(all(scope)).count < ServerlessLimits.snapshotsMax else {
      throw RedshiftServerlessError.serviceQuotaExceededException("The quota of snapshots is exceeded.")
    }
    let days = retentionDays ?? -1
    guard days == -1 || ClusterLimits.manualRetentionDays.contains(days) else {
      throw RedshiftServerlessError.validationException("retentionPeriod must be -1 or between 1 and 3653.")
    }
    try transaction.set(
      key(scope, name),
      record: ServerlessSnapshotRecord(
        name: name, id: id, copy: copy, status: .creating, created: now, retentionDays: days, retentionStart: now,
        tags: tags, namespace: namespace))
  }

  func shape(_ scope: Scope, now: Timestamp) -> Snapshot {
    let megabytes = Double(bytes) / 1_048_576
    var shape = Snapshot(accountsWithProvisionedRestoreAccess: [], accountsWithRestoreAccess: [])
    shape.actualIncrementalBackupSizeInMegaBytes = megabytes
    shape.adminPasswordSecretArn = namespace.secretARN
    shape.adminUsername = namespace.adminUser
    shape.backupProgressInMegaBytes = megabytes
    shape.currentBackupRateInMegaBytesPerSecond = 0
    shape.elapsedTimeInSeconds = 0
    shape.estimatedSecondsToCompletion = status == .creating ? -1 : 0
    shape.kmsKeyId = namespace.kmsKey
    shape.namespaceArn = namespace.arn(scope).description
    shape.namespaceName = namespace.name
    shape.ownerAccount = scope.account.digits
    shape.snapshotArn = arn(scope).description
    shape.snapshotCreateTime = created
    shape.snapshotName = name
    shape.snapshotRemainingDays = expires.map { max(0, Int(($0 - now).milliseconds / 86_400_000)) }
    shape.snapshotRetentionPeriod = retentionDays
    shape.snapshotRetentionStartTime = retentionStart
    shape.status = SnapshotStatus(rawValue: status.rawValue)
    shape.totalBackupSizeInMegaBytes = megabytes
    return shape
  }
}

extension KeyReader {
  func serverlessSnapshot(_ scope: Scope, _ name: String) throws -> ServerlessSnapshotRecord {
    guard let record = try get(ServerlessSnapshotRecord.key(scope, name), as: ServerlessSnapshotRecord.self) else {
      throw RedshiftServerlessError.resourceNotFoundException("The snapshot \(name) does not exist.")
    }
    return record
  }
}

extension ServerlessService {
  public func createSnapshot(_ input: CreateSnapshotInput, _ context: RequestContext) async throws
    -> CreateSnapshotOutput
  {
    let (scope, now, copy, id) = (context.scope, house.clock.now(), house.random.uuid(), house.random.uuid())
    let name = try ServerlessRules.name(input.snapshotName, "snapshotName")
    _ = try await namespace(input.namespaceName, "CreateSnapshot", context)
    let tags = try ServerlessRules.tags(input.tags)
    let record = try await keys.write { transaction in
      let source = try transaction.namespace(scope, input.namespaceName)
      guard source.status == .available else {
        throw RedshiftServerlessError.conflictException("The namespace \(source.name) is not available.")
      }
      try ServerlessSnapshotRecord.begin(
        transaction, scope, of: source, name: name, id: id, copy: copy, retentionDays: input.retentionPeriod,
        tags: tags, at: now)
      return try transaction.serverlessSnapshot(scope, name)
    }
    await makeSnapshot(scope, record)
    return CreateSnapshotOutput(snapshot: record.shape(scope, now: now))
  }

  private func makeSnapshot(_ scope: Scope, _ record: ServerlessSnapshotRecord) async {
    let (name, copy) = (record.name, record.copy)
    await house.job(
      record.namespace.id,
      failed: { _ in try? await self.changeSnapshot(scope, name, copy: copy) { $0.status = .failed } }
    ) { try await self.takeSnapshot(scope, name) }
  }

  func takeSnapshot(_ scope: Scope, _ name: String) async throws {
    let found = try await keys.read {
      try $0.get(ServerlessSnapshotRecord.key(scope, name), as: ServerlessSnapshotRecord.self)
    }
    guard let record = found, record.status == .creating else { return }
    let settings = record.namespace.settings(scope, workgroup: nil)
    let bytes = try await house.keeping.snapshot(settings, as: record.copy)
    try await changeSnapshot(scope, name, copy: record.copy) {
      $0.status = .available
      $0.bytes = bytes
    }
  }

  private func changeSnapshot(
    _ scope: Scope, _ name: String, copy: String,
    _ change: @escaping @Sendable (inout ServerlessSnapshotRecord) -> Void
  ) async throws {
    try await keys.write { transaction in
      let key = ServerlessSnapshotRecord.key(scope, name)
      guard var record = try transaction.get(key, as: ServerlessSnapshotRecord.self), record.copy == copy else {
        return
      }
      change(&record)
      try transaction.set(key, record: record)
    }
  }

  func recoverSnapshots() async throws {
    let kept = try await keys.read { reader in
      try reader.entries(ServerlessSnapshotRecord.everywhere).compactMap {
        entry -> (Scope, ServerlessSnapshotRecord)? in
        guard let scope = RedshiftService.scope(entry.key) else { return nil }
        return (scope, try KeyRecord.decode(ServerlessSnapshotRecord.self, entry.value))
      }
    }
    for (scope, record) in kept where record.status == .creating { await makeSnapshot(scope, record) }
  }

  private func snapshot(
    _ name: String?, arn: String?, _ action: String, _ context: RequestContext
  ) async throws -> ServerlessSnapshotRecord {
    let scope = context.scope
    guard name != nil || arn != nil else {
      throw RedshiftServerlessError.validationException("snapshotName or snapshotArn must be specified.")
    }
    let found = try await keys.read { reader -> ServerlessSnapshotRecord in
      if let name { return try reader.serverlessSnapshot(scope, name) }
      let all = try reader.records(ServerlessSnapshotRecord.all(scope), as: ServerlessSnapshotRecord.self)
      guard let found = all.first(where: { $0.arn(scope).description == arn }) else {
        throw RedshiftServerlessError.resourceNotFoundException("The snapshot \(arn ?? "") does not exist.")
      }
      return found
    }
    try await context.authorize("redshift-serverless:\(action)", on: found.arn(scope))
    return found
  }

  public func getSnapshot(_ input: GetSnapshotInput, _ context: RequestContext) async throws -> GetSnapshotOutput {
    let record = try await snapshot(input.snapshotName, arn: input.snapshotArn, "GetSnapshot", context)
    return GetSnapshotOutput(snapshot: record.shape(context.scope, now: house.clock.now()))
  }

  public func listSnapshots(_ input: ListSnapshotsInput, _ context: RequestContext) async throws
    -> ListSnapshotsOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize("redshift-serverless:ListSnapshots", on: ["*"])
    let all = try await keys.read {
      try $0.records(ServerlessSnapshotRecord.all(scope), as: ServerlessSnapshotRecord.self)
    }
    let chosen = all.filter { record in
      (input.namespaceName.map { $0 == record.namespace.name } ?? true)
        && (input.namespaceArn.map { $0 == record.namespace.arn(scope).description } ?? true)
        && (input.startTime.map { record.created >= $0 } ?? true)
        && (input.endTime.map { record.created <= $0 } ?? true)
        && (input.ownerAccount.map { $0 == scope.account.digits } ?? true)
    }
    let page = Self.page(chosen, after: input.nextToken, limit: input.maxResults) { $0.name }
    return ListSnapshotsOutput(nextToken: page.marker, snapshots: page.items.map { $0.shape(scope, now: now) })
  }

  public func updateSnapshot(_ input: UpdateSnapshotInput, _ context: RequestContext) async throws
    -> UpdateSnapshotOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    _ = try await snapshot(input.snapshotName, arn: nil, "UpdateSnapshot", context)
    let changed = try await keys.write { transaction in
      var record = try transaction.serverlessSnapshot(scope, input.snapshotName)
      if let days = input.retentionPeriod {
        guard days == -1 || ClusterLimits.manualRetentionDays.contains(days) else {
          throw RedshiftServerlessError.validationException("retentionPeriod must be -1 or between 1 and 3653.")
        }
        record.retentionDays = days
        record.retentionStart = now
      }
      try transaction.set(ServerlessSnapshotRecord.key(scope, record.name), record: record)
      return record
    }
    return UpdateSnapshotOutput(snapshot: changed.shape(scope, now: now))
  }

  public func deleteSnapshot(_ input: DeleteSnapshotInput, _ context: RequestContext) async throws
    -> DeleteSnapshotOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    _ = try await snapshot(input.snapshotName, arn: nil, "DeleteSnapshot", context)
    let gone = try await keys.write { transaction in
      let record = try transaction.serverlessSnapshot(scope, input.snapshotName)
      let restores = try transaction.records(NamespaceRecord.all(scope), as: NamespaceRecord.self)
      guard record.status != .creating, !restores.contains(where: { $0.restoring == record.copy }) else {
        throw RedshiftServerlessError.conflictException("There is an operation running on the snapshot.")
      }
      try transaction.delete(ServerlessSnapshotRecord.key(scope, record.name))
      try RedshiftService.dropLater(record.copy, transaction)
      return record
    }
    try await house.dropCopies()
    var shape = gone.shape(scope, now: now)
    shape.status = "DELETED"
    return DeleteSnapshotOutput(snapshot: shape)
  }

  /// Puts a snapshot in the place of all that a namespace holds.
  public func restoreFromSnapshot(_ input: RestoreFromSnapshotInput, _ context: RequestContext) async throws
    -> RestoreFromSnapshotOutput
  {
    let scope = context.scope
    let source = try await snapshot(input.snapshotName, arn: input.snapshotArn, "RestoreFromSnapshot", context)
    if input.manageAdminPassword == true {
      throw RedshiftServerlessError.validationException(
        "manageAdminPassword cannot be changed by a restore; use UpdateNamespace after it.")
    }
    let changed = try await keys.write { transaction in
      var record = try transaction.namespace(scope, input.namespaceName)
      let workgroup = try transaction.workgroup(scope, input.workgroupName)
      guard workgroup.namespace == record.name else {
        throw RedshiftServerlessError.validationException(
          "The workgroup \(workgroup.name) is not associated with the namespace \(record.name).")
      }
      guard record.status == .available, workgroup.status == .available, source.status == .available else {
        throw RedshiftServerlessError.conflictException(
          "There is an operation running on the namespace. Try again later.")
      }
      record.status = .modifying
      record.restoring = source.copy
      // Bytes, users and passwords are the copy's.
      record.encryptionKey = source.namespace.encryptionKey
      record.database = source.namespace.database
      record.adminUser = source.namespace.adminUser
      record.adminPassword = nil
      record.passwordIsNew = false
      record.secretARN = source.namespace.secretARN
      try transaction.set(NamespaceRecord.key(scope, record.name), record: record)
      return record
    }
    await work(scope, changed)
    return RestoreFromSnapshotOutput(
      namespace: changed.shape(scope), ownerAccount: scope.account.digits, snapshotName: source.name)
  }

  /// Deletes snapshots that are past their time.
  func expireSnapshots() async throws {
    let now = house.clock.now()
    try await keys.write { transaction in
      for entry in try transaction.entries(ServerlessSnapshotRecord.everywhere) {
        let record = try KeyRecord.decode(ServerlessSnapshotRecord.self, entry.value)
        guard record.status != .creating, let expires = record.expires, expires <= now else { continue }
        try transaction.delete(entry.key)
        try RedshiftService.dropLater(record.copy, transaction)
      }
    }
    try await house.dropCopies()
  }
}
