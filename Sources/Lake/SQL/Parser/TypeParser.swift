/// Types as Trino spells them in `CAST` and in function signatures.
extension Parser {
  mutating func type() throws(SQLError) -> SQLType {
    try enter()
    defer { depth -= 1 }
    var type = try typeWithoutSuffix()
    while taken("ARRAY") { type = .array(type) }
    return type
  }

  private mutating func typeWithoutSuffix() throws(SQLError) -> SQLType {
    let start = position
    guard token.kind == .word || token.kind == .quotedIdentifier else {
      note("<type>")
      throw mismatch()
    }
    let name = token.text.lowercased()
    advance()
    switch name {
    case "boolean": return .boolean
    case "tinyint": return .tinyint
    case "smallint": return .smallint
    case "integer", "int": return .integer
    case "bigint": return .bigint
    case "real": return .real
    case "double":
      if sees("PRECISION") { advance() }
      return .double
    case "varbinary": return .varbinary
    case "json": return .json
    case "uuid": return .uuid
    case "ipaddress": return .ipaddress
    case "date": return .date
    case "unknown": return .unknown
    case "decimal", "dec", "numeric": return try decimalType(start)
    case "varchar":
      guard let length = try typeParameter(start) else { return .varcharUnbounded }
      return .varchar(length: length == Int(Int32.max) ? nil : length)
    case "char": return .char(length: try typeParameter(start) ?? 1)
    case "time", "timestamp": return try dateTimeType(isTime: name == "time", start)
    case "interval":
      if taken("YEAR", "TO", "MONTH") { return .intervalYearToMonth }
      try expect("DAY", "TO", "SECOND")
      return .intervalDayToSecond
    case "array":
      let angled = taken("<")
      if !angled { try expect("(") }
      let element = try type()
      try expect(angled ? ">" : ")")
      return .array(element)
    case "map":
      let angled = taken("<")
      if !angled { try expect("(") }
      let key = try type()
      try expect(",")
      let value = try type()
      try expect(angled ? ">" : ")")
      return .map(key, value)
    case "row": return try rowType()
    case "hyperloglog", "tdigest", "qdigest", "p4hyperloglog", "setdigest", "geometry", "sphericalgeography",
      "bingtile", "color", "kdbtree":
      if taken("(") {
        _ = try type()
        try expect(")")
      }
      return .sketch(name)
    default: throw SQLError(.typeNotFound, "Unknown type: \(name)", at: start)
    }
  }

  private mutating func typeParameter(_ start: SourcePosition) throws(SQLError) -> Int? {
    guard taken("(") else { return nil }
    let value = try integerLiteral()
    try expect(")")
    return value
  }

  private mutating func decimalType(_ start: SourcePosition) throws(SQLError) -> SQLType {
    guard taken("(") else { return .decimal(precision: 38, scale: 0) }
    let precision = try integerLiteral()
    let scale = taken(",") ? try integerLiteral() : 0
    try expect(")")
    guard (1...38).contains(precision) else {
      throw SQLError(.typeNotFound, "DECIMAL precision must be in range [1, 38]: \(precision)", at: start)
    }
    guard (0...precision).contains(scale) else {
      throw SQLError(.typeNotFound, "DECIMAL scale must be in range [0, precision (\(precision))]: \(scale)", at: start)
    }
    return .decimal(precision: precision, scale: scale)
  }

  private mutating func dateTimeType(isTime: Bool, _ start: SourcePosition) throws(SQLError) -> SQLType {
    let precision = try typeParameter(start) ?? 3
    guard (0...12).contains(precision) else {
      throw SQLError(
        .typeNotFound, "\(isTime ? "TIME" : "TIMESTAMP") precision must be in range [0, 12]: \(precision)", at: start)
    }
    if taken("WITH", "TIME", "ZONE") {
      return isTime ? .timeWithTimeZone(precision: precision) : .timestampTZ(precision)
    }
    _ = taken("WITHOUT", "TIME", "ZONE")
    return isTime ? .time(precision: precision) : .timestamp(precision: precision)
  }

  /// Fields with or without names: a name is a word that a type follows.
  private mutating func rowType() throws(SQLError) -> SQLType {
    try expect("(")
    var fields: [SQLType.RowField] = []
    repeat {
      let followed = peek()
      let named =
        (token.kind == .quotedIdentifier || token.kind == .word)
        && (followed.kind == .word || followed.kind == .quotedIdentifier)
        && !(token.upper == "DOUBLE" && followed.upper == "PRECISION")
        && !(token.upper == "INTERVAL" && (followed.upper == "DAY" || followed.upper == "YEAR"))
        && !((token.upper == "TIMESTAMP" || token.upper == "TIME")
          && (followed.upper == "WITH" || followed.upper == "WITHOUT"))
      if named {
        let name = token.kind == .word ? token.text.lowercased() : token.text
        advance()
        fields.append(.init(name, try type()))
      } else {
        fields.append(.init(nil, try type()))
      }
    } while taken(",")
    try expect(")")
    return .row(fields)
  }
}
