import Kernel
import Storage

/// A multipart upload under way.
struct UploadRecord: Hashable, Sendable {
  var id: VersionID
  /// What the object will have, the bytes and their digests aside; `modified` is when the upload began.
  var template: ObjectRecord
  var algorithm: ChecksumAlgorithm
  var type: ChecksumType
  /// Whether the caller named the algorithm. An upload that did not keeps CRC64NVME over the whole object.
  var namedAlgorithm: Bool
  /// ARN of who began it.
  var initiator: String

  private static let formatVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = BinaryWriter()
    writer.byte(Self.formatVersion)
    writer.signed(id.order)
    writer.block(id.nonce)
    writer.byte(algorithm.rawValue)
    writer.byte(type.rawValue)
    writer.byte(namedAlgorithm ? 1 : 0)
    writer.text(initiator)
    writer.block(template.encoded())
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = BinaryReader(bytes)
    guard try reader.byte() == Self.formatVersion else {
      throw StorageError.corrupt("a multipart upload's record has an unknown format")
    }
    let order = try reader.signed()
    id = VersionID(order: order, nonce: Array(try reader.block()))
    guard let algorithm = ChecksumAlgorithm(rawValue: try reader.byte()),
      let type = ChecksumType(rawValue: try reader.byte())
    else { throw StorageError.corrupt("a multipart upload's record has an unknown checksum") }
    self.algorithm = algorithm
    self.type = type
    namedAlgorithm = try reader.byte() != 0
    initiator = try reader.text()
    template = try ObjectRecord(decoding: Array(try reader.block()))
  }

  init(
    id: VersionID, template: ObjectRecord, algorithm: ChecksumAlgorithm, type: ChecksumType, namedAlgorithm: Bool,
    initiator: String
  ) {
    self.id = id
    self.template = template
    self.algorithm = algorithm
    self.type = type
    self.namedAlgorithm = namedAlgorithm
    self.initiator = initiator
  }
}

/// A part of a multipart upload.
struct PartRecord: Hashable, Sendable {
  var number: Int
  var size: UInt64
  /// Sixteen bytes.
  var md5: [UInt8]
  var modified: Timestamp
  /// Of the upload's algorithm.
  var checksum: [UInt8]
  var segments: [Segment]

  var etag: ETag { ETag(md5: md5) }

  private static let formatVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = BinaryWriter(reserving: 128)
    writer.byte(Self.formatVersion)
    writer.number(UInt64(clamping: number))
    writer.number(size)
    writer.block(md5)
    writer.signed(modified.nanoseconds)
    writer.block(checksum)
    for segment in segments { segment.append(to: &writer) }
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = BinaryReader(bytes)
    guard try reader.byte() == Self.formatVersion else {
      throw StorageError.corrupt("a part's record has an unknown format")
    }
    number = Int(clamping: try reader.number())
    size = try reader.number()
    md5 = Array(try reader.block())
    modified = Timestamp(nanoseconds: try reader.signed())
    checksum = Array(try reader.block())
    segments = []
    while !reader.isAtEnd { segments.append(try Segment(from: &reader)) }
  }

  init(number: Int, size: UInt64, md5: [UInt8], modified: Timestamp, checksum: [UInt8], segments: [Segment]) {
    self.number = number
    self.size = size
    self.md5 = md5
    self.modified = modified
    self.checksum = checksum
    self.segments = segments
  }
}
