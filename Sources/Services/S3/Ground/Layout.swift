import Storage

/// Where S3's records lie among the keys.
///
/// | key | value |
/// |---|---|
/// | `s3, bucket, NAME` | the bucket's record (JSON) |
/// | `s3, next-bucket` | the number that the next bucket gets |
/// | `s3, rev, BUCKET` | the bucket record's revision, which every write to the bucket's objects checks |
/// | `s3, o, BUCKET, KEY` | the current version, unless that is a delete marker |
/// | `s3, v, BUCKET, KEY, -ORDER` | every other version and every delete marker, newest first |
/// | `s3, null, BUCKET, KEY` | the order of the null version, when it lies under `v` |
/// | `s3, u, BUCKET, KEY, ORDER` | a multipart upload |
/// | `s3, p, BUCKET, KEY, ORDER, NUMBER` | a part of it |
/// | `s3, r, FILE, OFFSET` | how many segments name this blob, when more than one does |
/// | `s3, free, FILE, OFFSET` | a blob that nothing names any more, to be freed |
/// | `s3, event, DESTINATION, TIME, …` | an event that waits to be handed to its destination |
/// | `s3, storage-reported` | the midnight for which storage metrics were last reported, in seconds |
///
/// Buckets are numbered so that a name used again does not meet what its earlier owner left.
enum Layout {
  static let buckets = Key("s3", "bucket")
  static let nextBucket = Key("s3", "next-bucket")
  static let free = Key("s3", "free")
  static let events = Key("s3", "event")
  static let storageReported = Key("s3", "storage-reported")

  static func bucket(_ name: String) -> Key { Key("s3", "bucket", name) }
  static func revision(_ bucket: Int64) -> Key { Key("s3", "rev", bucket) }
  static func objects(_ bucket: Int64) -> Key { Key("s3", "o", bucket) }
  static func versions(_ bucket: Int64) -> Key { Key("s3", "v", bucket) }
  static func nullVersions(_ bucket: Int64) -> Key { Key("s3", "null", bucket) }
  static func uploads(_ bucket: Int64) -> Key { Key("s3", "u", bucket) }
  static func parts(_ bucket: Int64) -> Key { Key("s3", "p", bucket) }

  /// The queue of one destination, the oldest event first.
  static func events(to destination: String) -> Key { events.appending(destination) }

  static func version(_ bucket: Int64, _ key: String, _ order: Int64) -> Key {
    versions(bucket).appending(key, -order)
  }

  static func references(_ blob: BlobRef) -> Key {
    Key("s3", "r", Int64(bitPattern: blob.file), Int64(bitPattern: blob.offset))
  }
  static func freed(_ blob: BlobRef) -> Key {
    free.appending(Int64(bitPattern: blob.file), Int64(bitPattern: blob.offset))
  }

  /// The first place under `table` for object keys whose bytes are at or after `bytes`.
  static func seek(_ table: Key, to bytes: some Sequence<UInt8>) -> Key {
    var place = table.bytes
    place.append(0x02)
    for byte in bytes {
      place.append(byte)
      if byte == 0 { place.append(0xFF) }
    }
    return Key(encoded: place)
  }

  /// The first place under `table` after every object key that begins with `prefix`.
  static func seek(_ table: Key, past prefix: [UInt8]) -> Key {
    guard let successor = Self.successor(of: prefix) else { return table.subtree.to }
    return seek(table, to: successor)
  }

  /// The range under `table` of object keys that begin with `prefix`.
  static func range(_ table: Key, prefix: [UInt8]) -> KeyRange {
    KeyRange(from: seek(table, to: prefix), to: seek(table, past: prefix))
  }

  /// The least byte string that comes after everything that begins with `prefix`; `nil` when there is none.
  static func successor(of prefix: [UInt8]) -> [UInt8]? {
    var bytes = prefix
    while let last = bytes.popLast() {
      if last < 0xFF {
        bytes.append(last + 1)
        return bytes
      }
    }
    return nil
  }

  /// The object key in a place under `table`, as its raw UTF-8.
  static func objectKey(in place: Key, under table: Key) -> [UInt8] {
    var content: [UInt8] = []
    let bytes = place.bytes
    var index = table.bytes.count + 1
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte != 0 {
        content.append(byte)
      } else if index < bytes.count, bytes[index] == 0xFF {
        content.append(0)
        index += 1
      } else {
        break
      }
    }
    return content
  }
}
