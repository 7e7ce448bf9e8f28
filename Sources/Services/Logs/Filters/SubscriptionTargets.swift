public import Kernel
public import NIOCore

/// Where subscriptions deliver to: Kinesis, Firehose and Lambda, as `Server` hands them in.
public protocol SubscriptionTargets: Sendable {
  /// Hands a message over; it is durable there when this returns.
  /// - Parameters:
  ///   - message: gzip.
  ///   - key: by what Kinesis spreads messages.
  ///   - context: with the rights of the subscription's role, or as CloudWatch Logs itself for a function.
  /// - Throws: `AWSError` of the destination.
  func deliver(
    _ message: ByteBuffer, to destination: ARN, partitionKey key: String, _ context: RequestContext
  ) async throws

  /// Whether a destination would take messages, without one that its readers would see where that can be helped.
  /// - Throws: `AWSError` of the destination.
  func probe(_ message: ByteBuffer, _ destination: ARN, _ context: RequestContext) async throws
}

/// No destinations: for unit tests.
public struct NoTargets: SubscriptionTargets {
  public init() {}
  public func deliver(
    _ message: ByteBuffer, to destination: ARN, partitionKey key: String, _ context: RequestContext
  ) async throws {
    throw AWSError("ResourceNotFoundException", "There are no destinations.")
  }
  public func probe(_ message: ByteBuffer, _ destination: ARN, _ context: RequestContext) async throws {
    throw AWSError("ResourceNotFoundException", "There are no destinations.")
  }
}
