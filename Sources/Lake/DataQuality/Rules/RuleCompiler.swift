/// Finds what a rule measures and how it is judged.
struct RuleCompiler: Sendable {
  let ground: RuleGround
  let engine: any QualityEngine
  let files: any QualityFiles

  /// - Throws: `RuleFailure` for a rule that the data cannot be held against; `CancellationError`.
  func compile(_ rule: SimpleRule) async throws -> CompiledRule {
    switch rule.type {
    case .rowCount: try ground.rowCount(rule)
    case .columnCount: try ground.columnCount(rule)
    case .columnExists: ground.columnExists(rule)
    case .columnNamesMatchPattern: try await columnNames(rule)
    case .completeness, .isComplete: try ground.completeness(rule)
    case .uniqueness, .isUnique, .uniqueValueRatio: try ground.uniqueness(rule)
    case .isPrimaryKey: try ground.primaryKey(rule)
    case .mean, .sum, .standardDeviation, .variance: try ground.statistic(rule)
    case .entropy: try ground.entropy(rule)
    case .distinctValuesCount: try ground.distinctValues(rule)
    case .columnCorrelation: try ground.correlation(rule)
    case .columnLength: try ground.columnLength(rule)
    case .columnValues: try ground.columnValues(rule)
    case .columnDataType: try ground.columnDataType(rule)
    case .dataFreshness: try ground.dataFreshness(rule)
    case .customSQL: try await customSQL(rule)
    case .rowCountMatch: try ground.rowCountMatch(rule)
    case .schemaMatch: try ground.schemaMatch(rule)
    case .aggregateMatch: try ground.aggregateMatch(rule)
    case .referentialIntegrity: try ground.referentialIntegrity(rule)
    case .datasetMatch: try ground.datasetMatch(rule)
    case .fileFreshness, .fileMatch, .fileSize, .fileUniqueness: try await fileRule(rule)
    case .detectAnomalies: try await detectAnomalies(rule)
    case .allStatistics: throw RuleFailure.error("AllStatistics is an analyzer.")
    }
  }
}
