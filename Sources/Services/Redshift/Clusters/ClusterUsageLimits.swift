public import Kernel
public import RedshiftModel
import Storage

/// A usage limit of a cluster as it is kept, with what was used of it in the present period. Only what Spectrum scans
/// is measured: there is no concurrency scaling and no other region.
struct ClusterUsageLimitRecord: Codable, Sendable {
  var id: String
  var cluster: String
  var feature: String
  /// `time` in minutes, `data-scanned` in terabytes.
  var limitType: String
  var amount: Int64
  var period: String
  var action: String
  var tags: [String: String]
  /// Bytes that were scanned since `since`, the period's begin.
  var used: Int64 = 0
  var since: Timestamp

  static func key(_ scope: Scope, _ id: String) -> Key {
    Key("redshift-cluster-usage-limit", scope.account.digits, scope.region.code, id)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-cluster-usage-limit", scope.account.digits, scope.region.code).subtree
  }
  static func arn(_ scope: Scope, _ id: String) -> ARN {
    ARN(service: "redshift", scope.region, scope.account, "usagelimit:\(id)")
  }

  static let terabyte: Int64 = 1 << 40
  /// Whether the period's amount is used up.
  var isBreached: Bool { feature == "spectrum" && used >= amount.saturatingMultiply(Self.terabyte) }

  /// A day, a week from Sunday on, or a month, in UTC.
  static func begin(of period: String, at moment: Timestamp) -> Timestamp {
    let time = CivilTime(moment)
    let day = CivilTime(year: time.year, month: time.month, day: time.day).timestamp
    return switch period {
    case "daily": day
    case "weekly": day - .seconds(Int64(time.weekday % 7) * 86_400)
    default: CivilTime(year: time.year, month: time.month, day: 1).timestamp
    }
  }

  /// Adds what was scanned; a new period begins at nothing.
  mutating func add(_ bytes: Int64, at now: Timestamp) {
    let begin = Self.begin(of: period, at: now)
    if since < begin { (used, since) = (0, begin) }
    if feature == "spectrum" { used = used.saturatingAdd(bytes) }
  }

  var shape: UsageLimit {
    UsageLimit(
      usageLimitId: id, clusterIdentifier: cluster, featureType: UsageLimitFeatureType(rawValue: feature),
      limitType: UsageLimitLimitType(rawValue: limitType), amount: amount,
      period: UsageLimitPeriod(rawValue: period), breachAction: UsageLimitBreachAction(rawValue: action),
      tags: tags.sorted { $0.key < $1.key }.map { Tag(key: $0.key, value: $0.value) })
  }
}

extension RedshiftService {
  public func createUsageLimit(_ input: CreateUsageLimitInput, _ context: RequestContext) async throws
    -> CreateUsageLimitOutput
  {
    let (scope, now, id) = (context.scope, house.clock.now(), house.random.uuid())
    try await context.authorize("redshift:CreateUsageLimit", on: ClusterUsageLimitRecord.arn(scope, id))
    let wanted = input.featureType.rawValue == "concurrency-scaling" ? "time" : "data-scanned"
    guard input.featureType.rawValue.hasPrefix("extra") || input.limitType.rawValue == wanted else {
      throw RedshiftError.invalidUsageLimitFault(
        "The limit type \(input.limitType.rawValue) is not valid for the feature \(input.featureType.rawValue).")
    }
    guard input.amount > 0 else { throw RedshiftError.invalidUsageLimitFault("The amount must be a positive number.") }
    let period = (input.period ?? .monthly).rawValue
    let record = ClusterUsageLimitRecord(
      id: id, cluster: input.clusterIdentifier.lowercased(), feature: input.featureType.rawValue,
      limitType: input.limitType.rawValue, amount: input.amount, period: period,
      action: (input.breachAction ?? .log).rawValue, tags: try ClusterRules.tags(input.tags),
      since: ClusterUsageLimitRecord.begin(of: period, at: now))
    try await keys.write { transaction in
      _ = try transaction.cluster(scope, record.cluster)
      let others = try transaction.records(ClusterUsageLimitRecord.all(scope), as: ClusterUsageLimitRecord.self)
        .filter { $0.cluster == record.cluster && $0.feature == record.feature }
      guard !others.contains(where: { $0.period == period && $0.action == record.action && $0.amount == record.amount })
      else { throw RedshiftError.usageLimitAlreadyExistsFault("The usage limit already exists.") }
      guard others.count < ClusterLimits.usageLimitsPerFeatureMax else {
        throw RedshiftError.limitExceededFault(
          "A feature of a cluster can have at most \(ClusterLimits.usageLimitsPerFeatureMax) usage limits.")
      }
      try transaction.set(ClusterUsageLimitRecord.key(scope, id), record: record)
    }
    return record.shape
  }

  private static func usageLimit(
    _ id: String, _ scope: Scope, _ reader: any KeyReader
  ) throws -> ClusterUsageLimitRecord {
    guard let record = try reader.get(ClusterUsageLimitRecord.key(scope, id), as: ClusterUsageLimitRecord.self) else {
      throw RedshiftError.usageLimitNotFoundFault("The usage limit \(id) does not exist.")
    }
    return record
  }

