import Kernel
import Lake
import SQL

/// What one session's names stand for: tables, views and columns, as far as its user may use them.
///
/// Printing is one pass without waiting; what must be asked elsewhere (external tables, the catalog's views) is noted
/// in `found`, asked, and printed in a second pass.
struct SessionNames: RedshiftNames {
  /// A name with its schema, in lower case.
  struct Place: Hashable, Sendable {
    var schema: String
    var name: String
  }

  /// What printing came across.
  final class Found {
    /// System views and external tables that are not known yet.
    var missingViews: Set<Place> = []
    var missingExternal: Set<Place> = []
    /// What is asked of external tables where they are read in a FROM clause, and how often they are read at all.
    var conditions: [Place: [RedshiftTableCondition]] = [:]
    var externalReads: [Place: Int] = [:]

    /// What all who read the table ask of it; nothing where someone reads it that was not heard of.
    func asked(of place: Place) -> [RedshiftTableCondition] {
      let conditions = conditions[place] ?? []
      return conditions.count == externalReads[place] ? conditions : [RedshiftTableCondition.none]
    }

    /// Relations that the statement reads itself, not through views.
    var read: Set<Int> = []
    /// Tables and materialized views that are read, through views or not.
    var tables: Set<Int> = []
    /// Views that were put in their places.
    var views = 0
    /// What made a name unusable, in PostgreSQL's words.
    var failure: SQLFailure?
    /// What SET_CONFIG sets.
    var settings: [(name: String, value: String, isLocal: Bool)] = []
    /// `now()` and the like, random numbers, or anything of the session: the same query may give other rows.
    var usesSession = false
  }

  enum Object {
    case relation(CatalogRelation)
    case system(SystemView)
    case external(CatalogSchema, String)

    var isExternal: Bool { if case .external = self { true } else { false } }
  }

  var catalog: Catalog
  var temporaries: Catalog
  var database: CatalogDatabase
  var user: CatalogUser
  /// The user whose rights count: a view's owner within the view.
  var rights: Rights
  var searchPath: [String]
  /// Relations of the engine that stand for system views and external tables, by place.
  var known: [Place: String] = [:]
  var externalColumns: [Place: [RedshiftKnownColumn]] = [:]
  /// What stands for relations, by their numbers.
  var replaced: [Int: String] = [:]
  /// What `target` demands of the user.
  var targetPrivilege = "INSERT"
  var sessionValues: [String: String] = [:]
  /// What SHOW tells.
  var settings: [String: String] = [:]
  var depth = 0
  let found: Found

  // MARK: RedshiftNames

  func source(_ name: QualifiedName) throws(SQLError) -> String {
    switch try object(name) {
    case .relation(let relation):
      if depth == 0 { found.read.insert(relation.id) }
      return try read(relation)
    case .system(let view):
      let place = Place(schema: view.schema, name: view.name)
      if let known = known[place] { return known }
      found.missingViews.insert(place)
      return "(SELECT 1)"
    case .external(let schema, let table):
      let place = Place(schema: schema.name, name: table)
      if !rights.may("USAGE", on: schema) { throw refuse("permission denied for schema \(schema.name)") }
      found.externalReads[place, default: 0] += 1
      if let known = known[place] { return known }
      if schema.external?.isStream == true {
        throw refuse("Kinesis streams can only be read by materialized views: \(name)", "0A000")
      }
      found.missingExternal.insert(place)
      return "(SELECT 1)"
    }
  }

  func reads(from: [Relation], filter: Expression?) {
    for (name, condition) in RedshiftTableCondition.conditions(from: from, filter: filter) {
      guard case .external(let schema, let table)? = find(name) else { continue }
      found.conditions[Place(schema: schema.name, name: table), default: []].append(condition)
    }
  }

  func configure(_ setting: String, to value: String, isLocal: Bool) {
    found.usesSession = true
    found.settings.append((setting, value, isLocal))
  }

  var hasPseudoColumns: Bool { !found.externalReads.isEmpty }

