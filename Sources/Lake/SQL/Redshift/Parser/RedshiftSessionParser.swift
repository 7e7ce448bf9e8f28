/// Transactions, cursors, prepared statements, settings and upkeep.
extension RedshiftDescent {
  mutating func sessionStatement() throws(SQLError) -> RedshiftStatement {
    let word = token.upper
    switch word {
    case "BEGIN", "START":
      advance()
      if word == "START" { try expect("TRANSACTION") } else { _ = taken("WORK") || taken("TRANSACTION") }
      return .begin(try transactionMode())
    case "COMMIT", "END":
      advance()
      _ = taken("WORK") || taken("TRANSACTION")
      return .commit
    case "ROLLBACK", "ABORT":
      advance()
      _ = taken("WORK") || taken("TRANSACTION")
      return .rollback
    case "LOCK":
      advance()
      _ = taken("TABLE")
      return .lock(try qualifiedNames())
    case "DECLARE":
      advance()
      let name = try identifier()
      // psql says it, and there is no other kind.
      _ = taken("NO", "SCROLL")
      try expect("CURSOR")
      _ = taken("WITH", "HOLD") || taken("WITHOUT", "HOLD")
      try expect("FOR")
      return .declareCursor(name, try query())
    case "FETCH": return try fetch()
    case "CLOSE":
      advance()
      return .closeCursor(taken("ALL") ? nil : try identifier())
    case "PREPARE": return try prepare()
    case "EXECUTE":
      advance()
      let name = try identifier()
      guard taken("(") else { return .execute(name, []) }
      let values = sees(")") ? [] : try list { parser throws(SQLError) in try parser.expression() }
      try expect(")")
      return .execute(name, values)
    case "DEALLOCATE":
      advance()
      _ = taken("PREPARE")
      return .deallocate(taken("ALL") ? nil : try identifier())
    case "SET": return try setStatement()
    case "SHOW": return try show()
    case "RESET":
      advance()
      if taken("SESSION", "AUTHORIZATION") { return .setSessionAuthorization(nil) }
      return .reset(taken("ALL") ? nil : try settingName())
    case "DISCARD":
      advance()
      try expect("ALL")
      return .reset(nil)
    case "VACUUM": return try vacuum()
    case "ANALYZE", "ANALYSE": return try analyze()
    case "EXPLAIN":
      advance()
      let verbose = taken("VERBOSE")
      if sees("EXPLAIN") { throw mismatch() }
      return .explain(try statement(), verbose: verbose)
    case "COMMENT": return try comment()
    case "CANCEL":
      advance()
      let id = try integerLiteral()
      return .cancel(processID: id, message: token.kind == .string ? try stringLiteral() : nil)
    case "USE":
      advance()
      return .use(try identifier())
    default: throw mismatch()
    }
  }

  private mutating func transactionMode() throws(SQLError) -> RedshiftTransactionMode {
    var mode = RedshiftTransactionMode(isolation: nil, readOnly: nil)
    while !isAtEnd {
      if taken("ISOLATION", "LEVEL") {
        if taken("SERIALIZABLE") {
          mode.isolation = "SERIALIZABLE"
        } else if taken("SNAPSHOT") {
          mode.isolation = "SNAPSHOT"
        } else if taken("REPEATABLE", "READ") {
          mode.isolation = "REPEATABLE READ"
        } else if taken("READ", "COMMITTED") {
          mode.isolation = "READ COMMITTED"
        } else {
          try expect("READ", "UNCOMMITTED")
          mode.isolation = "READ UNCOMMITTED"
        }
      } else if taken("READ", "ONLY") {
        mode.readOnly = true
      } else if taken("READ", "WRITE") {
        mode.readOnly = false
      } else if !taken(",") {
        throw mismatch()
      }
    }
    return mode
  }

  private mutating func fetch() throws(SQLError) -> RedshiftStatement {
    try expect("FETCH")
    var amount = RedshiftFetch.Amount.next
    if taken("NEXT") {
      amount = .next
    } else if taken("ALL") {
      amount = .all
    } else if taken("FORWARD") {
      if taken("ALL") { amount = .forwardAll } else { amount = .forward(try count()) }
    } else if token.kind == .integer {
      amount = .forward(try integerLiteral())
    }
    _ = taken("FROM") || taken("IN")
    return .fetch(RedshiftFetch(amount: amount, cursor: try identifier()))
  }

  private mutating func count() throws(SQLError) -> Int { token.kind == .integer ? try integerLiteral() : 1 }

  private mutating func prepare() throws(SQLError) -> RedshiftStatement {
    try expect("PREPARE")
    let name = try identifier()
    var types: [RedshiftType] = []
    if taken("(") {
      types = try list { parser throws(SQLError) in try parser.type(inCast: true) }
      try expect(")")
    }
    try expect("AS")
    return .prepare(name, types: types, try statement())
  }

  // MARK: Settings

