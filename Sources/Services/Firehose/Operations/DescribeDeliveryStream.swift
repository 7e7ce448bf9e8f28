public import FirehoseModel
public import Kernel

extension FirehoseService {
  static let destinationID = "destinationId-000000000001"

  public func describeDeliveryStream(
    _ input: DescribeDeliveryStreamInput, _ context: RequestContext
  ) async throws -> DescribeDeliveryStreamOutput {
    let (id, record) = try await find(input.deliveryStreamName, for: "DescribeDeliveryStream", context)
    let shown = input.exclusiveStartDestinationId.map { $0 < Self.destinationID } ?? true
    return DescribeDeliveryStreamOutput(
      deliveryStreamDescription: DeliveryStreamDescription(
        deliveryStreamName: record.name, deliveryStreamARN: id.arn.description,
        deliveryStreamStatus: record.status == .active ? .active : .deleting,
        deliveryStreamEncryptionConfiguration: Self.encryption(of: record),
        deliveryStreamType: record.kinesis == nil ? .directPut : .kinesisStreamAsSource,
        versionId: String(record.version), createTimestamp: record.createdAt.wholeMilliseconds,
        lastUpdateTimestamp: record.updatedAt?.wholeMilliseconds, source: Self.source(of: record),
        destinations: shown ? [Self.wire(record.destination)] : [], hasMoreDestinations: false))
  }

  private static func encryption(of record: DeliveryStreamRecord) -> DeliveryStreamEncryptionConfiguration? {
    guard record.kinesis == nil else { return nil }
    guard let encryption = record.encryption else { return DeliveryStreamEncryptionConfiguration(status: .disabled) }
    return DeliveryStreamEncryptionConfiguration(
      keyARN: encryption.keyARN, keyType: KeyType(rawValue: encryption.keyType),
      status: encryption.isEnabled ? .enabled : .disabled)
  }

  private static func source(of record: DeliveryStreamRecord) -> SourceDescription? {
    if let kinesis = record.kinesis {
      return SourceDescription(
        kinesisStreamSourceDescription: KinesisStreamSourceDescription(
          kinesisStreamARN: kinesis.stream.description, roleARN: kinesis.role,
          deliveryStartTimestamp: kinesis.startedAt.wholeMilliseconds))
    }
    return record.throughputHintMiB.map {
      SourceDescription(directPutSourceDescription: DirectPutSourceDescription(throughputHintInMBs: $0))
    }
  }

  private static func wire(_ destination: S3Destination) -> DestinationDescription {
    DestinationDescription(
      destinationId: destinationID,
      s3DestinationDescription: S3DestinationDescription(
        roleARN: destination.role, bucketARN: destination.bucketARN, prefix: destination.prefix,
        errorOutputPrefix: destination.errorPrefix,
        bufferingHints: BufferingHints(
          sizeInMBs: destination.bufferMiB, intervalInSeconds: destination.bufferSeconds),
        compressionFormat: CompressionFormat(rawValue: destination.compression.rawValue),
        encryptionConfiguration: wire(key: destination.kmsKey), cloudWatchLoggingOptions: wire(destination.logging)),
      extendedS3DestinationDescription: ExtendedS3DestinationDescription(
        roleARN: destination.role, bucketARN: destination.bucketARN, prefix: destination.prefix,
        errorOutputPrefix: destination.errorPrefix,
        bufferingHints: BufferingHints(
          sizeInMBs: destination.bufferMiB, intervalInSeconds: destination.bufferSeconds),
        compressionFormat: CompressionFormat(rawValue: destination.compression.rawValue),
        encryptionConfiguration: wire(key: destination.kmsKey), cloudWatchLoggingOptions: wire(destination.logging),
        processingConfiguration: destination.processing.map { wire($0) },
        s3BackupMode: destination.backupEnabled ? .enabled : .disabled,
        s3BackupDescription: destination.backup.map { wire($0) },
        dataFormatConversionConfiguration: destination.conversion.map { wire($0) },
        dynamicPartitioningConfiguration: destination.partitioning.map { wire($0) },
        fileExtension: destination.fileExtension, customTimeZone: destination.timeZone))
  }

  private static func wire(key: String?) -> EncryptionConfiguration {
    guard let key else { return EncryptionConfiguration(noEncryptionConfig: .noEncryption) }
    return EncryptionConfiguration(kmsEncryptionConfig: KMSEncryptionConfig(awskmsKeyARN: key))
  }

