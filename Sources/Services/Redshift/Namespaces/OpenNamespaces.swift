import Kernel
import Logging

/// The namespaces that are open, each with the endpoint that its clients reach it at.
actor OpenNamespaces {
  private struct Open {
    var settings: NamespaceSettings
    var warehouse: any NamespaceWarehouse
    var endpoint: any RunningEndpoint
    var options: EndpointOptions
  }

  let keeping: any NamespaceKeeping
  let listener: any EndpointListening
  private let passwords: TemporaryPasswords
  private let host: String
  private var open: [String: Open] = [:]

  init(keeping: any NamespaceKeeping, listener: any EndpointListening, passwords: TemporaryPasswords, host: String) {
    self.keeping = keeping
    self.listener = listener
    self.passwords = passwords
    self.host = host
  }

  /// Opens a namespace and listens for its clients.
  /// - Parameter port: what is wanted; where another has it, a free one is taken.
  /// - Parameter setsPassword: whether the admin's password is to become that of the settings. Otherwise it stays
  ///   what it is, as somebody may have altered it by SQL.
  /// - Returns: the port that was taken.
  func open(
    _ settings: NamespaceSettings, port: Int, options: EndpointOptions, setsPassword: Bool = false
  ) async throws -> Int {
    if let open = open[settings.id] { return open.endpoint.port }
    var former = settings
    if setsPassword { former.adminPassword = nil }
    let warehouse = try await keeping.open(former)
    if setsPassword { try await warehouse.update(settings) }
    let directory = NamespaceDirectory(namespace: settings.id, warehouse: warehouse, passwords: passwords)
    do {
      let endpoint: any RunningEndpoint
      do {
        endpoint = try await listener.listen(host: host, port: port, directory: directory, options: options)
      } catch is EndpointPortTaken {
        endpoint = try await listener.listen(host: host, port: 0, directory: directory, options: options)
      }
      open[settings.id] = Open(settings: settings, warehouse: warehouse, endpoint: endpoint, options: options)
      return endpoint.port
    } catch {
      await keeping.close(settings.id)
      throw error
    }
  }

  /// Takes over settings that may change while clients are connected.
  func update(_ settings: NamespaceSettings) async throws {
    guard let found = open[settings.id] else { return }
    try await found.warehouse.update(settings)
    open[settings.id]?.settings = settings
  }

  func close(_ id: String) async {
    guard let closing = open.removeValue(forKey: id) else { return }
    await closing.endpoint.stop()
    await keeping.close(id)
  }

  func closeAll() async {
    for id in Array(open.keys) { await close(id) }
  }

  func isOpen(_ id: String) -> Bool { open[id] != nil }
  func warehouse(_ id: String) -> (any NamespaceWarehouse)? { open[id]?.warehouse }
  func connections(_ id: String) -> Int { open[id]?.endpoint.connections ?? 0 }
}

/// Who may log in at one namespace's endpoint.
struct NamespaceDirectory: EndpointDirectory {
  let namespace: String
  let warehouse: any NamespaceWarehouse
  let passwords: TemporaryPasswords

  func login(user: String, database: String) async throws(SQLFailure) -> EndpointLogin? {
    if TemporaryPasswords.isTemporary(user) {
      return try await passwords.login(user, database: database, namespace: namespace)
    }
    return try await warehouse.login(user: user)
  }

  func session(
    for login: EndpointLogin, database: String, settings: [String: String]
  ) async throws(SQLFailure) -> any SQLSession {
    try await warehouse.session(for: login, database: database, settings: settings)
  }
}
