import Engine
import SQL

/// Views, schemas, databases, routines and comments.
extension WarehouseSession {
  func createView(_ create: RedshiftCreateView) async throws {
    let names = names()
    let (schema, isTemporary) = try place(create.name, temporary: false, names)
    let key = create.name.key
    let before = catalog.relation(key, in: schema)
    if let before {
      guard create.orReplace else { throw Self.alreadyExists(key) }
      guard before.form == .view else { throw SQLFailure("42809", "\"\(key)\" is not a view") }
      guard rights.owns(before.owner) else { throw SQLFailure("42501", "must be owner of relation \(key)") }
    }
    var view = CatalogRelation(
      id: before?.id ?? warehouse.newID(), schema: schema, name: key, form: .view, owner: before?.owner ?? user.id,
      isTemporary: isTemporary, columns: [], nextColumn: 1, createdAt: now)
    view.grants = before?.grants ?? defaultGrants("TABLES", in: schema)
    view.text = create.text
    view.keepsCase = settings.keepsCase ? true : nil
    view.isLateBinding = create.lateBinding
    view.searchPath = settings.searchPath.map { $0 == "$user" ? user.name : $0 }
    if !create.lateBinding {
      let (columns, _, used) = try await columns(of: create.query)
      if let given = create.columns, given.count > columns.count {
        throw SQLFailure("42601", "CREATE VIEW specifies more column names than columns")
      }
      for (index, column) in columns.enumerated() {
        let name = create.columns.flatMap { index < $0.count ? $0[index].key : nil } ?? column.name
        view.columns.append(
          CatalogColumn(number: index + 1, name: name, type: CatalogType(column.type), encoding: "none"))
      }
      view.uses = used.found.read.sorted()
      try check(view)
      if let before, !before.isLateBinding, before.columns.count > view.columns.count {
        throw SQLFailure("42P16", "cannot drop columns from view")
      }
    }
    if view.uses.contains(view.id) { throw SQLFailure("42P17", "infinite recursion detected in view \"\(key)\"") }
    try await put(view)
  }

  /// The columns that a late-binding view has now, with their types; none where what it reads is not there.
  func boundColumns(of view: CatalogRelation) async -> [(name: String, type: RedshiftType)] {
    // A view may itself ask for the columns of views.
    guard !isBindingViews else { return [] }
    isBindingViews = true
    defer { isBindingViews = false }
    do {
      guard let query = try self.query(of: view) else { return [] }
      return try await columns(of: query).columns
    } catch {
      return []
    }
  }

  // MARK: Schemas

  func createSchema(_ create: RedshiftCreateSchema) async throws {
    let name = create.name.key
    if catalog.schema(name, in: database.id) != nil || SystemViews.schemas.contains(name) {
      guard create.ifNotExists else { throw SQLFailure("42P06", "schema \"\(name)\" already exists") }
      notice("INFO", "42P06", "Schema \"\(name)\" already exists and will be skipped")
      return
    }
    guard !name.hasPrefix("pg_") else {
      throw SQLFailure(
        "42939", "unacceptable schema name \"\(name)\"", detail: "The prefix \"pg_\" is reserved for system schemas.")
    }
    guard
      rights.may("CREATE", on: catalog.databases[database.id] ?? database) || rights.has(permission: "CREATE SCHEMA")
    else {
      throw SQLFailure("42501", "permission denied for database \(database.name)")
    }
    var owner = user.id
    if let given = create.owner {
      guard let found = catalog.user(given.key) else {
        throw SQLFailure("42704", "user \"\(given.key)\" does not exist")
      }
      owner = found.id
    }
    try await put(
      CatalogSchema(
        id: warehouse.newID(), database: database.id, name: name, owner: owner, quotaMegabytes: create.quotaMegabytes))
    for element in create.elements {
      let before = settings
      try settings.set("search_path", to: name, local: false, inBlock: false)
      defer { settings = before }
      switch element {
      case .createTable(let table): try await self.create(table)
      case .createView(let view): try await createView(view)
      default: throw SQLFailure("0A000", "this statement cannot stand in CREATE SCHEMA")
      }
    }
  }

  func schema(owned name: Identifier) throws -> CatalogSchema {
    guard let schema = catalog.schema(name.key, in: database.id) else {
      throw SQLFailure("3F000", "schema \"\(name.key)\" does not exist")
    }
    guard rights.owns(schema.owner) else { throw SQLFailure("42501", "must be owner of schema \(schema.name)") }
    return schema
  }

