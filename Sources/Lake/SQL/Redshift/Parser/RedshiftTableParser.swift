/// Tables, views, schemas and databases.
extension RedshiftDescent {
  mutating func createTable() throws(SQLError) -> RedshiftStatement {
    _ = taken("LOCAL") || taken("GLOBAL")
    var temporary = taken("TEMP") || taken("TEMPORARY")
    try expect("TABLE")
    let ifNotExists = try ifNotExists()
    let name = try qualifiedName()
    if name.parts.last?.text.hasPrefix("#") == true { temporary = true }
    var attributes = RedshiftTableAttributes()
    if sees("("), !isNameList { return try columnTable(name, temporary, ifNotExists) }
    let columns = sees("(") ? try identifiersInBrackets() : nil
    try tableAttributes(&attributes)
    guard taken("AS") else { throw mismatch() }
    let bracketed = sees("(")
    let query = try self.query()
    var withData = true
    if taken("WITH", "NO", "DATA") { withData = false } else { _ = taken("WITH", "DATA") }
    if bracketed { try tableAttributes(&attributes) }
    return .createTableAs(
      RedshiftCreateTableAs(
        name: name, temporary: temporary, ifNotExists: ifNotExists, columns: columns, attributes: attributes,
        query: query, withData: withData))
  }

  /// `(a, b)`: the columns of CREATE TABLE … AS have no types.
  private var isNameList: Bool { sees(",", ahead: 2) || sees(")", ahead: 2) }

  private mutating func columnTable(
    _ name: QualifiedName, _ temporary: Bool, _ ifNotExists: Bool
  ) throws(SQLError) -> RedshiftStatement {
    var table = RedshiftCreateTable(
      name: name, temporary: temporary, ifNotExists: ifNotExists, columns: [], constraints: [], likes: [],
      attributes: RedshiftTableAttributes())
    try expect("(")
    repeat {
      if taken("LIKE") {
        let parent = try qualifiedName()
        var including = false
        while sees("INCLUDING") || sees("EXCLUDING") {
          including = taken("INCLUDING")
          if !including { advance() }
          try expect("DEFAULTS")
        }
        table.likes.append(RedshiftCreateTable.Like(table: parent, includingDefaults: including))
      } else if sees(["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN"]) {
        table.constraints.append(try constraint())
      } else {
        table.columns.append(try column())
      }
    } while taken(",")
    try expect(")")
    try tableAttributes(&table.attributes)
    for column in table.columns {
      if column.isDistKey {
        table.attributes.distKey = column.name
        table.attributes.distribution = .key
      }
      if column.isSortKey { table.attributes.sortKey = RedshiftSortKey(style: .compound, columns: [column.name]) }
    }
    var seen: Set<String> = []
    for column in table.columns where !seen.insert(column.name.key).inserted {
      throw SQLError(
        .duplicateColumnName, "column \"\(column.name.key)\" specified more than once", at: column.name.position)
    }
    return .createTable(table)
  }

  mutating func column() throws(SQLError) -> RedshiftColumn {
    let name = try identifier()
    var column = RedshiftColumn(name: name, type: try type())
    while true {
      switch token.upper {
      case "DEFAULT":
        advance()
        let start = index
        // Below NOT, which begins the next attribute.
        column.defaultValue = try expression(above: 6)
        column.defaultText = raw(from: start)
      case "IDENTITY":
        advance()
        column.identity = try identity(byDefault: false)
      case "GENERATED":
        advance()
        let byDefault = taken("BY")
        if byDefault { try expect("DEFAULT") } else { try expect("ALWAYS") }
        try expect("AS", "IDENTITY")
        column.identity = try identity(byDefault: byDefault)
      case "ENCODE":
        advance()
        column.encoding = try wordOrString().lowercased()
      case "DISTKEY":
        advance()
        column.isDistKey = true
      case "SORTKEY":
        advance()
        column.isSortKey = true
      case "NOT":
        try expect("NOT", "NULL")
        column.notNull = true
      case "NULL":
        advance()
      case "UNIQUE":
        advance()
        column.isUnique = true
      case "PRIMARY":
        try expect("PRIMARY", "KEY")
        column.isPrimaryKey = true
        column.notNull = true
      case "REFERENCES": column.references = try reference()
      case "CONSTRAINT":
        advance()
        _ = try identifier()
      case "COLLATE":
        advance()
        column.collation = try wordOrString().uppercased()
      default: return column
      }
    }
  }

