public import Kernel
public import KinesisModel

extension KinesisService {
  // MARK: Retention

  public func increaseStreamRetentionPeriod(
    _ input: IncreaseStreamRetentionPeriodInput, _ context: RequestContext
  ) async throws -> IncreaseStreamRetentionPeriodOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "IncreaseStreamRetentionPeriod", context)
    let hours = input.retentionPeriodHours
    try await change(live) { record in
      try Self.checkRetention(hours)
      guard hours >= record.retentionHours else {
        throw KinesisError.invalidArgumentException(
          "Requested retention period (\(hours) hours) for stream \(record.name) can not be shorter than existing "
            + "retention period (\(record.retentionHours) hours). Use DecreaseRetentionPeriod API.")
      }
      record.retentionHours = hours
    }
    return IncreaseStreamRetentionPeriodOutput()
  }

  public func decreaseStreamRetentionPeriod(
    _ input: DecreaseStreamRetentionPeriodInput, _ context: RequestContext
  ) async throws -> DecreaseStreamRetentionPeriodOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "DecreaseStreamRetentionPeriod", context)
    let hours = input.retentionPeriodHours
    try await change(live) { record in
      try Self.checkRetention(hours)
      guard hours <= record.retentionHours else {
        throw KinesisError.invalidArgumentException(
          "Requested retention period (\(hours) hours) for stream \(record.name) can not be longer than existing "
            + "retention period (\(record.retentionHours) hours). Use IncreaseRetentionPeriod API.")
      }
      record.retentionHours = hours
    }
    return DecreaseStreamRetentionPeriodOutput()
  }

  private static func checkRetention(_ hours: Int) throws {
    if hours < Limits.retentionHoursMin {
      throw KinesisError.invalidArgumentException(
        "Minimum allowed retention period is \(Limits.retentionHoursMin) hours. Requested retention period (\(hours) "
          + "hours) is too short.")
    }
    if hours > Limits.retentionHoursMax {
      throw KinesisError.invalidArgumentException(
        "Maximum allowed retention period is \(Limits.retentionHoursMax) hours. Requested retention period (\(hours) "
          + "hours) is too long.")
    }
  }

  // MARK: Mode and record size

  public func updateStreamMode(
    _ input: UpdateStreamModeInput, _ context: RequestContext
  ) async throws -> UpdateStreamModeOutput {
    let live = try await stream(nil, input.streamARN, for: "UpdateStreamMode", context)
    if let warm = input.warmThroughputMiBps, warm > 0 {
      throw AWSError.notImplemented(service: "kinesis", operation: "UpdateStreamMode with WarmThroughputMiBps")
    }
    try await change(live) { record in
      record.mode = input.streamModeDetails.streamMode == .onDemand ? .onDemand : .provisioned
    }
    return UpdateStreamModeOutput()
  }

  public func updateMaxRecordSize(
    _ input: UpdateMaxRecordSizeInput, _ context: RequestContext
  ) async throws -> UpdateMaxRecordSizeOutput {
    let live = try await stream(nil, input.streamARN, for: "UpdateMaxRecordSize", context)
    try await change(live) { $0.maxRecordKiB = input.maxRecordSizeInKiB }
    return UpdateMaxRecordSizeOutput()
  }

  // MARK: Encryption. The choice is kept and shown; records rest as the store keeps everything.

  public func startStreamEncryption(
    _ input: StartStreamEncryptionInput, _ context: RequestContext
  ) async throws -> StartStreamEncryptionOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "StartStreamEncryption", context)
    guard input.encryptionType == .kms else {
      throw KinesisError.invalidArgumentException("EncryptionType must be KMS.")
    }
    try await change(live) { $0.encryptionKey = input.keyId }
    return StartStreamEncryptionOutput()
  }

  public func stopStreamEncryption(
    _ input: StopStreamEncryptionInput, _ context: RequestContext
  ) async throws -> StopStreamEncryptionOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "StopStreamEncryption", context)
    guard input.encryptionType == .kms else {
      throw KinesisError.invalidArgumentException("EncryptionType must be KMS.")
    }
    try await change(live) { $0.encryptionKey = nil }
    return StopStreamEncryptionOutput()
  }

  // MARK: Shard-level metrics

  /// All shard-level metrics, in the order AWS lists them.
  private static let shardMetrics: [MetricsName] = [
    .incomingBytes, .incomingRecords, .outgoingBytes, .outgoingRecords, .writeProvisionedThroughputExceeded,
    .readProvisionedThroughputExceeded, .iteratorAgeMilliseconds,
  ]

  private static func expand(_ names: [MetricsName]) -> Set<String> {
    names.contains(.all) ? Set(shardMetrics.map(\.rawValue)) : Set(names.map(\.rawValue))
  }

  private static func ordered(_ names: Set<String>) -> [String] {
    shardMetrics.map(\.rawValue).filter(names.contains)
  }

  public func enableEnhancedMonitoring(
    _ input: EnableEnhancedMonitoringInput, _ context: RequestContext
  ) async throws -> EnableEnhancedMonitoringOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "EnableEnhancedMonitoring", context)
    let (before, after) = try await change(live) { record in
      let before = record.shardLevelMetrics
      record.shardLevelMetrics = Self.ordered(Set(before).union(Self.expand(input.shardLevelMetrics)))
      return (before, record.shardLevelMetrics)
    }
    return EnableEnhancedMonitoringOutput(
      streamName: live.id.name, currentShardLevelMetrics: before.map { MetricsName(rawValue: $0) },
      desiredShardLevelMetrics: after.map { MetricsName(rawValue: $0) }, streamARN: live.id.arn.description)
  }

  public func disableEnhancedMonitoring(
    _ input: DisableEnhancedMonitoringInput, _ context: RequestContext
  ) async throws -> DisableEnhancedMonitoringOutput {
    let live = try await stream(input.streamName, input.streamARN, for: "DisableEnhancedMonitoring", context)
    let (before, after) = try await change(live) { record in
      let before = record.shardLevelMetrics
      record.shardLevelMetrics = Self.ordered(Set(before).subtracting(Self.expand(input.shardLevelMetrics)))
      return (before, record.shardLevelMetrics)
    }
    return DisableEnhancedMonitoringOutput(
      streamName: live.id.name, currentShardLevelMetrics: before.map { MetricsName(rawValue: $0) },
      desiredShardLevelMetrics: after.map { MetricsName(rawValue: $0) }, streamARN: live.id.arn.description)
  }
}
