import Crypto
import Foundation
import Kernel
import NIOCore
import PostgresWire
import Testing

/// Right and wrong passwords, by every exchange.
@Suite struct AuthenticationTests {
  private static let random = SeededRandomSource(seed: 11)

  private func asked(
    _ verifier: PasswordVerifier?, _ options: PostgresServer.Options = .init(), extra: [(String, String)] = []
  ) -> PostgresServer {
    var server = PostgresServer(options, random: Self.random)
    server.receive(Client.startup([("user", "ada"), ("database", "dev")] + extra))
    _ = server.next()
    server.authenticate(with: verifier)
    return server
  }

  private func isIn(_ action: PostgresServer.Action) -> Bool {
    if case .openSession = action { true } else { false }
  }

  private func expectRefused(_ server: inout PostgresServer) {
    #expect(server.next() == .close)
    #expect(Client.error(server.output)["C"] == "28000")
    #expect(Client.error(server.output)["M"] == "password authentication failed for user \"ada\"")
  }

  @Test(arguments: ["right", "wrong", ""])
  func md5(_ password: String) {
    var server = asked(PasswordVerifier(password: "right", user: "ada", random: Self.random))
    let salt = server.md5Salt()
    server.receive(Client.md5(password, "ada", salt: salt))
    if password == "right" { #expect(isIn(server.next())) } else { expectRefused(&server) }
  }

  @Test func aUserWhomNobodyKnowsIsAskedAllTheSame() {
    for verifier in [nil, PasswordVerifier.refusesAll] {
      var server = asked(verifier)
      #expect(Client.types(server.output) == "R")
      let salt = server.md5Salt()
      server.receive(Client.md5("", "ada", salt: salt))
      expectRefused(&server)
    }
  }

  /// Speaks SCRAM with a server that asks for it, up to the last message of the client.
  private func scram(_ password: String, flag: String, claimed: String? = nil) -> (PostgresServer, String) {
    let verifier = PasswordVerifier(password: "pencil ✓", user: "ada", random: Self.random)
    var server = asked(verifier, .init(prefersSCRAM: true))
    #expect(String(buffer: Client.messages(server.takeOutput())[0].body).hasSuffix("SCRAM-SHA-256\0\0"))
    let bare = "n=,r=rOprNGfwEbeRWgbNEkqO"
    server.receive(first("\(flag),,\(bare)"))
    #expect(server.next() == .wait)
    var body = Client.messages(server.takeOutput())[0].body
    #expect(body.readInteger(as: Int32.self) == 11)
    let answer = String(buffer: body)
    let fields = answer.split(separator: ",").map { $0.dropFirst(2) }
    let binding = Data("\(claimed ?? flag),,".utf8).base64EncodedString()
    let withoutProof = "c=\(binding),r=\(fields[0])"
    let (proof, signature) = Client.scram(
      password, salt: Array(Data(base64Encoded: String(fields[1]))!), iterations: Int(fields[2])!,
      authMessage: "\(bare),\(answer),\(withoutProof)")
    server.receive(Client.message("p") { $0.writeString("\(withoutProof),p=\(proof)") })
    return (server, signature)
  }

  private func first(_ text: String, mechanism: String = "SCRAM-SHA-256") -> ByteBuffer {
    Client.message("p") {
      $0.writeNullTerminatedString(mechanism)
      $0.writeInteger(Int32(text.utf8.count))
      $0.writeString(text)
    }
  }

  @Test(arguments: ["n", "y"])
  func scramLetsInWhoKnowsThePassword(_ flag: String) {
    var (server, signature) = scram("pencil ✓", flag: flag)
    #expect(isIn(server.next()))
    var body = Client.messages(server.takeOutput())[0].body
    #expect(body.readInteger(as: Int32.self) == 12)
    #expect(String(buffer: body) == "v=\(signature)")
  }

  @Test func scramRefusesWhoDoesNot() {
    var (server, _) = scram("pen", flag: "n")
    expectRefused(&server)
  }

  @Test func channelBindingThatWasTakenOutIsNoticed() {
    var (server, _) = scram("pencil ✓", flag: "n", claimed: "y")
    #expect(server.next() == .close)
    #expect(Client.error(server.output)["M"] == "SCRAM channel binding check failed")
  }

  @Test(arguments: [
    ("p=tls-server-end-point,,n=,r=abc", "SCRAM-SHA-256", "08P01"),
    ("n,,n=,r=abc", "SCRAM-SHA-256-PLUS", "08P01"),
    ("n,a=root,n=,r=abc", "SCRAM-SHA-256", "0A000"),
    ("n,,m=x,n=,r=abc", "SCRAM-SHA-256", "0A000"),
    ("n,,n=,r=", "SCRAM-SHA-256", "08P01"),
    ("", "SCRAM-SHA-256", "08P01"),
  ])
  func malformedScramEndsTheConnection(_ text: String, _ mechanism: String, _ code: String) {
    let verifier = PasswordVerifier(password: "x", user: "ada", random: Self.random)
    var server = asked(verifier, .init(prefersSCRAM: true))
    _ = server.takeOutput()
    server.receive(first(text, mechanism: mechanism))
    #expect(server.next() == .close)
    #expect(Client.error(server.output)["C"] == code)
  }

  @Test(arguments: ["right", "wrong"])
  func redshiftsSaltedDigest(_ password: String) {
    let verifier = PasswordVerifier(statement: "sha256|right", user: "ada", random: Self.random)
    var server = asked(verifier, extra: [("client_protocol_version", "2")])
    var body = Client.messages(server.takeOutput())[0].body
    #expect(body.readInteger(as: Int32.self) == 13)
    #expect(body.readInteger(as: Int32.self) == 0)
    let salt = body.readBytes(length: Int(body.readInteger(as: Int32.self) ?? 0)) ?? []
    let nonce = body.readBytes(length: Int(body.readInteger(as: Int32.self) ?? 0)) ?? []
    let clientNonce = Array("1700000000000".utf8)
    let inner = Array(SHA256.hash(data: Array(password.utf8) + salt))
    let digest = Array(SHA256.hash(data: inner + nonce + clientNonce))
    server.receive(
      Client.message("d") {
        $0.writeInteger(Int32(digest.count))
        $0.writeBytes(digest)
        $0.writeInteger(Int32(clientNonce.count))
        $0.writeBytes(clientNonce)
      })
    if password == "right" { #expect(isIn(server.next())) } else { expectRefused(&server) }
  }

  @Test func formsOfPasswordsInStatements() throws {
    let digest = Array(SHA256.hash(data: Array("pw".utf8) + [0xAB, 0xCD])).hex
    let md5 = "md5" + Insecure.MD5.hash(data: Array("pwada".utf8)).hex
    for text in ["pw", "sha256|pw", "sha256|\(digest)|abcd", md5] {
      let verifier = try #require(PasswordVerifier(statement: text, user: "ada", random: Self.random))
      #expect(verifier.accepts("pw", user: "ada"), "\(text)")
      #expect(!verifier.accepts("PW", user: "ada"), "\(text)")
    }
    #expect(PasswordVerifier(statement: "sha256|zz|ab", user: "ada", random: Self.random) == nil)
    #expect(!PasswordVerifier.refusesAll.accepts("", user: "ada"))
  }

  @Test func queriesBeforeThePasswordAreRefused() {
    for bytes in [Client.query("select 1"), Client.sync, Client.message("p")] {
      var server = asked(PasswordVerifier(password: "x", user: "ada", random: Self.random))
      _ = server.takeOutput()
      server.receive(bytes)
      #expect(server.next() == .close)
      #expect(Client.error(server.output)["C"] == "08P01")
    }
  }
}
