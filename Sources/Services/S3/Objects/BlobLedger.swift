import Kernel
import Storage

/// Who names which blob: copies share the bytes of their source, so a blob is freed when its last name goes.
///
/// A blob that one segment names has no counter. What nothing names any more is put into the queue under
/// `Layout.free` in the transaction that removed the last name; `BlobSweeper` frees it after the commit.
enum BlobLedger {
  /// Notes that these segments are named once more.
  static func share(_ segments: [Segment], _ transaction: any KeyTransaction) throws {
    for segment in segments {
      let key = Layout.references(segment.blob)
      try transaction.set(key, encode(try count(segment.blob, transaction).saturatingAdd(1)))
    }
  }

  /// Takes a name from each of these segments' blobs.
  /// - Returns: whether any blob was queued to be freed.
  @discardableResult
  static func release(_ segments: [Segment], _ transaction: any KeyTransaction) throws -> Bool {
    var queued = false
    for segment in segments {
      let names = try count(segment.blob, transaction)
      if names > 2 {
        try transaction.set(Layout.references(segment.blob), encode(names - 1))
      } else if names == 2 {
        try transaction.delete(Layout.references(segment.blob))
      } else {
        var writer = BinaryWriter(reserving: 32)
        segment.blob.append(to: &writer)
        try transaction.set(Layout.freed(segment.blob), writer.bytes)
        queued = true
      }
    }
    return queued
  }

  private static func count(_ blob: BlobRef, _ reader: any KeyReader) throws -> UInt64 {
    guard let bytes = try reader.get(Layout.references(blob)) else { return 1 }
    var reader = BinaryReader(bytes)
    return try reader.number()
  }

  private static func encode(_ count: UInt64) -> [UInt8] {
    var writer = BinaryWriter(reserving: 10)
    writer.number(count)
    return writer.bytes
  }
}