  func alterSchema(_ name: Identifier, _ change: RedshiftAlterSchema) async throws {
    var schema = try schema(owned: name)
    switch change {
    case .rename(let new):
      guard catalog.schema(new.key, in: database.id) == nil else {
        throw SQLFailure("42P06", "schema \"\(new.key)\" already exists")
      }
      schema.name = new.key
    case .owner(let new):
      guard let owner = catalog.user(new.key) else {
        throw SQLFailure("42704", "user \"\(new.key)\" does not exist")
      }
      schema.owner = owner.id
    case .quota(let megabytes): schema.quotaMegabytes = megabytes
    }
    try await put(schema)
  }

  func dropSchemas(_ names: [Identifier], ifExists: Bool, cascade: Bool) async throws {
    for name in names {
      guard catalog.schema(name.key, in: database.id) != nil else {
        guard ifExists else { throw SQLFailure("3F000", "schema \"\(name.key)\" does not exist") }
        notice("INFO", "3F000", "Schema \"\(name.key)\" does not exist and will be skipped")
        continue
      }
      let schema = try schema(owned: name)
      let relations = catalog.relations(in: schema.id)
      let routines = catalog.routines.values.filter { $0.schema == schema.id }
      if !cascade, !relations.isEmpty || !routines.isEmpty {
        throw SQLFailure(
          "2BP01", "cannot drop schema \(schema.name) because other objects depend on it",
          hint: "Use DROP ... CASCADE to drop the dependent objects too.")
      }
      for relation in relations where catalog.relations[relation.id] != nil { try await drop(relation, cascade: true) }
      for routine in routines { try await remove(routine) }
      try await remove(schema)
    }
  }

  // MARK: Databases

  func createDatabase(_ create: RedshiftCreateDatabase) async throws {
    guard !isInBlock else {
      throw SQLFailure("25001", "CREATE DATABASE cannot run inside a transaction block")
    }
    guard rights.isSuperuser || user.createsDatabases else {
      throw SQLFailure("42501", "permission denied to create database")
    }
    let name = create.name.key
    guard catalog.database(name) == nil else { throw SQLFailure("42P04", "database \"\(name)\" already exists") }
    guard catalog.databases.count < WarehouseLimits.databasesMax else {
      throw SQLFailure("54000", "a cluster can have at most \(WarehouseLimits.databasesMax) databases")
    }
    var owner = user.id
    if let given = create.owner {
      guard let found = catalog.user(given.key) else {
        throw SQLFailure("42704", "user \"\(given.key)\" does not exist")
      }
      owner = found.id
    }
    let made = CatalogDatabase(
      id: warehouse.newID(), name: name, owner: owner, connectionLimit: create.connectionLimit,
      isolation: create.isolation?.uppercased() == "SNAPSHOT" ? "Snapshot Isolation" : "Serializable",
      isCaseInsensitive: create.collation == "CASE_INSENSITIVE" ? true : nil)
    try await put(made)
    try await put(
      CatalogSchema(
        id: warehouse.newID(), database: made.id, name: "public", owner: owner,
        grants: ["USAGE", "CREATE"].map { CatalogGrant(grantee: nil, privilege: $0, grantor: owner) }))
  }

  private func database(owned name: Identifier) throws -> CatalogDatabase {
    guard let found = catalog.database(name.key) else {
      throw SQLFailure("3D000", "database \"\(name.key)\" does not exist")
    }
    guard rights.owns(found.owner) else { throw SQLFailure("42501", "must be owner of database \(found.name)") }
    return found
  }

  func alterDatabase(_ name: Identifier, _ change: RedshiftAlterDatabase) async throws {
    var found = try database(owned: name)
    switch change {
    case .rename(let new):
      guard catalog.database(new.key) == nil else {
        throw SQLFailure("42P04", "database \"\(new.key)\" already exists")
      }
      guard found.id != database.id else { throw SQLFailure("0A000", "current database may not be renamed") }
      found.name = new.key
    case .owner(let new):
      guard let owner = catalog.user(new.key) else {
        throw SQLFailure("42704", "user \"\(new.key)\" does not exist")
      }
      found.owner = owner.id
    case .connectionLimit(let limit): found.connectionLimit = limit
    case .collation(let name):
      let schemas = Set(catalog.schemas.values.filter { $0.database == found.id }.map(\.id))
      guard !catalog.relations.values.contains(where: { schemas.contains($0.schema) }) else {
        throw SQLFailure("55006", "the collation of a database can be changed only while it has no tables and views")
      }
      found.isCaseInsensitive = name == "CASE_INSENSITIVE" ? true : nil
    case .isolation(let level):
      found.isolation = level.uppercased() == "SNAPSHOT" ? "Snapshot Isolation" : "Serializable"
    }
    try await put(found)
  }

