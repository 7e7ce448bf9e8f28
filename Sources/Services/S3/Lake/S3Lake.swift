public import Kernel
public import LakeFiles
import NIOCore
import Storage

/// The object store as the engine's threads see it: no HTTP, no copy, and the caller's rights on every call.
///
/// Keys are read on the calling thread. Rights are asked of the evaluator, which is asynchronous: the thread waits for
/// it, except where the caller is the root of the bucket's account and no policy speaks against it.
public struct S3Lake: LakeFileSystem {
  private let service: S3Service
  private var store: ObjectStore { service.store }

  public init(_ service: S3Service) { self.service = service }

  public func stat(_ path: LakePath, for caller: RequestContext) throws -> LakeFileInfo? {
    let bucket = try bucket(path)
    try authorize("s3:GetObject", bucket, key: path.key, caller)
    return try find(path, bucket, caller).map { Self.info($0) }
  }

  public func open(_ path: LakePath, for caller: RequestContext) throws -> any LakeFile {
    let bucket = try bucket(path)
    try authorize("s3:GetObject", bucket, key: path.key, caller)
    for _ in 0..<Limits.retriesMax {
      guard let record = try find(path, bucket, caller) else { throw LakeError.notFound(path) }
      do {
        return try S3LakeFile(Self.info(record), record.segments, store)
      } catch is ObjectBody.Gone {
        continue
      }
    }
    throw LakeError.notFound(path)
  }

  public func list(
    bucket name: String, prefix: String, for caller: RequestContext, _ visit: (String, LakeFileInfo) throws -> Bool
  ) throws {
    let bucket = try bucket(LakePath(bucket: name, key: prefix))
    try authorize("s3:ListBucket", bucket, key: nil, caller, conditions: ["s3:prefix": [prefix]])
    var marker: String?
    while true {
      let page = try store.keys.readBlocking { reader in
        try ObjectStore.listObjects(bucket, prefix, "", marker, Limits.listPageMax, reader)
      }
      for (key, record) in page.objects {
        guard try visit(key, Self.info(record)) else { return }
      }
      guard page.more else { return }
      marker = page.last
    }
  }

  public func create(_ path: LakePath, for caller: RequestContext) throws -> any LakeFileWriter {
    let bucket = try bucket(path)
    try S3Service.checkKey(path.key)
    try authorize("s3:PutObject", bucket, key: path.key, caller)
    return S3LakeWriter(path, store.blobs)
  }

  public func publish(
    _ writers: [any LakeFileWriter], _ options: LakePublication, for caller: RequestContext
  ) async throws {
    var drafts: [(path: LakePath, taken: Ingest.Taken)] = []
    for writer in writers {
      guard let writer = writer as? S3LakeWriter, let taken = writer.finished else {
        throw AWSError.internalFailure("A file was to be published that was not finished.")
      }
      drafts.append((writer.path, taken))
    }
    let written = Set(drafts.map(\.path))
    let removed = options.removed.filter { !written.contains($0) }
    guard !drafts.isEmpty || !removed.isEmpty || options.alongside != nil else { return }
    let buckets = Set(drafts.map(\.path.bucket) + removed.map(\.bucket))
    for _ in 0..<Limits.retriesMax {
      do {
        try await publish(
          drafts, removed, options, try await known(buckets, drafts, removed, caller), ChangeOrigin(caller))
        for case let writer as S3LakeWriter in writers { writer.published() }
        return
      } catch let changed as BucketChanged {
        store.buckets.forget(changed.name)
      }
    }
    throw S3Failure.conflict
  }

  /// The buckets that are written to, once the caller may write and remove every object.
  private func known(
    _ names: Set<String>, _ drafts: [(path: LakePath, taken: Ingest.Taken)], _ removed: [LakePath],
    _ caller: RequestContext
  ) async throws -> [String: Bucket] {
    var buckets: [String: Bucket] = [:]
    for name in names { buckets[name] = try await store.buckets.get(name) }
    for draft in drafts {
      guard let bucket = buckets[draft.path.bucket] else { continue }
      try await service.authorize("s3:PutObject", bucket, key: draft.path.key, caller)
    }
    for path in removed {
      guard let bucket = buckets[path.bucket] else { continue }
      try await service.authorize("s3:DeleteObject", bucket, key: path.key, caller)
    }
    return buckets
  }

  private func publish(
    _ drafts: [(path: LakePath, taken: Ingest.Taken)], _ removed: [LakePath], _ options: LakePublication,
    _ buckets: [String: Bucket], _ caller: ChangeOrigin
  ) async throws {
    let now = service.clock.now()
    let origin = caller.at(now)
    let objects = try drafts.compactMap { draft -> (Bucket, String, ObjectRecord, [UInt8])? in
      guard let bucket = buckets[draft.path.bucket] else { return nil }
      let digests = draft.taken.digests
      var attributes = ObjectAttributes()
      attributes.encryption = try ObjectHeaders.encryption(
        options.encryption, options.kmsKeyID, nil, bucket.record)
      let checksum = digests.checksums[.crc64nvme].map {
        ObjectChecksum(algorithm: .crc64nvme, type: .fullObject, value: $0)
      }
      let object = ObjectStore.Draft(
        size: digests.bytes, etag: ETag(md5: digests.md5), checksum: checksum, segments: draft.taken.segments,
        attributes: attributes)
      return (bucket, draft.path.key, object.record(at: now), store.nonce())
    }
    let gone = removed.compactMap { path in buckets[path.bucket].map { ($0, path.key, store.nonce()) } }
    let freed = try await store.keys.write { transaction in
      var freed = false
      for (bucket, key, nonce) in gone {
        try bucket.check(transaction)
        let deletion = try VersionWriter(bucket, transaction, origin).delete(
          key, order: now.nanoseconds, modified: now, nonce: nonce)
        if deletion.freed { freed = true }
      }
      for (bucket, key, record, nonce) in objects {
        try bucket.check(transaction)
        if try VersionWriter(bucket, transaction, origin).put(key, record, nonce: nonce).freed { freed = true }
      }
      try options.alongside?(transaction)
      return freed
    }
    for bucket in buckets.values { store.committed(freed: freed, in: bucket) }
  }

  private func bucket(_ path: LakePath) throws -> Bucket {
    do {
      return try store.buckets.getBlocking(path.bucket)
    } catch let error as AWSError where error.code == "NoSuchBucket" {
      throw LakeError.notFound(path)
    }
  }

  /// The current version. Whoever may not list the bucket is refused and does not learn that nothing is there.
  private func find(_ path: LakePath, _ bucket: Bucket, _ caller: RequestContext) throws -> ObjectRecord? {
    let key = path.key
    let record = try store.keys.readBlocking { try VersionTable(bucket, $0).current(key) }
    if record == nil { try authorize("s3:ListBucket", bucket, key: nil, caller) }
    return record
  }

  private func authorize(
    _ action: String, _ bucket: Bucket, key: String?, _ caller: RequestContext, conditions: [String: [String]] = [:]
  ) throws {
    if case .root = caller.principal.kind, caller.principal.account == bucket.record.owner, bucket.record.policy == nil
    {
      return
    }
    try waitBlocking { [service] in
      try await service.authorize(action, bucket, key: key, caller, conditions: conditions)
    }
  }

  private static func info(_ record: ObjectRecord) -> LakeFileInfo {
    LakeFileInfo(
      size: Int64(clamping: record.size), modified: record.lastModified,
      tag: record.nonce == nil ? record.etag.bare : record.versionText)
  }
}
