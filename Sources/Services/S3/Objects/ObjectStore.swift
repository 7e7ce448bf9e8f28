import Kernel
import Logging
import NIOCore
import Storage

/// Buckets, objects and versions over keys and blobs: S3 without HTTP and without the question who may do what.
struct ObjectStore: Sendable {
  let keys: any KeyStore
  let blobs: any BlobStore
  let clock: any WallClock
  let random: any RandomSource
  let buckets: BucketTable
  let ingest: Ingest
  let leases = BlobLeases()
  let sweeper: BlobSweeper
  let sweepSignal: WorkSignal
  let eventSignal: WorkSignal

  init(
    keys: any KeyStore, blobs: any BlobStore, clock: any WallClock, random: any RandomSource, logger: Logger
  ) {
    self.keys = keys
    self.blobs = blobs
    self.clock = clock
    self.random = random
    buckets = BucketTable(keys: keys)
    ingest = Ingest(
      blobs: blobs,
      digestPool: BlockingPool(
        name: "s3-digest", threads: Limits.digestThreads, queueLimit: Limits.digestJobsMax))
    sweeper = BlobSweeper(keys: keys, blobs: blobs, leases: leases, logger: logger)
    sweepSignal = WorkSignal()
    eventSignal = WorkSignal()
  }

  /// Wakes who has work from a change that is on disk now.
  func committed(freed: Bool, in bucket: Bucket) {
    if freed { sweepSignal.wake() }
    if bucket.record.notifications != nil { eventSignal.wake() }
  }

  func nonce() -> [UInt8] { random.bytes(VersionID.nonceBytes) }

  /// The version that `selector` means, delete markers included.
  /// Finds one version, at once and on the caller's thread: a look-up of one key takes microseconds, and a change to a
  /// thread that may block takes more than that.
  func find(_ bucket: Bucket, _ key: String, _ selector: VersionSelector) throws -> ObjectRecord? {
    try keys.readBlocking { try VersionTable(bucket, $0).find(key, selector) }
  }

  /// Runs `body` with a version, and again with its new record when it was deleted before its bytes could be opened.
  func withVersion<T: Sendable>(
    _ bucket: Bucket, _ key: String, _ selector: VersionSelector, _ body: (ObjectRecord?) async throws -> T
  ) async throws -> T {
    for _ in 0..<Limits.retriesMax {
      do {
        return try await body(try find(bucket, key, selector))
      } catch is ObjectBody.Gone {
        continue
      }
    }
    throw AWSError.internalFailure("We encountered an internal error. Please try again.")
  }

  /// A stream of the bytes of `range`, or of all.
  func stream(_ record: ObjectRecord, _ range: ByteRange? = nil) async throws -> ByteStream {
    let body = ObjectBody(blobs: blobs, leases: leases)
    guard let range else { return try await body.stream(record.segments) }
    return try await body.stream(ObjectBody.cut(record.segments, to: range))
  }

  /// Stores an object; durable when it returns.
  /// - Returns: the version as it was placed.
  func put(
    _ bucketName: String, _ key: String, _ body: ByteStream, length: Int64?, attributes: ObjectAttributes,
    checks: BodyChecks, conditions: WriteConditions = .none, origin: ChangeOrigin
  ) async throws -> ObjectRecord {
    var algorithms = Set(checks.declared.keys)
    algorithms.insert(checks.kept)
    let taken = try await ingest.take(body, length: length, checksums: algorithms)
    do {
      try checks.verify(taken.digests)
      let kept = checks.kept
      return try await commit(
        bucketName, key,
        Draft(
          size: taken.digests.bytes, etag: ETag(md5: taken.digests.md5),
          checksum: ObjectChecksum(
            algorithm: kept, type: .fullObject, value: taken.digests.checksums[kept] ?? []),
          segments: taken.segments, attributes: attributes), conditions, origin)
    } catch let error as AWSError {
      // Only a refusal is certain to have left no key that names the bytes. After a failure of the disk they stay
      // for the collection at the next start.
      await ingest.discard(taken.segments)
      throw error
    }
  }

  /// An object whose bytes are on disk and that no key names yet.
  struct Draft: Sendable {
    var size: UInt64
    var etag: ETag
    var checksum: ObjectChecksum?
    var segments: [Segment]
    var attributes: ObjectAttributes

