public import Kernel
public import LakeFiles
public import Storage

/// Objects that get other names or go, all in one step.
public struct ObjectChanges: Sendable {
  public struct Move: Sendable, Hashable {
    public var from: LakePath
    public var to: LakePath
    public init(from: LakePath, to: LakePath) {
      self.from = from
      self.to = to
    }
  }

  public var moves: [Move] = []
  public var deletes: [LakePath] = []
  /// Everything below these goes, but for what is moved and names that begin with `keptPrefix`.
  public var deletePrefixes: [LakePath] = []
  /// The first part of names below `deletePrefixes` that stay: what others are about to publish.
  public var keptPrefix: String?

  /// Objects of one change.
  public static let objectsMax = 200_000

  public init() {}
}

extension S3Service {
  /// Moves and deletes objects in one transaction: readers see all of it or nothing. A move takes the bytes along
  /// without copying them, and leaves no version behind where it came from.
  /// - Parameters:
  ///   - also: what else is to be true in the same step, such as a mark of how far a job has come.
  /// - Throws: `AccessDenied`, `NoSuchBucket`, `NoSuchKey`; `InvalidRequest` for more objects than `objectsMax`.
  public func change(
    _ changes: ObjectChanges, for caller: RequestContext,
    also: @escaping @Sendable (any KeyTransaction) throws -> Void
  ) async throws {
    guard changes.moves.count + changes.deletes.count <= ObjectChanges.objectsMax else { throw Self.tooMany }
    for move in changes.moves { try Self.checkKey(move.to.key) }
    for _ in 0..<Limits.retriesMax {
      do {
        let buckets = try await buckets(of: changes, caller)
        let now = clock.now()
        let nonces = (0..<(changes.moves.count + changes.deletes.count)).map { _ in store.nonce() }
        let spare = store.nonce()
        let freed = try await store.keys.write { transaction in
          for bucket in buckets.values { try bucket.check(transaction) }
          try also(transaction)
          var work = ChangeWork(
            buckets: buckets, transaction: transaction, origin: ChangeOrigin(caller, .copy).at(now), nonces: nonces,
            spare: spare)
          return try work.run(changes)
        }
        for bucket in buckets.values { store.committed(freed: freed, in: bucket) }
        return
      } catch let changed as BucketChanged {
        store.buckets.forget(changed.name)
      }
    }
    throw S3Failure.conflict
  }

  fileprivate static let tooMany = S3Failure.invalidRequest(
    "At most \(ObjectChanges.objectsMax) objects can be changed in one step.")

  /// The buckets that are named, once the caller may do all of it.
  private func buckets(of changes: ObjectChanges, _ caller: RequestContext) async throws -> [String: Bucket] {
    var buckets: [String: Bucket] = [:]
    func bucket(_ path: LakePath) async throws -> Bucket {
      if let known = buckets[path.bucket] { return known }
      let found = try await store.buckets.get(path.bucket)
      buckets[path.bucket] = found
      return found
    }
    for move in changes.moves {
      let (from, to) = (try await bucket(move.from), try await bucket(move.to))
      try await authorize("s3:GetObject", from, key: move.from.key, caller)
      try await authorize("s3:PutObject", to, key: move.to.key, caller)
    }
    for path in changes.deletes {
      try await authorize("s3:DeleteObject", try await bucket(path), key: path.key, caller)
    }
    for path in changes.deletePrefixes {
      try await authorize("s3:DeleteObject", try await bucket(path), key: path.key + "*", caller)
    }
    return buckets
  }
}

/// One change as it is written.
private struct ChangeWork {
  let buckets: [String: Bucket]
  let transaction: any KeyTransaction
  /// A move is a copy and a deletion to those who listen, as it is on AWS.
  let origin: ChangeOrigin
  var nonces: [[UInt8]]
  /// For versions beyond those that were counted before: objects below a prefix.
  let spare: [UInt8]
  private var freed = false

  init(
    buckets: [String: Bucket], transaction: any KeyTransaction, origin: ChangeOrigin, nonces: [[UInt8]],
    spare: [UInt8]
  ) {
    self.buckets = buckets
    self.transaction = transaction
    self.origin = origin
    self.nonces = nonces
    self.spare = spare
  }

  mutating func run(_ changes: ObjectChanges) throws -> Bool {
    let moved = Set(changes.moves.map(\.from))
    for path in changes.deletePrefixes {
      guard let bucket = buckets[path.bucket] else { continue }
      var marker: String?
      var gone: [String] = []
      while true {
        let page = try ObjectStore.listObjects(bucket, path.key, "", marker, Limits.listPageMax, transaction)
        for (key, _) in page.objects where !moved.contains(LakePath(bucket: path.bucket, key: key)) {
          if let kept = changes.keptPrefix, key.dropFirst(path.key.count).hasPrefix(kept) { continue }
          gone.append(key)
        }
        guard gone.count <= ObjectChanges.objectsMax else { throw S3Service.tooMany }
        guard page.more else { break }
        marker = page.last
      }
      for (index, key) in gone.enumerated() { try delete(key, bucket, nonce: Self.nonce(spare, index)) }
    }
    for path in changes.deletes {
      guard let bucket = buckets[path.bucket] else { continue }
      try delete(path.key, bucket, nonce: nonces.popLast() ?? spare)
    }
    for move in changes.moves { try perform(move) }
    return freed
  }

  /// Nonces need only differ.
  private static func nonce(_ seed: [UInt8], _ number: Int) -> [UInt8] {
    var nonce = seed
    for (place, shift) in zip(nonce.indices, stride(from: 0, to: 32, by: 8)) {
      nonce[place] ^= UInt8(truncatingIfNeeded: number >> shift)
    }
    return nonce
  }

  private mutating func delete(_ key: String, _ bucket: Bucket, nonce: [UInt8]) throws {
    let deletion = try VersionWriter(bucket, transaction, origin).delete(
      key, order: origin.time.nanoseconds, modified: origin.time, nonce: nonce)
    if deletion.freed { freed = true }
  }

  private mutating func perform(_ move: ObjectChanges.Move) throws {
    guard move.from != move.to, let source = buckets[move.from.bucket], let target = buckets[move.to.bucket] else {
      return
    }
    let from = VersionWriter(source, transaction, origin)
    guard var record = try from.table.current(move.from.key) else { throw S3Failure.noSuchKey(move.from.key) }
    try BlobLedger.share(record.segments, transaction)
    if try from.delete(move.from.key, version: .current)?.freed == true { freed = true }
    (record.order, record.modified) = (origin.time.nanoseconds, origin.time)
    let placed = try VersionWriter(target, transaction, origin).put(
      move.to.key, record, nonce: nonces.popLast() ?? spare)
    if placed.freed { freed = true }
  }
}
