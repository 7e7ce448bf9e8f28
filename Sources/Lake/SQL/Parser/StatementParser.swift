/// Statements of Trino's own grammar.
extension Parser {
  mutating func statement() throws(SQLError) -> Statement {
    switch token.upper {
    case "SELECT", "WITH", "VALUES", "TABLE", "(": return .query(try query())
    case "CREATE": return try create()
    case "INSERT": return .insert(try insert())
    case "DROP":
      advance()
      try expect("VIEW")
      let ifExists = taken("IF", "EXISTS")
      return .dropView(try qualifiedName(), ifExists: ifExists)
    case "EXPLAIN": return .explain(try explain())
    case "PREPARE":
      advance()
      let name = try identifier()
      try expect("FROM")
      let start = token.range.lowerBound
      let statement = try nested { parser throws(SQLError) in try parser.statement() }
      return .prepare(name, statement, text: source(from: start))
    case "EXECUTE": return try execute()
    case "DEALLOCATE":
      advance()
      try expect("PREPARE")
      return .deallocate(try identifier())
    case "UNLOAD": return .unload(try unload())
    case "DELETE":
      advance()
      try expect("FROM")
      let name = try qualifiedName()
      return .delete(name, filter: taken("WHERE") ? try expression() : nil)
    case "UPDATE": return .update(try update())
    case "MERGE": return .merge(try merge())
    case "OPTIMIZE":
      advance()
      let name = try qualifiedName()
      try expect("REWRITE", "DATA", "USING", "BIN_PACK")
      return .optimize(name, filter: taken("WHERE") ? try expression() : nil)
    case "VACUUM":
      advance()
      return .vacuum(try qualifiedName())
    default:
      for word in [
        "ALTER", "CREATE", "DEALLOCATE", "DELETE", "DESCRIBE", "DROP", "EXECUTE", "EXPLAIN", "INSERT", "MERGE", "MSCK",
        "OPTIMIZE", "PREPARE", "SHOW", "UNLOAD", "UPDATE", "VACUUM",
      ] { note("'\(word)'") }
      note("<query>")
      throw mismatch()
    }
  }

