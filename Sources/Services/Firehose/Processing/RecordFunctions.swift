public import Kernel
public import NIOCore

/// Functions that deliveries call: `Server` hands Lambda in.
public protocol RecordFunctions: Sendable {
  /// Calls a function and waits for its answer.
  /// - Throws: `AWSError` when it could not be called.
  func invoke(_ function: String, _ payload: ByteBuffer, _ context: RequestContext) async throws -> RecordAnswer
}

/// What a function answered.
public struct RecordAnswer: Sendable {
  public var payload: ByteBuffer
  /// The function itself failed.
  public var isError: Bool

  public init(payload: ByteBuffer, isError: Bool) {
    self.payload = payload
    self.isError = isError
  }
}

/// No functions: for a house without Lambda.
public struct NoFunctions: RecordFunctions {
  public init() {}
  public func invoke(_ function: String, _ payload: ByteBuffer, _ context: RequestContext) async throws -> RecordAnswer
  {
    throw AWSError("ResourceNotFoundException", "Function not found: \(function)", httpStatus: 404)
  }
}
