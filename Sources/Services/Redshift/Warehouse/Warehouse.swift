import Engine
import Foundation
public import Kernel
import Logging
import PostgresWire
import SQL

/// One namespace, open: its engine over its database file, its catalog as it is committed, and its sessions.
public final class Warehouse: NamespaceWarehouse {
  static let fileName = "warehouse.db"

  let ground: WarehouseGround
  let engine: LakeEngine
  let locks = TableLocks()
  let order = SerialOrder()
  let history: StatementHistory
  let refreshes = RefreshHistory()
  let keeper: ViewKeeper
  let logger = Logger(label: "tarn.redshift")
  let workload: WorkloadManager
  /// The committed catalog for functions, which are called on the engine's threads.
  private let published: Locked<Catalog>
  /// For listing and reading the lake outside the engine.
  let pool = BlockingPool(name: "warehouse", threads: 2, queueLimit: 1_000)
  /// Files of the audit that were written last.
  let auditNames = Locked<[String]>([])
  private let file: String

  private struct State {
    var settings: NamespaceSettings
    var catalog = Catalog()
    /// Grows with every change of the catalog.
    var generation = 0
    var nextID = 100_000
    var writes = 0
    var sessions: [Int: WeakSession] = [:]
    var isClosing = false
  }
  private struct WeakSession { weak var session: WarehouseSession? }
  private let state: Locked<State>

  /// - Parameter source: a namespace's file whose contents the new one in `folder` takes over.
  init(settings: NamespaceSettings, folder: String, ground: WarehouseGround, source: DatabaseFile.Source? = nil) {
    self.ground = ground
    file = "\(folder)/\(Self.fileName)"
    history = StatementHistory(
      clock: ground.clock,
      log: ground.logs.map { ActivityLog(logs: $0, namespace: settings.id, clock: ground.clock) })
    workload = WorkloadManager(memoryBytes: ground.memoryBytes, clock: ground.clock, history: history)
    workload.configure(settings.parameters)
    keeper = ViewKeeper(clock: ground.clock)
    let published = Locked(Catalog())
    self.published = published
    let signals = BackendSignals()
    engine = LakeEngine(
      options: LakeEngine.Options(
        memoryBytes: ground.memoryBytes, threads: ground.threads,
        temporaryFolder: ground.spillFolder + "/" + Warehouses.safe(settings.id),
        concurrentQueriesMax: WarehouseLimits.concurrentStatementsMax,
        database: DatabaseFile(
          path: file, name: CatalogTable.file, key: Self.key(settings.encryptionKey), source: source)),
      files: ground.files,
      functions: EngineFunctions(
        macros: [ColumnEncodings.macro] + [
          "SET GLOBAL integer_division = true", "SET GLOBAL default_null_order = 'NULLS_LAST_ON_ASC_FIRST_ON_DESC'",
        ] + RedshiftMacros.statements,
        scalars: LanguageFunctions.scalars + CatalogFunctions.scalars { published.withLock { $0 } }
          + signals.functions),
      clock: ground.clock)
    state = Locked(State(settings: settings))
    signals.act(in: self)
  }

  /// A key as the engine takes it.
  static func key(_ bytes: [UInt8]?) -> String? { bytes.map { PostgresText.hex($0) } }

  // MARK: Opening and closing

  /// Makes what every namespace has: its first database with the schema `public`, and its admin.
  func found() async throws {
    let session = engineSession()
    for statement in ["BEGIN TRANSACTION"] + CatalogTable.creation {
      try await session.execute(statement, policy: .everything)
    }
    let settings = settings
    let admin = CatalogUser(
      id: 100, name: settings.adminUser, isSuperuser: true, createsDatabases: true,
      password: Self.encoded(settings.adminPassword))
    let database = CatalogDatabase(id: 100_001, name: settings.database.lowercased(), owner: admin.id)
    let schema = CatalogSchema(
      id: 2_200, database: database.id, name: "public", owner: admin.id,
      grants: ["USAGE", "CREATE"].map { CatalogGrant(grantee: nil, privilege: $0, grantor: admin.id) })
    for entry: any CatalogEntry in [admin, database, schema] {
      try await CatalogTable.write(.put(entry), with: session)
    }
    try await session.commit()
    await session.close()
  }

