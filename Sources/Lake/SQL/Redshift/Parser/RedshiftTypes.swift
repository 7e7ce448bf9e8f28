/// Types as Redshift spells them.
extension RedshiftDescent {
  /// - Parameter inCast: whether VARCHAR without a length takes what comes, and does not mean 256 bytes.
  mutating func type(inCast: Bool = false) throws(SQLError) -> RedshiftType {
    var type = try plainType(inCast: inCast)
    var levels = 0
    while sees("["), sees("]", ahead: 1) || (peek().kind == .integer && sees("]", ahead: 2)) {
      levels += 1
      guard levels <= 6 else { throw mismatch() }
      advance()
      if token.kind == .integer { advance() }
      try expect("]")
      type = .array(type)
    }
    return type
  }

  private mutating func plainType(inCast: Bool) throws(SQLError) -> RedshiftType {
    let start = token
    guard start.kind == .word || start.kind == .quotedIdentifier else { throw mismatch() }
    // Types of the catalog may be named with its schema.
    if sees("PG_CATALOG"), sees(".", ahead: 1) {
      advance()
      advance()
      return try plainType(inCast: inCast)
    }
    if start.kind == .quotedIdentifier {
      advance()
      if start.text == "char" { return .catalog("char") }
      return RedshiftType.named(start.text.lowercased()) ?? .pseudo(start.text)
    }
    switch start.upper {
    case "DOUBLE":
      advance()
      try expect("PRECISION")
      return .double
    case "FLOAT":
      advance()
      guard let bits = try lengthIfAny() else { return .double }
      guard (1...53).contains(bits) else {
        throw SQLError(.invalidArguments, "precision for type float must be less than 54 bits", at: start.position)
      }
      return bits <= 24 ? .real : .double
    case "DECIMAL", "NUMERIC", "DEC":
      advance()
      return try decimal(start)
    case "CHAR", "CHARACTER", "NCHAR", "BPCHAR", "NATIONAL":
      advance()
      if start.upper == "NATIONAL" { advance() }
      if taken("VARYING") { return try varchar(start, inCast: inCast) }
      let length = try lengthIfAny()
      if length == nil, start.upper == "BPCHAR" { return inCast ? .varcharMax : .char(256) }
      return .char(try checked(length ?? 1, "char", 65_535, start))
    case "VARCHAR", "NVARCHAR", "TEXT":
      advance()
      return try varchar(start, inCast: inCast)
    case "BIT":
      advance()
      return .pseudo(taken("VARYING") ? "bit varying" : "bit")
    case "VARBYTE", "VARBINARY":
      advance()
      return .varbyte(try checked(try lengthIfAny() ?? 64_000, "varbyte", 16_777_216, start))
    case "BINARY":
      advance()
      try expect("VARYING")
      return .varbyte(try checked(try lengthIfAny() ?? 64_000, "varbyte", 16_777_216, start))
    case "TIME", "TIMESTAMP":
      advance()
      _ = try lengthIfAny()
      if sees("WITH"), sees("TIME", ahead: 1) {
        try expect("WITH", "TIME", "ZONE")
        return start.upper == "TIME" ? .timetz : .timestamptz
      }
      if sees("WITHOUT"), sees("TIME", ahead: 1) { try expect("WITHOUT", "TIME", "ZONE") }
      return start.upper == "TIME" ? .time : .timestamp
    case "INTERVAL":
      advance()
      let (from, _, precision) = try intervalFields()
      switch from {
      case nil: return .interval
      case .year, .month: return .intervalYearToMonth
      default: return .intervalDayToSecond(precision: precision ?? 6)
      }
    default:
      guard let type = RedshiftType.named(start.text.lowercased()) else {
        guard Self.isName(start) else { throw mismatch() }
        // `table.column%TYPE`, `table%ROWTYPE`.
        var name = try qualifiedName().description
        if taken("%") { name += "%" + (try label()).key }
        if name.contains("%") { return .pseudo(name) }
        throw SQLError(.typeNotFound, "type \"\(name)\" does not exist", at: start.position)
      }
      advance()
      _ = try lengthIfAny()
      return type
    }
  }

