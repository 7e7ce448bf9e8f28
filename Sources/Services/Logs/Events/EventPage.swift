import NIOCore

/// An event that a search found.
package struct FoundEvent: Sendable, Hashable {
  package var position: EventPosition
  package var ingestion: Int64
  package var message: String
}

/// The first events of all that are offered, or the last, as many as a page holds.
struct EventPage: Sendable {
  private let eventsMax: Int
  private let keepsFirst: Bool
  private var events: [FoundEvent] = []
  private var bytes = 0
  /// Events past this one have no place any more.
  private var bound: EventPosition?

  init(eventsMax: Int, keepsFirst: Bool) {
    self.eventsMax = eventsMax
    self.keepsFirst = keepsFirst
  }

  var isFull: Bool { bound != nil }

  /// The time of the last event that has a place, once the page is full.
  var boundTime: Int64? { bound?.time }

  func hasRoom(for position: EventPosition) -> Bool {
    guard let bound else { return true }
    return keepsFirst ? position < bound : position > bound
  }

  mutating func offer(_ event: FoundEvent) {
    guard hasRoom(for: event.position) else { return }
    events.append(event)
    bytes += event.message.utf8.count
    // Sorted now and then only: that is cheap, and bounds what is held at twice a page.
    if events.count >= 2 * eventsMax || bytes >= 2 * Limits.bytesPerPageMax { settle() }
  }

  /// Sorts, and drops what has no place.
  private mutating func settle() {
    events.sort { keepsFirst ? $0.position < $1.position : $0.position > $1.position }
    var kept = 0
    var sum = 0
    for event in events.prefix(eventsMax) {
      sum += event.message.utf8.count
      // One event has a place whatever its length.
      if kept > 0, sum > Limits.bytesPerPageMax { break }
      kept += 1
    }
    if kept < events.count || kept == eventsMax {
      events.removeLast(events.count - kept)
      bound = events.last?.position
    }
    bytes = events.reduce(0) { $0 + $1.message.utf8.count }
  }

  /// The page in the order of time.
  mutating func finish() -> [FoundEvent] {
    settle()
    return keepsFirst ? events : events.reversed()
  }
}
