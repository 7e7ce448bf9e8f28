import Kernel
import Lambda
import LambdaModel
import NIOCore
import S3
import Storage

/// Functions that take the events of buckets. Lambda is told once it is there.
final class BucketEventFunctions: BucketEventTargets {
  private let lambda = Locked<LambdaService?>(nil)
  private let authorizer: any Authorizer
  private let clock: any WallClock
  private let random: any RandomSource
  private static let serviceName = "s3.amazonaws.com"

  init(authorizer: any Authorizer, clock: any WallClock, random: any RandomSource) {
    self.authorizer = authorizer
    self.clock = clock
    self.random = random
  }

  func set(_ lambda: LambdaService) { self.lambda.withLock { $0 = lambda } }

  private func service() throws -> LambdaService {
    guard let lambda = lambda.withLock({ $0 }) else { throw AWSError.throttled }
    return lambda
  }

  func problem(with destination: String, from source: BucketEventSource) async throws -> String? {
    do {
      _ = try await service().invoke(
        InvokeInput(functionName: destination, invocationType: .dryRun), context(source))
      return nil
    } catch let error as AWSError {
      switch error.code {
      case _ where ARN(destination)?.region != source.region.code:
        return "The notification destination service region is not valid for the bucket location constraint"
      case _ where error.code.hasPrefix("AccessDenied"):
        guard try await service().has(destination, context(source)) else {
          return "The destination Lambda does not exist"
        }
        return "Not authorized to invoke function [\(destination)]"
      case "ValidationException", "InvalidParameterValueException": return "The ARN is not well formed"
      default: throw error
      }
    }
  }

  func deliver(
    _ messages: [ByteBuffer], to destination: String, from source: BucketEventSource,
    also: @escaping @Sendable (any KeyTransaction) throws -> Void
  ) async throws {
    try await service().take(messages, for: destination, context(source), also: also)
  }

  /// S3 acts for itself, on behalf of a bucket: the function's policy decides.
  private func context(_ source: BucketEventSource) -> RequestContext {
    var context = RequestContext(
      requestID: random.uuid(), scope: Scope(account: source.owner, region: source.region),
      principal: Principal(
        kind: .service(Self.serviceName), account: source.owner,
        arn: ARN(service: "iam", region: "", account: source.owner.digits, resource: Self.serviceName),
        userID: Self.serviceName, accessKeyID: ""),
      time: clock.now(), userAgent: Self.serviceName, authorizer: authorizer)
    context.sourceARN = source.arn
    return context
  }
}
