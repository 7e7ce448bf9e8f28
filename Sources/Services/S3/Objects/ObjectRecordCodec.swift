import Kernel
import Storage

/// The stored form of `ObjectRecord`: a head with what listings need, then tagged fields, of which unknown ones are
/// skipped so that an older Tarn reads what a newer one wrote.
extension ObjectRecord {
  private enum Flag {
    static let deleteMarker: UInt64 = 1
    static let hasNonce: UInt64 = 2
    static let hasChecksum: UInt64 = 4
    static let hasParts: UInt64 = 8
  }

  private enum Field: UInt64 {
    case segments = 1
    case parts = 2
    case contentType = 3
    case cacheControl = 4
    case contentDisposition = 5
    case contentEncoding = 6
    case contentLanguage = 7
    case expires = 8
    case websiteRedirect = 9
    case acl = 10
    case metadata = 11
    case tags = 12
    case encryption = 13
    case uploadNonce = 14
  }

  private static let formatVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = BinaryWriter()
    writer.byte(Self.formatVersion)
    var flags: UInt64 = 0
    if isDeleteMarker { flags |= Flag.deleteMarker }
    if nonce != nil { flags |= Flag.hasNonce }
    if checksum != nil { flags |= Flag.hasChecksum }
    if etag.parts != nil { flags |= Flag.hasParts }
    writer.number(flags)
    writer.signed(order)
    if let nonce { writer.block(nonce) }
    writer.signed(modified.nanoseconds)
    writer.number(size)
    writer.block(etag.md5)
    if let parts = etag.parts { writer.number(UInt64(clamping: parts)) }
    writer.text(attributes.storageClass)
    if let checksum {
      writer.byte(checksum.algorithm.rawValue)
      writer.byte(checksum.type.rawValue)
      writer.number(UInt64(clamping: checksum.parts))
      writer.block(checksum.value)
    }

    func field(_ field: Field, _ body: (inout BinaryWriter) -> Void) {
      var content = BinaryWriter(reserving: 32)
      body(&content)
      writer.number(field.rawValue)
      writer.block(content.bytes)
    }
    func text(_ name: Field, _ value: String) {
      guard !value.isEmpty else { return }
      writer.number(name.rawValue)
      writer.text(value)
    }
    func pairs(_ name: Field, _ pairs: [Pair]) {
      guard !pairs.isEmpty else { return }
      field(name) { content in
        for pair in pairs {
          content.text(pair.name)
          content.text(pair.value)
        }
      }
    }

