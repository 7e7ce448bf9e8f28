import Kernel
import NIOCore
import PostgresWire
import Testing

/// What comes after the login.
@Suite struct MessageTests {
  private func joined(_ buffers: [ByteBuffer]) -> ByteBuffer {
    var all = ByteBuffer()
    for buffer in buffers { all.writeImmutableBuffer(buffer) }
    return all
  }

  @Test func messagesAreReadInOrder() {
    var server = PostgresServer.loggedIn()
    server.receive(
      joined([
        Client.query("select 1"), Client.parse("select $1", as: "s", types: [23]),
        Client.bind("s", values: [[1, 2], nil], formats: [1], results: [0, 1]), Client.describe("S", "s"),
        Client.describe("P"), Client.execute(rowsMax: 5), Client.sync, Client.message("X"),
      ]))
    var bound = BindMessage(portal: "", statement: "s")
    bound.parameterFormats = [.binary]
    bound.parameters = [ByteBuffer(bytes: [1, 2]), nil]
    bound.resultFormats = [.text, .binary]
    #expect(
      server.actions() == [
        .query("select 1"), .parse(statement: "s", text: "select $1", parameterTypes: [23]), .bind(bound),
        .describeStatement("s"), .describePortal(""), .execute(portal: "", rowsMax: 5, endsTransaction: true), .sync,
        .close,
      ])
    #expect(server.takeOutput().readableBytes == 0)
  }

  @Test func anErrorSkipsToTheNextSync() {
    var server = PostgresServer.loggedIn()
    server.receive(joined([Client.parse("nonsense"), Client.bind(), Client.execute(), Client.sync, Client.query("x")]))
    #expect(server.next() == .parse(statement: "", text: "nonsense", parameterTypes: []))
    server.fail(PostgresError("42601", "syntax error"))
    #expect(server.next() == .sync)
    server.ready(.idle)
    #expect(server.next() == .query("x"))
    server.fail(PostgresError("42601", "syntax error"))
    server.ready(.failed)
    #expect(server.next() == .wait)
    #expect(Client.types(server.takeOutput()) == "EZEZ")
  }

  @Test func anErrorOfTheSyncItselfSkipsNothing() {
    var server = PostgresServer.loggedIn()
    server.receive(joined([Client.sync, Client.query("x")]))
    #expect(server.next() == .sync)
    server.fail(PostgresError("40001", "conflict"))
    server.ready(.idle)
    #expect(server.next() == .query("x"))
  }

  @Test func anExecuteWaitsToSeeWhatFollows() {
    var server = PostgresServer.loggedIn()
    server.receive(Client.execute())
    #expect(server.next() == .wait)
    server.receive(Client.sync)
    #expect(server.next() == .execute(portal: "", rowsMax: 0, endsTransaction: true))
    #expect(server.next() == .sync)

    server.receive(joined([Client.execute(), Client.message("C") { $0.writeBytes([0x50, 0]) }]))
    #expect(server.next() == .wait)
    server.receive(Client.parse("select 2"))
    #expect(server.next() == .execute(portal: "", rowsMax: 0, endsTransaction: false))

    server.receive(joined([Client.sync, Client.execute(), Client.flush]))
    #expect(server.actions().contains(.execute(portal: "", rowsMax: 0, endsTransaction: false)))
  }

  @Test(arguments: [
    Client.message("Q"), Client.message("Q") { $0.writeBytes([0x61]) },
    Client.message("Q") { $0.writeBytes([0xFF, 0]) },
    Client.message("Q") { $0.writeBytes([0x61, 0, 0x62]) },
  ])
  func aQueryThatCannotBeReadIsAnsweredWithAnError(_ bytes: ByteBuffer) {
    var server = PostgresServer.loggedIn()
    server.receive(joined([bytes, Client.query("fine")]))
    #expect(server.next() == .sync)
    #expect(Client.types(server.takeOutput()) == "E")
    server.ready(.idle)
    #expect(server.next() == .query("fine"))
  }

  @Test(arguments: [
    Client.message("B") { $0.writeBytes([0, 0, 0xFF, 0xFF]) },
    Client.message("B") { $0.writeBytes([0, 0, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF]) },
    Client.message("B") { $0.writeBytes([0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE]) },
    Client.message("B") { $0.writeBytes([0, 0, 0, 1, 0, 9, 0, 0, 0, 0]) },
    Client.message("P") { $0.writeBytes([0, 0x61, 0, 0xFF, 0xFF]) },
    Client.message("D") { $0.writeBytes([0x5A, 0]) }, Client.message("D"), Client.message("E") { $0.writeBytes([0]) },
    Client.message("S") { $0.writeBytes([1]) },
  ])
  func aMessageThatCannotBeReadEndsItsSequence(_ bytes: ByteBuffer) {
    var server = PostgresServer.loggedIn()
    server.receive(joined([bytes, Client.execute(), Client.sync]))
    #expect(server.next() == .sync)
    #expect(Client.types(server.takeOutput()) == "E")
  }

  @Test(arguments: [
    ByteBuffer(bytes: [0x21]), ByteBuffer(bytes: [0x51, 0, 0, 0, 3]), ByteBuffer(bytes: [0x51, 0x80, 0, 0, 0]),
    ByteBuffer(bytes: [0x51, 0x7F, 0xFF, 0xFF, 0xFF]),
  ])
  func whatIsNoMessageEndsTheConnection(_ bytes: ByteBuffer) {
    var server = PostgresServer.loggedIn()
    server.receive(bytes)
    #expect(server.next() == .close)
    #expect(Client.error(server.takeOutput())["S"] == "FATAL")
    server.receive(Client.query("select 1"))
    #expect(server.next() == .close)
  }

  @Test func theLongestMessageIsTakenAndNoLonger() {
    var server = PostgresServer.loggedIn()
    var head = ByteBuffer(integer: UInt8(ascii: "Q"))
    head.writeInteger(Int32(PostgresLimits.messageBytesMax))
    server.receive(head)
    #expect(server.next() == .wait)

    server = PostgresServer.loggedIn()
    head.setInteger(Int32(PostgresLimits.messageBytesMax + 1), at: 1)
    server.receive(head)
    #expect(server.next() == .close)
  }

  @Test func columnsAreDescribed() {
    var output = ByteBuffer()
    let column = PostgresColumn(
      name: "id", type: PostgresType(oid: 1700, size: -1, modifier: 655_366), schema: "public", table: "t",
      isNullable: false)
    output.writeRowDescription([column])
    #expect(output.readableBytes == 5 + 2 + 3 + 18)
    output.clear()
    output.writeRowDescription([column], isExtended: true)
    #expect(output.readableBytes == 5 + 2 + 3 + 18 + 7 + 2 + 3 + 1 + 2)
    #expect(column.type.numericShape?.precision == 10)
    #expect(column.type.numericShape?.scale == 2)
  }

  @Test func errorsCarryTheirFields() {
    var output = ByteBuffer()
    output.writeErrorResponse(
      PostgresError("42P01", "no\0thing", detail: "d", hint: "h", position: 8))
    #expect(
      Client.error(output)
        == ["S": "ERROR", "V": "ERROR", "C": "42P01", "M": "no", "D": "d", "H": "h", "P": "8"])
  }
}
