import AWSWire
import CloudWatch
import CloudWatchModel
import Kernel
import StorageTesting
import Testing

/// Measurements in, statistics out.
struct MetricsTests {
  let store = MemoryKeyStore()
  /// Noon of a day, on a whole hour.
  let clock = ManualClock(Timestamp(seconds: 1_700_049_600))
  let service: CloudWatchService

  init() { service = CloudWatchService(keys: store, clock: clock) }

  static let scope = Scope(account: .standard, region: .usEast1)

  func context() -> RequestContext {
    RequestContext(
      requestID: "r", scope: Self.scope, principal: .root(of: .standard), time: clock.now(),
      authorizer: OpenAuthorizer())
  }

  func code(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "no error"
    } catch let error as AWSError {
      return error.code
    } catch {
      return "\(error)"
    }
  }

  func put(_ datum: MetricDatum, namespace: String = "App") async throws {
    _ = try await service.putMetricData(PutMetricDataInput(namespace: namespace, metricData: [datum]), context())
  }

  func statistics(
    _ name: String, namespace: String = "App", minutes: Int64 = 60, period: Int = 60,
    _ statistics: [Statistic] = [.sum, .average, .minimum, .maximum, .sampleCount], extended: [String]? = nil,
    dimensions: [Dimension]? = nil
  ) async throws -> [Datapoint] {
    try await service.getMetricStatistics(
      GetMetricStatisticsInput(
        namespace: namespace, metricName: name, dimensions: dimensions,
        startTime: Timestamp(seconds: clock.now().seconds - minutes * 60), endTime: clock.now() + .seconds(60),
        period: period, statistics: statistics, extendedStatistics: extended), context()
    ).datapoints ?? []
  }

  @Test func `what services measure is aggregated by the minute, dimensions in any order`() async throws {
    for (index, value) in [1.0, 2, 3, 10].enumerated() {
      let dimensions = [(name: "StreamName", value: "s"), (name: "ShardId", value: "0")]
      service.record([
        MetricSample(
          "AWS/Kinesis", "IncomingBytes", dimensions: index % 2 == 0 ? dimensions : dimensions.reversed(),
          value: value, unit: "Bytes", time: clock.now(), scope: Self.scope)
      ])
      if index == 2 { clock.advance(by: .seconds(60)) }
    }
    let points = try await statistics(
      "IncomingBytes", namespace: "AWS/Kinesis",
      dimensions: [Dimension(name: "ShardId", value: "0"), Dimension(name: "StreamName", value: "s")])
    #expect(points.map(\.sum) == [6, 10])
    #expect(points.map(\.sampleCount) == [3, 1])
    #expect(points.first?.average == 2 && points.first?.minimum == 1 && points.first?.maximum == 3)
    #expect(points.first?.unit == .bytes)
    #expect(
      points.map(\.timestamp) == [Timestamp(seconds: 1_700_049_600), Timestamp(seconds: 1_700_049_660)])
    // All of it is in the store now: another service over it answers the same.
    let again = CloudWatchService(keys: store, clock: clock)
    let listed = try await again.listMetrics(ListMetricsInput(namespace: "AWS/Kinesis"), context())
    #expect(listed.metrics?.map(\.metricName) == ["IncomingBytes"])
    #expect(listed.metrics?.first?.dimensions?.map(\.name) == ["ShardId", "StreamName"])
  }

  @Test func `the loop writes every minute and at its end`() async throws {
    let task = Task { try await service.run() }
    let sample = MetricSample(
      "AWS/S3", "PutRequests", dimensions: [], value: 1, unit: "Count", time: clock.now(), scope: Self.scope)
    service.record([sample])
    while clock.sleeping == 0 { await Task.yield() }
    service.record([sample])
    task.cancel()
    try await task.value
    let again = CloudWatchService(keys: store, clock: clock)
    let points = try await again.getMetricStatistics(
      GetMetricStatisticsInput(
        namespace: "AWS/S3", metricName: "PutRequests", startTime: clock.now() - .seconds(60),
        endTime: clock.now() + .seconds(60), period: 60, statistics: [.sum]), context()
    ).datapoints
    #expect(points?.map(\.sum) == [2])
  }

  @Test func `values come one by one, counted, or as sets`() async throws {
    try await put(MetricDatum(metricName: "m", value: 4))
    try await put(MetricDatum(metricName: "m", values: [1, 2], counts: [3, 1]))
    try await put(
      MetricDatum(
        metricName: "m", statisticValues: StatisticSet(sampleCount: 2, sum: 9, minimum: 0.5, maximum: 8.5)))
    let point = try #require(try await statistics("m").first)
    #expect(point.sampleCount == 7 && point.sum == 18 && point.minimum == 0.5 && point.maximum == 8.5)
    // Percentiles are lost once a set was among the values.
    #expect(try await statistics("m", [], extended: ["p50"]).first?.extendedStatistics == [:])
  }

  @Test func `percentiles are right to within a hundredth`() async throws {
    for start in stride(from: 1, through: 1000, by: 100) {
      try await put(MetricDatum(metricName: "latency", values: (start..<start + 100).map(Double.init)))
    }
    let found = try await statistics("latency", [], extended: ["p50", "p99", "p99.9", "p0", "p100"])
    let percentiles = try #require(found.first?.extendedStatistics)
    for (name, exact) in ["p50": 500.0, "p99": 990, "p99.9": 999, "p0": 1, "p100": 1000] {
      let value = try #require(percentiles[name])
      #expect(abs(value - exact) / exact < 0.015, "\(name) is \(value)")
    }
  }

  @Test func `percentiles of few values are values that were measured`() async throws {
    try await put(MetricDatum(metricName: "few", values: [10, 20, 30], counts: [1, 2, 1]))
    let found = try await statistics("few", [], extended: ["p25", "p50", "p75", "p76", "p99"])
    let percentiles = try #require(found.first?.extendedStatistics)
    for (name, exact) in ["p25": 10.0, "p50": 20, "p75": 20, "p76": 30, "p99": 30] {
      let value = try #require(percentiles[name])
      #expect(abs(value - exact) / exact < 0.015, "\(name) is \(value)")
    }
  }

  @Test func `negative values and zero have percentiles too`() async throws {
    try await put(MetricDatum(metricName: "t", values: [-100, -1, 0, 1, 100]))
    let found = try await statistics("t", [], extended: ["p0", "p50", "p100"])
    #expect(found.first?.extendedStatistics == ["p0": -100, "p50": 0, "p100": 100])
  }

  @Test func `periods gather minutes, and high resolution shows seconds`() async throws {
    for second in [0, 1, 2, 61] {
      try await put(
        MetricDatum(
          metricName: "h", timestamp: Timestamp(seconds: clock.now().seconds - 120 + Int64(second)), value: 1,
          storageResolution: 1))
    }
    #expect(try await statistics("h", minutes: 2, period: 1, [.sum]).map(\.sum) == [1, 1, 1, 1])
    #expect(try await statistics("h", minutes: 2, period: 60, [.sum]).map(\.sum) == [3, 1])
    #expect(try await statistics("h", minutes: 60, period: 3600, [.sum]).map(\.sum) == [4])
  }

  @Test func `units keep apart`() async throws {
    try await put(MetricDatum(metricName: "u", value: 1, unit: .bytes))
    try await put(MetricDatum(metricName: "u", value: 2, unit: .count))
    #expect(try await statistics("u", [.sum]).map(\.unit) == [.bytes, .count])
  }

  @Test func `bad input is refused with AWS's codes and changes nothing`() async throws {
    #expect(
      await code { try await put(MetricDatum(metricName: "m", value: 1), namespace: "AWS/S3") }
        == "InvalidParameterValue")
    #expect(await code { try await put(MetricDatum(metricName: "m")) } == "MissingParameter")
    #expect(
      await code { try await put(MetricDatum(metricName: "m", value: 1, values: [1])) }
        == "InvalidParameterCombination")
    #expect(await code { try await put(MetricDatum(metricName: "m", value: .nan)) } == "InvalidParameterValue")
    #expect(await code { try await put(MetricDatum(metricName: "m", value: 1e300)) } == "InvalidParameterValue")
    #expect(
      await code { try await put(MetricDatum(metricName: "m", values: [1, 2], counts: [1])) }
        == "InvalidParameterCombination")
    let longAgo = Timestamp(seconds: clock.now().seconds - Limits.putAgeSecondsMax - 1)
    #expect(
      await code { try await put(MetricDatum(metricName: "m", timestamp: longAgo, value: 1)) }
        == "InvalidParameterValue")
    #expect(
      await code { try await put(MetricDatum(metricName: "m", value: 1, storageResolution: 5)) }
        == "InvalidParameterValue")
    #expect(await code { _ = try await statistics("m", period: 61) } == "InvalidParameterValue")
    #expect(await code { _ = try await statistics("m", []) } == "InvalidParameterCombination")
    #expect(await code { _ = try await statistics("m", minutes: 1440) } == "InvalidParameterCombination")
    #expect(await code { _ = try await statistics("m", minutes: 1439) } == "no error")
    #expect(try await service.listMetrics(ListMetricsInput(), context()).metrics == [])
  }

  @Test func `metrics are listed in pages, by filters, while they are alive`() async throws {
    for index in 0..<7 {
      let datums = (0..<100).map { number in
        MetricDatum(
          metricName: "m\(index)",
          dimensions: [Dimension(name: "d", value: "\(number)"), Dimension(name: "e", value: "x")],
          value: 1)
      }
      _ = try await service.putMetricData(PutMetricDataInput(namespace: "App", metricData: datums), context())
    }
    let first = try await service.listMetrics(ListMetricsInput(), context())
    #expect(first.metrics?.count == 500)
    let second = try await service.listMetrics(ListMetricsInput(nextToken: first.nextToken), context())
    #expect(second.metrics?.count == 200 && second.nextToken == nil)
    let some = try await service.listMetrics(
      ListMetricsInput(
        namespace: "App", metricName: "m3",
        dimensions: [DimensionFilter(name: "d", value: "7"), DimensionFilter(name: "e")]), context())
    #expect(some.metrics?.count == 1)
    #expect(
      await code { _ = try await service.listMetrics(ListMetricsInput(nextToken: "x"), context()) }
        == "InvalidNextToken")
    clock.advance(by: .seconds(4 * 3600))
    #expect(try await service.listMetrics(ListMetricsInput(recentlyActive: .pt3h), context()).metrics == [])
    #expect(try await service.listMetrics(ListMetricsInput(), context()).metrics?.count == 500)
    clock.advance(by: .seconds(15 * 86_400))
    #expect(try await service.listMetrics(ListMetricsInput(), context()).metrics == [])
  }

  @Test func `old minutes become hours, and old hours go`() async throws {
    for minute in 0..<120 {
      try await put(
        MetricDatum(
          metricName: "old", timestamp: Timestamp(seconds: clock.now().seconds - Int64(minute) * 60), value: 1))
    }
    clock.advance(by: .seconds(16 * 86_400))
    try await service.maintain()
    let span: Int64 = 17 * 24 * 60
    let hours = try await statistics("old", minutes: span, period: 3600, [.sum])
    #expect(hours.reduce(0) { $0 + ($1.sum ?? 0) } == 120)
    // Below an hour nothing finer is left.
    #expect(try await statistics("old", minutes: span, period: 1800, [.sum]).count <= 3)
    clock.advance(by: .seconds(460 * 86_400))
    try await service.maintain()
    #expect(try await statistics("old", minutes: 500 * 24 * 60, period: 86_400, [.sum]).isEmpty)
  }
}