  public func describeUsageLimits(_ input: DescribeUsageLimitsInput, _ context: RequestContext) async throws
    -> DescribeUsageLimitsOutput
  {
    let scope = context.scope
    try await context.authorize("redshift:DescribeUsageLimits", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    let all = try await keys.read { reader in
      if let cluster = input.clusterIdentifier { _ = try reader.cluster(scope, cluster) }
      return try reader.records(ClusterUsageLimitRecord.all(scope), as: ClusterUsageLimitRecord.self)
    }
    let chosen = all.filter { record in
      (input.usageLimitId.map { $0 == record.id } ?? true)
        && (input.clusterIdentifier.map { $0.lowercased() == record.cluster } ?? true)
        && (input.featureType.map { $0.rawValue == record.feature } ?? true)
        && Self.tags(record.tags, match: input.tagKeys, input.tagValues)
    }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.id }
    return DescribeUsageLimitsOutput(usageLimits: page.items.map(\.shape), marker: page.marker)
  }

  public func modifyUsageLimit(_ input: ModifyUsageLimitInput, _ context: RequestContext) async throws
    -> ModifyUsageLimitOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:ModifyUsageLimit", on: ClusterUsageLimitRecord.arn(scope, input.usageLimitId))
    if let amount = input.amount, amount <= 0 {
      throw RedshiftError.invalidUsageLimitFault("The amount must be a positive number.")
    }
    let changed = try await keys.write { transaction in
      var record = try Self.usageLimit(input.usageLimitId, scope, transaction)
      record.amount = input.amount ?? record.amount
      record.action = input.breachAction?.rawValue ?? record.action
      try transaction.set(ClusterUsageLimitRecord.key(scope, record.id), record: record)
      return record
    }
    try await applyLimits(scope, changed.cluster)
    return changed.shape
  }

  public func deleteUsageLimit(_ input: DeleteUsageLimitInput, _ context: RequestContext) async throws
    -> DeleteUsageLimitOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DeleteUsageLimit", on: ClusterUsageLimitRecord.arn(scope, input.usageLimitId))
    let record = try await keys.write { transaction in
      let record = try Self.usageLimit(input.usageLimitId, scope, transaction)
      try transaction.delete(ClusterUsageLimitRecord.key(scope, record.id))
      return record
    }
    try await applyLimits(scope, record.cluster)
    return DeleteUsageLimitOutput()
  }

  /// Counts what a cluster scanned, and does what its limits say when they are reached.
  /// - Returns: its limits as they stand now.
  func use(_ bytes: Int64, _ scope: Scope, _ cluster: String) async throws -> [ClusterUsageLimitRecord] {
    let now = house.clock.now()
    let limits = try await keys.read { reader in
      try reader.records(ClusterUsageLimitRecord.all(scope), as: ClusterUsageLimitRecord.self)
        .filter { $0.cluster == cluster }
    }
    guard !limits.isEmpty else { return [] }
    let changed = try await keys.write { transaction in
      var changed: [ClusterUsageLimitRecord] = []
      for before in limits {
        guard var limit = try transaction.get(
          ClusterUsageLimitRecord.key(scope, before.id), as: ClusterUsageLimitRecord.self)
        else { continue }
        let (was, used) = (limit.isBreached, (limit.used, limit.since))
        limit.add(bytes, at: now)
        changed.append(limit)
        guard (limit.used, limit.since) != used else { continue }
        try transaction.set(ClusterUsageLimitRecord.key(scope, limit.id), record: limit)
        if limit.isBreached, !was {
          try EventRecord.tell(
            transaction, scope, .cluster, cluster,
            "The usage limit \(limit.id) of cluster \(cluster) for \(limit.feature) was reached.", at: now,
            categories: ["monitoring"], id: "REDSHIFT-EVENT-3700")
        }
      }
      return changed
    }
    try await applyLimits(scope, cluster)
    return changed
  }

  /// Switches Spectrum off where a limit with that action is reached, and on again.
  private func applyLimits(_ scope: Scope, _ name: String) async throws {
    let now = house.clock.now()
    let (found, isOff) = try await keys.read { reader in
      let limits = try reader.records(ClusterUsageLimitRecord.all(scope), as: ClusterUsageLimitRecord.self)
      let isOff = limits.contains { limit in
        var limit = limit
        limit.add(0, at: now)
        return limit.cluster == name && limit.action == "disable" && limit.isBreached
      }
      return (try reader.get(ClusterRecord.key(scope, name), as: ClusterRecord.self), isOff)
    }
    guard let cluster = found, (cluster.isSpectrumOff ?? false) != isOff else { return }
    let changed = try await change(scope, name, of: cluster.namespace) { record, _ in record.isSpectrumOff = isOff }
    if let changed { try await house.open.update(changed.settings(scope)) }
  }
}
