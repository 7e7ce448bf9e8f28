public import Kernel
public import LogsModel

extension LogsService {
  public func getLogEvents(
    _ input: GetLogEventsInput, _ context: RequestContext
  ) async throws -> GetLogEventsOutput {
    let id = try groupID(name: input.logGroupName, identifier: input.logGroupIdentifier, context)
    try await context.authorize("logs:GetLogEvents", on: [id.arn(ofStream: input.logStreamName)])
    guard let found = directory.find(id, stream: input.logStreamName) else { throw Self.noGroup }
    guard let record = found.stream else { throw Self.noStream }
    let from = max(input.startTime ?? 0, found.group.horizon(now: clock.now()) ?? 0)
    var query = EventQuery(from: from, to: input.endTime ?? .max)
    let token = try input.nextToken.map(PageToken.init(text:))
    let forwards = token?.isForward ?? (input.startFromHead ?? false)
    switch token {
    case .forward(let position)?: query.after = position
    case .backward(let position)?: query.before = position
    case nil: break
    }
    let stream = SearchedStream(record, id, uid: found.group.uid)
    let limit = input.limit ?? Limits.eventsPerPageMax
    let events =
      forwards
      ? try await page([stream], query, limit)
      : try await searchBackwards(stream, query, eventsMax: limit)
    let stay = token?.position ?? .before(from)
    return GetLogEventsOutput(
      events: events.map {
        OutputLogEvent(timestamp: $0.position.time, message: $0.message, ingestionTime: $0.ingestion)
      },
      nextForwardToken: PageToken.forward(events.last?.position ?? stay).text,
      nextBackwardToken: PageToken.backward(events.first?.position ?? stay).text)
  }

  /// A page that is empty only when there is nothing more: equal tokens tell clients that they are at the end.
  private func page(_ streams: [SearchedStream], _ query: EventQuery, _ limit: Int) async throws -> [FoundEvent] {
    var query = query
    while true {
      let result = try await search(streams, query, eventsMax: limit)
      guard result.events.isEmpty, let next = result.next else { return result.events }
      query.after = next
    }
  }
}

/// Where GetLogEvents goes on: `f/…/s` towards newer events, `b/…/s` towards older ones.
private enum PageToken {
  case forward(EventPosition)
  case backward(EventPosition)

  init(text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == "s", let position = EventPosition(id: String(parts[1])) else {
      throw LogsService.wrongToken
    }
    switch parts[0] {
    case "f": self = .forward(position)
    case "b": self = .backward(position)
    default: throw LogsService.wrongToken
    }
  }

  var isForward: Bool { if case .forward = self { true } else { false } }

  var position: EventPosition {
    switch self {
    case .forward(let position), .backward(let position): position
    }
  }

  var text: String {
    switch self {
    case .forward(let position): "f/\(position.id)/s"
    case .backward(let position): "b/\(position.id)/s"
    }
  }
}
