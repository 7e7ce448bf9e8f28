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
  /// A prefix after its expressions were evaluated.
  package static let evaluatedPrefixBytesMax = 512

  // Our own.
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
}
