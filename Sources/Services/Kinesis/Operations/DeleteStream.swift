public import Kernel
public import KinesisModel
import Storage

extension KinesisService {
  public func deleteStream(_ input: DeleteStreamInput, _ context: RequestContext) async throws -> DeleteStreamOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "DeleteStream", context)
    let id = live.id
    try await live.changes.pass {
      var state = live.snapshot
      if state.record.status == .deleting { return }
      if !state.consumers.isEmpty, input.enforceConsumerDeletion != true {
        throw KinesisError.resourceInUseException(
          "DeleteStream can't delete \(id.scope.account):\(id.name) because there are consumers associated with this "
            + "data stream. To delete \(id.name) anyway, set the EnforceConsumerDeletion parameter to true to force "
            + "the deletion of all the consumers that are associated with it.")
      }
      state.record.status = .deleting
      let record = state.record
      try await keys.write { try $0.set(StreamKeys.stream(id), record: record) }
      live.show(state)
    }
    try await finishDeleting(live)
    return DeleteStreamOutput()
  }

  /// Takes a stream in DELETING away: first its records, then its name, so that a stop in between leaves something
  /// to go on from.
  func finishDeleting(_ live: LiveStream) async throws {
    let id = live.id
    try await live.changes.pass {
      guard directory[id] === live else { return }
      await live.gate.shut()
      defer { live.gate.open() }
      try await deleteLogs(live.snapshot.handles.values.map(\.log))
      try await keys.write { transaction in
        try transaction.delete(StreamKeys.stream(id))
        try transaction.delete(StreamKeys.shards(id))
        try transaction.delete(StreamKeys.consumers(id))
      }
      directory.remove(id)
    }
  }

  func deleteLogs(_ ids: [LogID]) async throws {
    let logs = logs
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (place, id) in ids.enumerated() {
        if place >= Limits.logsAtOnceMax { try await group.next() }
        group.addTask { try await logs.delete(id) }
      }
      try await group.waitForAll()
    }
  }
}
