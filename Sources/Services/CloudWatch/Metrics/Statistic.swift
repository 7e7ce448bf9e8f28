/// A statistic as it is asked for: `Average`, `p99.9`.
package enum MetricStatistic: Sendable, Hashable {
  case sampleCount, average, sum, minimum, maximum
  /// 0 to 100.
  case percentile(Double)

  /// - Returns: `nil` for a statistic that CloudWatch does not have, or Tarn not yet (trimmed means and the like).
  package init?(_ text: String) {
    switch text {
    case "SampleCount": self = .sampleCount
    case "Average": self = .average
    case "Sum": self = .sum
    case "Minimum": self = .minimum
    case "Maximum": self = .maximum
    default:
      guard text.hasPrefix("p"), text.count > 1, text.dropFirst().allSatisfy({ $0.isNumber || $0 == "." }),
        let percent = Double(text.dropFirst()), (0...100).contains(percent)
      else { return nil }
      self = .percentile(percent)
    }
  }

  /// - Returns: `nil` for a percentile of values that came as StatisticSets.
  package func value(of aggregate: Aggregate) -> Double? {
    switch self {
    case .sampleCount: aggregate.count
    case .average: aggregate.average
    case .sum: aggregate.sum
    case .minimum: aggregate.minimum
    case .maximum: aggregate.maximum
    case .percentile(let percent): aggregate.percentile(percent)
    }
  }
}