  private mutating func identity(byDefault: Bool) throws(SQLError) -> RedshiftColumn.Identity {
    guard taken("(") else { return RedshiftColumn.Identity(seed: 1, step: 1, byDefault: byDefault) }
    let seed = try integerLiteral()
    try expect(",")
    let step = try integerLiteral()
    try expect(")")
    return RedshiftColumn.Identity(seed: Int64(seed), step: Int64(step), byDefault: byDefault)
  }

  private mutating func reference() throws(SQLError) -> RedshiftReference {
    try expect("REFERENCES")
    let table = try qualifiedName()
    return RedshiftReference(table: table, columns: sees("(") ? try identifiersInBrackets() : [])
  }

  mutating func constraint() throws(SQLError) -> RedshiftConstraint {
    let name = taken("CONSTRAINT") ? try identifier() : nil
    if taken("UNIQUE") { return RedshiftConstraint(name: name, kind: .unique(try identifiersInBrackets())) }
    if taken("PRIMARY", "KEY") { return RedshiftConstraint(name: name, kind: .primaryKey(try identifiersInBrackets())) }
    try expect("FOREIGN", "KEY")
    let columns = try identifiersInBrackets()
    return RedshiftConstraint(name: name, kind: .foreignKey(columns, try reference()))
  }

  mutating func tableAttributes(_ attributes: inout RedshiftTableAttributes) throws(SQLError) {
    while true {
      switch token.upper {
      case "BACKUP":
        advance()
        attributes.backup = try yesOrNo()
      case "DISTSTYLE":
        advance()
        guard let style = RedshiftDistribution(rawValue: token.upper) else { throw mismatch() }
        advance()
        attributes.distribution = style
      case "DISTKEY":
        advance()
        try expect("(")
        attributes.distKey = try identifier()
        try expect(")")
        attributes.distribution = .key
      case "SORTKEY", "COMPOUND", "INTERLEAVED": attributes.sortKey = try sortKey()
      case "ENCODE":
        try expect("ENCODE", "AUTO")
        attributes.encodeAuto = true
      default: return
      }
    }
  }

  private mutating func sortKey() throws(SQLError) -> RedshiftSortKey {
    let style: RedshiftSortKey.Style = taken("INTERLEAVED") ? .interleaved : .compound
    if style == .compound { _ = taken("COMPOUND") }
    try expect("SORTKEY")
    if taken("AUTO") { return RedshiftSortKey(style: .auto, columns: []) }
    if style == .compound, !sees("(") { return RedshiftSortKey(style: style, columns: [try identifier()]) }
    return RedshiftSortKey(style: style, columns: try identifiersInBrackets())
  }

  // MARK: ALTER TABLE

  mutating func alterTable() throws(SQLError) -> RedshiftStatement {
    try alterTable(try qualifiedName())
  }

  mutating func alterTable(_ name: QualifiedName) throws(SQLError) -> RedshiftStatement {
    switch token.upper {
    case "ADD":
      advance()
      if sees(["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN"]) {
        return .alterTable(name, .addConstraint(try constraint()))
      }
      if sees("PARTITION") || (sees("IF") && sees("PARTITION", ahead: 3)) {
        return .alterExternalTable(name, try addPartitions())
      }
      _ = taken("COLUMN")
      return .alterTable(name, .addColumn(try column()))
    case "DROP":
      advance()
      if sees("PARTITION") {
        advance()
        return .alterExternalTable(name, .dropPartition(try partitionValues()))
      }
      if taken("CONSTRAINT") {
        let constraint = try identifier()
        return .alterTable(name, .dropConstraint(constraint, cascade: cascade()))
      }
      _ = taken("COLUMN")
      let column = try identifier()
      return .alterTable(name, .dropColumn(column, cascade: cascade()))
    case "RENAME":
      advance()
      if taken("TO") { return .alterTable(name, .rename(try identifier())) }
      _ = taken("COLUMN")
      let column = try identifier()
      try expect("TO")
      return .alterTable(name, .renameColumn(column, to: try identifier()))
    case "OWNER":
      try expect("OWNER", "TO")
      return .alterTable(name, .owner(try userName()))
    case "APPEND": return .alterTable(name, try append())
    case "ROW": return .alterTable(name, try rowLevelSecurity())
    case "ALTER": return .alterTable(name, try alterColumns())
    case "SET": return try setTable(name)
    case "PARTITION":
      advance()
      let partition = try partitionValues()
      try expect("SET", "LOCATION")
      return .alterExternalTable(name, .setLocation(try stringLiteral(), partition: partition))
    default: throw mismatch()
    }
  }

