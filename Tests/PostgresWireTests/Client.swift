import Crypto
import Foundation
import Kernel
import NIOCore
import PostgresWire

/// A client's side of the protocol, as far as the tests need it.
enum Client {
  static func startup(_ parameters: [(String, String)], version: UInt32 = 3 << 16) -> ByteBuffer {
    var body = ByteBuffer()
    body.writeInteger(version)
    for (name, value) in parameters {
      body.writeNullTerminatedString(name)
      body.writeNullTerminatedString(value)
    }
    body.writeInteger(UInt8(0))
    return framed(body)
  }

  static func request(_ code: UInt32) -> ByteBuffer { framed(ByteBuffer(integer: code)) }

  static func framed(_ body: ByteBuffer) -> ByteBuffer {
    var packet = ByteBuffer(integer: Int32(body.readableBytes + 4))
    packet.writeImmutableBuffer(body)
    return packet
  }

  static func message(_ type: Unicode.Scalar, _ write: (inout ByteBuffer) -> Void = { _ in }) -> ByteBuffer {
    var body = ByteBuffer()
    write(&body)
    var message = ByteBuffer(integer: UInt8(ascii: type))
    message.writeImmutableBuffer(framed(body))
    return message
  }

  static func query(_ text: String) -> ByteBuffer { message("Q") { $0.writeNullTerminatedString(text) } }
  static let sync = message("S")
  static let flush = message("H")

  static func parse(_ text: String, as name: String = "", types: [UInt32] = []) -> ByteBuffer {
    message("P") {
      $0.writeNullTerminatedString(name)
      $0.writeNullTerminatedString(text)
      $0.writeInteger(UInt16(types.count))
      for type in types { $0.writeInteger(type) }
    }
  }

  static func bind(
    _ statement: String = "", portal: String = "", values: [[UInt8]?] = [], formats: [Int16] = [],
    results: [Int16] = []
  ) -> ByteBuffer {
    message("B") {
      $0.writeNullTerminatedString(portal)
      $0.writeNullTerminatedString(statement)
      $0.writeInteger(UInt16(formats.count))
      for format in formats { $0.writeInteger(format) }
      $0.writeInteger(UInt16(values.count))
      for value in values {
        $0.writeInteger(Int32(value?.count ?? -1))
        $0.writeBytes(value ?? [])
      }
      $0.writeInteger(UInt16(results.count))
      for format in results { $0.writeInteger(format) }
    }
  }

  static func execute(_ portal: String = "", rowsMax: Int32 = 0) -> ByteBuffer {
    message("E") {
      $0.writeNullTerminatedString(portal)
      $0.writeInteger(rowsMax)
    }
  }

  static func describe(_ kind: Unicode.Scalar, _ name: String = "") -> ByteBuffer {
    message("D") {
      $0.writeInteger(UInt8(ascii: kind))
      $0.writeNullTerminatedString(name)
    }
  }

  /// The types of the messages in what a server wrote, and their bodies.
  static func messages(_ output: ByteBuffer) -> [(type: Character, body: ByteBuffer)] {
    var output = output
    var found: [(Character, ByteBuffer)] = []
    while let type = output.readInteger(as: UInt8.self), let length = output.readInteger(as: Int32.self),
      let body = output.readSlice(length: Int(length) - 4)
    { found.append((Character(UnicodeScalar(type)), body)) }
    return found
  }

  static func types(_ output: ByteBuffer) -> String { String(messages(output).map(\.type)) }

  /// The fields of an error.
  static func error(_ output: ByteBuffer) -> [Character: String] {
    guard var body = messages(output).first(where: { $0.type == "E" })?.body else { return [:] }
    var fields: [Character: String] = [:]
    while let code = body.readInteger(as: UInt8.self), code != 0 {
      fields[Character(UnicodeScalar(code))] = body.readNullTerminatedString() ?? ""
    }
    return fields
  }

  static func md5(_ password: String, _ user: String, salt: [UInt8]) -> ByteBuffer {
    let inner = Insecure.MD5.hash(data: Array((password + user).utf8)).hex
    let outer = Insecure.MD5.hash(data: Array(inner.utf8) + salt).hex
    return message("p") { $0.writeNullTerminatedString("md5" + outer) }
  }

  static func hmac(_ key: some ContiguousBytes, _ text: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
  }

  /// The proof and the server's signature that a SCRAM exchange leads to.
  static func scram(
    _ password: String, salt: [UInt8], iterations: Int, authMessage: String
  ) -> (proof: String, signature: String) {
    let key = SymmetricKey(data: Array(password.utf8))
    var round = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
    var salted = round
    for _ in 1..<iterations {
      round = Array(HMAC<SHA256>.authenticationCode(for: round, using: key))
      for index in salted.indices { salted[index] ^= round[index] }
    }
    let clientKey = hmac(salted, "Client Key")
    let signature = hmac(Array(SHA256.hash(data: clientKey)), authMessage)
    let proof = zip(clientKey, signature).map { $0 ^ $1 }
    return (
      Data(proof).base64EncodedString(), Data(hmac(hmac(salted, "Server Key"), authMessage)).base64EncodedString()
    )
  }
}

extension PostgresServer {
  /// A server whose client is logged in.
  static func loggedIn(random: any RandomSource = SeededRandomSource(seed: 1)) -> PostgresServer {
    var server = PostgresServer(.init(), random: random)
    server.receive(Client.startup([("user", "ada"), ("database", "dev")]))
    _ = server.next()
    let md5 = "md5" + Insecure.MD5.hash(data: Array("pwada".utf8)).hex
    server.authenticate(with: PasswordVerifier(statement: md5, user: "ada", random: random))
    let salt = server.md5Salt()
    server.receive(Client.md5("pw", "ada", salt: salt))
    _ = server.next()
    server.opened(reporting: [], processID: 7, secret: 8)
    _ = server.takeOutput()
    return server
  }

  /// The salt of the request for an md5 password that was just written.
  mutating func md5Salt() -> [UInt8] {
    var output = takeOutput()
    output.moveReaderIndex(forwardBy: min(9, output.readableBytes))
    return output.readBytes(length: min(4, output.readableBytes)) ?? []
  }

  /// All that is to be done until more bytes are needed.
  mutating func actions() -> [Action] {
    var actions: [Action] = []
    while true {
      let action = next()
      actions.append(action)
      if action == .wait || action == .close { return actions }
    }
  }
}
