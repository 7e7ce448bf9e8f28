/// Limits of data quality, each with its source.
package enum DataQualityLimits {
  // "AWS Glue endpoints and quotas".
  /// Rulesets of an account in a region.
  package static let rulesetsMax = 10_000

  // The API's reference.
  /// Entries of one answer when the caller names no number.
  static let entriesPerPage = 100
  /// Minutes that a run may take when the caller names none: 48 hours.
  static let timeoutMinutes = 2_880
  static let rulesetsPerRunMax = 10
  static let observationsMax = 50
  static let workersWhenUnsaid = 5

  // Our own.
  /// Runs of an account in a region that are under way at once.
  static let runsAtOnceMax = 50
  /// Runs, results and profiles of an account in a region that are kept, the newest of each.
  static let runsKept = 1_000
  static let resultsKept = 5_000
  static let profilesKept = 5_000
  /// Values of a column that a recommended rule names.
  static let recommendedValuesMax = 10
  /// Columns that a recommendation looks at.
  static let recommendedColumnsMax = 200
  /// Partitions of a table that a run reads.
  static let partitionsMax = 100_000
}
