import AWSWire
public import Kernel
public import S3Model
import Storage

extension S3Service {
  public func getObject(_ input: GetObjectInput, _ context: RequestContext) async throws -> GetObjectOutput {
    try await read(input, context, method: "GET") { reading in
      var output = GetObjectOutput(body: try await store.stream(reading.record, reading.range))
      reading.describe(&output)
      return output
    }
  }

  public func headObject(_ input: HeadObjectInput, _ context: RequestContext) async throws -> HeadObjectOutput {
    try await read(input, context, method: "HEAD") { reading in
      var output = HeadObjectOutput()
      reading.describe(&output)
      return output
    }
  }

  /// What GET and HEAD share: finds the version, checks rights and conditions, and what part of it is wanted.
  private func read<Output: Sendable>(
    _ input: some ObjectReadInput & Sendable, _ context: RequestContext, method: String,
    _ answer: (Reading) async throws -> Output
  ) async throws -> Output {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try Self.checkKey(input.key)
    guard input.sseCustomerAlgorithm == nil else {
      throw S3Failure.notImplemented(header: "x-amz-server-side-encryption-customer-algorithm")
    }
    let selector = try Self.selector(input.versionId)
    let action = selector == .current ? "s3:GetObject" : "s3:GetObjectVersion"
    return try await store.withVersion(bucket, input.key, selector) { found in
      try await authorize(
        action, bucket, key: input.key, context, objectACL: found?.attributes.acl,
        conditions: Self.conditions(found, versionID: input.versionId))
      guard let found else { throw await absent(bucket, input.key, selector, context) }
      if found.isDeleteMarker { throw try await deleted(found, bucket, input.key, selector, context, method) }
      switch Self.conditions(input).evaluate(found) {
      case .proceed: break
      case .failed(let name): throw S3Failure.preconditionFailed(name)
      case .notModified: throw S3Failure.notModified(found, headers: Self.notModifiedHeaders(found, bucket))
      }
      let reading = try Reading(
        found, input, showsVersion: bucket.record.versioning != .off,
        expiration: Self.expiration(of: input.key, found, bucket))
      if reading.overridesHeaders, context.principal.kind == .anonymous {
        throw S3Failure.invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
      }
      return try await answer(reading)
    }
  }

  /// The answer where the version found is a delete marker.
  private func deleted(
    _ marker: ObjectRecord, _ bucket: Bucket, _ key: String, _ selector: VersionSelector, _ context: RequestContext,
    _ method: String
  ) async throws -> AWSError {
    if selector == .current {
      guard await mayList(bucket, context) else { return S3Failure.accessDenied() }
      return S3Failure.noSuchKey(key, marker: marker)
    }
    return S3Failure.methodNotAllowed(
      method, "DeleteMarker",
      headers: [
        .init("x-amz-delete-marker", "true"), .init("Allow", "DELETE"),
        .init("Last-Modified", TimestampText.rfc822(marker.lastModified)),
        .init("x-amz-version-id", marker.versionText),
      ])
  }

  private static func conditions(_ input: some ObjectReadInput) -> ReadConditions {
    ReadConditions(
      ifMatch: input.ifMatch, ifNoneMatch: input.ifNoneMatch, ifModifiedSince: input.ifModifiedSince,
      ifUnmodifiedSince: input.ifUnmodifiedSince)
  }

  private static func notModifiedHeaders(_ record: ObjectRecord, _ bucket: Bucket) -> [AWSError.Detail] {
    var headers: [AWSError.Detail] = [
      .init("ETag", record.etag.quoted), .init("Last-Modified", TimestampText.rfc822(record.lastModified)),
    ]
    if !record.attributes.cacheControl.isEmpty {
      headers.append(.init("Cache-Control", record.attributes.cacheControl))
    }
    if !record.attributes.expires.isEmpty { headers.append(.init("Expires", record.attributes.expires)) }
    if bucket.record.versioning != .off { headers.append(.init("x-amz-version-id", record.versionText)) }
    return headers
  }
}

/// A version that is going out, and what part of it.
private struct Reading {
  let record: ObjectRecord
  /// `nil` for the whole.
  let range: ByteRange?
  private let partsCount: Int?
  /// The part that was asked for, of an object uploaded in parts.
  private let part: ObjectPart?
  private let showsVersion: Bool
  private let showsChecksum: Bool
  private let expiration: String?
  private let overrides: Overrides

  private struct Overrides {
    var cacheControl, contentDisposition, contentEncoding, contentLanguage, contentType, expires: String?
  }

