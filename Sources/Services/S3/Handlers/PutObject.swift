public import Kernel
public import S3Model

extension S3Service {
  public func putObject(_ input: PutObjectInput, _ context: RequestContext) async throws -> PutObjectOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try Self.checkKey(input.key)
    let attributes = try ObjectHeaders.attributes(input, bucket.record)
    try await authorize(
      "s3:PutObject", bucket, key: input.key, context,
      conditions: Self.conditions(
        attributes, acl: input.acl?.rawValue, sse: input.serverSideEncryption?.rawValue))
    if !attributes.tags.isEmpty { try await authorize("s3:PutObjectTagging", bucket, key: input.key, context) }
    guard input.writeOffsetBytes == nil else { throw S3Failure.notImplemented(header: "x-amz-write-offset-bytes") }
    let conditions = WriteConditions(ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch)
    try conditions.validate()
    let checks = try BodyChecks(
      md5: input.contentMD5, declared: try input.givenChecksums(), algorithm: input.checksumAlgorithm?.rawValue)
    let body = input.body ?? .empty
    guard let length = body.length ?? input.contentLength else { throw S3Failure.missingContentLength }
    let record = try await store.put(
      input.bucket, input.key, body, length: length, attributes: attributes, checks: checks, conditions: conditions,
      origin: ChangeOrigin(context))

    var output = PutObjectOutput(eTag: record.etag.quoted)
    output.setEncryption(record.attributes.encryption)
    output.setChecksum(record.checksum)
    output.checksumType = record.checksum.map { .init(rawValue: $0.type.name) }
    output.expiration = Self.expiration(of: input.key, record, bucket)
    if bucket.record.versioning == .enabled { output.versionId = record.versionText }
    return output
  }
}
