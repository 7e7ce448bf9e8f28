/// One signature of one function, and how DuckDB says it.
struct FunctionRule: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case scalar, aggregate, window
  }
  var name: String
  var kind: Kind
  var parameters: [TypePattern]
  /// The last parameter may be repeated any number of times, or left out.
  var variadic: Bool
  var result: TypePattern
  var form: DuckDBForm

  /// `lower(varchar(x))`, as error messages list it.
  var signature: String {
    name + "(" + parameters.map(\.text).joined(separator: ", ") + (variadic ? "..." : "") + ")"
  }

  func parameter(_ index: Int) -> TypePattern? {
    if index < parameters.count { return parameters[index] }
    return variadic ? parameters.last : nil
  }

  func accepts(count: Int) -> Bool {
    variadic ? count >= parameters.count - 1 : count == parameters.count
  }
}

/// Reads the lines of the function tables:
///
///     lower(varchar(x)) -> varchar(x) | lower({0})
///     transform(array(T), function(T,U)) -> array(U) | list_transform({0}, {1})
///     checksum(T) -> varbinary | @checksum
struct FunctionRuleReader {
  private let characters: [Character]
  private var position = 0
  private let line: String

  /// A line that cannot be read is our own mistake.
  static func rule(_ line: String, _ kind: FunctionRule.Kind) -> FunctionRule {
    guard let bar = line.firstRange(of: " | ") else { preconditionFailure("no form in function table: \(line)") }
    var reader = FunctionRuleReader(String(line[..<bar.lowerBound]))
    let form = String(line[bar.upperBound...]).trimmingSpaces()
    return reader.rule(kind, form.hasPrefix("@") ? .builder(String(form.dropFirst())) : .template(form))
  }

  private init(_ signature: String) {
    line = signature
    characters = Array(signature)
  }

  private mutating func skip() { while position < characters.count, characters[position] == " " { position += 1 } }
  private mutating func take(_ text: String) -> Bool {
    skip()
    let wanted = Array(text)
    guard position + wanted.count <= characters.count, Array(characters[position..<position + wanted.count]) == wanted
    else { return false }
    position += wanted.count
    return true
  }
  private mutating func expect(_ text: String) {
    precondition(take(text), "'\(text)' is missing in function table: \(line)")
  }
  private mutating func word() -> String {
    skip()
    let start = position
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber
        || characters[position] == "_"
    {
      position += 1
    }
    precondition(start < position, "a word is missing in function table: \(line)")
    return String(characters[start..<position])
  }

  private mutating func rule(_ kind: FunctionRule.Kind, _ form: DuckDBForm) -> FunctionRule {
    let name = word()
    expect("(")
    var parameters: [TypePattern] = []
    var variadic = false
    if !take(")") {
      repeat {
        parameters.append(pattern())
        if take("...") { variadic = true }
      } while take(",")
      expect(")")
    }
    expect("->")
    return FunctionRule(
      name: name, kind: kind, parameters: parameters, variadic: variadic, result: pattern(), form: form)
  }

  private mutating func number() -> TypePattern.NumberPattern {
    let first = word()
    if let fixed = Int(first) { return .init(name: nil, offset: fixed) }
    guard take("+") else { return .init(name: first, offset: 0) }
    return .init(name: first, offset: Int(word()) ?? 0)
  }

  private mutating func variable(_ fallback: String) -> String {
    guard take("(") else { return fallback }
    let name = word()
    expect(")")
    return name
  }

  private mutating func pattern() -> TypePattern {
    let name = word()
    if name.count == 1, let letter = name.first, letter.isUppercase { return .variable(letter) }
    switch name {
    case "varchar":
      guard take("(") else { return .fixed(.varcharUnbounded) }
      let length = word()
      expect(")")
      return .varchar(length)
    case "char": return .char(variable("x"))
    case "decimal":
      expect("(")
      let precision = number()
      expect(",")
      let scale = number()
      expect(")")
      return .decimal(precision, scale)
    case "time": return .time(variable("p"))
    case "timestamp":
      if take("(3)") { return .fixed(.timestamp(precision: 3)) }
      return .timestamp(variable("p"))
    case "timestamptz":
      if take("(3)") { return .fixed(.timestampTZ(3)) }
      if take("(9)") { return .fixed(.timestampTZ(9)) }
      return .timestampTZ(variable("p"))
    case "array":
      expect("(")
      let element = pattern()
      expect(")")
      return .array(element)
    case "map":
      expect("(")
      let key = pattern()
      expect(",")
      let value = pattern()
      expect(")")
      return .map(key, value)
    case "row":
      guard take("(") else { return .anyRow }
      var fields = [pattern()]
      while take(",") { fields.append(pattern()) }
      expect(")")
      return .row(fields)
    case "function":
      expect("(")
      var types = [pattern()]
      while take(",") { types.append(pattern()) }
      expect(")")
      let result = types.removeLast()
      return .function(types, result)
    case "boolean": return .fixed(.boolean)
    case "tinyint": return .fixed(.tinyint)
    case "smallint": return .fixed(.smallint)
    case "integer": return .fixed(.integer)
    case "bigint": return .fixed(.bigint)
    case "real": return .fixed(.real)
    case "double": return .fixed(.double)
    case "varbinary": return .fixed(.varbinary)
    case "json": return .fixed(.json)
    case "uuid": return .fixed(.uuid)
    case "ipaddress": return .fixed(.ipaddress)
    case "date": return .fixed(.date)
    case "interval_day": return .fixed(.intervalDayToSecond)
    case "interval_year": return .fixed(.intervalYearToMonth)
    case "unknown": return .fixed(.unknown)
    case "hyperloglog", "tdigest", "qdigest": return .fixed(.sketch(name))
    default: preconditionFailure("type '\(name)' in function table: \(line)")
    }
  }
}