  mutating func settingName() throws(SQLError) -> String {
    var name = try label().key
    while taken(".") { name += "." + (try label()).key }
    return name
  }

  mutating func setStatement() throws(SQLError) -> RedshiftStatement {
    try expect("SET")
    var setting = RedshiftSetting(name: "", values: [], isDefault: false, local: false)
    if taken("SESSION", "AUTHORIZATION") || taken("LOCAL", "SESSION", "AUTHORIZATION") {
      return .setSessionAuthorization(taken("DEFAULT") ? nil : try wordOrString())
    }
    if taken("SESSION", "CHARACTERISTICS", "AS", "TRANSACTION") || taken("TRANSACTION") {
      let mode = try transactionMode()
      setting.name = "session_characteristics"
      setting.values = [mode.isolation ?? (mode.readOnly == true ? "READ ONLY" : "READ WRITE")]
      return .set(setting)
    }
    if taken("LOCAL") { setting.local = true } else { _ = taken("SESSION") }
    if taken("TIME", "ZONE") {
      setting.name = "timezone"
    } else if sees("SEED"), !sees("=", ahead: 1), !sees("TO", ahead: 1) {
      advance()
      setting.name = "seed"
      _ = taken("TO")
    } else {
      setting.name = try settingName()
      guard taken("TO") || taken("=") else { throw mismatch() }
    }
    if taken("DEFAULT") {
      setting.isDefault = true
      return .set(setting)
    }
    repeat { setting.values.append(try settingValue()) } while taken(",")
    return .set(setting)
  }

  private mutating func settingValue() throws(SQLError) -> String {
    var sign = ""
    if taken("-") { sign = "-" } else { _ = taken("+") }
    switch token.kind {
    case .string: return try stringLiteral()
    case .integer, .decimal, .double, .word, .quotedIdentifier:
      var text = token.text
      if token.kind == .word, sees("INTERVAL"), peek().kind == .string {
        advance()
        text = try stringLiteral()
        _ = try intervalFields()
        return text
      }
      if token.kind == .word { text = text.lowercased() }
      advance()
      return sign + text
    default: throw mismatch()
    }
  }

  // MARK: Upkeep

  private mutating func vacuum() throws(SQLError) -> RedshiftStatement {
    try expect("VACUUM")
    var vacuum = RedshiftVacuum(kind: .full, table: nil, thresholdPercent: nil, boost: false)
    if taken("SORT") {
      try expect("ONLY")
      vacuum.kind = .sortOnly
    } else if taken("DELETE") {
      try expect("ONLY")
      vacuum.kind = .deleteOnly
    } else if taken("REINDEX") {
      vacuum.kind = .reindex
    } else if taken("RECLUSTER") {
      vacuum.kind = .recluster
    } else {
      _ = taken("FULL")
    }
    if Self.isName(token), !sees("BOOST") || peek().kind == .word { vacuum.table = try qualifiedName() }
    if taken("TO") {
      let percent = try integerLiteral()
      guard (0...100).contains(percent) else {
        throw SQLError(.invalidArguments, "threshold percent must be between 0 and 100", at: position)
      }
      vacuum.thresholdPercent = percent
      _ = taken("PERCENT")
    }
    vacuum.boost = taken("BOOST")
    return .vacuum(vacuum)
  }

  private mutating func analyze() throws(SQLError) -> RedshiftStatement {
    advance()
    if taken("COMPRESSION") {
      let table = Self.isName(token) ? try qualifiedName() : nil
      let columns = sees("(") ? try identifiersInBrackets() : []
      let rows = taken("COMPROWS") ? try integerLiteral() : nil
      return .analyzeCompression(table, columns: columns, rows: rows)
    }
    var analyze = RedshiftAnalyze(verbose: false, table: nil, columns: [], predicateColumnsOnly: false)
    analyze.verbose = taken("VERBOSE")
    if Self.isName(token) {
      analyze.table = try qualifiedName()
      if sees("(") { analyze.columns = try identifiersInBrackets() }
    }
    if taken("PREDICATE", "COLUMNS") { analyze.predicateColumnsOnly = true } else { _ = taken("ALL", "COLUMNS") }
    return .analyze(analyze)
  }

  private mutating func comment() throws(SQLError) -> RedshiftStatement {
    try expect("COMMENT", "ON")
    let known: Set<String> = ["TABLE", "COLUMN", "VIEW", "SCHEMA", "DATABASE", "CONSTRAINT", "FUNCTION", "PROCEDURE"]
    guard known.contains(token.upper) else { throw mismatch() }
    let kind = token.upper
    advance()
    var comment = RedshiftComment(kind: kind, name: try qualifiedName(), on: nil, text: nil)
    if sees("(") {
      advance()
      if !sees(")") { _ = try list { parser throws(SQLError) in try parser.argument() } }
      try expect(")")
    }
    if taken("ON") { comment.on = try qualifiedName() }
    try expect("IS")
    if !taken("NULL") { comment.text = try stringLiteral() }
    return .comment(comment)
  }
}
