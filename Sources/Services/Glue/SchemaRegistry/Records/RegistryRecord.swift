import CTarnSystem
import Kernel

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A record as AWS's serializers write it: the byte 3, a byte for the compression (0 none, 5 zlib), the id of the
/// schema's version in 16 bytes, and the payload.
///
/// Source: `AWSSchemaRegistryConstants` and `GlueSchemaRegistryDeserializerDataParser` of AWS's open-source library.
package struct RegistryRecord: Sendable {
  /// A record that cannot be read, or a schema that cannot be used for reading.
  package struct Unreadable: Error, Hashable, Sendable {
    package var reason: String
    package init(_ reason: String) { self.reason = reason }
  }

  /// The id of the version that wrote the record.
  package let versionID: String
  /// Uncompressed.
  package let payload: [UInt8]

  private static let headerVersion: UInt8 = 3
  private static let headerBytes = 18
  private static let uncompressed: UInt8 = 0
  private static let zlib: UInt8 = 5

  /// Whether the bytes begin as such a record does. No JSON does.
  package static func begins(_ bytes: some Collection<UInt8>) -> Bool { bytes.first == headerVersion }

  /// - Throws: `Unreadable` for a broken header or payload.
  package init(_ bytes: [UInt8]) throws(Unreadable) {
    guard Self.begins(bytes), bytes.count >= Self.headerBytes else {
      throw Unreadable("The record has no header of the Schema Registry.")
    }
    var digits = bytes[2..<Self.headerBytes].hex
    for place in [20, 16, 12, 8] { digits.insert("-", at: digits.index(digits.startIndex, offsetBy: place)) }
    versionID = digits
    switch bytes[1] {
    case Self.uncompressed: payload = Array(bytes[Self.headerBytes...])
    case Self.zlib: payload = try Self.inflated(bytes[Self.headerBytes...])
    default: throw Unreadable("Compression byte \(bytes[1]) of the record is not known.")
    }
  }

  private static func inflated(_ bytes: ArraySlice<UInt8>) throws(Unreadable) -> [UInt8] {
    var content: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = bytes.withUnsafeBufferPointer { bytes in
      tarn_gunzip(bytes.baseAddress, bytes.count, Limits.recordBytesMax, &content, &count)
    }
    defer { free(content) }
    switch result {
    case 0: return Array(UnsafeBufferPointer(start: content, count: count))
    case 1: throw Unreadable("The record's payload is no zlib stream.")
    default: throw Unreadable("The record's payload is larger than \(Limits.recordBytesMax) bytes.")
    }
  }
}

/// Reads payloads that were written with one version of a schema.
package struct RecordDecoder: Sendable {
  private enum Reader: Sendable {
    case json
    case avro(AvroDocument)
    case protobuf(ProtobufDocument)
  }
  private let reader: Reader

  /// - Parameter format: `AVRO`, `JSON` or `PROTOBUF`.
  package init(definition: String, format: String) throws(RegistryRecord.Unreadable) {
    do {
      switch SchemaFormat(rawValue: format) {
      case .json?: reader = .json
      case .avro?: reader = .avro(try AvroDocument(definition))
      case .protobuf?: reader = .protobuf(try ProtobufDocument(definition))
      case nil: throw SchemaSyntaxError("Data format \(format) is not known.")
      }
    } catch {
      throw RegistryRecord.Unreadable("The record's schema cannot be read. \(error)")
    }
  }

  /// The payload as JSON text.
  /// - Throws: `RegistryRecord.Unreadable` for a payload that the schema did not write.
  package func json(_ payload: [UInt8]) throws(RegistryRecord.Unreadable) -> [UInt8] {
    var out: [UInt8] = []
    switch reader {
    case .json: return payload
    case .avro(let document): try AvroValueReader.value(payload, document).write(to: &out)
    case .protobuf(let document): try ProtobufValueReader.value(payload, document).write(to: &out)
    }
    return out
  }
}
