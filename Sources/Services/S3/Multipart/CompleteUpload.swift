import AWSWire
import Kernel
import Storage

/// Turning an upload's parts into an object.
extension ObjectStore {
  /// A part as the completing request names it.
  struct NamedPart: Sendable {
    var number: Int
    var etag: String
    /// Checksum values given with the part.
    var checksums: [ChecksumAlgorithm: String]
  }

  struct Completion: Sendable {
    var parts: [NamedPart]
    /// Of the whole object, as the request's headers give it.
    var declared: [ChecksumAlgorithm: String] = [:]
    var type: ChecksumType?
    /// `x-amz-mp-object-size`.
    var size: Int64?
    var conditions = WriteConditions.none
  }

  /// Makes the object from the parts named; the others are freed. Completing again what was completed gives the same
  /// answer, so that a client whose connection broke can ask once more.
  /// - Throws: `MalformedXML`, `NoSuchUpload`, `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`, `BadDigest`,
  ///   `InvalidRequest`, `PreconditionFailed`.
  func completeUpload(
    _ bucketName: String, _ key: String, _ uploadID: String, _ completion: Completion, _ origin: ChangeOrigin
  ) async throws -> ObjectRecord {
    guard !completion.parts.isEmpty, completion.parts.count <= Limits.partNumberMax else {
      throw S3Failure.malformedXML
    }
    for (part, next) in zip(completion.parts, completion.parts.dropFirst()) where part.number >= next.number {
      throw S3Failure.invalidPartOrder(uploadID)
    }
    let nonce = nonce()
    let now = clock.now()
    return try await buckets.with(bucketName) { bucket in
      let record: ObjectRecord = try await keys.write { transaction in
        try bucket.check(transaction)
        let upload: UploadRecord
        do {
          upload = try Self.upload(bucket, key, uploadID, transaction)
        } catch let error as AWSError {
          if let done = try Self.completed(bucket, key, uploadID, transaction) { return done }
          throw error
        }
        let writer = VersionWriter(bucket, transaction, origin.at(now))
        if completion.conditions != .none { try completion.conditions.check(key, try writer.table.current(key)) }
        let parts = try Self.named(completion, upload, uploadID, bucket, key, transaction)
        var record = try Self.assemble(parts, upload, completion)
        record.order = now.nanoseconds
        record.modified = now
        try Self.removeUpload(
          bucket, key, upload.id.order, keeping: Set(parts.map(\.number)), transaction)
        return try writer.put(key, record, nonce: nonce).record
      }
      committed(freed: true, in: bucket)
      return record
    }
  }

  /// The object that this upload has become already, if it is still the key's newest version.
  private static func completed(
    _ bucket: Bucket, _ key: String, _ uploadID: String, _ reader: any KeyReader
  ) throws -> ObjectRecord? {
    guard let id = VersionID(uploadID), let current = try VersionTable(bucket, reader).current(key),
      current.uploadNonce == id.nonce
    else { return nil }
    return current
  }

  /// The stored parts that the request names.
  private static func named(
    _ completion: Completion, _ upload: UploadRecord, _ uploadID: String, _ bucket: Bucket, _ key: String,
    _ reader: any KeyReader
  ) throws -> [PartRecord] {
    var stored: [Int: PartRecord] = [:]
    for entry in try reader.entries(partsKey(bucket, key, upload.id.order).subtree) {
      let part = try PartRecord(decoding: entry.value)
      stored[part.number] = part
    }
    var parts: [PartRecord] = []
    for (index, named) in completion.parts.enumerated() {
      guard let part = stored[named.number], part.etag.bare == ReadConditions.bare(named.etag) else {
        throw S3Failure.invalidPart(uploadID, part: named.number, etag: ReadConditions.bare(named.etag))
      }
      let isLast = index == completion.parts.count - 1
      guard isLast || part.size >= UInt64(Limits.partBytesMin) else {
        throw S3Failure.entityTooSmall(part.size, part: part.number, etag: part.etag.bare)
      }
      try checkChecksums(of: named, part, upload, uploadID)
      parts.append(part)
    }
    return parts
  }

  private static func checkChecksums(
    of named: NamedPart, _ part: PartRecord, _ upload: UploadRecord, _ uploadID: String
  ) throws {
    for (algorithm, value) in named.checksums {
      guard algorithm == upload.algorithm else {
        if upload.namedAlgorithm {
          throw AWSError(
            "BadDigest",
            "The \(algorithm.name.lowercased()) you specified for part \(part.number) did not match what we received.")
        }
        continue
      }
      guard value == Base64.encode(part.checksum) else {
        throw S3Failure.invalidPart(uploadID, part: part.number, etag: part.etag.bare)
      }
    }
    if upload.namedAlgorithm, upload.type == .composite, named.checksums[upload.algorithm] == nil {
      throw S3Failure.invalidRequest(
        "The upload was created using a \(upload.algorithm.name.lowercased()) checksum. The complete request must "
          + "include the checksum for each part. It was missing for part \(part.number) in the request.")
    }
  }

  private static func assemble(
    _ parts: [PartRecord], _ upload: UploadRecord, _ completion: Completion
  ) throws -> ObjectRecord {
    var record = upload.template
    record.uploadNonce = upload.id.nonce
    record.segments = parts.flatMap(\.segments)
    record.size = parts.reduce(0) { $0.saturatingAdd($1.size) }
    if let size = completion.size, UInt64(exactly: size) != record.size {
      throw S3Failure.invalidRequest(
        "The provided 'x-amz-mp-object-size' header value \(size) does not match what was computed: \(record.size)")
    }
    record.etag = ETag(md5: MD5.of(parts.flatMap(\.md5)), parts: parts.count)
    record.parts = parts.enumerated().map { index, part in
      ObjectPart(number: index + 1, size: part.size, checksum: part.checksum)
    }
    record.checksum = try checksum(of: parts, upload)
    if let type = completion.type, type != upload.type {
      throw S3Failure.invalidRequest(
        "The upload was created using the \(upload.type.name) checksum mode. The complete request must use the same "
          + "checksum mode.")
    }
    for (algorithm, value) in completion.declared where algorithm == upload.algorithm {
      guard let checksum = record.checksum, value == checksum.text || value == Base64.encode(checksum.value)
      else { throw S3Failure.badChecksum(algorithm) }
    }
    return record
  }

  private static func checksum(of parts: [PartRecord], _ upload: UploadRecord) throws -> ObjectChecksum {
    let algorithm = upload.algorithm
    if upload.type == .composite {
      let value = RunningChecksum.of(parts.flatMap(\.checksum), algorithm)
      return ObjectChecksum(algorithm: algorithm, type: .composite, value: value, parts: parts.count)
    }
    var whole = parts.first?.checksum ?? []
    for part in parts.dropFirst() {
      guard let next = ChecksumCombination.combine(whole, part.checksum, secondBytes: part.size, algorithm) else {
        throw StorageError.corrupt("a part's checksum has the wrong length")
      }
      whole = next
    }
    return ObjectChecksum(algorithm: algorithm, type: .fullObject, value: whole)
  }
}
