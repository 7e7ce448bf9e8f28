import Kernel

extension Delivery {
  /// Tells an error to the log stream that the destination names, where its CloudWatchLoggingOptions ask for it.
  ///
  /// Source: "Monitor Amazon Data Firehose Using CloudWatch Logs". Group and stream are not made on demand.
  func tell(_ code: String, _ message: String) {
    Self.tell(code, message, record, scope, with)
  }

  static func tell(
    _ code: String, _ message: String, _ record: DeliveryStreamRecord, _ scope: Scope, _ with: Collaborators
  ) {
    let logging = record.destination.logging
    guard logging.isEnabled, let group = logging.group, let stream = logging.stream else { return }
    let arn = FirehoseService.StreamID(scope: scope, name: record.name).arn.description
    let text = JSONNode.object([
      .init("deliveryStreamARN", .string(arn)), .init("destination", .string(record.destination.bucketARN)),
      .init("deliveryStreamVersionId", .number(String(record.version))), .init("message", .string(message)),
      .init("errorCode", .string(code)),
    ]).text
    with.lines.record(
      LogEventBatch(
        scope: scope, group: group, stream: stream, events: [.init(time: with.clock.now(), message: text)],
        writer: ARN(record.destination.role).map {
          .init(role: $0, service: Collaborators.serviceName, session: record.name)
        }, makesGroup: false))
  }
}
