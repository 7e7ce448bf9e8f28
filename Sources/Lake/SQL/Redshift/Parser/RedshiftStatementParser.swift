/// Statements by their first words.
extension RedshiftDescent {
  mutating func statement() throws(SQLError) -> RedshiftStatement {
    try nested { parser throws(SQLError) in try parser.plainStatement() }
  }

  private mutating func plainStatement() throws(SQLError) -> RedshiftStatement {
    if isAtEnd { return .empty }
    switch token.upper {
    case "SELECT", "(", "VALUES", "TABLE": return try queryStatement()
    case "WITH": return try withStatement()
    case "INSERT": return try insert()
    case "UPDATE": return try update(nil)
    case "DELETE": return try delete(nil)
    case "MERGE": return try merge()
    case "TRUNCATE":
      advance()
      _ = taken("TABLE")
      return .truncate(try qualifiedName())
    case "COPY": return try copy()
    case "UNLOAD": return try unload()
    case "CREATE": return try create()
    case "ALTER": return try alter()
    case "DROP": return try drop()
    case "REFRESH":
      advance()
      try expect("MATERIALIZED", "VIEW")
      let name = try qualifiedName()
      let behavior: RedshiftDropBehavior = taken("CASCADE") ? .cascade : taken("RESTRICT") ? .restrict : .none
      return .refreshMaterializedView(name, behavior)
    case "CALL":
      advance()
      let name = try qualifiedName()
      try expect("(")
      let arguments = sees(")") ? [] : try list { parser throws(SQLError) in try parser.expression() }
      try expect(")")
      return .call(name, arguments)
    case "GRANT": return try grant()
    case "REVOKE": return try revoke()
    case "ATTACH", "DETACH": return try policy()
    default: return try sessionStatement()
    }
  }

  private mutating func queryStatement() throws(SQLError) -> RedshiftStatement {
    mayHaveInto = true
    into = nil
    let query = try self.query()
    mayHaveInto = false
    guard let into else { return .query(query) }
    return .selectInto(RedshiftSelectInto(name: into.name, temporary: into.temporary, query: query))
  }

  private mutating func withStatement() throws(SQLError) -> RedshiftStatement {
    let start = index
    let with = try withClause()
    switch token.upper {
    case "UPDATE": return try update(with)
    case "DELETE": return try delete(with)
    default:
      index = start
      height = 0
      return try queryStatement()
    }
  }

  // MARK: DML

  private mutating func insert() throws(SQLError) -> RedshiftStatement {
    try expect("INSERT", "INTO")
    let table = try qualifiedName()
    var columns: [Identifier]?
    if sees("("), !startsQuery(ahead: 1) { columns = try identifiersInBrackets() }
    if taken("DEFAULT", "VALUES") {
      return .insert(RedshiftInsert(table: table, columns: columns, source: .defaultValues))
    }
    return .insert(RedshiftInsert(table: table, columns: columns, source: .query(try query())))
  }

  private mutating func update(_ with: WithClause?) throws(SQLError) -> RedshiftStatement {
    try expect("UPDATE")
    let table = try qualifiedName()
    let alias = taken("AS") ? try label() : aliasIfAny()
    try expect("SET")
    let assignments = try list { parser throws(SQLError) in try parser.assignment() }
    let from = taken("FROM") ? try list { parser throws(SQLError) in try parser.relation() } : []
    let filter = taken("WHERE") ? try expression() : nil
    return .update(
      RedshiftUpdate(with: with, table: table, alias: alias, assignments: assignments, from: from, filter: filter))
  }

  /// `column = value`; a qualifier before the column is the target's and says nothing.
  private mutating func assignment() throws(SQLError) -> Assignment {
    let name = try qualifiedName()
    try expect("=")
    guard let column = name.parts.last else { throw mismatch() }
    return Assignment(column: column, value: try expression())
  }

  private mutating func delete(_ with: WithClause?) throws(SQLError) -> RedshiftStatement {
    try expect("DELETE")
    _ = taken("FROM")
    let table = try qualifiedName()
    let alias = taken("AS") ? try label() : aliasIfAny()
    let using = taken("USING") ? try list { parser throws(SQLError) in try parser.relation() } : []
    let filter = taken("WHERE") ? try expression() : nil
    return .delete(RedshiftDelete(with: with, table: table, alias: alias, using: using, filter: filter))
  }

