import Kernel
import SQL

/// Refreshes the materialized views with AUTO REFRESH YES of one namespace: after changes of their tables, when their
/// streams have new records, and now and then where their rows lie in the lake.
actor ViewKeeper {
  private weak var warehouse: Warehouse?
  private let clock: any WallClock
  private var loop: Task<Void, Never>?
  private var passes = 0
  /// How many transactions had written when a view was looked at last.
  private var seen: [Int: Int] = [:]
  /// Views whose last refresh failed: how often, and the pass that tries again.
  private var failed: [Int: (times: Int, next: Int)] = [:]

  init(clock: any WallClock) { self.clock = clock }

  func start(_ warehouse: Warehouse) {
    guard loop == nil else { return }
    self.warehouse = warehouse
    loop = Task { [clock] in
      while !Task.isCancelled {
        guard (try? await clock.sleep(for: .seconds(WarehouseLimits.viewsLookedAtEverySeconds))) != nil else { return }
        await self.pass()
      }
    }
  }

  func stop() async {
    loop?.cancel()
    await loop?.value
    loop = nil
  }

  private func pass() async {
    guard let warehouse else { return }
    await refreshDue(in: warehouse)
  }

  /// Refreshes what is due.
  func refreshDue(in warehouse: Warehouse) async {
    passes += 1
    let catalog = warehouse.catalog
    // A view that others read is older than they are.
    let views = catalog.relations.values.filter { $0.form == .materializedView && $0.autoRefresh }
      .sorted { $0.id < $1.id }
    for view in views where !Task.isCancelled && (failed[view.id]?.next ?? 0) <= passes {
      let writes = warehouse.writes
      let marks = view.materialization
      if marks?.lakeStamp != nil {
        guard passes % WarehouseLimits.lakeLookedAtEveryPasses == 0 else { continue }
      } else if marks?.stream == nil {
        guard seen[view.id] != writes else { continue }
      }
      do {
        try await warehouse.refreshByItself(view)
        seen[view.id] = writes
        failed[view.id] = nil
      } catch {
        let times = (failed[view.id]?.times ?? 0) + 1
        failed[view.id] = (times, passes + min(1 << min(times, 9), WarehouseLimits.viewRetryPassesMax))
      }
    }
  }
}

extension Warehouse {
  /// Refreshes the views that refresh themselves and are due, and returns when that is done.
  package func refreshDueViews() async { await keeper.refreshDue(in: self) }

  /// Refreshes a view with its owner's rights, where there is something new.
  fileprivate func refreshByItself(_ view: CatalogRelation) async throws {
    guard let owner = catalog.users[view.owner], let schema = catalog.schemas[view.schema],
      let database = catalog.databases[schema.database], let session = ownSession(owner, database)
    else { return }
    do {
      try await session.begin()
      if try await session.needsRefresh(view.id) { try await session.refresh(view.id, isAutomatic: true) }
    } catch {
      await session.close()
      throw error
    }
    await session.close()
  }
}

extension WarehouseSession {
  /// Looks without changing anything. What lies in the lake is looked at by the refresh itself.
  fileprivate func needsRefresh(_ id: Int) async throws -> Bool {
    guard let view = catalog.relations[id] else { return false }
    return try await isStale(view)
  }
}
