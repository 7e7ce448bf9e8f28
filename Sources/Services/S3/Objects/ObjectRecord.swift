import Kernel
import Storage

/// An entity tag: the MD5 of the bytes, or of the parts' MD5s with their number behind it.
struct ETag: Hashable, Sendable {
  /// Sixteen bytes.
  var md5: [UInt8]
  /// Parts of the upload that made the object; `nil` for an object written in one go.
  var parts: Int?

  /// Without quotes.
  var bare: String { parts.map { "\(md5.hex)-\($0)" } ?? md5.hex }
  /// As headers and XML carry it.
  var quoted: String { "\"\(bare)\"" }
}

/// A run of an object's bytes within a blob.
struct Segment: Hashable, Sendable {
  var blob: BlobRef
  /// Position of the run's first byte within the blob.
  var start: UInt64
  var length: UInt64

  init(whole blob: BlobRef) { self.init(blob: blob, start: 0, length: blob.length) }

  init(blob: BlobRef, start: UInt64, length: UInt64) {
    self.blob = blob
    self.start = start
    self.length = length
  }
}

/// What a completed multipart upload remembers of each part.
struct ObjectPart: Hashable, Sendable {
  var number: Int
  var size: UInt64
  /// Of the object's checksum algorithm; empty when the upload kept none.
  var checksum: [UInt8]
}

/// How an object is said to be encrypted at rest.
struct Encryption: Hashable, Sendable {
  enum Algorithm: UInt8, Sendable {
    case aes256 = 0
    case kms = 1
    case kmsDsse = 2

    var name: String {
      switch self {
      case .aes256: "AES256"
      case .kms: "aws:kms"
      case .kmsDsse: "aws:kms:dsse"
      }
    }

    init?(name: String) {
      switch name {
      case "AES256": self = .aes256
      case "aws:kms": self = .kms
      case "aws:kms:dsse": self = .kmsDsse
      default: return nil
      }
    }
  }
  var algorithm: Algorithm = .aes256
  var kmsKeyID = ""
  var bucketKey = false
}

/// A name and a value in the order they were given.
struct Pair: Hashable, Sendable, Codable {
  var name: String
  var value: String
}

/// Header fields and settings that come with an object and go out with it.
struct ObjectAttributes: Hashable, Sendable {
  var contentType = ""
  var cacheControl = ""
  var contentDisposition = ""
  var contentEncoding = ""
  var contentLanguage = ""
  var expires = ""
  var websiteRedirect = ""
  /// Empty for `STANDARD`.
  var storageClass = ""
  /// A canned ACL; empty for `private`.
  var acl = ""
  /// User-defined metadata, names in lower case without `x-amz-meta-`.
  var metadata: [Pair] = []
  var tags: [Pair] = []
  var encryption = Encryption()
}

/// One version of an object, or a delete marker.
struct ObjectRecord: Hashable, Sendable {
  /// Its place among the key's versions; grows with time.
  var order: Int64
  /// Random bits of its version id; `nil` for the null version.
  var nonce: [UInt8]?
  var isDeleteMarker = false
  var modified: Timestamp
  var size: UInt64 = 0
  var etag = ETag(md5: [])
  var checksum: ObjectChecksum?
  var segments: [Segment] = []
  var parts: [ObjectPart] = []
  /// The upload that made it, so that completing it again gives the same answer.
  var uploadNonce: [UInt8] = []
  var attributes = ObjectAttributes()

  /// The version id as answers show it: `null` for the null version.
  var versionText: String { nonce.map { VersionID(order: order, nonce: $0).text } ?? "null" }
  var isNullVersion: Bool { nonce == nil }
  /// S3 keeps whole seconds.
  var lastModified: Timestamp { Timestamp(seconds: modified.seconds) }

  func matches(_ selector: VersionSelector) -> Bool {
    switch selector {
    case .current: true
    case .null: nonce == nil
    case .id(let id): order == id.order && nonce == id.nonce
    }
  }
}