  private mutating func append() throws(SQLError) -> RedshiftAlterTable {
    try expect("APPEND", "FROM")
    let source = try qualifiedName()
    let ignore = taken("IGNOREEXTRA")
    let fill = taken("FILLTARGET")
    return .append(from: source, ignoreExtra: ignore || taken("IGNOREEXTRA"), fillTarget: fill)
  }

  private mutating func rowLevelSecurity() throws(SQLError) -> RedshiftAlterTable {
    try expect("ROW", "LEVEL", "SECURITY")
    let isOn = try yesOrNo()
    var conjunction: String?
    if taken("CONJUNCTION", "TYPE") {
      guard sees(["AND", "OR"]) else { throw mismatch() }
      conjunction = token.upper
      advance()
    }
    if taken("FOR") { _ = try wordOrString() }
    return .rowLevelSecurity(on: isOn, conjunction: conjunction)
  }

  private mutating func alterColumns() throws(SQLError) -> RedshiftAlterTable {
    try expect("ALTER")
    switch token.upper {
    case "DISTKEY":
      advance()
      return .distribution(.key, key: try identifier())
    case "DISTSTYLE":
      advance()
      guard let style = RedshiftDistribution(rawValue: token.upper) else { throw mismatch() }
      advance()
      guard style == .key else { return .distribution(style, key: nil) }
      try expect("DISTKEY")
      return .distribution(.key, key: try identifier())
    case "COMPOUND", "SORTKEY", "INTERLEAVED":
      let start = index
      _ = taken("COMPOUND")
      if taken("SORTKEY", "NONE") { return .sortKeyNone }
      index = start
      return .sortKey(try sortKey())
    case "ENCODE":
      try expect("ENCODE", "AUTO")
      return .encodeAuto
    default: break
    }
    _ = taken("COLUMN")
    let column = try identifier()
    if taken("TYPE") { return .columnType(column, try type()) }
    try expect("ENCODE")
    var encodings = [RedshiftColumnEncoding(column: column, encoding: try wordOrString().lowercased())]
    while taken(",") {
      try expect("ALTER")
      _ = taken("COLUMN")
      let next = try identifier()
      try expect("ENCODE")
      encodings.append(RedshiftColumnEncoding(column: next, encoding: try wordOrString().lowercased()))
    }
    return .columnEncoding(encodings)
  }

  private mutating func setTable(_ name: QualifiedName) throws(SQLError) -> RedshiftStatement {
    try expect("SET")
    if taken("SCHEMA") { return .alterTable(name, .setSchema(try identifier())) }
    if taken("LOCATION") { return .alterExternalTable(name, .setLocation(try stringLiteral(), partition: [])) }
    if taken("FILE", "FORMAT") {
      return .alterExternalTable(name, .setFileFormat(.named(try wordOrString().uppercased())))
    }
    if taken("TABLE") { try expect("PROPERTIES") } else { try expect("TBLPROPERTIES") }
    return .alterExternalTable(name, .setProperties(try hiveProperties()))
  }

  // MARK: Views

  mutating func createView(_ orReplace: Bool) throws(SQLError) -> RedshiftStatement {
    try expect("VIEW")
    let name = try qualifiedName()
    let columns = sees("(") ? try identifiersInBrackets() : nil
    try expect("AS")
    let start = index
    let query = try self.query()
    let text = raw(from: start)
    let late = taken("WITH", "NO", "SCHEMA", "BINDING")
    return .createView(
      RedshiftCreateView(
        name: name, orReplace: orReplace, columns: columns, query: query, text: text, lateBinding: late))
  }

