/// The types of rules, with what each is given and what its condition compares.
///
/// Source of the rules: "DQDL rule type reference", AWS Glue developer guide, and awslabs/dqdl, `rules-config.json`.
public enum RuleType: String, CaseIterable, Hashable, Sendable {
  case aggregateMatch = "AggregateMatch"
  case allStatistics = "AllStatistics"
  case columnCorrelation = "ColumnCorrelation"
  case columnCount = "ColumnCount"
  case columnDataType = "ColumnDataType"
  case columnExists = "ColumnExists"
  case columnLength = "ColumnLength"
  case columnNamesMatchPattern = "ColumnNamesMatchPattern"
  case columnValues = "ColumnValues"
  case completeness = "Completeness"
  case customSQL = "CustomSql"
  case dataFreshness = "DataFreshness"
  case datasetMatch = "DatasetMatch"
  case detectAnomalies = "DetectAnomalies"
  case distinctValuesCount = "DistinctValuesCount"
  case entropy = "Entropy"
  case fileFreshness = "FileFreshness"
  case fileMatch = "FileMatch"
  case fileSize = "FileSize"
  case fileUniqueness = "FileUniqueness"
  case isComplete = "IsComplete"
  case isPrimaryKey = "IsPrimaryKey"
  case isUnique = "IsUnique"
  case mean = "Mean"
  case referentialIntegrity = "ReferentialIntegrity"
  case rowCount = "RowCount"
  case rowCountMatch = "RowCountMatch"
  case schemaMatch = "SchemaMatch"
  case standardDeviation = "StandardDeviation"
  case sum = "Sum"
  case uniqueValueRatio = "UniqueValueRatio"
  case uniqueness = "Uniqueness"
  case variance = "Variance"

  /// What a condition compares.
  enum Answer: String { case boolean, number, string, date, duration, size }

  /// What the condition of a rule with so many parameters may compare, the first that fits is meant.
  func answers(parameters: Int) -> [Answer] {
    switch self {
    case .columnExists, .columnNamesMatchPattern, .detectAnomalies, .isComplete, .isPrimaryKey, .isUnique: [.boolean]
    case .fileMatch: parameters == 2 ? [.boolean] : [.string]
    case .columnDataType: [.string]
    case .columnValues: [.string, .number, .date]
    case .customSQL: [.number, .boolean]
    case .dataFreshness: [.duration]
    case .fileFreshness: [.date]
    case .fileSize: [.size]
    default: [.number]
    }
  }

  /// How many parameters a rule takes.
  var parameterCounts: ClosedRange<Int> {
    switch self {
    case .columnCount, .rowCount: 0...0
    case .fileFreshness, .fileSize, .fileUniqueness: 0...1
    case .fileMatch: 0...2
    case .aggregateMatch, .columnCorrelation, .referentialIntegrity: 2...2
    case .datasetMatch: 2...3
    case .isPrimaryKey, .isUnique, .uniqueness, .detectAnomalies: 1...Int.max
    default: 1...1
    }
  }

  var takesFilter: Bool {
    switch self {
    case .columnCorrelation, .columnDataType, .columnLength, .columnValues, .completeness, .dataFreshness,
      .distinctValuesCount, .entropy, .isComplete, .isPrimaryKey, .isUnique, .mean, .rowCount, .standardDeviation, .sum,
      .uniqueValueRatio, .uniqueness, .variance:
      true
    default: false
    }
  }

  var takesThreshold: Bool {
    switch self {
    case .columnDataType, .columnValues, .customSQL, .fileFreshness, .fileSize: true
    default: false
    }
  }

  var isAnalyzerOnly: Bool { self == .allStatistics }

  /// Whether a rule that stands in another is left out of the rows' results.
  var isExcludedFromCompositeRows: Bool {
    switch self {
    case .completeness, .uniqueness, .referentialIntegrity, .datasetMatch: true
    default: false
    }
  }
}
