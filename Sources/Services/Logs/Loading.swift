import Kernel
import Logging
import Storage

extension LogsService {
  /// Reads groups and streams, counts the batches that came after the notes were written, and takes away the logs of
  /// streams that were being made or deleted.
  func load() async throws {
    let groups = try await readGroups()
    var named: Set<LogID> = []
    for (id, group) in groups {
      var group = group
      for (name, stream) in group.streams {
        let log = LogsKeys.log(id, group.record.uid, stream.number)
        named.insert(log)
        group.streams[name] = try await caughtUp(stream, log)
      }
      directory.add(id, group)
      if !group.subscriptions.isEmpty { deliveries.set(jobs(of: id), of: id) }
    }
    for log in try await logs.logs(prefix: LogsKeys.logPrefix) where !named.contains(log) {
      try await logs.delete(log)
    }
    // Where functions' lines lay before there were log groups.
    for log in try await logs.logs(prefix: "lambda/") { try await logs.delete(log) }
  }

  private func readGroups() async throws -> [GroupID: LiveGroup] {
    try await keys.read { reader in
      var groups: [GroupID: LiveGroup] = [:]
      var streams: [String: [String: StreamRecord]] = [:]
      try reader.scan(LogsKeys.all) { key, value in
        guard let parts = key.elements, parts.count >= 5, let account = parts[1].string.flatMap({ AccountID($0) }),
          let region = parts[2].string
        else { return true }
        let scope = Scope(account: account, region: Region(region))
        switch (parts[3].string, parts[4].string) {
        case ("group", let name?):
          groups[GroupID(scope: scope, name: name)] = LiveGroup(try KeyRecord.decode(GroupRecord.self, value))
        case ("stream", let uid?):
          let record = try KeyRecord.decode(StreamRecord.self, value)
          streams[uid, default: [:]][record.name] = record
        default: break
        }
        return true
      }
      for (id, group) in groups { groups[id]?.streams = streams[group.record.uid] ?? [:] }
      return groups
    }
  }

  /// A stream whose note counts all that its log holds.
  private func caughtUp(_ stream: StreamRecord, _ log: LogID) async throws -> StreamRecord {
    var stream = stream
    // A crash may have come between the two steps in which a stream is made.
    try await logs.create(log)
    let bounds = try await logs.bounds(log)
    var offset = max(stream.note.next, bounds.first)
    while offset < bounds.next {
      let records = try await logs.read(
        log, from: offset, recordsMax: Limits.readBatchesMax, bytesMax: Limits.readBytesMax)
      guard let last = records.last else { break }
      for record in records {
        let summary = try BatchSummary(record.payload)
        stream.note.add(summary, at: record.offset)
        // Of a batch that was not acknowledged the bounds may not be written yet.
        _ = stream.widen(summary, arrived: record.time.milliseconds)
      }
      offset = last.offset + 1
    }
    return stream
  }

  // MARK: Tidying

  func tidyForever() async {
    var nextTrim = clock.now()
    while (try? await clock.sleep(for: Limits.noteEvery)) != nil {
      await writeNotes()
      reportDefaults()
      if clock.now() >= nextTrim {
        await trim()
        nextTrim = clock.now() + .seconds(Limits.trimEverySeconds)
      }
    }
    await writeNotes()
  }

  /// Writes what is known of streams, so that a start need not read them.
  func writeNotes() async {
    let streams = directory.takeUnwritten()
    guard !streams.isEmpty else { return }
    do {
      try await keys.write { transaction in
        for (id, record) in streams {
          let key = LogsKeys.stream(id.group, id.uid, id.name)
          // The stream may be gone, and another one there.
          guard try transaction.get(key, as: StreamRecord.self)?.number == record.number else { continue }
          try transaction.set(key, record: record)
        }
      }
    } catch {
      directory.putBack(streams.map(\.0))
      log.warning("notes on log streams were not written and wait", metadata: ["error": "\(error)"])
    }
  }

  /// Drops events that are past their group's retention.
  package func trim() async {
    let now = clock.now()
    for id in directory.groups(of: nil) {
      guard let group = directory.group(id), let horizon = group.record.horizon(now: now) else { continue }
      for stream in group.streams.values where (stream.note.firstEvent ?? .max) < horizon {
        let log = LogsKeys.log(id, group.record.uid, stream.number)
        do {
          // An event may be newer than its arrival.
          try await logs.trim(log, before: Timestamp(milliseconds: horizon.saturatingSubtract(stream.aheadMs)))
          let bounds = try await logs.bounds(log)
          if bounds.first == bounds.next, stream.note.bytes > 0 {
            directory.emptied(stream.name, number: stream.number, of: id)
          }
        } catch StorageError.noSuchLog {
        } catch {
          self.log.warning("log events were not trimmed", metadata: ["group": "\(id.arn)", "error": "\(error)"])
        }
      }
    }
  }
}
