import Kernel
import S3Model

/// From a request's header fields to what is kept with the object, and the rules they must keep.
enum ObjectHeaders {
  /// - Throws: `MetadataTooLarge`, `InvalidStorageClass`, `InvalidTag`, `InvalidArgument`, `NotImplemented`,
  ///   `AccessControlListNotSupported`, `InvalidRequest`.
  static func attributes(_ input: some ObjectHeaderInput, _ bucket: BucketRecord) throws -> ObjectAttributes {
    guard input.sseCustomerAlgorithm == nil else {
      throw S3Failure.notImplemented(header: "x-amz-server-side-encryption-customer-algorithm")
    }
    guard
      input.objectLockMode == nil, input.objectLockRetainUntilDate == nil, input.objectLockLegalHoldStatus == nil
    else { throw S3Failure.invalidRequest("Bucket is missing Object Lock Configuration") }
    var attributes = ObjectAttributes()
    attributes.contentType = input.contentType ?? ""
    attributes.cacheControl = input.cacheControl ?? ""
    attributes.contentDisposition = input.contentDisposition ?? ""
    attributes.contentEncoding = withoutChunking(input.contentEncoding ?? "")
    attributes.contentLanguage = input.contentLanguage ?? ""
    attributes.expires = input.expires ?? ""
    attributes.websiteRedirect = try redirect(input.websiteRedirectLocation)
    attributes.metadata = try metadata(input.metadata ?? [:])
    attributes.storageClass = try storageClass(input.storageClass?.rawValue)
    attributes.acl = try acl(
      input.acl?.rawValue,
      grants: [input.grantFullControl, input.grantRead, input.grantReadACP, input.grantWriteACP], bucket)
    attributes.encryption = try encryption(
      input.serverSideEncryption?.rawValue, input.ssekmsKeyId, input.bucketKeyEnabled, bucket)
    attributes.tags = try input.tagging.map(TagRules.parseHeader) ?? []
    return attributes
  }

  /// `aws-chunked` says how the request was sent, not how the object is encoded.
  static func withoutChunking(_ encoding: String) -> String {
    guard encoding.contains("aws-chunked") else { return encoding }
    return encoding.split(separator: ",").map { trimmed($0) }.filter { $0 != "aws-chunked" }.joined(separator: ",")
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text)
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return String(rest)
  }

  private static func redirect(_ location: String?) throws -> String {
    guard let location else { return "" }
    guard location.hasPrefix("/") || location.hasPrefix("http://") || location.hasPrefix("https://") else {
      throw AWSError(
        "InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
      )
    }
    return location
  }

  static func metadata(_ metadata: [String: String]) throws -> [Pair] {
    let pairs = metadata.map { Pair(name: $0.key.lowercased(), value: $0.value) }.sorted { $0.name < $1.name }
    let size = pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    guard size <= Limits.metadataBytesMax else { throw S3Failure.metadataTooLarge(size) }
    return pairs
  }

  private static let storageClasses: Set<String> = [
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "GLACIER_IR",
  ]

  /// - Returns: empty for `STANDARD`.
  static func storageClass(_ name: String?) throws -> String {
    guard let name else { return "" }
    guard storageClasses.contains(name) else { throw S3Failure.invalidStorageClass(name) }
    return name == "STANDARD" ? "" : name
  }

  static func encryption(
    _ algorithm: String?, _ kmsKeyID: String?, _ bucketKey: Bool?, _ bucket: BucketRecord
  ) throws -> Encryption {
    guard let algorithm else {
      if kmsKeyID != nil {
        throw S3Failure.invalidArgument(
          "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
          "x-amz-server-side-encryption", nil)
      }
      let given = bucket.encryption
      var encryption = Encryption()
      encryption.algorithm = Encryption.Algorithm(name: given.algorithm) ?? .aes256
      encryption.bucketKey = encryption.algorithm == .kms && given.bucketKeyEnabled == true
      // The bucket shows its key as it was given; its objects name the key by its ARN.
      if encryption.algorithm != .aes256 {
        encryption.kmsKeyID = given.kmsKeyID.map { keyARN($0, bucket) } ?? managedKey(bucket)
      }
      return encryption
    }
    guard let known = Encryption.Algorithm(name: algorithm) else {
      throw S3Failure.invalidArgument(
        "The encryption method specified is not supported", "x-amz-server-side-encryption", algorithm)
    }
    if known == .aes256 {
      guard kmsKeyID == nil else {
        throw S3Failure.invalidArgument(
          "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
          "x-amz-server-side-encryption", algorithm)
      }
      return Encryption()
    }
    return Encryption(
      algorithm: known, kmsKeyID: kmsKeyID.map { keyARN($0, bucket) } ?? managedKey(bucket),
      bucketKey: bucketKey == true)
  }

  /// The ARN of the key that AWS manages for S3 in an account.
  private static func managedKey(_ bucket: BucketRecord) -> String { keyARN("alias/aws/s3", bucket) }

  private static func keyARN(_ id: String, _ bucket: BucketRecord) -> String {
    if id.hasPrefix("arn:") { return id }
    let resource = id.hasPrefix("alias/") ? id : "key/\(id)"
    return ARN(service: "kms", bucket.region, bucket.owner, resource).description
  }

  private static let cannedACLs: Set<String> = [
    "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
    "bucket-owner-full-control",
  ]

  /// - Returns: empty for `private`.
  static func acl(_ canned: String?, grants: [String?], _ bucket: BucketRecord) throws -> String {
    let hasGrants = grants.contains { $0 != nil }
    if let canned, !cannedACLs.contains(canned) { throw S3Failure.invalidArgument("", "x-amz-acl", canned) }
    if canned != nil, hasGrants {
      throw S3Failure.invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    }
    guard canned != nil || hasGrants else { return "" }
    if bucket.ownership == "BucketOwnerEnforced" {
      guard canned == "bucket-owner-full-control" else { throw S3Failure.aclNotSupported }
      return ""
    }
    if hasGrants { throw S3Failure.notImplemented(header: "x-amz-grant-full-control") }
    let chosen = canned ?? "private"
    if chosen.hasPrefix("public-"), bucket.publicAccessBlock?.blockPublicAcls == true { throw S3Failure.accessDenied() }
    return chosen == "private" || chosen.hasPrefix("bucket-owner") ? "" : chosen
  }
}
