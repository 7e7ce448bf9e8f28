import Kernel

/// Quotas of Glue's jobs, from "AWS Glue endpoints and quotas" and the API reference unless said otherwise.
package enum JobLimits {
  package static let jobsMax = 1_000
  package static let entriesPerPage = 100
  package static let runsPerPage = 200
  package static let concurrentRunsMax = 1_000
  package static let retriesMax = 10
  package static let workersMax = 299
  package static let timeoutMinutesMax = 10_080
  /// Of batch jobs without a timeout of their own; Glue 5.0 and later end them sooner.
  package static let timeoutMinutes = 2_880
  package static let timeoutMinutesSince5 = 480
  /// Of one data processing unit. Source: AWS Glue, "Worker types" and "AWS Glue pricing".
  package static let coresPerUnit = 4.0
  package static let memoryMiBPerUnit = 16_384.0
  package static let argumentsBytesMax = 260 << 10

  // Our own.
  /// Runs of a job that are kept, the newest.
  package static let runsKept = 1_000
  /// Processes of runs at once; further runs stay STARTING.
  package static let runsAtOnce = 4
  package static let scriptBytesMax = 64 << 20
  /// Files that a run may write, each.
  package static let fileBytesMax: UInt64 = 64 << 30
  package static let filesOpenMax: UInt64 = 65_536
  /// How often a run's process is looked at: its end, its memory, its output.
  package static let watchEvery = Duration.milliseconds(100)
  /// Output of a process between two looks.
  package static let outputBytesMax = 4 << 20
  /// What a run's process may have beyond its heap: the virtual machine itself, Python's workers.
  package static let memorySlackMiB = 1_536
  package static let memoryMiBMax = 8_192
  package static let memoryMiBMin = 1_024
  package static let credentialSeconds = 12 * 3600
  package static let bookmarkBytesMax = 16 << 20
  package static let errorCharactersMax = 8_000
  /// Places of a run's unpublished output that are kept in mind.
  package static let stagingMax = 1_000
  package static let rulesetBytesMax = 1 << 20
  package static let commitBytesMax = 64 << 20
}
