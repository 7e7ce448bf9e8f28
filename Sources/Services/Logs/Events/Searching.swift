import Kernel
import NIOCore
import Storage

extension LogsService {
  struct SearchResult: Sendable {
    var events: [FoundEvent]
    /// Where the next page begins; `nil` when there is none.
    var next: EventPosition?
  }

  /// The first events of some streams that a query means, in the order of their positions.
  ///
  /// Streams are read side by side, always on the one that is furthest behind, so that the page is right as soon as all
  /// have passed its end. A search that has looked at much without filling its page answers with what is certain.
  func search(_ streams: [SearchedStream], _ query: EventQuery, eventsMax: Int) async throws -> SearchResult {
    var page = EventPage(eventsMax: eventsMax, keepsFirst: true)
    var readers = streams.map { ForwardReader($0, query) }
    var looked: Int64 = 0
    let floor = max(query.from, query.after?.time ?? query.from)
    var cut: Int64?
    while let behind = Self.furthestBehind(readers) {
      try Task.checkCancellation()
      let complete = readers[behind].complete
      if let bound = page.boundTime, complete > bound { break }
      if looked >= Limits.searchBytesMax, complete > floor {
        cut = complete
        break
      }
      do {
        let batches = try await readers[behind].read(query, from: logs)
        looked += batches.reduce(0) { $0 + Int64($1.payload.readableBytes) }
        guard !batches.isEmpty else { continue }
        let (stream, before) = (readers[behind].stream, page)
        page = try await searches.run {
          var page = before
          try stream.offer(batches, query, to: &page)
          return page
        }
      } catch StorageError.noSuchLog {
        // Deleted meanwhile.
        readers[behind].end()
      }
    }
    let isFull = page.isFull
    var events = page.finish()
    if let cut {
      events.removeAll { $0.position.time >= cut }
      return SearchResult(events: events, next: .before(cut))
    }
    return SearchResult(events: events, next: isFull || page.isFull ? events.last?.position : nil)
  }

  private static func furthestBehind(_ readers: [ForwardReader]) -> Int? {
    var found: Int?
    for (index, reader) in readers.enumerated() where !reader.isAtEnd {
      if let best = found, readers[best].complete <= reader.complete { continue }
      found = index
    }
    return found
  }

  /// The last events of a stream that a query means, in the order of their positions.
  func searchBackwards(_ stream: SearchedStream, _ query: EventQuery, eventsMax: Int) async throws -> [FoundEvent] {
    var page = EventPage(eventsMax: eventsMax, keepsFirst: false)
    let latest = min(query.to, query.before.map { $0.time.saturatingAdd(1) } ?? query.to)
    let first = try await logs.offset(
      stream.log, atOrAfter: Timestamp(milliseconds: query.from.saturatingSubtract(stream.aheadMs)))
    var end = try await logs.offset(
      stream.log, atOrAfter: Timestamp(milliseconds: latest.saturatingAdd(stream.latenessMs).saturatingAdd(1)))
    var step: UInt64 = 16
    while end > first {
      try Task.checkCancellation()
      let start = end - min(step, end - first)
      var offset = start
      var oldestArrival: Int64 = .max
      while offset < end {
        let batches = try await logs.read(
          stream.log, from: offset, recordsMax: Int(end - offset), bytesMax: Limits.readBytesMax
        ).filter { $0.offset < end }
        guard let last = batches.last, let head = batches.first else { break }
        oldestArrival = min(oldestArrival, head.time.milliseconds)
        let before = page
        page = try await searches.run {
          var page = before
          try stream.offer(batches, query, to: &page)
          return page
        }
        offset = last.offset + 1
      }
      // What arrived before is at most so much newer than its arrival.
      if let bound = page.boundTime, oldestArrival.saturatingAdd(stream.aheadMs) < bound { break }
      end = start
      step = min(step * 2, 1024)
    }
    return page.finish()
  }
}
