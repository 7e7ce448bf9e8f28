import Engine
import Kernel
import PostgresWire
import SQL

/// CREATE TABLE in its forms, and what becomes of tables.
extension WarehouseSession {
  // MARK: Making

  func create(_ create: RedshiftCreateTable) async throws {
    let names = names()
    let (schema, isTemporary) = try place(create.name, temporary: create.temporary, names)
    if exists(create.name.key, in: schema) {
      guard create.ifNotExists else { throw Self.alreadyExists(create.name.key) }
      notice("INFO", "42P07", "Relation \"\(create.name.key)\" already exists and will be skipped")
      return
    }
    var relation = CatalogRelation(
      id: warehouse.newID(), schema: schema, name: create.name.key, form: .table, owner: user.id,
      isTemporary: isTemporary, columns: [], nextColumn: 1, createdAt: now)
    for like in create.likes {
      guard case .relation(let source) = try object(named: like.table) else {
        throw SQLFailure("42809", "\"\(like.table)\" is not a table")
      }
      for column in source.columns {
        var copy = column
        if !like.includingDefaults {
          copy.defaultText = nil
          copy.engineDefault = nil
        }
        copy.number = relation.nextColumn
        copy.identity = nil
        relation.nextColumn += 1
        relation.columns.append(copy)
      }
      relation.distribution = source.distribution
      relation.distKey = source.distKey
      relation.sortStyle = source.sortStyle
      relation.sortKeys = source.sortKeys
    }
    for column in create.columns { relation.columns.append(try await make(column, in: &relation)) }
    try settle(create.attributes, in: &relation)
    for column in create.columns {
      if column.isDistKey {
        relation.distribution = "KEY"
        relation.distKey = column.name.key
      }
      if column.isSortKey {
        relation.sortStyle = "COMPOUND"
        relation.sortKeys.append(column.name.key)
      }
      if column.isPrimaryKey { try addConstraint(nil, .primaryKey, [column.name], nil, to: &relation) }
      if column.isUnique { try addConstraint(nil, .unique, [column.name], nil, to: &relation) }
      if let references = column.references {
        try addConstraint(nil, .foreignKey, [column.name], references, to: &relation)
      }
    }
    for constraint in create.constraints { try add(constraint, to: &relation) }
    // A primary key's columns take no NULL.
    let keys = relation.constraints.first { $0.form == .primaryKey }?.columns ?? []
    for index in relation.columns.indices where keys.contains(relation.columns[index].name) {
      relation.columns[index].notNull = true
    }
    try check(relation)
    if !isTemporary { relation.grants = defaultGrants("TABLES", in: schema) }
    try await build(relation)
    try await put(relation)
  }

  func createTableAs(_ create: RedshiftCreateTableAs) async throws -> SQLOutcome {
    try await atomically {
      try await make(
        create.name, temporary: create.temporary, ifNotExists: create.ifNotExists, names: create.columns,
        attributes: create.attributes, query: create.query, withData: create.withData)
    }
    return .done(tag: "SELECT")
  }

  func selectInto(_ into: RedshiftSelectInto) async throws -> SQLOutcome {
    try await atomically {
      try await make(
        into.name, temporary: into.temporary, ifNotExists: false, names: nil, attributes: nil,
        query: into.query, withData: true)
    }
    return .done(tag: "SELECT")
  }

  private func make(
    _ name: QualifiedName, temporary: Bool, ifNotExists: Bool, names given: [Identifier]?,
    attributes: RedshiftTableAttributes?, query: Query, withData: Bool
  ) async throws {
    let (schema, isTemporary) = try place(name, temporary: temporary, names())
    if exists(name.key, in: schema) {
      guard ifNotExists else { throw Self.alreadyExists(name.key) }
      notice("INFO", "42P07", "Relation \"\(name.key)\" already exists and will be skipped")
      return
    }
    var relation = CatalogRelation(
      id: warehouse.newID(), schema: schema, name: name.key, form: .table, owner: user.id, isTemporary: isTemporary,
      columns: [], nextColumn: 1, createdAt: now)
    let sql = try await fill(&relation, with: query, names: given)
    if let attributes { try settle(attributes, in: &relation) }
    try check(relation)
    if !isTemporary { relation.grants = defaultGrants("TABLES", in: schema) }
    try await build(relation)
    if withData { try await load(relation, from: sql) }
    try await put(relation)
  }

