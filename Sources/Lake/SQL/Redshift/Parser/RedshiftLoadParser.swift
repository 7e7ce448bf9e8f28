/// COPY, UNLOAD, and what is outside the database: schemas and tables of the data catalog.
extension RedshiftDescent {
  mutating func copy() throws(SQLError) -> RedshiftStatement {
    try expect("COPY")
    var copy = RedshiftCopy(table: try qualifiedName(), columns: nil, source: "", credentials: nil, options: [])
    if sees("(") { copy.columns = try identifiersInBrackets() }
    try expect("FROM")
    copy.source = try stringLiteral()
    while !isAtEnd {
      if let credentials = try credentials() {
        copy.credentials = merged(copy.credentials, credentials)
      } else {
        copy.options.append(try copyOption())
      }
    }
    return .copy(copy)
  }

  private func merged(_ old: RedshiftCredentials?, _ new: RedshiftCredentials) -> RedshiftCredentials {
    guard case .keys(let id, let secret, let token) = old, case .keys(let newID, let newSecret, let newToken) = new
    else {
      return new
    }
    return .keys(
      accessKeyID: newID.isEmpty ? id : newID, secretAccessKey: newSecret.isEmpty ? secret : newSecret,
      sessionToken: newToken ?? token)
  }

  private mutating func credentials() throws(SQLError) -> RedshiftCredentials? {
    _ = sees("WITH") && ["CREDENTIALS", "IAM_ROLE"].contains(peek().upper) ? taken("WITH") : false
    if taken("IAM_ROLE") {
      _ = taken("AS")
      return taken("DEFAULT") ? .role("default") : .role(try stringLiteral())
    }
    if taken("CREDENTIALS") {
      _ = taken("AS")
      let position = self.position
      return try Self.credentialsString(try stringLiteral(), position)
    }
    if taken("ACCESS_KEY_ID") {
      _ = taken("AS")
      return .keys(accessKeyID: try stringLiteral(), secretAccessKey: "", sessionToken: nil)
    }
    if taken("SECRET_ACCESS_KEY") {
      _ = taken("AS")
      return .keys(accessKeyID: "", secretAccessKey: try stringLiteral(), sessionToken: nil)
    }
    if taken("SESSION_TOKEN") || taken("TOKEN") {
      _ = taken("AS")
      return .keys(accessKeyID: "", secretAccessKey: "", sessionToken: try stringLiteral())
    }
    return nil
  }

  /// `aws_iam_role=…`, `aws_access_key_id=…;aws_secret_access_key=…[;token=…]`.
  private static func credentialsString(
    _ text: String, _ position: SourcePosition
  ) throws(SQLError) -> RedshiftCredentials {
    var members: [String: String] = [:]
    for part in text.split(separator: ";", omittingEmptySubsequences: true) {
      guard let sign = part.firstIndex(of: "=") else {
        throw SQLError(
          .invalidArguments,
          "Invalid credentials. Must be of the format: credentials "
            + "'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'", at: position)
      }
      let name = part[..<sign].split(separator: " ").joined().lowercased()
      members[name] = String(part[part.index(after: sign)...])
    }
    if let role = members["aws_iam_role"] { return .role(role) }
    if let id = members["aws_access_key_id"], let secret = members["aws_secret_access_key"] {
      return .keys(accessKeyID: id, secretAccessKey: secret, sessionToken: members["token"])
    }
    return .string(members)
  }

  private static let formats: Set<String> = [
    "CSV", "JSON", "AVRO", "PARQUET", "ORC", "RCFILE", "TEXTFILE", "SEQUENCEFILE",
    "SHAPEFILE", "TEXT",
  ]
  /// Options that a literal or number follows, after an optional AS.
  private static let valued: Set<String> = [
    "DELIMITER", "FIXEDWIDTH", "MASTER_SYMMETRIC_KEY", "KMS_KEY_ID", "REGION", "DATEFORMAT", "ENCODING", "IGNOREHEADER",
    "QUOTE", "TIMEFORMAT", "COMPROWS", "MAXERROR", "READRATIO", "MAXFILESIZE", "ROWGROUPSIZE", "EXTENSION", "SIMPLIFY",
  ]
  private static let switches: Set<String> = ["COMPUPDATE", "STATUPDATE", "PARALLEL"]
  private static let flags: Set<String> = [
    "GZIP", "BZIP2", "LZOP", "ZSTD", "MANIFEST", "ENCRYPTED", "ACCEPTANYDATE", "BLANKSASNULL", "EMPTYASNULL", "ESCAPE",
    "EXPLICIT_IDS", "FILLRECORD", "IGNOREBLANKLINES", "REMOVEQUOTES", "ROUNDEC", "TRIMBLANKS", "TRUNCATECOLUMNS",
    "IGNOREALLERRORS", "NOLOAD", "SSH", "ADDQUOTES", "ALLOWOVERWRITE", "CLEANPATH", "HEADER", "SERIALIZETOJSON",
    "SHAPEFILE", "DELTA", "PARTITION",
  ]

