import SQL

/// Makes values fit a column: what the engine's types do not know of Redshift's.
enum Fitting {
  /// - Parameter value: an expression of the engine's, which may be repeated.
  static func fitted(_ value: String, to type: RedshiftType) -> String {
    switch type {
    case .varchar(let length):
      let text = "CAST(\(value) AS VARCHAR)"
      // Closing blanks beyond the length are cut off, as SQL has it; anything else is an error.
      return
        "CASE WHEN \(value) IS NULL OR strlen(\(text)) <= \(length) THEN \(text) "
        + "WHEN strlen(rtrim(\(text), ' ')) <= \(length) "
        + "THEN left(\(text), \(length)) ELSE \(failure("22001", "Value too long for character type")) END"
    case .char(let length):
      let text = "rtrim(CAST(\(value) AS VARCHAR), ' ')"
      return "CASE WHEN strlen(\(text)) <= \(length) OR \(value) IS NULL THEN \(text) "
        + "ELSE \(failure("22001", "Value too long for character type")) END"
    case .timetz: return RedshiftPrinter.inUTC("CAST(\(value) AS TIMETZ)", type)
    case .intervalDayToSecond: return RedshiftPrinter.withDigits("CAST(\(value) AS INTERVAL)", of: type)
    default: return "CAST(\(value) AS \(type.engineName))"
    }
  }

  static func failure(_ state: String, _ message: String) -> String {
    "error(\(DuckDBText.string("\(RedshiftMacros.failureMarker)\(state)!\(message)")))"
  }
}