  /// Gives a relation the columns of a query.
  /// - Returns: the query for the engine.
  func fill(_ relation: inout CatalogRelation, with query: Query, names given: [Identifier]?) async throws -> String {
    let (columns, sql, _) = try await columns(of: query)
    if let given, given.count != columns.count {
      throw SQLFailure(
        "42601", "CREATE TABLE AS specifies \(given.count < columns.count ? "too few" : "too many") column names")
    }
    for (index, column) in columns.enumerated() {
      relation.columns.append(
        CatalogColumn(
          number: relation.nextColumn, name: given?[index].key ?? column.name, type: CatalogType(column.type),
          encoding: column.type.defaultEncoding, isCaseSensitive: keepsCaseOfTexts))
      relation.nextColumn += 1
    }
    return sql
  }

  /// Whether texts of columns that have no collation of their own are compared with their case.
  private var keepsCaseOfTexts: Bool { catalog.databases[database.id]?.isCaseInsensitive != true }

  /// The columns that a query gives; those that it hands through keep the types that they have where they come from.
  func columns(
    of query: Query
  ) async throws -> (columns: [(name: String, type: RedshiftType)], sql: String, names: SessionNames) {
    let (sql, names) = try await printed { printer, _ throws(SQLError) in try printer.query(query) }
    let description = try await engine.describe(sql)
    let known = ResultColumns.types(query, names)
    let inferred = RedshiftPrinter(names: names).resultTypes(query) ?? []
    let columns = description.columns.enumerated().map { index, column in
      var type = column.type.redshift
      if known.count == description.columns.count, let source = known[index]?.0,
        source.type.type.engineName == type.engineName
      {
        type = source.type.type
      } else if type == .interval, inferred.count == description.columns.count, let kind = inferred[index].1 {
        type = kind
      }
      return (name: column.name.isEmpty ? "?column?" : EngineName.unmarked(column.name), type: type)
    }
    return (columns, sql, names)
  }

  /// Makes the engine's table of a relation.
  /// - Parameter sequences: whether those of identity columns are made too.
  func build(_ relation: CatalogRelation, sequences: Bool = true) async throws {
    var items: [String] = []
    for column in relation.columns {
      var item = "\(RedshiftPrinter.quoted(column.name)) \(column.engineType)"
      if let identity = column.identity {
        let sequence = CatalogTable.sequence(of: relation, column: column.number)
        let step = identity.step == 0 ? 1 : identity.step
        if sequences {
          try await engine.execute(
            "CREATE \(relation.isTemporary ? "TEMP " : "")SEQUENCE \(sequence) INCREMENT BY \(step) "
              + "MINVALUE \(step < 0 ? Int64.min + 1 : min(identity.seed, 1)) "
              + "MAXVALUE \(step < 0 ? max(identity.seed, -1) : Int64.max) "
              + "START WITH \(identity.seed)", policy: .everything)
        }
        item += " DEFAULT nextval('\(sequence)')"
      } else if let value = column.engineDefault {
        item += " DEFAULT (\(value))"
      }
      if column.notNull { item += " NOT NULL" }
      items.append(item)
    }
    try await engine.execute(
      "CREATE \(relation.isTemporary ? "TEMP " : "")TABLE \(CatalogTable.table(of: relation)) "
        + "(\(items.joined(separator: ", ")))", policy: .everything)
  }

  /// Puts a query's rows into a table, in the order of its sort key.
  @discardableResult
  func load(_ relation: CatalogRelation, from sql: String) async throws -> Int {
    if !relation.isTemporary { writes.insert(relation.id) }
    let list = relation.columns.indices.map { "c\($0)" }
    let fitted = zip(list, relation.columns).map { Fitting.fitted($0, to: $1.type.type) }
    let order = relation.sortKeys.compactMap { key in
      relation.columns.firstIndex { $0.name == key }.map { "c\($0)" }
    }
    return try await changed(
      "INSERT INTO \(CatalogTable.table(of: relation)) "
        + "(\(relation.columns.map { RedshiftPrinter.quoted($0.name) }.joined(separator: ", "))) "
        + "SELECT \(fitted.joined(separator: ", ")) FROM (\(sql)) AS v(\(list.joined(separator: ", ")))"
        + (order.isEmpty ? "" : " ORDER BY \(order.joined(separator: ", "))"))
  }

