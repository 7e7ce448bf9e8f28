/// Reads procedures' bodies.
public enum PLpgSQL {
  /// - Throws: `SQLError` in PostgreSQL's words.
  public static func parse(_ body: String) throws(SQLError) -> PLpgSQLBlock {
    var parser = PLpgSQLParser(descent: try RedshiftDescent(body))
    return try parser.whole()
  }
}

struct PLpgSQLParser {
  var descent: RedshiftDescent

  mutating func whole() throws(SQLError) -> PLpgSQLBlock {
    let block = try block()
    while descent.taken(";") {}
    guard descent.token.kind == .end else { throw descent.mismatch() }
    return block
  }

  private mutating func label() throws(SQLError) -> String? {
    guard descent.sees("<<") else { return nil }
    descent.advance()
    let name = try descent.identifier().key
    try descent.expect(">>")
    return name
  }

  private mutating func deeper() throws(SQLError) {
    guard descent.depth < SQLLimits.nestingMax else { throw descent.tooDeep }
    descent.depth += 1
  }

  mutating func block() throws(SQLError) -> PLpgSQLBlock {
    let label = try label()
    return try block(label)
  }

  private mutating func block(_ label: String?) throws(SQLError) -> PLpgSQLBlock {
    try deeper()
    defer { descent.depth -= 1 }
    var block = PLpgSQLBlock(label: label, declarations: [], statements: [], handler: nil)
    while descent.taken("DECLARE") {
      while !descent.sees("BEGIN"), !descent.sees("DECLARE") { block.declarations.append(try declaration()) }
    }
    try descent.expect("BEGIN")
    block.statements = try statements(until: ["END", "EXCEPTION"])
    if descent.taken("EXCEPTION") {
      try descent.expect("WHEN", "OTHERS", "THEN")
      block.handler = try statements(until: ["END"])
    }
    try descent.expect("END")
    if !descent.isAtEnd { _ = try descent.identifier() }
    return block
  }

  private mutating func declaration() throws(SQLError) -> PLpgSQLDeclaration {
    let name = try descent.identifier().key
    if descent.taken("ALIAS") {
      try descent.expect("FOR")
      let token = descent.token
      descent.advance()
      try descent.expect(";")
      return PLpgSQLDeclaration(
        name: name, kind: .alias(token.kind == .parameter ? "$" + token.text : token.text.lowercased()))
    }
    if descent.taken("CURSOR") {
      if descent.taken("(") { throw SQLError(.notSupported, "cursors with arguments are not supported") }
      guard descent.taken("FOR") || descent.taken("IS") else { throw descent.mismatch() }
      let query = try text(until: [";"])
      try descent.expect(";")
      return PLpgSQLDeclaration(name: name, kind: .cursor(query))
    }
    if descent.taken("REFCURSOR") {
      try descent.expect(";")
      return PLpgSQLDeclaration(
        name: name, kind: .variable(.pseudo("refcursor"), isConstant: false, notNull: false, value: nil))
    }
    if descent.taken("RECORD") {
      try descent.expect(";")
      return PLpgSQLDeclaration(name: name, kind: .record)
    }
    let isConstant = descent.taken("CONSTANT")
    let type = try descent.type(inCast: true)
    if case .pseudo(let written) = type {
      try descent.expect(";")
      guard written.hasSuffix("%rowtype") || written == "record" else {
        throw SQLError(.notSupported, "\(written) is not supported", at: descent.position)
      }
      return PLpgSQLDeclaration(name: name, kind: .record)
    }
    let notNull = descent.taken("NOT", "NULL")
    var value: PLpgSQLText?
    if descent.taken(":=") || descent.taken("DEFAULT") || descent.taken("=") { value = try text(until: [";"]) }
    try descent.expect(";")
    return PLpgSQLDeclaration(
      name: name, kind: .variable(type, isConstant: isConstant, notNull: notNull, value: value))
  }

  // MARK: Statements

