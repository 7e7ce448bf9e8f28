extension HiveType {
  /// A text that is no type of Hive's.
  public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    /// Characters before the place where reading failed.
    public let offset: Int
    public let reason: String

    /// Hive's own wording, which Glue and Athena pass on: `Error: type expected at the position 0 of 'foo' …`.
    public var description: String { "Error: \(reason) at the position \(offset) of '\(text)'" }
  }

  /// Reads Hive's type text without regard to case and spaces; `integer` is read as `int`, and `decimal` alone as
  /// `decimal(10,0)`.
  /// - Throws: `Malformed`.
  public static func parse(_ text: String) throws(Malformed) -> HiveType {
    var reader = HiveTypeReader(text)
    let type = try reader.type(depth: 0)
    guard reader.atEnd else { throw reader.malformed("end of type expected") }
    return type
  }
}

/// Reads one type from the front of a text.
private struct HiveTypeReader {
  let text: String
  let characters: [Character]
  var position = 0

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  func malformed(_ reason: String) -> HiveType.Malformed {
    HiveType.Malformed(text: String(text.prefix(200)), offset: position, reason: reason)
  }

  mutating func skipSpaces() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  var atEnd: Bool {
    mutating get {
      skipSpaces()
      return position == characters.count
    }
  }

  mutating func take(_ character: Character) -> Bool {
    skipSpaces()
    guard position < characters.count, characters[position] == character else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Character) throws(HiveType.Malformed) {
    guard take(character) else { throw malformed("'\(character)' expected") }
  }

  mutating func word() throws(HiveType.Malformed) -> String {
    skipSpaces()
    let start = position
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber
        || characters[position] == "_"
    {
      position += 1
    }
    guard start < position else { throw malformed("type expected") }
    return String(characters[start..<position])
  }

  /// Everything up to the colon, since Glue holds names with dots, spaces and hyphens.
  mutating func fieldName() throws(HiveType.Malformed) -> String {
    skipSpaces()
    if take("`") {
      var name = ""
      while position < characters.count {
        if characters[position] == "`" {
          position += 1
          guard position < characters.count, characters[position] == "`" else { return name }
        }
        name.append(characters[position])
        position += 1
      }
      throw malformed("'`' expected")
    }
    let start = position
    while position < characters.count, !":<>,".contains(characters[position]) { position += 1 }
    var end = position
    while end > start, characters[end - 1].isWhitespace { end -= 1 }
    guard start < end else { throw malformed("field name expected") }
    return String(characters[start..<end])
  }

  mutating func number(_ range: ClosedRange<Int>) throws(HiveType.Malformed) -> Int {
    skipSpaces()
    let start = position
    while position < characters.count, characters[position].isASCII, characters[position].isNumber { position += 1 }
    guard let value = Int(String(characters[start..<position])), range.contains(value) else {
      position = start
      throw malformed("number from \(range.lowerBound) to \(range.upperBound) expected")
    }
    return value
  }

  mutating func type(depth: Int) throws(HiveType.Malformed) -> HiveType {
    guard depth < SQLLimits.typeNestingMax else { throw malformed("type nested less deeply expected") }
    skipSpaces()
    let start = position
    let name = try word().lowercased()
    switch name {
    case "boolean": return .boolean
    case "tinyint": return .tinyint
    case "smallint": return .smallint
    case "int", "integer": return .int
    case "bigint": return .bigint
    case "float": return .float
    case "double":
      return .double
    case "string": return .string
    case "binary": return .binary
    case "date": return .date
    case "timestamp": return .timestamp
    case "decimal", "numeric": return try decimal()
    case "varchar":
      try expect("(")
      let length = try number(1...65_535)
      try expect(")")
      return .varchar(length: length)
    case "char":
      try expect("(")
      let length = try number(1...255)
      try expect(")")
      return .char(length: length)
    case "array":
      try expect("<")
      let element = try type(depth: depth + 1)
      try expect(">")
      return .array(element)
    case "map":
      try expect("<")
      let key = try type(depth: depth + 1)
      try expect(",")
      let value = try type(depth: depth + 1)
      try expect(">")
      return .map(key, value)
    case "struct": return try structure(depth: depth)
    case "uniontype":
      try expect("<")
      var types = [try type(depth: depth + 1)]
      while take(",") { types.append(try type(depth: depth + 1)) }
      try expect(">")
      return .union(types)
    default:
      position = start
      throw malformed("type expected")
    }
  }

  private mutating func decimal() throws(HiveType.Malformed) -> HiveType {
    guard take("(") else { return .decimal(precision: 10, scale: 0) }
    let precision = try number(1...38)
    var scale = 0
    if take(",") { scale = try number(0...precision) }
    try expect(")")
    return .decimal(precision: precision, scale: scale)
  }

  private mutating func structure(depth: Int) throws(HiveType.Malformed) -> HiveType {
    try expect("<")
    var fields: [HiveType.Field] = []
    if take(">") { return .structure([]) }
    repeat {
      let name = try fieldName()
      try expect(":")
      fields.append(.init(name, try type(depth: depth + 1)))
      // Hive's DDL allows a comment on each field; Glue's types do not keep it.
      skipSpaces()
      if position + 7 <= characters.count,
        String(characters[position..<position + 7]).lowercased() == "comment"
      {
        position += 7
        try skipString()
      }
    } while take(",")
    try expect(">")
    return .structure(fields)
  }

  private mutating func skipString() throws(HiveType.Malformed) {
    skipSpaces()
    guard position < characters.count, characters[position] == "'" || characters[position] == "\"" else {
      throw malformed("string expected")
    }
    let quote = characters[position]
    position += 1
    while position < characters.count, characters[position] != quote {
      position += characters[position] == "\\" ? 2 : 1
    }
    guard position < characters.count else { throw malformed("end of string expected") }
    position += 1
  }
}
