import Kernel
import Logging
import RedshiftModel
import Storage

/// The work behind a cluster's statuses. Each step may be done again: a crash in the middle of one leaves the status
/// that began it, and the next start does it over.
extension RedshiftService {
  /// Starts what the cluster's status says is under way.
  func goOn(_ scope: Scope, _ record: ClusterRecord) async {
    let (identifier, namespace) = (record.identifier, record.namespace)
    await house.job(
      namespace,
      failed: { _ in
        _ = try? await self.change(scope, identifier, of: namespace) { cluster, _ in cluster.status = .failed }
      }
    ) {
      // A rename may have moved it since.
      guard let current = try await self.find(scope, namespace) else { return }
      switch current.status {
      case .creating: try await self.make(scope, current)
      case .modifying, .resizing, .rebooting, .resuming: try await self.restart(scope, current)
      case .pausing: try await self.pause(scope, current)
      case .finalSnapshot, .deleting: try await self.remove(scope, current)
      case .available, .paused, .failed: break
      }
    }
  }

  func find(_ scope: Scope, _ namespace: String) async throws -> ClusterRecord? {
    try await keys.read { reader in
      try reader.records(ClusterRecord.all(scope), as: ClusterRecord.self).first { $0.namespace == namespace }
    }
  }

  /// Changes a cluster's record, if it is still the same cluster.
  func change(
    _ scope: Scope, _ identifier: String, of namespace: String,
    _ change: @escaping @Sendable (inout ClusterRecord, any KeyTransaction) throws -> Void
  ) async throws -> ClusterRecord? {
    try await keys.write { transaction in
      let key = ClusterRecord.key(scope, identifier)
      guard var record = try transaction.get(key, as: ClusterRecord.self), record.namespace == namespace else {
        return nil
      }
      try change(&record, transaction)
      try transaction.set(key, record: record)
      return record
    }
  }

  private func make(_ scope: Scope, _ record: ClusterRecord) async throws {
    if let restored = record.restoredFrom {
      try await house.keeping.restore(
        restored.copy, encryptionKey: restored.encryptionKey.flatMap { [UInt8](hexadecimal: $0) },
        as: record.settings(scope))
    } else {
      try await house.keeping.create(record.settings(scope))
    }
    let message = "Cluster \(record.identifier) was created and is ready for use."
    try await listen(scope, record, message, "REDSHIFT-EVENT-2001")
  }

  /// Closes and opens again, with the parameters that stand now.
  private func restart(_ scope: Scope, _ record: ClusterRecord) async throws {
    await house.open.close(record.namespace)
    if let former = record.formerKey {
      try await house.keeping.encrypt(record.settings(scope), from: former.key.flatMap { [UInt8](hexadecimal: $0) })
    }
    let now = record.status
    let fresh = try await change(scope, record.identifier, of: record.namespace) { record, transaction in
      record.formerKey = nil
      record.appliedParameters = try transaction.parameterValues(scope, record.parameterGroup)
    }
    guard let fresh else { return }
    let (message, id) =
      switch now {
      case .rebooting: ("Cluster \(record.identifier) was rebooted.", "REDSHIFT-EVENT-2009")
      case .resuming: ("Cluster \(record.identifier) was resumed.", "REDSHIFT-EVENT-2024")
      default: ("Cluster \(record.identifier) was modified.", "REDSHIFT-EVENT-2010")
      }
    try await listen(scope, fresh, message, id)
  }

  private func listen(_ scope: Scope, _ record: ClusterRecord, _ message: String, _ event: String) async throws {
    let port = try await house.open.open(
      record.settings(scope), port: record.boundPort ?? record.port, options: record.endpointOptions,
      setsPassword: record.passwordIsNew)
    let now = house.clock.now()
    _ = try await change(scope, record.identifier, of: record.namespace) { record, transaction in
      record.status = .available
      record.passwordIsNew = false
      record.boundPort = port
      if record.restoredFrom?.isDone == false {
        record.restoredFrom?.isDone = true
        record.restoredFrom?.ended = now
      }
      try EventRecord.tell(
        transaction, scope, .cluster, record.identifier, message, at: now, categories: ["management"], id: event)
    }
  }

  /// Listens again after a start, at the port that clients know.
  func reopen(_ scope: Scope, _ record: ClusterRecord) async {
    do {
      let port = try await house.open.open(
        record.settings(scope), port: record.boundPort ?? record.port, options: record.endpointOptions)
      guard port != record.boundPort || record.status != .available else { return }
      _ = try await change(scope, record.identifier, of: record.namespace) { record, _ in
        record.boundPort = port
        record.status = .available
      }
    } catch {
      house.logger.error(
        "a cluster cannot be opened", metadata: ["cluster": "\(record.identifier)", "error": "\(error)"])
      _ = try? await change(scope, record.identifier, of: record.namespace) { record, _ in record.status = .failed }
    }
  }

  private func pause(_ scope: Scope, _ record: ClusterRecord) async throws {
    await house.open.close(record.namespace)
    let now = house.clock.now()
    _ = try await change(scope, record.identifier, of: record.namespace) { record, transaction in
      record.status = .paused
      try EventRecord.tell(
        transaction, scope, .cluster, record.identifier, "Cluster \(record.identifier) was paused.", at: now,
        categories: ["management"], id: "REDSHIFT-EVENT-2023")
    }
  }

  private func remove(_ scope: Scope, _ record: ClusterRecord) async throws {
    await house.open.close(record.namespace)
    if record.status == .finalSnapshot, let name = record.finalSnapshot {
      try await takeSnapshot(scope, cluster: record.identifier, name)
      _ = try await change(scope, record.identifier, of: record.namespace) { record, _ in record.status = .deleting }
    }
    try await house.keeping.drop(record.namespace)
    let now = house.clock.now()
    try await keys.write { transaction in
      let key = ClusterRecord.key(scope, record.identifier)
      guard try transaction.get(key, as: ClusterRecord.self)?.namespace == record.namespace else { return }
      try transaction.delete(key)
      try TemporaryPasswords.forget(record.namespace, transaction)
      for limit in try transaction.records(ClusterUsageLimitRecord.all(scope), as: ClusterUsageLimitRecord.self)
      where limit.cluster == record.identifier {
        try transaction.delete(ClusterUsageLimitRecord.key(scope, limit.id))
      }
      for snapshot in try transaction.records(SnapshotRecord.all(scope), as: SnapshotRecord.self)
      where snapshot.isAutomated == true && snapshot.cluster.namespace == record.namespace {
        try transaction.forget(snapshot, scope)
      }
      try EventRecord.tell(
        transaction, scope, .cluster, record.identifier, "Cluster \(record.identifier) was deleted.", at: now,
        categories: ["management"], id: "REDSHIFT-EVENT-2003")
    }
    try await house.dropCopies()
  }
}
