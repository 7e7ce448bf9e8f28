import Firehose
import Kernel
import Lambda
import LambdaModel
import NIOCore

/// Functions that delivery streams call. Lambda is told once it is there.
final class DeliveryFunctions: RecordFunctions {
  private let lambda = Locked<(any LambdaAPI)?>(nil)

  func set(_ lambda: any LambdaAPI) { self.lambda.withLock { $0 = lambda } }

  func invoke(_ function: String, _ payload: ByteBuffer, _ context: RequestContext) async throws -> RecordAnswer {
    guard let lambda = lambda.withLock({ $0 }) else { throw AWSError.throttled }
    let answer = try await lambda.invoke(
      InvokeInput(functionName: function, invocationType: .requestResponse, payload: payload), context)
    return RecordAnswer(payload: answer.payload ?? ByteBuffer(), isError: answer.functionError != nil)
  }
}
