/// Athena's DDL, in Hive's grammar.
extension Parser {
  mutating func hiveStatement() throws(SQLError) -> HiveStatement {
    switch token.upper {
    case "CREATE": return try hiveCreate()
    case "DROP": return try hiveDrop()
    case "ALTER": return try hiveAlter()
    case "MSCK":
      advance()
      try expect("REPAIR", "TABLE")
      return .repairTable(try qualifiedName())
    case "SHOW": return try hiveShow()
    case "DESCRIBE", "DESC": return .describe(try hiveDescribe())
    default: throw mismatch()
    }
  }

  // MARK: CREATE

  private mutating func hiveCreate() throws(SQLError) -> HiveStatement {
    advance()
    if taken("DATABASE") || taken("SCHEMA") { return .createDatabase(try createDatabase()) }
    let external = taken("EXTERNAL")
    try expect("TABLE")
    let ifNotExists = taken("IF", "NOT", "EXISTS")
    var table = CreateTable(
      name: try qualifiedName(), external: external, ifNotExists: ifNotExists, columns: [], comment: nil,
      partitionColumns: [], partitionFields: [], buckets: nil, rowFormat: nil, storage: nil, location: nil,
      properties: [])
    if sees("(") { table.columns = try hiveColumns() }
    try clauses(of: &table)
    return .createTable(table)
  }

  /// The clauses after the columns. Hive wants them in one order; Athena's own examples swap some, so any is taken.
  private mutating func clauses(of table: inout CreateTable) throws(SQLError) {
    while true {
      if taken("COMMENT") {
        table.comment = try stringLiteral()
      } else if taken("PARTITIONED") {
        try expect("BY")
        try partitioning(of: &table)
      } else if taken("CLUSTERED") {
        table.buckets = try bucketing()
      } else if taken("ROW") {
        try expect("FORMAT")
        table.rowFormat = try rowFormat()
      } else if taken("STORED") {
        if taken("BY") {
          throw SQLError(.hiveParse, "STORED BY is not supported", at: position)
        }
        try expect("AS")
        table.storage = try storage()
      } else if taken("WITH") {
        try expect("SERDEPROPERTIES")
        let properties = try hiveProperties()
        // Athena's examples also put these after STORED AS.
        if case .serde(let library, let existing) = table.rowFormat {
          table.rowFormat = .serde(library, properties: existing + properties)
        }
      } else if taken("LOCATION") {
        table.location = try stringLiteral()
      } else if taken("TBLPROPERTIES") {
        table.properties += try hiveProperties()
      } else {
        return
      }
    }
  }

  mutating func hiveColumns() throws(SQLError) -> [HiveColumn] {
    try expect("(")
    var columns: [HiveColumn] = []
    repeat { columns.append(try hiveColumn()) } while taken(",")
    try expect(")")
    return columns
  }

  private mutating func hiveColumn() throws(SQLError) -> HiveColumn {
    let name = try identifier()
    _ = taken(":")
    let type = try hiveType()
    let comment = taken("COMMENT") ? try stringLiteral() : nil
    return HiveColumn(name: name, type: type, comment: comment)
  }

  /// A type within a statement, whose words the lexer has already cut.
  mutating func hiveType() throws(SQLError) -> HiveType {
    try enter()
    defer { depth -= 1 }
    let start = position
    guard token.kind == .word else { throw mismatch() }
    let name = token.text.lowercased()
    switch name {
    case "array":
      advance()
      try expect("<")
      let element = try hiveType()
      try expect(">")
      return .array(element)
    case "map":
      advance()
      try expect("<")
      let key = try hiveType()
      try expect(",")
      let value = try hiveType()
      try expect(">")
      return .map(key, value)
    case "struct":
      advance()
      try expect("<")
      var fields: [HiveType.Field] = []
      repeat {
        let fieldName = try structFieldName()
        try expect(":")
        fields.append(.init(fieldName, try hiveType()))
        if taken("COMMENT") { _ = try stringLiteral() }
      } while taken(",")
      try expect(">")
      return .structure(fields)
    case "uniontype":
      advance()
      try expect("<")
      var types = [try hiveType()]
      while taken(",") { types.append(try hiveType()) }
      try expect(">")
      return .union(types)
    default:
      var text = name
      advance()
      if name == "double", taken("PRECISION") { text = "double" }
      if taken("(") {
        text += "(\(try integerLiteral())"
        while taken(",") { text += ",\(try integerLiteral())" }
        text += ")"
        try expect(")")
      }
      do {
        return try HiveType.parse(text)
      } catch {
        throw SQLError(.hiveParse, "cannot recognize input near '\(text)' in column type", at: start)
      }
    }
  }

