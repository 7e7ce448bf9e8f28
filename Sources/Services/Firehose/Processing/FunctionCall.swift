import AWSWire
import Kernel
import Kinesis
import NIOCore

/// One call of the function that transforms records, in AWS's protocol.
///
/// Source: "Transform source data in Amazon Data Firehose", and the events of the Lambda developer guide.
struct FunctionCall: Sendable {
  let stream: ARN
  let sourceStream: ARN?
  let region: String
  let records: [ProcessedRecord]

  /// An answer that does not follow the protocol: all records of the call have failed.
  struct Malformed: Error, Sendable {
    var code: String
    var message: String
  }

  enum Result: Sendable {
    case transformed(ProcessedRecord)
    case dropped
    case failed(ProcessedRecord)
  }

  func payload(invocation: String) -> ByteBuffer {
    func quoted(_ text: String) -> String { JSONNode.string(text).text }
    var out = ByteBuffer()
    out.reserveCapacity(1024 + records.reduce(0) { $0 + $1.data.readableBytes * 4 / 3 + 400 })
    out.writeString("{\"invocationId\":\(quoted(invocation)),\"deliveryStreamArn\":\(quoted(stream.description)),")
    if let sourceStream { out.writeString("\"sourceKinesisStreamArn\":\(quoted(sourceStream.description)),") }
    out.writeString("\"region\":\(quoted(region)),\"records\":[")
    for (place, record) in records.enumerated() {
      if place > 0 { out.writeString(",") }
      out.writeString(
        "{\"recordId\":\"\(record.id)\",\"approximateArrivalTimestamp\":\(record.source.time.milliseconds),\"data\":\"")
      out.writeString(Base64.encode(record.data.readableBytesView))
      out.writeString("\"")
      if let consumed = record.source.consumed {
        out.writeString(
          ",\"kinesisRecordMetadata\":{\"sequenceNumber\":\(quoted(consumed.sequenceNumber)),"
            + "\"subsequenceNumber\":0,\"partitionKey\":\(quoted(consumed.partitionKey)),"
            + "\"shardId\":\(quoted(consumed.shardID)),"
            + "\"approximateArrivalTimestamp\":\(record.source.time.milliseconds)}")
      }
      out.writeString("}")
    }
    out.writeString("]}")
    return out
  }

  /// What is said of a function that failed, by the error that it answered: one that ran out of time has its own code.
  static func failure(_ answer: ByteBuffer) -> Malformed {
    if case .string("Sandbox.Timedout")? = (try? JSONNode(Array(answer.readableBytesView)))?["errorType"] {
      return Malformed(
        code: "Lambda.FunctionTimedOut",
        message: "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.")
    }
    return Malformed(
      code: "Lambda.FunctionError",
      message: "The Lambda function was successfully invoked but it returned an error result.")
  }

  /// Reads an answer: one result for each record that was sent, in their order.
  func results(_ answer: ByteBuffer) throws(Malformed) -> [Result] {
    let parseFailure = Malformed(
      code: "Lambda.JsonProcessingException",
      message: "There was an error parsing returned records from the Lambda function. Ensure that the returned records "
        + "follow the status model required by Firehose.")
    guard let root = try? JSONNode(Array(answer.readableBytesView)), case .array(let returned)? = root["records"] else {
      throw parseFailure
    }
    var byID: [String: JSONNode] = [:]
    for record in returned {
      guard case .string(let id)? = record["recordId"] else { throw parseFailure }
      guard byID.updateValue(record, forKey: id) == nil else {
        throw Malformed(
          code: "Lambda.DuplicatedRecordId",
          message: "Multiple records were returned with the same record ID. Ensure that the Lambda function returns "
            + "unique record IDs for each record.")
      }
    }
    var results: [Result] = []
    for record in records {
      guard let found = byID[record.id] else {
        throw Malformed(
          code: "Lambda.MissingRecordId",
          message: "One or more record Ids were not returned. Ensure that the Lambda function returns all received "
            + "record IDs.")
      }
      guard case .string(let status)? = found["result"] else { throw parseFailure }
      switch status {
      case "Ok":
        guard case .string(let text)? = found["data"], let data = Base64.decode(text) else { throw parseFailure }
        var transformed = record
        transformed.data = data
        if case .object(let keys)? = found["metadata"]?["partitionKeys"] {
          for key in keys { transformed.functionKeys[key.key] = key.value.plainText }
        }
        results.append(.transformed(transformed))
      case "Dropped": results.append(.dropped)
      case "ProcessingFailed": results.append(.failed(record))
      default: throw parseFailure
      }
    }
    return results
  }
}

extension JSONNode {
  /// A member of an object; the last of equal names.
  subscript(_ key: String) -> JSONNode? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// The text of a string, number or boolean.
  var plainText: String? {
    switch self {
    case .string(let text), .number(let text): text
    case .bool(let value): String(value)
    case .null, .array, .object: nil
    }
  }
}
