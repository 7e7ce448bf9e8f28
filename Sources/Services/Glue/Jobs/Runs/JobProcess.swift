import Foundation
import Kernel
import Logging
import Processes
import Storage

/// One attempt of a run as a process of its own: its folder, its environment, its limits, its end.
struct JobProcess: Sendable {
  let house: JobHouse
  let record: JobRunRecord
  let scope: Scope
  /// What the process shows when it speaks to us.
  let token: String

  private var folder: String { "\(house.ground.folder)/\(record.id)" }

  /// Runs it to its end.
  /// - Returns: the record with the state that it ended in; its time is not set yet.
  /// - Throws: `AWSError` for what hinders the start; `CancellationError`.
  func run() async throws -> JobRunRecord {
    let (scope, name) = (scope, record.job)
    let job = try await house.catalog.keys.read { try $0.job(name, scope) }
    let program: Program
    do {
      program = try await prepare(job)
    } catch {
      await remove()
      throw error
    }
    var running = record
    (running.state, running.began, running.changed) = (.running, house.clock.now(), house.clock.now())
    try await house.change(running, scope)
    let process: ChildProcess
    do {
      process = try await house.starter.run {
        try ChildProcess.start(program, linesBytesMax: JobLimits.outputBytesMax)
      }
    } catch let failure as ChildProcess.StartFailure {
      await remove()
      throw JobRules.invalid("The job's process could not be started: \(failure.text).")
    }
    let ending = await watch(process, job)
    let over = await conclude(running, ending)
    await remove()
    return over
  }

  // MARK: Before

