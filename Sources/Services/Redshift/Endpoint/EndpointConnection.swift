import Kernel
import NIOCore
import PostgresWire

/// One client's connection: does what the protocol's machine asks for, message by message, in one task.
final class EndpointConnection {
  let endpoint: WarehouseEndpoint
  let client: EndpointClient
  let transport: any EndpointTransport
  var server: PostgresServer
  private var login: EndpointLogin?
  /// Set once the client is in; nothing that needs it is asked for before.
  private var openSession: (any SQLSession)?
  /// What the client was told of the session's parameters.
  private var reported: [String: String] = [:]
  var statements: [String: PreparedSQL] = [:]
  var portals: [String: Portal] = [:]
  /// Whether a transaction is open that the client did not ask for: several statements in one query or sequence
  /// succeed or fail together.
  var isImplicit = false
  let rowBuffer = RowBuffer()

  init(_ endpoint: WarehouseEndpoint, _ client: EndpointClient, _ transport: any EndpointTransport) {
    self.endpoint = endpoint
    self.client = client
    self.transport = transport
    server = PostgresServer(
      .init(
        offersTLS: endpoint.offersTLS, requiresTLS: endpoint.options.requiresTLS,
        prefersSCRAM: endpoint.options.prefersSCRAM, clientAddress: transport.clientAddress),
      random: endpoint.random)
  }

  func run() async {
    do {
      while try await perform(server.next()) {}
      try await flush()
    } catch {
      // The client has gone: nobody is left to tell.
      openSession?.cancel()
    }
    for name in portals.keys { await closePortal(name) }
    await openSession?.close()
  }

  var session: any SQLSession {
    get throws {
      guard let openSession else { throw PostgresError("XX000", "no session is open") }
      return openSession
    }
  }

  /// - Returns: whether the connection goes on.
  private func perform(_ action: PostgresServer.Action) async throws -> Bool {
    switch action {
    case .wait:
      try await flush()
      if let ending = client.ending {
        server.fail(ending)
        return true
      }
      client.setIdle(since: endpoint.clock.now())
      guard let bytes = await transport.read() else { return false }
      client.setIdle(since: nil)
      server.receive(bytes)
    case .startTLS:
      try await flush()
      try await transport.startTLS()
      server.encrypted()
    case .cancel(let processID, let secret):
      endpoint.clients.cancel(processID: processID, secret: secret)
      return false
    case .close: return false
    case .findLogin(let parameters): await findLogin(parameters)
    case .openSession(let parameters): await open(parameters)
    case .flush: try await flush()
    case .sync: try await answering { try await sync() }
    case .query(let text): try await query(text)
    case .parse(let statement, let text, let types):
      try await answering { try await parse(statement, text, types) }
    case .bind(let message): try await answering { try await bind(message) }
    case .describeStatement(let name): try await answering { try describeStatement(name) }
    case .describePortal(let name): try await answering { try describePortal(name) }
    case .execute(let portal, let rowsMax, let endsTransaction):
      try await answering { try await execute(portal, rowsMax: rowsMax, endsTransaction: endsTransaction) }
    case .closeStatement(let name):
      statements[name] = nil
      server.output.writeCloseComplete()
    case .closePortal(let name):
      await closePortal(name)
      server.output.writeCloseComplete()
    }
    if server.output.readableBytes >= EndpointLimits.outputBytesMax { try await flush() }
    return true
  }

  /// Turns what a statement throws into an answer; a client that has gone is thrown on.
  private func answering(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as ClientGone {
      throw error
    } catch {
      await rollBackImplicit()
      fail(error)
    }
  }

  func fail(_ error: any Error) {
    var error = Self.postgresError(error)
    if client.setTimedOut(false), error.sqlState == "57014" {
      error.message = "canceling statement due to statement timeout"
    }
    server.fail(error)
  }

  static func postgresError(_ error: any Error) -> PostgresError {
    switch error {
    case let error as PostgresError: error
    case let failure as SQLFailure:
      PostgresError(
        failure.sqlState, failure.message, severity: failure.isFatal ? "FATAL" : "ERROR", detail: failure.detail,
        hint: failure.hint, position: failure.position)
    case is CancellationError: .fatal("57P01", "terminating connection due to administrator command")
    default: PostgresError("XX000", "\(error)")
    }
  }

  func flush() async throws(ClientGone) {
    guard server.output.readableBytes > 0 else { return }
    try await transport.write(server.takeOutput())
  }

  // MARK: Login

