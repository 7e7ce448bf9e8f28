import Crypto
import Foundation
package import Kernel
package import NIOCore

/// Turns positions into opaque text that a client can hand back but neither read nor forge: AES-256-GCM under a key
/// of this data folder.
package struct TokenSealer: Sendable {
  private let key: SymmetricKey
  private let random: any RandomSource

  /// - Parameter secret: 32 bytes, kept with the data.
  package init(secret: [UInt8], random: any RandomSource) {
    key = SymmetricKey(data: secret)
    self.random = random
  }

  package enum Purpose: UInt8, Sendable { case iterator = 1, shardList = 2, streamList = 3, consumerList = 4 }

  /// - Returns: base64.
  package func seal(_ content: ByteBuffer, for purpose: Purpose) throws -> String {
    let nonce = try AES.GCM.Nonce(data: random.bytes(12))
    let box = try AES.GCM.seal(
      Array(content.readableBytesView), using: key, nonce: nonce, authenticating: [purpose.rawValue])
    return (Data(box.nonce) + box.ciphertext + box.tag).base64EncodedString()
  }

  /// - Returns: `nil` when the text was not sealed here for this purpose.
  package func open(_ text: String, for purpose: Purpose) -> ByteBuffer? {
    guard let bytes = Data(base64Encoded: text), bytes.count >= 28, bytes.base64EncodedString() == text,
      let box = try? AES.GCM.SealedBox(combined: bytes),
      let content = try? AES.GCM.open(box, using: key, authenticating: [purpose.rawValue])
    else { return nil }
    return ByteBuffer(bytes: content)
  }
}

/// A place to read on from in a shard.
package struct IteratorPosition: Hashable, Sendable {
  package var scope: Scope
  package var stream: String
  package var uid: String
  package var shard: Int
  package var offset: UInt64
  package var issuedAt: Timestamp

  package init(scope: Scope, stream: String, uid: String, shard: Int, offset: UInt64, issuedAt: Timestamp) {
    self.scope = scope
    self.stream = stream
    self.uid = uid
    self.shard = shard
    self.offset = offset
    self.issuedAt = issuedAt
  }

  package func sealed(by sealer: TokenSealer) throws -> String {
    var content = ByteBuffer()
    content.writeInteger(issuedAt.milliseconds)
    content.writeInteger(offset)
    content.writeInteger(Int32(truncatingIfNeeded: shard))
    for text in [scope.account.digits, scope.region.code, stream, uid] {
      content.writeInteger(UInt8(truncatingIfNeeded: text.utf8.count))
      content.writeString(text)
    }
    return try sealer.seal(content, for: .iterator)
  }

  package init?(_ text: String, sealer: TokenSealer) {
    guard var content = sealer.open(text, for: .iterator), let issued: Int64 = content.readInteger(),
      let offset: UInt64 = content.readInteger(), let shard: Int32 = content.readInteger()
    else { return nil }
    var texts: [String] = []
    for _ in 0..<4 {
      guard let length: UInt8 = content.readInteger(), let part = content.readString(length: Int(length)) else {
        return nil
      }
      texts.append(part)
    }
    guard let account = AccountID(texts[0]) else { return nil }
    self.init(
      scope: Scope(account: account, region: Region(texts[1])), stream: texts[2], uid: texts[3], shard: Int(shard),
      offset: offset, issuedAt: Timestamp(milliseconds: issued))
  }
}
