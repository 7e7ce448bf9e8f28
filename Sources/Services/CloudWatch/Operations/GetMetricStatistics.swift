import AWSWire
public import CloudWatchModel
public import Kernel

extension CloudWatchService {
  public func getMetricStatistics(
    _ input: GetMetricStatisticsInput, _ context: RequestContext
  ) async throws -> GetMetricStatisticsOutput {
    try await context.authorize("cloudwatch:GetMetricStatistics", on: ["*"])
    let period = try Period.check(input.period, "Period")
    guard input.startTime < input.endTime else {
      throw Fault.invalid("The parameter StartTime must be less than the parameter EndTime.")
    }
    let statistics = input.statistics ?? []
    let extended = input.extendedStatistics ?? []
    guard !statistics.isEmpty || !extended.isEmpty else {
      throw Fault.combination("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
    }
    for statistic in statistics where !statistic.isKnown { throw Fault.value(statistic.rawValue, "Statistics") }
    let percentiles = try extended.map { text in
      guard case .percentile(let percent)? = MetricStatistic(text) else {
        throw Fault.value(text, "ExtendedStatistics")
      }
      return (text, percent)
    }
    // The first period begins at StartTime, rounded down to the minute (below a minute, to the second).
    let grain: Int64 = period < 60 ? period : 60
    let start = input.startTime.seconds.floorDivide(grain) * grain
    let end = input.endTime.seconds
    let asked = (end.saturatingAdd(-start)).saturatingAdd(period - 1) / period
    guard asked <= Limits.datapointsPerStatisticsMax else {
      throw Fault.combination(
        "You have requested up to \(asked.grouped) datapoints, which exceeds the limit of "
          + "\(Int64(Limits.datapointsPerStatisticsMax).grouped). You may reduce the datapoints requested by "
          + "increasing "
          + "Period, or decreasing the time range.")
    }
    let metric = MetricName(
      namespace: input.namespace, name: input.metricName,
      dimensions: (input.dimensions ?? []).map { .init(name: $0.name, value: $0.value) })
    let buckets = try await periods(
      Series(scope: context.scope, metric: metric), from: start, to: end, period: period, unit: input.unit?.rawValue)
    let datapoints = buckets.map { bucket in
      var point = Datapoint(timestamp: Timestamp(seconds: bucket.start), unit: StandardUnit(rawValue: bucket.unit))
      for statistic in statistics {
        switch statistic {
        case .sampleCount: point.sampleCount = bucket.aggregate.count
        case .average: point.average = bucket.aggregate.average
        case .sum: point.sum = bucket.aggregate.sum
        case .minimum: point.minimum = bucket.aggregate.minimum
        default: point.maximum = bucket.aggregate.maximum
        }
      }
      if !percentiles.isEmpty {
        point.extendedStatistics = [:]
        for (text, percent) in percentiles {
          if let value = bucket.aggregate.percentile(percent) { point.extendedStatistics?[text] = value }
        }
      }
      return point
    }
    return GetMetricStatisticsOutput(label: input.metricName, datapoints: datapoints)
  }

  /// A metric's values by period, those of each unit by themselves, oldest first.
  func periods(
    _ series: Series, from start: Int64, to end: Int64, period: Int64, unit: String?
  ) async throws -> [MetricStore.Point] {
    try await store.flush()
    let points = try await store.points(series, from: start, to: end, period: period)
    struct Slot: Hashable {
      var start: Int64
      var unit: String
    }
    var slots: [Slot: Aggregate] = [:]
    for point in points where unit == nil || point.unit == unit {
      let slot = Slot(start: start + (point.start - start) / period * period, unit: point.unit)
      slots[slot, default: Aggregate()].merge(point.aggregate)
    }
    return slots.map { MetricStore.Point(start: $0.key.start, unit: $0.key.unit, aggregate: $0.value) }
      .sorted { ($0.start, $0.unit) < ($1.start, $1.unit) }
  }
}

extension Int64 {
  /// With commas between the thousands, as AWS's messages write numbers.
  var grouped: String {
    var text = ""
    for (index, digit) in String(self).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
