import Foundation

/// A value kept in a `KeyStore` as JSON, for records that are not on a hot path.
///
/// JSON so that a newer version reads what an older one wrote (absent members take their default) and a person
/// can read the data folder with `sqlite3`.
extension KeyReader {
  /// - Throws: `StorageError.corrupt` when the bytes are not a `T`.
  public func get<T: Decodable>(_ key: Key, as type: T.Type) throws -> T? {
    guard let bytes = try get(key) else { return nil }
    return try KeyRecord.decode(type, bytes)
  }

  /// The records of `range` in key order, at most `limit`.
  public func records<T: Decodable>(_ range: KeyRange, as type: T.Type, limit: Int = .max) throws -> [T] {
    try entries(range, limit: limit).map { try KeyRecord.decode(type, $0.value) }
  }
}

extension KeyTransaction {
  public func set(_ key: Key, record: some Encodable) throws { try set(key, KeyRecord.encode(record)) }
}

/// JSON to and from a stored value.
public enum KeyRecord {
  public static func encode(_ record: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try [UInt8](encoder.encode(record))
  }

  public static func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw StorageError.corrupt("a record of \(type) cannot be read: \(error)")
    }
  }
}
