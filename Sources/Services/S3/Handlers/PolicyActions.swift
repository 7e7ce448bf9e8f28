/// Which of S3's actions are about buckets and which about objects: a statement whose action can apply to none of its
/// resources is refused.
///
/// Source: AWS's service authorization reference, "Actions, resources, and condition keys for Amazon S3".
enum PolicyActions {
  /// - Parameters:
  ///   - action: as the policy has it, wildcards included.
  ///   - resources: those of the statement, checked to be of this bucket.
  /// - Returns: whether something that `action` may mean is about one of the resources. An action that S3 does not
  ///   list is left alone.
  static func canApply(_ action: String, to resources: [String], of bucketARN: String) -> Bool {
    let name = action.lowercased().split(separator: ":", maxSplits: 1).last.map(String.init) ?? ""
    let isAboutObjects = onObjects.contains { matches(name, $0) }
    let isAboutBuckets = onBuckets.contains { matches(name, $0) }
    guard isAboutObjects || isAboutBuckets else { return true }
    return isAboutObjects && resources.contains { canBeObject($0, of: bucketARN) }
      || isAboutBuckets && resources.contains { matches($0, bucketARN) }
  }

  /// Whether a resource may name one of the bucket's objects.
  private static func canBeObject(_ resource: String, of bucketARN: String) -> Bool {
    if resource.hasPrefix("\(bucketARN)/") { return true }
    guard let star = resource.firstIndex(where: { $0 == "*" || $0 == "?" }) else { return false }
    // A wildcard within the bucket's name has the object behind a slash of its own, or behind a star.
    let head = resource[..<star]
    guard "\(bucketARN)/".hasPrefix(head) else { return head.hasPrefix("\(bucketARN)/") }
    return resource[star...].contains("*")
  }

  /// `*` for any text and `?` for any character.
  private static func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let text = Array(text.utf8)
    var (at, position) = (0, 0)
    var retry: (at: Int, position: Int)?
    while position < text.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        retry = (at + 1, position)
        at += 1
      } else if at < pattern.count, pattern[at] == UInt8(ascii: "?") || pattern[at] == text[position] {
        (at, position) = (at + 1, position + 1)
      } else if let last = retry {
        retry = (last.at, last.position + 1)
        (at, position) = (last.at, last.position + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  private static let onObjects = names(
    """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
    GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication
    ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
    ReplicateTags RestoreObject UpdateObjectEncryption
    """)

  private static let onBuckets = names(
    """
    CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
    GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification
    GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
    GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
    GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
    GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
    PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging
    PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
    PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
    PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
    PutMetricsConfiguration PutReplicationConfiguration
    """)

  private static func names(_ text: String) -> [String] {
    text.lowercased().split { $0 == " " || $0 == "\n" }.map(String.init)
  }
}
