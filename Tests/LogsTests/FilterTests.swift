import CTarnSystem
import Foundation
import Kernel
import Logs
import LogsModel
import NIOCore
import StorageTesting
import Testing

/// Metric filters and subscriptions.
@Suite struct FilterTests {
  private func filter(
    _ house: House, _ name: String = "f", pattern: String, value: String = "1", standard: Double? = nil,
    dimensions: [String: String]? = nil, namespace: String = "App"
  ) async throws -> PutMetricFilterOutput {
    try await house.service.putMetricFilter(
      PutMetricFilterInput(
        logGroupName: "g", filterName: name, filterPattern: pattern,
        metricTransformations: [
          MetricTransformation(
            metricName: "m-\(name)", metricNamespace: namespace, metricValue: value, defaultValue: standard,
            dimensions: dimensions, unit: .count)
        ]), house.context)
  }

  @Test func `filters count and measure what comes in`() async throws {
    let house = try await House()
    try await house.makeGroup()
    _ = try await filter(house, "errors", pattern: "ERROR")
    _ = try await filter(house, "latency", pattern: "{ $.ms > 10 }", value: "$.ms", dimensions: ["path": "$.path"])
    _ = try await filter(house, "bytes", pattern: "[ip, ..., size]", value: "$size")
    try await house.put([
      (house.now, "ERROR a"), (house.now, #"{"ms": 5}"#), (house.now, #"{"ms": 50, "path": "/x"}"#),
      (house.now, #"{"ms": 60}"#), (house.now, "1.2.3.4 GET 300"),
    ])
    #expect(house.taps.values("m-errors") == [1])
    #expect(house.taps.values("m-latency") == [50])
    #expect(house.taps.dimensions("m-latency") == ["path=/x"])
    #expect(house.taps.values("m-bytes") == [300])
    #expect(house.taps.values("IncomingLogEvents", dimensions: 1) == [5])
    let listed = try await house.service.describeMetricFilters(
      DescribeMetricFiltersInput(logGroupName: "g", filterNamePrefix: "l"), house.context)
    #expect(listed.metricFilters?.map(\.filterName) == ["latency"])
    _ = try await house.service.deleteMetricFilter(
      DeleteMetricFilterInput(logGroupName: "g", filterName: "errors"), house.context)
    try await house.put([(house.now, "ERROR b")])
    #expect(house.taps.values("m-errors") == [1])
  }

  @Test func `a minute without a match reports the default value`() async throws {
    let house = try await House()
    try await house.makeGroup()
    _ = try await filter(house, pattern: "ERROR", standard: 0)
    try await house.put([(house.now, "fine")])
    house.clock.advance(by: .seconds(60))
    try await house.put([(house.now, "fine"), (house.now, "ERROR")])
    house.service.reportDefaults()
    #expect(house.taps.values("m-f") == [1, 0])
    house.clock.advance(by: .seconds(60))
    house.service.reportDefaults()
    #expect(house.taps.values("m-f") == [1, 0])
  }

  @Test func `metric filters that are refused`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let wrong = [
      await failure { try await filter(house, pattern: "a:b") },
      await failure { try await filter(house, pattern: "a", value: "word") },
      await failure { try await filter(house, pattern: "a", namespace: "AWS/Own") },
      await failure { try await filter(house, pattern: "a", standard: 0, dimensions: ["a": "$.a"]) },
      await failure { try await filter(house, pattern: "a", dimensions: ["a": "fixed"]) },
    ]
    for error in wrong { #expect(error.code == "InvalidParameterException") }
    for index in 0..<5 { _ = try await filter(house, "r\(index)", pattern: "%a%") }
    #expect(await failure { try await filter(house, "r5", pattern: "%a%") }.code == "LimitExceededException")
    _ = try await filter(house, "r4", pattern: "%b%")
    #expect(
      await failure {
        try await house.service.deleteMetricFilter(
          DeleteMetricFilterInput(logGroupName: "g", filterName: "none"), house.context)
      }.code == "ResourceNotFoundException")
  }

  @Test func `patterns can be tried`() async throws {
    let house = try await House()
    let tried = try await house.service.testMetricFilter(
      TestMetricFilterInput(filterPattern: "[a, b = 2]", logEventMessages: ["x 1", "y 2"]), house.context)
    #expect(tried.matches?.map(\.eventNumber) == [2])
    #expect(tried.matches?.first?.extractedValues == ["$a": "y", "$b": "2"])
  }

  // MARK: Subscriptions

  private static let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/out"
  private static let role = "arn:aws:iam::000000000000:role/deliver"

  private func subscribe(
    _ house: House, _ name: String = "sub", pattern: String = "", to destination: String = stream,
    role: String? = role
  ) async throws -> PutSubscriptionFilterOutput {
    try await house.service.putSubscriptionFilter(
      PutSubscriptionFilterInput(
        logGroupName: "g", filterName: name, filterPattern: pattern, destinationArn: destination, roleArn: role),
      house.context)
  }

  private func unpacked(_ message: TapeTargets.Message) throws -> [String: Any] {
    var content: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = message.packed.withUnsafeReadableBytes { bytes in
      tarn_gunzip(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, 1 << 24, &content, &count)
    }
    defer { free(content) }
    try #require(result == 0)
    let data = Data(UnsafeBufferPointer(start: content, count: count))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func `a subscription delivers what matches from then on, once`() async throws {
    let house = try await House()
    try await house.makeGroup(streams: ["s", "t"])
    try await house.put([(house.now, "ERROR before")])
    _ = try await subscribe(house, pattern: "ERROR")
    #expect(house.targets.probes.withLock { $0 } == 1)
    try await house.put([(house.now, "ERROR 1"), (house.now, "INFO"), (house.now, "ERROR 2")])
    try await house.put([(house.now, "ERROR 3")], to: "t")
    await house.service.settleDeliveries()
    var messages = house.targets.messages.withLock { $0 }.sorted { $0.key < $1.key }
    #expect(messages.map(\.key) == ["s", "t"])
    let first = try unpacked(messages[0])
    #expect(first["messageType"] as? String == "DATA_MESSAGE" && first["owner"] as? String == "000000000000")
    #expect(first["logGroup"] as? String == "g" && first["logStream"] as? String == "s")
    #expect(first["subscriptionFilters"] as? [String] == ["sub"])
    let events = try #require(first["logEvents"] as? [[String: Any]])
    #expect(events.map { $0["message"] as? String } == ["ERROR 1", "ERROR 2"])
    #expect(messages[0].source == "arn:aws:logs:us-east-1:000000000000:log-group:g:*")

    // What was delivered is not delivered again, also not after a start anew.
    let again = try await House(after: house)
    try await again.put([(again.now, "ERROR 4")])
    await again.service.settleDeliveries()
    messages = again.targets.messages.withLock { $0 }
    #expect(messages.count == 1)
    #expect(((try unpacked(messages[0])["logEvents"] as? [[String: Any]])?.first?["message"] as? String) == "ERROR 4")
  }

  @Test func `what is refused for good is dropped and counted`() async throws {
    let house = try await House()
    try await house.makeGroup()
    _ = try await subscribe(house)
    house.targets.refusals.withLock { $0 = [AWSError("AccessDeniedException", "no")] }
    try await house.put([(house.now, "lost")])
    await house.service.settleDeliveries()
    try await house.put([(house.now, "there")])
    await house.service.settleDeliveries()
    #expect(house.targets.messages.withLock { $0.count } == 1)
    #expect(house.taps.values("DeliveryErrors") == [1])
    #expect(house.taps.values("ForwardedLogEvents") == [1])
  }

  @Test func `subscriptions that are refused`() async throws {
    let house = try await House()
    try await house.makeGroup()
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f"
    for error in [
      await failure { try await subscribe(house, role: nil) },
      await failure { try await subscribe(house, to: function) },
      await failure { try await subscribe(house, to: "arn:aws:sqs:us-east-1:000000000000:q") },
      await failure { try await subscribe(house, to: "nothing") },
    ] { #expect(error.code == "InvalidParameterException") }
    house.targets.refusals.withLock { $0 = [AWSError("AccessDeniedException", "no")] }
    let unreached = await failure { try await subscribe(house, to: function, role: nil) }
    #expect(unreached.message.hasPrefix("Could not execute the lambda function."))
    _ = try await subscribe(house, "a")
    _ = try await subscribe(house, "b", to: function, role: nil)
    #expect(await failure { try await subscribe(house, "c") }.code == "LimitExceededException")
    _ = try await subscribe(house, "a", pattern: "x")
    let listed = try await house.service.describeSubscriptionFilters(
      DescribeSubscriptionFiltersInput(logGroupName: "g"), house.context
    ).subscriptionFilters
    #expect(listed?.map(\.filterName) == ["a", "b"] && listed?.first?.filterPattern == "x")
    try await house.put([(house.now, "x")])
    await house.service.settleDeliveries()
    #expect(house.targets.messages.withLock { $0.map(\.principal) }.contains(.service("logs.amazonaws.com")))
    for name in ["a", "b"] {
      _ = try await house.service.deleteSubscriptionFilter(
        DeleteSubscriptionFilterInput(logGroupName: "g", filterName: name), house.context)
    }
    try await house.put([(house.now, "x")])
    await house.service.settleDeliveries()
    #expect(house.targets.messages.withLock { $0.count } == 2)
  }
}
