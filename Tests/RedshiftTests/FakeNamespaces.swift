import Engine
import Kernel
import PostgresWire
import Redshift

/// Namespaces that are names only: what the control plane asked for is written down.
final class FakeNamespaces: NamespaceKeeping {
  struct State {
    var made: Set<String> = []
    var open: Set<String> = []
    var copies: Set<String> = []
    var calls: [String] = []
    /// Whether making a namespace fails.
    var failsToMake = false
    var isSpectrumOff = false
  }
  let state = Locked(State())

  func create(_ settings: NamespaceSettings) async throws {
    try state.withLock { state in
      state.calls.append("create \(settings.name)")
      if state.failsToMake { throw SQLFailure("58030", "no room") }
      state.made.insert(settings.id)
    }
  }

  func open(_ settings: NamespaceSettings) async throws -> any NamespaceWarehouse {
    try state.withLock { state in
      state.calls.append("open \(settings.name)")
      guard state.made.contains(settings.id) else { throw SQLFailure("3D000", "there is none") }
      state.open.insert(settings.id)
    }
    return FakeNamespace(namespaces: self)
  }

  func close(_ id: String) async { state.withLock { _ = $0.open.remove(id) } }

  func drop(_ id: String) async throws {
    state.withLock { state in
      state.made.remove(id)
      state.calls.append("drop")
    }
  }

  func snapshot(_ settings: NamespaceSettings, as snapshot: String) async throws -> Int64 {
    state.withLock { state in
      state.calls.append("snapshot \(settings.name)")
      state.copies.insert(snapshot)
    }
    return 1 << 20
  }

  func encrypt(_ settings: NamespaceSettings, from former: [UInt8]?) async throws {
    state.withLock { state in
      state.calls.append(
        "encrypt \(settings.name) \(former == nil ? "clear" : "key") -> "
          + (settings.encryptionKey == nil ? "clear" : "key"))
    }
  }

  func restore(_ snapshot: String, encryptionKey: [UInt8]?, as settings: NamespaceSettings) async throws {
    try state.withLock { state in
      guard state.copies.contains(snapshot) else { throw SQLFailure("58P01", "there is no copy") }
      state.calls.append("restore \(settings.name)")
      state.made.insert(settings.id)
    }
  }

  func dropSnapshot(_ snapshot: String) async throws { state.withLock { _ = $0.copies.remove(snapshot) } }
}

/// A namespace whose sessions refuse everything.
struct FakeNamespace: NamespaceWarehouse {
  let namespaces: FakeNamespaces
  func login(user: String) async throws(SQLFailure) -> EndpointLogin? { nil }
  func session(for login: EndpointLogin, database: String, settings: [String: String]) async throws(SQLFailure)
    -> any SQLSession
  { throw SQLFailure("3D000", "database \"\(database)\" does not exist") }
  func session(user: String, database: String, settings: [String: String]) async throws(SQLFailure) -> any SQLSession {
    throw SQLFailure("3D000", "database \"\(database)\" does not exist")
  }
  func update(_ settings: NamespaceSettings) async throws {
    namespaces.state.withLock { $0.isSpectrumOff = settings.isSpectrumOff }
  }
  var load: NamespaceLoad { NamespaceLoad(queryDurations: [.seconds(1)], bytesUsed: 1 << 20, bytesScanned: 1 << 39) }
}

/// Ports without sockets.
final class FakePorts: EndpointListening {
  final class Running: RunningEndpoint {
    let port: Int
    let ports: FakePorts
    var connections: Int { 3 }
    init(_ port: Int, _ ports: FakePorts) {
      self.port = port
      self.ports = ports
    }
    func stop() async { ports.taken.withLock { _ = $0.remove(port) } }
  }
  let taken = Locked<Set<Int>>([])

  func listen(
    host: String, port: Int, directory: any EndpointDirectory, options: EndpointOptions
  ) async throws -> any RunningEndpoint {
    let bound = try taken.withLock { taken in
      let bound = port == 0 ? (taken.max() ?? 40_000) + 1 : port
      guard taken.insert(bound).inserted else { throw EndpointPortTaken(port: bound) }
      return bound
    }
    return Running(bound, self)
  }
}