  /// The text from a token on to the end, less a closing semicolon and blanks.
  func source(from start: Int) -> String {
    var end = tokens[tokens.count - 1].range.lowerBound
    if tokens.count >= 2, tokens[tokens.count - 2].upper == ";" { end = tokens[tokens.count - 2].range.lowerBound }
    let bytes = Array(text.utf8)
    guard start < end, end <= bytes.count else { return "" }
    var last = end
    while last > start, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[last - 1]) { last -= 1 }
    return String(decoding: bytes[start..<last], as: UTF8.self)
  }

  private mutating func properties() throws(SQLError) -> [Property] {
    try expect("(")
    var list: [Property] = []
    repeat {
      let name = try identifier()
      try expect("=")
      list.append(Property(name: name, value: try expression()))
    } while taken(",")
    try expect(")")
    return list
  }

  private mutating func create() throws(SQLError) -> Statement {
    advance()
    let orReplace = taken("OR", "REPLACE")
    if taken("VIEW") {
      let name = try qualifiedName()
      let comment = taken("COMMENT") ? try stringLiteral() : nil
      if taken("SECURITY") {
        if !taken("DEFINER") { try expect("INVOKER") }
      }
      try expect("AS")
      let start = token.range.lowerBound
      let query = try query()
      return .createView(
        CreateView(name: name, orReplace: orReplace, comment: comment, query: query, text: source(from: start)))
    }
    guard !orReplace else { throw mismatch() }
    try expect("TABLE")
    let ifNotExists = taken("IF", "NOT", "EXISTS")
    let name = try qualifiedName()
    let columns = sees("(") ? try identifiersInBrackets() : nil
    let comment = taken("COMMENT") ? try stringLiteral() : nil
    let properties = taken("WITH") ? try properties() : []
    try expect("AS")
    let query: Query
    if let bracketed = try queryInBrackets() { query = bracketed } else { query = try self.query() }
    var withData = true
    if taken("WITH") {
      withData = !taken("NO")
      try expect("DATA")
    }
    return .createTableAs(
      CreateTableAs(
        name: name, ifNotExists: ifNotExists, columns: columns, comment: comment, properties: properties, query: query,
        withData: withData))
  }

  private mutating func insert() throws(SQLError) -> Insert {
    advance()
    try expect("INTO")
    let table = try qualifiedName()
    // A bracket after the name holds either the columns or the query.
    var columns: [Identifier]?
    if sees("("), isIdentifier(peek()), sees(",", ahead: 2) || sees(")", ahead: 2) {
      columns = try identifiersInBrackets()
    }
    return Insert(table: table, columns: columns, query: try query())
  }

  private mutating func explain() throws(SQLError) -> Explain {
    advance()
    var explain = Explain(
      analyze: false, verbose: false, type: nil, format: nil, statement: .vacuum(QualifiedName([])))
    if taken("ANALYZE") {
      explain.analyze = true
      explain.verbose = taken("VERBOSE")
    }
    if sees("("), ["FORMAT", "TYPE"].contains(peek().upper) {
      advance()
      repeat {
        let isFormat = taken("FORMAT")
        if !isFormat { try expect("TYPE") }
        let value = try identifier().text.uppercased()
        let allowed = isFormat ? ["TEXT", "GRAPHVIZ", "JSON"] : ["LOGICAL", "DISTRIBUTED", "VALIDATE", "IO"]
        guard allowed.contains(value) else { throw mismatch() }
        if isFormat { explain.format = value } else { explain.type = value }
      } while taken(",")
      try expect(")")
    }
    explain.statement = try nested { parser throws(SQLError) in try parser.statement() }
    return explain
  }

  private mutating func execute() throws(SQLError) -> Statement {
    advance()
    let name = try identifier()
    var values: [Expression] = []
    if taken("USING") {
      values.append(try expression())
      while taken(",") { values.append(try expression()) }
    }
    return .execute(name, values)
  }

  private mutating func unload() throws(SQLError) -> Unload {
    advance()
    try expect("(")
    let query = try query()
    try expect(")", "TO")
    let location = try stringLiteral()
    try expect("WITH")
    return Unload(query: query, location: location, properties: try properties())
  }

  private mutating func assignments() throws(SQLError) -> [Assignment] {
    var list: [Assignment] = []
    repeat {
      let column = try identifier()
      try expect("=")
      list.append(Assignment(column: column, value: try expression()))
    } while taken(",")
    return list
  }

  private mutating func update() throws(SQLError) -> Update {
    advance()
    let table = try qualifiedName()
    try expect("SET")
    let assignments = try assignments()
    return Update(table: table, assignments: assignments, filter: taken("WHERE") ? try expression() : nil)
  }

  private mutating func merge() throws(SQLError) -> Merge {
    advance()
    try expect("INTO")
    let target = try qualifiedName()
    var alias: Identifier?
    if taken("AS") { alias = try identifier() } else if isIdentifier(token) { alias = try identifier() }
    try expect("USING")
    let source = try relation()
    try expect("ON")
    let condition = try expression()
    var cases: [MergeCase] = []
    while taken("WHEN") { cases.append(try mergeCase()) }
    guard !cases.isEmpty else { throw mismatch() }
    return Merge(target: target, alias: alias, source: source, condition: condition, cases: cases)
  }

  private mutating func mergeCase() throws(SQLError) -> MergeCase {
    let matched = !taken("NOT")
    try expect("MATCHED")
    let condition = taken("AND") ? try expression() : nil
    try expect("THEN")
    if matched {
      if taken("DELETE") { return MergeCase(matched: true, condition: condition, action: .delete) }
      try expect("UPDATE", "SET")
      return MergeCase(matched: true, condition: condition, action: .update(try assignments()))
    }
    try expect("INSERT")
    let columns = sees("(") ? try identifiersInBrackets() : []
    try expect("VALUES", "(")
    var values = [try expression()]
    while taken(",") { values.append(try expression()) }
    try expect(")")
    return MergeCase(matched: false, condition: condition, action: .insert(columns: columns, values: values))
  }
}
