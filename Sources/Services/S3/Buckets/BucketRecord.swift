import Kernel

/// A bucket and its settings, as kept.
struct BucketRecord: Codable, Hashable, Sendable {
  enum Versioning: String, Codable, Sendable {
    /// Never switched on: objects have no version ids.
    case off
    case enabled
    case suspended
  }

  /// Which of a bucket's public rights are blocked. AWS switches all on for new buckets.
  struct PublicAccessBlock: Codable, Hashable, Sendable {
    var blockPublicAcls = true
    var ignorePublicAcls = true
    var blockPublicPolicy = true
    var restrictPublicBuckets = true
  }

  struct DefaultEncryption: Codable, Hashable, Sendable {
    var algorithm = "AES256"
    var kmsKeyID: String?
    var bucketKeyEnabled: Bool?
    var blockedEncryptionTypes: [String]?
  }

  var name: String
  /// Names the bucket's objects among the keys; never used again.
  var number: Int64
  /// Grows with every change of this record.
  var revision: Int64 = 1
  var owner: AccountID
  var region: Region
  var created: Timestamp
  var versioning = Versioning.off
  var policy: String?
  var tags: [Pair] = []
  var publicAccessBlock: PublicAccessBlock? = PublicAccessBlock()
  var ownership: String? = "BucketOwnerEnforced"
  var acl = "private"
  var encryption = DefaultEncryption()
  var cors: [CORSRuleRecord]?
  var lifecycle: LifecycleRecord?
  var requestPayer = "BucketOwner"
  var accelerate: String?
  var notifications: [NotificationRecord]?

  /// `arn:aws:s3:::name`.
  var arn: String { "arn:\(region.partition):s3:::\(name)" }
  func arn(of key: String) -> String { "\(arn)/\(key)" }
}