  func dropDatabase(_ name: Identifier, ifExists: Bool) async throws {
    guard !isInBlock else { throw SQLFailure("25001", "DROP DATABASE cannot run inside a transaction block") }
    if catalog.database(name.key) == nil, ifExists { return }
    let found = try database(owned: name)
    guard found.id != database.id else { throw SQLFailure("55006", "cannot drop the currently open database") }
    guard !warehouse.sessions.contains(where: { $0.database.id == found.id }) else {
      throw SQLFailure("55006", "database \"\(found.name)\" is being accessed by other users")
    }
    for schema in catalog.schemas.values where schema.database == found.id {
      for relation in catalog.relations(in: schema.id) where catalog.relations[relation.id] != nil {
        try await drop(relation, cascade: true)
      }
      for routine in catalog.routines.values where routine.schema == schema.id { try await remove(routine) }
      try await remove(schema)
    }
    try await remove(found)
  }

  // MARK: Routines

  func createRoutine(_ routine: RedshiftRoutine, isProcedure: Bool) async throws {
    let schema = try names().creation(routine.name)
    guard rights.may("CREATE", on: schema) else {
      throw SQLFailure("42501", "permission denied for schema \(schema.name)")
    }
    guard !isProcedure, routine.language == "sql" else {
      throw SQLFailure("0A000", "routines in \(routine.language) are not implemented by Tarn yet")
    }
    let types = routine.arguments.map(\.type)
    let before = catalog.routines(routine.name.key, in: schema.id).first { Self.inputs($0) == types }
    if before != nil, !routine.orReplace || before?.isProcedure == true {
      throw SQLFailure("42723", "function \"\(routine.name.key)\" already exists with same argument types")
    }
    let made = CatalogRoutine(
      id: before?.id ?? warehouse.newID(), schema: schema.id, name: routine.name.key, owner: before?.owner ?? user.id,
      isProcedure: false, argumentNames: routine.arguments.map { $0.name?.key ?? "" },
      argumentModes: routine.arguments.map(\.mode.rawValue), argumentTypes: types.map { CatalogType($0) },
      returns: routine.returns.map { CatalogType($0) }, volatility: routine.volatility ?? "VOLATILE",
      language: routine.language, body: routine.body, text: routine.text,
      grants: before?.grants ?? defaultGrants("FUNCTIONS", in: schema.id))
    // `SELECT $1 + $2`: the body's one expression, over the macro's parameters.
    guard case .query(let query) = try RedshiftParser.statement(routine.body, keepsCase: settings.keepsCase) else {
      throw SQLFailure("42P13", "the body of a SQL function must be a SELECT")
    }
    let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    var body = sql
    for index in types.indices.reversed() { body = body.replacing("$\(index + 1)", with: "a\(index + 1)") }
    let list = types.indices.map { "a\($0 + 1)" }.joined(separator: ", ")
    let cast = routine.returns.map { "CAST((\(body)) AS \($0.engineName))" } ?? "(\(body))"
    try await engine.execute(
      "CREATE OR REPLACE MACRO \(CatalogTable.data).f\(made.id)(\(list)) AS \(cast)", policy: .everything)
    try await put(made)
  }

  func dropRoutine(_ name: RedshiftRoutineName, isProcedure: Bool, ifExists: Bool) async throws {
    let found = names().routines(name.name).filter { routine in
      routine.isProcedure == isProcedure && (name.arguments.map { $0 == Self.inputs(routine) } ?? true)
    }
    guard let routine = found.first else {
      if ifExists { return }
      throw SQLFailure("42883", "\(isProcedure ? "procedure" : "function") \(name.name) does not exist")
    }
    guard rights.owns(routine.owner) else { throw SQLFailure("42501", "must be owner of function \(routine.name)") }
    if !isProcedure {
      try await engine.execute("DROP MACRO \(CatalogTable.data).f\(routine.id)", policy: .everything)
    }
    try await remove(routine)
  }

  // MARK: Comments

  func comment(_ comment: RedshiftComment) async throws {
    switch comment.kind {
    case "TABLE", "VIEW":
      var relation = try owned(comment.name)
      relation.comment = comment.text
      try await put(relation)
    case "COLUMN":
      guard let last = comment.name.parts.last, comment.name.parts.count > 1 else {
        throw SQLFailure("42601", "column name must be qualified")
      }
      var relation = try owned(QualifiedName(Array(comment.name.parts.dropLast())))
      guard let index = relation.columns.firstIndex(where: { $0.name == last.key }) else {
        throw SQLFailure("42703", "column \"\(last.key)\" of relation \"\(relation.name)\" does not exist")
      }
      relation.columns[index].comment = comment.text
      try await put(relation)
    case "SCHEMA":
      guard let name = comment.name.parts.last else { return }
      var schema = try schema(owned: name)
      schema.comment = comment.text
      try await put(schema)
    default: break
    }
  }
}
