import Kernel
import Storage

/// Copies share the bytes of their source: a copy is one transaction, whatever the object's size.
extension ObjectStore {
  struct CopyRequest: Sendable {
    var sourceBucket: String
    var sourceKey: String
    var sourceVersion: VersionSelector
    var conditions = ReadConditions()
    /// `nil`: the source's attributes are taken over.
    var attributes: ObjectAttributes?
    /// `nil`: the source's tags are taken over.
    var tags: [Pair]?
    /// Settings that a copy has of its own, whatever its metadata.
    var storageClass = ""
    var acl = ""
    var encryption = Encryption()
    var websiteRedirect = ""
    /// A checksum to keep instead of the source's.
    var algorithm: ChecksumAlgorithm?
    /// Whether a copy of an object onto itself changes anything.
    var changesSomething: Bool
  }

  struct Copied: Sendable {
    var record: ObjectRecord
    var sourceVersionText: String?
  }

  func copy(
    _ request: CopyRequest, to bucketName: String, _ key: String, _ conditions: WriteConditions, _ origin: ChangeOrigin
  ) async throws -> Copied {
    let nonce = nonce()
    for _ in 0..<Limits.retriesMax {
      do {
        let computed = try await recomputedChecksum(request)
        return try await buckets.with(request.sourceBucket) { source in
          try await buckets.with(bucketName) { bucket in
            let now = clock.now()
            let (copied, freed) = try await keys.write { transaction in
              try source.check(transaction)
              try bucket.check(transaction)
              let from = try Self.source(request, VersionTable(source, transaction))
              if !request.changesSomething, request.sourceBucket == bucketName, request.sourceKey == key,
                request.sourceVersion == .current
              {
                throw S3Failure.copyOntoItself
              }
              if let computed, computed.of != from.etag { throw ObjectBody.Gone() }
              let writer = VersionWriter(bucket, transaction, origin.at(now))
              if conditions != .none { try conditions.check(key, try writer.table.current(key)) }
              var record = Self.copy(of: from, request, at: now)
              if let computed { record.checksum = computed.checksum }
              try BlobLedger.share(record.segments, transaction)
              let (placed, freed) = try writer.put(key, record, nonce: nonce)
              let version = source.record.versioning == .off ? nil : from.versionText
              return (Copied(record: placed, sourceVersionText: version), freed)
            }
            committed(freed: freed, in: bucket)
            return copied
          }
        }
      } catch is ObjectBody.Gone {
        continue
      }
    }
    throw S3Failure.conflict
  }

  /// The version a copy reads from.
  /// - Throws: `NoSuchKey`, `NoSuchVersion`, `InvalidRequest`, `PreconditionFailed`.
  static func source(_ request: CopyRequest, _ table: VersionTable) throws -> ObjectRecord {
    guard let found = try table.find(request.sourceKey, request.sourceVersion) else {
      if case .id(let id) = request.sourceVersion { throw S3Failure.noSuchVersion(request.sourceKey, id.text) }
      throw S3Failure.noSuchKey(request.sourceKey)
    }
    guard !found.isDeleteMarker else {
      if request.sourceVersion == .current { throw S3Failure.noSuchKey(request.sourceKey) }
      throw S3Failure.invalidRequest(
        "The source of a copy request may not specifically refer to a delete marker by version id.")
    }
    switch request.conditions.evaluate(found) {
    case .proceed: break
    case .notModified:
      let name =
        request.conditions.ifNoneMatch != nil
        ? "x-amz-copy-source-If-None-Match" : "x-amz-copy-source-If-Modified-Since"
      throw S3Failure.preconditionFailed(name)
    case .failed(let name): throw S3Failure.preconditionFailed("x-amz-copy-source-\(name)")
    }
    return found
  }

  private static func copy(of source: ObjectRecord, _ request: CopyRequest, at time: Timestamp) -> ObjectRecord {
    var record = ObjectRecord(order: time.nanoseconds, modified: time)
    record.size = source.size
    record.etag = source.etag
    record.checksum = wholeChecksum(of: source)
    record.segments = source.segments
    record.attributes = request.attributes ?? source.attributes
    record.attributes.tags = request.tags ?? source.attributes.tags
    record.attributes.storageClass = request.storageClass
    record.attributes.acl = request.acl
    record.attributes.encryption = request.encryption
    record.attributes.websiteRedirect = request.websiteRedirect
    return record
  }

  /// A copy has no parts: a checksum over parts becomes one over the whole where that follows from the parts'.
  private static func wholeChecksum(of source: ObjectRecord) -> ObjectChecksum? {
    guard let checksum = source.checksum, checksum.type == .composite, checksum.algorithm.isLinear,
      let first = source.parts.first
    else { return source.checksum }
    var whole = first.checksum
    for part in source.parts.dropFirst() {
      guard
        let next = ChecksumCombination.combine(
          whole, part.checksum, secondBytes: part.size, checksum.algorithm)
      else { return checksum }
      whole = next
    }
    return ObjectChecksum(algorithm: checksum.algorithm, type: .fullObject, value: whole)
  }

  /// Reads the source when the copy is to have a checksum that the source lacks.
  private func recomputedChecksum(_ request: CopyRequest) async throws -> (of: ETag, checksum: ObjectChecksum)? {
    guard let algorithm = request.algorithm else { return nil }
    return try await buckets.with(request.sourceBucket) { bucket in
      let found = try await keys.read { try Self.source(request, VersionTable(bucket, $0)) }
      guard found.checksum?.algorithm != algorithm else { return nil }
      let digests = try await digest(found.segments, [algorithm])
      let value = digests.checksums[algorithm] ?? []
      return (found.etag, ObjectChecksum(algorithm: algorithm, type: .fullObject, value: value))
    }
  }

  /// Reads segments to compute their digests.
  func digest(_ segments: [Segment], _ algorithms: Set<ChecksumAlgorithm>) async throws -> Digests {
    let pipeline = DigestPipeline(algorithms, on: ingest.digestPool)
    for try await chunk in try await ObjectBody(blobs: blobs, leases: leases).stream(segments) {
      try await pipeline.add(chunk)
    }
    return try await pipeline.finish()
  }
}
