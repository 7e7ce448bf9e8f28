/// DuckDB's run-time errors in Athena's words.
public enum EngineErrors {
  /// What Athena would have said where the engine said `message`.
  public static func translate(_ message: String) -> SQLError {
    if let own = raised(message) { return own }
    if message.contains("More than one row returned by a subquery") {
      return SQLError(.subqueryMultipleRows, "Scalar sub-query has returned multiple rows")
    }
    if let overflow = overflow(message) { return overflow }
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
    if let text = between(message, "Could not parse string \"", "\" according to format specifier") {
      return SQLError(.invalidFunctionArgument, "Invalid format: \"\(text)\"")
    }
    if message.contains("Map keys must be unique") {
      return SQLError(.invalidFunctionArgument, "Duplicate map keys are not allowed")
    }
    if message.contains("Map keys can not be NULL") {
      return SQLError(.invalidFunctionArgument, "map key cannot be null")
    }
    if let text = between(message, "with value ", " can't be cast") {
      return SQLError(.invalidCastArgument, "Out of range: \(text)")
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

  /// `Overflow in addition of INT32 (2000000000 + 2000000000)!` and the like.
  private static func overflow(_ message: String) -> SQLError? {
    guard let operation = between(message, "Overflow in ", " of ") else {
      guard message.contains("Out of Range Error") || message.contains("out of range") else { return nil }
      return SQLError(.numericOutOfRange, firstLine(message))
    }
    let type = between(message, " of ", " ") ?? ""
    let names = ["INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"]
    let operands = between(message, "(", ")") ?? ""
    return SQLError(.numericOutOfRange, "\(names[type] ?? type.lowercased()) \(operation) overflow: \(operands)")
  }
}
