import AWSWire
public import Kernel
public import S3Model

extension S3Service {
  public func createMultipartUpload(
    _ input: CreateMultipartUploadInput, _ context: RequestContext
  ) async throws -> CreateMultipartUploadOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try Self.checkKey(input.key)
    let attributes = try ObjectHeaders.attributes(input, bucket.record)
    try await authorize(
      "s3:PutObject", bucket, key: input.key, context,
      conditions: Self.conditions(
        attributes, acl: input.acl?.rawValue, sse: input.serverSideEncryption?.rawValue))
    let (algorithm, type) = try Self.multipartChecksum(input.checksumAlgorithm?.rawValue, input.checksumType?.rawValue)
    let upload = try await store.beginUpload(
      input.bucket, input.key, attributes: attributes, algorithm: algorithm, type: type,
      initiator: context.principal.arn.description)
    var output = CreateMultipartUploadOutput(bucket: input.bucket, key: input.key, uploadId: upload.id.text)
    output.setEncryption(attributes.encryption)
    if upload.namedAlgorithm {
      output.checksumAlgorithm = .init(rawValue: upload.algorithm.name)
      output.checksumType = .init(rawValue: upload.type.name)
    }
    if let (date, rule) = Self.abortion(of: input.key, upload, bucket) {
      output.abortDate = date
      output.abortRuleId = rule
    }
    return output
  }

  private static func multipartChecksum(
    _ name: String?, _ typeName: String?
  ) throws -> (ChecksumAlgorithm?, ChecksumType?) {
    var algorithm: ChecksumAlgorithm?
    if let name {
      guard let known = ChecksumAlgorithm(name: name) else {
        throw S3Failure.invalidRequest(
          "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            + "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
      }
      algorithm = known
    }
    guard let typeName else { return (algorithm, nil) }
    guard let type = ChecksumType(name: typeName) else {
      throw S3Failure.invalidRequest("Value for x-amz-checksum-type header is invalid.")
    }
    guard let algorithm else {
      throw S3Failure.invalidRequest(
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
    }
    guard algorithm.supports(type) else {
      throw S3Failure.invalidRequest(
        "The \(type.name) checksum type cannot be used with the \(algorithm.name.lowercased()) checksum algorithm.")
    }
    return (algorithm, type)
  }

  private static func checkPart(_ number: Int) throws {
    guard (1...Limits.partNumberMax).contains(number) else {
      throw S3Failure.invalidArgument(
        "Part number must be an integer between 1 and \(Limits.partNumberMax), inclusive", "partNumber", "\(number)")
    }
  }

  public func uploadPart(_ input: UploadPartInput, _ context: RequestContext) async throws -> UploadPartOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutObject", bucket, key: input.key, context)
    try Self.checkPart(input.partNumber)
    guard input.sseCustomerAlgorithm == nil else {
      throw S3Failure.notImplemented(header: "x-amz-server-side-encryption-customer-algorithm")
    }
    let checks = try BodyChecks(
      md5: input.contentMD5, declared: try input.givenChecksums(), algorithm: input.checksumAlgorithm?.rawValue)
    let body = input.body ?? .empty
    guard let length = body.length ?? input.contentLength else { throw S3Failure.missingContentLength }
    let (part, upload) = try await store.putPart(
      input.bucket, input.key, input.uploadId, number: input.partNumber, body, length: length, checks: checks)
    var output = UploadPartOutput(eTag: part.etag.quoted)
    output.setEncryption(upload.template.attributes.encryption)
    output.setChecksum(upload.algorithm, Base64.encode(part.checksum))
    return output
  }

  public func uploadPartCopy(
    _ input: UploadPartCopyInput, _ context: RequestContext
  ) async throws -> UploadPartCopyOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try Self.checkPart(input.partNumber)
    let source = try CopySource(input.copySource)
    try await authorizeCopy(source, expectedOwner: input.expectedSourceBucketOwner, context)
    try await authorize(
      "s3:PutObject", bucket, key: input.key, context,
      conditions: ["s3:x-amz-copy-source": ["\(source.bucket)/\(source.key)"]])
    var request = ObjectStore.CopyRequest(
      sourceBucket: source.bucket, sourceKey: source.key, sourceVersion: source.version, changesSomething: true)
    request.conditions = ReadConditions(
      ifMatch: input.copySourceIfMatch, ifNoneMatch: input.copySourceIfNoneMatch,
      ifModifiedSince: input.copySourceIfModifiedSince, ifUnmodifiedSince: input.copySourceIfUnmodifiedSince)
    let (part, upload, version) = try await store.copyPart(
      request, range: input.copySourceRange, to: input.bucket, input.key, input.uploadId, number: input.partNumber)
    var result = CopyPartResult(eTag: part.etag.quoted, lastModified: Timestamp(seconds: part.modified.seconds))
    result.setChecksum(upload.algorithm, Base64.encode(part.checksum))
    var output = UploadPartCopyOutput(copySourceVersionId: version, copyPartResult: result)
    output.setEncryption(upload.template.attributes.encryption)
    return output
  }

  public func completeMultipartUpload(
    _ input: CompleteMultipartUploadInput, _ context: RequestContext
  ) async throws -> CompleteMultipartUploadOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutObject", bucket, key: input.key, context)
    let parts = try (input.multipartUpload?.parts ?? []).map { part in
      guard let number = part.partNumber, let etag = part.eTag else { throw S3Failure.malformedXML }
      return ObjectStore.NamedPart(number: number, etag: etag, checksums: try Self.texts(part))
    }
    var completion = ObjectStore.Completion(parts: parts)
    completion.declared = try Self.texts(input)
    completion.type = try input.checksumType.map { name in
      guard let type = ChecksumType(name: name.rawValue) else {
        throw S3Failure.invalidRequest("Value for x-amz-checksum-type header is invalid.")
      }
      return type
    }
    completion.size = input.mpuObjectSize
    completion.conditions = WriteConditions(ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch)
    try completion.conditions.validate()
    let record = try await store.completeUpload(
      input.bucket, input.key, input.uploadId, completion, ChangeOrigin(context, .completeUpload))
    var output = CompleteMultipartUploadOutput(
      location: "\(context.endpoint)/\(input.bucket)/\(URLText.encodeKey(input.key))", bucket: input.bucket,
      key: input.key, eTag: record.etag.quoted)
    output.setEncryption(record.attributes.encryption)
    output.setChecksum(record.checksum)
    output.checksumType = record.checksum.map { .init(rawValue: $0.type.name) }
    output.expiration = Self.expiration(of: input.key, record, bucket)
    if bucket.record.versioning == .enabled { output.versionId = record.versionText }
    return output
  }

  private static func texts(_ members: some ChecksumMembers) throws -> [ChecksumAlgorithm: String] {
    var texts: [ChecksumAlgorithm: String] = [:]
    for (algorithm, text) in try members.givenChecksums() { texts[algorithm] = text }
    return texts
  }

  public func abortMultipartUpload(
    _ input: AbortMultipartUploadInput, _ context: RequestContext
  ) async throws -> AbortMultipartUploadOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:AbortMultipartUpload", bucket, key: input.key, context)
    try await store.abortUpload(input.bucket, input.key, input.uploadId)
    return AbortMultipartUploadOutput()
  }

  public func listParts(_ input: ListPartsInput, _ context: RequestContext) async throws -> ListPartsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:ListMultipartUploadParts", bucket, key: input.key, context)
    let (limit, _) = try Self.listing(input.maxParts, nil, name: "max-parts")
    let marker = max(0, input.partNumberMarker ?? 0)
    let (upload, parts, more) = try await store.listParts(
      bucket, input.key, input.uploadId, after: marker, limit: limit)
    var output = ListPartsOutput(
      bucket: input.bucket, key: input.key, uploadId: input.uploadId, partNumberMarker: marker,
      nextPartNumberMarker: parts.last?.number ?? 0, maxParts: limit, isTruncated: more,
      parts: parts.isEmpty
        ? nil
        : parts.map { part in
          var shown = Part(
            partNumber: part.number, lastModified: Timestamp(seconds: part.modified.seconds), eTag: part.etag.quoted,
            size: Int64(clamping: part.size))
          if upload.namedAlgorithm { shown.setChecksum(upload.algorithm, Base64.encode(part.checksum)) }
          return shown
        },
      initiator: Initiator(id: upload.initiator), owner: Self.owner(bucket.record.owner),
      storageClass: .init(rawValue: Self.storageClass(upload.template)))
    if upload.namedAlgorithm {
      output.checksumAlgorithm = .init(rawValue: upload.algorithm.name)
      output.checksumType = .init(rawValue: upload.type.name)
    }
    if let (date, rule) = Self.abortion(of: input.key, upload, bucket) {
      output.abortDate = date
      output.abortRuleId = rule
    }
    return output
  }

  public func listMultipartUploads(
    _ input: ListMultipartUploadsInput, _ context: RequestContext
  ) async throws -> ListMultipartUploadsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let (limit, encode) = try Self.listing(input.maxUploads, input.encodingType?.rawValue, name: "max-uploads")
    let (prefix, delimiter) = (input.prefix ?? "", input.delimiter ?? "")
    try await authorizeList(
      bucket, prefix, delimiter, input.maxUploads, context, action: "s3:ListBucketMultipartUploads")
    let uploadMarker = input.keyMarker?.isEmpty == false ? input.uploadIdMarker : nil
    let page = try await store.listUploads(
      bucket, prefix: prefix, delimiter: delimiter, keyMarker: input.keyMarker, uploadIDMarker: uploadMarker,
      limit: limit)
    let owner = Self.owner(bucket.record.owner)
    let uploads = page.uploads.map { key, upload in
      MultipartUpload(
        uploadId: upload.id.text, key: encode(key), initiated: upload.template.lastModified,
        storageClass: .init(rawValue: Self.storageClass(upload.template)), owner: owner,
        initiator: Initiator(id: upload.initiator),
        checksumAlgorithm: upload.namedAlgorithm ? .init(rawValue: upload.algorithm.name) : nil,
        checksumType: upload.namedAlgorithm ? .init(rawValue: upload.type.name) : nil)
    }
    return ListMultipartUploadsOutput(
      bucket: input.bucket, keyMarker: encode(input.keyMarker ?? ""), uploadIdMarker: input.uploadIdMarker ?? "",
      nextKeyMarker: page.more ? page.lastKey.map(encode) : nil, prefix: encode(prefix),
      delimiter: delimiter.isEmpty ? nil : encode(delimiter),
      nextUploadIdMarker: page.more ? page.lastUploadID : nil, maxUploads: limit, isTruncated: page.more,
      uploads: uploads.isEmpty ? nil : uploads, commonPrefixes: Self.prefixes(page.prefixes, encode),
      encodingType: input.encodingType)
  }
}