  /// Runs a statement that changes rows: how many.
  func changed(_ sql: String, _ parameters: [EngineParameter] = []) async throws -> Int {
    try await admit()
    let result = try await engine.run(sql, parameters, policy: .everything)
    var count = 0
    while let chunk = try await result.next() {
      if chunk.rows > 0, let column = chunk.columns.first, case .int(let value) = column[0] { count = Int(value) }
    }
    return count
  }

  // MARK: Parts

  var now: Double { Double(warehouse.ground.clock.now().nanoseconds) / 1e9 }

  static func alreadyExists(_ name: String) -> SQLFailure {
    SQLFailure("42P07", "Relation \"\(name)\" already exists")
  }

  func object(named name: QualifiedName) throws -> SessionNames.Object {
    let names = names()
    do {
      return try names.object(name)
    } catch {
      throw names.found.failure ?? SQLFailure(error)
    }
  }

  /// A table, view or materialized view that the user owns.
  func owned(_ name: QualifiedName) throws -> CatalogRelation {
    guard case .relation(let relation) = try object(named: name) else {
      throw SQLFailure("42809", "\"\(name)\" is not a table")
    }
    guard relation.isTemporary || rights.owns(relation.owner) || rights.has(permission: "ALTER TABLE") else {
      throw SQLFailure("42501", "must be owner of relation \(relation.name)")
    }
    return relation
  }

  func exists(_ name: String, in schema: Int) -> Bool {
    schema == Catalog.temporarySchema
      ? temporaries.relation(name, in: schema) != nil : catalog.relation(name, in: schema) != nil
  }

  /// The schema in which a relation is to be made, when the user may.
  func place(_ name: QualifiedName, temporary: Bool, _ names: SessionNames) throws -> (schema: Int, isTemporary: Bool) {
    guard name.key.utf8.count <= WarehouseLimits.nameBytesMax else {
      throw SQLFailure(
        "42622", "identifier \"\(name.key.prefix(63))…\" is longer than \(WarehouseLimits.nameBytesMax) bytes")
    }
    let first = name.parts.count == 2 ? name.parts[0].key : ""
    if temporary || (name.key.hasPrefix("#") && name.parts.count == 1) || first == "pg_temp" {
      if !first.isEmpty, first != "pg_temp" {
        throw SQLFailure("42P16", "cannot create temporary relation in non-temporary schema")
      }
      return (Catalog.temporarySchema, true)
    }
    let schema = try names.creation(name)
    guard schema.external == nil else {
      throw SQLFailure("0A000", "Operations on local objects in external schema are not enabled.")
    }
    guard rights.may("CREATE", on: schema) else {
      throw SQLFailure("42501", "permission denied for schema \(schema.name)")
    }
    return (schema.id, false)
  }

  func make(_ column: RedshiftColumn, in relation: inout CatalogRelation) async throws -> CatalogColumn {
    let type = column.type
    try Self.check(type, of: "\(relation.name).\(column.name.key)")
    var made = CatalogColumn(
      number: relation.nextColumn, name: column.name.key, type: CatalogType(type),
      encoding: column.encoding ?? type.defaultEncoding,
      notNull: column.notNull || column.isPrimaryKey)
    relation.nextColumn += 1
    if column.encoding == nil, column.isSortKey { made.encoding = "none" }
    if let identity = column.identity {
      guard [.integer, .bigint, .smallint].contains(type) else {
        throw SQLFailure("42601", "identity column must be of type INT or BIGINT")
      }
      made.identity = CatalogColumn.Identity(seed: identity.seed, step: identity.step, byDefault: identity.byDefault)
    }
    if let value = column.defaultValue {
      made.defaultText = column.defaultText
      let (sql, _) = try await printed { printer, _ throws(SQLError) in try printer.expression(value) }
      made.engineDefault = Fitting.fitted("CAST(\(sql) AS \(type.engineName))", to: type)
    }
    made.isCaseSensitive = column.collation.map { $0 != "CASE_INSENSITIVE" } ?? keepsCaseOfTexts
    return made
  }