  /// Reads the catalog of a file that was made before.
  func start() async throws {
    let session = engineSession()
    // Files of former versions lack what came later.
    for statement in CatalogTable.creation { try await session.execute(statement, policy: .everything) }
    var loaded = try await CatalogTable.load(with: session)
    SystemRoles.add(to: &loaded)
    await session.close()
    let ids =
      Array(loaded.databases.keys) + Array(loaded.schemas.keys) + Array(loaded.relations.keys)
      + Array(loaded.routines.keys) + Array(loaded.users.keys) + Array(loaded.groups.keys) + Array(loaded.policies.keys)
      + loaded.relations.values.flatMap { $0.constraints.map(\.id) }
    state.withLock { state in
      state.catalog = loaded
      state.generation += 1
      state.nextID = max(100_010, (ids.max() ?? 0) + 1)
    }
    published.withLock { $0 = loaded }
    await history.open()
  }

  /// Begins to refresh views that refresh themselves.
  func keepViews() async { await keeper.start(self) }

  func close() async {
    await keeper.stop()
    let sessions = state.withLock { state in
      state.isClosing = true
      return state.sessions.values.compactMap(\.session)
    }
    for session in sessions {
      session.cancel()
      await session.close()
    }
    await engine.stop()
    await history.close()
  }

  public func update(_ settings: NamespaceSettings) async throws {
    let before = self.settings
    state.withLock { state in
      let kept = state.settings.encryptionKey
      state.settings = settings
      state.settings.encryptionKey = kept
    }
    workload.configure(settings.parameters)
    if before.adminPassword != settings.adminPassword || before.adminUser != settings.adminUser {
      try await adoptAdmin(settings)
    }
  }

  /// Lets every materialized view be computed anew at its next refresh, as rows have new places in their tables.
  func forgetPlaces() async throws {
    let session = engineSession()
    try await session.execute(
      "INSERT INTO \(CatalogTable.changes) SELECT id FROM \(CatalogTable.entries) WHERE kind = $1",
      [.string(CatalogKind.relation.rawValue)], policy: .everything)
    await session.close()
  }

  /// Gives the admin the name and password of the settings, as far as they say one.
  func adoptAdmin(_ settings: NamespaceSettings) async throws {
    guard let password = settings.adminPassword else { return }
    var admin =
      catalog.user(settings.adminUser) ?? CatalogUser(id: newID(), name: settings.adminUser)
    admin.isSuperuser = true
    admin.createsDatabases = true
    admin.password = Self.encoded(password)
    let session = engineSession()
    try await session.execute("BEGIN TRANSACTION", policy: .everything)
    try await CatalogTable.write(.put(admin), with: session)
    try await session.commit()
    await session.close()
    committed([.put(admin)])
  }

