import Crypto
import Engine
import Kernel
import SQL

/// Materialized views: made, refreshed, altered.
extension WarehouseSession {
  /// What a refresh came to.
  enum RefreshOutcome {
    case current
    case incremental
    case recomputed
    case streamed(StreamRead)
  }

  // MARK: Making

  func createMaterializedView(_ create: RedshiftMaterializedView) async throws -> SQLOutcome {
    // Whoever changes rows of the tables ends first: what they change is then either seen or noted.
    if !isInBlock {
      for name in RedshiftViewPlan(create.query).tables {
        if case .relation(let base)? = names().find(name), base.form != .view { try await lock(base) }
      }
    }
    do {
      try await atomically { try await make(create) }
    } catch {
      if !isInBlock { await warehouse.locks.release(process) }
      throw error
    }
    return .done(tag: "CREATE MATERIALIZED VIEW")
  }

  private func make(_ create: RedshiftMaterializedView) async throws {
    let (schema, isTemporary) = try place(create.name, temporary: false, names())
    guard !isTemporary, !exists(create.name.key, in: schema) else { throw Self.alreadyExists(create.name.key) }
    var view = CatalogRelation(
      id: warehouse.newID(), schema: schema, name: create.name.key, form: .materializedView, owner: user.id,
      columns: [], nextColumn: 1, createdAt: now)
    view.text = create.text
    view.searchPath = settings.searchPath.map { $0 == "$user" ? user.name : $0 }
    view.autoRefresh = create.autoRefresh
    let stream = try await stream(of: create.query)
    defer { standIns = [:] }
    if let stream { standIns[stream.place] = StreamRows.none }
    let sql = try await fill(&view, with: create.query, names: create.columns)
    let (_, used) = try await printed { printer, _ throws(SQLError) in try printer.query(create.query) }
    view.uses = used.found.read.sorted()
    try settle(create.attributes, in: &view)
    try check(view)
    try await build(view)
    if let stream {
      view.materialization = CatalogRelation.Materialization(
        isIncremental: true, stream: CatalogRelation.Stream(schema: stream.schema, name: stream.place.name))
    } else {
      view.refreshedAt = now
      try await load(view, from: sql)
      view.materialization = try await materialization(create.query, used, sql)
    }
    try await put(view)
  }

  /// What a view that was computed just now remembers.
  private func materialization(
    _ query: Query, _ used: SessionNames, _ sql: String
  ) async throws -> CatalogRelation.Materialization {
    let plan = RedshiftViewPlan(query)
    let bases = used.found.tables.compactMap { catalog.relations[$0] }.sorted { $0.id < $1.id }
    var marks: [CatalogRelation.Base] = []
    for base in bases { marks.append(try await self.base(base)) }
    let isExternal = lakeRole != nil
    // Each table once, and none behind a view: else a new row's part in the result is not known.
    let isIncremental =
      plan.step != .recompute && !plan.isMutable && !isExternal && plan.tables.count == bases.count
      && Set(used.found.read) == used.found.tables
    return CatalogRelation.Materialization(
      bases: marks, isIncremental: isIncremental, lakeStamp: isExternal ? Self.stamp(sql) : nil,
      isMutable: plan.isMutable)
  }

  /// The files that a printed query names, as one word.
  private static func stamp(_ sql: String) -> String {
    PostgresText.hex(Array(SHA256.hash(data: Array(sql.utf8))))
  }

  func materializedView(_ name: QualifiedName) throws -> CatalogRelation {
    guard case .relation(let view) = try object(named: name), view.form == .materializedView else {
      throw SQLFailure("42809", "\"\(name)\" is not a materialized view")
    }
    return view
  }

  // MARK: Refreshing

  func refreshMaterializedView(_ name: QualifiedName, _ behavior: RedshiftDropBehavior) async throws -> SQLOutcome {
    let named = try materializedView(name)
    guard rights.owns(named.owner) else { throw SQLFailure("42501", "must be owner of relation \(named.name)") }
    for view in behavior == .cascade ? below(named) + [named] : [named] {
      switch try await refresh(view.id, isAutomatic: false) {
      case .current: notice("INFO", "00000", "Materialized view \(view.name) is already up to date.")
      case .incremental, .streamed:
        notice("INFO", "00000", "Materialized view \(view.name) was incrementally updated successfully.")
      case .recomputed:
        notice("INFO", "00000", "Materialized view \(view.name) was recomputed successfully.")
      }
    }
    return .done(tag: "REFRESH MATERIALIZED VIEW")
  }

