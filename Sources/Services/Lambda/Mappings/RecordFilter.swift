import Kernel
import LambdaModel
import NIOCore

/// Which records of a stream a mapping's function gets: those that one of its patterns matches.
/// Source: developer guide, "Control which events Lambda sends to your function", Kinesis.
package struct RecordFilter: Sendable {
  private let patterns: [EventPattern]

  /// - Throws: InvalidParameterValueException.
  package init(_ texts: [String]) throws {
    guard texts.count <= Limits.filtersMax else {
      throw LambdaError.invalidParameterValueException(
        "1 validation error detected: Value at 'filterCriteria.filters' failed to satisfy constraint: Member must have "
          + "length less than or equal to \(Limits.filtersMax)")
    }
    patterns = try texts.map { text in
      guard text.utf8.count <= Limits.filterBytesMax, let pattern = try? EventPattern(text),
        // The data of a record is JSON to a pattern, or nothing that it could match.
        pattern.hasFields(below: "data")
      else { throw LambdaError.invalidParameterValueException("Invalid filter pattern definition.") }
      return pattern
    }
  }

  package func wants(_ item: StreamItem) -> Bool {
    guard !patterns.isEmpty else { return true }
    let data: JSONNode? =
      patterns.contains { $0.names.contains("data") } ? try? JSONNode(Array(item.data.readableBytesView)) : nil
    var members: [JSONNode.Member] = [
      .init("kinesisSchemaVersion", .string("1.0")), .init("partitionKey", .string(item.partitionKey)),
      .init("sequenceNumber", .string(item.sequenceNumber)),
      .init("approximateArrivalTimestamp", .number("\(Double(item.time.milliseconds) / 1000)")),
    ]
    if let data { members.append(.init("data", data)) }
    return patterns.contains { pattern in
      // A record whose data is not JSON is dropped by a pattern that looks into it.
      if pattern.names.contains("data"), data == nil { return false }
      return pattern.matches(.object(members))
    }
  }
}
