/// Quotas of Kinesis Data Streams, from AWS's "Quotas and limits" page unless said otherwise.
package enum Limits {
  // Writing.
  package static let recordsPerPutMax = 500
  /// Data and partition keys of one PutRecords call together (10 MiB since late 2025, 5 MiB before).
  package static let bytesPerPutMax = 10 << 20
  /// What a stream takes unless `UpdateMaxRecordSize` raised it.
  package static let recordKiBDefault = 1024
  package static let recordKiBMax = 10_240
  package static let shardWriteBytesPerSecond = 1 << 20
  package static let shardWriteRecordsPerSecond = 1_000

  // Reading.
  package static let recordsPerGetMax = 10_000
  package static let bytesPerGetMax = 10 << 20
  package static let shardReadBytesPerSecond = 2 << 20
  package static let shardReadCallsPerSecond = 5
  package static let iteratorLifeMs: Int64 = 300_000
  package static let listTokenLifeMs: Int64 = 300_000

  // Subscriptions of registered consumers ("SubscribeToShard" in the API reference).
  package static let subscriptionLife = Duration.seconds(300)
  package static let subscriptionTakeoverAfter = Duration.seconds(5)

  // Streams.
  package static let retentionHoursMin = 24
  package static let retentionHoursMax = 8_760
  /// The largest default quota AWS gives (us-east-1, us-west-2, eu-west-1).
  package static let provisionedShardsPerAccountMax = 20_000
  package static let shardsPerStreamMax = 10_000
  package static let onDemandStreamsPerAccountMax = 50
  package static let onDemandShardsAtStart = 4
  /// 200 MB/s of writing, where on-demand scaling ends without a request to AWS.
  package static let onDemandShardsMax = 200
  package static let tagsPerStreamMax = 50
  package static let consumersPerStreamMax = 20
  package static let shardCountUpdatesPerDayMax = 10
  /// AWS refuses a sixth stream that is being made at the same time.
  package static let streamsBeingCreatedMax = 5

  // Answers.
  package static let listStreamsDefault = 100
  package static let describeShardsDefault = 100
  package static let listShardsMax = 1_000
  package static let listConsumersDefault = 100
  package static let policyBytesMax = 20_480

  // Our own.
  /// What one event of a subscription holds at most, unless a single record is larger.
  package static let subscriptionEventBytesMax = 1 << 20
  /// How often a subscription without records says that it is there.
  package static let subscriptionHeartbeatEvery = Duration.seconds(5)
  /// How often old records are forgotten, expired shards dropped, and the traffic of on-demand streams looked at;
  /// so also the time over which that traffic is averaged.
  package static let tidyEvery = Duration.seconds(60)
  /// Logs that a stream's making or deleting touches at the same time.
  package static let logsAtOnceMax = 64
}
