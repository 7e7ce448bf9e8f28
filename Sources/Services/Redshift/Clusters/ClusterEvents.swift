public import Kernel
public import RedshiftModel
import Storage

/// Something that happened to a cluster or snapshot, told by DescribeEvents for two weeks.
struct EventRecord: Codable, Sendable {
  enum Source: String, Codable, Sendable {
    case cluster
    case snapshot = "cluster-snapshot"
  }

  var source: Source
  var identifier: String
  var message: String
  var date: Timestamp
  var categories: [String]
  var id: String

  static let snapshotFailed = "REDSHIFT-EVENT-3501"

  static func all(_ scope: Scope) -> Key { Key("redshift-event", scope.account.digits, scope.region.code) }

  /// Writes an event down, in the transaction of what it tells.
  static func tell(
    _ transaction: any KeyTransaction, _ scope: Scope, _ source: Source, _ identifier: String, _ message: String,
    at now: Timestamp, categories: [String], id: String
  ) throws {
    let record = EventRecord(
      source: source, identifier: identifier, message: message, date: now, categories: categories, id: id)
    try transaction.set(all(scope).appending(now.nanoseconds, identifier, id), record: record)
    // The oldest go as new ones come.
    let oldest = all(scope).appending((now - ClusterLimits.eventsKept).nanoseconds)
    try transaction.delete(KeyRange(from: all(scope), to: oldest))
  }

  var shape: Event {
    Event(
      sourceIdentifier: identifier, sourceType: SourceType(rawValue: source.rawValue), message: message,
      eventCategories: categories, severity: id == Self.snapshotFailed ? "ERROR" : "INFO", date: date, eventId: id)
  }
}

extension RedshiftService {
  public func describeEvents(_ input: DescribeEventsInput, _ context: RequestContext) async throws
    -> DescribeEventsOutput
  {
    let (scope, now) = (context.scope, house.clock.now())
    try await context.authorize("redshift:DescribeEvents", on: ["*"])
    let limit = try Self.pageSize(input.maxRecords)
    if input.sourceIdentifier != nil, input.sourceType == nil {
      throw RedshiftError.invalidParameterCombination("SourceType is required when SourceIdentifier is specified.")
    }
    let minutes = input.duration ?? ClusterLimits.eventMinutesDefault
    guard (1...ClusterLimits.eventMinutesMax).contains(minutes) else {
      throw RedshiftError.invalidParameterValue(
        "Duration must be between 1 and \(ClusterLimits.eventMinutesMax) minutes.")
    }
    let end = input.endTime ?? (input.startTime.map { $0 + .seconds(minutes * 60) } ?? now)
    let start = input.startTime ?? end - .seconds(minutes * 60)
    let range = KeyRange(
      from: EventRecord.all(scope).appending(start.nanoseconds),
      to: EventRecord.all(scope).appending(end.nanoseconds.saturatingAdd(1)))
    let entries = try await keys.read { try $0.entries(range) }
    let all = try entries.map { (key: $0.key.bytes.hex, record: try KeyRecord.decode(EventRecord.self, $0.value)) }
    let chosen = all.filter { entry in
      (input.sourceType.map { $0.rawValue == entry.record.source.rawValue } ?? true)
        && (input.sourceIdentifier.map { $0 == entry.record.identifier } ?? true)
    }
    let page = Page(chosen, after: input.marker, limit: limit) { $0.key }
    return DescribeEventsOutput(marker: page.marker, events: page.items.map(\.record.shape))
  }
}
