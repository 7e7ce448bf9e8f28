import AWSWire
import Firehose
import FirehoseModel
import Kernel
import Kinesis
import KinesisModel
import Lambda
import LambdaModel
import Logs
import NIOCore

/// Where CloudWatch Logs' subscriptions deliver to. The services are told once they are there: functions write to log
/// groups, and log groups call functions.
final class LogTargets: SubscriptionTargets {
  private struct Services: Sendable {
    var kinesis: any KinesisAPI
    var firehose: any FirehoseAPI
    var lambda: any LambdaAPI
  }
  private let services = Locked<Services?>(nil)

  func set(kinesis: any KinesisAPI, firehose: any FirehoseAPI, lambda: any LambdaAPI) {
    services.withLock { $0 = Services(kinesis: kinesis, firehose: firehose, lambda: lambda) }
  }

  func deliver(
    _ message: ByteBuffer, to destination: ARN, partitionKey key: String, _ context: RequestContext
  ) async throws {
    guard let services = services.withLock({ $0 }) else { throw AWSError.throttled }
    switch destination.service {
    case "kinesis":
      _ = try await services.kinesis.putRecord(
        KinesisModel.PutRecordInput(
          data: message, partitionKey: String(key.unicodeScalars.prefix(256)), streamARN: destination.description),
        context)
    case "firehose":
      _ = try await services.firehose.putRecord(
        FirehoseModel.PutRecordInput(
          deliveryStreamName: String(destination.resource.split(separator: "/").last ?? ""),
          record: FirehoseModel.Record(data: message)), context)
    case "lambda":
      let event = #"{"awslogs":{"data":""# + Base64.encode(message.readableBytesView) + #""}}"#
      _ = try await invoke(destination, .event, ByteBuffer(string: event), services.lambda, context)
    default: throw AWSError("ResourceNotFoundException", "There is no destination \(destination).")
    }
  }

  func probe(_ message: ByteBuffer, _ destination: ARN, _ context: RequestContext) async throws {
    guard destination.service == "lambda" else {
      return try await deliver(message, to: destination, partitionKey: "control", context)
    }
    guard let services = services.withLock({ $0 }) else { throw AWSError.throttled }
    _ = try await invoke(destination, .dryRun, nil, services.lambda, context)
  }

  private func invoke(
    _ function: ARN, _ type: InvocationType, _ payload: ByteBuffer?, _ lambda: any LambdaAPI, _ context: RequestContext
  ) async throws {
    _ = try await lambda.invoke(
      InvokeInput(functionName: function.description, invocationType: type, payload: payload), context)
  }
}
