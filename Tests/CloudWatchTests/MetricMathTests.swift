import AWSWire
import CloudWatch
import CloudWatchModel
import Kernel
import StorageTesting
import Testing

/// GetMetricData over two small metrics: `a` is 1, 2, 4 in the minutes 0, 1, 2; `b` is 10 and 30 in 0 and 2.
struct MetricMathTests {
  static let start: Int64 = 1_700_049_600
  let clock = ManualClock(Timestamp(seconds: start + 600))
  let service: CloudWatchService

  init() async throws {
    service = CloudWatchService(keys: MemoryKeyStore(), clock: clock)
    for (name, values) in ["a": [0: 1.0, 1: 2, 2: 4], "b": [0: 10, 2: 30]] {
      for (minute, value) in values {
        let datum = MetricDatum(
          metricName: name, timestamp: Timestamp(seconds: Self.start + Int64(minute) * 60), value: value)
        _ = try await service.putMetricData(PutMetricDataInput(namespace: "App", metricData: [datum]), context())
      }
    }
  }

  func context() -> RequestContext {
    RequestContext(
      requestID: "r", scope: Scope(account: .standard, region: .usEast1), principal: .root(of: .standard),
      time: clock.now(), authorizer: OpenAuthorizer())
  }

  func ask(
    _ expressions: [String], minutes: Int64 = 4, scanBy: ScanBy? = .timestampAscending, max: Int? = nil,
    token: String? = nil
  ) async throws -> GetMetricDataOutput {
    func stat(_ id: String) -> MetricDataQuery {
      MetricDataQuery(
        id: id, metricStat: MetricStat(metric: Metric(namespace: "App", metricName: id), period: 60, stat: "Sum"),
        returnData: expressions.isEmpty)
    }
    let queries =
      [stat("a"), stat("b")]
      + expressions.enumerated().map {
        MetricDataQuery(id: "e\($0.offset)", expression: $0.element)
      }
    return try await service.getMetricData(
      GetMetricDataInput(
        metricDataQueries: queries, startTime: Timestamp(seconds: Self.start),
        endTime: Timestamp(seconds: Self.start + minutes * 60), nextToken: token, scanBy: scanBy, maxDatapoints: max),
      context())
  }

  struct Case: Sendable, CustomStringConvertible {
    var expression: String
    /// By minute.
    var values: [Int: Double]
    init(_ expression: String, _ values: [Int: Double]) {
      self.expression = expression
      self.values = values
    }
    var description: String { expression }
  }

