import GlueModel
import Kernel

/// What AWS checks of a job before it is kept.
///
/// Source: AWS Glue, "Jobs" in the API reference; "Adding jobs in AWS Glue".
enum JobRules {
  static func invalid(_ message: String) -> AWSError { CatalogError.invalidInput(message) }

  static let commands = ["glueetl", "gluestreaming", "pythonshell", "glueray"]
  static let glueVersions = ["0.9", "1.0", "2.0", "3.0", "4.0", "5.0", "5.1"]
  static let glueVersionDefault = "5.1"
  static let glueVersionOfShells = "1.0"

  /// - Throws: `InvalidInputException`.
  static func command(_ shape: JobCommand?) throws -> JobRecord.Command {
    guard let shape, let name = shape.name, !name.isEmpty else {
      throw invalid("Command name should not be null or empty.")
    }
    guard commands.contains(name) else {
      throw invalid("Command name \(name) is not valid: it must be one of \(commands.joined(separator: ", ")).")
    }
    guard let script = shape.scriptLocation, !script.isEmpty else {
      throw invalid("Script location should not be null or empty.")
    }
    if let version = shape.pythonVersion, !["2", "3", "3.9", "3.11"].contains(version) {
      throw invalid("Python version \(version) is not valid.")
    }
    return JobRecord.Command(
      name: name, script: script, pythonVersion: shape.pythonVersion ?? (name == "pythonshell" ? "3" : nil),
      runtime: shape.runtime)
  }

  static func glueVersion(_ given: String?, _ command: JobRecord.Command) throws -> String {
    let version = given ?? (command.name == "pythonshell" ? glueVersionOfShells : glueVersionDefault)
    guard glueVersions.contains(version) else { throw invalid("GlueVersion \(version) is not valid.") }
    return version
  }

  /// The version's major number.
  static func major(_ version: String) -> Int { version.split(separator: ".").first.flatMap { Int($0) } ?? 0 }

  /// - Parameters:
  ///   - units: `MaxCapacity`, or the older `AllocatedCapacity`.
  ///   - isVersionNamed: whether the job names its version. Since 2.0 jobs name workers instead of units; scripts of
  ///     the time before name units and no version, and are taken as they are.
  ///   - before: what a run takes from its job where it names nothing itself.
  static func capacity(
    units: Double?, workerType: String?, workers: Int?, _ command: JobRecord.Command, version: String,
    isVersionNamed: Bool = true, before: JobCapacity? = nil
  ) throws -> JobCapacity {
    if units != nil, workerType != nil || workers != nil {
      throw invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.")
    }
    if command.name == "pythonshell" {
      guard workerType == nil, workers == nil else {
        throw invalid("Worker Type and Number of Workers are not supported for Python shell jobs.")
      }
      let units = units ?? before?.units ?? 0.0625
      guard units == 0.0625 || units == 1 else {
        throw invalid("MaxCapacity of a Python shell job must be 0.0625 or 1.")
      }
      return JobCapacity(units: units)
    }
    if workerType != nil || workers != nil || (units == nil && before?.workers != nil) {
      let type = workerType ?? before?.workerType
      guard let type, let perWorker = JobCapacity.unitsOfWorker[type] else {
        throw invalid("Worker type \(type ?? "null") is not valid.")
      }
      guard let workers = workers ?? before?.workers else {
        throw invalid("Number of workers must be set together with the worker type.")
      }
      guard (1...JobLimits.workersMax).contains(workers) else {
        throw invalid("Number of workers must be between 1 and \(JobLimits.workersMax).")
      }
      if type == "G.025X", command.name != "gluestreaming" {
        throw invalid("Worker type G.025X is only supported for streaming jobs.")
      }
      return JobCapacity(units: perWorker * Double(workers), workerType: type, workers: workers)
    }
    if command.name == "glueray" { return JobCapacity(units: 5 * 2, workerType: "Z.2X", workers: 5) }
    if major(version) >= 2 {
      guard units != nil else { return before ?? JobCapacity(units: 10, workerType: "G.1X", workers: 10) }
      let hasUnits = before.map { $0.workers == nil } ?? !isVersionNamed
      guard hasUnits else {
        throw invalid("MaxCapacity cannot be set for Glue 2.0 or later jobs: use WorkerType and NumberOfWorkers.")
      }
    }
    let units = units ?? before?.units ?? 10
    guard units >= 2, units <= 100, units == units.rounded() else {
      throw invalid("MaxCapacity of a Spark job must be a whole number between 2 and 100.")
    }
    return JobCapacity(units: units)
  }

  static func timeout(_ minutes: Int?, _ command: JobRecord.Command, version: String) throws -> Int {
    guard let minutes else {
      if command.name == "gluestreaming" { return 0 }
      return major(version) >= 5 ? JobLimits.timeoutMinutesSince5 : JobLimits.timeoutMinutes
    }
    if minutes == 0, command.name == "gluestreaming" { return 0 }
    guard (1...JobLimits.timeoutMinutesMax).contains(minutes) else {
      throw invalid("Timeout must be between 1 and \(JobLimits.timeoutMinutesMax) minutes.")
    }
    return minutes
  }

  static func retries(_ count: Int?) throws -> Int {
    let count = count ?? 0
    guard (0...JobLimits.retriesMax).contains(count) else {
      throw invalid("MaxRetries must be between 0 and \(JobLimits.retriesMax).")
    }
    return count
  }

  static func concurrentRuns(_ property: ExecutionProperty?) throws -> Int {
    let count = property?.maxConcurrentRuns ?? 1
    guard (1...JobLimits.concurrentRunsMax).contains(count) else {
      throw invalid("MaxConcurrentRuns must be between 1 and \(JobLimits.concurrentRunsMax).")
    }
    return count
  }

  /// Arguments that Glue sets itself, or that AWS warns of.
  /// Source: AWS Glue, "Using job parameters": names that must not be set.
  private static let reserved: Set<String> = ["--conf-internal", "--debug", "--mode", "--JOB_NAME"]

  static func arguments(_ given: [String: String]?) throws -> [String: String]? {
    guard let given else { return nil }
    let bytes = given.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= JobLimits.argumentsBytesMax else { throw invalid("The arguments are too long.") }
    if let name = given.keys.sorted().first(where: { reserved.contains($0) }) {
      throw invalid("The argument \(name) is reserved for AWS Glue.")
    }
    return given
  }
}
