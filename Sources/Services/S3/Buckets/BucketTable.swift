import Kernel
import Storage

/// A bucket's record with what is derived from it once, so that a request parses nothing.
struct Bucket: Sendable {
  let record: BucketRecord
  /// Tables of the bucket's objects and versions.
  let objects: Key
  let versions: Key
  let revisionKey: Key
  let revision: [UInt8]

  init(_ record: BucketRecord) {
    self.record = record
    objects = Layout.objects(record.number)
    versions = Layout.versions(record.number)
    revisionKey = Layout.revision(record.number)
    revision = Self.encode(record.revision)
  }

  static func encode(_ revision: Int64) -> [UInt8] { withUnsafeBytes(of: revision.bigEndian, Array.init) }

  var number: Int64 { record.number }
  var name: String { record.name }

  /// Throws `BucketChanged` when the bucket has been deleted or set up anew since this copy of its record was read.
  func check(_ reader: any KeyReader) throws {
    guard try reader.get(revisionKey) == revision else { throw BucketChanged(name: name) }
  }
}

/// The bucket's record changed between its reading and a write that relied on it: read it again.
struct BucketChanged: Error {
  var name: String
}

/// Bucket records by name, kept parsed.
final class BucketTable: Sendable {
  private struct State {
    var known: [String: Bucket] = [:]
    /// Grows with every change, so that a record read before a change is not remembered after it.
    var changes: UInt64 = 0
  }
  private let state = Locked(State())
  private let keys: any KeyStore

  init(keys: any KeyStore) { self.keys = keys }

  /// - Throws: `NoSuchBucket`.
  func get(_ name: String) async throws -> Bucket {
    guard let bucket = try await find(name) else { throw S3Failure.noSuchBucket(name) }
    return bucket
  }

  func find(_ name: String) async throws -> Bucket? {
    if let bucket = state.withLock({ $0.known[name] }) { return bucket }
    let seen = state.withLock { $0.changes }
    let record = try await keys.read { try $0.get(Layout.bucket(name), as: BucketRecord.self) }
    return remember(record, seen)
  }

  /// The same on the calling thread. Blocks.
  func getBlocking(_ name: String) throws -> Bucket {
    if let bucket = state.withLock({ $0.known[name] }) { return bucket }
    let seen = state.withLock { $0.changes }
    let record = try keys.readBlocking { try $0.get(Layout.bucket(name), as: BucketRecord.self) }
    guard let bucket = remember(record, seen) else { throw S3Failure.noSuchBucket(name) }
    return bucket
  }

  private func remember(_ record: BucketRecord?, _ seen: UInt64) -> Bucket? {
    guard let record else { return nil }
    let bucket = Bucket(record)
    state.withLock { state in
      guard state.changes == seen else { return }
      if state.known.count >= Limits.bucketCacheMax { state.known.removeAll() }
      state.known[record.name] = bucket
    }
    return bucket
  }

  func forget(_ name: String) {
    state.withLock { state in
      state.changes += 1
      state.known[name] = nil
    }
  }

  /// Runs `body` with the bucket, and again with its new record when it changed meanwhile.
  func with<T: Sendable>(_ name: String, _ body: (Bucket) async throws -> T) async throws -> T {
    for _ in 0..<Limits.retriesMax {
      do {
        return try await body(try await get(name))
      } catch let changed as BucketChanged where changed.name == name {
        forget(name)
      }
    }
    throw S3Failure.conflict
  }

  /// Changes a bucket's record.
  func update(_ name: String, _ change: @escaping @Sendable (inout BucketRecord) throws -> Void) async throws {
    defer { forget(name) }
    try await keys.write { transaction in
      guard var record = try transaction.get(Layout.bucket(name), as: BucketRecord.self) else {
        throw S3Failure.noSuchBucket(name)
      }
      try change(&record)
      record.revision += 1
      try transaction.set(Layout.bucket(name), record: record)
      try transaction.set(Layout.revision(record.number), Bucket.encode(record.revision))
    }
  }

  /// Makes a bucket.
  /// - Parameter existing: what to do when the name is taken.
  func create(
    _ record: BucketRecord, existing: @escaping @Sendable (BucketRecord) throws -> Void
  ) async throws {
    defer { forget(record.name) }
    try await keys.write { transaction in
      if let old = try transaction.get(Layout.bucket(record.name), as: BucketRecord.self) {
        try existing(old)
        return
      }
      var held = 0
      try transaction.scan(Layout.buckets.subtree) { _, _ in
        held += 1
        return held < Limits.bucketsPerAccountMax
      }
      guard held < Limits.bucketsPerAccountMax else { throw S3Failure.tooManyBuckets(Limits.bucketsPerAccountMax) }
      let number = try transaction.get(Layout.nextBucket, as: Int64.self) ?? 1
      var numbered = record
      numbered.number = number
      try transaction.set(Layout.nextBucket, record: number + 1)
      try transaction.set(Layout.bucket(record.name), record: numbered)
      try transaction.set(Layout.revision(number), Bucket.encode(numbered.revision))
    }
  }

  /// Removes an empty bucket; uploads under way are given up with it.
  func delete(_ name: String) async throws {
    defer { forget(name) }
    try await keys.write { transaction in
      guard let record = try transaction.get(Layout.bucket(name), as: BucketRecord.self) else {
        throw S3Failure.noSuchBucket(name)
      }
      let number = record.number
      let holdsObjects = try !transaction.entries(Layout.objects(number).subtree, limit: 1).isEmpty
      let holdsVersions = try !transaction.entries(Layout.versions(number).subtree, limit: 1).isEmpty
      guard !holdsObjects, !holdsVersions else {
        throw record.versioning == .off ? S3Failure.bucketNotEmpty(name) : S3Failure.versionedBucketNotEmpty(name)
      }
      let parts = try transaction.entries(Layout.parts(number).subtree)
      for part in parts { try BlobLedger.release(PartRecord(decoding: part.value).segments, transaction) }
      try transaction.delete(Layout.parts(number).subtree)
      try transaction.delete(Layout.uploads(number).subtree)
      try transaction.delete(Layout.nullVersions(number).subtree)
      try transaction.delete(Layout.revision(number))
      try transaction.delete(Layout.bucket(name))
    }
  }

  /// Buckets of an account whose names begin with `prefix`, after `after`, in the order of their names.
  func list(
    owner: AccountID, region: Region?, prefix: String, after: String?, limit: Int
  ) async throws -> (buckets: [BucketRecord], more: Bool) {
    try await keys.read { reader in
      var range = Layout.range(Layout.buckets, prefix: Array(prefix.utf8))
      if let after { range.from = max(range.from, Layout.seek(Layout.buckets, to: Array(after.utf8) + [0])) }
      var found: [BucketRecord] = []
      guard range.from < range.to else { return (found, false) }
      try reader.scan(range) { _, value in
        let record = try KeyRecord.decode(BucketRecord.self, value)
        if record.owner == owner, region == nil || record.region == region { found.append(record) }
        return found.count <= limit
      }
      return (Array(found.prefix(limit)), found.count > limit)
    }
  }
}
