import AWSWire
import Kernel
import NIOCore

/// What is done with records before they are laid out, in AWS's order: deaggregation, the function, partition keys.
package struct ProcessingPlan: Sendable, Equatable {
  /// How records that hold several are cut.
  package enum Splitting: Sendable, Equatable {
    case json
    case delimited([UInt8])
  }
  package struct Function: Sendable, Equatable {
    package var arn: String
    package var role: String?
    package var retries: Int
    /// Records of so many bytes go to one call.
    package var batchBytes: Int
  }

  package var splitting: Splitting?
  package var function: Function?
  /// A jq program that makes an object of partition keys.
  package var query: String?
  package var isPartitioned: Bool
  package var delimiter: String?

  /// - Returns: `nil` when records are laid out as they came.
  package init?(_ destination: S3Destination) {
    isPartitioned = destination.partitioning?.isEnabled ?? false
    delimiter = destination.delimiter
    let processors = destination.processing.map { $0.isEnabled ? $0.processors : [] } ?? []
    for processor in processors {
      switch processor.type {
      case "RecordDeAggregation":
        if processor["SubRecordType"]?.uppercased() == "DELIMITED" {
          splitting = .delimited(
            processor["Delimiter"].flatMap(Base64.decode).map { Array($0.readableBytesView) } ?? [])
        } else {
          splitting = .json
        }
      case "Lambda":
        let size = processor["BufferSizeInMBs"].flatMap(Double.init) ?? Limits.functionBatchMiBDefault
        function = Function(
          arn: processor["LambdaArn"] ?? "", role: processor["RoleArn"],
          retries: processor["NumberOfRetries"].flatMap(Int.init) ?? Limits.functionRetriesDefault,
          batchBytes: Int(max(Limits.functionBatchMiBMin, min(size, Limits.functionBatchMiBMax)) * 1_048_576))
      case "MetadataExtraction": query = processor["MetadataExtractionQuery"]
      default: break
      }
    }
    guard isPartitioned || splitting != nil || function != nil else { return nil }
  }
}

extension S3Destination.Processor {
  /// The value of a parameter.
  package subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
}
