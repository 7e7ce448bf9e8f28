/// The warehouse's limits, each with its source.
public enum WarehouseLimits {
  /// Statements that run at once in one namespace: Redshift, "Quotas and limits", concurrency of all queues together.
  public static let concurrentStatementsMax = 50
  /// Views within views: deeper ones would not end in reasonable time, and bounded recursion cannot be driven further.
  static let viewDepthMax = 32
  /// Views that one statement may read, each counted as often as it is named: views that name others twice double.
  static let viewsMax = 1_000
  /// Characters of a statement that the catalog's views show.
  static let historyTextMax = 65_535
  /// Procedures that call procedures: Redshift, "Limitations of stored procedures", 16 levels.
  static let procedureDepthMax = 16
  /// Rows that a query within a procedure may give to a loop or a cursor of it: they are held in memory. Our own.
  static let procedureRowsMax = 1_000_000
  /// Statements that are kept parsed by one session.
  static let parsedStatementsMax = 64
  /// Bytes of a statement that is kept so; a longer one is kept for one execution. Our own.
  static let parsedStatementBytesMax = 16_384
  /// A namespace opens with this part of its equal share of the memory at least. Our own.
  static let memoryShareDivisorMax = 4
  /// Ended statements that the catalog's views show, of one namespace; and as many of other events.
  static let historyMax = 10_000
  /// Bytes of their texts.
  static let historyTextBytesMax = 64 << 20
  /// How long they are kept: Redshift, "System tables", 7 days.
  static let activityKept = Duration.seconds(7 * 86_400)
  /// Records of a namespace's activity log; the oldest go.
  static let activityRecordsMax = 200_000
  /// How many of them are read when the namespace is opened.
  static let activityReadMax = 20_000
  /// Records that come between two looks at those limits.
  static let activityTrimEvery = 1_000
  /// Records that one file of the audit is made of.
  static let auditRecordsMax = 10_000
  /// Names of files of the audit that are tried before it is given up.
  static let auditNamesTried = 60
  /// Records that wait to be written; further ones are dropped.
  static let activityWaitingMax = 10_000
  /// How long records gather before they are written.
  static let activityDelayMilliseconds = 500
  /// Bytes of a startup parameter that the connection log keeps.
  static let startupBytesMax = 1_024
  /// Numbers of queries, transactions and processes that a start leaves out: for those that a crash took from the log.
  static let numbersSkipped = 1_000
  /// Errors of loads that the catalog's views show.
  static let loadErrorsMax = 10_000
  /// Schemas of a namespace's database: Redshift, "Quotas and limits".
  static let schemasMax = 9_900
  /// Databases of a namespace: the same.
  static let databasesMax = 60
  /// Columns of a table: the same.
  static let columnsMax = 1_600
  /// Bytes of a name: Redshift, "Names and identifiers".
  static let nameBytesMax = 127
  /// Bytes of a VARCHAR: Redshift, "Character types".
  static let varcharBytesMax = 65_535
  static let charBytesMax = 4_096
  /// Bytes of a manifest or a jsonpaths file: about a million entries.
  static let manifestBytesMax: Int64 = 256 << 20
  /// Bad rows that MAXERROR may let pass: Redshift, "Data load operations".
  static let loadErrorsAllowedMax = 100_000
  /// Ended transactions that are remembered while others that ran beside them are open. Our own.
  static let orderedTransactionsMax = 1_000
  /// Refreshes of materialized views that the catalog's views show. Our own.
  static let refreshesMax = 2_000
  /// Bytes of a record that a view over a stream takes: Redshift, "Streaming ingestion considerations".
  static let streamRecordBytesMax = 1_024_000
  /// What one refresh reads of a stream before it lets others come to their turn. Our own.
  static let streamBytesPerRefreshMax = 64 << 20
  static let streamBytesPerBatchMax = 8 << 20
  static let streamRecordsPerBatchMax = 10_000
  /// Records that one refresh leaves out since the view's query cannot take them. Our own.
  static let skippedRecordsMax = 1_000
  /// How often views with AUTO REFRESH YES are looked at; those over the lake at every so many passes. Our own.
  static let viewsLookedAtEverySeconds = 1
  static let lakeLookedAtEveryPasses = 60
  /// The longest pause after failed refreshes, in passes. Our own.
  static let viewRetryPassesMax = 300
  /// Perl's patterns that are kept compiled. Our own.
  static let compiledPatternsMax = 64
  /// How often such a pattern may report from one value, every 10,000 steps: some take exponentially many. Our own.
  static let patternReportsMax = 1_000
  /// Files that UNLOAD writes at once: a node of ra3.xlplus has so many slices.
  static let slices = 2
  /// Rows of SHOW TABLES and the like: Redshift, "SHOW TABLES".
  static let shownRowsMax = 10_000
}
