package import Kernel

/// What is kept of a delivery stream.
package struct DeliveryStreamRecord: Sendable, Codable, Equatable {
  package enum Status: String, Sendable, Codable { case active, deleting }

  package struct KinesisSource: Sendable, Codable, Equatable {
    package var stream: ARN
    package var role: String
    /// Records that came from then on are delivered.
    package var startedAt: Timestamp
  }

  package struct Encryption: Sendable, Codable, Equatable {
    package var keyType: String
    package var keyARN: String?
    package var isEnabled: Bool
  }

  package var name: String
  /// Tells this delivery stream from an earlier one of the same name.
  package var uid: String
  package var createdAt: Timestamp
  package var updatedAt: Timestamp?
  package var status: Status = .active
  /// Begins with 1, one more with each UpdateDestination.
  package var version = 1
  /// `nil` for DirectPut.
  package var kinesis: KinesisSource?
  package var throughputHintMiB: Int?
  package var destination: S3Destination
  package var encryption: Encryption?
  package var tags: [String: String] = [:]
}

/// An S3 destination with its defaults filled in.
package struct S3Destination: Sendable, Codable, Equatable {
  package enum Compression: String, Sendable, Codable {
    case none = "UNCOMPRESSED"
    case gzip = "GZIP"
    case zip = "ZIP"
    case snappy = "Snappy"
    case hadoopSnappy = "HADOOP_SNAPPY"
  }

  package struct Logging: Sendable, Codable, Equatable {
    package var isEnabled = false
    package var group: String?
    package var stream: String?
  }

  package var role: String
  package var bucketARN: String
  package var prefix: String?
  package var errorPrefix: String?
  package var bufferMiB: Int
  package var bufferSeconds: Int
  package var compression: Compression = .none
  package var kmsKey: String?
  package var logging = Logging()
  /// Made from ExtendedS3DestinationConfiguration, and shown so.
  package var isExtended = false
  package var fileExtension: String?
  package var timeZone: String?
  package var conversion: Conversion?
  /// ProcessingConfiguration as it was given; `nil` when none was.
  package var processing: Processing?
  /// DynamicPartitioningConfiguration as it was given.
  package var partitioning: Partitioning?
  package var backupEnabled = false
  package var backup: Backup?

  /// Bytes of records after which they are delivered. Where partitioning is dynamic the buffering hint counts for each
  /// partition: what is waited for is the interval.
  package var deliveryBytesMax: Int64 {
    let hint = Int64(bufferMiB) << 20
    return partitioning?.isEnabled == true ? max(hint, Limits.partitionedBytesMax) : hint
  }

  /// The bucket's name.
  package var bucket: String { bucketARN.split(separator: ":").last.map(String.init) ?? "" }

  /// The destination of source records when backup is on. A struct of its own, since a value cannot hold itself.
  package struct Backup: Sendable, Codable, Equatable {
    package var role: String
    package var bucketARN: String
    package var prefix: String?
    package var errorPrefix: String?
    package var bufferMiB: Int
    package var bufferSeconds: Int
    package var compression: Compression = .none
    package var kmsKey: String?
    package var logging = Logging()
  }

  package struct Processing: Sendable, Codable, Equatable {
    package var isEnabled: Bool
    package var processors: [Processor]
  }

  package struct Partitioning: Sendable, Codable, Equatable {
    package var isEnabled: Bool
    package var retrySeconds: Int?
  }

  package struct Processor: Sendable, Codable, Equatable {
    package var type: String
    package var parameters: [Parameter]
    package struct Parameter: Sendable, Codable, Equatable {
      package var name: String
      package var value: String
    }
  }

  /// Put behind every record: what the processor AppendDelimiterToRecord asks for.
  package var delimiter: String? {
    guard let processing, processing.isEnabled,
      let processor = processing.processors.first(where: { $0.type == "AppendDelimiterToRecord" })
    else { return nil }
    let text = processor.parameters.first { $0.name == "Delimiter" }?.value ?? "\\n"
    return text.replacing("\\n", with: "\n")
  }

  package struct Conversion: Sendable, Codable, Equatable {
    package var isEnabled: Bool
    package var role: String?
    package var catalogID: String?
    package var database: String?
    package var table: String?
    package var region: String?
    package var versionID: String?
    package var deserializer: JSONDeserializer?
    /// One of the two, as the serializer says.
    package var parquet: ParquetOptions?
    package var orc: OrcOptions?
    package var hasSchema: Bool
  }
}

/// How JSON records become rows.
package struct JSONDeserializer: Sendable, Codable, Equatable {
  package enum Kind: String, Sendable, Codable { case openX, hive }
  package var kind: Kind
  /// OpenX: keys are compared in lower case. Hive's always are.
  package var caseInsensitive: Bool?
  package var dotsToUnderscores: Bool?
  package var keyOfColumn: [String: String]?
  /// Hive: Joda patterns, or `millis`.
  package var timestampFormats: [String]?

  package init(
    kind: Kind, caseInsensitive: Bool? = nil, dotsToUnderscores: Bool? = nil, keyOfColumn: [String: String]? = nil,
    timestampFormats: [String]? = nil
  ) {
    self.kind = kind
    self.caseInsensitive = caseInsensitive
    self.dotsToUnderscores = dotsToUnderscores
    self.keyOfColumn = keyOfColumn
    self.timestampFormats = timestampFormats
  }

  package var foldsCase: Bool { kind == .hive || caseInsensitive != false }
}

/// How rows become Parquet. What is not given takes AWS's default and is shown as not given.
package struct ParquetOptions: Sendable, Codable, Equatable {
  package var compression: String?
  package var blockBytes: Int?
  package var pageBytes: Int?
  package var dictionary: Bool?
  package var paddingBytesMax: Int?
  package var writerVersion: String?

  package init() {}
}

/// How rows become ORC, in the same way.
package struct OrcOptions: Sendable, Codable, Equatable {
  package var compression: String?
  package var stripeBytes: Int?
  package var blockBytes: Int?
  package var rowIndexStride: Int?
  package var enablePadding: Bool?
  package var paddingTolerance: Double?
  package var bloomFilterColumns: [String]?
  package var bloomFilterFalsePositives: Double?
  package var dictionaryKeyThreshold: Double?
  package var formatVersion: String?

  package init() {}
}

/// How far a delivery stream has come: what was delivered lies before these offsets.
package struct DeliveryCheckpoint: Sendable, Codable, Equatable {
  /// The Kinesis stream's uid; checkpoints of another stream of the same name are worth nothing.
  package var source: String?
  /// Next offset by lane: a shard's index, or 0 for DirectPut.
  package var offsets: [Int: UInt64]

  package init(source: String? = nil, offsets: [Int: UInt64] = [:]) {
    self.source = source
    self.offsets = offsets
  }
}