    func record(at time: Timestamp) -> ObjectRecord {
      ObjectRecord(
        order: time.nanoseconds, modified: time, size: size, etag: etag, checksum: checksum, segments: segments,
        attributes: attributes)
    }
  }

  /// Makes a draft the newest version of its key.
  func commit(
    _ bucketName: String, _ key: String, _ draft: Draft, _ conditions: WriteConditions, _ origin: ChangeOrigin
  ) async throws -> ObjectRecord {
    let nonce = nonce()
    let record = draft.record(at: clock.now())
    return try await buckets.with(bucketName) { bucket in
      let (placed, freed) = try await keys.write { transaction in
        try bucket.check(transaction)
        let writer = VersionWriter(bucket, transaction, origin.at(record.modified))
        if conditions != .none { try conditions.check(key, try writer.table.current(key)) }
        return try writer.put(key, record, nonce: nonce)
      }
      committed(freed: freed, in: bucket)
      return placed
    }
  }

  /// One object to delete.
  struct DeleteRequest: Sendable {
    var key: String
    /// `nil`: delete as a DELETE without version id does.
    var version: VersionSelector?
    var ifMatch: String?
    /// Only the version of this order, so that what replaced it meanwhile stays.
    var ifOrder: Int64?
  }

  /// Deletes many objects in one transaction.
  /// - Returns: for each request what was done, or why not.
  func delete(
    _ bucketName: String, _ requests: [DeleteRequest], _ origin: ChangeOrigin
  ) async throws -> [Result<VersionWriter.Deletion, AWSError>] {
    let now = clock.now()
    let nonces = requests.map { _ in nonce() }
    return try await buckets.with(bucketName) { bucket in
      let done = try await keys.write { transaction in
        try bucket.check(transaction)
        let writer = VersionWriter(bucket, transaction, origin.at(now))
        return try zip(requests, nonces).map { request, nonce -> Result<VersionWriter.Deletion, AWSError> in
          do {
            return .success(try Self.delete(request, writer, now, nonce))
          } catch let error as AWSError {
            return .failure(error)
          }
        }
      }
      committed(freed: done.contains { (try? $0.get().freed) == true }, in: bucket)
      return done
    }
  }

  private static func delete(
    _ request: DeleteRequest, _ writer: VersionWriter, _ now: Timestamp, _ nonce: [UInt8]
  ) throws -> VersionWriter.Deletion {
    if let ifMatch = request.ifMatch {
      let held = try writer.table.find(request.key, request.version ?? .current)
      guard let held, !held.isDeleteMarker else { throw S3Failure.noSuchKey(request.key) }
      guard ReadConditions.matches(ifMatch, held.etag) else { throw S3Failure.preconditionFailed("If-Match") }
    }
    if let order = request.ifOrder, try writer.table.find(request.key, request.version ?? .current)?.order != order {
      return VersionWriter.Deletion()
    }
    guard let version = request.version else {
      return try writer.delete(request.key, order: now.nanoseconds, modified: now, nonce: nonce)
    }
    if let deleted = try writer.delete(request.key, version: version) { return deleted }
    // Deleting a version that is not there succeeds, as deleting an absent key does.
    switch version {
    case .null, .current: return VersionWriter.Deletion(versionText: "null")
    case .id(let id): return VersionWriter.Deletion(versionText: id.text)
    }
  }

  /// Changes a version's attributes in place (tags, ACL).
  /// - Parameters:
  ///   - event: what the change is called in events.
  ///   - change: says whether there is anything to write back.
  /// - Returns: the version; `nil` when there is none.
  func modify(
    _ bucketName: String, _ key: String, _ selector: VersionSelector, _ event: String, _ origin: ChangeOrigin,
    _ change: @escaping @Sendable (inout ObjectRecord) throws -> Bool
  ) async throws -> ObjectRecord? {
    let origin = origin.at(clock.now())
    return try await buckets.with(bucketName) { bucket in
      let changed: ObjectRecord? = try await keys.write { transaction in
        try bucket.check(transaction)
        let writer = VersionWriter(bucket, transaction, origin)
        guard var record = try writer.table.find(key, selector) else { return nil }
        guard !record.isDeleteMarker else { return record }
        if try change(&record) { try writer.replace(key, record, event: event) }
        return record
      }
      committed(freed: false, in: bucket)
      return changed
    }
  }
}

/// Wakes a task that has work in the background.
struct WorkSignal: Sendable {
  let wakes: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (wakes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func wake() { continuation.yield() }
}
