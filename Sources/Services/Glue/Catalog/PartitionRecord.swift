import Crypto
import Foundation
import Kernel
import Storage

/// A partition as it is stored. A table can have a hundred thousand, so the value is a short tuple instead of JSON,
/// and the storage descriptor, which most partitions of a table share but for its location, is kept once and named.
struct PartitionRecord {
  static let format: Int64 = 1

  var location: String?
  /// Names the shared descriptor; `nil` for a partition without one.
  var descriptor: String?
  var parameters: [String: String]?
  var lastAccessTime: Timestamp?
  var lastAnalyzedTime: Timestamp?
  var creationTime: Timestamp

  var bytes: [UInt8] {
    var tuple = Key(
      Self.format, creationTime.nanoseconds, Self.encode(lastAccessTime), Self.encode(lastAnalyzedTime),
      Self.encode(descriptor), Self.encode(location), parameters.map { Int64($0.count) } ?? -1)
    for (name, value) in (parameters ?? [:]).sorted(by: { $0.key < $1.key }) { tuple = tuple.appending(name, value) }
    return tuple.bytes
  }

  // An absent text is a byte string, which no text is.
  private static func encode(_ text: String?) -> any KeyElement { text ?? [UInt8]() }
  private static func encode(_ time: Timestamp?) -> Int64 { time?.nanoseconds ?? .min }
}

extension PartitionRecord {
  /// - Throws: `StorageError.corrupt`.
  init(_ bytes: [UInt8]) throws {
    let damaged = StorageError.corrupt("a partition's record cannot be read")
    guard let tuple = Key(encoded: bytes).elements, tuple.count >= 7, tuple[0].integer == Self.format,
      let created = tuple[1].integer, let access = tuple[2].integer, let analyzed = tuple[3].integer,
      let count = tuple[6].integer, count < 0 || Int64(tuple.count) == 7 + 2 * count
    else { throw damaged }
    creationTime = Timestamp(nanoseconds: created)
    lastAccessTime = access == .min ? nil : Timestamp(nanoseconds: access)
    lastAnalyzedTime = analyzed == .min ? nil : Timestamp(nanoseconds: analyzed)
    descriptor = tuple[4].string
    location = tuple[5].string
    guard count >= 0 else { return }
    var pairs: [String: String] = [:]
    for position in stride(from: 7, to: tuple.count, by: 2) {
      guard let name = tuple[position].string, let value = tuple[position + 1].string else { throw damaged }
      pairs[name] = value
    }
    parameters = pairs
  }
}

/// The descriptors that partitions of a table share, read once a scan.
struct DescriptorShelf {
  let keys: CatalogKeys
  let database: String
  let table: String
  private var read: [String: StorageDescription] = [:]

  init(keys: CatalogKeys, database: String, table: String) {
    self.keys = keys
    self.database = database
    self.table = table
  }

  /// Keeps `storage` without its location.
  /// - Returns: the descriptor's name.
  mutating func put(_ storage: StorageDescription, in transaction: any KeyTransaction) throws -> String {
    var shared = storage
    shared.location = nil
    if let known = read.first(where: { $0.value == shared }) { return known.key }
    let bytes = try KeyRecord.encode(shared)
    let name = SHA256.hash(data: bytes).prefix(16).hex
    let key = keys.descriptor(name, of: table, in: database)
    if try transaction.get(key) == nil { try transaction.set(key, bytes) }
    read[name] = shared
    return name
  }

  mutating func partition(
    _ values: [String], _ record: PartitionRecord, from reader: any KeyReader
  ) throws -> CatalogPartition {
    var partition = CatalogPartition(
      values: values, parameters: record.parameters, lastAccessTime: record.lastAccessTime,
      lastAnalyzedTime: record.lastAnalyzedTime, creationTime: record.creationTime)
    if let name = record.descriptor {
      var storage = try storage(name, from: reader)
      storage.location = record.location
      partition.storage = storage
    }
    return partition
  }

  private mutating func storage(_ name: String, from reader: any KeyReader) throws -> StorageDescription {
    if let known = read[name] { return known }
    let key = keys.descriptor(name, of: table, in: database)
    guard let storage = try reader.get(key, as: StorageDescription.self) else {
      throw StorageError.corrupt("a partition names a descriptor that is not there")
    }
    read[name] = storage
    return storage
  }
}
