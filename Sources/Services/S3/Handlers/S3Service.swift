public import Kernel
public import Logging
public import S3Model
public import Storage

/// Amazon S3: buckets and objects, over keys and blobs.
///
/// Every method of `S3API` is an operation as AWS documents it; other services call them in process with the context
/// of their role's session. `lake(for:)` gives DuckDB's threads a synchronous way in.
public struct S3Service: S3API {
  let store: ObjectStore
  let clock: any WallClock
  let random: any RandomSource
  let metrics: any MetricTap
  let knowsPrincipal: @Sendable (ARN) async throws -> Bool
  let logger: Logger
  let othersBlobs: @Sendable (@escaping @Sendable (BlobRef) -> Void) async throws -> Void
  let eventTargets: (any BucketEventTargets)?

  /// - Parameters:
  ///   - keys: holds buckets, objects' records and uploads, under keys that begin with `s3`.
  ///   - blobs: holds the bytes.
  ///   - metrics: hears of each bucket's size once a day.
  ///   - knowsPrincipal: whether a user or role that a bucket's policy names exists.
  ///   - othersBlobs: marks the blobs that other services name, which are no orphans.
  ///   - eventTargets: takes the events of buckets; without it none can be configured.
  public init(
    keys: any KeyStore, blobs: any BlobStore, clock: any WallClock, random: any RandomSource,
    metrics: any MetricTap = SilentTap(),
    knowsPrincipal: @escaping @Sendable (ARN) async throws -> Bool = { _ in true },
    othersBlobs: @escaping @Sendable (@escaping @Sendable (BlobRef) -> Void) async throws -> Void = { _ in },
    eventTargets: (any BucketEventTargets)? = nil, logger: Logger = Logger(label: "tarn.s3")
  ) {
    store = ObjectStore(keys: keys, blobs: blobs, clock: clock, random: random, logger: logger)
    self.clock = clock
    self.random = random
    self.metrics = metrics
    self.knowsPrincipal = knowsPrincipal
    self.logger = logger
    self.othersBlobs = othersBlobs
    self.eventTargets = eventTargets
  }

  /// Marks every blob that S3 names: for `BlobStore.collectOrphans` where other services name blobs too.
  public func markBlobs(_ mark: @escaping @Sendable (BlobRef) -> Void) async throws {
    try await store.sweeper.mark(mark)
  }

  /// Frees what a crash left without a name; `run` does so once. It may run beside requests: only files of earlier runs
  /// are looked at, and uploads under way write into new ones.
  public func collectOrphans() async throws -> CollectedOrphans {
    let others = othersBlobs
    return try await store.blobs.collectOrphans { mark in
      try await store.sweeper.mark(mark)
      try await others(mark)
    }
  }

  /// The service's work in the background, until the task is cancelled: frees what a crash left, frees deleted bytes,
  /// applies lifecycle rules, reports what is stored, hands events to who wants them.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await collectOrphansOnce() }
      group.addTask { await sweepForever() }
      group.addTask { await applyLifecycleForever() }
      group.addTask { await reportStorageForever() }
      group.addTask { await deliverEventsForever() }
    }
  }

  /// Frees the bytes of deleted objects now; `run` does so by itself.
  /// - Returns: blobs freed.
  @discardableResult
  public func freeDeleted() async throws -> Int { try await store.sweeper.sweep() }

  private func collectOrphansOnce() async {
    do {
      // The first requests come first: it reads every key of S3.
      try await clock.sleep(for: .seconds(Limits.orphansDelaySeconds))
      let collected = try await collectOrphans()
      guard collected.files > 0 || collected.bytes > 0 else { return }
      logger.info(
        "S3 freed what a crash had left",
        metadata: ["files": "\(collected.files)", "bytes": "\(collected.bytes)"])
    } catch is CancellationError {
    } catch {
      logger.error("S3 could not look for what a crash left; the next start will.", metadata: ["error": "\(error)"])
    }
  }

  private func sweepForever() async {
    store.sweepSignal.wake()
    for await _ in store.sweepSignal.wakes {
      do {
        try await store.sweeper.sweep()
        // Deletions that follow closely are freed together.
        try await clock.sleep(for: .seconds(Limits.sweepPauseSeconds))
      } catch is CancellationError {
        return
      } catch {
        logger.error("S3 could not free deleted bytes; they stay queued.", metadata: ["error": "\(error)"])
        try? await clock.sleep(for: .seconds(Limits.sweepRetrySeconds))
      }
    }
  }

  /// The bucket a request names.
  /// - Throws: `NoSuchBucket`; `AccessDenied` when `expectedOwner` is not its owner.
  func bucket(_ name: String, expectedOwner: String?) async throws -> Bucket {
    let bucket = try await store.buckets.get(name)
    if let expectedOwner, expectedOwner != bucket.record.owner.digits { throw S3Failure.accessDenied() }
    return bucket
  }

  /// What a `versionId` parameter means.
  /// - Throws: `InvalidArgument` for text that is no version id.
  static func selector(_ versionID: String?) throws -> VersionSelector {
    guard let versionID else { return .current }
    if versionID == "null" { return .null }
    guard let id = VersionID(versionID) else {
      throw S3Failure.invalidArgument("Invalid version id specified", "versionId", versionID)
    }
    return .id(id)
  }

  static func checkKey(_ key: String) throws {
    guard key.utf8.count <= Limits.keyBytesMax else { throw S3Failure.keyTooLong(key) }
  }

  /// The canonical user id that S3 shows for an account: 64 hexadecimal digits.
  static func owner(_ account: AccountID) -> Owner { Owner(id: CanonicalID.of(account)) }
}
