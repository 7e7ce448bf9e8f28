/// The target's limits.
public enum QualityLimits {
  // The API's model and "Data Quality Definition Language (DQDL) reference".
  /// Characters of a ruleset.
  public static let rulesetCharactersMax = 65_536
  /// Rules and analyzers of one result each.
  public static let rulesMax = 2_000
  public static let labelsPerRuleMax = 10
  public static let labelKeyCharactersMax = 128
  public static let labelValueCharactersMax = 256

  // Our own.
  /// Rules and numbers that may stand in one another.
  static let depthMax = 50
  /// Runs whose metrics `last(k)` may look back on.
  public static let historyMax = 1_000
  /// Aggregates of one query; what goes beyond is asked in a further one.
  static let aggregatesPerQueryMax = 500
  /// Scans that may fail until what is left has no judgement: an aggregate at fault is found by halves.
  static let failedScansMax = 100
  /// Earlier values that an anomaly is told from; with fewer, nothing is called one (AWS waits for three runs).
  static let anomalyHistoryMin = 3
  /// Files that a rule on files looks at.
  public static let filesMax = 100_000
  /// Characters of a message about a rule, in the API's model.
  public static let messageCharactersMax = 2_048
}
