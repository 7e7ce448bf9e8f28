import Foundation
import Kernel
import LambdaModel
import Processes

/// What sandboxes are made with.
struct SandboxTools: Sendable {
  var code: CodeStore
  var catalog: RuntimeCatalog
  var sessions: any RoleSessions
  var clock: any WallClock
  var random: any RandomSource
  /// Where sandboxes have their folders.
  var folder: String
  /// Its threads start the processes, and stay as long as they do.
  var starter: BlockingPool
  /// Where SDKs in functions find this server.
  var endpoint: @Sendable () -> String

  static let serviceName = "lambda.amazonaws.com"
}

/// One process of one version of a function, which works on one event at a time.
final class Sandbox: Sendable {
  let plan: SandboxPlan
  let stream: String
  let created: Timestamp
  private let tools: SandboxTools
  private let folder: String
  private let desk: RuntimeDesk
  private let endpoint: RuntimeEndpoint
  private let process: ChildProcess
  private let peakBytes = Locked(0)

  /// What became of one event.
  struct Report: Sendable {
    var outcome: InvocationOutcome
    var lines: [String]
    var duration: Duration
    var maxMemoryMiB: Int
  }

  private init(
    _ plan: SandboxPlan, stream: String, tools: SandboxTools, folder: String, desk: RuntimeDesk,
    endpoint: RuntimeEndpoint, process: ChildProcess
  ) {
    self.plan = plan
    self.stream = stream
    self.tools = tools
    self.folder = folder
    self.desk = desk
    self.endpoint = endpoint
    self.process = process
    created = tools.clock.now()
  }

  /// Unpacks the code, takes on the role and starts the process. It has not come up when this returns.
  /// - Throws: `AWSError`; `ChildProcess.StartFailure`.
  static func start(_ plan: SandboxPlan, _ tools: SandboxTools) async throws -> Sandbox {
    let id = tools.random.bytes(16).hex
    let folder = "\(tools.folder)/\(id)"
    let (task, layers, temporary) = ("\(folder)/task", "\(folder)/opt", "\(folder)/tmp")
    var program = try tools.catalog.program(for: plan.version.runtime, task: task)
    guard let role = ARN(plan.version.role) else { throw LambdaError.roleNotUsable }
    let credentials: TemporaryCredentials
    do {
      credentials = try await tools.sessions.credentials(
        role: role, for: SandboxTools.serviceName, session: plan.function.name, seconds: Limits.credentialSeconds)
    } catch is AWSError {
      throw LambdaError.roleNotUsable
    }
    var endpoint: RuntimeEndpoint?
    do {
      try await tools.code.files.run {
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
      }
      try await tools.code.unpack(plan.version.code, into: task)
      for layer in plan.version.layers ?? [] { try await tools.code.unpack(layer.code, into: layers) }
      // A custom runtime may come in a layer.
      if plan.version.runtime.hasPrefix("provided"), access(program.path, F_OK) != 0,
        access("\(layers)/bootstrap", F_OK) == 0
      {
        program.path = "\(layers)/bootstrap"
      }
      let desk = RuntimeDesk()
      let opened = try await RuntimeEndpoint.open(desk, random: tools.random)
      endpoint = opened
      let day = CivilTime(tools.clock.now())
      let stream = "\(day.year)/\(two(day.month))/\(two(day.day))/[\(plan.version.version)]\(id)"
      let environment = plan.environment(
        task: task, layers: layers, temporary: temporary, runtimeFolder: tools.catalog.folder, api: opened.address,
        stream: stream,
        endpoint: tools.endpoint(), credentials: credentials)
      let limit = Program.Limit(
        addressBytes: program.boundsAddressSpace ? UInt64(plan.memoryBytes + Limits.addressSlackBytes) : 0,
        fileBytes: UInt64(plan.version.ephemeralMiB) << 20, filesOpen: UInt64(Limits.filesOpenMax),
        // As on AWS: the code's folder is for reading, and nothing but the temporary one for writing, which code
        // may call by its usual name.
        writableFolders: [temporary, "/tmp", "/dev/null", "/dev/shm"])
      let started = program
      let process = try await tools.starter.run {
        try ChildProcess.start(
          Program(
            path: started.path, arguments: started.arguments, environment: environment, folder: task, limit: limit),
          linesBytesMax: Limits.outputBytesMax)
      }
      return Sandbox(
        plan, stream: stream, tools: tools, folder: folder, desk: desk, endpoint: opened, process: process)
    } catch {
      endpoint?.close()
      await remove(folder, tools)
      throw error
    }
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func remove(_ folder: String, _ tools: SandboxTools) async {
    // What cannot be removed now is removed at the next start.
    try? await tools.code.files.run { try FileManager.default.removeItem(atPath: folder) }
  }

  /// Waits until the function's code has come up.
  /// - Returns: `nil`, or what happened instead; the sandbox is of no use then.
  func comeUp() async -> Report? {
    let began = tools.clock.now()
    let seconds = max(Limits.initSeconds, plan.version.timeoutSeconds)
    let watch = Task { await self.watch(until: began + .seconds(seconds)) }
    let problem = await desk.waitUntilReady()
    watch.cancel()
    guard let problem else { return nil }
    process.drain()
    return Report(
      outcome: problem, lines: process.takeLines(all: true), duration: tools.clock.now() - began,
      maxMemoryMiB: memoryMiB())
  }

  /// Lets the function work on one event.
  func run(_ invocation: Invocation) async -> Report {
    let began = tools.clock.now()
    let watch = Task { await self.watch(until: invocation.deadline) }
    let outcome = await desk.run(invocation)
    watch.cancel()
    let duration = tools.clock.now() - began
    note(process.usage().bytes)
    // A function's output is written before its answer.
    process.drain()
    return Report(
      outcome: outcome, lines: process.takeLines(all: !isUsable), duration: duration, maxMemoryMiB: memoryMiB())
  }

  /// Whether it can take a further event.
  var isUsable: Bool {
    process.ended() == nil && !desk.hasEnded && tools.clock.now() - created < Limits.sandboxLifetime
  }

  /// Takes what an idle process writes, so that it need not wait.
  func drain() { process.drain() }

  /// Ends the process and removes its folder.
  func end() async {
    process.kill()
    desk.end(.exited(-SIGKILL))
    endpoint.close()
    // The kernel ends a killed process within moments; its end is taken note of here, so that it does not stay.
    for _ in 0..<500 where process.ended() == nil { try? await Task.sleep(for: .milliseconds(2)) }
    await Self.remove(folder, tools)
  }

  // MARK: Watching

  /// Looks at the process until it ends, breaks a limit or the time is over.
  private func watch(until deadline: Timestamp) async {
    while true {
      let next = min(deadline, tools.clock.now() + Limits.watchBusy)
      guard (try? await tools.clock.sleep(until: next)) != nil else { return }
      process.drain()
      if let code = process.ended() {
        // What it wrote last.
        process.drain()
        return desk.end(.exited(code))
      }
      if tools.clock.now() >= deadline {
        desk.end(.timedOut)
        return process.kill()
      }
      let usage = process.usage()
      note(usage.bytes)
      if usage.bytes > plan.memoryBytes || usage.processes > Limits.processesMax {
        desk.end(.outOfMemory)
        return process.kill()
      }
    }
  }

  private func note(_ bytes: Int) { peakBytes.withLock { $0 = max($0, bytes) } }
  private func memoryMiB() -> Int { min(plan.version.memoryMiB, (peakBytes.withLock { $0 } + (1 << 20) - 1) >> 20) }
}