  private mutating func copyOption() throws(SQLError) -> RedshiftOption {
    let word = token.upper
    if word == "FORMAT" {
      advance()
      _ = taken("AS")
      guard Self.formats.contains(token.upper) else { throw mismatch() }
      return try format()
    }
    if Self.formats.contains(word) { return try format() }
    if word == "NULL" {
      advance()
      _ = taken("AS")
      return RedshiftOption("NULL", [try stringLiteral()])
    }
    if word == "ACCEPTINVCHARS" {
      advance()
      let hasAs = taken("AS")
      return RedshiftOption(word, hasAs || token.kind == .string ? [try stringLiteral()] : [])
    }
    if Self.switches.contains(word) {
      advance()
      if sees(["PRESET", "ON", "OFF", "TRUE", "FALSE"]) {
        let value = token.upper
        advance()
        return RedshiftOption(word, [value == "TRUE" ? "ON" : value == "FALSE" ? "OFF" : value])
      }
      return RedshiftOption(word, ["ON"])
    }
    if Self.valued.contains(word) {
      advance()
      _ = taken("AS")
      var values = [try numberOrWord()]
      if sees(["MB", "GB"]) {
        values.append(token.upper)
        advance()
      }
      return RedshiftOption(word, values)
    }
    guard Self.flags.contains(word) else { throw mismatch() }
    advance()
    return try flag(word)
  }

  private mutating func numberOrWord() throws(SQLError) -> String {
    guard token.kind == .integer || token.kind == .decimal else { return try wordOrString() }
    let text = token.text
    advance()
    return text
  }

  private mutating func flag(_ word: String) throws(SQLError) -> RedshiftOption {
    switch word {
    case "MANIFEST": return RedshiftOption(word, taken("VERBOSE") ? ["VERBOSE"] : [])
    case "ENCRYPTED": return RedshiftOption(word, taken("AUTO") ? ["AUTO"] : [])
    case "CLEANPATH", "ALLOWOVERWRITE":
      if sees(["ON", "OFF"]) {
        let value = token.upper
        advance()
        return RedshiftOption(word, [value])
      }
      return RedshiftOption(word)
    case "PARTITION":
      try expect("BY")
      var values = try identifiersInBrackets().map(\.key)
      if taken("INCLUDE") { values.insert("INCLUDE", at: 0) }
      return RedshiftOption(word, values)
    default: return RedshiftOption(word)
    }
  }

  /// `CSV [QUOTE AS '…']`, `JSON ['auto' | path]`, `AVRO [path]`, `PARQUET [SERIALIZETOJSON]`, ….
  private mutating func format() throws(SQLError) -> RedshiftOption {
    var values = [token.upper]
    advance()
    _ = taken("AS")
    if values[0] == "JSON" || values[0] == "AVRO" || values[0] == "SHAPEFILE" {
      if token.kind == .string {
        values.append(try stringLiteral())
      } else if values[0] == "JSON", sees(["NOSHRED", "AUTO"]) {
        values.append(token.text.lowercased())
        advance()
      }
    }
    return RedshiftOption("FORMAT", values)
  }

  mutating func unload() throws(SQLError) -> RedshiftStatement {
    try expect("UNLOAD")
    try expect("(")
    let place = position
    let text: String
    let query: Query
    if token.kind == .string {
      text = try stringLiteral()
      do {
        query = try RedshiftParser.query(text, keepsCase: keepsCase)
      } catch {
        throw SQLError(error.code, error.message, at: place)
      }
    } else {
      // Without quotes, as newer documentation has it.
      let start = index
      query = try self.query()
      text = raw(from: start)
    }
    try expect(")")
    try expect("TO")
    var unload = RedshiftUnload(text: text, query: query, location: try stringLiteral(), credentials: nil, options: [])
    while !isAtEnd {
      if let credentials = try credentials() {
        unload.credentials = merged(unload.credentials, credentials)
      } else {
        _ = taken("WITH")
        unload.options.append(try copyOption())
      }
    }
    return .unload(unload)
  }

