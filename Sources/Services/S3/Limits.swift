/// The numbers that bound S3, each with where it comes from.
enum Limits {
  // AWS: "Object key naming guidelines" and "Multipart upload limits".
  /// Bytes of UTF-8 in an object's key.
  static let keyBytesMax = 1024
  /// Bytes of names and values of user-defined metadata together.
  static let metadataBytesMax = 2048
  /// Bytes of one `PutObject`, `UploadPart` or `CopyObject` (5 GiB).
  static let putBytesMax: Int64 = 5 << 30
  /// Bytes of a part that is not the last one (5 MiB).
  static let partBytesMin: Int64 = 5 << 20
  static let partNumberMax = 10_000
  /// Entries in a page of any listing.
  static let listPageMax = 1000
  static let deleteObjectsMax = 1000
  /// AWS allows 10,000 general purpose buckets an account without a request for more.
  static let bucketsPerAccountMax = 10_000

  // AWS: "Categorizing your storage using tags".
  static let objectTagsMax = 10
  static let bucketTagsMax = 50
  static let tagKeyCharactersMax = 128
  static let tagValueCharactersMax = 256

  // AWS: limits of bucket configurations.
  static let policyBytesMax = 20 * 1024
  static let corsRulesMax = 100
  static let lifecycleRulesMax = 1000
  static let notificationRulesMax = 100
  static let notificationIDCharactersMax = 255
  static let configurationBytesMax = 512 * 1024

  // Tarn's own buffers and queues.
  /// An event that nobody has taken by then is dropped: as long as AWS keeps an asynchronous event.
  static let eventAgeHoursMax = 6
  /// Events handed over in one step.
  static let eventBatch = 100
  /// Pauses after a destination would not take its events: longer each time.
  static let eventPauseFirst = Duration.seconds(1)
  static let eventPauseMax = Duration.seconds(300)
  /// A body's bytes are gathered to this size before they go to the disk and to the digest.
  static let ingestChunkBytes = 512 * 1024
  /// Chunks that may wait for the digest's thread before the upload is held up.
  static let digestQueueChunks = 4
  static let digestThreads = 2
  static let digestJobsMax = 4096
  /// A body up to this size is read whole before the answer begins; a longer one is streamed in pieces of it.
  static let readChunkBytes = 512 * 1024
  /// An object up to this size is read on the thread that asks for it.
  static let readAtOnceBytes = 64 * 1024
  /// Bucket records kept parsed.
  static let bucketCacheMax = 10_000
  /// Blobs freed in one go.
  static let sweepBatch = 1000
  /// Pause between two rounds of freeing, so that deletions are freed together; and after a failure.
  static let sweepPauseSeconds = 1
  static let sweepRetrySeconds = 30
  /// Time from the start to the search for bytes that a crash left without a name.
  static let orphansDelaySeconds = 5
  /// Time between two rounds of lifecycle rules. AWS runs them once a day.
  static let lifecycleIntervalHours = 1
  /// Rounds in which an operation that met a concurrent change starts again.
  static let retriesMax = 8
  /// Keys under one common prefix that a listing steps over before it seeks past them.
  static let listStepsBeforeSeek = 8
  /// Entries that a version listing fetches ahead from each of its two ranges.
  static let versionFetch = 64
  /// Objects that one round of lifecycle rules looks at in one transaction.
  static let lifecycleBatch = 500
  /// Bytes that a lake writer gathers before it hands them to the disk.
  static let lakeWriteBytes = 1 << 20
}
