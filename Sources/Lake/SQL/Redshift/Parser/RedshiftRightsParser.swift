/// Users, groups, roles, rights and policies.
extension RedshiftDescent {
  mutating func createUser() throws(SQLError) -> RedshiftStatement {
    try expect("USER")
    let name = try identifier()
    let options = try userOptions()
    guard isAtEnd else { throw mismatch() }
    return .createUser(RedshiftCreateUser(name: name, options: options))
  }

  mutating func alterUser() throws(SQLError) -> RedshiftStatement {
    try expect("USER")
    let name = try userName()
    if taken("RENAME", "TO") { return .alterUser(name, .rename(try identifier())) }
    if sees("SET") {
      guard case .set(let setting) = try setStatement() else { throw mismatch() }
      return .alterUser(name, .set(setting))
    }
    if taken("RESET"), !sees("SESSION") { return .alterUser(name, .reset(try settingName())) }
    if sees("SESSION"), sees("TIMEOUT", ahead: 1), tokens[max(index - 1, 0)].upper == "RESET" {
      try expect("SESSION", "TIMEOUT")
      var options = RedshiftUserOptions()
      options.sessionTimeoutSeconds = 0
      return .alterUser(name, .options(options))
    }
    let options = try userOptions()
    guard isAtEnd else { throw mismatch() }
    return .alterUser(name, .options(options))
  }

  private mutating func userOptions() throws(SQLError) -> RedshiftUserOptions {
    _ = taken("WITH")
    var options = RedshiftUserOptions()
    while !isAtEnd {
      switch token.upper {
      case "PASSWORD", "ENCRYPTED", "UNENCRYPTED":
        if sees("PASSWORD", ahead: 1) { advance() }
        try expect("PASSWORD")
        options.password = taken("DISABLE") ? .disabled : .text(try stringLiteral())
      case "CREATEDB", "NOCREATEDB":
        options.createDatabase = token.upper == "CREATEDB"
        advance()
      case "CREATEUSER", "NOCREATEUSER":
        options.createUser = token.upper == "CREATEUSER"
        advance()
      case "SYSLOG":
        try expect("SYSLOG", "ACCESS")
        guard sees(["RESTRICTED", "UNRESTRICTED"]) else { throw mismatch() }
        options.syslogUnrestricted = token.upper == "UNRESTRICTED"
        advance()
      case "IN":
        try expect("IN", "GROUP")
        options.groups += try identifiers()
      case "VALID":
        try expect("VALID", "UNTIL")
        options.validUntil = try wordOrString()
      case "CONNECTION":
        try expect("CONNECTION", "LIMIT")
        options.connectionLimit = taken("UNLIMITED") ? -1 : try integerLiteral()
      case "SESSION":
        try expect("SESSION", "TIMEOUT")
        options.sessionTimeoutSeconds = try integerLiteral()
      case "EXTERNALID":
        advance()
        _ = taken("TO")
        options.externalID = try wordOrString()
      default: return options
      }
    }
    return options
  }

  // MARK: GRANT and REVOKE

  mutating func grant() throws(SQLError) -> RedshiftStatement {
    try expect("GRANT")
    var grant = try rights(ends: "TO")
    grant.withOption = taken("WITH", "GRANT", "OPTION") || taken("WITH", "ADMIN", "OPTION")
    return .grant(grant)
  }

  mutating func revoke() throws(SQLError) -> RedshiftStatement {
    try expect("REVOKE")
    let optionOnly = taken("GRANT", "OPTION", "FOR") || taken("ADMIN", "OPTION", "FOR")
    var grant = try rights(ends: "FROM")
    grant.withOption = optionOnly
    grant.cascade = cascade()
    return .revoke(grant)
  }

  /// A role's name; those of the system have a colon in them: `sys:monitor`.
  mutating func roleName() throws(SQLError) -> Identifier {
    var name = try identifier()
    if !name.quoted, taken(":") { name = Identifier("\(name.text):\(try label().text)", at: name.position) }
    return name
  }

  private mutating func rights(ends: String) throws(SQLError) -> RedshiftGrant {
    var grant = RedshiftGrant(privileges: [], target: .system, grantees: [], withOption: false, cascade: false)
    if sees("ROLE") {
      let roles = try list { parser throws(SQLError) in
        try parser.expect("ROLE")
        return try parser.roleName()
      }
      grant.target = .roles(roles)
    } else {
      grant.privileges = try list { parser throws(SQLError) in try parser.privilege() }
      if taken("ON") {
        grant.target = try target(grant.privileges)
      } else if taken("FOR") {
        grant.target = try scoped()
      }
    }
    try expect(ends)
    grant.grantees = try grantees()
    if case .assumeRole(let arns, _) = grant.target, taken("FOR") {
      let uses = try list { parser throws(SQLError) in
        let word = try parser.label().text.uppercased()
        if word == "EXTERNAL" { return word + " " + (try parser.label().text.uppercased()) }
        return word
      }
      grant.target = .assumeRole(arns: arns, uses: uses)
    }
    return grant
  }