  /// - Throws: `InvalidRange`, `InvalidPartNumber`, `InvalidRequest`.
  init(_ record: ObjectRecord, _ input: some ObjectReadInput, showsVersion: Bool, expiration: String?) throws {
    self.record = record
    self.showsVersion = showsVersion
    self.expiration = expiration
    showsChecksum = input.checksumMode?.rawValue == "ENABLED"
    overrides = Overrides(
      cacheControl: input.responseCacheControl, contentDisposition: input.responseContentDisposition,
      contentEncoding: input.responseContentEncoding, contentLanguage: input.responseContentLanguage,
      contentType: input.responseContentType, expires: input.responseExpires.map { TimestampText.rfc822($0) })
    if let number = input.partNumber {
      guard input.range == nil else {
        throw S3Failure.invalidRequest("Cannot specify both Range header and partNumber query parameter")
      }
      range = try Self.part(number, of: record)
      partsCount = record.parts.isEmpty ? nil : record.parts.count
      part = record.parts.isEmpty ? nil : record.parts[number - 1]
      return
    }
    partsCount = nil
    part = nil
    guard let header = input.range else {
      range = nil
      return
    }
    switch ByteRange.parse(header, size: record.size) {
    case .whole: range = nil
    case .part(let part): range = part
    case .unsatisfiable: throw S3Failure.invalidRange(header, size: record.size)
    }
  }

  private static func part(_ number: Int, of record: ObjectRecord) throws -> ByteRange? {
    guard (1...Limits.partNumberMax).contains(number) else {
      throw S3Failure.invalidArgument(
        "Part number must be an integer between 1 and \(Limits.partNumberMax), inclusive", "partNumber", "\(number)")
    }
    guard !record.parts.isEmpty else {
      guard number == 1 else { throw S3Failure.invalidPartNumber(number, count: 1) }
      return record.size > 0 ? ByteRange(start: 0, length: record.size) : nil
    }
    guard number <= record.parts.count else { throw S3Failure.invalidPartNumber(number, count: record.parts.count) }
    let start = record.parts.prefix(number - 1).reduce(UInt64(0)) { $0 + $1.size }
    return ByteRange(start: start, length: record.parts[number - 1].size)
  }

  var overridesHeaders: Bool {
    overrides.cacheControl != nil || overrides.contentDisposition != nil || overrides.contentEncoding != nil
      || overrides.contentLanguage != nil || overrides.contentType != nil || overrides.expires != nil
  }

  func describe(_ output: inout some ObjectReadOutput) {
    let attributes = record.attributes
    func text(_ override: String?, _ own: String) -> String? { override ?? (own.isEmpty ? nil : own) }
    output.acceptRanges = "bytes"
    output.lastModified = record.lastModified
    output.contentLength = Int64(clamping: range?.length ?? record.size)
    output.contentRange = range?.contentRange(of: record.size)
    output.eTag = record.etag.quoted
    output.cacheControl = text(overrides.cacheControl, attributes.cacheControl)
    output.contentDisposition = text(overrides.contentDisposition, attributes.contentDisposition)
    output.contentEncoding = text(overrides.contentEncoding, attributes.contentEncoding)
    output.contentLanguage = text(overrides.contentLanguage, attributes.contentLanguage)
    output.contentType = text(overrides.contentType, attributes.contentType) ?? "binary/octet-stream"
    output.expires = text(overrides.expires, attributes.expires)
    output.expiration = expiration
    output.websiteRedirectLocation = text(nil, attributes.websiteRedirect)
    if !attributes.metadata.isEmpty {
      output.metadata = Dictionary(
        attributes.metadata.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    // The class is shown only where it is not the standard one.
    if !attributes.storageClass.isEmpty { output.storageClass = .init(rawValue: attributes.storageClass) }
    if !attributes.tags.isEmpty { output.tagCount = attributes.tags.count }
    output.partsCount = partsCount
    output.setEncryption(attributes.encryption)
    if showsVersion { output.versionId = record.versionText }
    // A checksum of the whole says nothing of a range of it; a part that was uploaded as such has its own.
    if showsChecksum, let checksum = record.checksum {
      if let part {
        guard part.checksum.count == checksum.algorithm.width else { return }
        output.setChecksum(checksum.algorithm, Base64.encode(part.checksum))
      } else {
        guard range == nil || range?.length == record.size else { return }
        output.setChecksum(checksum)
      }
      output.checksumType = .init(rawValue: checksum.type.name)
    }
  }
}
