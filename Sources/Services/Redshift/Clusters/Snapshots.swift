public import Kernel
public import RedshiftModel
import Storage

extension RedshiftService {
  public func createClusterSnapshot(_ input: CreateClusterSnapshotInput, _ context: RequestContext) async throws
    -> CreateClusterSnapshotOutput
  {
    let (scope, now, copy) = (context.scope, house.clock.now(), house.random.uuid())
    let name = try ClusterRules.identifier(
      input.snapshotIdentifier, "SnapshotIdentifier", max: ClusterLimits.groupNameCharactersMax)
    let cluster = input.clusterIdentifier.lowercased()
    try await context.authorize(
      "redshift:CreateClusterSnapshot", on: SnapshotRecord.arn(scope, cluster: cluster, name))
    let tags = try ClusterRules.tags(input.tags)
    let asked = try input.manualSnapshotRetentionPeriod.map { try ClusterRules.retention(manual: $0) }
    let record = try await keys.write { transaction in
      let source = try transaction.cluster(scope, cluster)
      guard source.status == .available else {
        throw RedshiftError.invalidClusterStateFault(
          "Cannot create the snapshot because cluster \(source.identifier) is not available.")
      }
      try SnapshotRecord.begin(
        transaction, scope, of: source, name: name, copy: copy,
        retentionDays: asked ?? source.manualRetentionDays, tags: tags, at: now)
      return try transaction.snapshot(scope, name)
    }
    await makeSnapshot(scope, record)
    return CreateClusterSnapshotOutput(snapshot: record.shape(scope, now: now))
  }

  /// Takes the copy behind the call, after what else is under way with the cluster.
  func makeSnapshot(_ scope: Scope, _ record: SnapshotRecord) async {
    let (name, copy) = (record.name, record.copy)
    await house.job(
      record.cluster.namespace,
      failed: { _ in try? await self.changeSnapshot(scope, name, copy: copy) { $0.status = .failed } }
    ) { try await self.takeSnapshot(scope, cluster: record.cluster.identifier, name) }
  }

  /// Copies the namespace and says so. Does nothing for a snapshot that is done or gone.
  func takeSnapshot(_ scope: Scope, cluster: String, _ name: String) async throws {
    let found = try await keys.read { try $0.get(SnapshotRecord.key(scope, name), as: SnapshotRecord.self) }
    guard let record = found, record.status == .creating else { return }
    let bytes = try await house.keeping.snapshot(record.cluster.settings(scope), as: record.copy)
    let now = house.clock.now()
    try await changeSnapshot(scope, name, copy: record.copy) {
      $0.status = .available
      $0.bytes = bytes
      $0.ended = now
    }
  }

  private func changeSnapshot(
    _ scope: Scope, _ name: String, copy: String, _ change: @escaping @Sendable (inout SnapshotRecord) -> Void
  ) async throws {
    let now = house.clock.now()
    try await keys.write { transaction in
      let key = SnapshotRecord.key(scope, name)
      guard var record = try transaction.get(key, as: SnapshotRecord.self), record.copy == copy else { return }
      change(&record)
      try transaction.set(key, record: record)
      try EventRecord.tell(
        transaction, scope, .snapshot, name, "Snapshot \(name) of cluster \(record.cluster.identifier) is "
          + "\(record.status.rawValue).", at: now, categories: ["management"],
        id: record.status == .failed ? EventRecord.snapshotFailed : "REDSHIFT-EVENT-3001")
    }
  }

  /// Copies that a crash interrupted are made again.
  func recoverSnapshots() async throws {
    let kept = try await keys.read { reader in
      try reader.entries(SnapshotRecord.everywhere).compactMap { entry -> (Scope, SnapshotRecord)? in
        guard let scope = Self.scope(entry.key) else { return nil }
        return (scope, try KeyRecord.decode(SnapshotRecord.self, entry.value))
      }
    }
    for (scope, record) in kept where record.status == .creating { await makeSnapshot(scope, record) }
  }

