/// What the engine must know before it runs printed statements of Redshift: functions that are more than a word of
/// DuckDB's. A macro may name one that stands above it.
public enum RedshiftMacros {
  /// `CREATE OR REPLACE MACRO …` for each, in the order in which they must run when a database is opened.
  public static var statements: [String] { [] }

  /// The marker by which an error that a printed statement raises is told from DuckDB's own:
  /// `Could not convert string 'tarn!SQLSTATE!message' to INT32`.
  public static let failureMarker = "tarn!"
}
