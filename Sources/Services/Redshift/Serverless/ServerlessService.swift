import Kernel
import Logging
import PostgresWire
public import RedshiftServerlessModel
import Storage

/// Amazon Redshift Serverless: namespaces, the workgroups that they are reached through, snapshots and usage limits.
///
/// The handlers stand in extensions, one file an idea.
public final class ServerlessService: RedshiftServerlessAPI {
  let house: WarehouseHouse

  public init(_ house: WarehouseHouse) { self.house = house }

  var keys: any KeyStore { house.keys }

  /// Listens again for the workgroups that were available, and goes on with what was interrupted.
  public func recover() async throws {
    let (namespaces, workgroups) = try await keys.read { reader in
      (
        try reader.entries(NamespaceRecord.everywhere).compactMap { entry -> (Scope, NamespaceRecord)? in
          guard let scope = RedshiftService.scope(entry.key) else { return nil }
          return (scope, try KeyRecord.decode(NamespaceRecord.self, entry.value))
        },
        try reader.entries(WorkgroupRecord.everywhere).compactMap { entry -> (Scope, WorkgroupRecord)? in
          guard let scope = RedshiftService.scope(entry.key) else { return nil }
          return (scope, try KeyRecord.decode(WorkgroupRecord.self, entry.value))
        }
      )
    }
    for (scope, namespace) in namespaces { await work(scope, namespace) }
    await house.jobs.settle()
    await withTaskGroup(of: Void.self) { group in
      for (scope, workgroup) in workgroups {
        if workgroup.status == .available {
          group.addTask { await self.reopen(scope, workgroup) }
        } else {
          await work(scope, workgroup)
        }
      }
    }
    try await recoverSnapshots()
  }

  // MARK: The work behind namespaces

  /// Makes, refills or removes a namespace, as its record says. Each may be done again.
  func work(_ scope: Scope, _ record: NamespaceRecord) async {
    let (name, id) = (record.name, record.id)
    await house.job(id, failed: { _ in }) {
      let key = NamespaceRecord.key(scope, name)
      let found = try await self.keys.read { try $0.get(key, as: NamespaceRecord.self) }
      guard let current = found, current.id == id else { return }
      switch current.status {
      case .deleting: try await self.remove(scope, current)
      case .modifying where current.restoring != nil: try await self.refill(scope, current)
      case .modifying, .available: try await self.settle(scope, current)
      }
    }
  }

  /// Brings the database to what the record says: made, with the admin's password.
  private func settle(_ scope: Scope, _ record: NamespaceRecord) async throws {
    let workgroup = try await keys.read { try $0.workgroup(scope, of: record.name) }
    let settings = record.settings(scope, workgroup: workgroup)
    try await house.keeping.create(settings)
    guard record.status == .modifying || record.passwordIsNew else { return }
    if await house.open.isOpen(record.id) {
      try await house.open.update(settings)
    } else if record.passwordIsNew {
      var former = settings
      former.adminPassword = nil
      let warehouse = try await house.keeping.open(former)
      try await warehouse.update(settings)
      await house.keeping.close(record.id)
    }
    try await change(scope, record.name, of: record.id) {
      $0.status = .available
      $0.passwordIsNew = false
    }
  }

  /// Puts a snapshot's copy in the place of what the namespace holds.
  private func refill(_ scope: Scope, _ record: NamespaceRecord) async throws {
    guard let copy = record.restoring else { return }
    await house.open.close(record.id)
    try await house.keeping.drop(record.id)
    let workgroup = try await keys.read { try $0.workgroup(scope, of: record.name) }
    let settings = record.settings(scope, workgroup: workgroup)
    try await house.keeping.restore(copy, encryptionKey: settings.encryptionKey, as: settings)
    if let workgroup { try await listen(scope, workgroup, record) }
    try await change(scope, record.name, of: record.id) {
      $0.status = .available
      $0.restoring = nil
    }
  }

