import Kernel

/// Lets as many statements of each queue run at once as it has slots, in the order in which they came, and ends those
/// that break their queue's rules.
final class WorkloadManager: Sendable {
  private struct Waiter {
    var ticket: WorkTicket
    var wake: CheckedContinuation<Bool, Never>
  }
  private struct State {
    var configuration: WorkloadConfiguration
    var running: [ObjectIdentifier: WorkTicket] = [:]
    var waiting: [Waiter] = []
    var isWatching = false

    func used(_ serviceClass: Int) -> Int {
      running.values.reduce(0) { $0 + ($1.queue.serviceClass == serviceClass ? $1.slots : 0) }
    }

    /// Whether a statement may begin: its queue has room, nobody wants to be alone, and it is alone if it wants to be.
    func mayBegin(_ ticket: WorkTicket) -> Bool {
      if ticket.isAlone { return running.values.allSatisfy(\.isReturning) }
      if running.values.contains(where: \.isAlone) { return false }
      let queue = ticket.queue
      return used(queue.serviceClass) + ticket.slots <= queue.slots
    }

    /// Takes out the waiting statements that may begin now.
    mutating func begin() -> [Waiter] {
      var begun: [Waiter] = []
      var full: Set<Int> = []
      var index = 0
      while index < waiting.count {
        let waiter = waiting[index]
        let serviceClass = waiter.ticket.queue.serviceClass
        // In a queue nobody overtakes.
        if !full.contains(serviceClass), mayBegin(waiter.ticket) {
          running[ObjectIdentifier(waiter.ticket)] = waiter.ticket
          begun.append(waiter)
          waiting.remove(at: index)
          continue
        }
        if waiter.ticket.isAlone { break }
        full.insert(serviceClass)
        index += 1
      }
      return begun
    }
  }
  private let state: Locked<State>
  private let clock: any WallClock
  private let history: StatementHistory
  private let automaticSlots: Int

  init(memoryBytes: Int, clock: any WallClock, history: StatementHistory) {
    self.clock = clock
    self.history = history
    automaticSlots = min(
      WorkloadLimits.slotsMax,
      max(WorkloadLimits.automaticSlotsMin, memoryBytes / WorkloadLimits.automaticBytesPerSlot))
    state = Locked(State(configuration: .automatic(slots: automaticSlots)))
  }

  var configuration: WorkloadConfiguration { state.withLock { $0.configuration } }

  /// Takes over the parameters of the group or workgroup. What runs goes on in the queue where it is.
  func configure(_ parameters: [String: String]) {
    // What is not legal was refused when it was set; whatever comes, statements run.
    var configuration =
      (try? WorkloadConfiguration(json: parameters["wlm_json_configuration"], automaticSlots: automaticSlots))
      ?? .automatic(slots: automaticSlots)
    configuration.add(limitsOf: parameters)
    let begun = state.withLock { state in
      state.configuration = configuration
      return state.begin()
    }
    wake(begun)
  }

  /// Waits for a slot. Give it back with `release`.
  /// - Throws: `SQLFailure`: the statement was cancelled, or asked for more slots than its queue has.
  func admit(_ ticket: WorkTicket) async throws(SQLFailure) {
    let queue = ticket.queue
    guard ticket.slots <= queue.slots else {
      throw SQLFailure(
        "22023", "wlm_query_slot_count (\(ticket.slots)) exceeds the concurrency of its queue (\(queue.slots))")
    }
    let isIn = state.withLock { state in
      guard !state.waiting.contains(where: { $0.ticket.queue.serviceClass == queue.serviceClass || $0.ticket.isAlone }),
        state.mayBegin(ticket)
      else { return false }
      state.running[ObjectIdentifier(ticket)] = ticket
      return true
    }
    if !isIn {
      watch()
      let got = await withCheckedContinuation { wake in
        let begun = state.withLock { state -> [Waiter]? in
          if ticket.isGivenUp { return nil }
          state.waiting.append(Waiter(ticket: ticket, wake: wake))
          return state.begin()
        }
        if let begun { self.wake(begun) } else { wake.resume(returning: false) }
      }
      guard got else { throw ticket.reason ?? .cancelled }
    }
    ticket.admit(at: clock.now())
    if queue.executionMillisecondsMax > 0 || !queue.rules.isEmpty { watch() }
  }

  /// The statement has ended: the next one may begin.
  func release(_ ticket: WorkTicket) {
    guard ticket.end() else { return }
    // Rules that it has come to break only now are noted; nothing else can be done any more.
    for rule in ticket.newlyMet(ticket.metrics(at: clock.now())) where rule.action == .log { note(rule, ticket) }
    let begun = state.withLock { state in
      state.running[ObjectIdentifier(ticket)] = nil
      return state.begin()
    }
    wake(begun)
  }

  /// The session has ended: whatever it held is free.
  func release(process: Int) {
    let (running, waiting) = tickets
    for ticket in waiting where ticket.process == process { giveUp(ticket) }
    for ticket in running where ticket.process == process { release(ticket) }
  }

