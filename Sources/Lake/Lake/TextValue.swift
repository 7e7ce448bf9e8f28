import SQL

/// SQL that reads a value of a Hive type from text.
struct TextValue {
  /// What becomes of text that is none of the type.
  enum Malformed {
    case null
    /// Ends the query with this beginning of a message, to which the text is added.
    case fails(String)
  }

  let malformed: Malformed

  /// - Parameter text: an SQL expression of type VARCHAR; it may stand in the result several times.
  func value(_ text: String, _ type: HiveType) -> String {
    switch type {
    case .string: return text
    case .varchar(let length), .char(let length): return "left(\(text), \(length))"
    case .binary: return guarded(text, "TRY(from_base64(\(text)))")
    case .timestamp: return guarded(text, timestamp(text))
    default: return guarded(text, "TRY_CAST(\(text) AS \(type.duckDBName))")
    }
  }

  /// Hive's form, ISO 8601, and numbers: seconds or milliseconds since the epoch.
  private func timestamp(_ text: String) -> String {
    let number = "TRY_CAST(\(text) AS DOUBLE)"
    return "coalesce(TRY_CAST(\(text) AS TIMESTAMP), TRY(make_timestamp(CAST(CASE WHEN abs(\(number)) < 1e11 "
      + "THEN \(number) * 1e6 ELSE \(number) * 1e3 END AS BIGINT))))"
  }

  func guarded(_ text: String, _ value: String) -> String {
    guard case .fails(let message) = malformed else { return value }
    return "CASE WHEN \(text) IS NULL THEN NULL ELSE coalesce(\(value), "
      + "error(\(DuckDBText.string(message)) || \(text) || '''')) END"
  }
}
