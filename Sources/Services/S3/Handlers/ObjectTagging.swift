import AWSWire
public import Kernel
public import S3Model

extension S3Service {
  /// The version that a request on an object's settings means.
  private func version(
    _ bucket: Bucket, _ key: String, _ versionID: String?, _ context: RequestContext
  ) async throws -> ObjectRecord {
    let selector = try Self.selector(versionID)
    return try await present(try store.find(bucket, key, selector), bucket, key, selector, context)
  }

  private func present(
    _ found: ObjectRecord?, _ bucket: Bucket, _ key: String, _ selector: VersionSelector, _ context: RequestContext
  ) async throws -> ObjectRecord {
    guard let found else { throw await absent(bucket, key, selector, context) }
    guard !found.isDeleteMarker else {
      if selector == .current { throw S3Failure.noSuchKey(key, marker: found) }
      throw S3Failure.methodNotAllowed("GET", "DeleteMarker")
    }
    return found
  }

  private func shownVersion(_ record: ObjectRecord, _ bucket: Bucket) -> String? {
    bucket.record.versioning == .off ? nil : record.versionText
  }

  public func getObjectTagging(
    _ input: GetObjectTaggingInput, _ context: RequestContext
  ) async throws -> GetObjectTaggingOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize(
      input.versionId == nil ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging", bucket, key: input.key, context)
    let record = try await version(bucket, input.key, input.versionId, context)
    return GetObjectTaggingOutput(
      versionId: shownVersion(record, bucket), tagSet: record.attributes.tags.map { Tag(key: $0.name, value: $0.value) }
    )
  }