  private mutating func merge() throws(SQLError) -> RedshiftStatement {
    try expect("MERGE", "INTO")
    let target = try qualifiedName()
    let alias = taken("AS") ? try label() : aliasIfAny()
    try expect("USING")
    let source = try relation()
    try expect("ON")
    let condition = try expression()
    if taken("REMOVE", "DUPLICATES") {
      return .merge(
        RedshiftMerge(
          target: target, alias: alias, source: source, condition: condition, cases: [], removeDuplicates: true))
    }
    var cases: [RedshiftMerge.Case] = []
    while taken("WHEN") {
      let matched = !taken("NOT")
      try expect("MATCHED")
      try expect("THEN")
      cases.append(RedshiftMerge.Case(matched: matched, action: try mergeAction(matched)))
    }
    guard !cases.isEmpty else { throw mismatch() }
    return .merge(
      RedshiftMerge(
        target: target, alias: alias, source: source, condition: condition, cases: cases, removeDuplicates: false))
  }

  private mutating func mergeAction(_ matched: Bool) throws(SQLError) -> RedshiftMerge.Action {
    if matched {
      if taken("DELETE") { return .delete }
      try expect("UPDATE", "SET")
      return .update(try list { parser throws(SQLError) in try parser.assignment() })
    }
    try expect("INSERT")
    let columns = sees("(") ? try identifiersInBrackets() : nil
    try expect("VALUES", "(")
    let values = try list { parser throws(SQLError) in try parser.expression() }
    try expect(")")
    return .insert(columns: columns, values: values)
  }

  // MARK: CREATE, ALTER, DROP

  private mutating func create() throws(SQLError) -> RedshiftStatement {
    let start = index
    try expect("CREATE")
    let orReplace = taken("OR", "REPLACE")
    switch token.upper {
    case "TABLE", "TEMP", "TEMPORARY", "LOCAL", "GLOBAL":
      guard !orReplace else { throw mismatch() }
      return try createTable()
    case "VIEW": return try createView(orReplace)
    case "MATERIALIZED": return try createMaterializedView()
    case "SCHEMA": return try createSchema()
    case "EXTERNAL":
      if sees("SCHEMA", ahead: 1) { return try createExternalSchema() }
      if sees("FUNCTION", ahead: 1) { throw SQLError(.notSupported, "external functions are not supported") }
      return try createExternalTable()
    case "DATABASE": return try createDatabase()
    case "FUNCTION", "PROCEDURE": return try routine(from: start, orReplace)
    case "USER": return try createUser()
    case "GROUP":
      advance()
      let name = try identifier()
      _ = taken("WITH")
      return .createGroup(name, users: taken("USER") ? try identifiers() : [])
    case "ROLE":
      advance()
      let name = try roleName()
      return .createRole(name, externalID: taken("EXTERNALID") ? try wordOrString() : nil, orReplace: orReplace)
    case "RLS": return try createRLSPolicy()
    case "MASKING": return try createMaskingPolicy()
    case "MODEL", "DATASHARE", "LIBRARY", "IDENTITY", "INDEX", "SEQUENCE", "TRIGGER", "TYPE", "DOMAIN", "RULE",
      "TABLESPACE", "EXTENSION", "AGGREGATE", "OPERATOR":
      throw SQLError(.notSupported, "CREATE \(token.upper) is not supported", at: position)
    default: throw mismatch()
    }
  }

  /// A word or a literal, as text.
  mutating func wordOrString() throws(SQLError) -> String {
    if token.kind == .string { return try stringLiteral() }
    guard token.kind == .word || token.kind == .quotedIdentifier || token.kind == .integer else { throw mismatch() }
    let text = token.text
    advance()
    return text
  }