  // MARK: External schemas

  mutating func createExternalSchema() throws(SQLError) -> RedshiftStatement {
    try expect("EXTERNAL", "SCHEMA")
    let ifNotExists = try ifNotExists()
    var schema = RedshiftExternalSchema(
      name: try identifier(), ifNotExists: ifNotExists, source: .dataCatalog, createExternalDatabase: false)
    // `FROM DATA CATALOG DATABASE`, and `LOCAL DATA CATALOG` of older examples.
    _ = taken("LOCAL")
    if taken("FROM") {
      switch token.upper {
      case "DATA":
        try expect("DATA", "CATALOG")
      case "KINESIS":
        advance()
        schema.source = .kinesis
      case "KAFKA", "MSK":
        advance()
        schema.source = .kafka
      case "REDSHIFT":
        advance()
        schema.source = .redshift
      case "HIVE":
        try expect("HIVE", "METASTORE")
        schema.source = .hiveMetastore(uri: "", port: nil)
      case "POSTGRES":
        advance()
        schema.source = .postgres(uri: "", port: nil)
      case "MYSQL":
        advance()
        schema.source = .mysql(uri: "", port: nil)
      default: throw mismatch()
      }
    } else {
      _ = taken("DATA", "CATALOG")
    }
    while !isAtEnd { try externalSchemaOption(&schema) }
    return .createExternalSchema(schema)
  }

  private mutating func externalSchemaOption(_ schema: inout RedshiftExternalSchema) throws(SQLError) {
    if taken("DATABASE") {
      schema.database = try wordOrString()
    } else if taken("SCHEMA") {
      schema.schema = try wordOrString()
    } else if taken("REGION") {
      schema.region = try stringLiteral()
    } else if taken("IAM_ROLE") {
      schema.role = taken("DEFAULT") ? "default" : try stringLiteral()
    } else if taken("CATALOG_ROLE") {
      schema.catalogRole = try stringLiteral()
    } else if taken("CATALOG_ID") {
      schema.catalogID = try stringLiteral()
    } else if taken("SECRET_ARN") || taken("AUTHENTICATION_ARN") {
      schema.secretARN = try stringLiteral()
    } else if taken("AUTHENTICATION") {
      _ = try wordOrString()
    } else if taken("CREATE", "EXTERNAL", "DATABASE") {
      try expect("IF", "NOT", "EXISTS")
      schema.createExternalDatabase = true
    } else if taken("URI") {
      let uri = try stringLiteral()
      var port: Int?
      if taken("PORT") { port = try integerLiteral() }
      switch schema.source {
      case .hiveMetastore: schema.source = .hiveMetastore(uri: uri, port: port)
      case .postgres: schema.source = .postgres(uri: uri, port: port)
      case .mysql: schema.source = .mysql(uri: uri, port: port)
      default: break
      }
    } else {
      throw mismatch()
    }
  }

  // MARK: External tables

  /// The rest of the statement is Hive's: it is read by that parser, from the text of the columns on.
  mutating func createExternalTable() throws(SQLError) -> RedshiftStatement {
    try expect("EXTERNAL", "TABLE")
    let name = try qualifiedName()
    var table = RedshiftExternalTable(
      name: name, columns: [], partitionColumns: [], partitionNames: [], rowFormat: nil, storage: nil, location: nil,
      properties: [], query: nil)
    if sees("(") { table.columns = try hiveColumns() }
    while !isAtEnd {
      if taken("PARTITIONED", "BY") {
        if sees(",", ahead: 2) || sees(")", ahead: 2) {
          table.partitionNames = try identifiersInBrackets()
        } else {
          table.partitionColumns = try hiveColumns()
        }
      } else if taken("ROW", "FORMAT") {
        table.rowFormat = try rowFormat()
      } else if taken("STORED", "AS") {
        if taken("INPUTFORMAT") {
          let input = try stringLiteral()
          try expect("OUTPUTFORMAT")
          table.storage = .classes(input: input, output: try stringLiteral())
        } else {
          table.storage = .named(try wordOrString().uppercased())
        }
      } else if taken("LOCATION") {
        table.location = try stringLiteral()
      } else if taken("TABLE", "PROPERTIES") || taken("TBLPROPERTIES") {
        table.properties = try hiveProperties()
      } else if taken("AS") {
        table.query = try query()
      } else {
        throw mismatch()
      }
    }
    return .createExternalTable(table)
  }

