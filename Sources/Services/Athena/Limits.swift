/// Athena's limits. Source: "Service Quotas" and the API reference of Amazon Athena, unless another is named.
public enum AthenaLimits {
  /// Bytes of a query's text.
  static let queryBytesMax = 262_144
  static let workGroupsMax = 1_000
  /// API reference, `WorkGroupConfiguration$BytesScannedCutoffPerQuery`: 10 MB.
  static let scanCutoffBytesMin: Int64 = 10_000_000
  static let tagsPerResourceMax = 50
  /// API reference, `GetQueryResults$MaxResults`.
  static let resultRowsPerPageMax = 1_000
  static let listPageDefault = 50
  /// Characters of what `StateChangeReason` says. Source: our own.
  static let reasonCharactersMax = 10_000
  static let batchGetMax = 50
  /// API reference, `ResultReuseByAgeConfiguration$MaxAgeInMinutes`: seven days at most, an hour when not said.
  static let reuseMinutesMax = 10_080
  static let reuseMinutesDefault = 60
  /// How long an execution can be looked up.
  static let historyDays = 45
  /// Queries that may wait for a free place in the engine; a further one is told to come back later.
  static let queuedQueriesMax = 200
  /// Queries that run at once. The engine shares its threads among them.
  static let runningQueriesMax = 4
  /// Result bytes gathered before they go to the object store's writer.
  static let resultBufferBytes = 1 << 18

  /// Parquet files whose footers are read while a query is planned. A table of more is sampled.
  static let parquetFilesLookedIntoMax = 32
  /// Files whose columns' types are remembered.
  static let parquetFootersKept = 4_096
}
