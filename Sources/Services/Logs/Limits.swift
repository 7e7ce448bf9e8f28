/// Quotas of CloudWatch Logs, from AWS's pages "CloudWatch Logs quotas" and "PutLogEvents" unless said otherwise.
package enum Limits {
  // Taking events in.
  package static let eventsPerPutMax = 10_000
  package static let bytesPerPutMax = 1_048_576
  /// What each event counts beside its message.
  package static let bytesBesideMessage = 26
  package static let eventBytesMax = 1_048_576
  package static let putSpanMs: Int64 = 24 * 3600 * 1000
  package static let eventAgeMsMax: Int64 = 14 * 86_400 * 1000
  package static let eventAheadMsMax: Int64 = 2 * 3600 * 1000

  // Giving events out.
  package static let eventsPerPageMax = 10_000
  package static let bytesPerPageMax = 1 << 20
  package static let streamNamesPerSearchMax = 100

  // Groups, streams, filters.
  package static let describeDefault = 50
  package static let listDefault = 50
  package static let tagsMax = 50
  package static let groupsMax = 1_000_000
  package static let metricFiltersPerGroupMax = 100
  package static let subscriptionsPerGroupMax = 2
  package static let regexFiltersPerGroupMax = 5
  package static let regexesPerPatternMax = 2
  package static let dimensionsMax = 3
  package static let resourcePoliciesMax = 10
  package static let policyBytesMax = 5_120
  package static let groupIdentifiersMax = 50
  package static let retentionDays: Set<Int> = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ]
  /// How long a delivery to a subscription's destination is tried. Source: "Real-time processing of log data with
  /// subscriptions".
  package static let deliveryHoursMax: Int64 = 24

  // Our own.
  /// How late and how early a stream's events are taken to be until some are later or earlier.
  package static let latenessMsFirst: Int64 = 4_096
  package static let aheadMsFirst: Int64 = 1_024
  /// What one read of a stream takes at most.
  package static let readBatchesMax = 512
  package static let readBytesMax = 4 << 20
  /// Bytes of events that one search looks at, before it answers with what it has and a token to go on.
  package static let searchBytesMax: Int64 = 64 << 20
  /// Threads that look through events.
  package static let searchThreads = 2
  package static let searchesWaitingMax = 1_000
  /// Nodes of a JSON event that a selector with wildcards looks at.
  package static let selectedNodesMax = 1_000
  /// Instructions of a compiled regular expression.
  package static let regexInstructionsMax = 1_000
  /// Nesting of parentheses in a pattern.
  package static let patternDepthMax = 64
  /// What services hand over waits up to here; more is dropped and counted.
  package static let lineEventsWaitingMax = 50_000
  package static let lineBytesWaitingMax = 32 << 20
  package static let lineFlushEvery = Duration.milliseconds(200)
  /// How often what is known of streams is written, and what is past its time looked for.
  package static let noteEvery = Duration.seconds(10)
  package static let trimEverySeconds: Int64 = 3600
  /// Minutes in which metric filters wait to report their default value.
  package static let defaultMinutesMax = 10_000
  /// A subscription's message holds events of up to so many bytes, unless a single one is longer.
  package static let messageBytesMax = 256 << 10
  package static let messageEventsMax = 5_000
  package static let deliveryPauseFirst = Duration.seconds(1)
  package static let deliveryPauseMax = Duration.seconds(60)
}
