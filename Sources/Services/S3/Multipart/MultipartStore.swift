import Kernel
import NIOCore
import Storage

/// Multipart uploads: parts are blobs of their own, and completing an upload names them in order, copying no byte.
extension ObjectStore {
  private static func uploadKey(_ bucket: Bucket, _ key: String, _ order: Int64) -> Key {
    Layout.uploads(bucket.number).appending(key, order)
  }
  static func partsKey(_ bucket: Bucket, _ key: String, _ order: Int64) -> Key {
    Layout.parts(bucket.number).appending(key, order)
  }

  /// The upload that `uploadID` names.
  /// - Throws: `NoSuchUpload`.
  static func upload(
    _ bucket: Bucket, _ key: String, _ uploadID: String, _ reader: any KeyReader
  ) throws -> UploadRecord {
    guard let id = VersionID(uploadID), let bytes = try reader.get(uploadKey(bucket, key, id.order)) else {
      throw S3Failure.noSuchUpload(uploadID)
    }
    let record = try UploadRecord(decoding: bytes)
    guard record.id == id else { throw S3Failure.noSuchUpload(uploadID) }
    return record
  }

  func beginUpload(
    _ bucketName: String, _ key: String, attributes: ObjectAttributes, algorithm: ChecksumAlgorithm?,
    type: ChecksumType?, initiator: String
  ) async throws -> UploadRecord {
    let now = clock.now()
    let nonce = nonce()
    let chosen = algorithm ?? .crc64nvme
    let record = UploadRecord(
      id: VersionID(order: max(now.nanoseconds, 1), nonce: nonce),
      template: ObjectRecord(order: 0, modified: now, attributes: attributes), algorithm: chosen,
      type: type ?? chosen.defaultMultipartType, namedAlgorithm: algorithm != nil, initiator: initiator)
    return try await buckets.with(bucketName) { bucket in
      try await keys.write { transaction in
        try bucket.check(transaction)
        var placed = record
        // Two uploads of one key at the same nanosecond must not share a place.
        while try transaction.get(Self.uploadKey(bucket, key, placed.id.order)) != nil { placed.id.order += 1 }
        try transaction.set(Self.uploadKey(bucket, key, placed.id.order), placed.encoded())
        return placed
      }
    }
  }

  func findUpload(_ bucket: Bucket, _ key: String, _ uploadID: String) async throws -> UploadRecord {
    try await keys.read { try Self.upload(bucket, key, uploadID, $0) }
  }

  /// Stores a part, replacing an earlier one of its number.
  /// - Returns: the part, the upload, and the checksum the caller declared.
  func putPart(
    _ bucketName: String, _ key: String, _ uploadID: String, number: Int, _ body: ByteStream, length: Int64?,
    checks: BodyChecks
  ) async throws -> (part: PartRecord, upload: UploadRecord) {
    let bucket = try await buckets.get(bucketName)
    let upload = try await findUpload(bucket, key, uploadID)
    let declared = checks.algorithm ?? checks.declared.keys.first
    if let declared, upload.namedAlgorithm, declared != upload.algorithm {
      throw S3Failure.checksumTypeMismatch(expected: upload.algorithm, actual: declared)
    }
    if declared == nil, upload.namedAlgorithm, upload.type == .composite {
      throw S3Failure.checksumTypeMismatch(expected: upload.algorithm, actual: nil)
    }
    let taken = try await ingest.take(
      body, length: length, checksums: Set(checks.declared.keys).union([upload.algorithm]))
    do {
      try checks.verify(taken.digests)
      let part = PartRecord(
        number: number, size: taken.digests.bytes, md5: taken.digests.md5, modified: clock.now(),
        checksum: taken.digests.checksums[upload.algorithm] ?? [], segments: taken.segments)
      try await place(part, bucket, key, uploadID)
      return (part, upload)
    } catch let error as AWSError {
      await ingest.discard(taken.segments)
      throw error
    }
  }

  private func place(_ part: PartRecord, _ bucket: Bucket, _ key: String, _ uploadID: String) async throws {
    let freed = try await keys.write { transaction in
      try Self.place(part, bucket, key, uploadID, transaction)
    }
    if freed { sweepSignal.wake() }
  }