  public func putObjectTagging(
    _ input: PutObjectTaggingInput, _ context: RequestContext
  ) async throws -> PutObjectTaggingOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let tags = input.tagging.tagSet.map { Pair(name: $0.key, value: $0.value) }
    try await authorize(
      input.versionId == nil ? "s3:PutObjectTagging" : "s3:PutObjectVersionTagging", bucket, key: input.key, context,
      conditions: Dictionary(
        tags.map { ("s3:requestobjecttag/\($0.name)", [$0.value]) }, uniquingKeysWith: { first, _ in first }))
    try TagRules.checkObject(tags)
    let record = try await setTags(tags, bucket, input.key, input.versionId, context)
    return PutObjectTaggingOutput(versionId: shownVersion(record, bucket))
  }

  public func deleteObjectTagging(
    _ input: DeleteObjectTaggingInput, _ context: RequestContext
  ) async throws -> DeleteObjectTaggingOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize(
      input.versionId == nil ? "s3:DeleteObjectTagging" : "s3:DeleteObjectVersionTagging", bucket, key: input.key,
      context)
    let record = try await setTags([], bucket, input.key, input.versionId, context)
    return DeleteObjectTaggingOutput(versionId: shownVersion(record, bucket))
  }

  private func setTags(
    _ tags: [Pair], _ bucket: Bucket, _ key: String, _ versionID: String?, _ context: RequestContext
  ) async throws -> ObjectRecord {
    let selector = try Self.selector(versionID)
    let changed = try await store.modify(
      bucket.name, key, selector, tags.isEmpty ? "ObjectTagging:Delete" : "ObjectTagging:Put", ChangeOrigin(context)
    ) {
      $0.attributes.tags = tags
      return true
    }
    return try await present(changed, bucket, key, selector, context)
  }

  public func getObjectAcl(_ input: GetObjectAclInput, _ context: RequestContext) async throws -> GetObjectAclOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize(
      input.versionId == nil ? "s3:GetObjectAcl" : "s3:GetObjectVersionAcl", bucket, key: input.key, context)
    let record = try await version(bucket, input.key, input.versionId, context)
    return GetObjectAclOutput(
      owner: Self.owner(bucket.record.owner), grants: AccessControl.grants(record.attributes.acl, bucket.record.owner))
  }

  public func putObjectAcl(_ input: PutObjectAclInput, _ context: RequestContext) async throws -> PutObjectAclOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize(
      input.versionId == nil ? "s3:PutObjectAcl" : "s3:PutObjectVersionAcl", bucket, key: input.key, context)
    var canned = input.acl?.rawValue
    if let policy = input.accessControlPolicy {
      guard canned == nil else { throw S3Failure.unexpectedContent }
      canned = try AccessControl.canned(policy, bucket.record)
    }
    let grants = [
      input.grantFullControl, input.grantRead, input.grantReadACP, input.grantWrite, input.grantWriteACP,
    ]
    guard canned != nil || grants.contains(where: { $0 != nil }) else {
      throw AWSError(
        "MissingSecurityHeader", "Your request was missing a required header",
        details: [.init("MissingHeaderName", "x-amz-acl")])
    }
    let acl = try ObjectHeaders.acl(canned, grants: grants, bucket.record)
    let selector = try Self.selector(input.versionId)
    let changed = try await store.modify(
      bucket.name, input.key, selector, "ObjectAcl:Put", ChangeOrigin(context)
    ) {
      $0.attributes.acl = acl
      return true
    }
    _ = try await present(changed, bucket, input.key, selector, context)
    return PutObjectAclOutput()
  }

  public func getObjectAttributes(
    _ input: GetObjectAttributesInput, _ context: RequestContext
  ) async throws -> GetObjectAttributesOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let actions =
      input.versionId == nil
      ? ["s3:GetObject", "s3:GetObjectAttributes"] : ["s3:GetObjectVersion", "s3:GetObjectVersionAttributes"]
    for action in actions { try await authorize(action, bucket, key: input.key, context) }
    let wanted = Set(input.objectAttributes.map(\.rawValue))
    guard !wanted.isEmpty else {
      throw S3Failure.invalidRequest(
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
    }
    for name in wanted where !["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"].contains(name) {
      throw S3Failure.invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name)
    }
    let record = try await version(bucket, input.key, input.versionId, context)
    var output = GetObjectAttributesOutput(
      lastModified: record.lastModified, versionId: shownVersion(record, bucket))
    if wanted.contains("ETag") { output.eTag = record.etag.bare }
    if wanted.contains("StorageClass") { output.storageClass = .init(rawValue: Self.storageClass(record)) }
    if wanted.contains("ObjectSize") { output.objectSize = Int64(clamping: record.size) }
    if wanted.contains("Checksum"), let kept = record.checksum {
      var checksum = Checksum()
      // Here a composite checksum comes without the number of its parts.
      checksum.setChecksum(kept.algorithm, Base64.encode(kept.value))
      checksum.checksumType = .init(rawValue: kept.type.name)
      output.checksum = checksum
    }
    if wanted.contains("ObjectParts"), !record.parts.isEmpty {
      output.objectParts = try Self.parts(of: record, after: input.partNumberMarker ?? 0, limit: input.maxParts)
    }
    return output
  }

  private static func parts(
    of record: ObjectRecord, after marker: Int, limit: Int?
  ) throws -> GetObjectAttributesParts {
    let (limit, _) = try listing(limit, nil, name: "max-parts")
    var output = GetObjectAttributesParts(totalPartsCount: record.parts.count)
    // AWS lists the parts only where each has a checksum of its own.
    guard let checksum = record.checksum, checksum.type == .composite else { return output }
    let rest = record.parts.drop { $0.number <= marker }
    let page = rest.prefix(limit)
    output.partNumberMarker = max(0, marker)
    output.nextPartNumberMarker = page.last?.number ?? 0
    output.maxParts = limit
    output.isTruncated = rest.count > page.count
    output.parts = page.map { part in
      var shown = S3Model.ObjectPart(partNumber: part.number, size: Int64(clamping: part.size))
      shown.setChecksum(checksum.algorithm, Base64.encode(part.checksum))
      return shown
    }
    return output
  }

  public func restoreObject(
    _ input: RestoreObjectInput, _ context: RequestContext
  ) async throws -> RestoreObjectOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:RestoreObject", bucket, key: input.key, context)
    let record = try await version(bucket, input.key, input.versionId, context)
    guard ["GLACIER", "DEEP_ARCHIVE"].contains(Self.storageClass(record)) else {
      throw AWSError(
        "InvalidObjectState", "Restore is not allowed for the object's current storage class", httpStatus: 403,
        details: [.init("StorageClass", Self.storageClass(record))])
    }
    throw AWSError.notImplemented(service: "S3", operation: "RestoreObject")
  }
}
