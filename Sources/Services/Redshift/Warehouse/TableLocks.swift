/// Locks on tables, held to the end of a transaction: who changes rows of a table waits for whoever does so already, as
/// in Redshift; readers never wait.
actor TableLocks {
  private struct Waiter {
    var table: Int
    var session: Int
    var wake: CheckedContinuation<Bool, Never>
  }
  private var holders: [Int: Int] = [:]
  private var waiters: [Waiter] = []

  /// Waits until the session has the table.
  /// - Throws: `SQLFailure` `40P01` when sessions would wait for one another for ever, `57014` when cancelled.
  func lock(_ table: Int, for session: Int, named name: String) async throws(SQLFailure) {
    guard let holder = holders[table] else {
      holders[table] = session
      return
    }
    if holder == session { return }
    // Follow who waits for whom: a way back to this session would be a deadlock.
    var next: Int? = holder
    var steps = 0
    while let current = next, steps <= waiters.count {
      if current == session {
        throw SQLFailure("40P01", "deadlock detected", detail: "Process \(session) waits for a lock on \(name).")
      }
      next = waiters.first { $0.session == current }.flatMap { holders[$0.table] }
      steps += 1
    }
    let got = await withCheckedContinuation { wake in
      waiters.append(Waiter(table: table, session: session, wake: wake))
    }
    if !got { throw SQLFailure.cancelled }
  }

  /// Takes the table if nobody else has it.
  func lockIfFree(_ table: Int, for session: Int) -> Bool {
    guard let holder = holders[table] else {
      holders[table] = session
      return true
    }
    return holder == session
  }

  /// The session's transaction is over.
  func release(_ session: Int) {
    for (table, holder) in holders where holder == session {
      if let index = waiters.firstIndex(where: { $0.table == table }) {
        let waiter = waiters.remove(at: index)
        holders[table] = waiter.session
        waiter.wake.resume(returning: true)
      } else {
        holders[table] = nil
      }
    }
  }

  /// The session gives up waiting.
  func giveUp(_ session: Int) {
    while let index = waiters.firstIndex(where: { $0.session == session }) {
      waiters.remove(at: index).wake.resume(returning: false)
    }
  }

  /// Tables that are locked, and by which sessions.
  var held: [(table: Int, session: Int)] { holders.map { ($0.key, $0.value) } }
}
