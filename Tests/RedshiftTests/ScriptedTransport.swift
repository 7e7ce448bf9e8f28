import Kernel
import NIOCore
import PostgresWire
import Redshift

/// A client that says what it was told to, and remembers the answers. The password is answered by itself.
final class ScriptedTransport: EndpointTransport {
  private struct State {
    var toSend: [ByteBuffer]
    var written = ByteBuffer()
    var isClosed = false
  }
  private let state: Locked<State>
  private let password: String
  private let user: String
  private let messages: [ByteBuffer]

  init(_ first: [[UInt8]], password: String, user: String = "ada", then messages: [[UInt8]]) {
    state = Locked(State(toSend: first.map { ByteBuffer(bytes: $0) }))
    self.password = password
    self.user = user
    self.messages = messages.map { ByteBuffer(bytes: $0) }
  }

  let clientAddress = "127.0.0.1"

  func read() async -> ByteBuffer? {
    state.withLock { state in state.isClosed || state.toSend.isEmpty ? nil : state.toSend.removeFirst() }
  }

  func write(_ bytes: ByteBuffer) async throws(ClientGone) {
    state.withLock { state in
      state.written.writeImmutableBuffer(bytes)
      guard let salt = Spoken(bytes).salt else { return }
      // All at once: the endpoint must cope with messages that come together.
      var rest = ByteBuffer()
      for message in messages { rest.writeImmutableBuffer(message) }
      state.toSend.append(ByteBuffer(bytes: Frontend.md5(password, user, salt: salt)))
      if rest.readableBytes > 0 { state.toSend.append(rest) }
    }
  }

  func startTLS() async throws(ClientGone) {}
  func whenGone(_ body: @escaping @Sendable () -> Void) {}
  func writeLast(_ bytes: ByteBuffer) { state.withLock { $0.written.writeImmutableBuffer(bytes) } }
  func close() { state.withLock { $0.isClosed = true } }

  var spoken: Spoken { Spoken(state.withLock { $0.written }) }
}

/// What a server said, without what belongs to the login.
struct Spoken {
  private(set) var types = ""
  private(set) var rows: [[String?]] = []
  /// The bytes of each row's first value.
  private(set) var values: [[UInt8]] = []
  private(set) var tags: [String] = []
  private(set) var errors: [String] = []
  private(set) var states = ""
  private(set) var salt: [UInt8]?

  init(_ bytes: ByteBuffer) {
    var (bytes, isIn, sawFirstReady) = (bytes, false, false)
    while let code = bytes.readInteger(as: UInt8.self), let length = bytes.readInteger(as: Int32.self),
      var body = bytes.readSlice(length: Int(length) - 4)
    {
      let type = Character(UnicodeScalar(code))
      if type == "R" {
        if body.readInteger(as: Int32.self) == 5 { salt = body.readBytes(length: 4) }
        isIn = true
        continue
      }
      if type == "E" {
        while let field = body.readInteger(as: UInt8.self), field != 0, let value = body.readNullTerminatedString() {
          if field == UInt8(ascii: "C") { errors.append(value) }
        }
      }
      if isIn && !sawFirstReady {
        sawFirstReady = type == "Z"
        continue
      }
      types.append(type)
      switch type {
      case "D": read(row: &body)
      case "C": tags.append(body.readNullTerminatedString() ?? "")
      case "Z": states.append(String(buffer: body))
      default: break
      }
    }
  }

  private mutating func read(row body: inout ByteBuffer) {
    var row: [String?] = []
    for index in 0..<Int(body.readInteger(as: UInt16.self) ?? 0) {
      let length = Int(body.readInteger(as: Int32.self) ?? -1)
      let value = length < 0 ? nil : body.readBytes(length: length)
      row.append(value.map { String(decoding: $0, as: UTF8.self) })
      if index == 0, let value { values.append(value) }
    }
    rows.append(row)
  }
}
