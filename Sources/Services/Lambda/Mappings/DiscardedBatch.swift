import AWSWire
import Foundation
import Kernel
import Logging
import NIOCore

extension MappingTools {
  /// Writes records that were given up into the bucket of their mapping, if it has one. It comes before the shard's
  /// checkpoint: a crash in between writes them again.
  func keep(
    _ items: [StreamItem], _ about: GivenUp, of mapping: MappingRecord, shard: String, role: String
  ) async {
    guard let bucket = mapping.onFailure.flatMap({ ARN($0) }) else { return }
    do {
      try await failures.put(
        Self.record(items, about, of: mapping, shard: shard, role: role, requestID: random.uuid(), at: clock.now()),
        folder: "aws/lambda/\(mapping.id)/\(shard)", bucket: bucket, role: role, scope: mapping.scope,
        function: mapping.function)
    } catch {
      log.warning(
        "records that were given up could not be written to their bucket",
        metadata: ["mapping": "\(mapping.id)", "destination": "\(bucket)", "error": "\(error)"])
      metrics.record([
        MetricSample(
          "AWS/Lambda", "DestinationDeliveryFailures", dimensions: [(name: "FunctionName", value: mapping.function)],
          value: 1, unit: "Count", time: clock.now(), scope: mapping.scope)
      ])
    }
  }

  /// Source: developer guide, "Capture discarded batches from a Kinesis Data Streams event source".
  static func record(
    _ items: [StreamItem], _ about: GivenUp, of mapping: MappingRecord, shard: String, role: String,
    requestID: String, at now: Timestamp
  ) throws -> Data {
    func text(_ moment: Timestamp?) -> String { moment.map { TimestampText.iso8601($0, milliseconds: true) } ?? "" }
    let event = try StreamItem.event(items, shard: shard, stream: mapping.stream, role: role)
    var record: [String: Any] = [
      "requestContext": [
        "requestId": about.last?.requestID ?? requestID, "functionArn": mapping.name.qualifiedARN.description,
        "condition": about.reason, "approximateInvokeCount": about.attempts,
      ] as [String: Any],
      "version": "1.0", "timestamp": text(now),
      "KinesisBatchInfo": [
        "shardId": shard, "startSequenceNumber": items.first?.sequenceNumber ?? "",
        "endSequenceNumber": items.last?.sequenceNumber ?? "",
        "approximateArrivalOfFirstRecord": text(items.first?.time),
        "approximateArrivalOfLastRecord": text(items.last?.time), "batchSize": items.count,
        "streamArn": mapping.stream.description,
      ] as [String: Any],
      // A bucket gets the whole event; queues and topics only where it lies.
      "payload": String(buffer: event),
    ]
    if let last = about.last {
      var answer: [String: Any] = ["statusCode": 200, "executedVersion": last.version]
      answer["functionError"] = last.isError ? "Unhandled" : NSNull()
      record["responseContext"] = answer
    }
    return try JSONSerialization.data(withJSONObject: record, options: [.withoutEscapingSlashes])
  }
}
