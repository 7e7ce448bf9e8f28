/// A measurement that a service reports without knowing who listens.
public struct MetricSample: Sendable {
  /// CloudWatch's namespace, such as `AWS/Kinesis`.
  public var namespace: String
  /// CloudWatch's name, such as `IncomingBytes`.
  public var name: String
  /// Dimension names and values in AWS's order.
  public var dimensions: [(name: String, value: String)]
  public var value: Double
  /// CloudWatch's unit, such as `Bytes`, `Count` or `Milliseconds`.
  public var unit: String
  public var time: Timestamp
  public var scope: Scope

  public init(
    _ namespace: String, _ name: String, dimensions: [(name: String, value: String)], value: Double, unit: String,
    time: Timestamp, scope: Scope
  ) {
    self.namespace = namespace
    self.name = name
    self.dimensions = dimensions
    self.value = value
    self.unit = unit
    self.time = time
    self.scope = scope
  }
}

/// Receives measurements. `record` returns at once and never fails: a full queue drops and counts.
public protocol MetricTap: Sendable {
  func record(_ samples: [MetricSample])
}

/// One finished call, as the audit trail keeps it.
public struct AuditEvent: Sendable {
  public var service: String
  public var operation: String
  public var context: RequestContext
  /// What the caller was told; `nil` for a call that succeeded.
  public var error: AWSError?
  public var httpStatus: Int
  public var duration: Duration

  public init(
    service: String, operation: String, context: RequestContext, error: AWSError?, httpStatus: Int,
    duration: Duration
  ) {
    self.service = service
    self.operation = operation
    self.context = context
    self.error = error
    self.httpStatus = httpStatus
    self.duration = duration
  }
}

/// Receives finished calls. Like metrics, it never holds a call up.
public protocol AuditTap: Sendable {
  func record(_ event: AuditEvent)
}

/// Listens to nothing.
public struct SilentTap: MetricTap, AuditTap, LogEventTap {
  public init() {}
  public func record(_ samples: [MetricSample]) {}
  public func record(_ event: AuditEvent) {}
  public func record(_ batch: LogEventBatch) {}
}

/// Allows everything: for unit tests of a service without IAM.
public struct OpenAuthorizer: Authorizer {
  public init() {}
  public func authorize(_ request: AuthorizationRequest) async throws {}
}