  /// Within `struct<…>` reserved words are names too, and Athena lets names begin with digits.
  private mutating func structFieldName() throws(SQLError) -> String {
    switch token.kind {
    case .word, .backquotedIdentifier, .digitIdentifier, .integer:
      let name = token.text
      advance()
      return name
    default: throw mismatch()
    }
  }

  private mutating func partitioning(of table: inout CreateTable) throws(SQLError) {
    try expect("(")
    repeat {
      let name = try identifier()
      if taken("(") {
        var argument: Int?
        if token.kind == .integer {
          argument = try integerLiteral()
          try expect(",")
        }
        let column = try identifier()
        try expect(")")
        table.partitionFields.append(
          PartitionField(transform: name.key, argument: argument, column: column))
      } else if sees(",") || sees(")") {
        table.partitionFields.append(PartitionField(transform: "identity", argument: nil, column: name))
      } else {
        let type = try hiveType()
        let comment = taken("COMMENT") ? try stringLiteral() : nil
        table.partitionColumns.append(HiveColumn(name: name, type: type, comment: comment))
      }
    } while taken(",")
    try expect(")")
  }

  private mutating func bucketing() throws(SQLError) -> CreateTable.Bucketing {
    try expect("BY")
    let columns = try identifiersInBrackets()
    var sorted: [CreateTable.SortColumn] = []
    if taken("SORTED") {
      try expect("BY", "(")
      repeat {
        let name = try identifier()
        let descending = taken("DESC")
        if !descending { _ = taken("ASC") }
        sorted.append(.init(name: name, descending: descending))
      } while taken(",")
      try expect(")")
    }
    try expect("INTO")
    let count = try integerLiteral()
    try expect("BUCKETS")
    return .init(columns: columns, sortedBy: sorted, count: count)
  }

  private mutating func rowFormat() throws(SQLError) -> RowFormat {
    if taken("SERDE") {
      let library = try stringLiteral()
      var properties: [HiveProperty] = []
      if taken("WITH") {
        try expect("SERDEPROPERTIES")
        properties = try hiveProperties()
      }
      return .serde(library, properties: properties)
    }
    try expect("DELIMITED")
    var delimiters = RowFormat.Delimiters()
    while true {
      if taken("FIELDS") {
        try expect("TERMINATED", "BY")
        delimiters.fields = try stringLiteral()
        if taken("ESCAPED") {
          try expect("BY")
          delimiters.escape = try stringLiteral()
        }
      } else if taken("ESCAPED") {
        try expect("BY")
        delimiters.escape = try stringLiteral()
      } else if taken("COLLECTION") {
        try expect("ITEMS", "TERMINATED", "BY")
        delimiters.collectionItems = try stringLiteral()
      } else if sees("MAP"), sees("KEYS", ahead: 1) {
        advance()
        try expect("KEYS", "TERMINATED", "BY")
        delimiters.mapKeys = try stringLiteral()
      } else if taken("LINES") {
        try expect("TERMINATED", "BY")
        delimiters.lines = try stringLiteral()
      } else if sees("NULL"), sees("DEFINED", ahead: 1) {
        advance()
        try expect("DEFINED", "AS")
        delimiters.null = try stringLiteral()
      } else {
        return .delimited(delimiters)
      }
    }
  }

  private mutating func storage() throws(SQLError) -> StorageFormat {
    if taken("INPUTFORMAT") {
      let input = try stringLiteral()
      try expect("OUTPUTFORMAT")
      return .classes(input: input, output: try stringLiteral())
    }
    let start = position
    guard token.kind == .word else { throw mismatch() }
    let name = token.upper
    guard ["TEXTFILE", "SEQUENCEFILE", "RCFILE", "ORC", "PARQUET", "AVRO", "JSONFILE", "ION"].contains(name) else {
      throw SQLError(.hiveParse, "Unrecognized file format in STORED AS clause: '\(token.text)'", at: start)
    }
    advance()
    return .named(name)
  }

