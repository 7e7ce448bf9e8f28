package import NIOCore

/// How a record lies in its shard's log: one byte of flags, the partition key's length in two, the partition key,
/// the explicit hash key in sixteen where the producer gave one, then the data to the end.
package struct RecordFrame: Sendable, Hashable {
  private static let hasExplicitHash: UInt8 = 1
  private static let isEncrypted: UInt8 = 2

  package var partitionKey: String
  package var explicitHash: HashKey?
  package var encrypted: Bool
  package var data: ByteBuffer

  package init(partitionKey: String, explicitHash: HashKey? = nil, encrypted: Bool = false, data: ByteBuffer) {
    self.partitionKey = partitionKey
    self.explicitHash = explicitHash
    self.encrypted = encrypted
    self.data = data
  }

  /// Bytes that a frame takes beside its partition key and data.
  package static let overheadMax = 19

  /// Writes a frame behind what `buffer` holds.
  package static func write(
    partitionKey: String, explicitHash: HashKey?, encrypted: Bool, data: ByteBuffer, to buffer: inout ByteBuffer
  ) {
    let flags = (explicitHash == nil ? 0 : hasExplicitHash) | (encrypted ? isEncrypted : 0)
    buffer.writeInteger(flags)
    buffer.writeInteger(UInt16(truncatingIfNeeded: partitionKey.utf8.count))
    buffer.writeString(partitionKey)
    if let explicitHash { buffer.writeInteger(explicitHash.value) }
    buffer.writeImmutableBuffer(data)
  }

  /// - Returns: `nil` when the payload is no frame.
  package init?(_ payload: ByteBuffer) {
    var payload = payload
    guard let flags: UInt8 = payload.readInteger(), let length: UInt16 = payload.readInteger(),
      let key = payload.readString(length: Int(length))
    else { return nil }
    partitionKey = key
    encrypted = flags & Self.isEncrypted != 0
    if flags & Self.hasExplicitHash != 0 {
      guard let hash: UInt128 = payload.readInteger() else { return nil }
      explicitHash = HashKey(hash)
    }
    data = payload
  }

  /// What the record counts against a shard's limits.
  package var size: Int { partitionKey.utf8.count + data.readableBytes }
}
