extension SQLType {
  /// The DuckDB type that holds this type's values, as DuckDB spells it.
  ///
  /// Microseconds are the finest that DuckDB's own functions work on, so every precision of `timestamp` is a
  /// `TIMESTAMP`; anonymous fields of a row are named `field0`, `field1` … as Athena shows them.
  public var duckDBName: String {
    switch self {
    case .boolean: "BOOLEAN"
    case .tinyint: "TINYINT"
    case .smallint: "SMALLINT"
    case .integer: "INTEGER"
    case .bigint: "BIGINT"
    case .real: "FLOAT"
    case .double: "DOUBLE"
    case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
    case .varchar, .char: "VARCHAR"
    case .varbinary: "BLOB"
    case .json: "JSON"
    case .uuid: "UUID"
    case .ipaddress: "VARCHAR"
    case .date: "DATE"
    case .time: "TIME"
    case .timeWithTimeZone: "TIMETZ"
    case .timestamp: "TIMESTAMP"
    case .timestampWithTimeZone: "TIMESTAMPTZ"
    case .intervalDayToSecond, .intervalYearToMonth: "INTERVAL"
    case .array(let element): element.duckDBName + "[]"
    case .map(let key, let value): "MAP(\(key.duckDBName), \(value.duckDBName))"
    case .row(let fields):
      "STRUCT("
        + fields.enumerated().map { index, field in
          DuckDBText.identifier(field.name ?? "field\(index)") + " " + field.type.duckDBName
        }.joined(separator: ", ") + ")"
    case .function, .sketch: "VARCHAR"
    case .unknown: "INTEGER"
    }
  }
}

/// Text as DuckDB's lexer reads it back.
public enum DuckDBText {
  /// An identifier, always quoted, so that no word of DuckDB's is in the way.
  public static func identifier(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }
  /// A string literal. NUL cannot stand in DuckDB's text and is spelled through `chr`.
  public static func string(_ value: String) -> String {
    guard value.utf8.contains(0) else { return "'" + value.replacing("'", with: "''") + "'" }
    let parts = value.split(separator: "\0", omittingEmptySubsequences: false)
    return "(" + parts.map { string(String($0)) }.joined(separator: " || chr(0) || ") + ")"
  }
}
