public import Kernel
public import NIOCore

/// One client's connection from the server's side: bytes in, actions out. It does no I/O and waits for nothing, so
/// that all of it can be tried without a network.
///
/// The owner hands over what it receives, asks `next()` for what to do, does it, writes its answers into `output`, and
/// asks again. Messages behind an error of the extended protocol are skipped up to the next Sync here.
public struct PostgresServer: Sendable {
  public enum Action: Hashable, Sendable {
    /// More bytes are needed.
    case wait
    /// Send `output`, begin TLS, then call `encrypted()`.
    case startTLS
    /// End what the session with that key runs, and close.
    case cancel(processID: Int32, secret: Int32)
    /// Look the user up, then call `authenticate(with:)`.
    case findLogin(StartupParameters)
    /// The password was right: open a session, then call `opened(…)`, or `fail` with a fatal error.
    case openSession(StartupParameters)
    /// Split, run, and end with `ready(…)`.
    case query(String)
    case parse(statement: String, text: String, parameterTypes: [UInt32])
    case bind(BindMessage)
    case describeStatement(String)
    case describePortal(String)
    /// `endsTransaction`: nothing but a Sync follows, so that the statement may commit by itself.
    case execute(portal: String, rowsMax: Int, endsTransaction: Bool)
    case closeStatement(String)
    case closePortal(String)
    case flush
    /// Commit what is open implicitly, then call `ready(…)`.
    case sync
    /// Send `output` and close.
    case close
  }

  public struct Options: Sendable {
    public var offersTLS: Bool
    public var requiresTLS: Bool
    public var prefersSCRAM: Bool
    /// Where the client is, for its error.
    public var clientAddress: String

    public init(
      offersTLS: Bool = false, requiresTLS: Bool = false, prefersSCRAM: Bool = false, clientAddress: String = ""
    ) {
      self.offersTLS = offersTLS
      self.requiresTLS = requiresTLS
      self.prefersSCRAM = prefersSCRAM
      self.clientAddress = clientAddress
    }
  }

  private enum Phase {
    case startup
    case handshake
    case login(StartupParameters)
    case password(StartupParameters, Authentication)
    case opening(StartupParameters)
    case ready
    case closed
  }

  /// What is to be sent.
  public var output = ByteBuffer()
  public private(set) var isEncrypted = false
  /// Redshift's transfer protocol that was agreed on; 0 is PostgreSQL's.
  public private(set) var transferProtocol = 0
  private let options: Options
  private let random: any RandomSource
  private var input = ByteBuffer()
  private var phase = Phase.startup
  private var refusedGSS = false
  /// Skips to the next Sync.
  private var isSkipping = false
  /// Whether an extended message was answered since the last Sync.
  private var isExtended = false
  /// An Execute that waits to see what follows.
  private var execute: (portal: String, rowsMax: Int)?

  public init(_ options: Options, random: any RandomSource) {
    self.options = options
    self.random = random
  }

  /// Takes what the client sent.
  public mutating func receive(_ bytes: ByteBuffer) {
    if case .closed = phase { return }
    if input.readableBytes == 0 {
      input = bytes
    } else {
      var bytes = bytes
      input.writeBuffer(&bytes)
    }
  }

  /// Takes what was collected for the client.
  public mutating func takeOutput() -> ByteBuffer {
    defer { output = ByteBuffer() }
    return output
  }

  /// What is to be done now.
  public mutating func next() -> Action {
    do {
      while true { if let action = try step() { return action } }
    } catch {
      // Nothing of what follows an error of framing can be trusted.
      fail(error)
      if phaseIsClosed {
        input = ByteBuffer()
        return .close
      }
      return isSkipping ? next() : .sync
    }
  }

  private var isReady: Bool { if case .ready = phase { true } else { false } }
  private var phaseIsClosed: Bool { if case .closed = phase { true } else { false } }

