import AWSWire
import CTarnSystem
import Crypto
import Foundation
import NIOCore

/// The additional checksums that S3 computes over objects, by the names of `x-amz-checksum-algorithm`.
enum ChecksumAlgorithm: UInt8, CaseIterable, Sendable {
  case crc32 = 1
  case crc32c = 2
  case crc64nvme = 3
  case sha1 = 4
  case sha256 = 5
  case sha512 = 6

  /// The algorithm's name as requests and answers write it.
  var name: String {
    switch self {
    case .crc32: "CRC32"
    case .crc32c: "CRC32C"
    case .crc64nvme: "CRC64NVME"
    case .sha1: "SHA1"
    case .sha256: "SHA256"
    case .sha512: "SHA512"
    }
  }

  init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name.uppercased() }) else { return nil }
    self = match
  }

  /// Bytes of a value.
  var width: Int {
    switch self {
    case .crc32, .crc32c: 4
    case .crc64nvme: 8
    case .sha1: 20
    case .sha256: 32
    case .sha512: 64
    }
  }

  /// Whether the checksum of a whole follows from those of its parts.
  var isLinear: Bool { self == .crc32 || self == .crc32c || self == .crc64nvme }

  /// Whether a multipart upload may use it in this way. AWS: "Checking object integrity", table of types.
  func supports(_ type: ChecksumType) -> Bool {
    switch type {
    case .fullObject: isLinear
    case .composite: self != .crc64nvme
    }
  }

  /// How a multipart upload uses it unless told otherwise.
  var defaultMultipartType: ChecksumType { self == .crc64nvme ? .fullObject : .composite }
}

enum ChecksumType: UInt8, Sendable {
  /// Over all bytes of the object.
  case fullObject = 0
  /// Over the checksums of its parts.
  case composite = 1

  var name: String { self == .fullObject ? "FULL_OBJECT" : "COMPOSITE" }

  init?(name: String) {
    switch name {
    case "FULL_OBJECT": self = .fullObject
    case "COMPOSITE": self = .composite
    default: return nil
    }
  }
}

/// A checksum as it is kept with an object.
struct ObjectChecksum: Hashable, Sendable {
  var algorithm: ChecksumAlgorithm
  var type: ChecksumType
  var value: [UInt8]
  /// Parts that a composite checksum covers; 0 otherwise.
  var parts = 0

  /// As headers and XML carry it: base64, and for a composite the number of parts.
  var text: String {
    let encoded = Base64.encode(value)
    return type == .composite ? "\(encoded)-\(parts)" : encoded
  }
}

/// Computes one checksum as the bytes come.
struct RunningChecksum {
  private enum State {
    case crc32(UInt32)
    case crc32c(UInt32)
    case crc64nvme(UInt64)
    case sha1(Insecure.SHA1)
    case sha256(SHA256)
    case sha512(SHA512)
  }
  private var state: State

  init(_ algorithm: ChecksumAlgorithm) {
    state =
      switch algorithm {
      case .crc32: .crc32(0)
      case .crc32c: .crc32c(0)
      case .crc64nvme: .crc64nvme(0)
      case .sha1: .sha1(Insecure.SHA1())
      case .sha256: .sha256(SHA256())
      case .sha512: .sha512(SHA512())
      }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .crc32(let sum): state = .crc32(tarn_crc32(sum, bytes.baseAddress, bytes.count))
    case .crc32c(let sum): state = .crc32c(tarn_crc32c(sum, bytes.baseAddress, bytes.count))
    case .crc64nvme(let sum): state = .crc64nvme(tarn_crc64nvme(sum, bytes.baseAddress, bytes.count))
    case .sha1(var hash):
      hash.update(bufferPointer: bytes)
      state = .sha1(hash)
    case .sha256(var hash):
      hash.update(bufferPointer: bytes)
      state = .sha256(hash)
    case .sha512(var hash):
      hash.update(bufferPointer: bytes)
      state = .sha512(hash)
    }
  }

  /// The value in the byte order that S3 writes: most significant byte first.
  func finish() -> [UInt8] {
    switch state {
    case .crc32(let sum), .crc32c(let sum): withUnsafeBytes(of: sum.bigEndian, Array.init)
    case .crc64nvme(let sum): withUnsafeBytes(of: sum.bigEndian, Array.init)
    case .sha1(let hash): Array(hash.finalize())
    case .sha256(let hash): Array(hash.finalize())
    case .sha512(let hash): Array(hash.finalize())
    }
  }

  static func of(_ bytes: [UInt8], _ algorithm: ChecksumAlgorithm) -> [UInt8] {
    var running = RunningChecksum(algorithm)
    bytes.withUnsafeBytes { running.update($0) }
    return running.finish()
  }
}
