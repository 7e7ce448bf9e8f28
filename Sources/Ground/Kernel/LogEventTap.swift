/// Lines that something running on a customer's behalf has written, with the names that CloudWatch Logs knows them by.
public struct LogEventBatch: Sendable {
  /// One event: usually one line.
  public struct Event: Sendable, Hashable {
    public var time: Timestamp
    public var message: String

    public init(time: Timestamp, message: String) {
      self.time = time
      self.message = message
    }
  }

  public var scope: Scope
  /// `/aws/lambda/NAME`.
  public var group: String
  /// `2026/05/19/[$LATEST]0123456789abcdef0123456789abcdef`.
  public var stream: String
  public var events: [Event]

  public init(scope: Scope, group: String, stream: String, events: [Event]) {
    self.scope = scope
    self.group = group
    self.stream = stream
    self.events = events
  }
}

/// Receives log events. `record` returns at once and never fails: a full queue drops and counts.
public protocol LogEventTap: Sendable {
  func record(_ batch: LogEventBatch)
}