  private mutating func statements(until ends: [String]) throws(SQLError) -> [PLpgSQLStatement] {
    var statements: [PLpgSQLStatement] = []
    while !descent.sees(ends) {
      guard descent.token.kind != .end else { throw descent.mismatch() }
      statements.append(try statement())
    }
    return statements
  }

  private mutating func statement() throws(SQLError) -> PLpgSQLStatement {
    try deeper()
    defer { descent.depth -= 1 }
    let label = try label()
    let statement = try plain(label)
    try descent.expect(";")
    return statement
  }

  private mutating func plain(_ label: String?) throws(SQLError) -> PLpgSQLStatement {
    switch descent.token.upper {
    case "DECLARE", "BEGIN": return .block(try block(label))
    case "IF": return try choice()
    case "CASE": return try caseStatement()
    case "LOOP":
      return .loop(label: label, try loopBody())
    case "WHILE":
      descent.advance()
      let condition = try text(until: ["LOOP"])
      return .whileLoop(label: label, condition, try loopBody())
    case "FOR": return try forLoop(label)
    case "EXIT", "CONTINUE":
      let isExit = descent.sees("EXIT")
      descent.advance()
      let target = descent.sees("WHEN") || descent.sees(";") ? nil : try descent.identifier().key
      let condition = descent.taken("WHEN") ? try text(until: [";"]) : nil
      return .leave(isExit: isExit, label: target, when: condition)
    case "RETURN":
      descent.advance()
      return .finish(descent.sees(";") ? nil : try text(until: [";"]))
    case "RAISE": return try raise()
    case "NULL" where descent.sees(";", ahead: 1):
      descent.advance()
      return .nothing
    case "PERFORM":
      descent.advance()
      return .perform(try text(until: [";"]))
    case "EXECUTE":
      descent.advance()
      let command = try text(until: [";", "INTO"])
      return .execute(command, into: descent.taken("INTO") ? try targets() : [])
    case "OPEN": return try open()
    case "FETCH":
      descent.advance()
      _ = descent.taken("NEXT") || descent.taken("FORWARD")
      _ = descent.taken("FROM") || descent.taken("IN")
      let cursor = try descent.identifier().key
      try descent.expect("INTO")
      return .fetch(cursor, into: try targets())
    case "CLOSE":
      descent.advance()
      return .close(try descent.identifier().key)
    case "GET":
      try descent.expect("GET", "DIAGNOSTICS")
      let name = try target()
      guard descent.taken(":=") || descent.taken("=") else { throw descent.mismatch() }
      try descent.expect("ROW_COUNT")
      return .diagnostics(name)
    default: break
    }
    if let assignment = try assignment() { return assignment }
    return try sql()
  }

  private mutating func target() throws(SQLError) -> [String] {
    if descent.token.kind == .parameter {
      let name = "$" + descent.token.text
      descent.advance()
      return [name]
    }
    var parts = [try descent.identifier().key]
    while descent.taken(".") { parts.append(try descent.label().key) }
    return parts
  }

  private mutating func targets() throws(SQLError) -> [[String]] {
    var targets = [try target()]
    while descent.taken(",") { targets.append(try target()) }
    return targets
  }

  private mutating func assignment() throws(SQLError) -> PLpgSQLStatement? {
    var ahead = 1
    while descent.sees(".", ahead: ahead) { ahead += 2 }
    guard descent.sees(":=", ahead: ahead) || descent.sees("=", ahead: ahead) else { return nil }
    let name = try target()
    descent.advance()
    return .assign(name, try text(until: [";"]))
  }

  private mutating func choice() throws(SQLError) -> PLpgSQLStatement {
    try descent.expect("IF")
    var branches: [(condition: PLpgSQLText, body: [PLpgSQLStatement])] = []
    var otherwise: [PLpgSQLStatement]?
    repeat {
      let condition = try text(until: ["THEN"])
      try descent.expect("THEN")
      branches.append((condition, try statements(until: ["ELSIF", "ELSEIF", "ELSE", "END"])))
    } while descent.taken("ELSIF") || descent.taken("ELSEIF")
    if descent.taken("ELSE") { otherwise = try statements(until: ["END"]) }
    try descent.expect("END", "IF")
    return .choose(branches, otherwise: otherwise, needsOne: false)
  }

