import FirehoseModel
import Kernel

/// From what a caller asks to a destination with its defaults, or AWS's refusal.
enum DestinationRules {
  static func make(_ input: ExtendedS3DestinationConfiguration) throws -> S3Destination {
    let converted = input.dataFormatConversionConfiguration.map { Self.conversion(from: $0) }
    let converts = converted?.isEnabled == true
    let (size, seconds) = try buffering(input.bufferingHints, converts: converts)
    var destination = S3Destination(
      role: input.roleARN, bucketARN: input.bucketARN, prefix: input.prefix, errorPrefix: input.errorOutputPrefix,
      bufferMiB: size, bufferSeconds: seconds)
    destination.isExtended = true
    destination.compression = try compression(input.compressionFormat)
    destination.kmsKey = input.encryptionConfiguration?.kmsEncryptionConfig?.awskmsKeyARN
    destination.logging = logging(input.cloudWatchLoggingOptions)
    destination.fileExtension = input.fileExtension
    destination.timeZone = input.customTimeZone
    destination.conversion = converted
    destination.processing = input.processingConfiguration.map { Self.processing($0) }
    destination.partitioning = input.dynamicPartitioningConfiguration.map { Self.partitioning($0) }
    destination.backupEnabled = input.s3BackupMode == .enabled
    destination.backup = try input.s3BackupConfiguration.map { try Self.backup($0) }
    try check(destination, hintsGiven: input.bufferingHints != nil)
    return destination
  }

  static func make(_ input: S3DestinationConfiguration) throws -> S3Destination {
    let (size, seconds) = try buffering(input.bufferingHints, converts: false)
    var destination = S3Destination(
      role: input.roleARN, bucketARN: input.bucketARN, prefix: input.prefix, errorPrefix: input.errorOutputPrefix,
      bufferMiB: size, bufferSeconds: seconds)
    destination.compression = try compression(input.compressionFormat)
    destination.kmsKey = input.encryptionConfiguration?.kmsEncryptionConfig?.awskmsKeyARN
    destination.logging = logging(input.cloudWatchLoggingOptions)
    try check(destination, hintsGiven: input.bufferingHints != nil)
    return destination
  }

  // MARK: Changes

  /// UpdateDestination merges: what is not given stays.
  static func update(_ old: S3Destination, with input: ExtendedS3DestinationUpdate) throws -> S3Destination {
    var new = old
    new.isExtended = true
    if let role = input.roleARN { new.role = role }
    if let bucket = input.bucketARN { new.bucketARN = bucket }
    if let prefix = input.prefix { new.prefix = prefix }
    if let prefix = input.errorOutputPrefix { new.errorPrefix = prefix }
    if let given = input.dataFormatConversionConfiguration {
      var merged = conversion(from: given)
      if let before = old.conversion {
        if given.schemaConfiguration == nil {
          (merged.role, merged.catalogID, merged.database) = (before.role, before.catalogID, before.database)
          (merged.table, merged.region, merged.versionID) = (before.table, before.region, before.versionID)
          merged.hasSchema = before.hasSchema
        }
        if given.inputFormatConfiguration == nil { merged.deserializer = before.deserializer }
        if given.outputFormatConfiguration == nil { (merged.parquet, merged.orc) = (before.parquet, before.orc) }
      }
      new.conversion = merged
    }
    if let hints = input.bufferingHints {
      (new.bufferMiB, new.bufferSeconds) = try buffering(hints, converts: new.conversion?.isEnabled == true)
    }
    if let format = input.compressionFormat { new.compression = try compression(format) }
    if let encryption = input.encryptionConfiguration { new.kmsKey = encryption.kmsEncryptionConfig?.awskmsKeyARN }
    if let options = input.cloudWatchLoggingOptions { new.logging = logging(options) }
    if let ending = input.fileExtension { new.fileExtension = ending }
    if let zone = input.customTimeZone { new.timeZone = zone }
    if let given = input.processingConfiguration { new.processing = processing(given) }
    if let given = input.dynamicPartitioningConfiguration {
      guard (given.enabled ?? false) == (old.partitioning?.isEnabled ?? false) else {
        throw FirehoseError.invalidArgumentException(
          "Dynamic Partitioning can only be enabled when a delivery stream is created, and cannot be disabled.")
      }
      new.partitioning = partitioning(given)
    }
    if let mode = input.s3BackupMode {
      guard mode == .enabled || !old.backupEnabled else {
        throw FirehoseError.invalidArgumentException("S3BackupMode cannot be changed from Enabled to Disabled.")
      }
      new.backupEnabled = mode == .enabled
    }
    if let given = input.s3BackupUpdate { new.backup = try update(old.backup, with: given) }
    try check(new, hintsGiven: true)
    return new
  }

