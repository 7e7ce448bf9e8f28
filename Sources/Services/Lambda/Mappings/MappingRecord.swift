import Foundation
package import Kernel
import LambdaModel

/// An event source mapping as it is kept.
package struct MappingRecord: Codable, Sendable, Hashable {
  package enum Start: Codable, Sendable, Hashable {
    case trimHorizon
    case latest
    case at(Timestamp)
  }
  var id: String
  var scope: Scope
  var stream: ARN
  var function: String
  var qualifier: String?
  var isEnabled: Bool
  var start: Start
  var batchSize: Int
  var windowSeconds: Int
  var parallel: Int
  package var bisects: Bool
  /// -1 for no bound.
  package var recordAgeSeconds: Int
  package var retries: Int
  package var reportsItems: Bool
  var onFailure: String?
  /// Patterns of records that the function is to get; all of them without.
  var filters: [String]?
  var tags: [String: String]?
  var modified: Timestamp
  /// What was done last, as the API tells it.
  var result = "No records processed"

  package init(
    id: String, scope: Scope, stream: ARN, function: String, qualifier: String? = nil, isEnabled: Bool, start: Start,
    batchSize: Int, windowSeconds: Int, parallel: Int, bisects: Bool, recordAgeSeconds: Int, retries: Int,
    reportsItems: Bool, modified: Timestamp
  ) {
    self.id = id
    self.scope = scope
    self.stream = stream
    self.function = function
    self.qualifier = qualifier
    self.isEnabled = isEnabled
    self.start = start
    self.batchSize = batchSize
    self.windowSeconds = windowSeconds
    self.parallel = parallel
    self.bisects = bisects
    self.recordAgeSeconds = recordAgeSeconds
    self.retries = retries
    self.reportsItems = reportsItems
    self.modified = modified
  }

  var name: FunctionName { FunctionName(scope: scope, name: function, qualifier: qualifier) }
  var arn: ARN { ARN(service: "lambda", scope.region, scope.account, "event-source-mapping:\(id)") }

  func shape(state: String? = nil, result shown: String? = nil) -> EventSourceMappingConfiguration {
    let position: EventSourcePosition
    var moment: Timestamp?
    switch start {
    case .trimHorizon: position = .trimHorizon
    case .latest: position = .latest
    case .at(let time):
      position = .atTimestamp
      moment = time
    }
    return EventSourceMappingConfiguration(
      uuid: id, startingPosition: position, startingPositionTimestamp: moment, batchSize: batchSize,
      maximumBatchingWindowInSeconds: windowSeconds, parallelizationFactor: parallel,
      eventSourceArn: stream.description,
      filterCriteria: filters.map { FilterCriteria(filters: $0.map { Filter(pattern: $0) }) },
      functionArn: name.qualifiedARN.description, lastModified: modified,
      lastProcessingResult: shown ?? result, state: state ?? (isEnabled ? "Enabled" : "Disabled"),
      stateTransitionReason: "User action",
      destinationConfig: DestinationConfig(onFailure: onFailure.map { OnFailure(destination: $0) }),
      maximumRecordAgeInSeconds: recordAgeSeconds, bisectBatchOnFunctionError: bisects,
      maximumRetryAttempts: retries, tumblingWindowInSeconds: 0,
      functionResponseTypes: reportsItems ? [.reportBatchItemFailures] : [],
      eventSourceMappingArn: arn.description)
  }
}

/// How far a mapping has come in its stream.
struct MappingCheckpoint: Codable, Sendable, Hashable {
  /// Which stream of that name the offsets are of.
  var streamUID: String?
  /// The next offset of each shard.
  var offsets: [Int: UInt64] = [:]
}