  /// The statement waits no longer.
  func giveUp(_ ticket: WorkTicket) {
    ticket.giveUp()
    let gone = state.withLock { state in
      let gone = state.waiting.filter { $0.ticket === ticket }
      state.waiting.removeAll { $0.ticket === ticket }
      return gone
    }
    for waiter in gone { waiter.wake.resume(returning: false) }
  }

  private func wake(_ begun: [Waiter]) {
    for waiter in begun { waiter.wake.resume(returning: true) }
  }

  /// Statements that run, and those that wait.
  var tickets: (running: [WorkTicket], waiting: [WorkTicket]) {
    state.withLock { ($0.running.values.sorted { $0.query < $1.query }, $0.waiting.map(\.ticket)) }
  }

  // MARK: Rules

  /// Looks at statements whose queues have rules or limits, as long as there are some.
  private func watch() {
    let begins = state.withLock { state in
      defer { state.isWatching = true }
      return !state.isWatching
    }
    if begins { Task { await watchUntilIdle() } }
  }

  private func watchUntilIdle() async {
    while true {
      let now = clock.now()
      let deadlines = tickets.running.compactMap(\.deadline)
      let next = now + .milliseconds(WorkloadLimits.watchMilliseconds)
      try? await clock.sleep(until: max(now, deadlines.min().map { min($0, next) } ?? next))
      check()
      let isOver = state.withLock { state in
        let isNeeded =
          !state.waiting.isEmpty
          || state.running.values.contains { !$0.queue.rules.isEmpty || $0.queue.executionMillisecondsMax > 0 }
        if !isNeeded { state.isWatching = false }
        return !isNeeded
      }
      if isOver { return }
    }
  }

  /// Applies rules and limits to what runs and waits now.
  package func check() {
    let now = clock.now()
    let (running, waiting) = tickets
    for ticket in running + waiting {
      // A cancellation that came between two steps of the statement had nothing to end.
      if ticket.reason != nil {
        ticket.cancel()
        continue
      }
      if let deadline = ticket.deadline, deadline <= now {
        hop(ticket) {
          SQLFailure("57014", "Query (\(ticket.query)) cancelled on system's request: WLM timeout")
        }
        continue
      }
      for rule in ticket.newlyMet(ticket.metrics(at: now)) {
        note(rule, ticket)
        let failure = SQLFailure(
          "57014",
          "Query (\(ticket.query)) cancelled by WLM abort action of Query Monitoring Rule \"\(rule.name)\".")
        switch rule.action {
        case .log: continue
        case .priority:
          if let priority = rule.value { ticket.setPriority(priority) }
          continue
        case .hop: hop(ticket) { failure }
        case .abort: end(ticket, failure)
        }
        break
      }
    }
  }

  private func end(_ ticket: WorkTicket, _ failure: SQLFailure) {
    ticket.end(with: failure)
    giveUp(ticket)
  }

  /// Lets a statement go on in the next queue that takes it, or ends it when there is none.
  private func hop(_ ticket: WorkTicket, orEnd failure: () -> SQLFailure) {
    guard ticket.mayHop, ticket.hop() else { return end(ticket, failure()) }
    // It keeps running: the next queue has one more than it should, until it has ended.
    let begun = state.withLock { $0.begin() }
    wake(begun)
  }

  private func note(_ rule: QueryRule, _ ticket: WorkTicket) {
    let queue = ticket.queue
    history.note(
      RuleEvent(
        user: ticket.user, query: ticket.query, serviceClass: queue.serviceClass, queue: queue.name, rule: rule.name,
        action: rule.action.rawValue, value: rule.value ?? "", time: clock.now()))
  }
}

extension WorkloadConfiguration {
  /// A serverless workgroup's limits (`max_query_queue_time`, …) end what breaks them; the endpoint sees to
  /// `max_query_execution_time`.
  mutating func add(limitsOf parameters: [String: String]) {
    let limits: [(name: String, metric: QueryRule.Metric)] = [
      ("max_query_queue_time", .queueTime),
      ("max_query_cpu_time", .cpuTime), ("max_query_blocks_read", .blocksRead), ("max_scan_row_count", .scannedRows),
      ("max_query_cpu_usage_percent", .cpuPercent), ("max_query_temp_blocks_to_disk", .temporaryBlocks),
      ("max_join_row_count", .joinedRows), ("max_nested_loop_join_row_count", .nestedLoopRows),
      ("max_return_row_count", .returnedRows),
    ]
    for limit in limits {
      guard let value = parameters[limit.name].flatMap({ Double($0) }), value > 0 else { continue }
      let rule = QueryRule(
        name: limit.name,
        predicates: [QueryRule.Predicate(metric: limit.metric, comparison: .greater, value: value)], action: .abort)
      for index in queues.indices { queues[index].rules.append(rule) }
    }
  }
}