  func target(_ name: QualifiedName) throws(SQLError) -> String {
    guard case .relation(let relation) = try object(name) else {
      throw refuse("\"\(name)\" is not a table that can be changed", "42809")
    }
    guard relation.form != .view else { throw refuse("cannot change view \"\(relation.name)\"", "0A000") }
    if !relation.isTemporary, !rights.may(targetPrivilege, on: relation) {
      throw refuse("permission denied for relation \(relation.name)")
    }
    return CatalogTable.table(of: relation)
  }

  func columns(_ name: QualifiedName) throws(SQLError) -> [RedshiftKnownColumn]? {
    switch try object(name) {
    case .relation(let relation):
      return relation.columns.map { column in
        RedshiftKnownColumn(
          name: column.name, type: column.type.type, defaultText: column.engineDefault,
          isIdentity: column.identity != nil, takesIdentity: column.identity?.byDefault == true)
      }
    case .external(let schema, _) where schema.external?.isStream == true: return StreamRows.columns
    case .external(let schema, let table): return externalColumns[Place(schema: schema.name, name: table)]
    case .system(let view): return view.columns.map { RedshiftKnownColumn(name: $0.name, type: $0.type) }
    }
  }

  func function(_ name: QualifiedName, arguments: Int) -> String? {
    if name.key == "format_encoding", arguments == 1 { return ColumnEncodings.function }
    let routines = self.routines(name).filter { !$0.isProcedure && $0.argumentTypes.count == arguments }
    guard let routine = routines.first, routine.language == "sql" else {
      if let caller = sessionValues["pg_backend_pid"].flatMap({ Int($0) }),
        let name = BackendSignals.engineName(name.key, arguments: arguments, caller: caller)
      {
        return name
      }
      return CatalogFunctions.engineName(name.key, arguments: arguments)
    }
    return "\(CatalogTable.data).f\(routine.id)"
  }

  func sessionValue(_ name: String) -> String? {
    if name.hasPrefix("setting:") {
      found.usesSession = true
      return settings[SessionSettings.canonical(String(name.dropFirst(8)))].map {
        "CAST(\(DuckDBText.string($0)) AS VARCHAR)"
      }
    }
    if let value = sessionValues[name] {
      found.usesSession = true
      return value
    }
    return nil
  }

  // MARK: Finding

  func object(_ name: QualifiedName) throws(SQLError) -> Object {
    if let object = find(name) { return object }
    let shown = name.parts.map(\.key).joined(separator: ".")
    if let missing = missingSchema(name) {
      found.failure = found.failure ?? SQLFailure("3F000", "schema \"\(missing)\" does not exist")
    }
    throw SQLError(.tableNotFound, "relation \"\(shown)\" does not exist", at: name.position)
  }

  private func missingSchema(_ name: QualifiedName) -> String? {
    guard name.parts.count == 2, let schema = name.parts.first?.key else { return nil }
    return catalog.schema(schema, in: database.id) == nil && !SystemViews.schemas.contains(schema) ? schema : nil
  }

  func find(_ name: QualifiedName) -> Object? {
    // Names of streams keep their case.
    if case .external(let schema, _)? = lookUp(name), schema.external?.isStream == true, let last = name.parts.last {
      return .external(schema, last.quoted ? last.text : last.key)
    }
    return lookUp(name)
  }

  private func lookUp(_ name: QualifiedName) -> Object? {
    let parts = name.parts.map(\.key)
    switch parts.count {
    case 1: return unqualified(parts[0])
    case 2: return qualified(parts[0], parts[1], in: database)
    case 3:
      guard let other = catalog.database(parts[0]) else { return nil }
      return qualified(parts[1], parts[2], in: other)
    default: return nil
    }
  }

  private func unqualified(_ name: String) -> Object? {
    if let relation = temporaries.relation(name, in: Catalog.temporarySchema) { return .relation(relation) }
    if !searchPath.contains("pg_catalog"), let view = SystemViews.view("pg_catalog", name) { return .system(view) }
    for schema in searchPath {
      let schema = schema == "$user" ? user.name : schema
      if let object = qualified(schema, name, in: database) { return object }
    }
    return nil
  }

