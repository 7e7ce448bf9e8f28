import AWSWire
import FirehoseModel
import Kernel
import NIOCore

/// What AWS refuses of processors and of dynamic partitioning, in its words where they are known.
enum ProcessingRules {
  static func check(_ destination: S3Destination) throws {
    let processors = destination.processing.map { $0.isEnabled ? $0.processors : [] } ?? []
    for (place, processor) in processors.enumerated() {
      if processors[..<place].contains(where: { $0.type == processor.type }) {
        try refuse("Duplicate processor type \(processor.type).")
      }
      try check(processor)
    }
    let prefixes: DestinationPrefixes
    do {
      prefixes = try DestinationPrefixes(
        prefix: destination.prefix, errorPrefix: destination.errorPrefix,
        isPartitioned: destination.partitioning?.isEnabled ?? false)
    } catch {
      throw FirehoseError.invalidArgumentException(error.reason)
    }
    let query = processors.first { $0.type == "MetadataExtraction" }
    let function = processors.first { $0.type == "Lambda" }
    guard destination.partitioning?.isEnabled == true else {
      if prefixes.data.hasPartitionKeys {
        try refuse(
          "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is "
            + "enabled."
        )
      }
      if query != nil {
        try refuse("MetadataExtraction processor should be present only when Dynamic Partitioning is enabled.")
      }
      return
    }
    guard prefixes.data.hasPartitionKeys else {
      throw FirehoseError.invalidArgumentException(
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled")
    }
    if (destination.errorPrefix ?? "").isEmpty {
      try refuse("ErrorOutputPrefix cannot be null or empty when Dynamic Partitioning is enabled.")
    }
    if !prefixes.data.queryKeys.isEmpty, query == nil {
      try refuse("MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace.")
    }
    if !prefixes.data.functionKeys.isEmpty, function == nil {
      try refuse("Lambda processor should be present when S3 Prefix has partitionKeyFromLambda namespace.")
    }
    if query != nil, prefixes.data.queryKeys.isEmpty {
      try refuse(
        "S3 Prefix should contain partitionKeyFromQuery namespace when MetadataExtraction processor is present.")
    }
    if destination.bufferMiB < Limits.bufferMiBForPartitioningMin {
      try refuse(
        "BufferingHints.SizeInMBs must be at least \(Limits.bufferMiBForPartitioningMin) when Dynamic Partitioning is "
          + "enabled.")
    }
  }

  private static func refuse(_ message: String) throws { throw FirehoseError.invalidArgumentException(message) }

  private static func check(_ processor: S3Destination.Processor) throws {
    switch processor.type {
    case "AppendDelimiterToRecord": break
    case "RecordDeAggregation":
      switch processor["SubRecordType"]?.uppercased() {
      case "JSON": break
      case "DELIMITED":
        guard let delimiter = processor["Delimiter"], let bytes = Base64.decode(delimiter), bytes.readableBytes > 0
        else {
          return try refuse("Delimiter must be a base64 encoded string when SubRecordType is DELIMITED.")
        }
      default: try refuse("SubRecordType must be JSON or DELIMITED for the processor RecordDeAggregation.")
      }
    case "MetadataExtraction":
      guard processor["JsonParsingEngine"] == "JQ-1.6" else {
        return try refuse("JsonParsingEngine must be JQ-1.6 for the processor MetadataExtraction.")
      }
      if (processor["MetadataExtractionQuery"] ?? "").isEmpty {
        try refuse("MetadataExtractionQuery must be specified for the processor MetadataExtraction.")
      }
    case "Lambda": try checkFunction(processor)
    default:
      throw AWSError.notImplemented(
        service: "firehose", operation: "CreateDeliveryStream with the processor \(processor.type)")
    }
  }

  private static func checkFunction(_ processor: S3Destination.Processor) throws {
    guard let arn = processor["LambdaArn"].flatMap({ ARN($0) }), arn.service == "lambda",
      arn.resource.hasPrefix("function:")
    else { return try refuse("LambdaArn must be specified for the processor Lambda.") }
    if let retries = processor["NumberOfRetries"] {
      guard let number = Int(retries), (0...Limits.functionRetriesMax).contains(number) else {
        return try refuse("NumberOfRetries must be between 0 and \(Limits.functionRetriesMax).")
      }
    }
    if let size = processor["BufferSizeInMBs"] {
      guard let number = Double(size), number >= Limits.functionBatchMiBMin, number <= Limits.functionBatchMiBMax else {
        return try refuse(
          "BufferSizeInMBs must be between \(Limits.functionBatchMiBMin) and \(Limits.functionBatchMiBMax) for Lambda.")
      }
    }
    if let seconds = processor["BufferIntervalInSeconds"] {
      guard let number = Int(seconds), (0...Limits.functionIntervalSecondsMax).contains(number) else {
        return try refuse(
          "BufferIntervalInSeconds must be between 0 and \(Limits.functionIntervalSecondsMax) for Lambda.")
      }
    }
  }
}
