/// A hand-written descent over Redshift's tokens; its rules live in extensions by area.
struct RedshiftDescent {
  let tokens: [Token]
  let text: String
  /// Whether capitals in quoted names mean something (`enable_case_sensitive_identifier`).
  let keepsCase: Bool
  var index = 0
  private var nextID = 0
  var depth = 0
  /// Levels of the highest tree among those read for the expression at hand: trees are freed and walked by recursion.
  var height = 0
  /// Names that have been given to `?`, counted.
  var questionMarks = 0
  /// What SELECT … INTO at the statement's top named.
  var into: (name: QualifiedName, temporary: Bool)?
  var mayHaveInto = false
  /// Whether PRIOR is an operator here.
  var isConnecting = false
  /// Brackets that were tried as a query and are none: each is tried once, or nested ones would double the work.
  var notQueries: Set<Int> = []

  init(_ text: String, keepsCase: Bool = false) throws(SQLError) {
    self.text = text
    self.keepsCase = keepsCase
    tokens = try RedshiftLexer.tokens(of: text)
  }

  /// Applies `rule` to the whole text, less closing semicolons.
  mutating func whole<Tree>(_ rule: (inout RedshiftDescent) throws(SQLError) -> Tree) throws(SQLError) -> Tree {
    let tree = try rule(&self)
    while sees(";") { advance() }
    guard token.kind == .end else { throw mismatch() }
    return tree
  }

  // MARK: Looking

  var token: Token { tokens[index] }
  func peek(_ ahead: Int = 1) -> Token { tokens[min(index + ahead, tokens.count - 1)] }
  var position: SourcePosition { tokens[index].position }
  var isAtEnd: Bool { token.kind == .end || sees(";") }

  /// Whether a token is this keyword or sign; quoted names and strings never are.
  func sees(_ word: String, ahead: Int = 0) -> Bool { tokens[min(index + ahead, tokens.count - 1)].upper == word }
  func sees(_ words: [String]) -> Bool { words.contains(token.upper) && !token.upper.isEmpty }

  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  mutating func taken(_ word: String) -> Bool {
    guard tokens[index].upper == word else { return false }
    advance()
    return true
  }

  /// Takes all of the words or none.
  mutating func taken(_ words: String...) -> Bool {
    for (ahead, word) in words.enumerated() where peek(ahead).upper != word { return false }
    for _ in words { advance() }
    return true
  }

  mutating func expect(_ word: String) throws(SQLError) {
    guard taken(word) else { throw mismatch() }
  }

  mutating func expect(_ words: String...) throws(SQLError) {
    for word in words {
      guard token.upper == word else { throw mismatch() }
      advance()
    }
  }

  // MARK: Failing

  func mismatch() -> SQLError { mismatch(token) }

  func mismatch(_ offending: Token) -> SQLError {
    guard offending.kind != .end else {
      return SQLError(.syntax, "syntax error at end of input", at: offending.position)
    }
    return SQLError(.syntax, "syntax error at or near \"\(raw(offending.range))\"", at: offending.position)
  }

  /// A part of the statement as written.
  func raw(_ range: Range<Int>) -> String {
    let utf8 = text.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
    let end = utf8.index(start, offsetBy: range.count)
    return String(decoding: utf8[start..<end], as: UTF8.self)
  }

  /// The text from a token up to the one before the present.
  func raw(from first: Int) -> String {
    guard index > first else { return "" }
    return raw(tokens[first].range.lowerBound..<tokens[index - 1].range.upperBound)
  }

  var tooDeep: SQLError {
    SQLError(.statementTooLarge, "stack depth limit exceeded", at: position)
  }

  /// Runs `rule` one level deeper.
  mutating func nested<Tree>(_ rule: (inout RedshiftDescent) throws(SQLError) -> Tree) throws(SQLError) -> Tree {
    guard depth < SQLLimits.nestingMax else { throw tooDeep }
    depth += 1
    defer { depth -= 1 }
    return try rule(&self)
  }

  mutating func grow() throws(SQLError) {
    height += 1
    guard height <= SQLLimits.redshiftTreeHeightMax else { throw tooDeep }
  }

  // MARK: Names and literals

  mutating func node(_ position: SourcePosition, _ kind: Expression.Kind) -> Expression {
    nextID += 1
    return Expression(id: nextID, position: position, kind: kind)
  }

  mutating func relation(_ position: SourcePosition, _ kind: Relation.Kind) -> Relation {
    nextID += 1
    return Relation(id: nextID, position: position, kind: kind)
  }

  static func isName(_ token: Token) -> Bool {
    switch token.kind {
    case .quotedIdentifier: true
    case .word: !RedshiftWords.reserved.contains(token.upper)
    default: false
    }
  }

  mutating func identifierIfAny() -> Identifier? {
    guard Self.isName(token) else { return nil }
    return takeName()
  }

  /// The present token as a name, whatever it is.
  mutating func takeName() -> Identifier {
    let token = self.token
    advance()
    let quoted = token.kind == .quotedIdentifier
    return Identifier(
      token.text, quoted: quoted, folding: quoted && keepsCase ? .nothing : .ascii, at: token.position)
  }