  private mutating func hiveProperties() throws(SQLError) -> [HiveProperty] {
    try expect("(")
    var list: [HiveProperty] = []
    repeat {
      let name = try stringLiteral()
      try expect("=")
      if token.kind == .integer || token.kind == .decimal || sees("TRUE") || sees("FALSE") {
        list.append(HiveProperty(name, token.text))
        advance()
      } else {
        list.append(HiveProperty(name, try stringLiteral()))
      }
    } while taken(",")
    try expect(")")
    return list
  }

  private mutating func createDatabase() throws(SQLError) -> CreateDatabase {
    let ifNotExists = taken("IF", "NOT", "EXISTS")
    var database = CreateDatabase(
      name: try identifier(), ifNotExists: ifNotExists, comment: nil, location: nil, properties: [])
    while true {
      if taken("COMMENT") {
        database.comment = try stringLiteral()
      } else if taken("LOCATION") {
        database.location = try stringLiteral()
      } else if taken("WITH") {
        try expect("DBPROPERTIES")
        database.properties += try hiveProperties()
      } else {
        return database
      }
    }
  }

  // MARK: DROP

  private mutating func hiveDrop() throws(SQLError) -> HiveStatement {
    advance()
    if taken("TABLE") {
      let ifExists = taken("IF", "EXISTS")
      let name = try qualifiedName()
      _ = taken("PURGE")
      return .dropTable(name, ifExists: ifExists)
    }
    advance()
    let ifExists = taken("IF", "EXISTS")
    let name = try identifier()
    let cascade = taken("CASCADE")
    if !cascade { _ = taken("RESTRICT") }
    return .dropDatabase(name, ifExists: ifExists, cascade: cascade)
  }

  // MARK: SHOW and DESCRIBE

  private mutating func hiveShow() throws(SQLError) -> HiveStatement {
    advance()
    if taken("DATABASES") || taken("SCHEMAS") {
      return .showDatabases(pattern: try likePattern())
    }
    if taken("TABLES") {
      let database = taken("IN") || taken("FROM") ? try identifier() : nil
      return .showTables(database: database, pattern: try likePattern())
    }
    if taken("VIEWS") {
      let database = taken("IN") || taken("FROM") ? try identifier() : nil
      return .showViews(database: database, pattern: try likePattern())
    }
    if taken("PARTITIONS") { return .showPartitions(try qualifiedName()) }
    if taken("COLUMNS") {
      if !taken("IN") { try expect("FROM") }
      var name = try qualifiedName()
      if taken("IN") || taken("FROM") { name.parts.insert(try identifier(), at: 0) }
      return .showColumns(name)
    }
    if taken("TBLPROPERTIES") {
      let name = try qualifiedName()
      var property: String?
      if taken("(") {
        property = try stringLiteral()
        try expect(")")
      }
      return .showTableProperties(name, property: property)
    }
    if taken("CREATE") {
      if taken("VIEW") { return .showCreateView(try qualifiedName()) }
      try expect("TABLE")
      return .showCreateTable(try qualifiedName())
    }
    throw mismatch()
  }

  /// `[LIKE] 'regex'`, as Hive's `SHOW` takes it.
  private mutating func likePattern() throws(SQLError) -> String? {
    if taken("LIKE") { return try stringLiteral() }
    return token.kind == .string ? try stringLiteral() : nil
  }

  private mutating func hiveDescribe() throws(SQLError) -> Describe {
    advance()
    var form = Describe.Form.plain
    if taken("EXTENDED") { form = .extended } else if taken("FORMATTED") { form = .formatted }
    var describe = Describe(form: form, table: try qualifiedName(), partition: nil, column: [])
    if taken("PARTITION") { describe.partition = try partitionSpecification() }
    if describe.partition == nil, let column = identifierIfAny() {
      describe.column.append(column)
      while taken(".") { describe.column.append(try identifier()) }
    }
    return describe
  }
}