  /// Materialized views that a view reads, those that others read first.
  private func below(_ view: CatalogRelation, depth: Int = 0) -> [CatalogRelation] {
    guard depth < WarehouseLimits.viewDepthMax else { return [] }
    var found: [CatalogRelation] = []
    for id in view.uses {
      guard let used = catalog.relations[id] else { continue }
      let inner = below(used, depth: depth + 1) + (used.form == .materializedView ? [used] : [])
      for relation in inner where !found.contains(where: { $0.id == relation.id }) { found.append(relation) }
    }
    return found
  }

  /// Refreshes a view in one transaction, and notes what came of it.
  @discardableResult
  func refresh(_ id: Int, isAutomatic: Bool) async throws -> RefreshOutcome {
    let started = warehouse.ground.clock.now()
    guard let named = catalog.relations[id] else { throw SQLFailure("42P01", "the view does not exist any more") }
    var transaction = transactionID
    func note(_ status: String, _ scans: [RefreshHistory.Scan] = []) {
      warehouse.refreshes.add(
        RefreshHistory.Entry(
          user: user.id, database: database.name, schema: catalog.schemas[named.schema]?.name ?? "", view: named.name,
          transaction: transaction, isAutomatic: isAutomatic, status: status, started: started,
          ended: warehouse.ground.clock.now(), scans: scans))
    }
    do {
      // Before the transaction begins: it then sees what the refresh before has left.
      try await lock(named)
      let outcome = try await attempt(id)
      transaction = transactionID
      switch outcome {
      case .current: note("MV was already updated")
      case .incremental: note("Refresh successfully updated MV incrementally")
      case .recomputed: note("Refresh successfully recomputed MV from scratch")
      case .streamed(let read):
        note("Refresh successfully updated MV incrementally" + read.qualifier, read.scans)
        warehouse.refreshes.add(read.skipped)
      }
      return outcome
    } catch {
      if !isInBlock { await warehouse.locks.release(process) }
      note("Refresh failed. \(SQLFailure(error, catalog: catalog).message)")
      throw error
    }
  }

  private func attempt(_ id: Int) async throws -> RefreshOutcome {
    guard let view = catalog.relations[id], view.materialization?.stream != nil else {
      return try await atomically { try await work(id) }
    }
    // A record that the query cannot take fails the transaction: it is found, and the next attempt leaves it out.
    var skipped: [StreamRead.Place: String] = [:]
    while true {
      do {
        return .streamed(try await atomically { try await ingest(id, leavingOut: skipped) })
      } catch let failure as BadRecords {
        guard !isInBlock, skipped.count < WarehouseLimits.skippedRecordsMax else { throw failure.cause }
        engine.renew()
        skipped.merge(failure.places) { first, _ in first }
        if let view = catalog.relations[id] { try await lock(view) }
      }
    }
  }

  private func work(_ id: Int) async throws -> RefreshOutcome {
    guard var view = catalog.relations[id], let query = try query(of: view) else {
      throw SQLFailure("XX000", "the materialized view has no query")
    }
    let path = settings
    try settings.set("search_path", to: view.searchPath.joined(separator: ", "), local: false, inBlock: false)
    defer { settings = path }
    let (sql, used) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    let fresh = try await materialization(query, used, sql)
    if let before = view.materialization, before == fresh, !fresh.isMutable { return .current }
    view.refreshedAt = now
    if try await follow(&view, query, fresh) { return .incremental }
    var anew = view
    anew.storage = warehouse.newID()
    anew.materialization = fresh
    try await build(anew, sequences: false)
    try await load(anew, from: sql)
    try await engine.execute("DROP TABLE \(CatalogTable.table(of: view))", policy: .everything)
    try await put(anew)
    return .recomputed
  }

  func query(of view: CatalogRelation) throws -> Query? {
    guard let text = view.text,
      case .query(let query) = try RedshiftParser.statement(text, keepsCase: view.keepsCase == true)
    else { return nil }
    return query
  }

