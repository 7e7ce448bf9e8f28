import AWSWire
public import CloudWatchModel
public import Kernel

extension CloudWatchService {
  public func listMetrics(_ input: ListMetricsInput, _ context: RequestContext) async throws -> ListMetricsOutput {
    try await context.authorize("cloudwatch:ListMetrics", on: ["*"])
    var after: [UInt8]?
    if let token = input.nextToken {
      guard let bytes = Self.bytes(hex: token) else { throw Fault.token }
      after = bytes
    }
    if let active = input.recentlyActive, active != .pt3h { throw Fault.value(active.rawValue, "RecentlyActive") }
    try await store.flush()
    let span = input.recentlyActive == nil ? Limits.listedSeconds : Limits.recentlyActiveSeconds
    let oldest = clock.now().seconds - span
    let filters = input.dimensions ?? []
    let (records, next) = try await store.metrics(
      context.scope, namespace: input.namespace, name: input.metricName, after: after, limit: Limits.metricsPerPageMax
    ) { record in
      record.latest >= oldest
        && filters.allSatisfy { filter in
          record.metric.dimensions.contains {
            $0.name == filter.name && (filter.value == nil || $0.value == filter.value)
          }
        }
    }
    return ListMetricsOutput(metrics: records.map { $0.metric.shape }, nextToken: next?.hex)
  }

  static func bytes(hex text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0, digits.count <= 8192 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

extension MetricName {
  var shape: Metric {
    Metric(
      namespace: namespace, metricName: name,
      dimensions: dimensions.map { CloudWatchModel.Dimension(name: $0.name, value: $0.value) })
  }
}
