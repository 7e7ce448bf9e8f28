/// The engine's limits, each with its reason.
public enum Limits {
  /// Queries that run at once in one engine; further ones wait. Each holds a thread and its share of memory.
  public static let concurrentQueriesMax = 16
  /// Queries that may wait for their turn: Athena's largest quota of active DML queries, with room.
  public static let waitingQueriesMax = 1_000
  /// Bytes of one statement: Athena takes 262,144; the engine's own SQL names files one by one.
  public static let statementBytesMax = 64 << 20
  /// Rows are fetched in groups of this many chunks (2,048 rows each), so that a hop between threads is paid rarely.
  public static let chunksPerFetch = 8
  /// Bytes of all files that one session writes into memory.
  public static let sessionFileBytesMax = 1 << 30
  /// Bytes that a compressor fills at a time.
  static let compressedPieceBytes = 64 << 10
  /// Patterns that are kept compiled; each table of RegexSerDe has one.
  static let compiledPatternsMax = 64
  /// How often a pattern may report from one line, every 10,000 steps: some patterns take exponentially many.
  static let patternReportsMax = 1_000
}