  private mutating func hiveColumns() throws(SQLError) -> [HiveColumn] {
    try expect("(")
    let columns = try list { parser throws(SQLError) in
      let name = try parser.label()
      return HiveColumn(name: name, type: try parser.hiveType(), comment: nil)
    }
    try expect(")")
    return columns
  }

  /// A type's text up to the comma or bracket that ends it, read by Hive's rules.
  private mutating func hiveType() throws(SQLError) -> HiveType {
    let start = index
    var level = 0
    scan: while token.kind != .end {
      switch token.upper {
      case "(", "<": level += 1
      case ")", ">":
        if level == 0 { break scan }
        level -= 1
      case ">>":
        guard level >= 2 else { throw mismatch() }
        level -= 2
      case ",": if level == 0 { break scan }
      default: break
      }
      advance()
    }
    let text = raw(from: start).lowercased()
    let words = text.split { $0 == " " || $0 == "\n" || $0 == "\t" }
    let plain: String
    switch text.hasPrefix("character varying") ? "character varying" : String(words.first ?? "") {
    case "character varying": plain = "varchar" + text.dropFirst("character varying".count)
    case "integer", "int4": plain = "int"
    case "int8": plain = "bigint"
    case "int2": plain = "smallint"
    case "real", "float4": plain = "float"
    case "double", "float8": plain = "double"
    case "bool": plain = "boolean"
    case "varbyte", "varbinary", "binary": plain = "binary"
    case let other where other.hasPrefix("numeric"): plain = "decimal" + text.dropFirst("numeric".count)
    case let other where other.hasPrefix("text"): plain = "string"
    case "varchar", "nvarchar": plain = "varchar(256)"
    case "char", "character": plain = "char(1)"
    default: plain = text
    }
    do {
      return try HiveType.parse(plain)
    } catch {
      throw SQLError(.typeNotFound, "type \"\(text)\" does not exist", at: tokens[start].position)
    }
  }

  private mutating func rowFormat() throws(SQLError) -> RowFormat {
    if taken("SERDE") {
      let serde = try stringLiteral()
      let properties = taken("WITH", "SERDEPROPERTIES") ? try hiveProperties() : []
      return .serde(serde, properties: properties)
    }
    try expect("DELIMITED")
    var delimiters = RowFormat.Delimiters()
    while true {
      if taken("FIELDS", "TERMINATED", "BY") {
        delimiters.fields = try stringLiteral()
        if taken("ESCAPED", "BY") { delimiters.escape = try stringLiteral() }
      } else if taken("LINES", "TERMINATED", "BY") {
        delimiters.lines = try stringLiteral()
      } else if taken("COLLECTION", "ITEMS", "TERMINATED", "BY") {
        delimiters.collectionItems = try stringLiteral()
      } else if taken("MAP", "KEYS", "TERMINATED", "BY") {
        delimiters.mapKeys = try stringLiteral()
      } else if taken("NULL", "DEFINED", "AS") {
        delimiters.null = try stringLiteral()
      } else {
        return .delimited(delimiters)
      }
    }
  }

  mutating func hiveProperties() throws(SQLError) -> [HiveProperty] {
    try expect("(")
    let properties = try list { parser throws(SQLError) in
      let name = try parser.stringLiteral()
      try parser.expect("=")
      return HiveProperty(name, try parser.wordOrString())
    }
    try expect(")")
    return properties
  }

  mutating func addPartitions() throws(SQLError) -> RedshiftAlterExternalTable {
    let ifNotExists = try ifNotExists()
    var partitions: [RedshiftPartition] = []
    while taken("PARTITION") {
      let values = try partitionValues()
      partitions.append(RedshiftPartition(values: values, location: taken("LOCATION") ? try stringLiteral() : nil))
    }
    guard !partitions.isEmpty else { throw mismatch() }
    return .addPartitions(partitions, ifNotExists: ifNotExists)
  }

  mutating func partitionValues() throws(SQLError) -> [RedshiftPartitionValue] {
    try expect("(")
    let values = try list { parser throws(SQLError) in
      let column = try parser.identifier()
      try parser.expect("=")
      return RedshiftPartitionValue(column: column, value: try parser.numberOrWord())
    }
    try expect(")")
    return values
  }
}
