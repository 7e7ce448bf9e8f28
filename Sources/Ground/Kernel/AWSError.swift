/// An error as an AWS service answers it.
///
/// The generated error types of each service make these (`KinesisError.resourceNotFound("…")`), so that
/// code, status and fault come from AWS's model. The wire layer writes it in the protocol of the call.
public struct AWSError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Fault: Sendable, Hashable { case sender, receiver }

  /// AWS's code, such as `ResourceNotFoundException`.
  public var code: String
  public var message: String
  public var httpStatus: Int
  public var fault: Fault
  /// Further members of the error's shape, such as S3's `BucketName`, in the order they are written.
  public var details: [Detail]
  /// Header fields that go with the answer, such as `x-amz-delete-marker` of a 404 or `ETag` of a 304.
  public var headers: [Detail]

  public struct Detail: Sendable, Hashable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    _ code: String, _ message: String, httpStatus: Int = 400, fault: Fault = .sender, details: [Detail] = [],
    headers: [Detail] = []
  ) {
    self.code = code
    self.message = message
    self.httpStatus = httpStatus
    self.fault = fault
    self.details = details
    self.headers = headers
  }

  /// The answer to an operation that AWS has and Tarn does not have yet.
  public static func notImplemented(service: String, operation: String) -> AWSError {
    AWSError(
      "NotImplemented", "Tarn does not implement \(service) \(operation) yet.", httpStatus: 501, fault: .receiver)
  }

  /// Something went wrong on our side; the cause is in the log under the request's id.
  public static func internalFailure(_ message: String = "An internal error occurred.") -> AWSError {
    AWSError("InternalFailure", message, httpStatus: 500, fault: .receiver)
  }

  /// Too many wait already and the caller should back off. The wire layer gives it the service's own code.
  public static let throttled = AWSError("ThrottlingException", "Rate exceeded")

  public var description: String { "\(code) (\(httpStatus)): \(message)" }
}

/// An error that may mean nothing worse than that too many wait already.
public protocol OverloadReporting: Error {
  /// Whether the caller should back off and try again, with nothing changed by this try.
  var isOverload: Bool { get }
}
