public import Kernel
public import LogsModel

extension LogsService {
  public func filterLogEvents(
    _ input: FilterLogEventsInput, _ context: RequestContext
  ) async throws -> FilterLogEventsOutput {
    let id = try groupID(name: input.logGroupName, identifier: input.logGroupIdentifier, context)
    try await context.authorize("logs:FilterLogEvents", on: [id.resource])
    if input.logStreamNames != nil, input.logStreamNamePrefix != nil {
      throw LogsError.invalidParameterException(
        "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    }
    guard let group = directory.group(id) else { throw Self.noGroup }
    let pattern = try Self.pattern(input.filterPattern ?? "")
    var query = EventQuery(
      from: max(input.startTime ?? 0, group.record.horizon(now: clock.now()) ?? 0),
      // An event at the end counts.
      to: (input.endTime ?? .max).saturatingAdd(1))
    if case .all = pattern.form {} else { query.pattern = pattern }
    if let token = input.nextToken {
      guard let position = EventPosition(id: token) else { throw Self.wrongToken }
      query.after = position
    }
    let records: [StreamRecord]
    if let names = input.logStreamNames {
      records = try Set(names).map { name in
        guard let stream = group.streams[name] else { throw Self.noStream }
        return stream
      }
    } else {
      let prefix = input.logStreamNamePrefix ?? ""
      records = group.streams.values.filter { prefix.isEmpty || $0.name.hasPrefix(prefix) }
    }
    let streams = records.filter { ($0.note.lastEvent ?? .min) >= query.from }
      .map { SearchedStream($0, id, uid: group.record.uid) }
    let names = Dictionary(records.map { ($0.number, $0.name) }) { first, _ in first }
    let result = try await search(streams, query, eventsMax: input.limit ?? Limits.eventsPerPageMax)
    return FilterLogEventsOutput(
      events: result.events.map { event in
        FilteredLogEvent(
          logStreamName: names[event.position.stream], timestamp: event.position.time, message: event.message,
          ingestionTime: event.ingestion, eventId: event.position.id)
      },
      // Since 2020 AWS tells nothing of single streams here.
      searchedLogStreams: [], nextToken: result.next?.id)
  }

  static func pattern(_ text: String) throws -> FilterPattern {
    do {
      return try FilterPattern(text)
    } catch {
      throw LogsError.invalidParameterException(error.reason)
    }
  }
}