  private static func check(_ type: RedshiftType, of column: String) throws {
    switch type {
    case .varchar(let length):
      guard length >= 1 else { throw SQLFailure("22023", "length for type varchar must be at least 1") }
      guard length <= WarehouseLimits.varcharBytesMax else {
        throw SQLFailure("22023", "length for type varchar cannot exceed \(WarehouseLimits.varcharBytesMax)")
      }
    case .char(let length):
      guard length >= 1 else { throw SQLFailure("22023", "length for type char must be at least 1") }
      guard length <= WarehouseLimits.charBytesMax else {
        throw SQLFailure("22023", "length for type character cannot exceed \(WarehouseLimits.charBytesMax)")
      }
    case .decimal(let precision, let scale):
      guard (1...38).contains(precision) else {
        throw SQLFailure("22023", "DECIMAL precision \(precision) must be between 1 and 38")
      }
      guard (0...min(precision, 37)).contains(scale) else {
        throw SQLFailure("22023", "DECIMAL scale \(scale) must be between 0 and \(min(precision, 37))")
      }
    case .interval, .array, .pseudo, .catalog:
      throw SQLFailure("0A000", "Column \"\(column)\" has unsupported type \"\(type)\".")
    default: break
    }
  }

  func settle(_ attributes: RedshiftTableAttributes, in relation: inout CatalogRelation) throws {
    if let distribution = attributes.distribution { relation.distribution = distribution.rawValue }
    if let key = attributes.distKey {
      relation.distribution = "KEY"
      relation.distKey = key.key
    }
    if let sort = attributes.sortKey {
      relation.sortStyle = sort.style.rawValue
      relation.sortKeys = sort.columns.map(\.key)
      for key in relation.sortKeys {
        if let index = relation.columns.firstIndex(where: { $0.name == key }) {
          relation.columns[index].encoding = "none"
        }
      }
    }
    if let backup = attributes.backup { relation.backup = backup }
  }

  func check(_ relation: CatalogRelation) throws {
    var seen: Set<String> = []
    for column in relation.columns where !seen.insert(column.name).inserted {
      throw SQLFailure("42701", "column \"\(column.name)\" specified more than once")
    }
    // It tells capitals apart in the engine's names.
    if let column = relation.columns.first(where: { $0.name.unicodeScalars.contains(EngineName.mark) }) {
      throw SQLFailure("42602", "invalid name \"\(column.name)\": U+E000 is reserved")
    }
    guard !relation.columns.isEmpty else { throw SQLFailure("42601", "table must have at least one column") }
    guard relation.columns.count <= WarehouseLimits.columnsMax else {
      throw SQLFailure("54011", "tables can have at most \(WarehouseLimits.columnsMax) columns")
    }
    for key in relation.sortKeys + (relation.distKey.map { [$0] } ?? []) where relation.column(key) == nil {
      throw SQLFailure("42703", "column \"\(key)\" named in key does not exist")
    }
    if relation.distribution == "KEY", relation.distKey == nil {
      throw SQLFailure("42601", "DISTSTYLE KEY requires a DISTKEY column")
    }
  }

  func add(_ constraint: RedshiftConstraint, to relation: inout CatalogRelation) throws {
    switch constraint.kind {
    case .unique(let columns): try addConstraint(constraint.name, .unique, columns, nil, to: &relation)
    case .primaryKey(let columns): try addConstraint(constraint.name, .primaryKey, columns, nil, to: &relation)
    case .foreignKey(let columns, let reference):
      try addConstraint(constraint.name, .foreignKey, columns, reference, to: &relation)
    }
  }