  /// `(n)`, `(max)`; `nil` without brackets.
  private mutating func lengthIfAny() throws(SQLError) -> Int? {
    guard sees("("), peek().kind == .integer || sees("MAX", ahead: 1) else { return nil }
    advance()
    if taken("MAX") {
      try expect(")")
      return 65_535
    }
    let length = try integerLiteral()
    try expect(")")
    return length
  }

  private mutating func varchar(_ start: Token, inCast: Bool) throws(SQLError) -> RedshiftType {
    guard let length = try lengthIfAny() else { return inCast ? .varcharMax : .text }
    // Redshift keeps `text(n)`, and any length after TEXT, as varchar(256).
    return .varchar(try checked(length, "varchar", 16_777_216, start))
  }

  private func checked(_ length: Int, _ name: String, _ most: Int, _ start: Token) throws(SQLError) -> Int {
    guard length >= 1 else {
      throw SQLError(.invalidArguments, "length for type \(name) must be at least 1", at: start.position)
    }
    guard length <= most else {
      throw SQLError(.invalidArguments, "length for type \(name) cannot exceed \(most)", at: start.position)
    }
    return length
  }

  private mutating func decimal(_ start: Token) throws(SQLError) -> RedshiftType {
    guard taken("(") else { return .decimal(precision: 18, scale: 0) }
    let precision = try integerLiteral()
    let scale = taken(",") ? try integerLiteral() : 0
    try expect(")")
    guard (1...38).contains(precision) else {
      throw SQLError(
        .invalidArguments, "DECIMAL precision \(precision) must be between 1 and 38", at: start.position)
    }
    guard (0...min(37, precision)).contains(scale) else {
      throw SQLError(
        .invalidArguments, "DECIMAL scale \(scale) must be between 0 and precision \(precision)", at: start.position)
    }
    return .decimal(precision: precision, scale: scale)
  }

  /// `YEAR TO MONTH`, `DAY`, `DAY TO SECOND (3)`, …, and the digits of the seconds' fraction where they are said.
  mutating func intervalFields() throws(SQLError) -> (
    from: IntervalLiteral.Unit?, to: IntervalLiteral.Unit?, precision: Int?
  ) {
    func unit(_ token: Token) -> IntervalLiteral.Unit? {
      token.kind == .word ? IntervalLiteral.Unit(rawValue: token.upper) : nil
    }
    guard let from = unit(token) else { return (nil, nil, try fractionIfAny()) }
    advance()
    let first = try fractionIfAny()
    guard sees("TO"), let to = unit(peek()) else { return (from, nil, first) }
    advance()
    advance()
    return (from, to, try fractionIfAny())
  }

  private mutating func fractionIfAny() throws(SQLError) -> Int? {
    let place = position
    guard let digits = try lengthIfAny() else { return nil }
    guard (0...6).contains(digits) else {
      throw SQLError(.invalidArguments, "INTERVAL(\(digits)) precision must be between 0 and 6", at: place)
    }
    return digits
  }
}

extension RedshiftType {
  /// Types of one word without arguments.
  static func named(_ name: String) -> RedshiftType? {
    switch name {
    case "smallint", "int2": .smallint
    case "integer", "int", "int4": .integer
    case "bigint", "int8": .bigint
    case "real", "float4": .real
    case "float8": .double
    case "boolean", "bool": .boolean
    case "date": .date
    case "timetz": .timetz
    case "timestamptz": .timestamptz
    case "super": .super
    case "intervaly2m": .intervalYearToMonth
    case "intervald2s": .daySeconds
    case "hllsketch": .hllsketch
    case "geometry": .geometry
    case "geography": .geography
    case "varchar", "text": .text
    case "bpchar": .char(256)
    case "numeric": .decimal(precision: 18, scale: 0)
    case "oid", "name", "regclass", "regproc", "regtype", "regprocedure", "regoper", "regoperator",
      "xid", "cid", "tid", "aclitem",
      "int2vector", "oidvector", "abstime", "unknown":
      .catalog(name)
    case "refcursor", "record", "anyelement", "void", "trigger", "bytea": .pseudo(name)
    default: nil
    }
  }
}