  private static func wire(_ logging: S3Destination.Logging) -> CloudWatchLoggingOptions {
    CloudWatchLoggingOptions(
      enabled: logging.isEnabled, logGroupName: logging.group, logStreamName: logging.stream)
  }

  private static func wire(_ backup: S3Destination.Backup) -> S3DestinationDescription {
    S3DestinationDescription(
      roleARN: backup.role, bucketARN: backup.bucketARN, prefix: backup.prefix, errorOutputPrefix: backup.errorPrefix,
      bufferingHints: BufferingHints(sizeInMBs: backup.bufferMiB, intervalInSeconds: backup.bufferSeconds),
      compressionFormat: CompressionFormat(rawValue: backup.compression.rawValue),
      encryptionConfiguration: wire(key: backup.kmsKey), cloudWatchLoggingOptions: wire(backup.logging))
  }

  private static func wire(_ partitioning: S3Destination.Partitioning) -> DynamicPartitioningConfiguration {
    DynamicPartitioningConfiguration(
      retryOptions: partitioning.isEnabled
        ? RetryOptions(durationInSeconds: partitioning.retrySeconds ?? Limits.partitionRetrySecondsDefault) : nil,
      enabled: partitioning.isEnabled)
  }

  private static func wire(_ processing: S3Destination.Processing) -> ProcessingConfiguration {
    ProcessingConfiguration(
      enabled: processing.isEnabled,
      processors: processing.processors.map { processor in
        Processor(
          type: ProcessorType(rawValue: processor.type),
          parameters: processor.parameters.map {
            ProcessorParameter(parameterName: ProcessorParameterName(rawValue: $0.name), parameterValue: $0.value)
          })
      })
  }

  private static func wire(_ conversion: S3Destination.Conversion) -> DataFormatConversionConfiguration {
    let schema =
      conversion.hasSchema
      ? SchemaConfiguration(
        roleARN: conversion.role, catalogId: conversion.catalogID, databaseName: conversion.database,
        tableName: conversion.table, region: conversion.region, versionId: conversion.versionID) : nil
    let input = conversion.deserializer.map { deserializer in
      InputFormatConfiguration(
        deserializer: deserializer.kind == .openX
          ? Deserializer(
            openXJsonSerDe: OpenXJsonSerDe(
              convertDotsInJsonKeysToUnderscores: deserializer.dotsToUnderscores,
              caseInsensitive: deserializer.caseInsensitive, columnToJsonKeyMappings: deserializer.keyOfColumn))
          : Deserializer(hiveJsonSerDe: HiveJsonSerDe(timestampFormats: deserializer.timestampFormats)))
    }
    let serializer =
      conversion.parquet.map { Serializer(parquetSerDe: wire($0)) }
      ?? conversion.orc.map { Serializer(orcSerDe: wire($0)) }
    return DataFormatConversionConfiguration(
      schemaConfiguration: schema, inputFormatConfiguration: input,
      outputFormatConfiguration: serializer.map { OutputFormatConfiguration(serializer: $0) },
      enabled: conversion.isEnabled)
  }

  private static func wire(_ parquet: ParquetOptions) -> ParquetSerDe {
    ParquetSerDe(
      blockSizeBytes: parquet.blockBytes, pageSizeBytes: parquet.pageBytes,
      compression: parquet.compression.map { ParquetCompression(rawValue: $0) },
      enableDictionaryCompression: parquet.dictionary, maxPaddingBytes: parquet.paddingBytesMax,
      writerVersion: parquet.writerVersion.map { ParquetWriterVersion(rawValue: $0) })
  }

  private static func wire(_ orc: OrcOptions) -> OrcSerDe {
    OrcSerDe(
      stripeSizeBytes: orc.stripeBytes, blockSizeBytes: orc.blockBytes, rowIndexStride: orc.rowIndexStride,
      enablePadding: orc.enablePadding, paddingTolerance: orc.paddingTolerance,
      compression: orc.compression.map { OrcCompression(rawValue: $0) }, bloomFilterColumns: orc.bloomFilterColumns,
      bloomFilterFalsePositiveProbability: orc.bloomFilterFalsePositives,
      dictionaryKeyThreshold: orc.dictionaryKeyThreshold,
      formatVersion: orc.formatVersion.map { OrcFormatVersion(rawValue: $0) })
  }
}

extension Timestamp {
  /// AWS shows moments in milliseconds.
  var wholeMilliseconds: Timestamp { Timestamp(milliseconds: milliseconds) }
}
