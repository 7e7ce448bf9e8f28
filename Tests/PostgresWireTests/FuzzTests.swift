import Kernel
import NIOCore
import PostgresWire
import Testing

/// Any bytes lead to an error or a close, never to a trap.
@Suite struct FuzzTests {
  /// Drives a server as its owner would, failing now and then.
  private func drive(_ server: inout PostgresServer, _ random: SeededRandomSource) {
    for _ in 0..<10_000 {
      switch server.next() {
      case .wait, .close: return
      case .startTLS: server.encrypted()
      case .cancel: break
      case .findLogin:
        server.authenticate(
          with: random.next(below: 2) == 0 ? nil : PasswordVerifier(statement: "sha256|x", user: "a", random: random))
      case .openSession: server.opened(reporting: [], processID: 1, secret: 2)
      case .query, .sync: server.ready(.idle)
      case .bind(let message):
        for (index, value) in message.parameters.enumerated() {
          guard let value else { continue }
          _ = try? BinaryParameters.text(value, oid: Self.oids[random.next(below: Self.oids.count)], index: index)
        }
      default:
        if random.next(below: 3) == 0 { server.fail(PostgresError("XX000", "so")) }
      }
    }
  }

  static let oids: [UInt32] = [
    16, 17, 19, 20, 21, 23, 25, 26, 700, 701, 705, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1188, 1190, 1266, 1700,
    2950, 4000, 6551, 99,
  ]

  private static let conversation: [ByteBuffer] = [
    Client.query("select 1; select 2"), Client.parse("select $1", as: "s", types: [23, 0]),
    Client.bind("s", values: [[1, 2, 3, 4], nil, []], formats: [1], results: [1]), Client.describe("S", "s"),
    Client.execute(rowsMax: 5), Client.flush, Client.sync, Client.message("C") { $0.writeBytes([0x50, 0]) },
    Client.message("F") { $0.writeBytes([1, 2]) }, Client.message("d") { $0.writeBytes([1, 2]) }, Client.message("X"),
  ]

  @Test(arguments: 0..<300 as Range<UInt64>)
  func changedConversations(_ seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var server = PostgresServer.loggedIn()
    for _ in 0..<20 {
      var bytes = Array(Self.conversation[random.next(below: Self.conversation.count)].readableBytesView)
      for _ in 0..<random.next(below: 3) { bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256)) }
      if random.next(below: 8) == 0 { bytes.removeLast(random.next(below: bytes.count)) }
      server.receive(ByteBuffer(bytes: bytes))
      drive(&server, random)
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func anyBytesFromTheStart(_ seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var server = PostgresServer(.init(offersTLS: seed % 2 == 0), random: random)
    for _ in 0..<20 {
      var bytes = random.bytes(random.next(below: 64))
      // Lengths that are near the truth lead further.
      if random.next(below: 2) == 0 {
        bytes = [0, 0, 0, UInt8(truncatingIfNeeded: bytes.count + 8), 0, 3, 0, 0] + bytes
      }
      server.receive(ByteBuffer(bytes: bytes))
      drive(&server, random)
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func anyParameter(_ seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let rows = RowBuffer()
    for _ in 0..<50 {
      let oid = Self.oids[random.next(below: Self.oids.count)]
      let bytes = random.bytes([0, 1, 2, 4, 8, 10, 12, 16, 20][random.next(below: 9)])
      guard let text = try? BinaryParameters.text(ByteBuffer(bytes: bytes), oid: oid, index: 1) else { continue }
      try? rows.binary(text, as: PostgresType(oid: oid, size: -1), isRedshift: random.next(below: 2) == 0)
      let other = Self.oids[random.next(below: Self.oids.count)]
      try? rows.binary(text, as: PostgresType(oid: other, size: -1), isRedshift: false)
    }
  }
}
