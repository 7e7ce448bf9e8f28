import Crypto
import Foundation
import Kernel
import NIOCore

/// The exchange that shows that a client knows a password. Which one is asked for depends on what the verifier holds;
/// a user whom nobody knows is asked as if he existed.
struct Authentication: Sendable {
  enum Step: Hashable {
    /// Another message of the client is needed.
    case goesOn
    case passed
    case failed
  }

  private enum State {
    case md5(salt: [UInt8])
    case digest(PasswordVerifier.SaltedDigest, nonce: [UInt8])
    case clear
    case scramFirst(PasswordVerifier.SCRAM)
    case scramFinal(PasswordVerifier.SCRAM, nonce: String, header: String, spoken: String)
    case done
  }

  private let user: String
  private let verifier: PasswordVerifier
  private let serverNonce: String
  private var state: State

  /// Writes the request for a password.
  /// - Parameters:
  ///   - prefersSCRAM: asks for SCRAM where the verifier allows it; Redshift's habit is md5.
  ///   - isEncrypted: whether the password may be sent in clear, where nothing else does.
  ///   - knowsDigest: whether the client is Redshift's own, which knows the exchange for salted digests.
  init(
    user: String, verifier: PasswordVerifier?, prefersSCRAM: Bool, isEncrypted: Bool, knowsDigest: Bool,
    random: any RandomSource, output: inout ByteBuffer
  ) {
    let mock = verifier == nil || verifier == .refusesAll
    var verifier = verifier ?? .refusesAll
    if mock { verifier.md5 = "md5" + random.bytes(16).hex }
    self.user = user
    self.verifier = verifier
    serverNonce = Data(random.bytes(18)).base64EncodedString()
    if let scram = verifier.scram, prefersSCRAM || verifier.md5 == nil {
      state = .scramFirst(scram)
      output.writeMessage("R") {
        $0.writeInteger(Int32(10))
        $0.writeCString("SCRAM-SHA-256")
        $0.writeInteger(UInt8(0))
      }
    } else if verifier.md5 != nil {
      let salt = random.bytes(4)
      state = .md5(salt: salt)
      output.writeMessage("R") {
        $0.writeInteger(Int32(5))
        $0.writeBytes(salt)
      }
    } else if let digest = verifier.sha256, knowsDigest || !isEncrypted {
      let nonce = Array(serverNonce.utf8)
      state = .digest(digest, nonce: nonce)
      output.writeMessage("R") {
        $0.writeInteger(Int32(13))
        $0.writeInteger(Int32(0))  // SHA-256
        $0.writeInteger(Int32(clamping: digest.salt.count))
        $0.writeBytes(digest.salt)
        $0.writeInteger(Int32(clamping: nonce.count))
        $0.writeBytes(nonce)
      }
    } else {
      state = .clear
      output.writeMessage("R") { $0.writeInteger(Int32(3)) }
    }
  }

  /// - Parameter type: `p`, or `d` for Redshift's digest.
  mutating func receive(_ type: UInt8, _ body: ByteBuffer, output: inout ByteBuffer) throws(PostgresError) -> Step {
    let state = self.state
    self.state = .done
    var body = body
    if case .digest(let expected, let nonce) = state {
      guard type == UInt8(ascii: "d") else { throw Self.unexpected(type) }
      return try Self.checkDigest(&body, expected, nonce) ? .passed : .failed
    }
    guard type == UInt8(ascii: "p") else { throw Self.unexpected(type) }
    switch state {
    case .md5(let salt):
      let given = try body.readCString()
      guard let md5 = verifier.md5 else { return .failed }
      let expected = "md5" + Insecure.MD5.hash(data: Array(md5.utf8.dropFirst(3)) + salt).hex
      return Array(given.utf8).isSameSecret(as: Array(expected.utf8)) ? .passed : .failed
    case .clear: return verifier.accepts(try body.readCString(), user: user) ? .passed : .failed
    case .scramFirst(let scram): return try first(&body, scram, &output)
    case .scramFinal(let scram, let nonce, let header, let spoken):
      return try final(body, scram, nonce: nonce, header: header, spoken: spoken, &output)
    case .digest, .done: throw Self.unexpected(type)
    }
  }

  private static func unexpected(_ type: UInt8) -> PostgresError {
    .violation("expected password response, got message type \(type)")
  }