  private mutating func alter() throws(SQLError) -> RedshiftStatement {
    try expect("ALTER")
    switch token.upper {
    case "TABLE":
      advance()
      return try alterTable()
    case "MATERIALIZED":
      try expect("MATERIALIZED", "VIEW")
      let name = try qualifiedName()
      if taken("AUTO", "REFRESH") { return .alterMaterializedView(name, .autoRefresh(try yesOrNo())) }
      guard case .alterTable(_, let action) = try alterTable(name) else { throw mismatch() }
      return .alterMaterializedView(name, .table(action))
    case "SCHEMA": return try alterSchema()
    case "EXTERNAL":
      throw SQLError(.notSupported, "ALTER EXTERNAL \(peek().upper) is not supported", at: position)
    case "DATABASE": return try alterDatabase()
    case "FUNCTION", "PROCEDURE":
      let procedure = sees("PROCEDURE")
      advance()
      let name = try routineName()
      if taken("RENAME", "TO") { return .alterRoutine(name, procedure: procedure, .rename(try identifier())) }
      try expect("OWNER", "TO")
      return .alterRoutine(name, procedure: procedure, .owner(try userName()))
    case "USER": return try alterUser()
    case "GROUP":
      advance()
      let name = try identifier()
      if taken("RENAME", "TO") { return .alterGroup(name, .rename(try identifier())) }
      if taken("ADD", "USER") { return .alterGroup(name, .add(try identifiers())) }
      try expect("DROP", "USER")
      return .alterGroup(name, .drop(try identifiers()))
    case "ROLE":
      advance()
      let name = try roleName()
      _ = taken("WITH")
      if taken("RENAME", "TO") { return .alterRole(name, .rename(try identifier())) }
      if taken("OWNER", "TO") { return .alterRole(name, .owner(try userName())) }
      try expect("EXTERNALID")
      _ = taken("TO")
      return .alterRole(name, .externalID(try wordOrString()))
    case "DEFAULT": return try alterDefaultPrivileges()
    case "RLS":
      try expect("RLS", "POLICY")
      let name = try identifier()
      try expect("USING")
      return .alterRLSPolicy(name, using: try expression())
    case "MASKING":
      try expect("MASKING", "POLICY")
      let name = try identifier()
      try expect("USING", "(")
      let using = try list { parser throws(SQLError) in try parser.expression() }
      try expect(")")
      return .alterMaskingPolicy(name, using: using)
    default: throw mismatch()
    }
  }

  /// An owner, who may be CURRENT_USER or SESSION_USER.
  mutating func userName() throws(SQLError) -> Identifier {
    if sees(["CURRENT_USER", "SESSION_USER"]) { return takeName() }
    return try identifier()
  }

  mutating func yesOrNo() throws(SQLError) -> Bool {
    if taken("YES") || taken("ON") || taken("TRUE") { return true }
    guard taken("NO") || taken("OFF") || taken("FALSE") else { throw mismatch() }
    return false
  }

  private mutating func drop() throws(SQLError) -> RedshiftStatement {
    try expect("DROP")
    switch token.upper {
    case "TABLE":
      advance()
      let ifExists = try ifExists()
      let names = try qualifiedNames()
      return .dropTable(names, ifExists: ifExists, cascade: cascade())
    case "VIEW":
      advance()
      let ifExists = try ifExists()
      let names = try qualifiedNames()
      return .dropView(names, ifExists: ifExists, cascade: cascade())
    case "MATERIALIZED":
      try expect("MATERIALIZED", "VIEW")
      let ifExists = try ifExists()
      let names = try qualifiedNames()
      return .dropMaterializedView(names, ifExists: ifExists, cascade: cascade())
    case "SCHEMA":
      advance()
      let ifExists = try ifExists()
      let names = try identifiers()
      let external = taken("DROP", "EXTERNAL", "DATABASE")
      return .dropSchema(names, ifExists: ifExists, cascade: cascade(), dropExternalDatabase: external)
    case "DATABASE":
      advance()
      let ifExists = try ifExists()
      let name = try identifier()
      let force = taken("FORCE")
      return .dropDatabase(name, ifExists: ifExists, force: force)
    case "FUNCTION", "PROCEDURE":
      let procedure = sees("PROCEDURE")
      advance()
      let ifExists = try ifExists()
      let name = try routineName()
      return .dropRoutine(name, procedure: procedure, ifExists: ifExists, cascade: cascade())
    case "USER":
      advance()
      let ifExists = try ifExists()
      return .dropUser(try identifiers(), ifExists: ifExists)
    case "GROUP":
      advance()
      return .dropGroup(try identifier())
    case "ROLE":
      advance()
      let name = try roleName()
      let force = taken("FORCE")
      if !force { _ = taken("RESTRICT") }
      return .dropRole(name, force: force)
    case "RLS":
      try expect("RLS", "POLICY")
      let ifExists = try ifExists()
      let name = try identifier()
      return .dropRLSPolicy(name, ifExists: ifExists, cascade: cascade())
    case "MASKING":
      try expect("MASKING", "POLICY")
      return .dropMaskingPolicy(try identifier())
    case "MODEL", "DATASHARE", "LIBRARY":
      throw SQLError(.notSupported, "DROP \(token.upper) is not supported", at: position)
    default: throw mismatch()
    }
  }

  mutating func routineName() throws(SQLError) -> RedshiftRoutineName {
    let name = try qualifiedName()
    guard taken("(") else { return RedshiftRoutineName(name: name, arguments: nil) }
    let types =
      sees(")")
      ? [] : try list { parser throws(SQLError) in try parser.argument() }.filter { $0.mode != .output }.map(\.type)
    try expect(")")
    return RedshiftRoutineName(name: name, arguments: types)
  }
}
