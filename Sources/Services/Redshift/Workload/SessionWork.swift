import Engine
import Kernel
import SQL

/// A session's statements on their way through the workload queues.
extension WarehouseSession {
  /// Waits for the statement's slot, once for each statement. To be called right before the engine has to work, when
  /// the locks are there: who waits for a lock holds no slot.
  func admit() async throws {
    if let ticket = work.withLock({ $0 }), ticket.isAdmitted { return }
    let (warehouse, process, engine) = (warehouse, process, engine)
    let read = engine.counters.bytesRead
    let ticket = WorkTicket(
      query: queryID, process: process, user: user.id, queues: workQueues(),
      slots: max(1, settings["wlm_query_slot_count"].flatMap { Int($0) } ?? 1),
      mayHop: ["SELECT", "CTAS"].contains(statementKind), now: warehouse.ground.clock.now()
    ) {
      max(0, engine.counters.bytesRead - read)
    } cancel: { [weak self] ticket in
      self?.cancel(ticket)
    }
    if runsAlone { ticket.runAlone() }
    work.withLock { $0 = ticket }
    warehouse.history.note(queryID) { $0.work = ticket.work }
    try await warehouse.workload.admit(ticket)
    warehouse.history.note(queryID) { $0.work = ticket.work }
  }

  private func workQueues() -> [WorkloadConfiguration.Queue] {
    let configuration = warehouse.workload.configuration
    let group = settings["query_group"] ?? "default"
    let rights = rights
    guard configuration.queues.count > 1 || group.lowercased() == "superuser" else { return configuration.queues }
    let memberships = rights.memberships.filter(\.isGroup).compactMap { catalog.groups[$0.id] }
    return configuration.matching(
      queryGroup: group, groups: Set(memberships.filter { !$0.isRole }.map(\.name)),
      roles: Set(memberships.filter(\.isRole).map(\.name)), isSuperuser: rights.isSuperuser)
  }

  /// Ends the statement that the ticket is of, and no later one.
  private nonisolated func cancel(_ ticket: WorkTicket) {
    guard ticket.whileUnderWay({ engine.cancel() }) else { return }
    warehouse.workload.giveUp(ticket)
    let (locks, process) = (warehouse.locks, process)
    Task { await locks.giveUp(process) }
  }

  /// Gives the statement's slot back.
  func endWork() {
    if let ticket = work.withLock({ $0.take() }) { warehouse.workload.release(ticket) }
  }

  /// Runs a statement; one that finds too little memory beside others runs again when no other does.
  func runWithRoom(
    _ statement: RedshiftStatement, text: String, parameters: [EngineParameter]
  ) async throws -> SQLOutcome {
    do {
      return try await run(statement, text: text, parameters: parameters)
    } catch let error as EngineError where error.kind == .outOfMemory {
      // Within a block the engine has rolled back what came before it.
      guard statement.isRepeatable, !isInBlock, !runsAlone, work.withLock({ $0 }) != nil else { throw error }
      endWork()
      engine.renew()
      runsAlone = true
      defer { runsAlone = false }
      return try await run(statement, text: text, parameters: parameters)
    }
  }

  /// An error in the words of what caused it.
  func worded(_ failure: SQLFailure) -> SQLFailure { Self.worded(failure, queryID, work.withLock { $0 }) }

  static func worded(_ failure: SQLFailure, _ query: Int, _ ticket: WorkTicket?) -> SQLFailure {
    guard failure.sqlState == SQLFailure.cancelled.sqlState else { return failure }
    if let reason = ticket?.reason { return reason }
    guard failure.message == SQLFailure.cancelled.message else { return failure }
    var named = failure
    named.message = "Query (\(query)) cancelled on user's request"
    return named
  }
}

extension RedshiftStatement {
  /// Whether it may be run again after it has failed: it left nothing behind.
  fileprivate var isRepeatable: Bool {
    switch self {
    case .query, .insert, .update, .delete, .merge, .copy, .unload, .createTableAs, .selectInto,
      .createMaterializedView, .refreshMaterializedView:
      true
    default: false
    }
  }
}