  private mutating func caseStatement() throws(SQLError) -> PLpgSQLStatement {
    try descent.expect("CASE")
    let operand = descent.sees("WHEN") ? nil : try text(until: ["WHEN"])
    var branches: [(condition: PLpgSQLText, body: [PLpgSQLStatement])] = []
    while descent.taken("WHEN") {
      var condition = try text(until: ["THEN"])
      if let operand {
        condition = PLpgSQLText(
          pieces: [.text("(")] + operand.pieces + [.text(") IN (")] + condition.pieces + [.text(")")])
      }
      try descent.expect("THEN")
      branches.append((condition, try statements(until: ["WHEN", "ELSE", "END"])))
    }
    let otherwise = descent.taken("ELSE") ? try statements(until: ["END"]) : nil
    try descent.expect("END", "CASE")
    return .choose(branches, otherwise: otherwise, needsOne: true)
  }

  private mutating func loopBody() throws(SQLError) -> [PLpgSQLStatement] {
    try descent.expect("LOOP")
    let body = try statements(until: ["END"])
    try descent.expect("END", "LOOP")
    if !descent.sees(";") { _ = try descent.identifier() }
    return body
  }

  private mutating func forLoop(_ label: String?) throws(SQLError) -> PLpgSQLStatement {
    try descent.expect("FOR")
    let variables = try targets()
    try descent.expect("IN")
    if descent.taken("EXECUTE") {
      let command = try text(until: ["LOOP"])
      return .forRows(label: label, variables, command, isDynamic: true, try loopBody())
    }
    if descent.startsQuery(ahead: 0) {
      let query = try text(until: ["LOOP"])
      return .forRows(label: label, variables, query, isDynamic: false, try loopBody())
    }
    let isReversed = descent.taken("REVERSE")
    let from = try text(until: ["..", "LOOP"])
    guard descent.taken("..") else {
      // A declared cursor's name.
      return .forRows(label: label, variables, from, isDynamic: false, try loopBody())
    }
    let to = try text(until: ["LOOP", "BY"])
    let step = descent.taken("BY") ? try text(until: ["LOOP"]) : nil
    guard variables.count == 1, variables[0].count == 1 else { throw descent.mismatch() }
    return .forRange(
      PLpgSQLRange(label: label, variable: variables[0][0], isReversed: isReversed, from: from, to: to, step: step),
      try loopBody())
  }

  private mutating func raise() throws(SQLError) -> PLpgSQLStatement {
    try descent.expect("RAISE")
    let levels = ["EXCEPTION", "WARNING", "NOTICE", "INFO", "LOG", "DEBUG"]
    var level = "EXCEPTION"
    if descent.sees(levels) {
      level = descent.token.upper
      descent.advance()
    }
    if descent.sees(";") { return .raise(level: "AGAIN", message: "", []) }
    let message = try descent.stringLiteral()
    var arguments: [PLpgSQLText] = []
    while descent.taken(",") { arguments.append(try text(until: [";", ","])) }
    return .raise(level: level, message: message, arguments)
  }

  private mutating func open() throws(SQLError) -> PLpgSQLStatement {
    try descent.expect("OPEN")
    let name = try descent.identifier().key
    guard descent.taken("FOR") else { return .open(name, nil, isDynamic: false) }
    if descent.taken("EXECUTE") { return .open(name, try text(until: [";"]), isDynamic: true) }
    return .open(name, try text(until: [";"]), isDynamic: false)
  }