  /// - Returns: whether blobs of an earlier part of the number were queued to be freed.
  private static func place(
    _ part: PartRecord, _ bucket: Bucket, _ key: String, _ uploadID: String, _ transaction: any KeyTransaction
  ) throws -> Bool {
    let upload = try upload(bucket, key, uploadID, transaction)
    let partKey = partsKey(bucket, key, upload.id.order).appending(part.number)
    let old = try transaction.get(partKey).map(PartRecord.init(decoding:))
    try transaction.set(partKey, part.encoded())
    return try BlobLedger.release(old?.segments ?? [], transaction)
  }

  /// Makes a part from a run of another object's bytes. They are read for their digests, and shared.
  func copyPart(
    _ request: CopyRequest, range: String?, to bucketName: String, _ key: String, _ uploadID: String, number: Int
  ) async throws -> (part: PartRecord, upload: UploadRecord, sourceVersionText: String?) {
    let bucket = try await buckets.get(bucketName)
    let upload = try await findUpload(bucket, key, uploadID)
    for _ in 0..<Limits.retriesMax {
      let source = try await buckets.get(request.sourceBucket)
      let from = try await keys.read { try Self.source(request, VersionTable(source, $0)) }
      var wanted = ByteRange(start: 0, length: from.size)
      if let range { wanted = try ByteRange.parseCopySource(range, size: from.size) }
      guard wanted.length <= UInt64(Limits.putBytesMax) else { throw S3Failure.copySourceTooLarge }
      let segments = wanted.length == 0 ? [] : ObjectBody.cut(from.segments, to: wanted)
      do {
        let digests = try await digest(segments, [upload.algorithm])
        let part = PartRecord(
          number: number, size: wanted.length, md5: digests.md5, modified: clock.now(),
          checksum: digests.checksums[upload.algorithm] ?? [], segments: segments)
        try await placeCopied(part, from: from, request, source, bucket, key, uploadID)
        return (part, upload, source.record.versioning == .off ? nil : from.versionText)
      } catch is ObjectBody.Gone {
        continue
      } catch is BucketChanged {
        buckets.forget(request.sourceBucket)
      }
    }
    throw S3Failure.conflict
  }

  /// Places a part whose bytes are another object's, provided that object still names them.
  private func placeCopied(
    _ part: PartRecord, from: ObjectRecord, _ request: CopyRequest, _ source: Bucket, _ bucket: Bucket, _ key: String,
    _ uploadID: String
  ) async throws {
    let freed = try await keys.write { transaction in
      try source.check(transaction)
      guard let still = try VersionTable(source, transaction).find(request.sourceKey, request.sourceVersion),
        still.segments == from.segments
      else { throw ObjectBody.Gone() }
      try BlobLedger.share(part.segments, transaction)
      return try Self.place(part, bucket, key, uploadID, transaction)
    }
    if freed { sweepSignal.wake() }
  }

  /// Gives an upload up.
  /// - Throws: `NoSuchUpload`.
  func abortUpload(_ bucketName: String, _ key: String, _ uploadID: String) async throws {
    let bucket = try await buckets.get(bucketName)
    try await keys.write { transaction in
      let upload = try Self.upload(bucket, key, uploadID, transaction)
      try Self.removeUpload(bucket, key, upload.id.order, keeping: [], transaction)
    }
    sweepSignal.wake()
  }

  /// Removes an upload's records and frees the parts that `keeping` does not name.
  static func removeUpload(
    _ bucket: Bucket, _ key: String, _ order: Int64, keeping: Set<Int>, _ transaction: any KeyTransaction
  ) throws {
    let parts = partsKey(bucket, key, order).subtree
    for entry in try transaction.entries(parts) {
      let part = try PartRecord(decoding: entry.value)
      if !keeping.contains(part.number) { try BlobLedger.release(part.segments, transaction) }
    }
    try transaction.delete(parts)
    try transaction.delete(uploadKey(bucket, key, order))
  }

  /// Parts after `marker`, at most `limit`.
  func listParts(
    _ bucket: Bucket, _ key: String, _ uploadID: String, after marker: Int, limit: Int
  ) async throws -> (upload: UploadRecord, parts: [PartRecord], more: Bool) {
    try await keys.read { reader in
      let upload = try Self.upload(bucket, key, uploadID, reader)
      let table = Self.partsKey(bucket, key, upload.id.order)
      let range = KeyRange(from: table.appending(marker.saturatingAdd(1)), to: table.subtree.to)
      let entries = try reader.entries(range, limit: limit.saturatingAdd(1))
      let parts = try entries.prefix(limit).map { try PartRecord(decoding: $0.value) }
      return (upload, parts, entries.count > limit)
    }
  }
}
