import GlueModel
import Kernel
import Storage

/// A job as it is stored.
struct JobRecord: Codable, Sendable, Hashable {
  struct Command: Codable, Sendable, Hashable {
    var name: String
    var script: String
    var pythonVersion: String?
    var runtime: String?
  }
  struct SourceControl: Codable, Sendable, Hashable {
    var provider: String?
    var repository: String?
    var owner: String?
    var branch: String?
    var folder: String?
    var lastCommit: String?
    var authStrategy: String?
  }

  var name: String
  var mode: String?
  var queues: Bool?
  var description: String?
  var logURI: String?
  /// As it was given: a name, a path and name, or an ARN.
  var role: String
  var concurrentRunsMax: Int
  var command: Command
  var arguments: [String: String]?
  var fixedArguments: [String: String]?
  var connections: [String]?
  var retriesMax: Int
  /// Minutes; 0 for streaming jobs that run until they are stopped.
  var timeout: Int
  var capacity: JobCapacity
  var securityConfiguration: String?
  var notifyDelayAfter: Int?
  var glueVersion: String
  var executionClass: String?
  var sourceControl: SourceControl?
  var maintenanceWindow: String?
  var created: Timestamp
  var updated: Timestamp

  static func key(_ scope: Scope, _ name: String) -> Key {
    Key("glue", scope.account.digits, scope.region.code, "job", name)
  }
  static func all(_ scope: Scope) -> KeyRange { Key("glue", scope.account.digits, scope.region.code, "job").subtree }

  static func arn(_ name: String, _ scope: Scope) -> ARN {
    ARN(service: "glue", scope.region, scope.account, "job/\(name)")
  }

  /// Whether the two say the same, whenever they were written.
  func isSame(as other: JobRecord) -> Bool {
    var copy = other
    (copy.created, copy.updated) = (created, updated)
    return self == copy
  }

  var shape: Job {
    var job = Job(name: name)
    job.jobMode = mode.map { JobMode(rawValue: $0) }
    job.jobRunQueuingEnabled = queues
    job.description = description
    job.logUri = logURI
    job.role = role
    job.createdOn = created
    job.lastModifiedOn = updated
    job.executionProperty = ExecutionProperty(maxConcurrentRuns: concurrentRunsMax)
    job.command = JobCommand(
      name: command.name, scriptLocation: command.script, pythonVersion: command.pythonVersion,
      runtime: command.runtime)
    job.defaultArguments = arguments
    job.nonOverridableArguments = fixedArguments
    job.connections = connections.map { ConnectionsList(connections: $0) }
    job.maxRetries = retriesMax
    job.allocatedCapacity = capacity.allocated
    job.timeout = timeout
    job.maxCapacity = capacity.units
    job.workerType = capacity.workerType.map { WorkerType(rawValue: $0) }
    job.numberOfWorkers = capacity.workers
    job.securityConfiguration = securityConfiguration
    job.notificationProperty = notifyDelayAfter.map { NotificationProperty(notifyDelayAfter: $0) }
    job.glueVersion = glueVersion
    job.executionClass = executionClass.map { ExecutionClass(rawValue: $0) }
    if let source = sourceControl {
      var details = SourceControlDetails()
      details.provider = source.provider.map { SourceControlProvider(rawValue: $0) }
      details.repository = source.repository
      details.owner = source.owner
      details.branch = source.branch
      details.folder = source.folder
      details.lastCommitId = source.lastCommit
      details.authStrategy = source.authStrategy.map { SourceControlAuthStrategy(rawValue: $0) }
      job.sourceControlDetails = details
    }
    job.maintenanceWindow = maintenanceWindow
    return job
  }
}

/// How much a run gets, and what AWS would bill it by.
package struct JobCapacity: Codable, Sendable, Hashable {
  /// Data processing units in all.
  var units: Double
  var workerType: String?
  var workers: Int?

  package init(units: Double, workerType: String? = nil, workers: Int? = nil) {
    (self.units, self.workerType, self.workers) = (units, workerType, workers)
  }

  /// What older answers show beside: whole units.
  var allocated: Int { Int(clamping: Int64(units)) }

  /// Data processing units of one worker. Source: AWS Glue, "Worker types".
  static let unitsOfWorker: [String: Double] = [
    "Standard": 1, "G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8, "G.12X": 12, "G.16X": 16, "R.1X": 1,
    "R.2X": 2, "R.4X": 4, "R.8X": 8, "Z.2X": 2,
  ]
}

