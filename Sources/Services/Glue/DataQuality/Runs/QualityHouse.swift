import DataQuality
import Engine
import Foundation
import GlueModel
import Kernel
import Lake
import Logging
import Storage

/// Starts and stops runs of data quality, and keeps what became of them.
///
/// A run is in the key store before it begins and after it ends, with its results in the same write. One that the end
/// of the process interrupted is told as failed when the server starts again (`recover`).
final class QualityHouse: Sendable {
  let ground: QualityGround
  let catalog: GlueCatalog
  let clock: any WallClock
  let random: any RandomSource
  let roles: GlueRoles

  private struct Place: Hashable {
    var scope: Scope
    var id: String
  }
  private let running = Locked<[Place: Task<Void, Never>]>([:])
  private let isClosing = Locked(false)

  init(ground: QualityGround, catalog: GlueCatalog, clock: any WallClock, random: any RandomSource) {
    self.ground = ground
    self.catalog = catalog
    self.clock = clock
    self.random = random
    roles = GlueRoles(broker: ground.roles)
  }

  /// An id as AWS makes them: a front and forty hexadecimal digits.
  func id(_ front: String) -> String {
    let digits = (random.uuid() + random.uuid()).filter { $0 != "-" }
    return front + digits.prefix(40)
  }

  /// A context with the rights of a run's role.
  func acting(_ run: RunRecord, _ scope: Scope) async throws -> RequestContext {
    guard let arn = ARN(run.roleARN) else { throw CatalogError.invalidInput("No role.") }
    let principal: Principal
    do {
      principal = try await ground.roles.assume(role: arn, for: GlueRoles.service, session: "GlueDataQuality")
    } catch is AWSError {
      throw CatalogError.invalidInput("Service is unable to assume role \(arn). Please verify role's TrustPolicy")
    }
    return RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(), userAgent: GlueRoles.service,
      authorizer: ground.authorizer)
  }

  // MARK: Runs

  /// Writes a run down and begins it. A call that is repeated with its token gets the run that it began.
  /// - Returns: the run's id.
  /// - Throws: `ConflictException` for a token of another run, and where too many are under way;
  ///   what `check` throws.
  func start(
    _ run: RunRecord, _ scope: Scope, check: @escaping @Sendable (any KeyReader, QualityKeys) throws -> Void
  ) async throws -> String {
    let keys = QualityKeys(scope: scope)
    let known: String? = try await catalog.keys.write { transaction in
      if let token = run.clientToken, let bytes = try transaction.get(keys.token(token)),
        let earlier = try transaction.get(keys.run(String(decoding: bytes, as: UTF8.self)), as: RunRecord.self)
      {
        guard earlier.asksAsMuchAs(run) else {
          throw GlueError.conflictException("The client token was used for another run.")
        }
        return earlier.id
      }
      try check(transaction, keys)
      let open = Key("glueQualityOpen", scope.account.digits, scope.region.code).subtree
      guard try transaction.entries(open).count < DataQualityLimits.runsAtOnceMax else {
        throw GlueError.conflictException(
          "The number of data quality runs under way exceeds the limit of \(DataQualityLimits.runsAtOnceMax).")
      }
      try transaction.add(run, keys)
      return nil
    }
    if let known { return known }
    let place = Place(scope: scope, id: run.id)
    // The lock is held until the task is noted: it cannot end before.
    running.withLock { running in
      running[place] = Task { [self] in
        await carryOut(run, scope)
        self.running.withLock { _ = $0.removeValue(forKey: place) }
      }
    }
    return run.id
  }

  /// - Throws: `EntityNotFoundException`; `InvalidInputException` for a run that is over.
  func cancel(_ id: String, _ kind: RunRecord.Kind, _ scope: Scope) async throws {
    let keys = QualityKeys(scope: scope)
    let now = clock.now()
    try await catalog.keys.write { transaction in
      var run = try transaction.run(id, kind, keys)
      guard !run.state.isOver else {
        throw CatalogError.invalidInput("Run \(id) is in state \(run.state.rawValue) and cannot be cancelled.")
      }
      (run.state, run.modified) = (.stopping, now)
      try transaction.set(keys.run(id), record: run)
    }
    running.withLock { $0[Place(scope: scope, id: id)]?.cancel() }
  }

  private func carryOut(_ begun: RunRecord, _ scope: Scope) async {
    var run = begun
    var outcome = RunOutcome()
    do {
      run = try await move(run, to: .running, scope)
      outcome = try await withinTime(run, scope)
      run = outcome.run ?? run
      run.state = .succeeded
    } catch {
      run.state = Self.state(after: error, isCancelled: Task.isCancelled)
      if run.state == .failed || run.state == .timeout { run.error = Self.message(error) }
      if isClosing.withLock({ $0 }), run.state == .stopped {
        (run.state, run.error) = (.failed, Self.interrupted)
      }
      outcome = RunOutcome()
    }
    (run.completed, run.modified) = (clock.now(), clock.now())
    let (over, found) = (run, outcome)
    // A cancelled task may not write; the end is written by one that is not.
    await Task { [self] in
      do {
        try await end(over, found, scope)
      } catch {
        ground.logger.error("a data quality run's end could not be kept", metadata: ["error": "\(error)"])
      }
    }.value
  }

  private struct Stopped: Error {}
  private struct TimedOut: Error {}
  private static let interrupted = "The server stopped while the run was under way."

  private static func state(after error: any Error, isCancelled: Bool) -> RunRecord.State {
    if error is TimedOut { return .timeout }
    return isCancelled || error is Stopped || error is CancellationError ? .stopped : .failed
  }

  private static func message(_ error: any Error) -> String {
    switch error {
    case is TimedOut: "The run exceeded its timeout."
    case let error as AWSError: "\(error.message) (\(error.code))"
    case let error as EngineError: error.message
    case let error as TableScan.Unreadable: error.description
    case let error as RulesetError: error.description
    case let error as SparkSQL.Refused: error.description
    case let error as RunFailure: error.message
    default: "\(error)"
    }
  }

  private func move(_ run: RunRecord, to state: RunRecord.State, _ scope: Scope) async throws -> RunRecord {
    let keys = QualityKeys(scope: scope)
    let now = clock.now()
    return try await catalog.keys.write { transaction in
      var present = try transaction.run(run.id, run.kind, keys)
      // A stop that came before the task was noted had nothing to cancel.
      guard present.state == .starting else { throw Stopped() }
      (present.state, present.modified) = (state, now)
      try transaction.set(keys.run(run.id), record: present)
      return present
    }
  }

  private func withinTime(_ run: RunRecord, _ scope: Scope) async throws -> RunOutcome {
    try await withThrowingTaskGroup(of: RunOutcome.self) { group in
      group.addTask { [self] in
        let work = RunWork(house: self, run: run, scope: scope, context: try await acting(run, scope))
        return try await run.kind == .evaluation ? work.evaluate() : work.recommend()
      }
      group.addTask { [clock] in
        try await clock.sleep(for: .seconds(Int64(run.timeout).saturatingMultiply(60)))
        throw TimedOut()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  private func end(_ run: RunRecord, _ outcome: RunOutcome, _ scope: Scope) async throws {
    let keys = QualityKeys(scope: scope)
    try await catalog.keys.write { transaction in
      var over = run
      // A stop that came when the work was done is a stop all the same, and nothing of the work is kept.
      let isStopped = try transaction.run(run.id, run.kind, keys).state == .stopping
      if isStopped, run.state == .succeeded { (over.state, over.results) = (.stopped, []) }
      if over.state == .succeeded {
        for result in outcome.results { try transaction.add(result, keys) }
        for profile in outcome.profiles { try transaction.add(profile, keys) }
        if let ruleset = outcome.ruleset, try transaction.get(keys.ruleset(ruleset.name)) == nil {
          try transaction.set(keys.ruleset(ruleset.name), record: ruleset)
        }
      }
      try transaction.end(over, keys)
    }
    if run.state == .succeeded { ground.metrics.record(outcome.samples) }
  }

  /// Ends what the end of the process interrupted.
  func recover() async throws {
    let now = clock.now()
    try await catalog.keys.write { transaction in
      for entry in try transaction.entries(QualityKeys.allOpen) {
        guard let elements = entry.key.elements, elements.count == 4, let account = elements[1].string,
          let scopeAccount = AccountID(account), let region = elements[2].string, let id = elements[3].string
        else { continue }
        let keys = QualityKeys(scope: Scope(account: scopeAccount, region: Region(region)))
        guard var run = try transaction.get(keys.run(id), as: RunRecord.self), !run.state.isOver else {
          try transaction.delete(entry.key)
          continue
        }
        if run.state == .stopping {
          run.state = .stopped
        } else {
          (run.state, run.error) = (.failed, Self.interrupted)
        }
        (run.completed, run.modified) = (now, now)
        try transaction.end(run, keys)
      }
    }
  }

  /// Ends the runs that are under way, for a server that stops; each is told as failed.
  func close() async {
    isClosing.withLock { $0 = true }
    let tasks = running.withLock { Array($0.values) }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }
}

/// What a run came to, to be kept in one write.
struct RunOutcome: Sendable {
  /// The run with what it found.
  var run: RunRecord?
  var results: [ResultRecord] = []
  var profiles: [ProfileRecord] = []
  var ruleset: RulesetRecord?
  var samples: [MetricSample] = []
}

/// Why a run failed, in words.
struct RunFailure: Error {
  var message: String
}
