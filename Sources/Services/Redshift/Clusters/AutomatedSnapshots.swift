import Kernel
import Storage

/// Snapshots that the schedule takes: every eight hours of clusters whose data has changed, kept for as many days as
/// the cluster says.
extension RedshiftService {
  func takeAutomatedSnapshots() async throws {
    let (now, found) = (house.clock.now(), try await keys.read { try Self.clusters($0) })
    for (scope, cluster, last) in found {
      guard cluster.status == .available, cluster.automatedRetentionDays > 0,
        now - (last ?? cluster.created) >= ClusterLimits.automatedSnapshotEvery,
        let warehouse = await house.open.warehouse(cluster.namespace)
      else { continue }
      if let last, let changed = warehouse.lastChange, changed <= last { continue }
      let copy = house.random.uuid()
      let record = try await keys.write { transaction -> SnapshotRecord? in
        guard let current = try transaction.get(ClusterRecord.key(scope, cluster.identifier), as: ClusterRecord.self),
          current.namespace == cluster.namespace, current.status == .available
        else { return nil }
        let name = Self.automatedName(cluster.identifier, at: now)
        guard try transaction.get(SnapshotRecord.key(scope, name)) == nil else { return nil }
        try SnapshotRecord.begin(
          transaction, scope, of: current, name: name, copy: copy, retentionDays: current.automatedRetentionDays,
          tags: [:], at: now, isAutomated: true)
        return try transaction.snapshot(scope, name)
      }
      if let record { await makeSnapshot(scope, record) }
    }
  }

  /// All clusters, and when the schedule took each one's last snapshot.
  private static func clusters(_ reader: any KeyReader) throws -> [(Scope, ClusterRecord, Timestamp?)] {
    var last: [String: Timestamp] = [:]
    for entry in try reader.entries(SnapshotRecord.everywhere) {
      let record = try KeyRecord.decode(SnapshotRecord.self, entry.value)
      guard record.isAutomated == true else { continue }
      last[record.cluster.namespace] = max(record.created, last[record.cluster.namespace] ?? record.created)
    }
    return try reader.entries(ClusterRecord.everywhere).compactMap { entry in
      guard let scope = Self.scope(entry.key) else { return nil }
      let cluster = try KeyRecord.decode(ClusterRecord.self, entry.value)
      return (scope, cluster, last[cluster.namespace])
    }
  }

  /// `rs:NAME-2026-11-21-18-50-31`
  private static func automatedName(_ cluster: String, at moment: Timestamp) -> String {
    let time = CivilTime(moment)
    let parts = [time.month, time.day, time.hour, time.minute, time.second].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return "rs:\(cluster)-\(time.year)-" + parts.joined(separator: "-")
  }

  /// When a snapshot goes: an automated one as its cluster says now.
  static func expires(_ record: SnapshotRecord, _ scope: Scope, _ reader: any KeyReader) throws -> Timestamp? {
    guard record.isAutomated == true else { return record.expires }
    let cluster = try reader.get(ClusterRecord.key(scope, record.cluster.identifier), as: ClusterRecord.self)
    let days = cluster?.namespace == record.cluster.namespace ? cluster?.automatedRetentionDays : nil
    return record.retentionStart + .seconds(Int64(days ?? record.retentionDays) * 86_400)
  }
}
