/// DuckDB's run-time errors in Athena's words.
public enum EngineErrors {
  /// What Athena would have said where the engine said `message`.
  public static func translate(_ message: String) -> SQLError {
    if let own = raised(message) { return own }
    if message.contains("More than one row returned by a subquery") {
      return SQLError(.subqueryMultipleRows, "Scalar sub-query has returned multiple rows")
    }
    if let text = between(message, "invalid date field format: \"", "\"")
      ?? between(message, "date field value out of range: \"", "\"")
    {
      return SQLError(.invalidCastArgument, "Value cannot be cast to date: \(text)")
    }
    if let text = between(message, "invalid timestamp field format: \"", "\"")
      ?? between(message, "timestamp field value out of range: \"", "\"")
    {
      return SQLError(.invalidCastArgument, "Value cannot be cast to timestamp: \(text)")
    }
    if let error = outOfRange(message) ?? overflow(message) { return error }
    if let text = between(message, "Could not parse string \"", "\" according to format specifier") {
      return SQLError(.invalidFunctionArgument, "Invalid format: \"\(text)\"")
    }
    if message.contains("Max expression depth limit") {
      return SQLError(.statementTooLarge, "statement is too large (stack overflow during analysis)")
    }
    if message.contains("not in timestamp range") {
      return SQLError(.invalidFunctionArgument, "Timestamp is out of range")
    }
    if patternFaults.contains(where: message.hasPrefix) {
      return SQLError(.invalidFunctionArgument, "Invalid pattern: \(firstLine(message))")
    }
    if message.contains("Map keys must be unique") {
      return SQLError(.invalidFunctionArgument, "Duplicate map keys are not allowed")
    }
    if message.contains("Map keys can not be NULL") {
      return SQLError(.invalidFunctionArgument, "map key cannot be null")
    }
    if let text = between(message, "Could not convert string '", "' to ")
      ?? between(message, "Could not convert string \"", "\" to ")
    {
      return SQLError(.invalidCastArgument, "Cannot cast '\(text)'")
    }
    if message.contains("Could not cast value") || message.contains("Casting value")
      || message.hasPrefix("Conversion Error")
    {
      return SQLError(.invalidCastArgument, firstLine(message))
    }
    return SQLError(.genericInternalError, firstLine(message))
  }

  /// How RE2, which reads regular expressions here, begins to say that one is none.
  private static let patternFaults = [
    "missing ", "unexpected )", "bad repetition operator", "bad number of arguments", "invalid escape sequence",
    "no argument for repetition operator", "invalid character class", "invalid perl operator",
    "invalid named capture group", "pattern too large", "trailing \\", "expression nesting depth exceeds limit",
  ]

  private static func firstLine(_ message: String) -> String {
    String(message.split(separator: "\n", maxSplits: 1).first ?? "")
  }

  private static func between(_ text: String, _ start: String, _ end: String) -> String? {
    guard let from = text.firstRange(of: start) else { return nil }
    let rest = text[from.upperBound...]
    guard let to = rest.firstRange(of: end) else { return nil }
    return String(rest[..<to.lowerBound])
  }

  /// An error that the printed statement raised itself, through a failing cast of a marked text.
  private static func raised(_ message: String) -> SQLError? {
    guard let mark = message.firstRange(of: TrinoMacros.failureMarker) else { return nil }
    let rest = message[mark.upperBound...]
    guard let bang = rest.firstIndex(of: "!"), let code = SQLError.Code(rawValue: String(rest[..<bang])) else {
      return nil
    }
    let text = rest[rest.index(after: bang)...]
    // The text ends where DuckDB goes on: `' to INT32`, or a quote at the end of the line.
    for end in [
      "' to INT", "' to DOUBLE", "' to FLOAT", "' to BOOL", "\" to DECIMAL", "' to DECIMAL", "' to DATE", "' to TIME",
    ] {
      if let stop = text.ranges(of: end).last { return SQLError(code, String(text[..<stop.lowerBound])) }
    }
    let line = firstLine(String(text))
    return SQLError(code, line.hasSuffix("\"") ? String(line.dropLast()) : line)
  }

  private static let integerNames = ["INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"]

  /// Values that do not fit the type that they are made into.
  private static func outOfRange(_ message: String) -> SQLError? {
    // `Type INT32 with value 300 can't be cast because the value is out of range for the destination type INT8`
    if let text = between(message, "with value ", " can't be cast"),
      let type = message.firstRange(of: "destination type ").map({ firstWord(message[$0.upperBound...]) })
    {
      return SQLError(.numericOutOfRange, "Out of range for \(integerNames[type] ?? type.lowercased()): \(text)")
    }
    // `Casting value "123.45" to type DECIMAL(3,1) failed: value is out of range!`
    if let text = between(message, "Casting value \"", "\""), let type = between(message, " to type DECIMAL(", ")") {
      let digits = text.filter(\.isNumber).count
      let scale = text.split(separator: ".", maxSplits: 1).dropFirst().first?.count ?? 0
      return SQLError(
        .invalidCastArgument,
        "Cannot cast DECIMAL(\(digits), \(scale)) '\(text)' to DECIMAL(\(type.replacing(",", with: ", ")))")
    }
    if let text = between(message, "Overflow on abs(", ")") {
      let type =
        Int32(text) == nil ? "bigint" : Int16(text) == nil ? "integer" : Int8(text) == nil ? "smallint" : "tinyint"
      return SQLError(.numericOutOfRange, "Value \(text) is out of range for abs(\(type))")
    }
    return nil
  }

  private static func firstWord(_ text: Substring) -> String {
    String(text.prefix { $0.isLetter || $0.isNumber })
  }

  /// `Overflow in addition of INT32 (2000000000 + 2000000000)!` and the like.
  private static func overflow(_ message: String) -> SQLError? {
    guard let operation = between(message, "Overflow in ", " of ") else {
      guard message.contains("Out of Range Error") || message.contains("out of range") else { return nil }
      return SQLError(.numericOutOfRange, firstLine(message))
    }
    let type = message.firstRange(of: " of ").map { firstWord(message[$0.upperBound...]) } ?? ""
    let operands = between(message, "(", ")").map { ": \($0)" } ?? ""
    return SQLError(
      .numericOutOfRange, "\(integerNames[type] ?? type.lowercased()) \(operation) overflow\(operands)")
  }
}
