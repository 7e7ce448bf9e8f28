import Kernel
import S3Model

// AWS's model repeats the same members in many shapes. These protocols name them once.

/// The additional checksums of a request or an answer.
protocol ChecksumMembers {
  var checksumCRC32: String? { get set }
  var checksumCRC32C: String? { get set }
  var checksumCRC64NVME: String? { get set }
  var checksumSHA1: String? { get set }
  var checksumSHA256: String? { get set }
  var checksumSHA512: String? { get set }
  var checksumMD5: String? { get set }
  var checksumXXHASH64: String? { get set }
  var checksumXXHASH3: String? { get set }
  var checksumXXHASH128: String? { get set }
}

extension ChecksumMembers {
  mutating func setChecksum(_ algorithm: ChecksumAlgorithm, _ text: String) {
    switch algorithm {
    case .crc32: checksumCRC32 = text
    case .crc32c: checksumCRC32C = text
    case .crc64nvme: checksumCRC64NVME = text
    case .sha1: checksumSHA1 = text
    case .sha256: checksumSHA256 = text
    case .sha512: checksumSHA512 = text
    }
  }

  mutating func setChecksum(_ checksum: ObjectChecksum?) {
    if let checksum { setChecksum(checksum.algorithm, checksum.text) }
  }

  /// The values given.
  /// - Throws: `NotImplemented` for algorithms that Tarn does not compute.
  func givenChecksums() throws -> [(ChecksumAlgorithm, String?)] {
    let unknown = [
      ("md5", checksumMD5), ("xxhash64", checksumXXHASH64), ("xxhash3", checksumXXHASH3),
      ("xxhash128", checksumXXHASH128),
    ]
    for (name, value) in unknown where value != nil {
      throw S3Failure.notImplemented(header: "x-amz-checksum-\(name)")
    }
    return [
      (.crc32, checksumCRC32), (.crc32c, checksumCRC32C), (.crc64nvme, checksumCRC64NVME), (.sha1, checksumSHA1),
      (.sha256, checksumSHA256), (.sha512, checksumSHA512),
    ]
  }
}

extension PutObjectRequest: ChecksumMembers {}
extension PutObjectOutput: ChecksumMembers {}
extension GetObjectOutput: ChecksumMembers {}
extension HeadObjectOutput: ChecksumMembers {}
extension UploadPartRequest: ChecksumMembers {}
extension UploadPartOutput: ChecksumMembers {}
extension CompleteMultipartUploadRequest: ChecksumMembers {}
extension CompleteMultipartUploadOutput: ChecksumMembers {}
extension CompletedPart: ChecksumMembers {}
extension CopyObjectResult: ChecksumMembers {}
extension CopyPartResult: ChecksumMembers {}
extension Part: ChecksumMembers {}
extension S3Model.ObjectPart: ChecksumMembers {}
extension Checksum: ChecksumMembers {}

/// What a request says about the object it makes.
protocol ObjectHeaderInput {
  var acl: ObjectCannedACL? { get }
  var cacheControl: String? { get }
  var contentDisposition: String? { get }
  var contentEncoding: String? { get }
  var contentLanguage: String? { get }
  var contentType: String? { get }
  var expires: String? { get }
  var grantFullControl: String? { get }
  var grantRead: String? { get }
  var grantReadACP: String? { get }
  var grantWriteACP: String? { get }
  var key: String { get }
  var metadata: [String: String]? { get }
  var serverSideEncryption: ServerSideEncryption? { get }
  var storageClass: StorageClass? { get }
  var websiteRedirectLocation: String? { get }
  var sseCustomerAlgorithm: String? { get }
  var ssekmsKeyId: String? { get }
  var bucketKeyEnabled: Bool? { get }
  var tagging: String? { get }
  var objectLockMode: ObjectLockMode? { get }
  var objectLockRetainUntilDate: Timestamp? { get }
  var objectLockLegalHoldStatus: ObjectLockLegalHoldStatus? { get }
}

extension PutObjectRequest: ObjectHeaderInput {}
extension CopyObjectRequest: ObjectHeaderInput {}
extension CreateMultipartUploadRequest: ObjectHeaderInput {}

/// The encryption that an answer reports.
protocol EncryptionMembers {
  var serverSideEncryption: ServerSideEncryption? { get set }
  var ssekmsKeyId: String? { get set }
  var bucketKeyEnabled: Bool? { get set }
}

extension EncryptionMembers {
  mutating func setEncryption(_ encryption: Encryption) {
    serverSideEncryption = ServerSideEncryption(rawValue: encryption.algorithm.name)
    if !encryption.kmsKeyID.isEmpty { ssekmsKeyId = encryption.kmsKeyID }
    if encryption.bucketKey { bucketKeyEnabled = true }
  }
}

extension PutObjectOutput: EncryptionMembers {}
extension GetObjectOutput: EncryptionMembers {}
extension HeadObjectOutput: EncryptionMembers {}
extension CopyObjectOutput: EncryptionMembers {}
extension CreateMultipartUploadOutput: EncryptionMembers {}
extension UploadPartOutput: EncryptionMembers {}
extension UploadPartCopyOutput: EncryptionMembers {}
extension CompleteMultipartUploadOutput: EncryptionMembers {}

/// A GET or HEAD of an object.
protocol ObjectReadInput {
  var bucket: String { get }
  var key: String { get }
  var ifMatch: String? { get }
  var ifModifiedSince: Timestamp? { get }
  var ifNoneMatch: String? { get }
  var ifUnmodifiedSince: Timestamp? { get }
  var range: String? { get }
  var responseCacheControl: String? { get }
  var responseContentDisposition: String? { get }
  var responseContentEncoding: String? { get }
  var responseContentLanguage: String? { get }
  var responseContentType: String? { get }
  var responseExpires: Timestamp? { get }
  var versionId: String? { get }
  var sseCustomerAlgorithm: String? { get }
  var partNumber: Int? { get }
  var expectedBucketOwner: String? { get }
  var checksumMode: ChecksumMode? { get }
}

extension GetObjectRequest: ObjectReadInput {}
extension HeadObjectRequest: ObjectReadInput {}

/// Its answer's header fields.
protocol ObjectReadOutput: ChecksumMembers, EncryptionMembers {
  var acceptRanges: String? { get set }
  var lastModified: Timestamp? { get set }
  var contentLength: Int64? { get set }
  var checksumType: S3Model.ChecksumType? { get set }
  var eTag: String? { get set }
  var versionId: String? { get set }
  var cacheControl: String? { get set }
  var contentDisposition: String? { get set }
  var contentEncoding: String? { get set }
  var contentLanguage: String? { get set }
  var contentType: String? { get set }
  var contentRange: String? { get set }
  var expires: String? { get set }
  var expiration: String? { get set }
  var websiteRedirectLocation: String? { get set }
  var metadata: [String: String]? { get set }
  var storageClass: StorageClass? { get set }
  var partsCount: Int? { get set }
  var tagCount: Int? { get set }
}

extension GetObjectOutput: ObjectReadOutput {}
extension HeadObjectOutput: ObjectReadOutput {}