  private func addConstraint(
    _ name: Identifier?, _ form: CatalogConstraint.Form, _ columns: [Identifier], _ reference: RedshiftReference?,
    to relation: inout CatalogRelation
  ) throws {
    let keys = columns.map(\.key)
    for key in keys where relation.column(key) == nil {
      throw SQLFailure("42703", "column \"\(key)\" named in key does not exist")
    }
    if form == .primaryKey, relation.constraints.contains(where: { $0.form == .primaryKey }) {
      throw SQLFailure("42P16", "multiple primary keys for table \"\(relation.name)\" are not allowed")
    }
    let ending = form == .primaryKey ? "pkey" : form == .unique ? "\(keys.first ?? "")_key" : "\(keys.first ?? "")_fkey"
    let name = name?.key ?? "\(relation.name)_\(ending)"
    if relation.constraints.contains(where: { $0.name == name }) {
      throw SQLFailure("42710", "constraint \"\(name)\" for relation \"\(relation.name)\" already exists")
    }
    var made = CatalogConstraint(id: warehouse.newID(), name: name, form: form, columns: keys)
    if let reference {
      guard case .relation(let target) = try object(named: reference.table) else {
        throw SQLFailure("42809", "referenced relation \"\(reference.table)\" is not a table")
      }
      made.references = target.id
      made.referencedColumns =
        reference.columns.isEmpty
        ? target.constraints.first { $0.form == .primaryKey }?.columns ?? [] : reference.columns.map(\.key)
    }
    relation.constraints.append(made)
  }

  // MARK: Dropping

  func dropRelations(
    _ names: [QualifiedName], _ form: CatalogRelation.Form, ifExists: Bool, cascade: Bool
  ) async throws {
    for name in names {
      guard let found = self.names().find(name) else {
        let what = form == .table ? "Table" : form == .view ? "View" : "Materialized view"
        guard ifExists else { throw SQLFailure("42P01", "\(what) \"\(name)\" does not exist") }
        notice("INFO", "42P01", "\(what) \"\(name)\" does not exist and will be skipped")
        continue
      }
      if case .external(let schema, let table) = found {
        guard form == .table else { throw SQLFailure("42809", "\"\(name)\" is not a view") }
        try await dropExternalTable(schema, table, ifExists: ifExists)
        continue
      }
      guard case .relation(let relation) = found else {
        throw SQLFailure("42501", "permission denied: \"\(name)\" is a system catalog")
      }
      guard relation.form == form else {
        let kind = form == .table ? "a table" : form == .view ? "a view" : "a materialized view"
        throw SQLFailure("42809", "\"\(relation.name)\" is not \(kind)")
      }
      guard relation.isTemporary || rights.owns(relation.owner) || rights.has(permission: "DROP TABLE") else {
        throw SQLFailure("42501", "must be owner of relation \(relation.name)")
      }
      try await drop(relation, cascade: cascade)
    }
  }

  func drop(_ relation: CatalogRelation, cascade: Bool, depth: Int = 0) async throws {
    let users = catalog.relations.values.filter {
      $0.uses.contains(relation.id) && !$0.isLateBinding && $0.id != relation.id
    }
    if !users.isEmpty {
      guard cascade else {
        let kind = relation.form == .table ? "table" : relation.form == .view ? "view" : "materialized view"
        throw SQLFailure(
          "2BP01", "cannot drop \(kind) \(relation.name) because other objects depend on it",
          hint: "Use DROP ... CASCADE to drop the dependent objects too.")
      }
      guard depth < WarehouseLimits.viewDepthMax else { throw SQLFailure("54001", "objects depend too deeply") }
      for user in users where catalog.relations[user.id] != nil {
        notice("NOTICE", "00000", "drop cascades to \(user.form == .view ? "view" : "materialized view") \(user.name)")
        try await drop(user, cascade: true, depth: depth + 1)
      }
    }
    if relation.form != .view {
      try await engine.execute("DROP TABLE \(CatalogTable.table(of: relation))", policy: .everything)
      for column in relation.columns where column.identity != nil {
        try await engine.execute(
          "DROP SEQUENCE \(CatalogTable.sequence(of: relation, column: column.number))", policy: .everything)
      }
    }
    try await remove(relation)
  }
}
