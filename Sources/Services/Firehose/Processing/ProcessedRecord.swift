import Foundation
import Kernel
import NIOCore

/// A record, or a part of one, on its way through the processors.
struct ProcessedRecord: Sendable {
  var source: SourceRecord
  /// Which part of the source record it is.
  var part: Int
  var lane: Int
  var data: ByteBuffer
  /// Partition keys that the function gave, and that the query gave.
  var functionKeys: [String: String] = [:]
  var queryKeys: [String: String] = [:]

  /// Names the record in a call of a function: the same at every try.
  var id: String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    return "49" + padded(String(lane), 12) + padded(String(source.offset), 20) + padded(String(part), 22)
  }
}

/// A record that a processor could not handle, as AWS writes it below the error prefix.
struct ProcessingFailure: Sendable {
  var record: ProcessedRecord
  var attempts: Int
  var code: String
  var message: String
  var function: String?

  /// One line of JSON. Source: "Handle failure in data transformation".
  func line(at now: Timestamp) -> ByteBuffer {
    func quoted(_ text: String) -> String { JSONNode.string(text).text }
    var line = ByteBuffer()
    line.writeString(
      "{\"attemptsMade\":\(attempts),\"arrivalTimestamp\":\(record.source.time.milliseconds),"
        + "\"errorCode\":\(quoted(code)),\"errorMessage\":\(quoted(message)),"
        + "\"attemptEndingTimestamp\":\(now.milliseconds),\"rawData\":\"")
    // What is kept is what came in: a part stands for itself.
    line.writeString(Data(record.data.readableBytesView).base64EncodedString())
    line.writeString("\"")
    if let function { line.writeString(",\"lambdaArn\":\(quoted(function))") }
    line.writeString("}\n")
    return line
  }
}
