import CCompression
import Kernel
import NIOCore

/// What a subscription's destination gets: gzip over JSON.
///
/// Source: "Log group-level subscription filters", the form of Kinesis and Lambda records.
struct SubscriptionMessage: Sendable {
  var type = "DATA_MESSAGE"
  var owner: String
  var group: String
  var stream: String
  var filters: [String]
  var events: [(id: String, time: Int64, message: String)]

  /// A message without content, which tells that a destination is reached.
  static func control(at time: Timestamp, _ destination: String) -> SubscriptionMessage {
    SubscriptionMessage(
      type: "CONTROL_MESSAGE", owner: "CloudwatchLogs", group: "", stream: "", filters: [],
      events: [
        ("", time.milliseconds, "CWL CONTROL MESSAGE: Checking health of destination \(destination).")
      ])
  }

  var json: [UInt8] {
    let events = events.map { event in
      JSONNode.object([
        .init("id", .string(event.id)), .init("timestamp", .number(String(event.time))),
        .init("message", .string(event.message)),
      ])
    }
    var out: [UInt8] = []
    JSONNode.object([
      .init("messageType", .string(type)), .init("owner", .string(owner)), .init("logGroup", .string(group)),
      .init("logStream", .string(stream)), .init("subscriptionFilters", .array(filters.map { .string($0) })),
      .init("logEvents", .array(events)),
    ]).write(to: &out)
    return out
  }

  /// - Throws: when there is no memory.
  func packed() throws -> ByteBuffer {
    guard let stream = tarn_deflate_new(1) else { throw AWSError.internalFailure() }
    defer { tarn_deflate_free(stream) }
    let input = json
    var out = ByteBuffer()
    var place = 0
    while true {
      var taken = 0
      var filled = 0
      var result: Int32 = 0
      out.writeWithUnsafeMutableBytes(minimumWritableBytes: 16 << 10) { target in
        result = input.withUnsafeBufferPointer { bytes in
          tarn_deflate_run(
            stream, bytes.baseAddress.map { $0 + place }, bytes.count - place, 1,
            target.bindMemory(to: UInt8.self).baseAddress, target.count, &taken, &filled)
        }
        return filled
      }
      guard result >= 0 else { throw AWSError.internalFailure() }
      place += taken
      if result == 1 { return out }
    }
  }
}