  private func remove(_ scope: Scope, _ record: NamespaceRecord) async throws {
    await house.open.close(record.id)
    if let name = record.finalSnapshot { try await takeSnapshot(scope, name) }
    try await house.keeping.drop(record.id)
    try await keys.write { transaction in
      let key = NamespaceRecord.key(scope, record.name)
      guard try transaction.get(key, as: NamespaceRecord.self)?.id == record.id else { return }
      try transaction.delete(key)
      try TemporaryPasswords.forget(record.id, transaction)
    }
  }

  func change(
    _ scope: Scope, _ name: String, of id: String, _ change: @escaping @Sendable (inout NamespaceRecord) -> Void
  ) async throws {
    try await keys.write { transaction in
      let key = NamespaceRecord.key(scope, name)
      guard var record = try transaction.get(key, as: NamespaceRecord.self), record.id == id else { return }
      change(&record)
      try transaction.set(key, record: record)
    }
  }

  // MARK: The work behind workgroups

  func work(_ scope: Scope, _ record: WorkgroupRecord) async {
    let (name, id) = (record.name, record.id)
    let namespace = try? await keys.read { try $0.namespace(scope, record.namespace) }
    await house.job(namespace?.id ?? id, failed: { _ in }) {
      let found = try await self.keys.read { reader -> (WorkgroupRecord, NamespaceRecord?)? in
        guard let record = try reader.get(WorkgroupRecord.key(scope, name), as: WorkgroupRecord.self), record.id == id
        else { return nil }
        return (record, try reader.get(NamespaceRecord.key(scope, record.namespace), as: NamespaceRecord.self))
      }
      guard let (current, namespace) = found else { return }
      switch current.status {
      case .creating, .modifying:
        guard let namespace else { return }
        await self.house.open.close(namespace.id)
        try await self.house.keeping.create(namespace.settings(scope, workgroup: current))
        try await self.listen(scope, current, namespace)
      case .deleting:
        if let namespace { await self.house.open.close(namespace.id) }
        try await self.keys.write { transaction in
          try transaction.delete(WorkgroupRecord.key(scope, name))
          let resource = record.arn(scope).description
          for limit in try transaction.records(UsageLimitRecord.all(scope), as: UsageLimitRecord.self)
          where limit.resource == resource {
            try transaction.delete(UsageLimitRecord.key(scope, limit.id))
          }
          for domain in try transaction.records(CustomDomainRecord.all(scope), as: CustomDomainRecord.self)
          where domain.workgroup == name {
            try transaction.delete(CustomDomainRecord.key(scope, domain.domain))
          }
        }
      case .available: break
      }
    }
  }

  private func listen(_ scope: Scope, _ record: WorkgroupRecord, _ namespace: NamespaceRecord) async throws {
    let port = try await house.open.open(
      namespace.settings(scope, workgroup: record), port: record.boundPort ?? record.port,
      options: record.endpointOptions, setsPassword: namespace.passwordIsNew)
    try await keys.write { transaction in
      let key = WorkgroupRecord.key(scope, record.name)
      guard var current = try transaction.get(key, as: WorkgroupRecord.self), current.id == record.id else { return }
      current.boundPort = port
      if current.status != .deleting { current.status = .available }
      try transaction.set(key, record: current)
    }
  }

  private func reopen(_ scope: Scope, _ record: WorkgroupRecord) async {
    do {
      let namespace = try await keys.read { try $0.namespace(scope, record.namespace) }
      try await listen(scope, record, namespace)
    } catch {
      house.logger.error(
        "a workgroup cannot be opened", metadata: ["workgroup": "\(record.name)", "error": "\(error)"])
    }
  }

  // MARK: Paging

  static func page<Item>(_ sorted: [Item], after token: String?, limit: Int?, name: (Item) -> String) -> Page<Item> {
    let most = ServerlessLimits.listDefault
    return Page(sorted, after: token, limit: min(limit ?? most, most), name: name)
  }
}
