public import Kernel
public import LogsModel
import Storage

extension LogsService {
  public func putLogEvents(
    _ input: PutLogEventsInput, _ context: RequestContext
  ) async throws -> PutLogEventsOutput {
    let id = GroupID(scope: context.scope, name: input.logGroupName)
    try await context.authorize("logs:PutLogEvents", on: [id.arn(ofStream: input.logStreamName)])
    try Self.check(input.logEvents)
    guard let found = directory.find(id, stream: input.logStreamName) else { throw Self.noGroup }
    guard let stream = found.stream else { throw Self.noStream }
    let (accepted, rejected) = Self.sorted(out: input.logEvents, found.group, now: clock.now())
    if !accepted.isEmpty {
      do {
        let events = input.logEvents[accepted].map { EventBatch.Event(time: $0.timestamp, message: $0.message) }
        try await take([Intake(group: id, uid: found.group.uid, stream: stream, events: events[...])])
      } catch StorageError.noSuchLog {
        throw Self.noStream
      }
    }
    let now = directory.find(id, stream: input.logStreamName)?.stream ?? stream
    return PutLogEventsOutput(nextSequenceToken: Self.sequenceToken(now), rejectedLogEventsInfo: rejected)
  }

  /// The rules for a batch. Source: API reference, PutLogEvents.
  private static func check(_ events: [InputLogEvent]) throws {
    var bytes = 0
    var last: Int64 = .min
    for event in events {
      let size = event.message.utf8.count + Limits.bytesBesideMessage
      guard size <= Limits.eventBytesMax else {
        throw LogsError.invalidParameterException(
          "Log event too large: \(size) bytes exceeds limit of \(Limits.eventBytesMax)")
      }
      guard event.timestamp >= last else {
        throw LogsError.invalidParameterException(
          "Log events in a single PutLogEvents request must be in chronological order.")
      }
      last = event.timestamp
      bytes += size
    }
    guard bytes <= Limits.bytesPerPutMax else {
      throw LogsError.invalidParameterException(
        "Upload too large: \(bytes) bytes exceeds limit of \(Limits.bytesPerPutMax)")
    }
    guard let first = events.first, last.saturatingSubtract(first.timestamp) <= Limits.putSpanMs else {
      throw LogsError.invalidParameterException(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    }
  }

  /// Which events are taken: they are in order, so those that are too old stand first and those too new last.
  private static func sorted(
    out events: [InputLogEvent], _ group: GroupRecord, now: Timestamp
  ) -> (Range<Int>, RejectedLogEventsInfo?) {
    let oldest = now.milliseconds - Limits.eventAgeMsMax
    let horizon = group.horizon(now: now) ?? .min
    let tooOld = events.firstIndex { $0.timestamp >= oldest } ?? events.count
    let expired = events.firstIndex { $0.timestamp >= horizon } ?? events.count
    let tooNew = events.firstIndex { $0.timestamp > now.milliseconds + Limits.eventAheadMsMax } ?? events.count
    let start = max(tooOld, expired)
    guard start > 0 || tooNew < events.count else { return (0..<events.count, nil) }
    return (
      start..<max(start, tooNew),
      RejectedLogEventsInfo(
        tooNewLogEventStartIndex: tooNew < events.count ? tooNew : nil,
        tooOldLogEventEndIndex: tooOld > 0 ? tooOld : nil,
        expiredLogEventEndIndex: expired > tooOld ? expired : nil)
    )
  }
}
