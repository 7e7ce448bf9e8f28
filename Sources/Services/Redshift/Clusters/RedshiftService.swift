import AWSWire
public import Kernel
public import RedshiftModel
import Storage

/// Amazon Redshift's control plane: provisioned clusters, their snapshots and groups.
///
/// The handlers stand in extensions, one file an idea. State is kept in keys, per account and region; what takes time
/// is done behind the call, and a start goes on with what a crash had interrupted.
public final class RedshiftService: RedshiftAPI {
  let house: WarehouseHouse

  public init(_ house: WarehouseHouse) { self.house = house }

  var keys: any KeyStore { house.keys }

  /// Listens again for the clusters that were available, and goes on with what a stop or a crash had interrupted.
  public func recover() async throws {
    let kept = try await keys.read { reader in
      try reader.entries(ClusterRecord.everywhere).compactMap { entry -> (Scope, ClusterRecord)? in
        guard let scope = Self.scope(entry.key) else { return nil }
        return (scope, try KeyRecord.decode(ClusterRecord.self, entry.value))
      }
    }
    await withTaskGroup(of: Void.self) { group in
      for (scope, record) in kept {
        if record.status == .available || record.status == .failed {
          group.addTask { await self.reopen(scope, record) }
        } else if record.status != .paused {
          await goOn(scope, record)
        }
      }
    }
    try await recoverSnapshots()
  }

  static func scope(_ key: Key) -> Scope? {
    guard let parts = key.elements, parts.count >= 3, let account = parts[1].string.flatMap({ AccountID($0) }),
      let region = parts[2].string
    else { return nil }
    return Scope(account: account, region: Region(region))
  }

  // MARK: Describing

  /// A cluster's shape with what its parameter group holds at this moment.
  func shape(_ record: ClusterRecord, _ context: RequestContext) async throws -> Cluster {
    let scope = context.scope
    let group = try await keys.read { try $0.parameterValues(scope, record.parameterGroup) }
    return record.shape(scope, address: house.address(for: context), group: group)
  }

  public func describeClusters(_ input: DescribeClustersInput, _ context: RequestContext) async throws
    -> DescribeClustersOutput
  {
    let (scope, address) = (context.scope, house.address(for: context))
    if let identifier = input.clusterIdentifier {
      try await context.authorize("redshift:DescribeClusters", on: ClusterRecord.arn(scope, identifier))
      let record = try await keys.read { try $0.cluster(scope, identifier) }
      return DescribeClustersOutput(clusters: [try await shape(record, context)])
    }
    try await context.authorize("redshift:DescribeClusters", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    let (all, groups) = try await keys.read { reader in
      let all = try reader.records(ClusterRecord.all(scope), as: ClusterRecord.self)
      var groups: [String: [String: String]] = [:]
      for name in Set(all.map(\.parameterGroup)) { groups[name] = try reader.parameterValues(scope, name) }
      return (all, groups)
    }
    let chosen = all.filter { Self.tags($0.tags, match: input.tagKeys, input.tagValues) }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.identifier }
    return DescribeClustersOutput(
      marker: page.marker,
      clusters: page.items.map { $0.shape(scope, address: address, group: groups[$0.parameterGroup] ?? [:]) })
  }

  static func pageSize(_ asked: Int?) throws -> Int {
    let size = asked ?? ClusterLimits.recordsDefault
    guard ClusterLimits.recordsPerPage.contains(size) else {
      throw RedshiftError.invalidParameterValue(
        "The parameter MaxRecords must be between \(ClusterLimits.recordsPerPage.lowerBound) and "
          + "\(ClusterLimits.recordsPerPage.upperBound).")
    }
    return size
  }

  /// Resources that have any of the keys and any of the values.
  static func tags(_ tags: [String: String], match keys: [String]?, _ values: [String]?) -> Bool {
    if let keys, !keys.isEmpty, !keys.contains(where: { tags[$0] != nil }) { return false }
    if let values, !values.isEmpty, !tags.values.contains(where: { values.contains($0) }) { return false }
    return true
  }
}