  public func describeClusterSnapshots(
    _ input: DescribeClusterSnapshotsInput, _ context: RequestContext
  ) async throws -> DescribeClusterSnapshotsOutput {
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize("redshift:DescribeClusterSnapshots", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    if let owner = input.ownerAccount, owner != scope.account.digits {
      return DescribeClusterSnapshotsOutput(snapshots: [])
    }
    var wanted = input.snapshotIdentifier
    if let arn = input.snapshotArn { wanted = try Self.snapshotName(arn) }
    let (name, identifier) = (wanted, input.clusterIdentifier)
    let all = try await keys.read { reader -> [SnapshotRecord] in
      if let name { return [try reader.snapshot(scope, name, of: identifier)] }
      if let identifier, input.clusterExists == true { _ = try reader.cluster(scope, identifier) }
      return try reader.records(SnapshotRecord.all(scope), as: SnapshotRecord.self)
    }
    let chosen = all.filter { record in
      (identifier == nil || record.cluster.identifier == identifier?.lowercased())
        && (input.snapshotType.map { $0 == record.type } ?? true)
        && (input.startTime.map { record.created >= $0 } ?? true)
        && (input.endTime.map { record.created <= $0 } ?? true)
        && Self.tags(record.tags, match: input.tagKeys, input.tagValues)
    }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.name }
    return DescribeClusterSnapshotsOutput(
      marker: page.marker, snapshots: page.items.map { $0.shape(scope, now: now) })
  }

  static func snapshotName(_ arn: String) throws -> String {
    guard let parsed = ARN(arn), parsed.service == "redshift", parsed.resource.hasPrefix("snapshot:"),
      let name = parsed.resource.split(separator: "/").last
    else { throw RedshiftError.invalidParameterValue("Invalid snapshot ARN: \(arn)") }
    return String(name)
  }

