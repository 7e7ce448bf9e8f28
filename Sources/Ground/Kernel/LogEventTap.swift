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

  /// With whose rights the lines are written.
  public struct Writer: Sendable, Hashable {
    public var role: ARN
    /// The service that acts with the role: `lambda.amazonaws.com`.
    public var service: String
    public var session: String

    public init(role: ARN, service: String, session: String) {
      self.role = role
      self.service = service
      self.session = session
    }
  }

  public var scope: Scope
  /// `/aws/lambda/NAME`.
  public var group: String
  /// `2026/05/19/[$LATEST]0123456789abcdef0123456789abcdef`.
  public var stream: String
  public var events: [Event]
  /// Whose rights count; `nil` when the service writes by itself. Lines that the role may not write are dropped, as AWS
  /// drops them.
  public var writer: Writer?
  /// Whether a group and a stream that are not there are made.
  public var makesGroup: Bool

  public init(
    scope: Scope, group: String, stream: String, events: [Event], writer: Writer? = nil, makesGroup: Bool = true
  ) {
    self.scope = scope
    self.group = group
    self.stream = stream
    self.events = events
    self.writer = writer
    self.makesGroup = makesGroup
  }
}

/// Receives log events. `record` returns at once and never fails: a full queue drops and counts.
public protocol LogEventTap: Sendable {
  func record(_ batch: LogEventBatch)
}
