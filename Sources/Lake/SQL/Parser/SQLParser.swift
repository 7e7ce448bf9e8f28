/// Reads Athena's language: `Statement`s from text.
///
/// ```swift
/// let statement = try SQLParser.statement("SELECT count(*) FROM lake.events WHERE day = '2026-01-01'")
/// ```
public enum SQLParser {
  /// - Throws: `SQLError` in Athena's wording: `line 1:8: mismatched input 'x'. Expecting: …` for queries,
  ///   `FAILED: ParseException line 1:0 …` for Hive's DDL.
  public static func statement(_ text: String) throws(SQLError) -> Statement {
    if try StatementLanguage.isHive(text) {
      return .hive(try parse(text, dialect: .hive) { parser throws(SQLError) in try parser.hiveStatement() })
    }
    return try parse(text, dialect: .trino) { parser throws(SQLError) in try parser.statement() }
  }

  /// Reads a query alone, such as a view's text.
  public static func query(_ text: String) throws(SQLError) -> Query {
    try parse(text, dialect: .trino) { parser throws(SQLError) in try parser.query() }
  }

  /// Reads an expression alone.
  public static func expression(_ text: String, dialect: Dialect = .trino) throws(SQLError) -> Expression {
    try parse(text, dialect: dialect) { parser throws(SQLError) in try parser.expression() }
  }

  /// Reads a type as Trino spells it, such as `map(varchar, row(a integer))`.
  public static func type(_ text: String) throws(SQLError) -> SQLType {
    try parse(text, dialect: .trino) { parser throws(SQLError) in try parser.type() }
  }

  /// Parses once without bookkeeping; a text that fails is read again to learn what could have stood there.
  static func parse<Tree>(
    _ text: String, dialect: Dialect, _ rule: (inout Parser) throws(SQLError) -> Tree
  ) throws(SQLError) -> Tree {
    let tokens = try Lexer.tokens(of: text, dialect: dialect)
    var parser = Parser(tokens: tokens, dialect: dialect, text: text)
    do {
      return try parser.whole(rule)
    } catch {
      guard error.code == .syntax || error.code == .hiveParse else { throw error }
      var second = Parser(tokens: tokens, dialect: dialect, text: text)
      second.recordsExpected = true
      return try second.whole(rule)
    }
  }
}

/// A hand-written descent over the tokens; its rules live in extensions by area.
struct Parser {
  let tokens: [Token]
  let dialect: Dialect
  let text: String
  var index = 0
  var nextID = 0
  var depth = 0
  var parameters = 0
  /// Brackets that were tried as a query and are none.
  var notQueries: Set<Int> = []

  /// What could have stood at the furthest place that was reached.
  var recordsExpected = false
  var furthest = 0
  var expected: Set<String> = []

  init(tokens: [Token], dialect: Dialect, text: String) {
    self.tokens = tokens
    self.dialect = dialect
    self.text = text
  }

  /// Applies `rule` to the whole text, less one closing semicolon.
  mutating func whole<Tree>(_ rule: (inout Parser) throws(SQLError) -> Tree) throws(SQLError) -> Tree {
    let tree = try rule(&self)
    let closed = sees(";")
    if closed { advance() }
    if closed, token.kind != .end {
      throw SQLError(.syntax, "Only one sql statement is allowed. Got: \(text.prefix(1000))")
    }
    guard token.kind == .end else {
      note("<EOF>")
      throw mismatch()
    }
    return tree
  }

  // MARK: Looking

  var token: Token { tokens[index] }
  func peek(_ ahead: Int = 1) -> Token { tokens[min(index + ahead, tokens.count - 1)] }
  var position: SourcePosition { tokens[index].position }

  mutating func note(_ what: @autoclosure () -> String) {
    guard recordsExpected, index >= furthest else { return }
    if index > furthest {
      furthest = index
      expected = []
    }
    expected.insert(what())
  }

  /// Whether the token is this keyword or sign; quoted names and strings never are.
  mutating func at(_ word: String) -> Bool {
    if tokens[index].upper == word { return true }
    note("'\(word)'")
    return false
  }

  /// As `at`, without remembering that it could have stood here.
  func sees(_ word: String, ahead: Int = 0) -> Bool { peek(ahead).upper == word }

  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  mutating func taken(_ word: String) -> Bool {
    guard at(word) else { return false }
    advance()
    return true
  }

  /// Takes all of the words or none.
  mutating func taken(_ words: String...) -> Bool {
    for (ahead, word) in words.enumerated() where peek(ahead).upper != word {
      if ahead == 0 { note("'\(word)'") }
      return false
    }
    for _ in words { advance() }
    return true
  }

