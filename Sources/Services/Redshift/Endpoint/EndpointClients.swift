import Kernel
import NIOCore
import PostgresWire

/// Who is connected to an endpoint: what cancel requests, time-outs and a stop act upon.
final class EndpointClients: Sendable {
  private struct State {
    var clients: [Int32: EndpointClient] = [:]
    /// By the number that clients are told, which is the session's where it has one.
    var processes: [Int32: EndpointClient] = [:]
    var loggedIn = 0
    var lastID: Int32 = 0
  }
  private let state = Locked(State())

  /// Adds a client under a number of its own.
  /// - Returns: `nil` when `connectionsMax` are there already.
  func add(
    _ transport: any EndpointTransport, connectionsMax: Int, secret: Int32, now: Timestamp
  ) -> EndpointClient? {
    state.withLock { state in
      guard state.clients.count < connectionsMax else { return nil }
      repeat { state.lastID = state.lastID == .max ? 1 : state.lastID + 1 } while state.clients[state.lastID] != nil
      let client = EndpointClient(id: state.lastID, secret: secret, transport: transport, now: now)
      state.clients[client.id] = client
      return client
    }
  }

  func remove(_ client: EndpointClient) {
    state.withLock { state in
      state.clients[client.id] = nil
      if let process = client.process, state.processes[process] === client { state.processes[process] = nil }
      if client.isLoggedIn { state.loggedIn -= 1 }
    }
  }

  /// Counts a client as logged in.
  /// - Returns: whether there was room.
  func logIn(_ client: EndpointClient, connectionsMax: Int) -> Bool {
    state.withLock { state in
      guard state.loggedIn < connectionsMax else { return false }
      state.loggedIn += 1
      client.setLoggedIn()
      return true
    }
  }

  var loggedIn: Int { state.withLock { $0.loggedIn } }
  var all: [EndpointClient] { state.withLock { Array($0.clients.values) } }

  /// Ends what the session runs, if the key is right.
  func cancel(processID: Int32, secret: Int32) {
    guard let client = find(processID), client.secret == secret else { return }
    client.session?.cancel()
  }

  func find(_ processID: Int32) -> EndpointClient? { state.withLock { $0.processes[processID] } }

  func setSession(_ session: any SQLSession, of client: EndpointClient) {
    state.withLock { state in
      client.setSession(session)
      state.processes[session.processID ?? client.id] = client
    }
  }
}

/// One connected client, as others see it.
final class EndpointClient: Sendable {
  private struct State {
    var session: (any SQLSession)?
    var isLoggedIn = false
    /// While nothing runs: since when.
    var idleSince: Timestamp?
    var connectedAt: Timestamp
    var ending: PostgresError?
    var isTimedOut = false
  }
  let id: Int32
  let secret: Int32
  private let transport: any EndpointTransport
  private let state: Locked<State>

  init(id: Int32, secret: Int32, transport: any EndpointTransport, now: Timestamp) {
    self.id = id
    self.secret = secret
    self.transport = transport
    state = Locked(State(connectedAt: now))
  }

  var session: (any SQLSession)? { state.withLock { $0.session } }
  var isLoggedIn: Bool { state.withLock { $0.isLoggedIn } }
  var process: Int32? { session.map { $0.processID ?? id } }
  /// Notes that the statement was ended for taking too long, or forgets it.
  /// - Returns: whether it was noted before.
  @discardableResult
  func setTimedOut(_ isTimedOut: Bool) -> Bool {
    state.withLock { state in
      defer { state.isTimedOut = isTimedOut }
      return state.isTimedOut
    }
  }
  func setLoggedIn() { state.withLock { $0.isLoggedIn = true } }
  func setSession(_ session: any SQLSession) { state.withLock { $0.session = session } }
  func setIdle(since moment: Timestamp?) { state.withLock { $0.idleSince = moment } }
  /// Why the connection is to end once its statement has.
  var ending: PostgresError? { state.withLock { $0.ending } }

  /// Why the client is to be ended now, if it waited too long.
  func overdue(_ now: Timestamp, idleSecondsMax: Int?) -> PostgresError? {
    state.withLock { state in
      if !state.isLoggedIn {
        let isLate = (now - state.connectedAt).milliseconds > Int64(EndpointLimits.loginSecondsMax) * 1000
        return isLate ? .fatal("57014", "canceling authentication due to timeout") : nil
      }
      guard let idleSecondsMax, let since = state.idleSince else { return nil }
      let isIdle = (now - since).milliseconds > Int64(idleSecondsMax) * 1000
      return isIdle ? .fatal("57P05", "terminating connection due to idle-session timeout") : nil
    }
  }

  /// Ends the connection: at once when it is idle, else with its statement.
  func end(_ error: PostgresError) {
    let (session, isIdle) = state.withLock { state in
      state.ending = state.ending ?? error
      return (state.session, state.idleSince != nil || !state.isLoggedIn)
    }
    if isIdle {
      var output = ByteBuffer()
      output.writeErrorResponse(error)
      // The connection waits for its client and writes nothing at this moment.
      transport.writeLast(output)
    } else {
      session?.cancel()
    }
  }
}