  static let cases: [Case] = [
    Case("a", [0: 1, 1: 2, 2: 4]),
    Case("a + b", [0: 11, 2: 34]),
    Case("a * 2 + 1", [0: 3, 1: 5, 2: 9]),
    Case("1 + 2 * a", [0: 3, 1: 5, 2: 9]),
    Case("(1 + 2) * a", [0: 3, 1: 6, 2: 12]),
    Case("-a ^ 2", [0: -1, 1: -4, 2: -16]),
    Case("a - -1", [0: 2, 1: 3, 2: 5]),
    Case("2 ^ 3 ^ a", [0: 8, 1: 512, 2: 2.4178516392292583e24]),
    Case("b / (a - 1)", [2: 10]),
    Case("a > 1", [0: 0, 1: 1, 2: 1]),
    Case("a > 1 AND a < 4", [0: 0, 1: 1, 2: 0]),
    Case("a == 1 || a == 4", [0: 1, 1: 0, 2: 1]),
    Case("SUM(METRICS())", [0: 11, 1: 2, 2: 34]),
    Case("SUM([a, b])", [0: 11, 1: 2, 2: 34]),
    Case("AVG(METRICS())", [0: 5.5, 1: 2, 2: 17]),
    Case("MAX(METRICS('a'))", [0: 1, 1: 2, 2: 4]),
    Case("MIN(METRICS())", [0: 1, 1: 2, 2: 4]),
    Case("a / SUM(a)", [0: 1.0 / 7, 1: 2.0 / 7, 2: 4.0 / 7]),
    Case("a - AVG(a) + AVG(a)", [0: 1, 1: 2, 2: 4]),
    Case("FILL(b, 0)", [0: 10, 1: 0, 2: 30, 3: 0]),
    Case("FILL(b, REPEAT)", [0: 10, 1: 10, 2: 30, 3: 30]),
    Case("FILL(b, LINEAR)", [0: 10, 1: 20, 2: 30]),
    Case("RATE(a) * 60", [1: 1, 2: 2]),
    Case("DIFF(a)", [1: 1, 2: 2]),
    Case("RUNNING_SUM(a)", [0: 1, 1: 3, 2: 7]),
    Case("IF(a > 1, a, 0)", [0: 0, 1: 2, 2: 4]),
    Case("IF(a > 1, b)", [2: 30]),
    Case("ABS(-a)", [0: 1, 1: 2, 2: 4]),
    Case("CEIL(a / 3)", [0: 1, 1: 1, 2: 2]),
    Case("LOG10(b)", [0: 1, 2: 1.4771212547196624]),
    Case("TIME_SERIES(PERIOD(a))", [0: 60, 1: 60, 2: 60, 3: 60]),
    Case("a * 0 + DATAPOINT_COUNT(b)", [0: 2, 1: 2, 2: 2]),
    Case("a * 0 + LAST(a) + FIRST(b)", [0: 14, 1: 14, 2: 14]),
    Case("a * 0 + METRIC_COUNT(METRICS())", [0: 2, 1: 2, 2: 2]),
    Case("MINUTE(a)", [0: 0, 1: 1, 2: 2]),
  ]

  @Test(arguments: cases) func `an expression gives its values`(_ example: Case) async throws {
    let result = try #require(try await ask([example.expression]).metricDataResults?.first)
    let minutes = result.timestamps?.map { Int(($0.seconds - Self.start) / 60) }
    #expect(minutes == example.values.keys.sorted())
    for (value, minute) in zip(result.values ?? [], minutes ?? []) {
      let exact = example.values[minute] ?? .nan
      #expect(abs(value - exact) <= abs(exact) * 1e-12)
    }
  }

  static let wrong = [
    "", "a +", "(a", "a b", "1 + 2", "SUM(a)", "NOSUCH(a)", "nosuch + 1", "SEARCH('x', 'Sum', 60)", "FILL(a)", "a ! b",
    "'a", "IF(1, 2)", "e0 + 1", String(repeating: "(", count: 1000), String(repeating: "-", count: 2000),
    String(repeating: "a+", count: 2000) + "a",
  ]

  @Test(arguments: wrong) func `nonsense is refused`(_ expression: String) async throws {
    do {
      _ = try await ask([expression])
      Issue.record("taken: \(expression)")
    } catch let error as AWSError {
      #expect(error.code == "ValidationError")
    }
  }

  @Test func `expressions read one another in any order, but not in a circle`() async throws {
    let output = try await ask(["e1 * 2", "a + 1"])
    #expect(output.metricDataResults?.map(\.values) == [[4, 6, 10], [2, 3, 5]])
    await #expect(throws: AWSError.self) { _ = try await ask(["e1", "e0"]) }
  }

  @Test func `an array gives a result for each of its series`() async throws {
    let output = try await ask(["METRICS()"], scanBy: nil)
    #expect(output.metricDataResults?.map(\.values) == [[4, 2, 1], [30, 10]])
    #expect(output.metricDataResults?.map(\.label) == ["e0 a", "e0 b"])
  }

  @Test func `long answers come in pages`() async throws {
    let first = try await ask([], max: 2)
    #expect(first.metricDataResults?.map(\.values) == [[1, 2]])
    #expect(first.metricDataResults?.first?.statusCode == .partialData)
    let second = try await ask([], max: 2, token: first.nextToken)
    #expect(second.metricDataResults?.map(\.values) == [[4], [10]])
    let third = try await ask([], max: 2, token: second.nextToken)
    #expect(third.metricDataResults?.map(\.values) == [[30]] && third.nextToken == nil)
  }
}