  /// One step; `nil` when another is to be taken at once.
  private mutating func step() throws(PostgresError) -> Action? {
    switch phase {
    case .startup:
      guard let packet = try readStartup() else { return .wait }
      return try started(packet)
    case .handshake, .login, .opening: return .wait
    case .password(let parameters, var authentication):
      guard let (type, body) = try readMessage(PostgresLimits.loginMessageBytesMax) else { return .wait }
      if type == UInt8(ascii: "X") { return closeQuietly() }
      switch try authentication.receive(type, body, output: &output) {
      case .goesOn: phase = .password(parameters, authentication)
      case .failed:
        throw .fatal("28000", "password authentication failed for user \"\(parameters.user)\"")
      case .passed:
        phase = .opening(parameters)
        return .openSession(parameters)
      }
      return nil
    case .ready: return try ready()
    case .closed: return .close
    }
  }

  // MARK: Startup

  private mutating func readStartup() throws(PostgresError) -> StartupPacket? {
    guard let length = input.getInteger(at: input.readerIndex, as: Int32.self) else { return nil }
    guard length >= 8, Int(length) <= PostgresLimits.startupBytesMax else {
      throw .violation("invalid length of startup packet")
    }
    guard input.readableBytes >= Int(length), var packet = input.readSlice(length: Int(length)) else { return nil }
    packet.moveReaderIndex(forwardBy: 4)
    return try StartupPacket.decode(packet)
  }

  private mutating func started(_ packet: StartupPacket) throws(PostgresError) -> Action? {
    switch packet {
    case .sslRequest:
      guard !isEncrypted else { throw .violation("unexpected SSL request") }
      guard options.offersTLS else {
        output.writeInteger(UInt8(ascii: "N"))
        return nil
      }
      // What came along in clear would be taken for encrypted: CVE-2021-23214.
      guard input.readableBytes == 0 else { throw .violation("received unencrypted data after SSL request") }
      output.writeInteger(UInt8(ascii: "S"))
      phase = .handshake
      return .startTLS
    case .gssRequest:
      guard !refusedGSS else { throw .violation("unexpected GSSAPI encryption request") }
      refusedGSS = true
      output.writeInteger(UInt8(ascii: "N"))
      return nil
    case .cancel(let processID, let secret):
      phase = .closed
      return .cancel(processID: processID, secret: secret)
    case .startup(var parameters, let minorVersion, let unknownOptions):
      guard !parameters.user.isEmpty else {
        throw .fatal("28000", "no PostgreSQL user name specified in startup packet")
      }
      if parameters.database.isEmpty { parameters.database = parameters.user }
      if options.requiresTLS && !isEncrypted {
        throw .fatal(
          "28000",
          "no pg_hba.conf entry for host \"\(options.clientAddress)\", user \"\(parameters.user)\", "
            + "database \"\(parameters.database)\", SSL off")
      }
      if minorVersion > 0 || !unknownOptions.isEmpty {
        output.writeMessage("v") {
          $0.writeInteger(UInt32(3 << 16))
          $0.writeInteger(UInt32(clamping: unknownOptions.count))
          for option in unknownOptions { $0.writeCString(option) }
        }
      }
      phase = .login(parameters)
      return .findLogin(parameters)
    }
  }

  /// TLS stands from here on.
  public mutating func encrypted() {
    guard case .handshake = phase else { return }
    isEncrypted = true
    phase = .startup
  }

  /// Asks the client for the password.
  /// - Parameter verifier: `nil` for a user who does not exist; he is asked all the same.
  public mutating func authenticate(with verifier: PasswordVerifier?) {
    guard case .login(let parameters) = phase else { return }
    phase = .password(
      parameters,
      Authentication(
        user: parameters.user, verifier: verifier, prefersSCRAM: options.prefersSCRAM, isEncrypted: isEncrypted,
        knowsDigest: parameters.clientProtocolVersion != nil, random: random, output: &output))
  }

  /// Tells the client that it is in.
  /// - Parameters:
  ///   - parameters: what the session reports of itself.
  ///   - processID: with `secret`, what a cancel request names.
  public mutating func opened(
    reporting parameters: [(name: String, value: String)], processID: Int32, secret: Int32
  ) {
    guard case .opening(let startup) = phase else { return }
    phase = .ready
    output.writeAuthenticationOk()
    for parameter in parameters { output.writeParameterStatus(parameter.name, parameter.value) }
    if let asked = startup.clientProtocolVersion {
      transferProtocol = max(0, min(asked, Self.transferProtocolMax))
      output.writeParameterStatus("server_protocol_version", String(transferProtocol))
    }
    output.writeBackendKeyData(processID: processID, secret: secret)
    output.writeReadyForQuery(.idle)
  }

