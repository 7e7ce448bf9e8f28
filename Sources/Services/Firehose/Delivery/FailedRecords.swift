import Foundation
import Kernel
import Kinesis
import NIOCore

/// Records that could not be converted, as AWS writes them to the error prefix: a JSON document a line.
struct FailedRecords {
  let conversion: S3Destination.Conversion
  let region: String

  /// One record's line.
  func line(_ record: SourceRecord, code: String, message: String, at now: Timestamp) -> ByteBuffer {
    func quoted(_ text: String?) -> String { text.map { JSONNode.string($0).text } ?? "null" }
    var line = ByteBuffer()
    line.writeString(
      "{\"attemptsMade\":1,\"arrivalTimestamp\":\(record.time.milliseconds),\"lastErrorCode\":\(quoted(code)),"
        + "\"lastErrorMessage\":\(quoted(message)),\"attemptEndingTimestamp\":\(now.milliseconds),\"rawData\":\"")
    line.writeString(Data(record.data.readableBytesView).base64EncodedString())
    line.writeString(
      "\",\"sequenceNumber\":\(quoted(record.consumed?.sequenceNumber)),\"subSequenceNumber\":null,"
        + "\"dataCatalogTable\":{\"catalogId\":\(quoted(conversion.catalogID)),"
        + "\"databaseName\":\(quoted(conversion.database)),\"tableName\":\(quoted(conversion.table)),"
        + "\"region\":\(quoted(conversion.region ?? region)),\"versionId\":\(quoted(conversion.versionID ?? "LATEST")),"
        + "\"catalogArn\":null}}\n")
    return line
  }
}
