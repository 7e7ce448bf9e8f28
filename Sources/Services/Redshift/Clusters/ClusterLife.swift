public import Kernel
public import RedshiftModel
import Storage

/// Pausing, resuming, rebooting and deleting.
extension RedshiftService {
  public func pauseCluster(_ input: PauseClusterInput, _ context: RequestContext) async throws -> PauseClusterOutput {
    let record = try await move(input.clusterIdentifier, "PauseCluster", from: [.available], to: .pausing, context)
    return PauseClusterOutput(cluster: try await shape(record, context))
  }

  public func resumeCluster(_ input: ResumeClusterInput, _ context: RequestContext) async throws
    -> ResumeClusterOutput
  {
    let record = try await move(input.clusterIdentifier, "ResumeCluster", from: [.paused], to: .resuming, context)
    return ResumeClusterOutput(cluster: try await shape(record, context))
  }

  public func rebootCluster(_ input: RebootClusterInput, _ context: RequestContext) async throws
    -> RebootClusterOutput
  {
    let record = try await move(
      input.clusterIdentifier, "RebootCluster", from: [.available, .failed], to: .rebooting, context)
    return RebootClusterOutput(cluster: try await shape(record, context))
  }

  /// Gives a cluster its next status, where the one it has allows that, and starts the work behind it.
  private func move(
    _ identifier: String, _ action: String, from: [ClusterRecord.Status], to: ClusterRecord.Status,
    _ context: RequestContext
  ) async throws -> ClusterRecord {
    let scope = context.scope
    try await context.authorize("redshift:\(action)", on: ClusterRecord.arn(scope, identifier.lowercased()))
    let moved = try await keys.write { transaction in
      var record = try transaction.cluster(scope, identifier)
      guard from.contains(record.status) else { throw Self.wrongState(record, action) }
      record.status = to
      try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
      return record
    }
    await goOn(scope, moved)
    return moved
  }

  static func wrongState(_ record: ClusterRecord, _ action: String) -> AWSError {
    switch (action, record.status) {
    case ("PauseCluster", .paused):
      RedshiftError.invalidClusterStateFault(
        "You can't pause cluster \(record.identifier) because it is already paused.")
    case ("ResumeCluster", _):
      RedshiftError.invalidClusterStateFault(
        "You can't resume cluster \(record.identifier) because it isn't in a paused state.")
    case ("DeleteCluster", _):
      RedshiftError.invalidClusterStateFault(
        "There is an operation running on the Cluster. Please try to delete it at a later time.")
    default:
      RedshiftError.invalidClusterStateFault(
        "Cluster \(record.identifier) is in the state \(record.status.rawValue), in which \(action) is not possible.")
    }
  }

  public func deleteCluster(_ input: DeleteClusterInput, _ context: RequestContext) async throws
    -> DeleteClusterOutput
  {
    let scope = context.scope
    try await context.authorize(
      "redshift:DeleteCluster", on: ClusterRecord.arn(scope, input.clusterIdentifier.lowercased()))
    let skips = input.skipFinalClusterSnapshot ?? false
    if skips, input.finalClusterSnapshotIdentifier != nil {
      throw RedshiftError.invalidParameterCombination(
        "FinalClusterSnapshotIdentifier cannot be specified when SkipFinalClusterSnapshot is specified.")
    }
    if !skips, input.finalClusterSnapshotIdentifier == nil {
      throw RedshiftError.invalidParameterCombination(
        "FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is specified.")
    }
    let name = try input.finalClusterSnapshotIdentifier.map {
      try ClusterRules.identifier($0, "FinalClusterSnapshotIdentifier", max: ClusterLimits.groupNameCharactersMax)
    }
    let retention = try ClusterRules.retention(manual: input.finalClusterSnapshotRetentionPeriod)
    let (now, copy) = (house.clock.now(), house.random.uuid())
    let going = try await keys.write { transaction in
      var record = try transaction.cluster(scope, input.clusterIdentifier)
      guard [.available, .paused, .failed].contains(record.status) else {
        throw Self.wrongState(record, "DeleteCluster")
      }
      record.status = .deleting
      if let name {
        record.status = .finalSnapshot
        record.finalSnapshot = name
        try SnapshotRecord.begin(
          transaction, scope, of: record, name: name, copy: copy, retentionDays: retention, tags: [:], at: now)
      }
      try transaction.set(ClusterRecord.key(scope, record.identifier), record: record)
      return record
    }
    await goOn(scope, going)
    return DeleteClusterOutput(cluster: try await shape(going, context))
  }
}