  /// Adds what new rows of the tables mean for a view.
  /// - Returns: `false` when the view must be computed anew.
  private func follow(
    _ view: inout CatalogRelation, _ query: Query, _ fresh: CatalogRelation.Materialization
  ) async throws -> Bool {
    guard let before = view.materialization, before.isIncremental, fresh.isIncremental,
      before.bases.map(\.relation) == fresh.bases.map(\.relation)
    else { return false }
    for (old, new) in zip(before.bases, fresh.bases) {
      guard let relation = catalog.relations[old.relation], try await hasOnlyGrown(relation, old, new) else {
        return false
      }
    }
    let step = RedshiftViewPlan(query).step
    defer { replacedRelations = [:] }
    // New rows of each table with all rows of those before it and the old ones of those after it: every new
    // combination once.
    for (index, old) in before.bases.enumerated() where fresh.bases[index].rows > old.rows {
      replacedRelations = [:]
      for (other, mark) in before.bases.enumerated() where other >= index {
        guard let relation = catalog.relations[mark.relation] else { return false }
        replacedRelations[mark.relation] =
          "(SELECT * FROM \(CatalogTable.table(of: relation)) WHERE rowid \(other == index ? ">" : "<=") "
          + "\(mark.highest))"
      }
      let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
      try await add(sql, to: view, step)
    }
    view.materialization = fresh
    try await put(view)
    return true
  }

  /// Adds a query's rows to a view's.
  func add(_ sql: String, to view: CatalogRelation, _ step: RedshiftViewPlan.Step) async throws {
    guard case .merge(let parts) = step, parts.count == view.columns.count else {
      try await load(view, from: sql)
      return
    }
    let names = view.columns.map { RedshiftPrinter.quoted($0.name) }
    let items = names.indices.map { "c\($0)" }
    let fitted = zip(items, view.columns).map { "\(Fitting.fitted($0, to: $1.type.type)) AS \($0)" }
    let keys = parts.indices.filter { parts[$0] == .key }.map { "v.\(names[$0]) IS NOT DISTINCT FROM d.\(items[$0])" }
    let updates = parts.indices.filter { parts[$0] != .key }.map { index in
      let (old, new) = ("v.\(names[index])", "d.\(items[index])")
      let value =
        switch parts[index] {
        case .sum, .count: "coalesce(\(old) + \(new), \(old), \(new))"
        case .least: "least(\(old), \(new))"
        default: "greatest(\(old), \(new))"
        }
      return "\(names[index]) = \(value)"
    }
    let matched = updates.isEmpty ? "DO NOTHING" : "UPDATE SET \(updates.joined(separator: ", "))"
    _ = try await changed(
      "MERGE INTO \(CatalogTable.table(of: view)) AS v USING (SELECT \(fitted.joined(separator: ", ")) "
        + "FROM (\(sql)) AS q(\(items.joined(separator: ", ")))) AS d "
        + "ON (\(keys.isEmpty ? "TRUE" : keys.joined(separator: " AND "))) WHEN MATCHED THEN \(matched) "
        + "WHEN NOT MATCHED THEN INSERT (\(names.joined(separator: ", "))) "
        + "VALUES (\(items.map { "d.\($0)" }.joined(separator: ", ")))")
    try await noteChange(of: view.id)
  }

  /// Whether a view's tables have other rows than when it was refreshed.
  func isStale(_ view: CatalogRelation) async throws -> Bool {
    guard let marks = view.materialization else { return true }
    if marks.isMutable || marks.lakeStamp != nil { return true }
    if marks.stream != nil { return try await hasNews(view) }
    for mark in marks.bases {
      guard let relation = catalog.relations[mark.relation], try await base(relation) == mark else { return true }
    }
    return false
  }

  func alterMaterializedView(_ name: QualifiedName, _ change: RedshiftAlterMaterializedView) async throws -> SQLOutcome
  {
    try await done("ALTER MATERIALIZED VIEW") {
      var view = try self.materializedView(name)
      guard self.rights.owns(view.owner) else {
        throw SQLFailure("42501", "must be owner of relation \(view.name)")
      }
      switch change {
      case .autoRefresh(let on):
        view.autoRefresh = on
        try await self.put(view)
      case .table(let change): try await self.alter(view, change)
      }
    }
  }
}
