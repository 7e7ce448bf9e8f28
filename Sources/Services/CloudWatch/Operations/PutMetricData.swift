import AWSWire
public import CloudWatchModel
public import Kernel

extension CloudWatchService {
  public func putMetricData(
    _ input: PutMetricDataInput, _ context: RequestContext
  ) async throws -> PutMetricDataOutput {
    try await context.authorize(
      "cloudwatch:PutMetricData", on: ["*"], conditions: ["cloudwatch:namespace": [input.namespace]])
    if input.namespace.hasPrefix("AWS/") { throw Fault.value(input.namespace, "Namespace") }
    let datums = (input.metricData ?? []) + (input.entityMetricData ?? []).flatMap { $0.metricData ?? [] }
    guard !datums.isEmpty else { throw Fault.missing("The parameter MetricData is required.") }
    guard datums.count <= Limits.datumsPerPutMax else {
      throw Fault.validation("The collection MetricData must not have a size greater than \(Limits.datumsPerPutMax).")
    }
    var buckets: [Bucket: Aggregate] = [:]
    for (index, datum) in datums.enumerated() {
      try add(datum, input.namespace, "MetricData.member.\(index + 1)", context.scope, to: &buckets)
    }
    try await store.add(buckets)
    return PutMetricDataOutput()
  }

  private func add(
    _ datum: MetricDatum, _ namespace: String, _ place: String, _ scope: Scope, to buckets: inout [Bucket: Aggregate]
  ) throws {
    let time = try Self.time(datum.timestamp, now: clock.now(), place)
    let aggregate = try Self.aggregate(datum, place)
    let dimensions = datum.dimensions ?? []
    guard dimensions.count <= Limits.dimensionsMax else {
      throw Fault.invalid(
        "The collection \(place).Dimensions must not have a size greater than \(Limits.dimensionsMax).")
    }
    guard Set(dimensions.map(\.name)).count == dimensions.count else {
      throw Fault.combination("The parameter \(place).Dimensions must not hold a dimension name twice.")
    }
    let metric = MetricName(
      namespace: namespace, name: datum.metricName, dimensions: dimensions.map { .init(name: $0.name, value: $0.value) }
    )
    var resolutions: [Int64] = [60]
    switch datum.storageResolution {
    case nil, 60: break
    case 1: resolutions.append(1)
    case let other?: throw Fault.value(String(other), "\(place).StorageResolution")
    }
    let unit = datum.unit ?? .none
    guard unit.isKnown else { throw Fault.value(unit.rawValue, "\(place).Unit") }
    for resolution in resolutions {
      let bucket = Bucket(
        series: Series(scope: scope, metric: metric), resolution: resolution,
        start: time.seconds.floorDivide(resolution) * resolution, unit: unit.rawValue)
      buckets[bucket, default: Aggregate()].merge(aggregate)
    }
  }

  private static func time(_ given: Timestamp?, now: Timestamp, _ place: String) throws -> Timestamp {
    guard let given else { return now }
    guard now.seconds - given.seconds <= Limits.putAgeSecondsMax else {
      throw Fault.invalid("The parameter \(place).Timestamp must specify a time within the past two weeks.")
    }
    guard given.seconds - now.seconds <= Limits.putAheadSecondsMax else {
      throw Fault.invalid("The parameter \(place).Timestamp must specify a time no more than two hours in the future.")
    }
    return given
  }

  /// The datum's values, in whichever of the three forms they came.
  private static func aggregate(_ datum: MetricDatum, _ place: String) throws -> Aggregate {
    let forms = [
      datum.value.map { _ in "Value" }, datum.values.map { _ in "Values" },
      datum.statisticValues.map { _ in "StatisticValues" },
    ].compactMap { $0 }
    if forms.count > 1 {
      throw Fault.combination(
        "The parameters \(place).\(forms[0]) and \(place).\(forms[1]) are mutually exclusive and you have specified "
          + "both.")
    }
    func check(_ value: Double, _ name: String) throws -> Double {
      guard value.isFinite, abs(value) <= Limits.valueMagnitudeMax else {
        throw Fault.value("\(value)", "\(place).\(name)")
      }
      return value
    }
    var aggregate = Aggregate()
    if let value = datum.value {
      aggregate.add(try check(value, "Value"))
    } else if let set = datum.statisticValues {
      let count = try check(set.sampleCount, "StatisticValues.SampleCount")
      let minimum = try check(set.minimum, "StatisticValues.Minimum")
      let maximum = try check(set.maximum, "StatisticValues.Maximum")
      guard count > 0 else { throw Fault.value("\(count)", "\(place).StatisticValues.SampleCount") }
      guard minimum <= maximum else {
        throw Fault.invalid(
          "The parameter \(place).StatisticValues.Maximum must be greater than \(place).StatisticValues.Minimum.")
      }
      aggregate.add(
        count: count, sum: try check(set.sum, "StatisticValues.Sum"), minimum: minimum, maximum: maximum)
    } else if let values = datum.values {
      let counts = datum.counts ?? values.map { _ in 1 }
      guard !values.isEmpty, values.count <= Limits.valuesPerDatumMax else {
        throw Fault.validation(
          "The collection \(place).Values must not have a size greater than \(Limits.valuesPerDatumMax).")
      }
      guard counts.count == values.count else {
        throw Fault.combination(
          "The parameters \(place).Values and \(place).Counts must be of the same size.")
      }
      for (value, count) in zip(values, counts) {
        guard try check(count, "Counts") > 0 else { throw Fault.value("\(count)", "\(place).Counts") }
        aggregate.add(try check(value, "Values"), times: count)
      }
    } else {
      throw Fault.missing(
        "At least one of the parameters \(place).Value, \(place).Values and "
          + "\(place).StatisticValues must be specified.")
    }
    return aggregate
  }
}