  /// One or more words, such as SELECT, ALL PRIVILEGES or CREATE OR REPLACE TABLE, with columns in brackets.
  private mutating func privilege() throws(SQLError) -> RedshiftPrivilege {
    var words: [String] = []
    while token.kind == .word, !sees(["ON", "TO", "FROM", "FOR"]) {
      words.append(token.upper)
      advance()
      guard words.count < 6 else { throw mismatch() }
    }
    guard !words.isEmpty else { throw mismatch() }
    if words == ["ALL", "PRIVILEGES"] { words = ["ALL"] }
    if words.last == "TEMP" { words[words.count - 1] = "TEMPORARY" }
    return RedshiftPrivilege(
      name: words.joined(separator: " "), columns: sees("(") ? try identifiersInBrackets() : [])
  }

  private mutating func scoped() throws(SQLError) -> RedshiftGrant.Target {
    let kind = try label().text.uppercased()
    try expect("IN")
    if taken("SCHEMA") {
      let schema = try identifier()
      let database = taken("DATABASE") ? try identifier() : nil
      return .scoped(kind: kind, schema: schema, database: database)
    }
    try expect("DATABASE")
    return .scoped(kind: kind, schema: nil, database: try identifier())
  }

  private mutating func target(_ privileges: [RedshiftPrivilege]) throws(SQLError) -> RedshiftGrant.Target {
    if privileges.first?.name == "ASSUMEROLE" {
      let arns = try list { parser throws(SQLError) in try parser.wordOrString() }
      return .assumeRole(arns: arns, uses: [])
    }
    switch token.upper {
    case "ALL":
      advance()
      if taken("TABLES") {
        try expect("IN", "SCHEMA")
        return .allTablesInSchema(try identifiers())
      }
      let procedures = taken("PROCEDURES")
      if !procedures { try expect("FUNCTIONS") }
      try expect("IN", "SCHEMA")
      return .allFunctionsInSchema(try identifiers(), procedures: procedures)
    case "DATABASE":
      advance()
      return .databases(try identifiers())
    case "SCHEMA":
      advance()
      return .schemas(try identifiers())
    case "FUNCTION", "PROCEDURE":
      let procedures = sees("PROCEDURE")
      advance()
      let names = try list { parser throws(SQLError) in try parser.routineName() }
      return .functions(names, procedures: procedures)
    case "LANGUAGE":
      advance()
      return .languages(try list { parser throws(SQLError) in try parser.label() })
    case "DATASHARE":
      advance()
      return .datashares(try identifiers())
    case "MODEL":
      advance()
      return .models(try qualifiedNames())
    case "EXTERNAL":
      advance()
      if taken("SCHEMA") { return .schemas(try identifiers()) }
      try expect("TABLE")
      return .tables(try qualifiedNames())
    case "RLS":
      try expect("RLS", "POLICY")
      return .rlsPolicy(tables: try qualifiedNames())
    default:
      _ = taken("TABLE")
      return .tables(try qualifiedNames())
    }
  }

  private mutating func grantees() throws(SQLError) -> [RedshiftGrantee] {
    try list { parser throws(SQLError) in
      if parser.taken("GROUP") { return RedshiftGrantee.group(try parser.identifier()) }
      if parser.taken("ROLE") { return RedshiftGrantee.role(try parser.roleName()) }
      if parser.taken("PUBLIC") { return RedshiftGrantee.everyone }
      return RedshiftGrantee.user(try parser.userName())
    }
  }

  mutating func alterDefaultPrivileges() throws(SQLError) -> RedshiftStatement {
    try expect("DEFAULT", "PRIVILEGES")
    var change = RedshiftDefaultPrivileges(
      users: [], schemas: [], revokes: false, privileges: [], kind: "", grantees: [], withOption: false)
    if taken("FOR") {
      guard taken("USER") || taken("ROLE") else { throw mismatch() }
      change.users = try identifiers()
    }
    if taken("IN", "SCHEMA") { change.schemas = try identifiers() }
    change.revokes = taken("REVOKE")
    if change.revokes {
      change.withOption = taken("GRANT", "OPTION", "FOR")
    } else {
      try expect("GRANT")
    }
    change.privileges = try list { parser throws(SQLError) in try parser.privilege() }
    try expect("ON")
    guard sees(["TABLES", "FUNCTIONS", "PROCEDURES"]) else { throw mismatch() }
    change.kind = token.upper
    advance()
    try expect(change.revokes ? "FROM" : "TO")
    change.grantees = try grantees()
    if !change.revokes { change.withOption = taken("WITH", "GRANT", "OPTION") }
    _ = cascade()
    return .alterDefaultPrivileges(change)
  }

  // MARK: Policies

  private mutating func policyColumns() throws(SQLError) -> [RedshiftPolicyColumn] {
    try expect("(")
    let columns = try list { parser throws(SQLError) in
      let name = try parser.identifier()
      return RedshiftPolicyColumn(name: name, type: try parser.type())
    }
    try expect(")")
    return columns
  }