  mutating func createMaterializedView() throws(SQLError) -> RedshiftStatement {
    try expect("MATERIALIZED", "VIEW")
    _ = try ifNotExists()
    let name = try qualifiedName()
    var view = RedshiftMaterializedView(
      name: name, columns: nil, backup: nil, attributes: RedshiftTableAttributes(), autoRefresh: false,
      query: Query(position: position, with: nil, body: .values(position, []), orderBy: []), text: "")
    if sees("(") { view.columns = try identifiersInBrackets() }
    while !sees("AS") {
      if taken("AUTO", "REFRESH") {
        view.autoRefresh = try yesOrNo()
      } else {
        let before = index
        try tableAttributes(&view.attributes)
        guard index > before else { throw mismatch() }
      }
    }
    view.backup = view.attributes.backup
    try expect("AS")
    let start = index
    view.query = try query()
    view.text = raw(from: start)
    return .createMaterializedView(view)
  }

  // MARK: Schemas and databases

  mutating func createSchema() throws(SQLError) -> RedshiftStatement {
    try expect("SCHEMA")
    let ifNotExists = try ifNotExists()
    var schema = RedshiftCreateSchema(
      name: Identifier(""), ifNotExists: ifNotExists, owner: nil, quotaMegabytes: nil, elements: [])
    if taken("AUTHORIZATION") {
      schema.owner = try userName()
      schema.name = schema.owner ?? schema.name
    } else {
      schema.name = try identifier()
      if taken("AUTHORIZATION") { schema.owner = try userName() }
    }
    if taken("QUOTA") { schema.quotaMegabytes = try quota() }
    while sees("CREATE") || sees("GRANT") { schema.elements.append(try statement()) }
    return .createSchema(schema)
  }

  private mutating func quota() throws(SQLError) -> Int {
    if taken("UNLIMITED") { return 0 }
    let number = try integerLiteral()
    let factor: Int
    switch token.upper {
    case "MB": factor = 1
    case "GB": factor = 1024
    case "TB": factor = 1024 * 1024
    default: throw mismatch()
    }
    advance()
    let (megabytes, overflow) = number.multipliedReportingOverflow(by: factor)
    guard !overflow, megabytes > 0 else { throw SQLError(.invalidArguments, "quota is out of range") }
    return megabytes
  }

  mutating func alterSchema() throws(SQLError) -> RedshiftStatement {
    try expect("SCHEMA")
    let name = try identifier()
    if taken("RENAME", "TO") { return .alterSchema(name, .rename(try identifier())) }
    if taken("OWNER", "TO") { return .alterSchema(name, .owner(try userName())) }
    try expect("QUOTA")
    return .alterSchema(name, .quota(megabytes: try quota()))
  }

  mutating func createDatabase() throws(SQLError) -> RedshiftStatement {
    try expect("DATABASE")
    var database = RedshiftCreateDatabase(
      name: try identifier(), owner: nil, connectionLimit: nil, collation: nil, isolation: nil)
    _ = taken("WITH")
    if sees("FROM") { throw SQLError(.notSupported, "CREATE DATABASE … FROM is not supported", at: position) }
    while !isAtEnd {
      if taken("OWNER") {
        _ = taken("=")
        database.owner = try identifier()
      } else if taken("CONNECTION", "LIMIT") {
        database.connectionLimit = taken("UNLIMITED") ? nil : try integerLiteral()
      } else if taken("COLLATE") {
        database.collation = try wordOrString().uppercased()
      } else if taken("ISOLATION", "LEVEL") {
        guard sees(["SNAPSHOT", "SERIALIZABLE"]) else { throw mismatch() }
        database.isolation = try wordOrString().uppercased()
      } else if taken("ENCODING") {
        _ = taken("=")
        _ = try wordOrString()
      } else {
        throw mismatch()
      }
    }
    return .createDatabase(database)
  }

  mutating func alterDatabase() throws(SQLError) -> RedshiftStatement {
    try expect("DATABASE")
    let name = try identifier()
    if taken("RENAME", "TO") { return .alterDatabase(name, .rename(try identifier())) }
    if taken("OWNER", "TO") { return .alterDatabase(name, .owner(try userName())) }
    if taken("CONNECTION", "LIMIT") {
      return .alterDatabase(name, .connectionLimit(taken("UNLIMITED") ? nil : try integerLiteral()))
    }
    if taken("COLLATE") { return .alterDatabase(name, .collation(try wordOrString().uppercased())) }
    try expect("ISOLATION", "LEVEL")
    guard sees(["SNAPSHOT", "SERIALIZABLE"]) else { throw mismatch() }
    return .alterDatabase(name, .isolation(try wordOrString().uppercased()))
  }
}
