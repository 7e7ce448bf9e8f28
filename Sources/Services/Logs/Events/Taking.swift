import Kernel
import Logging
import LogsModel
import NIOCore
import Storage

/// Events for one stream, ready to be written.
struct Intake: Sendable {
  var group: GroupID
  var uid: String
  var stream: StreamRecord
  var events: ArraySlice<EventBatch.Event>
}

extension LogsService {
  /// Writes events of several streams with one commit; they are durable when it returns. Then filters and
  /// subscriptions see them.
  /// - Throws: `StorageError.noSuchLog` when a stream is gone, with nothing written.
  func take(_ intakes: [Intake]) async throws {
    let now = clock.now()
    let batches = intakes.map { intake in
      LogBatch(
        log: LogsKeys.log(intake.group, intake.uid, intake.stream.number),
        payloads: [EventBatch.encode(intake.events, ingestion: now.milliseconds)])
    }
    let positions = try await logs.append(batches)
    var wider: [(Intake, StreamRecord)] = []
    for (intake, position) in zip(intakes, positions) {
      let summary = BatchSummary(
        oldest: intake.events.reduce(.max) { min($0, $1.time) },
        newest: intake.events.reduce(.min) { max($0, $1.time) }, ingestion: now.milliseconds,
        bytes: intake.events.reduce(0) { $0 + Int64($1.message.utf8.count + Limits.bytesBesideMessage) })
      let changed = directory.note(
        summary, at: position.firstOffset, arrived: position.time.milliseconds, stream: intake.stream.name,
        number: intake.stream.number, of: intake.group)
      if let changed { wider.append((intake, changed)) }
    }
    if !wider.isEmpty {
      let wider = wider
      try await keys.write { transaction in
        for (intake, record) in wider {
          let key = LogsKeys.stream(intake.group, intake.uid, record.name)
          guard var kept = try transaction.get(key, as: StreamRecord.self), kept.number == record.number else {
            continue
          }
          // Another batch may have widened them further meanwhile.
          kept.latenessMs = max(kept.latenessMs, record.latenessMs)
          kept.aheadMs = max(kept.aheadMs, record.aheadMs)
          try transaction.set(key, record: kept)
        }
      }
    }
    for intake in intakes {
      await measure(intake, now: now)
      deliveries.wake(intake.group)
    }
  }

  private func measure(_ intake: Intake, now: Timestamp) async {
    let bytes = intake.events.reduce(0) { $0 + $1.message.utf8.count + Limits.bytesBesideMessage }
    let dimensions = [(name: "LogGroupName", value: intake.group.name)]
    let own = [("IncomingBytes", Double(bytes), "Bytes"), ("IncomingLogEvents", Double(intake.events.count), "None")]
    metrics.record(
      [dimensions, []].flatMap { dimensions in
        own.map {
          MetricSample(
            "AWS/Logs", $0.0, dimensions: dimensions, value: $0.1, unit: $0.2, time: now, scope: intake.group.scope)
        }
      })
    let filters = directory.filters(intake.group)
    guard !filters.isEmpty else { return }
    do {
      // Patterns may take long, and calls run on the loops that read the network.
      try await searches.run { self.applyFilters(filters, to: intake, now: now) }
    } catch {
      log.warning("metric filters did not see events: too many wait", metadata: ["group": "\(intake.group.arn)"])
    }
  }
}