  /// Redshift's: 0 as PostgreSQL, 1 describes columns further, 2 writes numbers in binary as integers.
  public static let transferProtocolMax = 2

  // MARK: After the login

  /// Bytes of messages that were read before their memory is used again: moving the rest each time would cost more.
  private static let readBytesKept = 64 << 10

  /// A whole message, `nil` while there is none.
  private mutating func readMessage(_ bytesMax: Int) throws(PostgresError) -> (UInt8, ByteBuffer)? {
    guard let type = input.getInteger(at: input.readerIndex, as: UInt8.self) else { return nil }
    if isReady && !FrontendMessage.isKnown(type) { throw .violation("invalid frontend message type \(type)") }
    guard let length = input.getInteger(at: input.readerIndex + 1, as: Int32.self) else { return nil }
    guard length >= 4, Int(length) <= bytesMax else { throw .violation("invalid message length") }
    guard input.readableBytes >= 1 + Int(length) else { return nil }
    input.moveReaderIndex(forwardBy: 5)
    guard let body = input.readSlice(length: Int(length) - 4) else { return nil }
    if input.readableBytes == 0 {
      input = ByteBuffer()
    } else if input.readerIndex > Self.readBytesKept {
      input.discardReadBytes()
    }
    return (type, body)
  }

  private mutating func ready() throws(PostgresError) -> Action? {
    if let waiting = execute {
      guard let endsTransaction = endsTransaction() else { return .wait }
      execute = nil
      return .execute(portal: waiting.portal, rowsMax: waiting.rowsMax, endsTransaction: endsTransaction)
    }
    guard let (type, body) = try readMessage(PostgresLimits.messageBytesMax) else { return .wait }
    if isSkipping && type != UInt8(ascii: "S") && type != UInt8(ascii: "X") { return nil }
    isExtended = "PBDECH".utf8.contains(type)
    switch try FrontendMessage.decode(type, body) {
    case .query(let text): return .query(text)
    case .parse(let statement, let text, let types):
      return .parse(statement: statement, text: text, parameterTypes: types)
    case .bind(let message): return .bind(message)
    case .describeStatement(let name): return .describeStatement(name)
    case .describePortal(let name): return .describePortal(name)
    case .execute(let portal, let rowsMax):
      execute = (portal, rowsMax)
      return nil
    case .closeStatement(let name): return .closeStatement(name)
    case .closePortal(let name): return .closePortal(name)
    case .flush: return .flush
    case .sync:
      isSkipping = false
      return .sync
    case .terminate: return closeQuietly()
    case .functionCall:
      output.writeErrorResponse(PostgresError("0A000", "function calls by message are not supported"))
      return .sync
    case .copyRemains: return nil
    }
  }

  private mutating func closeQuietly() -> Action {
    phase = .closed
    return .close
  }

  /// Whether what follows an Execute is a Sync, looking past messages that run nothing. `nil` while it is not known: a
  /// client that wants an answer sends Sync or Flush.
  private func endsTransaction() -> Bool? {
    var index = input.readerIndex
    var sawFlush = false
    while let type = input.getInteger(at: index, as: UInt8.self) {
      switch UnicodeScalar(type) {
      case "S": return true
      case "C", "H":
        sawFlush = sawFlush || type == UInt8(ascii: "H")
        guard let length = input.getInteger(at: index + 1, as: Int32.self), length >= 4 else {
          return sawFlush ? false : nil
        }
        index += 1 + Int(length)
      default: return false
      }
    }
    return sawFlush ? false : nil
  }

  /// Tells the client of an error; the rest of an extended sequence is skipped, a fatal one closes.
  public mutating func fail(_ error: PostgresError) {
    if phaseIsClosed { return }
    var error = error
    if !isReady { error.severity = "FATAL" }
    output.writeErrorResponse(error)
    if error.isFatal { phase = .closed } else { isSkipping = isExtended }
  }

  /// Ends a query or a sequence.
  public mutating func ready(_ status: TransactionStatus) {
    if phaseIsClosed { return }
    output.writeReadyForQuery(status)
  }
}
