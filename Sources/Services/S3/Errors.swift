import Kernel

/// S3's errors with the codes, statuses, messages and details of its error table ("Error responses"). Most of them
/// are not in AWS's model, which names few.
enum S3Failure {
  static func noSuchBucket(_ bucket: String) -> AWSError {
    AWSError(
      "NoSuchBucket", "The specified bucket does not exist", httpStatus: 404,
      details: [.init("BucketName", bucket)])
  }
  static func noSuchKey(_ key: String) -> AWSError {
    AWSError("NoSuchKey", "The specified key does not exist.", httpStatus: 404, details: [.init("Key", key)])
  }
  /// A GET of a key whose newest version is a delete marker.
  static func noSuchKey(_ key: String, marker: ObjectRecord) -> AWSError {
    var error = noSuchKey(key)
    error.headers = [.init("x-amz-delete-marker", "true"), .init("x-amz-version-id", marker.versionText)]
    return error
  }
  static func noSuchVersion(_ key: String, _ version: String) -> AWSError {
    AWSError(
      "NoSuchVersion", "The specified version does not exist.", httpStatus: 404,
      details: [.init("Key", key), .init("VersionId", version)])
  }
  /// A GET of a delete marker by its version id.
  static func methodNotAllowed(_ method: String, _ resource: String, headers: [AWSError.Detail] = []) -> AWSError {
    AWSError(
      "MethodNotAllowed", "The specified method is not allowed against this resource.", httpStatus: 405,
      details: [.init("Method", method), .init("ResourceType", resource)], headers: headers)
  }
  static func noSuchUpload(_ uploadID: String) -> AWSError {
    AWSError(
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        + "completed.", httpStatus: 404, details: [.init("UploadId", uploadID)])
  }
  static func accessDenied(_ message: String = "Access Denied") -> AWSError {
    AWSError("AccessDenied", message, httpStatus: 403)
  }
  static func bucketNotEmpty(_ bucket: String) -> AWSError {
    AWSError(
      "BucketNotEmpty", "The bucket you tried to delete is not empty", httpStatus: 409,
      details: [.init("BucketName", bucket)])
  }
  static func versionedBucketNotEmpty(_ bucket: String) -> AWSError {
    AWSError(
      "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
      httpStatus: 409, details: [.init("BucketName", bucket)])
  }
  static func bucketAlreadyOwnedByYou(_ bucket: String) -> AWSError {
    AWSError(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.", httpStatus: 409,
      details: [.init("BucketName", bucket)])
  }
  static func bucketAlreadyExists(_ bucket: String) -> AWSError {
    AWSError(
      "BucketAlreadyExists",
      "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        + "Please select a different name and try again.", httpStatus: 409, details: [.init("BucketName", bucket)])
  }
  static func invalidBucketName(_ bucket: String) -> AWSError {
    AWSError("InvalidBucketName", "The specified bucket is not valid.", details: [.init("BucketName", bucket)])
  }
  static func invalidLocationConstraint(_ location: String) -> AWSError {
    AWSError(
      "InvalidLocationConstraint", "The specified location-constraint is not valid",
      details: [.init("LocationConstraint", location)])
  }
  static func illegalLocationConstraint(_ location: String) -> AWSError {
    AWSError(
      "IllegalLocationConstraintException",
      "The \(location) location constraint is incompatible for the region specific endpoint this request was sent to.")
  }
  static func tooManyBuckets(_ limit: Int) -> AWSError {
    AWSError(
      "TooManyBuckets", "You have attempted to create more buckets than allowed",
      details: [.init("AllowedNumberOfBuckets", String(limit))])
  }
  static func permanentRedirect(_ bucket: String, region: String) -> AWSError {
    AWSError(
      "PermanentRedirect",
      "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
        + "future requests to this endpoint.", httpStatus: 301,
      details: [.init("Endpoint", "s3.\(region).amazonaws.com"), .init("Bucket", bucket)],
      headers: [.init("x-amz-bucket-region", region)])
  }

  static func invalidArgument(_ message: String, _ name: String, _ value: String?) -> AWSError {
    var details = [AWSError.Detail("ArgumentName", name)]
    if let value { details.append(.init("ArgumentValue", value)) }
    return AWSError("InvalidArgument", message, details: details)
  }
  static func invalidRequest(_ message: String) -> AWSError { AWSError("InvalidRequest", message) }
  static let malformedXML = AWSError(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
  static func notImplemented(header: String) -> AWSError {
    AWSError(
      "NotImplemented", "A header you provided implies functionality that is not implemented", httpStatus: 501,
      fault: .receiver, details: [.init("Header", header)])
  }
  static func keyTooLong(_ key: String) -> AWSError {
    AWSError(
      "KeyTooLongError", "Your key is too long",
      details: [.init("Size", String(key.utf8.count)), .init("MaxSizeAllowed", String(Limits.keyBytesMax))])
  }
  static func metadataTooLarge(_ size: Int) -> AWSError {
    AWSError(
      "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
      details: [.init("Size", String(size)), .init("MaxSizeAllowed", String(Limits.metadataBytesMax))])
  }
  static func entityTooLarge(_ size: Int64) -> AWSError {
    AWSError(
      "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
      details: [.init("ProposedSize", String(size)), .init("MaxSizeAllowed", String(Limits.putBytesMax))])
  }
  static func entityTooSmall(_ size: UInt64, part: Int, etag: String) -> AWSError {
    AWSError(
      "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
      details: [
        .init("ProposedSize", String(size)), .init("MinSizeAllowed", String(Limits.partBytesMin)),
        .init("PartNumber", String(part)), .init("ETag", etag),
      ])
  }
  static let missingContentLength = AWSError(
    "MissingContentLength", "You must provide the Content-Length HTTP header.", httpStatus: 411)
  static let incompleteBody = AWSError(
    "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
  static func invalidDigest(_ value: String) -> AWSError {
    AWSError(
      "InvalidDigest", "The Content-MD5 you specified was invalid.", details: [.init("Content-MD5", value)])
  }
  static func badDigest(expected: String, calculated: String) -> AWSError {
    AWSError(
      "BadDigest", "The Content-MD5 you specified did not match what we received.",
      details: [.init("ExpectedDigest", expected), .init("CalculatedDigest", calculated)])
  }
  static func badChecksum(_ algorithm: ChecksumAlgorithm) -> AWSError {
    AWSError("BadDigest", "The \(algorithm.name) you specified did not match the calculated checksum.")
  }
  static func invalidChecksumHeader(_ algorithm: ChecksumAlgorithm) -> AWSError {
    invalidRequest("Value for x-amz-checksum-\(algorithm.name.lowercased()) header is invalid.")
  }

  static func preconditionFailed(_ condition: String) -> AWSError {
    AWSError(
      "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", httpStatus: 412,
      details: [.init("Condition", condition)])
  }
  /// The answer to a conditional GET whose object has not changed: a status and header fields, no body.
  static func notModified(_ record: ObjectRecord, headers: [AWSError.Detail]) -> AWSError {
    AWSError("NotModified", "Not Modified", httpStatus: 304, headers: headers)
  }
  static func invalidRange(_ range: String, size: UInt64) -> AWSError {
    AWSError(
      "InvalidRange", "The requested range is not satisfiable", httpStatus: 416,
      details: [.init("RangeRequested", range), .init("ActualObjectSize", String(size))],
      headers: [.init("Content-Range", "bytes */\(size)")])
  }
  static func invalidPartNumber(_ number: Int, count: Int) -> AWSError {
    AWSError(
      "InvalidPartNumber", "The requested partnumber is not satisfiable", httpStatus: 416,
      details: [.init("PartNumberRequested", String(number)), .init("ActualPartCount", String(count))])
  }
  static func invalidPart(_ uploadID: String, part: Int, etag: String) -> AWSError {
    AWSError(
      "InvalidPart",
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
        + "entity tag may not match the part's entity tag.",
      details: [.init("UploadId", uploadID), .init("PartNumber", String(part)), .init("ETag", etag)])
  }
  static func invalidPartOrder(_ uploadID: String) -> AWSError {
    AWSError(
      "InvalidPartOrder",
      "The list of parts was not in ascending order. Parts must be ordered by part number.",
      details: [.init("UploadId", uploadID)])
  }
  static func invalidTag(_ message: String, key: String? = nil) -> AWSError {
    AWSError("InvalidTag", message, details: key.map { [.init("TagKey", $0)] } ?? [])
  }
  static func invalidStorageClass(_ value: String) -> AWSError {
    AWSError(
      "InvalidStorageClass", "The storage class you specified is not valid",
      details: [.init("StorageClassRequested", value)])
  }
  static func notConfigured(_ code: String, _ message: String, _ bucket: String) -> AWSError {
    AWSError(code, message, httpStatus: 404, details: [.init("BucketName", bucket)])
  }
  static let copyOntoItself = invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
      + "metadata, storage class, website redirect location or encryption attributes.")
  static let copySourceTooLarge = invalidRequest(
    "The specified copy source is larger than the maximum allowable size for a copy source: \(Limits.putBytesMax)")
  static func checksumTypeMismatch(expected: ChecksumAlgorithm, actual: ChecksumAlgorithm?) -> AWSError {
    invalidRequest(
      "Checksum Type mismatch occurred, expected checksum Type: \(expected.name.lowercased()), actual checksum Type: "
        + (actual?.name.lowercased() ?? "null"))
  }
  static let unexpectedContent = AWSError("UnexpectedContent", "This request does not support content")
  static let aclNotSupported = AWSError("AccessControlListNotSupported", "The bucket does not allow ACLs")
  static let conflict = AWSError(
    "OperationAborted",
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    httpStatus: 409)
}