  mutating func createRLSPolicy() throws(SQLError) -> RedshiftStatement {
    try expect("RLS", "POLICY")
    let ifNotExists = try ifNotExists()
    let name = try identifier()
    var columns: [RedshiftPolicyColumn] = []
    var alias: Identifier?
    if taken("WITH") {
      columns = try policyColumns()
      if taken("AS") { alias = try label() } else { alias = aliasIfAny() }
    }
    try expect("USING")
    let start = index
    let using = try expression()
    return .createRLSPolicy(
      RedshiftRLSPolicy(
        name: name, ifNotExists: ifNotExists, columns: columns, alias: alias, using: using, text: raw(from: start)))
  }

  mutating func createMaskingPolicy() throws(SQLError) -> RedshiftStatement {
    try expect("MASKING", "POLICY")
    let ifNotExists = try ifNotExists()
    let name = try identifier()
    try expect("WITH")
    let columns = try policyColumns()
    try expect("USING", "(")
    let start = index
    let using = try list { parser throws(SQLError) in try parser.expression() }
    let text = raw(from: start)
    try expect(")")
    return .createMaskingPolicy(
      RedshiftMaskingPolicy(name: name, ifNotExists: ifNotExists, columns: columns, using: using, text: text))
  }

  mutating func policy() throws(SQLError) -> RedshiftStatement {
    let attaches = sees("ATTACH")
    advance()
    let masking = taken("MASKING")
    if !masking { try expect("RLS") }
    try expect("POLICY")
    var target = RedshiftPolicyTarget(
      policy: try identifier(), tables: [], columns: [], using: [], grantees: [], priority: nil)
    try expect("ON")
    if !masking { _ = taken("TABLE") }
    target.tables = try qualifiedNames()
    if masking { target.columns = try identifiersInBrackets() }
    if masking, taken("USING") { target.using = try identifiersInBrackets() }
    try expect(attaches ? "TO" : "FROM")
    target.grantees = try grantees()
    if taken("PRIORITY") { target.priority = try integerLiteral() }
    switch (attaches, masking) {
    case (true, true): return .attachMaskingPolicy(target)
    case (true, false): return .attachRLSPolicy(target)
    case (false, true): return .detachMaskingPolicy(target)
    case (false, false): return .detachRLSPolicy(target)
    }
  }

  // MARK: Functions and procedures

  mutating func argument() throws(SQLError) -> RedshiftArgument {
    var mode = RedshiftArgument.Mode.input
    func isMode(_ token: Token) -> Bool { ["IN", "OUT", "INOUT"].contains(token.upper) }
    if isMode(token) {
      mode = RedshiftArgument.Mode(rawValue: token.upper) ?? .input
      advance()
      if mode == .input, taken("OUT") { mode = .both }
    }
    // `name type`, `type`: a name is followed by a further word.
    var name: Identifier?
    let next = peek()
    let named = next.kind == .word || next.kind == .quotedIdentifier
    let typeGoesOn = ["PRECISION", "VARYING", "WITH", "WITHOUT", "DEFAULT"].contains(next.upper)
    if named, !typeGoesOn || isMode(next) {
      name = try label()
      if isMode(token) {
        mode = RedshiftArgument.Mode(rawValue: token.upper) ?? .input
        advance()
      }
    }
    return RedshiftArgument(name: name, mode: mode, type: try type())
  }

  mutating func routine(from start: Int, _ orReplace: Bool) throws(SQLError) -> RedshiftStatement {
    let procedure = sees("PROCEDURE")
    advance()
    var routine = RedshiftRoutine(
      name: try qualifiedName(), orReplace: orReplace, arguments: [], returns: nil, volatility: nil, language: "",
      body: "", securityDefiner: false, nonatomic: false, settings: [], text: "")
    try expect("(")
    if !sees(")") { routine.arguments = try list { parser throws(SQLError) in try parser.argument() } }
    try expect(")")
    if taken("RETURNS") { routine.returns = try type() }
    while !isAtEnd {
      switch token.upper {
      case "VOLATILE", "STABLE", "IMMUTABLE":
        routine.volatility = token.upper
        advance()
      case "NONATOMIC":
        advance()
        routine.nonatomic = true
      case "AS":
        advance()
        routine.body = try stringLiteral()
      case "LANGUAGE":
        advance()
        routine.language = try wordOrString().lowercased()
      case "SECURITY":
        advance()
        routine.securityDefiner = taken("DEFINER")
        if !routine.securityDefiner { try expect("INVOKER") }
      case "SET":
        guard case .set(let setting) = try setStatement() else { throw mismatch() }
        routine.settings.append(setting)
      default: throw mismatch()
      }
    }
    guard !routine.language.isEmpty else { throw SQLError(.syntax, "no language specified", at: position) }
    routine.text = raw(from: start)
    if procedure {
      guard routine.language == "plpgsql" else {
        throw SQLError(.notSupported, "procedures of language \"\(routine.language)\" are not supported")
      }
      return .createProcedure(routine)
    }
    guard routine.returns != nil else {
      throw SQLError(.syntax, "function result type must be specified", at: position)
    }
    return .createFunction(routine)
  }
}
