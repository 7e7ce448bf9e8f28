/// SHOW in its forms.
extension RedshiftDescent {
  mutating func show() throws(SQLError) -> RedshiftStatement {
    try expect("SHOW")
    guard let kind = showKind() else {
      if taken("TIME", "ZONE") { return .show("timezone") }
      if taken("TRANSACTION", "ISOLATION", "LEVEL") { return .show("transaction_isolation") }
      if taken("ALL") { return .show("all") }
      return .show(try settingName())
    }
    var show = RedshiftShow(kind: kind)
    switch kind {
    case .databases, .schemas, .tables, .columns, .primaryKeys, .foreignKeys, .exportedKeys, .procedures, .functions:
      if taken("FROM") {
        _ = taken("DATABASE") || taken("SCHEMA") || taken("TABLE") || taken("DATA", "CATALOG")
        if startsWord { show.path = try words() }
      }
    case .procedureParameters, .functionParameters:
      show.path = try words()
      show.arguments = try argumentWords()
    case .grants, .columnGrants:
      if taken("ON") {
        let objects = ["TABLE", "SCHEMA", "DATABASE", "FUNCTION", "PROCEDURE"]
        show.object = objects.first { sees($0) } ?? "TABLE"
        _ = taken(show.object ?? "")
        show.path = try words()
        if sees("(") { show.arguments = try argumentWords() }
      }
      if taken("FOR") {
        if taken("PUBLIC") {
          show.grantee = .everyone
        } else {
          show.grantee = taken("ROLE") ? .role(try word()) : .user(try word())
        }
      }
      if taken("FROM", "DATABASE") { show.path = try words() }
    case .table, .view: show.name = try qualifiedName()
    case .externalTable:
      show.name = try qualifiedName()
      _ = taken("PARTITION")
    case .procedure: show.name = try routineName().name
    case .model: if !taken("ALL") { show.name = try qualifiedName() }
    }
    if taken("LIKE") { show.like = token.kind == .parameter ? try word() : .text(try stringLiteral()) }
    if taken("LIMIT") {
      let limit = try integerLiteral()
      guard (0...10_000).contains(limit) else {
        throw SQLError(.invalidArguments, "LIMIT must be between 0 and 10000", at: position)
      }
      show.limit = limit
    }
    return .showObjects(show)
  }

  private mutating func showKind() -> RedshiftShow.Kind? {
    if taken("EXTERNAL", "TABLE") { return .externalTable }
    if taken("COLUMN", "GRANTS") { return .columnGrants }
    if taken("PARAMETERS", "OF", "PROCEDURE") { return .procedureParameters }
    if taken("PARAMETERS", "OF", "FUNCTION") { return .functionParameters }
    if taken("CONSTRAINTS", "PRIMARY", "KEYS") { return .primaryKeys }
    if taken("CONSTRAINTS", "FOREIGN", "KEYS", "EXPORTED") { return .exportedKeys }
    if taken("CONSTRAINTS", "FOREIGN", "KEYS") { return .foreignKeys }
    guard let kind = RedshiftShow.Kind(rawValue: token.upper) else { return nil }
    advance()
    return kind
  }

  private var startsWord: Bool { token.kind == .parameter || Self.isName(token) }

  private mutating func words() throws(SQLError) -> [RedshiftShow.Word] {
    var words = [try word()]
    while words.count < 3, taken(".") { words.append(try word(afterDot: true)) }
    return words
  }

  private mutating func word(afterDot: Bool = false) throws(SQLError) -> RedshiftShow.Word {
    guard token.kind == .parameter else { return .text(afterDot ? try label().key : try identifier().key) }
    guard case .parameter(let index) = try parameter().kind else { throw mismatch() }
    return .parameter(index)
  }

  /// `(integer, $1)`: types as they are shown, or parameters that have such a text.
  private mutating func argumentWords() throws(SQLError) -> [RedshiftShow.Word] {
    try expect("(")
    guard !taken(")") else { return [] }
    let words = try list { parser throws(SQLError) -> RedshiftShow.Word in
      if parser.token.kind == .parameter { return try parser.word() }
      return .text(try parser.argument().type.description)
    }
    try expect(")")
    return words
  }
}
