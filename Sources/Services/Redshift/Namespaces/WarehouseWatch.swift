import Kernel
import Logging
import Storage

/// What goes on beside the calls: measurements every minute, and every hour the end of what is past its time.
public struct WarehouseWatch: Sendable {
  let house: WarehouseHouse
  let clusters: RedshiftService
  let serverless: ServerlessService
  let data: DataService
  /// Seconds of processor time that the whole server has used.
  let processorSeconds: @Sendable () -> Double
  let processors: Int

  public init(
    _ house: WarehouseHouse, clusters: RedshiftService, serverless: ServerlessService, data: DataService,
    processors: Int, processorSeconds: @escaping @Sendable () -> Double
  ) {
    self.house = house
    self.clusters = clusters
    self.serverless = serverless
    self.data = data
    self.processors = processors
    self.processorSeconds = processorSeconds
  }

  static let everySeconds = 60
  static let sweepEveryMinutes = 60
  /// AWS delivers at least every hour.
  static let auditEveryMinutes = 5

  /// Works until the task is cancelled.
  public func run() async {
    var (before, used, minutes) = (house.clock.now(), processorSeconds(), 0)
    while !Task.isCancelled {
      do {
        try await house.clock.sleep(for: .seconds(Self.everySeconds))
      } catch {
        return
      }
      let (now, spent) = (house.clock.now(), processorSeconds())
      let seconds = max(0.001, Double((now - before).milliseconds) / 1000)
      let percent = min(100, max(0, (spent - used) / seconds / Double(max(1, processors)) * 100))
      (before, used) = (now, spent)
      minutes += 1
      do {
        try await measure(processorPercent: percent, seconds: seconds)
        try await clusters.takeAutomatedSnapshots()
        try await clusters.runScheduledActions()
        if minutes % Self.auditEveryMinutes == 0 { try await clusters.deliverAudits() }
        if minutes % Self.sweepEveryMinutes == 0 { try await sweep() }
      } catch {
        house.logger.error("the warehouses' watch failed", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Does at once what is done in intervals: audits, automated snapshots.
  package func catchUp() async throws {
    try await clusters.takeAutomatedSnapshots()
    try await clusters.runScheduledActions()
    try await clusters.deliverAudits()
  }

  /// Ends what is past its time: snapshots, passwords, statements and results.
  package func sweep() async throws {
    try await clusters.expireSnapshots()
    try await serverless.expireSnapshots()
    try await house.passwords.sweep()
    try await data.sweep()
  }

  /// Measures every cluster and workgroup. CPUUtilization is the whole server's, as they share one process.
  package func measure(processorPercent: Double, seconds: Double) async throws {
    let (clusters, namespaces, workgroups) = try await house.keys.read { reader in
      (
        try reader.entries(ClusterRecord.everywhere), try reader.entries(NamespaceRecord.everywhere),
        try reader.entries(WorkgroupRecord.everywhere)
      )
    }
    for entry in clusters {
      guard let scope = RedshiftService.scope(entry.key) else { continue }
      let record = try KeyRecord.decode(ClusterRecord.self, entry.value)
      await measure(record, scope, processorPercent, seconds)
    }
    var byName: [String: NamespaceRecord] = [:]
    for entry in namespaces {
      guard let scope = RedshiftService.scope(entry.key) else { continue }
      let record = try KeyRecord.decode(NamespaceRecord.self, entry.value)
      byName["\(scope.account) \(scope.region) \(record.name)"] = record
    }
    for entry in workgroups {
      guard let scope = RedshiftService.scope(entry.key) else { continue }
      let record = try KeyRecord.decode(WorkgroupRecord.self, entry.value)
      guard let namespace = byName["\(scope.account) \(scope.region) \(record.namespace)"] else { continue }
      await measure(record, namespace, scope, seconds)
    }
  }

  private func measure(_ record: ClusterRecord, _ scope: Scope, _ percent: Double, _ seconds: Double) async {
    guard record.status != .paused else { return }
    let warehouse = await house.open.warehouse(record.namespace)
    let (now, load) = (house.clock.now(), await warehouse?.load ?? NamespaceLoad())
    let cluster = (name: "ClusterIdentifier", value: record.identifier)
    func sample(
      _ name: String, _ value: Double, _ unit: String, _ more: [(name: String, value: String)] = []
    ) -> MetricSample {
      MetricSample(
        "AWS/Redshift", name, dimensions: [cluster] + more, value: value, unit: unit, time: now, scope: scope)
    }
    let connections = await house.open.connections(record.namespace)
    let capacity = Double((ClusterLimits.nodeTypes[record.nodeType]?.gigabytes ?? 1) * Int64(record.nodes)) * 1e9
    var samples = [
      sample("HealthStatus", warehouse == nil ? 0 : 1, "Count"), sample("MaintenanceMode", 0, "Count"),
      sample("DatabaseConnections", Double(connections), "Count"), sample("CPUUtilization", percent, "Percent"),
      sample("PercentageDiskSpaceUsed", Double(load.bytesUsed) / capacity * 100, "Percent"),
    ]
    for (latency, durations) in Self.byLatency(load.queryDurations) {
      let dimension = [(name: "latency", value: latency)]
      samples.append(
        sample("QueriesCompletedPerSecond", Double(durations.count) / seconds, "Count/Second", dimension))
      for duration in durations {
        samples.append(sample("QueryDuration", Double(duration.nanoseconds) / 1000, "Microseconds", dimension))
      }
    }
    for limit in (try? await clusters.use(load.bytesScanned, scope, record.identifier)) ?? [] {
      let dimensions = [(name: "FeatureType", value: limit.feature), (name: "UsageLimitId", value: limit.id)]
      let used = Double(limit.used) / Double(ClusterUsageLimitRecord.terabyte)
      samples.append(sample("UsageLimitConsumed", used, "None", dimensions))
      samples.append(sample("UsageLimitAvailable", max(0, Double(limit.amount) - used), "None", dimensions))
    }
    house.metrics.record(samples)
  }

  private func measure(
    _ record: WorkgroupRecord, _ namespace: NamespaceRecord, _ scope: Scope, _ seconds: Double
  ) async {
    guard let warehouse = await house.open.warehouse(namespace.id) else { return }
    let (now, load) = (house.clock.now(), await warehouse.load)
    let workgroup = (name: "Workgroup", value: record.name)
    func sample(
      _ name: String, _ value: Double, _ unit: String, _ dimensions: [(name: String, value: String)]
    ) -> MetricSample {
      MetricSample(
        "AWS/Redshift-Serverless", name, dimensions: dimensions, value: value, unit: unit, time: now, scope: scope)
    }
    let connections = await house.open.connections(namespace.id)
    var samples = [
      sample(
        "DatabaseConnections", Double(connections), "Count",
        [(name: "Database", value: namespace.database), workgroup]),
      sample("QueriesRunning", Double(load.queriesRunning), "None", [workgroup]),
      sample(
        "DataStorage", Double(load.bytesUsed) / 1_048_576, "Megabytes", [(name: "Namespace", value: namespace.name)]),
    ]
    for (latency, durations) in Self.byLatency(load.queryDurations) {
      let dimensions = [(name: "LatencyRange", value: latency), workgroup]
      samples.append(
        sample("QueriesCompletedPerSecond", Double(durations.count) / seconds, "Count/Second", dimensions))
      for duration in durations {
        samples.append(sample("QueryDuration", Double(duration.nanoseconds) / 1000, "Microseconds", dimensions))
      }
    }
    house.metrics.record(samples)
  }

  /// AWS's ranges: short below 10 seconds, medium to 10 minutes, long beyond.
  private static func byLatency(_ durations: [Duration]) -> [(String, [Duration])] {
    let ranges: [(String, (Duration) -> Bool)] = [
      ("short", { $0 < .seconds(10) }), ("medium", { $0 >= .seconds(10) && $0 <= .seconds(600) }),
      ("long", { $0 > .seconds(600) }),
    ]
    return ranges.map { range in (range.0, durations.filter(range.1)) }.filter { !$0.1.isEmpty }
  }
}
