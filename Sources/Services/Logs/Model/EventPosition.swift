/// An event's place among all of its group: by time, then by stream, then in the order of arrival.
package struct EventPosition: Hashable, Comparable, Sendable {
  /// Milliseconds since 1970.
  package var time: Int64
  package var stream: UInt64
  /// Of the batch in the stream's log.
  package var offset: UInt64
  /// In the batch, from 1: 0 stands before all events.
  package var place: Int

  package init(time: Int64, stream: UInt64, offset: UInt64, place: Int) {
    self.time = time
    self.stream = stream
    self.offset = offset
    self.place = place
  }

  /// The last moment that an id has digits for, in the year 5138.
  private static let timeMax: Int64 = 99_999_999_999_999

  /// Before every event of a time or later.
  package static func before(_ time: Int64) -> EventPosition {
    EventPosition(time: min(max(0, time), timeMax), stream: 0, offset: 0, place: 0)
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.time, left.stream, left.offset, left.place) < (right.time, right.stream, right.offset, right.place)
  }

  /// 56 digits, as AWS's event ids have: time (14), stream (15), offset (20), place (7).
  package var id: String {
    Self.padded(String(max(0, time)), 14) + Self.padded(String(stream), 15) + Self.padded(String(offset), 20)
      + Self.padded(String(place), 7)
  }

  /// - Returns: `nil` for a text that is no id.
  package init?(id: String) {
    let digits = Array(id.utf8)
    guard digits.count == 56, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
    guard let time = Int64(part(0..<14)), let stream = UInt64(part(14..<29)), let offset = UInt64(part(29..<49)),
      let place = Int(part(49..<56))
    else { return nil }
    self.init(time: time, stream: stream, offset: offset, place: place)
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
