import Kernel
import LambdaModel
import Logging

/// All sandboxes: idle ones are used again, new ones are started within the limits, old ones are ended.
actor SandboxPool {
  private let tools: SandboxTools
  private let log: Logger
  private var idle: [(sandbox: Sandbox, since: Timestamp)] = []
  /// Sandboxes that there are or are being started, and the memory of their functions.
  private var count = 0
  private var memoryMiB = 0
  private var running: [FunctionKey: Int] = [:]
  private var isStopped = false
  private var busy: [ObjectIdentifier: Sandbox] = [:]

  struct FunctionKey: Hashable, Sendable {
    var scope: Scope
    var name: String
  }

  init(_ tools: SandboxTools, log: Logger) {
    self.tools = tools
    self.log = log
  }

  /// Sandboxes at this moment, idle ones included.
  var size: Int { count }

  /// What became of an event, and of the sandbox that was started for it.
  struct Run: Sendable {
    var report: Sandbox.Report
    var stream: String
    /// How long the code took to come up, where it had to.
    var initDuration: Duration?
    /// Events that the function worked on when this one began, itself included.
    var concurrency = 1
  }

  /// Runs one event.
  /// - Parameters:
  ///   - reserved: the most events that the function may work on at once.
  ///   - make: makes the invocation, once its time begins.
  /// - Throws: TooManyRequestsException; what starting a sandbox throws.
  func run(
    _ plan: SandboxPlan, reserved: Int?, _ make: @Sendable (Timestamp) -> Invocation
  ) async throws -> Run {
    let key = FunctionKey(scope: plan.function.scope, name: plan.function.name)
    guard running[key, default: 0] < reserved ?? .max else {
      throw Self.throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
    }
    running[key, default: 0] += 1
    let concurrency = running[key, default: 1]
    defer {
      running[key, default: 1] -= 1
      if running[key] == 0 { running[key] = nil }
    }
    var initDuration: Duration?
    let sandbox: Sandbox
    if let warm = takeIdle(plan.key) {
      sandbox = warm
      busy[ObjectIdentifier(warm)] = warm
    } else {
      let began = tools.clock.now()
      sandbox = try await startNew(plan)
      busy[ObjectIdentifier(sandbox)] = sandbox
      if let problem = await sandbox.comeUp() {
        await dispose(sandbox)
        return Run(
          report: problem, stream: sandbox.stream, initDuration: tools.clock.now() - began,
          concurrency: concurrency)
      }
      initDuration = tools.clock.now() - began
    }
    let report = await sandbox.run(make(tools.clock.now()))
    if sandbox.isUsable, !isStopped {
      busy[ObjectIdentifier(sandbox)] = nil
      idle.append((sandbox, tools.clock.now()))
    } else {
      await dispose(sandbox)
    }
    return Run(report: report, stream: sandbox.stream, initDuration: initDuration, concurrency: concurrency)
  }

  private static func throttled(_ reason: String) -> AWSError {
    LambdaError.tooManyRequestsException(
      "Rate Exceeded.", details: [.init("Reason", reason), .init("Type", "User")], headers: [.init("Retry-After", "1")])
  }

  private func takeIdle(_ key: String) -> Sandbox? {
    // The one that was used last: the others may become old and end.
    while let index = idle.lastIndex(where: { $0.sandbox.plan.key == key }) {
      let found = idle.remove(at: index).sandbox
      if found.isUsable { return found }
      Task { await self.dispose(found) }
    }
    return nil
  }

  private func startNew(_ plan: SandboxPlan) async throws -> Sandbox {
    guard !isStopped else { throw Self.throttled("ConcurrentInvocationLimitExceeded") }
    while count >= Limits.sandboxesMax || memoryMiB + plan.version.memoryMiB > Limits.sandboxMemoryMiBMax {
      guard !idle.isEmpty else { throw Self.throttled("ConcurrentInvocationLimitExceeded") }
      await dispose(idle.removeFirst().sandbox)
    }
    count += 1
    memoryMiB += plan.version.memoryMiB
    do {
      return try await Sandbox.start(plan, tools)
    } catch {
      count -= 1
      memoryMiB -= plan.version.memoryMiB
      throw error
    }
  }

  private func dispose(_ sandbox: Sandbox) async {
    busy[ObjectIdentifier(sandbox)] = nil
    await sandbox.end()
    count -= 1
    memoryMiB -= sandbox.plan.version.memoryMiB
  }

  // MARK: Tidying

  /// Ends what has been idle for long, and what died meanwhile.
  func tidy() async {
    let now = tools.clock.now()
    for entry in idle { entry.sandbox.drain() }
    let old = idle.filter { now - $0.since >= Limits.idleTime || !$0.sandbox.isUsable }
    idle.removeAll { now - $0.since >= Limits.idleTime || !$0.sandbox.isUsable }
    for entry in old { await dispose(entry.sandbox) }
  }

  /// Ends the idle sandboxes of a function that has gone, or those of its unpublished version, which has changed.
  func forget(_ scope: Scope, _ name: String, latestOnly: Bool = false) async {
    func isGone(_ sandbox: Sandbox) -> Bool {
      sandbox.plan.function.scope == scope && sandbox.plan.function.name == name
        && (!latestOnly || sandbox.plan.version.version == FunctionName.latest)
    }
    let gone = idle.filter { isGone($0.sandbox) }
    idle.removeAll { isGone($0.sandbox) }
    for entry in gone { await dispose(entry.sandbox) }
  }

  /// Ends all sandboxes; what they work on fails.
  func stop() async {
    isStopped = true
    let waiting = idle
    idle = []
    for entry in waiting { await dispose(entry.sandbox) }
    for sandbox in busy.values { await sandbox.end() }
  }
}
