import Engine
import Kernel
import LakeFiles
import PostgresWire
import SQL

/// One user's connection to a database of a namespace.
///
/// Statements are read as Redshift's, printed for the engine, and run on one connection of it, which holds the
/// transaction. What a transaction changes of the catalog is written in the same transaction and known to this session
/// alone until it is committed.
actor WarehouseSession: SQLSession {
  nonisolated let warehouse: Warehouse
  nonisolated let engine: EngineSession
  nonisolated let process: Int
  nonisolated let database: CatalogDatabase
  nonisolated let startedAt: Timestamp
  private nonisolated let loginUser: CatalogUser
  /// Whether it is the warehouse's own, for work in the background: nobody has connected.
  private nonisolated let isOwn: Bool
  /// The client's address, where it is known.
  nonisolated let remoteHost: String
  /// Startup parameters as the client gave them.
  nonisolated let startup: [String: String]
  nonisolated var userName: String { loginUser.name }
  nonisolated var userID: Int { loginUser.id }
  private let groups: [Int]

  var settings: SessionSettings
  /// SET SESSION AUTHORIZATION.
  var actingUser: Int?
  var isInBlock = false
  var hasFailed = false
  var changes: [CatalogChange] = []
  /// In a transaction: the catalog as it was committed when it began, with what it changed itself.
  private var ownCatalog: Catalog?
  var temporaries = Catalog()
  private var savedTemporaries: Catalog?
  var cursors: [String: Cursor] = [:]
  var namedStatements: [String: NamedStatement] = [:]
  private var parsed: [String: RedshiftStatement] = [:]
  private var parsedKeepingCase = false
  /// What was prepared last and is too long to be kept: it is there for one execution, which mostly follows at once.
  private var lastParsed: (text: String, statement: RedshiftStatement)?
  private var notices: [SQLNotice] = []
  private var viewFiles = 0
  /// The running statement's number in the history.
  var queryID = 0
  var lastQueryID = 0
  var lastCopyID = 0
  var lastCopyCount = 0
  var transactionID = 0
  /// Procedures within procedures that run now.
  var procedureDepth = 0
  /// Whether the running procedure's transaction is its own, so that it may end it.
  var procedureOwnsWork = false
  private var isClosed = false
  /// The running statement's way through the workload queues, once it has to go it.
  nonisolated let work = Locked<WorkTicket?>(nil)
  /// How the client is told that its session is over.
  private nonisolated let onTermination = Locked<(@Sendable () -> Void)?>(nil)
  private var lastStatementID: Int?
  /// Whether the running statement is to run while no other does.
  var runsAlone = false
  var statementKind = ""
  /// The role with which the running statement asks the lake.
  var lakeRole: String?
  /// Tables that the open transaction has read and written.
  var reads: Set<Int> = []
  var writes: Set<Int> = []
  /// Relations of the engine that stand for streams while a view over one is made or refreshed.
  var standIns: [SessionNames.Place: String] = [:]
  /// Whether columns of late-binding views are looked for.
  var isBindingViews = false
  /// What stands for tables, by their numbers, while a view follows their new rows.
  var replacedRelations: [Int: String] = [:]

  struct NamedStatement {
    var types: [RedshiftType]
    var statement: RedshiftStatement
  }

  init(
    warehouse: Warehouse, user: CatalogUser, database: CatalogDatabase, process: Int, groups: [Int],
    settings: [String: String], driver: [String: String] = [:], remoteHost: String = "", isOwn: Bool = false
  ) {
    self.isOwn = isOwn
    startup = settings.merging(driver) { _, told in told }.filter {
      $0.key.utf8.count + $0.value.utf8.count <= WarehouseLimits.startupBytesMax
    }
    self.remoteHost = remoteHost
    self.warehouse = warehouse
    self.database = database
    self.process = process
    self.groups = groups
    loginUser = user
    startedAt = warehouse.ground.clock.now()
    engine = warehouse.engineSession()
    self.settings = SessionSettings(user: user, start: [settings, user.settings, warehouse.settings.parameters])
  }

  /// Writes what became of the connection into the log of connections.
  private func note(_ event: String) {
    guard !isOwn else { return }
    let now = warehouse.ground.clock.now()
    warehouse.history.note(
      ConnectionEvent(
        event: event, time: now, process: process, user: userID, userName: userName, database: database.name,
        startedAt: startedAt, remoteHost: remoteHost, applicationName: settings["application_name"] ?? "",
        durationMicroseconds: max(0, (now - startedAt).nanoseconds / 1_000), settings: startup))
  }

  /// Settles the connection of the engine.
  func begin() async throws(SQLFailure) {
    note("authenticated")
    note("initiating session")
    do {
      try await engine.execute(
        "SET search_path = '\(CatalogTable.file).data,memory.main'", policy: .everything)
    } catch {
      throw SQLFailure(error)
    }
  }

  // MARK: SQLSession

  nonisolated func split(_ text: String) throws(SQLFailure) -> [String] {
    do {
      return try RedshiftParser.split(text)
    } catch {
      throw SQLFailure(error, text: text)
    }
  }

  func prepare(
    _ text: String, parameterTypes: [PostgresType?]
  ) async throws(SQLFailure) -> PreparedSQL {
    if isClosed { throw Self.terminated }
    do {
      engine.renew()
      lakeRole = nil
      let statement = try parse(text)
      if hasFailed, !statement.endsTransaction { throw SQLFailure.inFailedTransaction }
      let prepared = try await describe(statement, text: text, parameterTypes: parameterTypes)
      if text.utf8.count >= WarehouseLimits.parsedStatementBytesMax { lastParsed = (text, statement) }
      return prepared
    } catch {
      let failure = SQLFailure(error, text: text, catalog: catalog)
      await fail(failure)
      throw failure
    }
  }

  func execute(
    _ statement: PreparedSQL, parameters: [String?]
  ) async throws(SQLFailure) -> SQLOutcome {
    let text = statement.text
    if isClosed { throw Self.terminated }
    engine.renew()
    lakeRole = nil
    engine.act(as: warehouse.serviceContext)
    var began = false
    do {
      let tree = try parse(text)
      if hasFailed, !tree.endsTransaction { throw SQLFailure.inFailedTransaction }
      if case .empty = tree { return .empty }
      beginHistory(tree, text)
      began = true
      let values = zip(parameters, 0...).map { value, index in
        Self.parameter(value, index < statement.parameterTypes.count ? statement.parameterTypes[index] : nil)
      }
      let outcome = try await runWithRoom(tree, text: text, parameters: values)
      if case .rows = outcome { return outcome }
      endHistory(rows: 0, failure: nil)
      return outcome
    } catch {
      let failure = worded(SQLFailure(error, text: text, catalog: catalog))
      if began { endHistory(rows: 0, failure: failure) }
      await fail(failure)
      throw failure
    }
  }

  private static let terminated = SQLFailure("57P01", "terminating connection due to administrator command")

  var transaction: TransactionState { hasFailed ? .failed : isInBlock ? .open : .idle }

  var reportedParameters: [(name: String, value: String)] { settings.reportedParameters }

  func takeNotices() async -> [SQLNotice] {
    defer { notices = [] }
    return notices
  }

  nonisolated var processID: Int32? { Int32(exactly: process) }

  var statementMillisecondsMax: Int? { settings["statement_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }

  nonisolated func cancel() {
    if let ticket = work.withLock({ $0 }) { warehouse.workload.giveUp(ticket) }
    engine.cancel()
    let (locks, process) = (warehouse.locks, process)
    Task { await locks.giveUp(process) }
  }

  nonisolated func whenTerminated(_ body: @escaping @Sendable () -> Void) { onTermination.withLock { $0 = body } }

  var statementID: Int? { lastStatementID }

  /// Ends the session: its client hears of it. One that has none is closed.
  nonisolated func terminate() {
    if let body = onTermination.withLock({ $0 }) { return body() }
    cancel()
    Task { await close() }
  }

  func close() async {
    guard !isClosed else { return }
    isClosed = true
    if ownCatalog != nil { warehouse.order.ended(transactionID, committed: false) }
    endWork()
    await engine.close()
    warehouse.workload.release(process: process)
    note("disconnecting session")
    await warehouse.locks.release(process)
    warehouse.forget(process)
  }

  // MARK: What statements share

  func notice(_ severity: String, _ state: String, _ message: String) {
    if notices.count < 1_000 { notices.append(SQLNotice(severity, state, message)) }
  }

  /// The catalog as the session's transaction sees it.
  var catalog: Catalog { ownCatalog ?? warehouse.catalog }

  /// The user whose rights count.
  var user: CatalogUser { catalog.users[actingUser ?? loginUser.id] ?? loginUser }
  var rights: Rights { Rights(of: user, in: catalog, groups: groups) }

  func names() -> SessionNames {
    let catalog = catalog
    let user = user
    var names = SessionNames(
      catalog: catalog, temporaries: temporaries, database: database, user: user,
      rights: Rights(of: user, in: catalog, groups: groups), searchPath: settings.searchPath,
      sessionValues: sessionValues(user), found: SessionNames.Found())
    names.known = standIns
    names.replaced = replacedRelations
    names.settings = settings.values
    return names
  }

  /// A number for the name of a file of the session.
  func nextFile() -> Int {
    viewFiles += 1
    return viewFiles
  }

  private func sessionValues(_ user: CatalogUser) -> [String: String] {
    let path = settings.searchPath.map { $0 == "$user" ? user.name : $0 }.filter {
      catalog.schema($0, in: database.id) != nil
    }
    let schema = path.first { catalog.schema($0, in: database.id) != nil }
    func text(_ value: String) -> String { "CAST(\(DuckDBText.string(value)) AS VARCHAR)" }
    return [
      "current_user": text(user.name), "user": text(user.name), "session_user": text(loginUser.name),
      "current_user_id": "\(user.id)", "current_database": text(database.name), "current_catalog": text(database.name),
      "current_schema": schema.map(text) ?? "CAST(NULL AS VARCHAR)",
      "current_schemas": "[" + path.map(text).joined(separator: ", ") + "]", "pg_backend_pid": "\(process)",
      "version": text(
        "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
          + "Redshift 1.0.77467"),
      "pg_last_query_id": "\(lastQueryID)", "pg_last_copy_id": "\(lastCopyID)",
      "pg_last_copy_count": "\(lastCopyCount)",
      "current_aws_account": text(warehouse.settings.scope.account.digits),
      "current_namespace": text(warehouse.settings.id), "current_session_arn": "CAST(NULL AS VARCHAR)",
      "inet_client_addr": "CAST(NULL AS VARCHAR)", "txid_current": "\(transactionID)",
    ]
  }

  func systemSource() -> SystemSource {
    SystemSource(
      warehouse: warehouse, session: self, catalog: catalog, temporaries: temporaries, database: database, user: user,
      rights: rights, settings: settings.values)
  }

  /// Makes rows a file that the engine reads.
  func attach(_ rows: [[String?]]) -> String {
    viewFiles += 1
    return engine.attach(MemoryLakeFile(SystemView.lines(rows)), as: "view-\(viewFiles).csv")
  }

  private func parse(_ text: String) throws -> RedshiftStatement {
    let keepsCase = settings.keepsCase
    if keepsCase != parsedKeepingCase {
      parsed.removeAll(keepingCapacity: true)
      lastParsed = nil
      parsedKeepingCase = keepsCase
    }
    let last = lastParsed
    lastParsed = nil
    guard text.utf8.count < WarehouseLimits.parsedStatementBytesMax else {
      if let last, last.text == text { return last.statement }
      return try RedshiftParser.statement(text, keepsCase: keepsCase)
    }
    if let known = parsed[text] { return known }
    let statement = try RedshiftParser.statement(text, keepsCase: keepsCase)
    if parsed.count >= WarehouseLimits.parsedStatementsMax { parsed.removeAll(keepingCapacity: true) }
    parsed[text] = statement
    return statement
  }

  private static func parameter(_ value: String?, _ type: PostgresType?) -> EngineParameter {
    guard let value else { return .null }
    switch type {
    case PostgresType.text, PostgresType.varchar, PostgresType.bpchar: return .untyped(value)
    default: return .untyped(value)
    }
  }

  // MARK: Printing

  /// Prints for the engine, asking what names stand for as often as needed.
  func printed(
    privilege: String = "INSERT", _ body: (RedshiftPrinter, SessionNames) throws(SQLError) -> String
  ) async throws -> (sql: String, names: SessionNames) {
    var names = names()
    names.targetPrivilege = privilege
    var asked: [SessionNames.Place: [RedshiftTableCondition]] = [:]
    for _ in 0..<6 {
      let text: String
      do {
        var printer = RedshiftPrinter(names: names)
        printer.keepsCase = settings.keepsCase
        printer.keepsAttributeCase = SessionSettings.isOn(settings["enable_case_sensitive_super_attribute"] ?? "")
        text = try body(printer, names)
      } catch {
        if let failure = names.found.failure { throw failure }
        if names.found.missingViews.isEmpty, names.found.missingExternal.isEmpty { throw error }
        text = ""
      }
      let missing = names.found
      // What another part of the statement asks of a table is seen once the first one was settled.
      let tables = missing.missingExternal.union(
        asked.filter { missing.externalReads[$0.key] != nil && missing.asked(of: $0.key) != $0.value }.keys)
      if missing.missingViews.isEmpty, tables.isEmpty {
        if ownCatalog != nil { reads.formUnion(missing.tables) }
        return (text, names)
      }
      var known = names.known
      for place in missing.missingViews {
        guard let view = SystemViews.view(place.schema, place.name) else { continue }
        await warehouse.history.loaded()
        let rows = try await view.rows(systemSource())
        known[place] = view.relation(at: attach(rows), isEmpty: rows.isEmpty)
      }
      var columns = names.externalColumns
      for place in tables {
        asked[place] = missing.asked(of: place)
        let table = try await externalTable(place, asked: asked[place] ?? [])
        known[place] = table.relation
        columns[place] = table.columns
      }
      names = self.names()
      names.targetPrivilege = privilege
      names.known = known
      names.externalColumns = columns
    }
    throw SQLFailure("XX000", "the names of the statement could not be settled")
  }

  // MARK: Transactions

  /// Runs what changes things: in the open block, or in a transaction of its own that is committed at the end.
  func atomically<T>(_ body: () async throws -> T) async throws -> T {
    if isInBlock { return try await body() }
    try await startWork()
    do {
      let result = try await body()
      try await commitWork()
      return result
    } catch {
      await rollBackWork()
      throw error
    }
  }

  func startWork() async throws {
    transactionID = warehouse.newTransaction()
    (reads, writes) = ([], [])
    // Before the view of the rows is taken: who commits in between counts as one that ran beside.
    warehouse.order.begin(transactionID)
    do {
      try await engine.execute("BEGIN TRANSACTION", policy: .everything)
      // The engine's view of the file begins with its first use: so that catalog and rows are of one moment.
      _ = try await engine.lookUp(catalog: CatalogTable.file, schema: "data", name: nil)
    } catch {
      warehouse.order.ended(transactionID, committed: false)
      await engine.rollBack()
      throw error
    }
    ownCatalog = warehouse.catalog
    savedTemporaries = temporaries
  }

  func commitWork() async throws {
    let isChecked = catalog.databases[database.id]?.isolation != "Snapshot Isolation"
    if let conflict = warehouse.order.commit(transactionID, reads: reads, writes: writes, isChecked: isChecked) {
      throw SQLFailure.circle(conflict, process: process)
    }
    try await engine.commit()
    warehouse.committed(changes)
    warehouse.noteWrite()
    warehouse.order.ended(transactionID, committed: true)
    changes = []
    ownCatalog = nil
    savedTemporaries = nil
    await warehouse.locks.release(process)
  }

  func rollBackWork() async {
    if ownCatalog != nil { warehouse.order.ended(transactionID, committed: false) }
    await engine.rollBack()
    changes = []
    ownCatalog = nil
    if let savedTemporaries { temporaries = savedTemporaries }
    savedTemporaries = nil
    await warehouse.locks.release(process)
  }

  /// A statement failed: an open block has failed with it.
  private func fail(_ failure: SQLFailure) async {
    if failure.isFatal { warehouse.broken() }
    guard isInBlock, !hasFailed else { return }
    hasFailed = true
    await rollBackWork()
    cursors = [:]
  }

  func endBlock(committed: Bool) {
    isInBlock = false
    hasFailed = false
    cursors = [:]
    settings.endBlock(committed: committed)
  }

  /// Changes the catalog within the transaction.
  func change(_ change: CatalogChange) async throws {
    if case .put(let entry) = change, let relation = entry as? CatalogRelation, relation.isTemporary {
      temporaries.apply(change)
      return
    }
    if case .remove(let key) = change, temporaries.relations[key.id] != nil, key.kind == .relation {
      temporaries.apply(change)
      return
    }
    try await CatalogTable.write(change, with: engine)
    changes.append(change)
    ownCatalog?.apply(change)
  }

  func put(_ entry: some CatalogEntry) async throws { try await change(.put(entry)) }
  func remove(_ entry: some CatalogEntry) async throws {
    try await change(.remove(CatalogKey(kind: type(of: entry).kind, id: entry.id)))
  }

  /// Waits for the right to change a table's rows until the transaction ends.
  func lock(_ relation: CatalogRelation) async throws {
    if relation.isTemporary { return }
    if await warehouse.locks.lockIfFree(relation.id, for: process) { return }
    // Who holds the table may wait for the slot that an earlier statement of this procedure has taken.
    endWork()
    let began = warehouse.ground.clock.now()
    defer {
      let waited = (warehouse.ground.clock.now() - began).nanoseconds / 1_000
      warehouse.history.note(queryID) { $0.lockWaitMicroseconds += waited }
    }
    try await warehouse.locks.lock(relation.id, for: process, named: relation.name)
  }

  // MARK: History

  private func beginHistory(_ statement: RedshiftStatement, _ text: String) {
    let user = user
    let (database, process, transaction) = (database.name, process, transactionID)
    let label = settings["query_group"] ?? "default"
    let kind = statement.kind
    statementKind = kind
    let text =
      statement.hidingPasswords ?? String(statement.hidingKeys(of: text).prefix(WarehouseLimits.historyTextMax))
    queryID = warehouse.history.begin { id, now in
      StatementHistory.Entry(
        id: id, user: user.id, userName: user.name, database: database, process: process, transaction: transaction,
        label: label, text: text, kind: kind, started: now)
    }
    if kind != "UTILITY" { lastQueryID = queryID }
    lastStatementID = queryID
  }

  private func endHistory(rows: Int, failure: SQLFailure?) {
    let work = work.withLock { $0?.work }
    warehouse.history.end(queryID, rows: rows, failure: failure) { $0.work = work }
    endWork()
  }
}

extension RedshiftStatement {
  /// What the history keeps of statements that name passwords; `nil` for others.
  fileprivate var hidingPasswords: String? {
    switch self {
    case .createUser(let create): "CREATE USER \(create.name.sql) PASSWORD '***'"
    case .alterUser(let name, .options): "ALTER USER \(name.sql) PASSWORD '***'"
    default: nil
    }
  }

  /// The text without the secrets of COPY's and UNLOAD's access keys.
  fileprivate func hidingKeys(of text: String) -> String {
    let credentials: RedshiftCredentials?
    switch self {
    case .copy(let copy): credentials = copy.credentials
    case .unload(let unload): credentials = unload.credentials
    default: return text
    }
    guard case .keys(_, let secret, let token) = credentials else { return text }
    return [secret, token ?? ""].filter { !$0.isEmpty }.reduce(text) { $0.replacing($1, with: "***") }
  }

  /// Whether it inserts rows that are written in it, with no parameter among them.
  var hasOnlyValues: Bool {
    guard case .insert(let insert) = self, case .query(let query) = insert.source, case .values = query.body else {
      return false
    }
    return RedshiftReferences(query).parameters == 0
  }

  /// Whether it is let through in a failed block.
  var endsTransaction: Bool {
    switch self {
    case .commit, .rollback: true
    default: false
    }
  }

  /// How `SYS_QUERY_HISTORY` calls it.
  var kind: String {
    switch self {
    case .query, .selectInto, .fetch, .declareCursor, .explain, .execute: "SELECT"
    case .insert: "INSERT"
    case .update: "UPDATE"
    case .delete: "DELETE"
    case .merge: "MERGE"
    case .copy: "COPY"
    case .unload: "UNLOAD"
    case .createTableAs: "CTAS"
    case .createTable, .alterTable, .dropTable, .createView, .dropView, .createSchema, .dropSchema, .alterSchema,
      .truncate:
      "DDL"
    default: "UTILITY"
    }
  }
}