  public func modifyClusterSnapshot(_ input: ModifyClusterSnapshotInput, _ context: RequestContext) async throws
    -> ModifyClusterSnapshotOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    let retention = try input.manualSnapshotRetentionPeriod.map { try ClusterRules.retention(manual: $0) }
    let found = try await keys.read { try $0.snapshot(scope, input.snapshotIdentifier) }
    try await context.authorize("redshift:ModifyClusterSnapshot", on: found.arn(scope))
    let changed = try await keys.write { transaction in
      var record = try transaction.snapshot(scope, input.snapshotIdentifier)
      guard record.isAutomated != true else {
        throw RedshiftError.invalidClusterSnapshotStateFault(
          "Cannot modify the snapshot \(record.name) because only manual snapshots may be modified.")
      }
      if let retention { record.retentionDays = retention }
      if let expires = record.expires, expires <= now, input.force != true {
        throw RedshiftError.invalidRetentionPeriodFault(
          "The new retention period would delete the snapshot at once; set Force to do so.")
      }
      try transaction.set(SnapshotRecord.key(scope, record.name), record: record)
      return record
    }
    return ModifyClusterSnapshotOutput(snapshot: changed.shape(scope, now: now))
  }

  /// The same copy by another name, which stays when the schedule lets its own go.
  public func copyClusterSnapshot(_ input: CopyClusterSnapshotInput, _ context: RequestContext) async throws
    -> CopyClusterSnapshotOutput
  {
    let source = try await keys.read {
      try $0.snapshot(context.scope, input.sourceSnapshotIdentifier, of: input.sourceSnapshotClusterIdentifier)
    }
    try await context.authorize("redshift:CopyClusterSnapshot", on: source.arn(context.scope))
    // AWS copies automated snapshots only; manual ones stay what they are.
    guard source.isAutomated == true, source.status == .available else {
      throw RedshiftError.invalidClusterSnapshotStateFault(
        "Cannot copy the snapshot \(source.name) because only automated snapshots may be copied.")
    }
    let (scope, now) = (context.scope, house.clock.now())
    let name = try ClusterRules.identifier(
      input.targetSnapshotIdentifier, "TargetSnapshotIdentifier", max: ClusterLimits.groupNameCharactersMax)
    let retention = try input.manualSnapshotRetentionPeriod.map { try ClusterRules.retention(manual: $0) }
    let copied = try await keys.write { transaction in
      let current = try transaction.snapshot(scope, source.name)
      try SnapshotRecord.begin(
        transaction, scope, of: current.cluster, name: name, copy: current.copy,
        retentionDays: retention ?? current.cluster.manualRetentionDays, tags: current.tags, at: now)
      var record = try transaction.snapshot(scope, name)
      (record.status, record.bytes, record.created, record.ended) = (
        .available, current.bytes, current.created, current.ended
      )
      try transaction.set(SnapshotRecord.key(scope, name), record: record)
      return record
    }
    return CopyClusterSnapshotOutput(snapshot: copied.shape(scope, now: now))
  }

  public func deleteClusterSnapshot(_ input: DeleteClusterSnapshotInput, _ context: RequestContext) async throws
    -> DeleteClusterSnapshotOutput
  {
    let scope = context.scope
    let record = try await deleteSnapshot(
      input.snapshotIdentifier, of: input.snapshotClusterIdentifier, "redshift:DeleteClusterSnapshot", context)
    var shape = record.shape(scope, now: house.clock.now())
    shape.status = "deleted"
    return DeleteClusterSnapshotOutput(snapshot: shape)
  }

  private func deleteSnapshot(
    _ name: String, of cluster: String?, _ action: String, _ context: RequestContext
  ) async throws -> SnapshotRecord {
    let scope = context.scope
    let found = try await keys.read { try $0.snapshot(scope, name, of: cluster) }
    try await context.authorize(action, on: found.arn(scope))
    let gone = try await keys.write { transaction in
      let record = try transaction.snapshot(scope, name, of: cluster)
      guard record.status != .creating else {
        throw RedshiftError.invalidClusterSnapshotStateFault(
          "Cannot delete the snapshot \(record.name) because it is not in an available state.")
      }
      let restores = try transaction.records(ClusterRecord.all(scope), as: ClusterRecord.self)
      guard !restores.contains(where: { $0.restoredFrom?.copy == record.copy && $0.restoredFrom?.isDone == false })
      else {
        throw RedshiftError.invalidClusterSnapshotStateFault(
          "Cannot delete the snapshot \(record.name) because a cluster is being restored from it.")
      }
      guard record.isAutomated != true else {
        throw RedshiftError.invalidClusterSnapshotStateFault(
          "Cannot delete the snapshot \(record.name) because only manual snapshots may be deleted.")
      }
      try transaction.forget(record, scope)
      return record
    }
    try await house.dropCopies()
    return gone
  }

  public func batchDeleteClusterSnapshots(
    _ input: BatchDeleteClusterSnapshotsInput, _ context: RequestContext
  ) async throws -> BatchDeleteClusterSnapshotsOutput {
    guard input.identifiers.count <= ClusterLimits.snapshotsPerBatchMax else {
      throw RedshiftError.batchDeleteRequestSizeExceededFault(
        "At most \(ClusterLimits.snapshotsPerBatchMax) snapshots can be deleted at a time.")
    }
    var (done, failed): ([String], [SnapshotErrorMessage]) = ([], [])
    for entry in input.identifiers {
      do {
        let record = try await deleteSnapshot(
          entry.snapshotIdentifier, of: entry.snapshotClusterIdentifier, "redshift:BatchDeleteClusterSnapshots",
          context)
        done.append(record.name)
      } catch let error as AWSError where error.fault == .sender {
        failed.append(
          SnapshotErrorMessage(
            snapshotIdentifier: entry.snapshotIdentifier, snapshotClusterIdentifier: entry.snapshotClusterIdentifier,
            failureCode: error.code, failureReason: error.message))
      }
    }
    return BatchDeleteClusterSnapshotsOutput(resources: done, errors: failed)
  }

  // MARK: Copies that nothing names any more

  static let dropped = Key("redshift-dropped-copy")

  /// Notes in the transaction that forgets a copy that its bytes are to go.
  static func dropLater(_ copy: String, _ transaction: any KeyTransaction) throws {
    try transaction.set(dropped.appending(copy), [])
  }

  /// Deletes snapshots that are past their time.
  package func expireSnapshots() async throws {
    let now = house.clock.now()
    try await keys.write { transaction in
      for entry in try transaction.entries(SnapshotRecord.everywhere) {
        let record = try KeyRecord.decode(SnapshotRecord.self, entry.value)
        guard record.status != .creating, let scope = Self.scope(entry.key),
          try Self.expires(record, scope, transaction).map({ $0 <= now }) == true
        else { continue }
        try transaction.forget(record, scope)
      }
    }
    try await house.dropCopies()
  }
}
