import Kernel

/// Quotas of Amazon Data Firehose, from AWS's "Quota" page unless said otherwise.
package enum Limits {
  // Taking records in.
  package static let recordsPerBatchMax = 500
  package static let bytesPerBatchMax = 4 << 20
  /// 1,000 KiB before base64.
  package static let recordBytesMax = 1_024_000

  // Delivery streams.
  package static let deliveryStreamsPerAccountMax = 5_000
  package static let tagsPerStreamMax = 50
  package static let listDefault = 10

  // Buffering.
  package static let bufferMiBDefault = 5
  package static let bufferSecondsDefault = 300
  package static let bufferMiBForConversionMin = 64
  package static let bufferMiBForConversionDefault = 128
  package static let bufferMiBForPartitioningMin = 64
  /// A prefix after its expressions were evaluated.
  package static let evaluatedPrefixBytesMax = 512

  // Processing. Sources: "Transform source data", "Dynamic partitioning", ProcessorParameter in the API reference.
  package static let functionBatchMiBMin = 0.2
  package static let functionBatchMiBMax = 3.0
  package static let functionBatchMiBDefault = 1.0
  package static let functionIntervalSecondsMax = 900
  package static let functionRetriesDefault = 3
  package static let functionRetriesMax = 300
  package static let partsPerRecordMax = 500
  package static let activePartitionsMax = 500
  package static let partitionRetrySecondsDefault = 300
  /// OrcSerDe.StripeSizeBytes, and the blocks that ORC compresses by.
  package static let orcStripeBytesDefault = 64 << 20
  package static let orcCompressionBlockBytes = 256 << 10

  // Our own.
  /// What the process that runs a query for partition keys may take: memory, processor time, output.
  package static let queryMemoryKiB = 512 << 10
  package static let querySeconds = 30
  package static let queryOutputBytesMax = 16 << 20
  package static let queriesAtOnce = 2
  /// Records of so many bytes, or so many records, are processed together.
  package static let processedTogetherBytes = 1 << 20
  package static let processedTogetherRecords = 2_000
  /// Records that are laid out in partitions by one delivery: they take as much of the disk meanwhile.
  package static let partitionedBytesMax: Int64 = 1 << 30
  /// How much of one partition stays in memory.
  package static let partitionInMemoryBytesMax = 128 << 10
  /// How long a function that is throttled is left alone before the next try.
  package static let functionPause = Duration.seconds(1)
  /// How much of a buffer stays in memory; what comes beyond is kept in a temporary file.
  package static let bufferInMemoryBytesMax = 1 << 20
  /// What one read of a source's lane takes at most.
  package static let readBytesMax = 1 << 20
  package static let readRecordsMax = 5_000
  /// Parts in which a buffer is read back, compressed and handed to S3.
  package static let partBytes = 256 << 10
  /// Conversions that run at a time; the others wait.
  package static let conversionsAtOnce = 2
  /// How long undelivered DirectPut records are kept.
  package static let directPutHours = 24
  package static let retryFirst = Duration.seconds(5)
  package static let retryMax = Duration.seconds(300)
  /// How often the shards of a source are listed again when none has ended.
  package static let shardListEvery = Duration.seconds(30)
  /// A record's objects, one a line, can be as long as this for the converter.
  package static let objectBytesMax = 16 << 20
  /// What the converter is prepared for at least; it reads blocks of twice as much.
  package static let objectBytesAtLeast = 2 << 20
  /// Versions of schemas that a delivery keeps to read records with.
  package static let schemaVersionsKeptMax = 1_000
}
