import Foundation
public import Kernel
public import S3Model

extension S3Service {
  public func copyObject(_ input: CopyObjectInput, _ context: RequestContext) async throws -> CopyObjectOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try Self.checkKey(input.key)
    let source = try CopySource(input.copySource)
    let replaces = try Self.directive(input.metadataDirective?.rawValue, "x-amz-metadata-directive")
    let replacesTags = try Self.directive(input.taggingDirective?.rawValue, "x-amz-tagging-directive")
    if input.tagging != nil, !replacesTags {
      throw S3Failure.invalidArgument(
        "The tagging directive COPY cannot be combined with the x-amz-tagging header", "x-amz-tagging-directive", nil)
    }
    let attributes = try ObjectHeaders.attributes(input, bucket.record)
    try await authorizeCopy(source, expectedOwner: input.expectedSourceBucketOwner, context)
    var conditionKeys = Self.conditions(
      attributes, acl: input.acl?.rawValue, sse: input.serverSideEncryption?.rawValue)
    conditionKeys["s3:x-amz-copy-source"] = ["\(source.bucket)/\(source.key)"]
    if let directive = input.metadataDirective { conditionKeys["s3:x-amz-metadata-directive"] = [directive.rawValue] }
    try await authorize("s3:PutObject", bucket, key: input.key, context, conditions: conditionKeys)
    let conditions = WriteConditions(ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch)
    try conditions.validate()

    var request = ObjectStore.CopyRequest(
      sourceBucket: source.bucket, sourceKey: source.key, sourceVersion: source.version,
      changesSomething: replaces || input.storageClass != nil || input.serverSideEncryption != nil
        || input.websiteRedirectLocation != nil)
    request.conditions = ReadConditions(
      ifMatch: input.copySourceIfMatch, ifNoneMatch: input.copySourceIfNoneMatch,
      ifModifiedSince: input.copySourceIfModifiedSince, ifUnmodifiedSince: input.copySourceIfUnmodifiedSince)
    request.attributes = replaces ? attributes : nil
    request.tags = replacesTags ? attributes.tags : nil
    request.storageClass = attributes.storageClass
    request.acl = attributes.acl
    request.encryption = attributes.encryption
    request.websiteRedirect = attributes.websiteRedirect
    if let name = input.checksumAlgorithm?.rawValue {
      guard let algorithm = ChecksumAlgorithm(name: name) else {
        throw S3Failure.notImplemented(header: "x-amz-checksum-algorithm")
      }
      request.algorithm = algorithm
    }
    let copied = try await store.copy(
      request, to: input.bucket, input.key, conditions, ChangeOrigin(context, .copy))

    var result = CopyObjectResult(eTag: copied.record.etag.quoted, lastModified: copied.record.lastModified)
    result.setChecksum(copied.record.checksum)
    result.checksumType = copied.record.checksum.map { .init(rawValue: $0.type.name) }
    var output = CopyObjectOutput(copyObjectResult: result, copySourceVersionId: copied.sourceVersionText)
    output.setEncryption(copied.record.attributes.encryption)
    output.expiration = Self.expiration(of: input.key, copied.record, bucket)
    if bucket.record.versioning == .enabled { output.versionId = copied.record.versionText }
    return output
  }

  /// Whether a directive says `REPLACE`.
  private static func directive(_ value: String?, _ name: String) throws -> Bool {
    switch value {
    case nil, "COPY": return false
    case "REPLACE": return true
    default:
      throw S3Failure.invalidArgument(
        "Unknown \(name.hasSuffix("tagging-directive") ? "tagging" : "metadata") directive.", name, value)
    }
  }

  /// The right to read a copy's source.
  func authorizeCopy(_ source: CopySource, expectedOwner: String?, _ context: RequestContext) async throws {
    let bucket = try await bucket(source.bucket, expectedOwner: expectedOwner)
    try await authorize(
      source.version == .current ? "s3:GetObject" : "s3:GetObjectVersion", bucket, key: source.key, context,
      conditions: Self.conditions(nil, versionID: source.versionID))
  }
}

/// `x-amz-copy-source`: `/bucket/key?versionId=…`, percent-encoded.
struct CopySource: Hashable, Sendable {
  var bucket: String
  var key: String
  var versionID: String?
  var version: VersionSelector

  /// - Throws: `InvalidArgument`.
  init(_ header: String) throws {
    var path = Substring(header)
    var versionID: String?
    if let question = path.range(of: "?versionId=", options: .backwards) {
      versionID = String(path[question.upperBound...])
      path = path[..<question.lowerBound]
    }
    if path.hasPrefix("/") { path.removeFirst() }
    if let decoded = URLText.decode(path) { path = Substring(decoded) }
    if path.hasPrefix("/") { path.removeFirst() }
    guard let slash = path.firstIndex(of: "/"), slash != path.startIndex, path.index(after: slash) != path.endIndex
    else {
      throw S3Failure.invalidArgument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", header)
    }
    bucket = String(path[..<slash])
    key = String(path[path.index(after: slash)...])
    self.versionID = versionID
    version = try S3Service.selector(versionID)
    guard bucket.hasPrefix("arn:") == false else { throw S3Failure.notImplemented(header: "x-amz-copy-source") }
  }
}