  static func update(_ old: S3Destination, with input: S3DestinationUpdate) throws -> S3Destination {
    try update(
      old,
      with: ExtendedS3DestinationUpdate(
        roleARN: input.roleARN, bucketARN: input.bucketARN, prefix: input.prefix,
        errorOutputPrefix: input.errorOutputPrefix, bufferingHints: input.bufferingHints,
        compressionFormat: input.compressionFormat, encryptionConfiguration: input.encryptionConfiguration,
        cloudWatchLoggingOptions: input.cloudWatchLoggingOptions))
  }

  private static func update(
    _ old: S3Destination.Backup?, with input: S3DestinationUpdate
  ) throws -> S3Destination.Backup {
    guard let role = input.roleARN ?? old?.role, let bucket = input.bucketARN ?? old?.bucketARN else {
      throw FirehoseError.invalidArgumentException("RoleARN and BucketARN are required for the S3 backup.")
    }
    var new = try backup(
      S3DestinationConfiguration(
        roleARN: role, bucketARN: bucket, prefix: input.prefix ?? old?.prefix,
        errorOutputPrefix: input.errorOutputPrefix ?? old?.errorPrefix,
        bufferingHints: input.bufferingHints
          ?? old.map { BufferingHints(sizeInMBs: $0.bufferMiB, intervalInSeconds: $0.bufferSeconds) },
        compressionFormat: input.compressionFormat ?? old.map { CompressionFormat(rawValue: $0.compression.rawValue) },
        encryptionConfiguration: input.encryptionConfiguration, cloudWatchLoggingOptions: input.cloudWatchLoggingOptions
      ))
    if input.encryptionConfiguration == nil { new.kmsKey = old?.kmsKey }
    if input.cloudWatchLoggingOptions == nil, let old { new.logging = old.logging }
    return new
  }

  // MARK: Parts

  private static func backup(_ input: S3DestinationConfiguration) throws -> S3Destination.Backup {
    let plain = try make(input)
    return S3Destination.Backup(
      role: plain.role, bucketARN: plain.bucketARN, prefix: plain.prefix, errorPrefix: plain.errorPrefix,
      bufferMiB: plain.bufferMiB, bufferSeconds: plain.bufferSeconds, compression: plain.compression,
      kmsKey: plain.kmsKey, logging: plain.logging)
  }

  private static func buffering(_ hints: BufferingHints?, converts: Bool) throws -> (size: Int, seconds: Int) {
    guard let hints else {
      return (
        converts ? Limits.bufferMiBForConversionDefault : Limits.bufferMiBDefault, Limits.bufferSecondsDefault
      )
    }
    switch (hints.sizeInMBs, hints.intervalInSeconds) {
    case (let size?, let seconds?): return (size, seconds)
    case (nil, nil): return try buffering(nil, converts: converts)
    default:
      throw FirehoseError.invalidArgumentException(
        "If you specify a value for SizeInMBs, you must also specify a value for IntervalInSeconds, and vice versa.")
    }
  }

  private static func compression(_ format: CompressionFormat?) throws -> S3Destination.Compression {
    guard let format else { return .none }
    guard let known = S3Destination.Compression(rawValue: format.rawValue) else {
      throw FirehoseError.invalidArgumentException("CompressionFormat \(format.rawValue) is not valid.")
    }
    return known
  }

  private static func logging(_ options: CloudWatchLoggingOptions?) -> S3Destination.Logging {
    S3Destination.Logging(
      isEnabled: options?.enabled ?? false, group: options?.logGroupName, stream: options?.logStreamName)
  }

  private static func processing(_ input: ProcessingConfiguration) -> S3Destination.Processing {
    let processors = (input.processors ?? []).map { processor in
      S3Destination.Processor(
        type: processor.type.rawValue,
        parameters: (processor.parameters ?? []).map {
          .init(name: $0.parameterName.rawValue, value: $0.parameterValue)
        })
    }
    return S3Destination.Processing(isEnabled: input.enabled ?? false, processors: processors)
  }

  private static func partitioning(_ input: DynamicPartitioningConfiguration) -> S3Destination.Partitioning {
    S3Destination.Partitioning(
      isEnabled: input.enabled ?? false, retrySeconds: input.retryOptions?.durationInSeconds)
  }

