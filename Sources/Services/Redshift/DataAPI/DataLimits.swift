import Kernel

/// Quotas of the Data API, from "Using the Amazon Redshift Data API: considerations" unless said otherwise.
package enum DataLimits {
  package static let statementBytesMax = 100 << 10
  package static let activeStatementsMax = 500
  package static let activeSessionsMax = 500
  package static let resultBytesMax = 500 << 20
  package static let statementsPerBatchMax = 40
  package static let statementRuns = Duration.seconds(24 * 3600)
  package static let resultsKept = Duration.seconds(24 * 3600)
  package static let tokensKept = Duration.seconds(8 * 3600)
  package static let listDefault = 100
  package static let listingDefault = 1_000

  // Our own.
  /// How often a statement that is to be cancelled is told so.
  package static let cancelEvery = Duration.milliseconds(50)
  /// A page of a result, as it is kept and given out.
  package static let pageBytes = 512 << 10
  /// One row; longer ones fail their statement (Redshift, "Quotas": 16 MB for a SUPER value).
  package static let rowBytesMax = 24 << 20
}