  private static func checkDigest(
    _ body: inout ByteBuffer, _ expected: PasswordVerifier.SaltedDigest, _ nonce: [UInt8]
  ) throws(PostgresError) -> Bool {
    guard let length = body.readInteger(as: Int32.self), length >= 0, let digest = body.readBytes(length: Int(length)),
      let nonceLength = body.readInteger(as: Int32.self), nonceLength >= 0,
      let clientNonce = body.readBytes(length: Int(nonceLength))
    else { throw .violation("malformed digest response") }
    return digest.isSameSecret(as: Array(SHA256.hash(data: expected.digest + nonce + clientNonce)))
  }

  // MARK: SCRAM-SHA-256 (RFC 5802, RFC 7677)

  private mutating func first(
    _ body: inout ByteBuffer, _ scram: PasswordVerifier.SCRAM, _ output: inout ByteBuffer
  ) throws(PostgresError) -> Step {
    guard try body.readCString() == "SCRAM-SHA-256" else {
      throw .violation("client selected an invalid SASL authentication mechanism")
    }
    guard let length = body.readInteger(as: Int32.self), length >= 0, let message = body.readSlice(length: Int(length))
    else { throw .violation("malformed SCRAM message") }
    let text = try message.utf8Text()
    // n,,n=user,r=nonce: flag, authorization identity, then the bare message. The user is the startup packet's.
    let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw .violation("malformed SCRAM message") }
    guard parts[0] == "n" || parts[0] == "y" else {
      throw parts[0].hasPrefix("p=")
        ? .violation(
          "client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data")
        : .violation("malformed SCRAM message")
    }
    guard parts[1].isEmpty else {
      throw .fatal("0A000", "client uses authorization identity, but it is not supported")
    }
    let attributes = parts[2].split(separator: ",", omittingEmptySubsequences: false)
    guard attributes.count >= 2, attributes[0].hasPrefix("n="), attributes[1].hasPrefix("r=") else {
      throw attributes.first?.hasPrefix("m=") == true
        ? .fatal("0A000", "client requires an unsupported SCRAM extension") : .violation("malformed SCRAM message")
    }
    let clientNonce = attributes[1].dropFirst(2)
    guard !clientNonce.isEmpty, clientNonce.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .violation("malformed SCRAM message")
    }
    let nonce = clientNonce + serverNonce
    let answer = "r=\(nonce),s=\(Data(scram.salt).base64EncodedString()),i=\(scram.iterations)"
    output.writeMessage("R") {
      $0.writeInteger(Int32(11))
      $0.writeString(answer)
    }
    state = .scramFinal(
      scram, nonce: String(nonce), header: "\(parts[0]),,", spoken: "\(parts[2]),\(answer)")
    return .goesOn
  }

  private mutating func final(
    _ body: ByteBuffer, _ scram: PasswordVerifier.SCRAM, nonce: String, header: String, spoken: String,
    _ output: inout ByteBuffer
  ) throws(PostgresError) -> Step {
    let text = try body.utf8Text()
    guard let mark = text.range(of: ",p=", options: .backwards) else { throw .violation("malformed SCRAM message") }
    let withoutProof = text[..<mark.lowerBound]
    let attributes = withoutProof.split(separator: ",", omittingEmptySubsequences: false)
    guard attributes.count >= 2, attributes[0] == "c=\(Data(header.utf8).base64EncodedString())" else {
      throw .violation("SCRAM channel binding check failed")
    }
    guard attributes[1] == "r=\(nonce)" else { throw .violation("invalid SCRAM response: nonce does not match") }
    guard let proof = Data(base64Encoded: String(text[mark.upperBound...])), proof.count == SHA256.byteCount,
      scram.storedKey.count == SHA256.byteCount
    else { throw .violation("malformed SCRAM message") }
    let authMessage = Array("\(spoken),\(withoutProof)".utf8)
    let signature = HMAC<SHA256>.authenticationCode(for: authMessage, using: SymmetricKey(data: scram.storedKey))
    let clientKey = zip(proof, signature).map { $0 ^ $1 }
    guard Array(SHA256.hash(data: clientKey)).isSameSecret(as: scram.storedKey) else { return .failed }
    let answer = HMAC<SHA256>.authenticationCode(for: authMessage, using: SymmetricKey(data: scram.serverKey))
    output.writeMessage("R") {
      $0.writeInteger(Int32(12))
      $0.writeString("v=" + Data(answer).base64EncodedString())
    }
    return .passed
  }
}