  private static func conversion(from input: DataFormatConversionConfiguration) -> S3Destination.Conversion {
    let schema = input.schemaConfiguration
    var deserializer: JSONDeserializer?
    if let openX = input.inputFormatConfiguration?.deserializer?.openXJsonSerDe {
      deserializer = JSONDeserializer(
        kind: .openX, caseInsensitive: openX.caseInsensitive,
        dotsToUnderscores: openX.convertDotsInJsonKeysToUnderscores, keyOfColumn: openX.columnToJsonKeyMappings)
    } else if let hive = input.inputFormatConfiguration?.deserializer?.hiveJsonSerDe {
      deserializer = JSONDeserializer(kind: .hive, timestampFormats: hive.timestampFormats)
    }
    var parquet: ParquetOptions?
    if let given = input.outputFormatConfiguration?.serializer?.parquetSerDe {
      var options = ParquetOptions()
      options.compression = given.compression?.rawValue
      options.blockBytes = given.blockSizeBytes
      options.pageBytes = given.pageSizeBytes
      options.dictionary = given.enableDictionaryCompression
      options.paddingBytesMax = given.maxPaddingBytes
      options.writerVersion = given.writerVersion?.rawValue
      parquet = options
    }
    return S3Destination.Conversion(
      isEnabled: input.enabled ?? true, role: schema?.roleARN, catalogID: schema?.catalogId,
      database: schema?.databaseName, table: schema?.tableName, region: schema?.region, versionID: schema?.versionId,
      deserializer: deserializer, parquet: parquet, orc: orc(input.outputFormatConfiguration?.serializer?.orcSerDe),
      hasSchema: schema != nil)
  }

  private static func orc(_ given: OrcSerDe?) -> OrcOptions? {
    guard let given else { return nil }
    var options = OrcOptions()
    options.compression = given.compression?.rawValue
    options.stripeBytes = given.stripeSizeBytes
    options.blockBytes = given.blockSizeBytes
    options.rowIndexStride = given.rowIndexStride
    options.enablePadding = given.enablePadding
    options.paddingTolerance = given.paddingTolerance
    options.bloomFilterColumns = given.bloomFilterColumns
    options.bloomFilterFalsePositives = given.bloomFilterFalsePositiveProbability
    options.dictionaryKeyThreshold = given.dictionaryKeyThreshold
    options.formatVersion = given.formatVersion?.rawValue
    return options
  }

  // MARK: What goes together

  private static func check(_ destination: S3Destination, hintsGiven: Bool) throws {
    do {
      if let backup = destination.backup {
        _ = try DestinationPrefixes(prefix: backup.prefix, errorPrefix: backup.errorPrefix)
      }
    } catch {
      throw FirehoseError.invalidArgumentException(error.reason)
    }
    try ProcessingRules.check(destination)
    guard TimeZones.isKnown(destination.timeZone) else {
      throw FirehoseError.invalidArgumentException("CustomTimeZone \(destination.timeZone ?? "") is not supported.")
    }
    if destination.backupEnabled, destination.backup == nil {
      throw FirehoseError.invalidArgumentException("S3BackupConfiguration is required when S3BackupMode is Enabled.")
    }
    guard let conversion = destination.conversion, conversion.isEnabled else { return }
    func refuse(_ message: String) throws { throw FirehoseError.invalidArgumentException(message) }
    if destination.compression != .none {
      try refuse("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.")
    }
    if hintsGiven, destination.bufferMiB < Limits.bufferMiBForConversionMin {
      try refuse(
        "BufferingHints.SizeInMBs must be at least \(Limits.bufferMiBForConversionMin) when data format conversion is "
          + "enabled.")
    }
    if conversion.deserializer == nil { try refuse("InputFormatConfiguration.Deserializer must be specified.") }
    for format in conversion.deserializer?.timestampFormats ?? [] where format != "millis" {
      if JodaPattern(format) == nil { try refuse("TimestampFormat \(format) is not a valid pattern.") }
    }
    if conversion.parquet == nil, conversion.orc == nil {
      try refuse("OutputFormatConfiguration.Serializer must be specified.")
    }
    if conversion.parquet != nil, conversion.orc != nil {
      try refuse("Only one of ParquetSerDe and OrcSerDe can be specified.")
    }
    try checkRange("PaddingTolerance", conversion.orc?.paddingTolerance)
    try checkRange("BloomFilterFalsePositiveProbability", conversion.orc?.bloomFilterFalsePositives)
    try checkRange("DictionaryKeyThreshold", conversion.orc?.dictionaryKeyThreshold)
    if conversion.role == nil || conversion.database == nil || conversion.table == nil {
      try refuse("SchemaConfiguration must have RoleARN, DatabaseName and TableName.")
    }
    if destination.delimiter != nil {
      try refuse("AppendDelimiterToRecord cannot be used when data format conversion is enabled.")
    }
  }

  private static func checkRange(_ name: String, _ value: Double?) throws {
    guard let value, !(0...1).contains(value) else { return }
    throw FirehoseError.invalidArgumentException("\(name) must be a number between 0 and 1.")
  }
}