  private func prepare(_ job: JobRecord) async throws -> Program {
    let runtime = house.ground.runtime
    guard let python = runtime.python else {
      throw JobRules.invalid("Python for Glue jobs is not set up here: run ./tarn setup.")
    }
    let usesSpark = job.command.name == "glueetl" || job.command.name == "gluestreaming"
    if usesSpark, runtime.spark == nil { throw JobRules.invalid("Spark is not set up here: run ./tarn setup.") }
    if job.command.name == "glueray" {
      throw JobRules.invalid("Ray is not installed here: jobs of the command glueray cannot run.")
    }
    guard let role = GlueRoles.arns(job.role, scope).first else { throw JobRules.invalid("The job has no role.") }
    let (credentials, acting) = try await credentials(role)
    house.running.withLock { $0[record.id]?.role = acting }
    let (folder, temporary) = (folder, folder + "/tmp")
    let description = try JSONEncoder().encode(
      Description(job: job, run: record, runtime: runtime, scope: scope))
    try await house.files.run {
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
      try description.write(to: URL(fileURLWithPath: folder + "/run.json"))
    }
    let address = await house.address.wait()
    let environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "TMPDIR": temporary, "LANG": "C.UTF-8",
      "PYTHONPATH": runtime.packages, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
      "AWS_ACCESS_KEY_ID": credentials.accessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.secretAccessKey,
      "AWS_SESSION_TOKEN": credentials.sessionToken, "AWS_REGION": scope.region.code,
      "AWS_DEFAULT_REGION": scope.region.code, "AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true",
      "TARN_GLUE_DIR": folder, "TARN_GLUE_RUN": folder + "/run.json", "TARN_GLUE_TOKEN": token,
      "TARN_GLUE_CONTROL": "\(address)/_tarn/glue/runs/\(record.id)",
    ]
    return Program(
      path: python, arguments: ["-m", "tarn_glue.launch"], environment: environment, folder: folder,
      limit: Program.Limit(
        fileBytes: JobLimits.fileBytesMax, filesOpen: UInt64(JobLimits.filesOpenMax),
        writableFolders: [folder, "/dev/null", "/dev/shm", "/dev/tty"],
        readableFolders: Self.systemFolders + runtime.folders), separatesErrors: true)
  }

  /// What a program needs of the system: no home, no data folder.
  private static let systemFolders = [
    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc", "/opt", "/proc", "/sys", "/dev",
    "/var/lib/ca-certificates", "/run/systemd/resolve",
  ]

  private func credentials(_ role: ARN) async throws -> (TemporaryCredentials, RequestContext) {
    do {
      let credentials = try await house.ground.sessions.credentials(
        role: role, for: GlueRoles.service, session: "GlueJobRunnerSession", seconds: JobLimits.credentialSeconds)
      return (credentials, try await house.acting(role, scope))
    } catch is AWSError {
      throw JobRules.invalid(
        "Role \(role) should be given assume role permissions for Glue Service.")
    }
  }

  /// What the process reads of itself.
  private struct Description: Encodable {
    var command: String
    var jobName: String
    var runId: String
    var attempt: Int
    var script: String
    var pythonVersion: String
    var glueVersion: String
    var arguments: [String: String]
    var cores: Int
    var memoryMegabytes: Int
    var sparkHome: String?
    var jars: [String]
    var sparkMaster: String
    var region: String
    var account: String
    var catalogId: String
    var timeoutSeconds: Int

    init(job: JobRecord, run: JobRunRecord, runtime: JobRuntime, scope: Scope) {
      command = job.command.name
      (jobName, runId, attempt) = (job.name, run.id, run.attempt)
      script = job.command.script
      pythonVersion = job.command.pythonVersion ?? "3"
      glueVersion = run.glueVersion
      arguments = (job.arguments ?? [:]).merging(run.arguments ?? [:]) { $1 }
        .merging(job.fixedArguments ?? [:]) { $1 }
      // The names by which scripts and workflows find each other.
      if let workflow = run.workflow, let workflowRun = run.workflowRun {
        arguments["--WORKFLOW_NAME"] = workflow
        arguments["--WORKFLOW_RUN_ID"] = workflowRun
      }
      cores = runtime.cores(for: run.capacity)
      memoryMegabytes = runtime.memoryMiB(for: run.capacity)
      sparkHome = runtime.spark
      jars = runtime.jars
      sparkMaster = runtime.master ?? "local[\(cores)]"
      (region, account, catalogId) = (scope.region.code, scope.account.digits, scope.account.digits)
      timeoutSeconds = run.timeout * 60
    }
  }

  // MARK: Meanwhile

  private enum Ending {
    case ended(Int32)
    case timedOut
    case outOfMemory
    case stopped
  }

  /// Looks at the process until it ends, breaks a limit or is told to stop.
  private func watch(_ process: ChildProcess, _ job: JobRecord) async -> Ending {
    let clock = house.clock
    let deadline = record.timeout > 0 ? clock.now() + .seconds(Int64(record.timeout) * 60) : nil
    // A virtual machine has memory beside its heap.
    let slack = job.command.name == "pythonshell" ? 0 : JobLimits.memorySlackMiB
    let memory = (house.ground.runtime.memoryMiB(for: record.capacity) + slack) << 20
    var ending: Ending?
    while true {
      process.drain()
      tell(process, job, all: false)
      if let code = process.ended() {
        process.drain()
        tell(process, job, all: true)
        return ending ?? .ended(code)
      }
      if ending == nil {
        if Task.isCancelled {
          ending = .stopped
        } else if let deadline, clock.now() >= deadline {
          ending = .timedOut
        } else if process.usage().bytes > memory {
          ending = .outOfMemory
        }
        if ending != nil { process.kill() }
      }
      // Cancelled or not, the end is waited for: a killed process ends within moments.
      await Task { try? await clock.sleep(for: JobLimits.watchEvery) }.value
    }
  }

  /// Hands on what it has written.
  private func tell(_ process: ChildProcess, _ job: JobRecord, all: Bool) {
    let now = house.clock.now()
    let writer = GlueRoles.arns(job.role, scope).first.map {
      LogEventBatch.Writer(role: $0, service: GlueRoles.service, session: "GlueJobRunnerSession")
    }
    for (group, lines) in [
      ("output", process.takeLines(all: all)), ("error", process.takeErrorLines(all: all)),
    ] where !lines.isEmpty {
      house.ground.lines.record(
        LogEventBatch(
          scope: scope, group: record.logGroup(group), stream: record.id,
          events: lines.map { LogEventBatch.Event(time: now, message: $0) }, writer: writer))
    }
  }

  // MARK: Afterwards

  /// What the launcher writes at its end.
  private struct Result: Decodable {
    var state: String
    var error: String?
  }

  private func conclude(_ running: JobRunRecord, _ ending: Ending) async -> JobRunRecord {
    var over = running
    switch ending {
    case .stopped: over.state = .stopped
    case .timedOut:
      over.state = .timeout
      over.error = "Job run exceeded its timeout of \(record.timeout) minutes."
    case .outOfMemory:
      over.state = .failed
      over.error = "Command failed with exit code 137: the job run used more memory than its workers have."
    case .ended(let code):
      let path = folder + "/result.json"
      let result = try? await house.files.run {
        try JSONDecoder().decode(Result.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
      }
      if code == 0, result?.state == "SUCCEEDED" {
        over.state = .succeeded
      } else {
        over.state = .failed
        let text = result?.error ?? "Command failed with exit code \(code < 0 ? 128 - code : code)"
        over.error = String(text.prefix(JobLimits.errorCharactersMax))
      }
    }
    return over
  }

  private func remove() async {
    let folder = folder
    // What cannot be removed now is removed at the next start.
    try? await house.files.run { try FileManager.default.removeItem(atPath: folder) }
  }
}

extension JobRunRecord {
  /// The group that AWS writes a run's lines to.
  /// - Parameter kind: `output` or `error`.
  func logGroup(_ kind: String) -> String {
    let isShell = capacity.workers == nil && capacity.units <= 1
    return "/aws-glue/\(isShell ? "python-jobs" : "jobs")/\(kind)"
  }
}