  /// Any other statement; SELECT … INTO gives its row to variables.
  private mutating func sql() throws(SQLError) -> PLpgSQLStatement {
    guard descent.token.kind == .word else { throw descent.mismatch() }
    let takesRow = descent.sees("SELECT") || descent.sees("WITH")
    guard takesRow else { return .sql(try text(until: [";"]), into: [], strict: false) }
    let first = try text(until: [";", "INTO"], mayBeEmpty: false)
    guard descent.taken("INTO") else { return .sql(first, into: [], strict: false) }
    let strict = descent.taken("STRICT")
    let targets = try targets()
    let rest = try text(until: [";"], mayBeEmpty: true)
    return .sql(
      PLpgSQLText(pieces: first.pieces + [.text(" ")] + rest.pieces), into: targets, strict: strict)
  }

  // MARK: SQL

  /// The text up to one of these words outside of brackets and CASE.
  private mutating func text(until ends: [String], mayBeEmpty: Bool = false) throws(SQLError) -> PLpgSQLText {
    let start = descent.index
    var level = 0
    var cases = 0
    while descent.token.kind != .end {
      let word = descent.token.upper
      if level == 0, cases == 0, ends.contains(word), descent.index > start || mayBeEmpty { break }
      if word == ";" { throw descent.mismatch() }
      switch word {
      case "(", "[": level += 1
      case ")", "]": level -= 1
      case "CASE": cases += 1
      case "END": cases = max(0, cases - 1)
      default: break
      }
      descent.advance()
    }
    guard descent.token.kind != .end, level == 0 else { throw descent.mismatch() }
    return text(start..<descent.index)
  }

  /// Cuts tokens into pieces. What follows a dot, AS or the name of a clause of tables is no variable, nor is what
  /// names a column to be written.
  private func text(_ range: Range<Int>) -> PLpgSQLText {
    let tokens = Array(descent.tokens[range])
    guard let first = tokens.first, let last = tokens.last else { return PLpgSQLText(pieces: []) }
    var pieces: [PLpgSQLText.Piece] = []
    var copied = first.range.lowerBound
    let columns = writtenColumns(tokens)
    var index = 0
    while index < tokens.count {
      let token = tokens[index]
      let before = index > 0 ? tokens[index - 1].upper : ""
      let after = index + 1 < tokens.count ? tokens[index + 1].upper : ""
      let isName = token.kind == .word || token.kind == .quotedIdentifier || token.kind == .parameter
      guard isName, ![".", "AS", "INTO", "TABLE", "FROM", "JOIN", "UPDATE", "::"].contains(before), after != "(",
        !columns.contains(index)
      else {
        index += 1
        continue
      }
      var parts = [token.kind == .parameter ? "$" + token.text : token.text.lowercased()]
      var end = index
      if after == ".", index + 2 < tokens.count, tokens[index + 2].kind == .word {
        parts.append(tokens[index + 2].text.lowercased())
        end = index + 2
      }
      pieces.append(.text(descent.raw(copied..<token.range.lowerBound)))
      let written = descent.raw(token.range.lowerBound..<tokens[end].range.upperBound)
      pieces.append(.name(parts, written: written))
      copied = tokens[end].range.upperBound
      index = end + 1
    }
    pieces.append(.text(descent.raw(copied..<max(copied, last.range.upperBound))))
    return PLpgSQLText(pieces: pieces)
  }

  /// Tokens that name columns: INSERT's list, and what SET gives values to.
  private func writtenColumns(_ tokens: [Token]) -> Set<Int> {
    var columns: Set<Int> = []
    if tokens.first?.upper == "INSERT", let open = tokens.firstIndex(where: { $0.upper == "(" }),
      let query = tokens.firstIndex(where: { ["SELECT", "VALUES", "WITH"].contains($0.upper) }), open < query
    {
      for index in open..<query { columns.insert(index) }
    }
    guard tokens.first?.upper == "UPDATE" || tokens.first?.upper == "MERGE" else { return columns }
    var level = 0
    for (index, token) in tokens.enumerated() {
      if token.upper == "(" { level += 1 }
      if token.upper == ")" { level -= 1 }
      guard level == 0, index > 0, index + 1 < tokens.count, tokens[index + 1].upper == "=",
        tokens[index - 1].upper == "SET" || tokens[index - 1].upper == ","
      else { continue }
      columns.insert(index)
    }
    return columns
  }
}
