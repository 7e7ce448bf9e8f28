/// The target's limits.
enum Limits {
  /// Patterns that may stand in one another in a grok pattern.
  static let grokDepthMax = 20
  /// Bytes of a grok pattern once it is written out.
  static let grokBytesMax = 64 << 10
  /// Bytes of one line of a text file: a JSON document, a row of CSV. The engine holds sixteen times as much a reader.
  static let lineBytesMax = 2 << 20
}

/// Limits that a table's description can meet.
enum LakeLimits {
  /// Partitions that projection may compute for one table of a query: each is a prefix to list.
  static let projectedPartitionsMax = 1_000_000
}