  private func findLogin(_ parameters: StartupParameters) async {
    do {
      login = try await endpoint.directory.login(user: parameters.user, database: parameters.database)
      server.authenticate(with: login?.password)
    } catch {
      server.fail(Self.postgresError(error))
    }
  }

  private func open(_ parameters: StartupParameters) async {
    guard var login else { return server.fail(.fatal("28000", "no such user")) }
    let limit = endpoint.options.connectionsMax + (login.isSuperuser ? EndpointLimits.connectionsReserved : 0)
    guard endpoint.clients.logIn(client, connectionsMax: limit) else {
      return server.fail(
        .fatal(
          "53300",
          "connection limit \"\(endpoint.options.connectionsMax)\" exceeded for non-bootstrap users"))
    }
    login.clientAddress = transport.clientAddress
    login.driver = parameters.driver
    if let version = parameters.clientProtocolVersion { login.driver["client_protocol_version"] = "\(version)" }
    do {
      let session = try await endpoint.directory.session(
        for: login, database: parameters.database, settings: parameters.settings)
      openSession = session
      endpoint.clients.setSession(session, of: client)
      transport.whenGone { session.cancel() }
      session.whenTerminated { [client] in
        client.end(.fatal("57P01", "terminating connection due to administrator command"))
      }
      let values = await session.reportedParameters
      for (name, value) in values { reported[name] = value }
      server.opened(reporting: values, processID: session.processID ?? client.id, secret: client.secret)
    } catch {
      server.fail(Self.postgresError(error))
    }
  }

  // MARK: What every statement ends with

  /// Tells of notices and changed parameters.
  func reportChanges() async throws {
    let session = try session
    for notice in await session.takeNotices() {
      server.output.writeNoticeResponse(
        PostgresError(notice.sqlState, notice.message, severity: notice.severity))
    }
  }

  func ready() async throws {
    let session = try session
    for (name, value) in await session.reportedParameters where reported[name] != value {
      reported[name] = value
      server.output.writeParameterStatus(name, value)
    }
    let status: TransactionStatus =
      switch await session.transaction {
      case .idle: .idle
      case .open: .open
      case .failed: .failed
      }
    server.ready(status)
  }

  // MARK: Transactions that the client did not ask for

  func beginImplicit() async throws {
    try await runPlain("BEGIN")
    isImplicit = true
  }

  func commitImplicit() async throws {
    guard isImplicit else { return }
    isImplicit = false
    // A statement such as TRUNCATE may have committed already.
    switch try await session.transaction {
    case .idle: break
    case .open: try await runPlain("COMMIT")
    case .failed: try await runPlain("ROLLBACK")
    }
  }

  func rollBackImplicit() async {
    guard isImplicit else { return }
    isImplicit = false
    try? await runPlain("ROLLBACK")
  }

  private func runPlain(_ text: String) async throws {
    let session = try session
    _ = try await session.execute(PreparedSQL(text: text, parameterTypes: [], columns: nil), parameters: [])
  }
}

/// The first word of a statement, where the protocol's rules depend on it.
enum StatementKind: Hashable {
  case begin
  /// COMMIT, ROLLBACK and their like.
  case end
  /// Cannot run in a transaction.
  case alone
  case other

  init(_ text: String) {
    switch Self.firstWord(text) {
    case "BEGIN", "START": self = .begin
    case "COMMIT", "END", "ROLLBACK", "ABORT": self = .end
    case "VACUUM": self = .alone
    default: self = .other
    }
  }

  /// In capitals; comments before it are skipped.
  private static func firstWord(_ text: String) -> String {
    var rest = text.utf8[...]
    while let first = rest.first {
      if first == 0x20 || (0x09...0x0D).contains(first) {
        rest = rest.dropFirst()
      } else if rest.starts(with: "--".utf8) {
        rest = rest.drop { $0 != 0x0A }
      } else if rest.starts(with: "/*".utf8) {
        var depth = 0
        repeat {
          if rest.starts(with: "/*".utf8) {
            (depth, rest) = (depth + 1, rest.dropFirst(2))
          } else if rest.starts(with: "*/".utf8) {
            (depth, rest) = (depth - 1, rest.dropFirst(2))
          } else {
            rest = rest.dropFirst()
          }
        } while depth > 0 && !rest.isEmpty
      } else {
        break
      }
    }
    let word = rest.prefix(12).prefix { (0x41...0x5A).contains($0 & 0xDF) }
    return String(decoding: word, as: UTF8.self).uppercased()
  }
}
