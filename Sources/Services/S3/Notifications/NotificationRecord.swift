/// One rule of a bucket's notification configuration: which events of which keys go where.
struct NotificationRecord: Codable, Hashable, Sendable {
  var id: String
  /// The ARN of a function.
  var destination: String
  /// As they were given, such as `s3:ObjectCreated:*`.
  var events: [String]
  var prefix: String?
  var suffix: String?

  /// Whether it wants an event.
  /// - Parameter event: without `s3:`, such as `ObjectCreated:Put`.
  func wants(_ event: String, of key: String) -> Bool {
    events.contains { Self.covers($0.dropFirst(3), event) } && key.hasPrefix(prefix ?? "")
      && key.hasSuffix(suffix ?? "")
  }

  /// Whether an event could go to both: AWS refuses such rules, whatever their destinations.
  func overlaps(_ other: NotificationRecord) -> Bool {
    let shareEvent = events.contains { mine in
      other.events.contains { Self.covers(mine[...], $0) || Self.covers($0[...], mine) }
    }
    let (mine, theirs) = (prefix ?? "", other.prefix ?? "")
    let (myEnd, theirEnd) = (suffix ?? "", other.suffix ?? "")
    return shareEvent && (mine.hasPrefix(theirs) || theirs.hasPrefix(mine))
      && (myEnd.hasSuffix(theirEnd) || theirEnd.hasSuffix(myEnd))
  }

  /// `ObjectCreated:*` covers itself and all that begin like it.
  private static func covers(_ pattern: Substring, _ event: String) -> Bool {
    pattern.hasSuffix("*") ? event.hasPrefix(pattern.dropLast()) : pattern == event
  }
}
