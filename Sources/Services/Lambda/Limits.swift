import Kernel

/// Quotas of AWS Lambda, from AWS's page "Lambda quotas" unless said otherwise.
package enum Limits {
  // Functions.
  package static let timeoutSecondsDefault = 3
  package static let timeoutSecondsMax = 900
  package static let memoryMiBDefault = 128
  package static let memoryMiBMin = 128
  package static let memoryMiBMax = 10_240
  package static let ephemeralMiBDefault = 512
  package static let ephemeralMiBMax = 10_240
  package static let environmentBytesMax = 4096
  package static let codeZippedBytesMax: Int64 = 50 << 20
  /// Of a function and its layers together.
  package static let codeUnzippedBytesMax: Int64 = 250 << 20
  package static let layersMax = 5
  package static let codeStorageBytesMax: Int64 = 75 << 30
  package static let policyBytesMax = 20 << 10
  package static let tagsMax = 50
  package static let listMax = 50
  /// Aliases are listed in longer pages.
  package static let aliasListMax = 10_000

  // Invocations.
  package static let payloadBytesMax = 6 << 20
  package static let eventPayloadBytesMax = 1 << 20
  package static let logTailBytes = 4096
  /// Concurrency of an account, as it is shown; what the machine carries is bounded by `sandboxesMax`.
  package static let concurrencyMax = 1000
  /// What must stay for functions without reserved concurrency.
  package static let unreservedConcurrencyMin = 100

  // Asynchronous invocations.
  package static let eventAgeSecondsMax = 6 * 3600
  package static let eventRetriesMax = 2
  /// Pauses before the two retries. Source: developer guide, "Error handling for asynchronous invocation".
  package static let eventRetryPauses: [Duration] = [.seconds(60), .seconds(120)]
  /// Throttled events come again after a second, then after twice as long each time up to five minutes.
  package static let eventThrottlePauseFirst = Duration.seconds(1)
  package static let eventThrottlePauseMax = Duration.seconds(300)

  // Event source mappings.
  package static let batchSizeDefault = 100
  package static let batchSizeMax = 10_000
  package static let batchWindowSecondsMax = 300
  package static let parallelizationMax = 10
  package static let batchRetriesMax = 10_000
  package static let recordAgeSecondsMax = 604_800
  /// Patterns of one mapping. AWS gives ten to those who ask.
  package static let filtersMax = 5
  package static let filterBytesMax = 4096

  // Our own.
  /// What one read of a shard takes at most, and what an event has beside its records.
  package static let batchReadBytesMax = 4 << 20
  package static let batchFrameBytes = 1 << 10
  /// Records that are passed over, wanted by no pattern, before it is noted how far a shard was read.
  package static let filteredRecordsMax = 10_000
  package static let batchPauseFirst = Duration.milliseconds(250)
  package static let batchPauseMax = Duration.seconds(60)
  /// How often shards are listed again when none has ended, and a stream tried again that could not be read.
  package static let shardListEvery = Duration.seconds(30)
  package static let mappingRetryEvery = Duration.seconds(5)
  /// How soon what was kept is read again when the disk did not give it at the start.
  package static let loadRetryEvery = Duration.seconds(5)
  /// Sandboxes of all functions at once: a further invocation is throttled.
  package static let sandboxesMax = 64
  /// What the functions of all sandboxes may use together.
  package static let sandboxMemoryMiBMax = 16_384
  /// Code gets so long to come up, and its own timeout if that is longer.
  package static let initSeconds = 10
  /// A sandbox that has nothing to do for so long is ended.
  package static let idleTime = Duration.seconds(300)
  /// A sandbox gets no further work after this, well before its credentials end.
  package static let sandboxLifetime = Duration.seconds(5 * 3600)
  package static let credentialSeconds = 6 * 3600
  /// Processes of one sandbox. Source: "Lambda quotas", processes and threads.
  package static let processesMax = 1024
  package static let filesOpenMax = 1024
  /// Address space that a process may have beyond the function's memory: libraries and reservations.
  package static let addressSlackBytes = 4 << 30
  /// How often a working sandbox is looked at (its memory, its output), and an idle one.
  package static let watchBusy = Duration.milliseconds(20)
  package static let watchIdle = Duration.milliseconds(500)
  /// Output of one invocation that is kept; what comes after is dropped.
  package static let outputBytesMax = 1 << 20
  /// Headers of a call to the runtime interface.
  package static let runtimeHeadBytesMax = 64 << 10
  /// Members of an archive.
  package static let archiveMembersMax = 100_000
  package static let archiveDirectoryBytesMax = 32 << 20
  package static let copyBytes = 1 << 20
  /// Events that wait in the queues of all functions.
  package static let queuedEventsMax = 100_000
  /// Events and batches that are worked on at a time.
  package static let eventsAtOnce = 32
}