  mutating func expect(_ words: String...) throws(SQLError) {
    for word in words {
      guard taken(word) else { throw mismatch() }
    }
  }

  // MARK: Failing

  /// The error for the furthest token reached.
  func mismatch() -> SQLError {
    let offending = tokens[max(index, recordsExpected ? furthest : 0)]
    if dialect.name == "hive" { return hiveMismatch(offending) }
    switch offending.kind {
    case .backquotedIdentifier:
      return SQLError(
        .syntax, "backquoted identifiers are not supported; use double quotes to quote identifiers",
        at: offending.position)
    case .digitIdentifier:
      return SQLError(
        .syntax, "identifiers must not start with a digit; surround the identifier with double quotes",
        at: offending.position)
    default: break
    }
    let list = expected.sorted().joined(separator: ", ")
    return SQLError(
      .syntax, "mismatched input '\(raw(offending))'. Expecting: \(list)", at: offending.position)
  }

  private func hiveMismatch(_ offending: Token) -> SQLError {
    if offending.kind == .end {
      let before = tokens[max(0, tokens.count - 2)]
      return SQLError(
        .hiveParse, "mismatched input '<EOF>' expecting \(hiveExpected) near '\(raw(before))'", at: offending.position)
    }
    // Hive's names are a rule of its grammar and no single token that could be missing.
    if expected.count == 1, expected != ["<identifier>"] {
      let before = index > 0 ? raw(tokens[index - 1]) : raw(offending)
      return SQLError(
        .hiveParse, "missing \(hiveExpected) at '\(raw(offending))' near '\(before)'", at: offending.position)
    }
    let start = tokens.firstIndex { $0.range == offending.range } ?? index
    let near = (0..<3).map { "'\(raw(tokens[min(start + $0, tokens.count - 1)]))'" }.joined(separator: " ")
    return SQLError(.hiveParse, "cannot recognize input near \(near)", at: offending.position)
  }

  private var hiveExpected: String { expected.sorted().first?.replacing("'", with: "") ?? "<EOF>" }

  /// The token's own text.
  func raw(_ token: Token) -> String {
    guard token.kind != .end, !token.range.isEmpty else { return "<EOF>" }
    let utf8 = text.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: token.range.lowerBound)
    let end = utf8.index(utf8.startIndex, offsetBy: token.range.upperBound)
    return String(decoding: utf8[start..<end], as: UTF8.self)
  }

  /// Runs `rule` one level deeper.
  mutating func nested<Tree>(_ rule: (inout Parser) throws(SQLError) -> Tree) throws(SQLError) -> Tree {
    try enter()
    defer { depth -= 1 }
    return try rule(&self)
  }

  mutating func enter() throws(SQLError) {
    guard depth < SQLLimits.nestingMax else {
      throw SQLError(
        .statementTooLarge, "statement is too large (nested more than \(SQLLimits.nestingMax) levels deep)",
        at: position)
    }
    depth += 1
  }

  // MARK: Names and literals

  mutating func makeID() -> Int {
    nextID += 1
    return nextID
  }

  mutating func node(_ position: SourcePosition, _ kind: Expression.Kind) -> Expression {
    Expression(id: makeID(), position: position, kind: kind)
  }

  /// Whether the token can be a name.
  func isIdentifier(_ token: Token) -> Bool {
    switch token.kind {
    case .quotedIdentifier: true
    case .backquotedIdentifier: dialect.backquotesAreIdentifiers
    case .word: !dialect.reservedWords.contains(token.upper)
    default: false
    }
  }

  mutating func identifierIfAny() -> Identifier? {
    let token = self.token
    guard isIdentifier(token) else {
      note("<identifier>")
      return nil
    }
    advance()
    return Identifier(token.text, quoted: token.kind != .word, at: token.position)
  }

  mutating func identifier() throws(SQLError) -> Identifier {
    guard let name = identifierIfAny() else { throw mismatch() }
    return name
  }

  mutating func qualifiedName() throws(SQLError) -> QualifiedName {
    var parts = [try identifier()]
    while parts.count < 4, taken(".") { parts.append(try identifier()) }
    return QualifiedName(parts)
  }

  mutating func identifiersInBrackets() throws(SQLError) -> [Identifier] {
    try expect("(")
    var names = [try identifier()]
    while taken(",") { names.append(try identifier()) }
    try expect(")")
    return names
  }

  mutating func stringLiteral() throws(SQLError) -> String {
    guard token.kind == .string else {
      note("<string>")
      throw mismatch()
    }
    let value = token.text
    advance()
    return value
  }

  mutating func integerLiteral() throws(SQLError) -> Int {
    guard token.kind == .integer, let value = Int(token.text) else {
      note("<integer>")
      throw mismatch()
    }
    advance()
    return value
  }
}