  private static func encoded(_ password: PasswordVerifier?) -> String? {
    guard let password, let data = try? JSONEncoder().encode(password) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  // MARK: What sessions share

  var settings: NamespaceSettings { state.withLock { $0.settings } }
  var catalog: Catalog { state.withLock { $0.catalog } }
  /// The committed catalog, and the number of its changes so far.
  var current: (catalog: Catalog, generation: Int) { state.withLock { ($0.catalog, $0.generation) } }

  /// A transaction's changes of the catalog are on disk.
  func committed(_ changes: [CatalogChange]) {
    guard !changes.isEmpty else { return }
    state.withLock { state in
      for change in changes { state.catalog.apply(change) }
      state.generation += 1
    }
    published.withLock { catalog in
      for change in changes { catalog.apply(change) }
    }
  }

  /// The next object's number.
  func newID() -> Int {
    state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
  }

  /// The next transaction's number.
  func newTransaction() -> Int { history.newTransaction() }

  /// How many transactions have written since the namespace was opened.
  var writes: Int { state.withLock { $0.writes } }
  func noteWrite() { state.withLock { $0.writes += 1 } }

  /// A session of the warehouse's own with a user's rights, which no list shows; `nil` while it closes.
  func ownSession(_ user: CatalogUser, _ database: CatalogDatabase) -> WarehouseSession? {
    guard !state.withLock({ $0.isClosing }) else { return nil }
    return WarehouseSession(
      warehouse: self, user: user, database: database, process: history.newProcess(), groups: [], settings: [:],
      isOwn: true)
  }

  var sessions: [WarehouseSession] { state.withLock { $0.sessions.values.compactMap(\.session) } }

  func forget(_ process: Int) { state.withLock { $0.sessions[process] = nil } }

  /// The engine is of no use after an error of its own: all sessions end, and the next one finds it anew.
  func broken() {
    let sessions = sessions
    Task {
      for session in sessions { await session.close() }
    }
  }

  /// A session of the engine that asks the lake as the service itself, which may nothing.
  func engineSession() -> EngineSession { engine.session(for: serviceContext, isLasting: true) }

  var serviceContext: RequestContext { context(of: nil) }

  /// - Parameter principal: a role that was taken on; `nil` for the service itself.
  func context(of principal: Principal?) -> RequestContext {
    let settings = settings
    let host = "redshift.amazonaws.com"
    let service = Principal(
      kind: .service(host), account: settings.scope.account,
      arn: ARN(service: "iam", region: "", account: settings.scope.account.digits, resource: "service/\(host)"),
      userID: host, accessKeyID: "")
    return RequestContext(
      requestID: "redshift", scope: settings.scope, principal: principal ?? service, time: ground.clock.now(),
      authorizer: ground.authorizer)
  }

  // MARK: Logging in

  public func login(user: String) async throws(SQLFailure) -> EndpointLogin? {
    guard let found = catalog.user(user) ?? catalog.user(user.asciiLowercased) else { return nil }
    let password = found.password.flatMap { try? JSONDecoder().decode(PasswordVerifier.self, from: Data($0.utf8)) }
    return EndpointLogin(
      name: user, user: found.name, password: password ?? .refusesAll, isSuperuser: found.isSuperuser)
  }

  public func session(
    user: String, database: String, settings: [String: String]
  ) async throws(SQLFailure) -> any SQLSession {
    let login = EndpointLogin(name: user, user: user, password: .refusesAll)
    return try await session(for: login, database: database, settings: settings)
  }

  public func session(
    for login: EndpointLogin, database: String, settings: [String: String]
  ) async throws(SQLFailure) -> any SQLSession {
    guard let database = catalog.database(database) ?? catalog.database(database.asciiLowercased) else {
      throw SQLFailure("3D000", "database \"\(database)\" does not exist", isFatal: true)
    }
    var user = catalog.user(login.user) ?? catalog.user(login.user.asciiLowercased)
    if user == nil, login.createsUser { user = try await makeUser(login) }
    guard let user else {
      throw SQLFailure("28000", "user \"\(login.user)\" does not exist", isFatal: true)
    }
    guard !state.withLock({ $0.isClosing }) else {
      throw SQLFailure("57P03", "the database system is shutting down", isFatal: true)
    }
    let process = history.newProcess()
    let groups = login.groups.compactMap { name in catalog.group(name, isRole: false)?.id }
    let session = WarehouseSession(
      warehouse: self, user: user, database: database, process: process, groups: groups, settings: settings,
      driver: login.driver, remoteHost: login.clientAddress)
    state.withLock { $0.sessions[process] = WeakSession(session: session) }
    try await session.begin()
    return session
  }

  private func makeUser(_ login: EndpointLogin) async throws(SQLFailure) -> CatalogUser {
    let made = CatalogUser(id: newID(), name: login.user.asciiLowercased)
    do {
      let session = engineSession()
      try await session.execute("BEGIN TRANSACTION", policy: .everything)
      try await CatalogTable.write(.put(made), with: session)
      try await session.commit()
      await session.close()
    } catch {
      throw SQLFailure(error)
    }
    committed([.put(made)])
    return made
  }

  // MARK: Measuring

  public var load: NamespaceLoad {
    get async {
      let (durations, running, scanned) = history.takeLoad()
      let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber)?.int64Value ?? 0
      return NamespaceLoad(queryDurations: durations, queriesRunning: running, bytesUsed: size, bytesScanned: scanned)
    }
  }

  public var lastChange: Timestamp? {
    let files = [file, file + ".wal"].compactMap { path in
      try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
    return files.max().map { Timestamp(secondsSinceEpoch: $0.timeIntervalSince1970) }
  }

  var bytesUsed: Int64 {
    (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber)?.int64Value ?? 0
  }
}