/// One attempt of a run as it is stored.
struct JobRunRecord: Codable, Sendable, Hashable {
  enum State: String, Codable, Sendable {
    case starting = "STARTING"
    case running = "RUNNING"
    case stopping = "STOPPING"
    case stopped = "STOPPED"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
    case timeout = "TIMEOUT"
    case error = "ERROR"
    case waiting = "WAITING"

    var isOver: Bool {
      switch self {
      case .starting, .running, .stopping, .waiting: false
      case .stopped, .succeeded, .failed, .timeout, .error: true
      }
    }
    /// Whether it counts against the job's concurrent runs.
    var isActive: Bool { self == .starting || self == .running || self == .stopping }
  }

  var id: String
  var job: String
  var attempt: Int
  var previous: String?
  var trigger: String?
  /// The workflow's name and run, for a run that a workflow began.
  var workflow: String?
  var workflowRun: String?
  var state: State
  var started: Timestamp
  /// When its process began.
  var began: Timestamp?
  var changed: Timestamp
  var completed: Timestamp?
  /// As they were given for the run.
  var arguments: [String: String]?
  var error: String?
  /// Runs of other jobs whose end let a trigger start this one.
  var predecessors: [Predecessor]?
  var capacity: JobCapacity
  var timeout: Int
  var securityConfiguration: String?
  var notifyDelayAfter: Int?
  var executionClass: String?
  var glueVersion: String
  var queues: Bool?
  var mode: String?
  var maintenanceWindow: String?
  /// Where it puts what it has not published: prefixes, removed at its end.
  var staging: [String]?

  struct Predecessor: Codable, Sendable, Hashable {
    var job: String
    var run: String
  }

  /// Whole seconds that its process ran.
  func seconds(now: Timestamp) -> Int {
    guard let began else { return 0 }
    return max(0, Int(clamping: ((completed ?? now) - began).milliseconds / 1000))
  }

  /// Glue bills by the second, a minute at the least.
  static let billedSecondsMin = 60

  func shape(now: Timestamp, detail: String?) -> JobRun {
    var run = JobRun(id: id)
    run.attempt = attempt
    run.previousRunId = previous
    run.triggerName = trigger
    run.jobName = job
    run.jobMode = mode.map { JobMode(rawValue: $0) }
    run.jobRunQueuingEnabled = queues
    run.startedOn = started
    run.lastModifiedOn = changed
    run.completedOn = completed
    run.jobRunState = JobRunState(rawValue: state.rawValue)
    run.arguments = arguments
    run.errorMessage = error
    run.predecessorRuns = (predecessors ?? []).map { GlueModel.Predecessor(jobName: $0.job, runId: $0.run) }
    run.allocatedCapacity = capacity.allocated
    let seconds = seconds(now: now)
    run.executionTime = seconds
    run.timeout = timeout
    run.maxCapacity = capacity.units
    run.workerType = capacity.workerType.map { WorkerType(rawValue: $0) }
    run.numberOfWorkers = capacity.workers
    run.securityConfiguration = securityConfiguration
    run.logGroupName = "/aws-glue/jobs"
    run.notificationProperty = notifyDelayAfter.map { NotificationProperty(notifyDelayAfter: $0) }
    run.glueVersion = glueVersion
    run.executionClass = executionClass.map { ExecutionClass(rawValue: $0) }
    run.maintenanceWindow = maintenanceWindow
    if began != nil, completed != nil { run.dpuSeconds = Double(max(Self.billedSecondsMin, seconds)) * capacity.units }
    run.stateDetail = detail
    return run
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func job(_ name: String, _ scope: Scope) throws -> JobRecord {
    guard let record = try get(JobRecord.key(scope, name), as: JobRecord.self) else {
      throw CatalogError.entityNotFound("Job \(name) not found.")
    }
    return record
  }
}
