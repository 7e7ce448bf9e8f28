import AWSWire
import NIOCore

/// What a request says about its body, to be compared with what came.
struct BodyChecks: Sendable {
  /// `Content-MD5`, sixteen bytes.
  var md5: [UInt8]?
  /// `x-amz-checksum-…` values given.
  var declared: [ChecksumAlgorithm: [UInt8]] = [:]
  /// `x-amz-sdk-checksum-algorithm`: a value follows in a trailer, which the wire has compared before the body ends.
  var algorithm: ChecksumAlgorithm?

  /// The checksum to keep with an object: the caller's, else S3's own choice.
  var kept: ChecksumAlgorithm { algorithm ?? declared.keys.first ?? .crc64nvme }

  /// - Throws: `InvalidDigest`, `InvalidRequest` for values that are no digests; two checksums at once.
  init(md5: String? = nil, declared: [(ChecksumAlgorithm, String?)] = [], algorithm: String? = nil) throws {
    if let md5 {
      guard let bytes = Base64.decode(md5), bytes.readableBytes == 16 else {
        throw S3Failure.invalidDigest(md5)
      }
      self.md5 = Array(bytes.readableBytesView)
    }
    for (name, value) in declared {
      guard let value else { continue }
      guard let bytes = Base64.decode(value), bytes.readableBytes == name.width else {
        throw S3Failure.invalidChecksumHeader(name)
      }
      self.declared[name] = Array(bytes.readableBytesView)
    }
    guard self.declared.count <= 1 else {
      throw S3Failure.invalidRequest(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    }
    if let algorithm {
      guard let known = ChecksumAlgorithm(name: algorithm) else {
        throw S3Failure.invalidRequest(
          "Checksum algorithm provided is unsupported. Please try again with any of the "
            + "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
      }
      self.algorithm = known
      if let given = self.declared.keys.first, given != known {
        throw S3Failure.invalidRequest(
          "Value for x-amz-sdk-checksum-algorithm header is invalid.")
      }
    }
  }

  /// - Throws: `BadDigest`.
  func verify(_ digests: Digests) throws {
    if let md5, md5 != digests.md5 {
      throw S3Failure.badDigest(expected: Base64.encode(md5), calculated: Base64.encode(digests.md5))
    }
    for (algorithm, value) in declared where digests.checksums[algorithm] != value {
      throw S3Failure.badChecksum(algorithm)
    }
  }
}