    if !segments.isEmpty {
      field(.segments) { content in for segment in segments { segment.append(to: &content) } }
    }
    if !parts.isEmpty {
      field(.parts) { content in
        for part in parts {
          content.number(UInt64(clamping: part.number))
          content.number(part.size)
          content.block(part.checksum)
        }
      }
    }
    text(.contentType, attributes.contentType)
    text(.cacheControl, attributes.cacheControl)
    text(.contentDisposition, attributes.contentDisposition)
    text(.contentEncoding, attributes.contentEncoding)
    text(.contentLanguage, attributes.contentLanguage)
    text(.expires, attributes.expires)
    text(.websiteRedirect, attributes.websiteRedirect)
    text(.acl, attributes.acl)
    pairs(.metadata, attributes.metadata)
    pairs(.tags, attributes.tags)
    if attributes.encryption != Encryption() {
      field(.encryption) { content in
        content.byte(attributes.encryption.algorithm.rawValue)
        content.byte(attributes.encryption.bucketKey ? 1 : 0)
        content.text(attributes.encryption.kmsKeyID)
      }
    }
    if !uploadNonce.isEmpty { field(.uploadNonce) { $0.raw(uploadNonce) } }
    return writer.bytes
  }

  /// - Throws: `StorageError.corrupt` when the bytes are no object's record.
  init(decoding bytes: [UInt8]) throws {
    var reader = BinaryReader(bytes)
    try self.init(head: &reader)
    while !reader.isAtEnd {
      let tag = try reader.number()
      var content = try reader.nested()
      guard let field = Field(rawValue: tag) else { continue }
      try read(field, &content)
    }
  }

  /// What listings show, without the fields behind the head.
  init(head bytes: [UInt8]) throws {
    var reader = BinaryReader(bytes)
    try self.init(head: &reader)
  }

  private init(head reader: inout BinaryReader) throws {
    guard try reader.byte() == Self.formatVersion else {
      throw StorageError.corrupt("an S3 object's record has an unknown format")
    }
    let flags = try reader.number()
    self.init(order: try reader.signed(), modified: Timestamp(nanoseconds: 0))
    isDeleteMarker = flags & Flag.deleteMarker != 0
    if flags & Flag.hasNonce != 0 { nonce = Array(try reader.block()) }
    modified = Timestamp(nanoseconds: try reader.signed())
    size = try reader.number()
    etag = ETag(md5: Array(try reader.block()))
    if flags & Flag.hasParts != 0 { etag.parts = Int(clamping: try reader.number()) }
    attributes.storageClass = try reader.text()
    if flags & Flag.hasChecksum != 0 {
      guard let algorithm = ChecksumAlgorithm(rawValue: try reader.byte()),
        let type = ChecksumType(rawValue: try reader.byte())
      else { throw StorageError.corrupt("an S3 object's record has an unknown checksum") }
      let parts = Int(clamping: try reader.number())
      checksum = ObjectChecksum(algorithm: algorithm, type: type, value: Array(try reader.block()), parts: parts)
    }
  }

  private mutating func read(_ field: Field, _ content: inout BinaryReader) throws {
    func rest() throws -> String {
      var bytes: [UInt8] = []
      while !content.isAtEnd { bytes.append(try content.byte()) }
      return String(decoding: bytes, as: UTF8.self)
    }
    func pairs() throws -> [Pair] {
      var pairs: [Pair] = []
      while !content.isAtEnd { pairs.append(Pair(name: try content.text(), value: try content.text())) }
      return pairs
    }
    switch field {
    case .segments: while !content.isAtEnd { segments.append(try Segment(from: &content)) }
    case .parts:
      while !content.isAtEnd {
        let number = Int(clamping: try content.number())
        let size = try content.number()
        parts.append(ObjectPart(number: number, size: size, checksum: Array(try content.block())))
      }
    case .contentType: attributes.contentType = try rest()
    case .cacheControl: attributes.cacheControl = try rest()
    case .contentDisposition: attributes.contentDisposition = try rest()
    case .contentEncoding: attributes.contentEncoding = try rest()
    case .contentLanguage: attributes.contentLanguage = try rest()
    case .expires: attributes.expires = try rest()
    case .websiteRedirect: attributes.websiteRedirect = try rest()
    case .acl: attributes.acl = try rest()
    case .metadata: attributes.metadata = try pairs()
    case .tags: attributes.tags = try pairs()
    case .encryption:
      guard let algorithm = Encryption.Algorithm(rawValue: try content.byte()) else {
        throw StorageError.corrupt("an S3 object's record has an unknown encryption")
      }
      let bucketKey = try content.byte() != 0
      attributes.encryption = Encryption(algorithm: algorithm, kmsKeyID: try content.text(), bucketKey: bucketKey)
    case .uploadNonce: while !content.isAtEnd { uploadNonce.append(try content.byte()) }
    }
  }
}

extension Segment {
  func append(to writer: inout BinaryWriter) {
    blob.append(to: &writer)
    // Almost every segment is a whole blob: one byte says so.
    if start == 0, length == blob.length {
      writer.byte(0)
    } else {
      writer.byte(1)
      writer.number(start)
      writer.number(length)
    }
  }

  init(from reader: inout BinaryReader) throws {
    let blob = try BlobRef(from: &reader)
    if try reader.byte() == 0 {
      self.init(whole: blob)
    } else {
      let start = try reader.number()
      let length = try reader.number()
      guard start <= blob.length, length <= blob.length - start else {
        throw StorageError.corrupt("a segment of an S3 object lies outside its blob")
      }
      self.init(blob: blob, start: start, length: length)
    }
  }
}

extension BlobRef {
  func append(to writer: inout BinaryWriter) {
    writer.number(file)
    writer.number(offset)
    writer.number(length)
    writer.raw(withUnsafeBytes(of: crc32c.bigEndian, Array.init))
  }

  init(from reader: inout BinaryReader) throws {
    let file = try reader.number()
    let offset = try reader.number()
    let length = try reader.number()
    let sum = try reader.raw(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    self.init(file: file, offset: offset, length: length, crc32c: sum)
  }
}
