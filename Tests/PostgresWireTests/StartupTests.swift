import Kernel
import NIOCore
import PostgresWire
import Testing

/// From the first byte to the question for a password.
@Suite struct StartupTests {
  private func server(_ options: PostgresServer.Options = .init()) -> PostgresServer {
    PostgresServer(options, random: SeededRandomSource(seed: 4))
  }

  @Test func aStartupPacketNamesUserDatabaseAndSettings() {
    var server = server()
    server.receive(
      Client.startup([
        ("user", "ada"), ("application_name", "psql"), ("client_protocol_version", "2"), ("driver_version", "x 2.1"),
        ("options", "-c search_path=a\\ b --extra-float-digits=2"),
      ]))
    guard case .findLogin(let parameters) = server.next() else { return #expect(Bool(false), "no login") }
    #expect(parameters.user == "ada")
    #expect(parameters.database == "ada")
    #expect(
      parameters.settings == ["application_name": "psql", "search_path": "a b", "extra_float_digits": "2"])
    #expect(parameters.driver == ["driver_version": "x 2.1"])
    #expect(parameters.clientProtocolVersion == 2)
  }

  @Test func bytesMayComeOneByOne() {
    var server = server()
    let packet = Client.startup([("user", "ada")])
    for byte in packet.readableBytesView.dropLast() {
      server.receive(ByteBuffer(integer: byte))
      #expect(server.next() == .wait)
    }
    server.receive(ByteBuffer(integer: UInt8(0)))
    guard case .findLogin = server.next() else { return #expect(Bool(false), "no login") }
  }

  @Test func encryptionIsOfferedOrNot() {
    var plain = server()
    plain.receive(Client.request(80_877_104))
    plain.receive(Client.request(80_877_103))
    #expect(plain.next() == .wait)
    #expect(String(buffer: plain.takeOutput()) == "NN")

    var secure = server(.init(offersTLS: true))
    secure.receive(Client.request(80_877_103))
    #expect(secure.next() == .startTLS)
    #expect(String(buffer: secure.takeOutput()) == "S")
    secure.encrypted()
    secure.receive(Client.startup([("user", "ada")]))
    guard case .findLogin = secure.next() else { return #expect(Bool(false), "no login") }
  }

  @Test func whatCameInClearBeforeEncryptionIsNotTrusted() {
    var server = server(.init(offersTLS: true))
    var bytes = Client.request(80_877_103)
    bytes.writeImmutableBuffer(Client.startup([("user", "ada")]))
    server.receive(bytes)
    #expect(server.next() == .close)
    #expect(Client.error(server.output)["C"] == "08P01")
  }

  @Test func encryptionMayBeRequired() {
    var server = server(.init(offersTLS: true, requiresTLS: true, clientAddress: "10.0.0.1"))
    server.receive(Client.startup([("user", "ada"), ("database", "dev")]))
    #expect(server.next() == .close)
    #expect(
      Client.error(server.output)["M"]
        == "no pg_hba.conf entry for host \"10.0.0.1\", user \"ada\", database \"dev\", SSL off")
  }

  @Test func aCancelRequestNamesItsSession() {
    var server = server()
    var body = ByteBuffer(integer: UInt32(80_877_102))
    body.writeInteger(Int32(42))
    body.writeInteger(Int32(-7))
    server.receive(Client.framed(body))
    #expect(server.next() == .cancel(processID: 42, secret: -7))
    #expect(server.next() == .close)
    #expect(server.takeOutput().readableBytes == 0)
  }

  @Test(arguments: [
    (Client.startup([]), "28000"),
    (Client.startup([("user", "ada")], version: 2 << 16), "0A000"),
    (Client.startup([("user", "ada"), ("replication", "true")]), "0A000"),
    (Client.startup([("user", "ada"), ("options", "nonsense")]), "42601"),
    (ByteBuffer(integer: UInt32(10_001)), "08P01"),
    (ByteBuffer(integer: Int32(-1)), "08P01"),
    (ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"), "08P01"),
    (Client.framed(ByteBuffer(bytes: [0, 3, 0, 0, 0x75])), "08P01"),
  ])
  func whatIsNoStartupEndsTheConnection(_ bytes: ByteBuffer, _ code: String) {
    var server = server()
    server.receive(bytes)
    #expect(server.next() == .close)
    #expect(Client.error(server.output)["C"] == code)
    #expect(Client.error(server.output)["S"] == "FATAL")
    #expect(server.next() == .close)
  }

  @Test func laterMinorVersionsAreNegotiated() {
    var server = server()
    server.receive(Client.startup([("user", "ada"), ("_pq_.new", "1")], version: 3 << 16 | 2))
    guard case .findLogin = server.next() else { return #expect(Bool(false), "no login") }
    #expect(Client.types(server.output) == "v")
  }

  @Test func redshiftsDriversAgreeOnATransferProtocol() {
    for (asked, given) in [("0", 0), ("1", 1), ("2", 2), ("3", 2), ("-4", 0), ("x", 0)] {
      let random = SeededRandomSource(seed: 3)
      var server = PostgresServer(.init(), random: random)
      server.receive(Client.startup([("user", "ada"), ("client_protocol_version", asked)]))
      _ = server.next()
      server.authenticate(with: PasswordVerifier(password: "pw", user: "ada", random: random))
      let salt = server.md5Salt()
      server.receive(Client.md5("pw", "ada", salt: salt))
      guard case .openSession = server.next() else { return #expect(Bool(false), "not in") }
      server.opened(reporting: [("server_version", "8.0.2")], processID: 1, secret: 2)
      #expect(server.transferProtocol == given)
      let told = Client.messages(server.takeOutput())
      #expect(String(told.map(\.type)) == "RSSKZ")
      #expect(String(buffer: told[2].body) == "server_protocol_version\0\(given)\0")
    }
  }
}
