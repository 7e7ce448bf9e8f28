import Kernel

/// CloudWatch's measurements, one set a call. Shard-level ones only where EnableEnhancedMonitoring asked for them.
extension KinesisService {
  private struct Report {
    let live: LiveStream
    let time: Timestamp
    var samples: [MetricSample] = []

    mutating func add(
      _ name: String, _ value: Double, _ unit: String, shard: String? = nil, consumer: String? = nil
    ) {
      var dimensions = [(name: "StreamName", value: live.id.name)]
      if let consumer { dimensions.append((name: "ConsumerName", value: consumer)) }
      if let shard { dimensions.append((name: "ShardId", value: shard)) }
      samples.append(
        MetricSample(
          "AWS/Kinesis", name, dimensions: dimensions, value: value, unit: unit, time: time, scope: live.id.scope))
    }
  }

  func reportPut(_ operation: String, _ live: LiveStream, _ result: PutResult, began: Timestamp) {
    let now = clock.now()
    var report = Report(live: live, time: now)
    let failed = result.throttled + result.failed
    report.add("\(operation).Latency", Double((now - began).milliseconds), "Milliseconds")
    report.add("\(operation).Success", result.records > 0 ? 1 : 0, "Count")
    report.add("\(operation).Bytes", Double(result.bytes), "Bytes")
    if operation == "PutRecords" {
      report.add("PutRecords.Records", Double(result.records), "Count")
      report.add("PutRecords.TotalRecords", Double(result.outcomes.count), "Count")
      report.add("PutRecords.SuccessfulRecords", Double(result.records), "Count")
      report.add("PutRecords.FailedRecords", Double(result.failed), "Count")
      report.add("PutRecords.ThrottledRecords", Double(result.throttled), "Count")
    }
    if result.records > 0 {
      report.add("IncomingBytes", Double(result.bytes), "Bytes")
      report.add("IncomingRecords", Double(result.records), "Count")
    }
    if failed > 0 || result.records > 0 {
      report.add("WriteProvisionedThroughputExceeded", Double(result.throttled), "Count")
    }
    let wanted = live.snapshot.record.shardLevelMetrics
    if !wanted.isEmpty {
      var stored: [String: Double] = [:]
      var throttled: [String: Double] = [:]
      for outcome in result.outcomes {
        switch outcome {
        case .stored(let shard, _): stored[shard.id, default: 0] += 1
        case .throttled(let shard): throttled[shard.id, default: 0] += 1
        case .failed: break
        }
      }
      if wanted.contains("IncomingRecords") {
        for (shard, count) in stored { report.add("IncomingRecords", count, "Count", shard: shard) }
      }
      if wanted.contains("IncomingBytes") {
        for (shard, bytes) in result.bytesByShard { report.add("IncomingBytes", Double(bytes), "Bytes", shard: shard) }
      }
      if wanted.contains("WriteProvisionedThroughputExceeded") {
        for (shard, count) in throttled {
          report.add("WriteProvisionedThroughputExceeded", count, "Count", shard: shard)
        }
      }
    }
    metrics.record(report.samples)
  }

  func reportGet(_ live: LiveStream, _ shard: ShardHandle, _ batch: ShardBatch, began: Timestamp) {
    let now = clock.now()
    var report = Report(live: live, time: now)
    report.add("GetRecords.Latency", Double((now - began).milliseconds), "Milliseconds")
    report.add("GetRecords.Success", 1, "Count")
    report.add("GetRecords.Bytes", Double(batch.bytes), "Bytes")
    report.add("GetRecords.Records", Double(batch.records.count), "Count")
    // AWS counts the age of the last record of the call; 0 says that the reader has caught up.
    report.add("GetRecords.IteratorAgeMilliseconds", Double(batch.millisBehindLatest), "Milliseconds")
    report.add("ReadProvisionedThroughputExceeded", 0, "Count")
    addOutgoing(&report, live, shard, batch)
    metrics.record(report.samples)
  }

  func reportThrottledRead(_ live: LiveStream, _ shard: ShardHandle, at now: Timestamp) {
    var report = Report(live: live, time: now)
    report.add("GetRecords.Success", 0, "Count")
    report.add("ReadProvisionedThroughputExceeded", 1, "Count")
    if live.snapshot.record.shardLevelMetrics.contains("ReadProvisionedThroughputExceeded") {
      report.add("ReadProvisionedThroughputExceeded", 1, "Count", shard: shard.id)
    }
    metrics.record(report.samples)
  }

  /// What a consumer within the process read counts as GetRecords does.
  func reportConsumed(_ live: LiveStream, _ shard: ShardHandle, _ batch: ShardBatch) {
    var report = Report(live: live, time: clock.now())
    report.add("GetRecords.Success", 1, "Count")
    report.add("GetRecords.Bytes", Double(batch.bytes), "Bytes")
    report.add("GetRecords.Records", Double(batch.records.count), "Count")
    report.add("GetRecords.IteratorAgeMilliseconds", Double(batch.millisBehindLatest), "Milliseconds")
    addOutgoing(&report, live, shard, batch)
    metrics.record(report.samples)
  }

  func reportSubscription(_ live: LiveStream, _ consumer: String, isSuccess: Bool) {
    var report = Report(live: live, time: clock.now())
    report.add("SubscribeToShard.Success", isSuccess ? 1 : 0, "Count", consumer: consumer)
    report.add("SubscribeToShard.RateExceeded", isSuccess ? 0 : 1, "Count", consumer: consumer)
    metrics.record(report.samples)
  }

  func reportSubscriptionEvent(_ live: LiveStream, _ consumer: String, _ batch: ShardBatch) {
    var report = Report(live: live, time: clock.now())
    report.add("SubscribeToShardEvent.Success", 1, "Count", consumer: consumer)
    report.add("SubscribeToShardEvent.Bytes", Double(batch.bytes), "Bytes", consumer: consumer)
    report.add("SubscribeToShardEvent.Records", Double(batch.records.count), "Count", consumer: consumer)
    report.add(
      "SubscribeToShardEvent.MillisBehindLatest", Double(batch.millisBehindLatest), "Milliseconds", consumer: consumer)
    metrics.record(report.samples)
  }

  private func addOutgoing(_ report: inout Report, _ live: LiveStream, _ shard: ShardHandle, _ batch: ShardBatch) {
    let wanted = live.snapshot.record.shardLevelMetrics
    if wanted.contains("OutgoingBytes") { report.add("OutgoingBytes", Double(batch.bytes), "Bytes", shard: shard.id) }
    if wanted.contains("OutgoingRecords") {
      report.add("OutgoingRecords", Double(batch.records.count), "Count", shard: shard.id)
    }
    if wanted.contains("IteratorAgeMilliseconds") {
      report.add("IteratorAgeMilliseconds", Double(batch.millisBehindLatest), "Milliseconds", shard: shard.id)
    }
  }
}
