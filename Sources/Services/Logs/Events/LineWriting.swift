public import Kernel
import Logging
import LogsModel
import Storage

/// Services hand lines over and never wait: what has come in is written together a few times a second.
extension LogsService: LogEventTap {
  public func record(_ batch: LogEventBatch) { lines.add(batch) }

  /// Lines of services that found no room since the start.
  public var droppedLines: Int { lines.dropped }

  func writeLinesForever() async {
    while (try? await clock.sleep(for: Limits.lineFlushEvery)) != nil { await writeLines() }
    await writeLines()
  }

  /// Writes what waits.
  package func writeLines() async {
    let taken = lines.take()
    if taken.dropped > 0 {
      log.warning("lines of services were dropped: too many waited", metadata: ["events": "\(taken.dropped)"])
    }
    var intakes: [Intake] = []
    for (place, batches) in Self.grouped(taken.batches) {
      do {
        guard let found = try await target(place) else { continue }
        let events = batches.flatMap(\.events)
        for part in Self.parts(events) {
          intakes.append(Intake(group: place.group, uid: found.uid, stream: found.stream, events: part))
        }
      } catch {
        log.error(
          "lines of a service were not written", metadata: ["group": "\(place.group.arn)", "error": "\(error)"])
      }
    }
    guard !intakes.isEmpty else { return }
    do {
      try await take(intakes)
    } catch StorageError.noSuchLog {
      // A stream was deleted meanwhile: the others' lines are written one by one.
      for intake in intakes {
        do { try await take([intake]) } catch StorageError.noSuchLog {} catch { report(error) }
      }
    } catch {
      report(error)
    }
  }

  private func report(_ error: any Error) {
    log.error("lines of services were not written", metadata: ["error": "\(error)"])
  }

  private struct WriterPlace: Hashable, Sendable {
    var group: GroupID
    var stream: String
    var writer: LogEventBatch.Writer?
    var makesGroup: Bool
  }

  /// Batches by where they go, in the order of their coming.
  private static func grouped(_ batches: [LogEventBatch]) -> [(WriterPlace, [LogEventBatch])] {
    var order: [WriterPlace] = []
    var byPlace: [WriterPlace: [LogEventBatch]] = [:]
    for batch in batches {
      let place = WriterPlace(
        group: GroupID(scope: batch.scope, name: batch.group), stream: batch.stream, writer: batch.writer,
        makesGroup: batch.makesGroup)
      if byPlace[place] == nil { order.append(place) }
      byPlace[place, default: []].append(batch)
    }
    return order.map { ($0, byPlace[$0] ?? []) }
  }

  /// Cut as PutLogEvents would have it. A line that is too long is cut; an empty one is a blank.
  private static func parts(_ events: [LogEventBatch.Event]) -> [ArraySlice<EventBatch.Event>] {
    var parts: [ArraySlice<EventBatch.Event>] = []
    var part: [EventBatch.Event] = []
    var bytes = 0
    for event in events {
      let message = event.message.isEmpty ? " " : prefix(event.message, bytes: messageBytesMax)
      let size = message.utf8.count + Limits.bytesBesideMessage
      if !part.isEmpty, bytes + size > Limits.bytesPerPutMax || part.count == Limits.eventsPerPutMax {
        parts.append(part[...])
        part = []
        bytes = 0
      }
      part.append(EventBatch.Event(time: max(0, event.time.milliseconds), message: message))
      bytes += size
    }
    if !part.isEmpty { parts.append(part[...]) }
    return parts
  }

  private static let messageBytesMax = Limits.eventBytesMax - Limits.bytesBesideMessage

  private static func prefix(_ text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    var end = text.utf8.index(text.utf8.startIndex, offsetBy: bytes)
    while end > text.utf8.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
      end = text.utf8.index(before: end)
    }
    return String(text[..<end])
  }

  // MARK: Rights and places

  /// The stream that lines go to, made where that is wanted and allowed; `nil` when they are dropped.
  private func target(_ place: WriterPlace) async throws -> (uid: String, stream: StreamRecord)? {
    guard LogNames.isGroupName(place.group.name), LogNames.isStreamName(place.stream) else { return nil }
    let context = try await context(of: place)
    func may(_ action: String, _ resource: String) async -> Bool {
      guard let context else { return true }
      do {
        try await context.authorize(action, on: [resource])
        return true
      } catch {
        log.debug("a role may not write its lines", metadata: ["action": "\(action)", "resource": "\(resource)"])
        return false
      }
    }
    guard await may("logs:PutLogEvents", place.group.arn(ofStream: place.stream)) else { return nil }
    if !directory.has(place.group) {
      guard place.makesGroup, await may("logs:CreateLogGroup", place.group.arnOfAll) else { return nil }
      do {
        try await makeGroup(place.group, GroupRecord(name: place.group.name, uid: newUID(), createdAt: clock.now()))
      } catch let error as AWSError where error.code == "ResourceAlreadyExistsException" {
        // Made by another caller meanwhile.
      }
    }
    guard let found = directory.find(place.group, stream: place.stream) else { return nil }
    if let stream = found.stream { return (found.group.uid, stream) }
    guard place.makesGroup, await may("logs:CreateLogStream", place.group.arn(ofStream: place.stream)) else {
      return nil
    }
    do {
      return (found.group.uid, try await makeStream(place.stream, in: place.group))
    } catch let error as AWSError where error.code == "ResourceAlreadyExistsException" {
      return directory.find(place.group, stream: place.stream)?.stream.map { (found.group.uid, $0) }
    }
  }

  /// `nil` when the service writes by itself.
  /// - Throws: when the role is gone, and so may write nothing.
  private func context(of place: WriterPlace) async throws -> RequestContext? {
    guard let writer = place.writer else { return nil }
    let principal = try await roles.assume(role: writer.role, for: writer.service, session: writer.session)
    return RequestContext(
      requestID: random.uuid(), scope: place.group.scope, principal: principal, time: clock.now(),
      userAgent: writer.service, authorizer: authorizer)
  }
}
