import AWSWire
import Foundation
package import Kernel
import Kinesis
package import NIOCore

/// A record of a stream on its way to a function.
package struct StreamItem: Sendable {
  package var offset: UInt64
  package var time: Timestamp
  package var sequenceNumber: String
  package var partitionKey: String
  package var data: ByteBuffer

  package init(offset: UInt64, time: Timestamp, sequenceNumber: String, partitionKey: String, data: ByteBuffer) {
    self.offset = offset
    self.time = time
    self.sequenceNumber = sequenceNumber
    self.partitionKey = partitionKey
    self.data = data
  }

  init(_ record: ConsumedRecord) {
    self.init(
      offset: record.offset, time: record.time, sequenceNumber: record.sequenceNumber,
      partitionKey: record.partitionKey, data: record.data)
  }

  /// About how many bytes it takes in an event: its data in base64, its names.
  var eventBytes: Int { (data.readableBytes + 2) / 3 * 4 + partitionKey.utf8.count * 2 + 700 }

  /// The event that a function gets for some records of a shard. Source: developer guide, "Kinesis event".
  static func event(_ items: [StreamItem], shard: String, stream: ARN, role: String) throws -> ByteBuffer {
    let records: [[String: Any]] = items.map { item in
      [
        "kinesis": [
          "kinesisSchemaVersion": "1.0", "partitionKey": item.partitionKey, "sequenceNumber": item.sequenceNumber,
          "data": Base64.encode(item.data.readableBytesView),
          "approximateArrivalTimestamp": Double(item.time.milliseconds) / 1000,
        ] as [String: Any],
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "\(shard):\(item.sequenceNumber)",
        "eventName": "aws:kinesis:record", "invokeIdentityArn": role, "awsRegion": stream.region,
        "eventSourceARN": stream.description,
      ]
    }
    return ByteBuffer(
      bytes: try JSONSerialization.data(withJSONObject: ["Records": records], options: .withoutEscapingSlashes))
  }
}

/// What a function says of the records that it was given.
package enum BatchAnswer: Sendable, Hashable {
  case done
  /// All before this one are done; this and those behind it come again.
  case failedFrom(Int)

  /// Reads `{"batchItemFailures": [{"itemIdentifier": "…"}]}`. What cannot be understood means that all failed.
  /// Source: developer guide, "Configuring partial batch response with Kinesis Data Streams and Lambda".
  package static func read(_ payload: ByteBuffer, _ items: [StreamItem]) -> BatchAnswer {
    let data = Data(payload.readableBytesView)
    guard let value = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) else {
      return .failedFrom(0)
    }
    if value is NSNull || (value as? String)?.isEmpty == true { return .done }
    guard let object = value as? [String: Any] else { return .failedFrom(0) }
    let list = object["batchItemFailures"]
    if list == nil || list is NSNull { return .done }
    guard let failures = list as? [Any] else { return .failedFrom(0) }
    var first = items.count
    for failure in failures {
      guard let name = (failure as? [String: Any])?["itemIdentifier"] as? String, !name.isEmpty,
        let index = items.firstIndex(where: { $0.sequenceNumber == name })
      else { return .failedFrom(0) }
      first = min(first, index)
    }
    return first == items.count ? .done : .failedFrom(first)
  }
}
