import Kernel
import LambdaModel

/// What a mapping must keep to. Source: API reference, CreateEventSourceMapping.
enum MappingRules {
  static func refuseUnknown(_ input: CreateEventSourceMappingInput) throws {
    try refuse([
      ("TumblingWindowInSeconds", (input.tumblingWindowInSeconds ?? 0) > 0),
      ("SelfManagedEventSource", input.selfManagedEventSource != nil), ("Topics", input.topics != nil),
      ("Queues", input.queues != nil), ("ScalingConfig", input.scalingConfig != nil),
      ("KMSKeyArn", input.kmsKeyArn?.isEmpty == false), ("MetricsConfig", input.metricsConfig != nil),
      ("LoggingConfig", input.loggingConfig != nil), ("ProvisionedPollerConfig", input.provisionedPollerConfig != nil),
    ])
  }

  static func refuseUnknown(_ input: UpdateEventSourceMappingInput) throws {
    try refuse([
      ("TumblingWindowInSeconds", (input.tumblingWindowInSeconds ?? 0) > 0),
      ("ScalingConfig", input.scalingConfig != nil), ("KMSKeyArn", input.kmsKeyArn?.isEmpty == false),
      ("MetricsConfig", input.metricsConfig != nil), ("LoggingConfig", input.loggingConfig != nil),
      ("ProvisionedPollerConfig", input.provisionedPollerConfig != nil),
    ])
  }

  private static func refuse(_ settings: [(String, Bool)]) throws {
    if let given = settings.first(where: \.1) {
      throw AWSError.notImplemented(service: "Lambda", operation: "event source mappings with \(given.0)")
    }
  }

  /// Patterns as they are kept; `nil` for none.
  /// - Throws: InvalidParameterValueException.
  static func filters(_ criteria: FilterCriteria?) throws -> [String]? {
    let texts = try (criteria?.filters ?? []).map { filter in
      guard let pattern = filter.pattern else {
        throw LambdaError.invalidParameterValueException("Invalid filter pattern definition.")
      }
      return pattern
    }
    _ = try RecordFilter(texts)
    return texts.isEmpty ? nil : texts
  }

  /// Where records go that are given up: buckets; there are no queues and topics yet.
  /// - Throws: InvalidParameterValueException.
  static func onFailure(_ config: DestinationConfig?) throws -> String? {
    guard config?.onSuccess?.destination?.isEmpty ?? true else {
      throw LambdaError.invalidParameterValueException("OnSuccess is not supported for event source mappings.")
    }
    guard let text = config?.onFailure?.destination, !text.isEmpty else { return nil }
    guard let arn = ARN(text), ["s3", "sqs", "sns"].contains(arn.service) else {
      throw LambdaError.invalidParameterValueException("The provided destination config DestinationConfig is invalid.")
    }
    guard arn.service == "s3" else {
      throw AWSError.notImplemented(
        service: "Lambda", operation: "event source mappings with destinations in \(arn.service)")
    }
    guard FailureObjects.isBucket(arn) else {
      throw LambdaError.invalidParameterValueException("The provided destination config DestinationConfig is invalid.")
    }
    return text
  }

  static func stream(_ text: String?) throws -> ARN {
    guard let text, let arn = ARN(text) else {
      throw LambdaError.invalidParameterValueException("Unrecognized event source.")
    }
    guard arn.service == "kinesis", arn.resource.hasPrefix("stream/"), !arn.resource.contains("/consumer/") else {
      throw AWSError.notImplemented(
        service: "Lambda", operation: "event source mappings from \(arn.service) \(arn.resource.prefix(64))")
    }
    return arn
  }

  static func start(_ input: CreateEventSourceMappingInput) throws -> MappingRecord.Start {
    switch input.startingPosition {
    case .trimHorizon: return .trimHorizon
    case .latest: return .latest
    case .atTimestamp:
      guard let time = input.startingPositionTimestamp else {
        throw LambdaError.invalidParameterValueException(
          "StartingPositionTimestamp must be provided when StartingPosition is AT_TIMESTAMP.")
      }
      return .at(time)
    default:
      throw LambdaError.invalidParameterValueException(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not "
          + "be null.")
    }
  }

  static func check(_ mapping: MappingRecord) throws {
    func bounds(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw LambdaError.invalidParameterValueException(
          "1 validation error detected: Value '\(value)' at '\(name)' failed to satisfy constraint: Member must have "
            + "value between \(range.lowerBound) and \(range.upperBound)")
      }
    }
    try bounds("batchSize", mapping.batchSize, 1...Limits.batchSizeMax)
    try bounds("maximumBatchingWindowInSeconds", mapping.windowSeconds, 0...Limits.batchWindowSecondsMax)
    try bounds("parallelizationFactor", mapping.parallel, 1...Limits.parallelizationMax)
    try bounds("maximumRetryAttempts", mapping.retries, -1...Limits.batchRetriesMax)
    if mapping.recordAgeSeconds != -1 {
      try bounds("maximumRecordAgeInSeconds", mapping.recordAgeSeconds, 60...Limits.recordAgeSecondsMax)
    }
  }
}