  private func qualified(_ schema: String, _ name: String, in database: CatalogDatabase) -> Object? {
    if schema == "pg_temp" || schema.hasPrefix("pg_temp_") {
      return temporaries.relation(name, in: Catalog.temporarySchema).map { .relation($0) }
    }
    if SystemViews.schemas.contains(schema) { return SystemViews.view(schema, name).map { .system($0) } }
    guard let found = catalog.schema(schema, in: database.id) else { return nil }
    if found.external != nil { return .external(found, name) }
    return catalog.relation(name, in: found.id).map { .relation($0) }
  }

  func routines(_ name: QualifiedName) -> [CatalogRoutine] {
    let parts = name.parts.map(\.key)
    guard let last = parts.last else { return [] }
    let path = parts.count == 1 ? searchPath.map { $0 == "$user" ? user.name : $0 } : [parts[parts.count - 2]]
    for schema in path {
      guard let schema = catalog.schema(schema, in: database.id) else { continue }
      let found = catalog.routines(last, in: schema.id)
      if !found.isEmpty { return found }
    }
    return []
  }

  /// The schema in which a new object of that name is made.
  func creation(_ name: QualifiedName) throws(SQLFailure) -> CatalogSchema {
    let parts = name.parts.map(\.key)
    if parts.count == 3, parts[0] != database.name {
      throw SQLFailure("0A000", "cross-database references are not supported for this statement: \(name)")
    }
    if parts.count >= 2 {
      let schema = parts[parts.count - 2]
      guard let found = catalog.schema(schema, in: database.id) else {
        throw SQLFailure("3F000", "schema \"\(schema)\" does not exist")
      }
      return found
    }
    for schema in searchPath {
      let schema = schema == "$user" ? user.name : schema
      if let found = catalog.schema(schema, in: database.id), found.external == nil { return found }
    }
    throw SQLFailure("3F000", "no schema has been selected to create in")
  }

  func refuse(_ message: String, _ state: String = "42501") -> SQLError {
    found.failure = found.failure ?? SQLFailure(state, message)
    return SQLError(.genericUserError, message)
  }

  // MARK: Reading

  private func read(_ relation: CatalogRelation) throws(SQLError) -> String {
    guard depth < WarehouseLimits.viewDepthMax else {
      throw refuse("views are nested too deeply at \"\(relation.name)\"", "54001")
    }
    if !relation.isTemporary {
      if let schema = catalog.schemas[relation.schema], !rights.may("USAGE", on: schema) {
        throw refuse("permission denied for schema \(schema.name)")
      }
    }
    let readable = relation.isTemporary ? nil : rights.readableColumns(of: relation)
    if let readable, readable.isEmpty { throw refuse("permission denied for relation \(relation.name)") }
    if relation.form != .view { found.tables.insert(relation.id) }
    var text = relation.form == .view ? try view(relation) : replaced[relation.id] ?? CatalogTable.table(of: relation)
    if !relation.isTemporary { text = try protected(relation, text) }
    if let readable {
      let list = relation.columns.filter { readable.contains($0.name) }.map { RedshiftPrinter.quoted($0.name) }
      text = "(SELECT \(list.joined(separator: ", ")) FROM \(text) AS v)"
    }
    return text
  }

  /// A view's rows: its query, printed where it stands, with its owner's rights.
  private func view(_ relation: CatalogRelation) throws(SQLError) -> String {
    guard let text = relation.text,
      case .query(let query) = try RedshiftParser.statement(text, keepsCase: relation.keepsCase == true)
    else {
      throw refuse("the view \"\(relation.name)\" has no query", "XX000")
    }
    found.views += 1
    guard found.views <= WarehouseLimits.viewsMax else {
      throw refuse("the statement reads more than \(WarehouseLimits.viewsMax) views", "54001")
    }
    var inner = self
    inner.depth += 1
    if !relation.searchPath.isEmpty { inner.searchPath = relation.searchPath }
    if let owner = catalog.users[relation.owner], !relation.isLateBinding || owner.id != user.id {
      inner.rights = Rights(of: owner, in: catalog)
    }
    let printed = try RedshiftPrinter(names: inner).query(query)
    let names = relation.columns.map { RedshiftPrinter.quoted($0.name) }
    if names.isEmpty || relation.isLateBinding { return "(\(printed))" }
    return "(SELECT * FROM (\(printed)) AS v(\(names.joined(separator: ", "))))"
  }
}