  mutating func identifier() throws(SQLError) -> Identifier {
    guard let name = identifierIfAny() else { throw mismatch() }
    return name
  }

  /// A name after AS or a dot, where keywords may stand too.
  mutating func label() throws(SQLError) -> Identifier {
    guard token.kind == .word || token.kind == .quotedIdentifier else { throw mismatch() }
    return takeName()
  }

  mutating func qualifiedName() throws(SQLError) -> QualifiedName {
    var parts = [try identifier()]
    while parts.count < 4, taken(".") { parts.append(try label()) }
    return QualifiedName(parts)
  }

  mutating func list<Item>(
    _ rule: (inout RedshiftDescent) throws(SQLError) -> Item
  ) throws(SQLError) -> [Item] {
    var items = [try rule(&self)]
    while taken(",") { items.append(try rule(&self)) }
    return items
  }

  mutating func identifiers() throws(SQLError) -> [Identifier] {
    try list { parser throws(SQLError) in try parser.identifier() }
  }

  mutating func identifiersInBrackets() throws(SQLError) -> [Identifier] {
    try expect("(")
    let names = try identifiers()
    try expect(")")
    return names
  }

  mutating func qualifiedNames() throws(SQLError) -> [QualifiedName] {
    try list { parser throws(SQLError) in try parser.qualifiedName() }
  }

  mutating func stringLiteral() throws(SQLError) -> String {
    guard token.kind == .string else { throw mismatch() }
    var value = token.text
    advance()
    // Literals on lines of their own are one, as in SQL's standard.
    while token.kind == .string, token.position.line > tokens[index - 1].position.line {
      value += token.text
      advance()
    }
    return value
  }

  mutating func integerLiteral() throws(SQLError) -> Int {
    let negative = sees("-") && peek().kind == .integer
    if negative || (sees("+") && peek().kind == .integer) { advance() }
    guard token.kind == .integer, let value = Int(token.text) else { throw mismatch() }
    advance()
    return negative ? -value : value
  }

  mutating func ifExists() throws(SQLError) -> Bool {
    guard taken("IF") else { return false }
    try expect("EXISTS")
    return true
  }

  mutating func ifNotExists() throws(SQLError) -> Bool {
    guard taken("IF") else { return false }
    try expect("NOT", "EXISTS")
    return true
  }

  mutating func cascade() -> Bool {
    if taken("CASCADE") { return true }
    _ = taken("RESTRICT")
    return false
  }
}

/// Redshift's words that are no names unless quoted.
enum RedshiftWords {
  /// Source: Redshift's "Reserved words", less OID, which its own catalog uses as a column's name.
  static let reserved: Set<String> = Set(
    """
    AES128 AES256 ALL ALLOWOVERWRITE ANALYSE ANALYZE AND ANY ARRAY AS ASC AUTHORIZATION AZ64 BACKUP BETWEEN BINARY
    BLANKSASNULL BOTH BYTEDICT BZIP2 CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CREDENTIALS CROSS CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID DEFAULT DEFERRABLE DEFLATE DEFRAG DELTA DELTA32K DESC
    DISABLE DISTINCT DO ELSE EMPTYASNULL ENABLE ENCODE ENCRYPT ENCRYPTION END EXCEPT EXPLICIT FALSE FOR FOREIGN FREEZE
    FROM FULL GLOBALDICT256 GLOBALDICT64K GRANT GROUP GZIP HAVING IDENTITY IGNORE ILIKE IN INITIALLY INNER INTERSECT
    INTERVAL INTO IS ISNULL JOIN LANGUAGE LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP LUN LUNS LZO LZOP MINUS
    MOSTLY16 MOSTLY32 MOSTLY8 NATURAL NEW NOT NOTNULL NULL NULLS OFF OFFLINE OFFSET OLD ON ONLY OPEN OR ORDER OUTER
    OVERLAPS PARALLEL PARTITION PERCENT PERMISSIONS PIVOT PLACING PRIMARY QUALIFY RAW READRATIO RECOVER REFERENCES
    RESPECT REJECTLOG RESORT RESTORE RIGHT SELECT SESSION_USER SIMILAR SNAPSHOT SOME SYSDATE SYSTEM TABLE TAG TDES
    TEXT255 TEXT32K THEN TIMESTAMP TO TOP TRAILING TRUE TRUNCATECOLUMNS UNION UNIQUE UNNEST UNPIVOT USER USING VERBOSE
    WALLET WHEN WHERE WITH WITHOUT
    """.split { $0 == " " || $0 == "\n" }.map(String.init))

  /// Words that end an expression or a relation, so that they are no alias without AS.
  static let noAlias: Set<String> = [
    "SET", "WINDOW", "FETCH", "EXCLUDE", "AT", "START", "CONNECT", "VALUES", "RETURNING", "WITHIN", "OVER", "ISNULL",
    "NOTNULL",
  ]
}
