import Kernel
import Kinesis
import Logging
import NIOCore
import Storage

/// Moves one delivery stream's records from its source to its destination: fills a buffer, delivers it when it is large
/// or old enough, notes how far it has come, goes on.
///
/// The order is: object durable, then checkpoint. After a crash in between the delivery is made again under the same
/// name.
actor DeliveryPump {
  let scope: Scope
  private(set) var record: DeliveryStreamRecord
  private let with: Collaborators
  private var checkpoint: DeliveryCheckpoint
  private var source: (any RecordSource)?
  /// Next offset to read by lane; runs ahead of the checkpoint by what is in the buffer.
  private var positions: [Int: UInt64] = [:]
  private var ended: Set<Int> = []
  private var lanes: [Int] = []
  private var lanesListedAt: Timestamp?
  private var buffer: DeliveryBuffer?
  private var failures = 0
  private var wakeUp: (@Sendable () -> Void)?
  private var stepping = false

  init(_ record: DeliveryStreamRecord, _ scope: Scope, checkpoint: DeliveryCheckpoint, with: Collaborators) {
    self.record = record
    self.scope = scope
    self.checkpoint = checkpoint
    self.with = with
  }

  private var log: Logger {
    var log = with.log
    log[metadataKey: "delivery-stream"] = "\(record.name)"
    return log
  }

  /// Takes on a new configuration: what is in the buffer is read again for it.
  func update(_ record: DeliveryStreamRecord) {
    self.record = record
    reset()
    wakeUp?()
  }

  private func reset() {
    buffer = nil
    source = nil
    positions = [:]
    ended = []
    lanes = []
    lanesListedAt = nil
  }

  // MARK: The loop

  /// Delivers until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      do {
        let wait = try await step()
        if wait.delivered { continue }
        try await rest(until: wait.deadline)
      } catch is CancellationError {
        return
      } catch {
        await forgetOld()
        guard (try? await with.clock.sleep(for: pause(after: error))) != nil else { return }
      }
    }
  }

  /// Notes a failure and says how long to wait before the next try.
  private func pause(after error: any Error) -> Duration {
    failures += 1
    let seconds = Double(Limits.retryFirst.milliseconds) / 1000 * Double(1 << min(failures - 1, 10))
    let pause = min(Limits.retryMax, .milliseconds(Int64(seconds * 1000)))
    log.error(
      "records were not delivered and are tried again",
      metadata: ["error": "\(error)", "attempt": "\(failures)", "next-try-seconds": "\(pause.milliseconds / 1000)"])
    let told = Self.told(error)
    Delivery.tell(told.code, told.message, record, scope, with)
    var samples = [sample("DeliveryToS3.Success", 0, "Count")]
    if let buffer { samples.append(sample("DeliveryToS3.DataFreshness", age(of: buffer), "Seconds")) }
    with.metrics.record(samples)
    // The next try begins with rights and shards as they are then.
    source = nil
    lanesListedAt = nil
    return pause
  }

  /// An error in the words of AWS's delivery logs.
  private static func told(_ error: any Error) -> (code: String, message: String) {
    guard let error = error as? AWSError else { return ("InternalError", "The delivery failed and is tried again.") }
    switch error.code {
    case "AccessDenied", "AccessDeniedException":
      return (
        "S3.AccessDenied",
        "Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role, "
          + "and the access policy allows access to the S3 bucket."
      )
    case "NoSuchBucket":
      return (
        "S3.NoSuchBucket",
        "The specified bucket does not exist. Create the bucket or use a different bucket that does exist."
      )
    default: return ("S3.\(error.code)", error.message)
    }
  }

  /// Undelivered DirectPut records are given up after a day, as AWS does.
  private func forgetOld() async {
    guard record.kinesis == nil else { return }
    let horizon = with.clock.now() - .seconds(Limits.directPutHours * 3600)
    await trim(DirectSource.log(of: record, in: scope), before: horizon)
  }

  /// Lets old records go. What fails costs room on the disk, and is tried again after the next delivery.
  private func trim(_ kept: LogID, before moment: Timestamp) async {
    do {
      try await with.logs.trim(kept, before: moment)
    } catch {
      log.warning("delivered records could not be let go", metadata: ["error": "\(error)"])
    }
  }

  struct Wait {
    /// Something was delivered, and more may be waiting.
    var delivered: Bool
    /// When the buffer is due; `nil` while it is empty.
    var deadline: Timestamp?
  }

  /// Reads what there is, up to a full buffer, and delivers the buffer if it is due.
  func step() async throws -> Wait {
    // Tests and the loop may both ask; a second one at the same time has nothing to do.
    guard !stepping else { return Wait(delivered: false, deadline: nil) }
    stepping = true
    defer { stepping = false }
    let record = record
    let source = try await openSource()
    let full = try await fill(from: source, record)
    guard record == self.record, let buffer, buffer.records > 0 else { return Wait(delivered: false, deadline: nil) }
    let due = buffer.oldest + .seconds(record.destination.bufferSeconds)
    guard full || with.clock.now() >= due else { return Wait(delivered: false, deadline: due) }
    try await deliver(buffer, record, source)
    return Wait(delivered: true, deadline: nil)
  }

  private func openSource() async throws -> any RecordSource {
    if let source { return source }
    let opened: any RecordSource
    if let kinesis = record.kinesis {
      let context = try await with.acting(as: kinesis.role, in: scope, for: record.name)
      opened = KinesisSource(consumer: try await with.kinesis.consumer(of: kinesis.stream, context))
    } else {
      opened = DirectSource(logs: with.logs, log: DirectSource.log(of: record, in: scope))
    }
    if checkpoint.source != opened.mark {
      // Another stream under the old name: all of it is new.
      checkpoint = DeliveryCheckpoint(source: opened.mark)
      reset()
    }
    source = opened
    return opened
  }

  /// - Returns: `true` when the buffer is as large as it may be.
  private func fill(from source: any RecordSource, _ record: DeliveryStreamRecord) async throws -> Bool {
    let limit = record.destination.deliveryBytesMax
    if let buffer, buffer.plainBytes >= limit { return true }
    try await listLanes(of: source)
    var progress = true
    while progress {
      progress = false
      for lane in lanes where !ended.contains(lane) {
        let start = positions[lane] ?? checkpoint.offsets[lane] ?? 0
        // The record that fills the buffer is its last one.
        let room = limit - (buffer?.plainBytes ?? 0)
        let batch = try await source.read(
          lane, from: start, bytesMax: Int(clamping: max(1, min(room, Int64(Limits.readBytesMax)))))
        guard self.record == record else { return false }
        if !batch.records.isEmpty {
          let current = buffer ?? makeBuffer(record, oldest: batch.records[0].time)
          buffer = current
          do {
            try await current.add(batch, lane: lane, from: start)
          } catch {
            // What of the batch is in the buffer is not known: all is read again.
            reset()
            throw error
          }
          progress = true
          reportRead(batch)
        }
        positions[lane] = batch.next
        if batch.isEnd {
          ended.insert(lane)
          lanesListedAt = nil
          progress = true
        }
        if let buffer, buffer.plainBytes >= limit { return true }
      }
      if lanesListedAt == nil { try await listLanes(of: source) }
    }
    return false
  }

  private func listLanes(of source: any RecordSource) async throws {
    let now = with.clock.now()
    if let listed = lanesListedAt, now - listed < Limits.shardListEvery { return }
    lanes = try await source.lanes()
    lanesListedAt = now
  }

  private func makeBuffer(_ record: DeliveryStreamRecord, oldest: Timestamp) -> DeliveryBuffer {
    DeliveryBuffer(
      starts: checkpoint.offsets, oldest: oldest, destination: record.destination,
      spill: SpillFile(folder: with.scratchFolder, pool: with.files))
  }

  // MARK: Delivering

  private func deliver(
    _ buffer: DeliveryBuffer, _ record: DeliveryStreamRecord, _ source: any RecordSource
  ) async throws {
    let delivery = Delivery(record: record, scope: scope, buffer: buffer, source: source, with: with)
    let outcome = try await delivery.run()
    var reached = checkpoint
    for (lane, range) in buffer.ranges { reached.offsets[lane] = range.upperBound }
    // Shards that are no more need no place kept.
    if source.mark != nil, !lanes.isEmpty {
      let known = Set(lanes)
      reached.offsets = reached.offsets.filter { known.contains($0.key) }
    }
    let saved = reached
    let key = FirehoseKeys.checkpoint(scope, record.name)
    try await with.keys.write { try $0.set(key, record: saved) }
    checkpoint = reached
    self.buffer = nil
    failures = 0
    report(outcome, buffer)
    if let kept = record.kinesis == nil ? DirectSource.log(of: record, in: scope) : nil {
      // Trimming follows when time has moved on: records of this very moment may be undelivered.
      await trim(kept, before: buffer.newest)
    }
  }

  // MARK: Waiting

  /// Returns when a lane has more, the buffer is due, or the configuration has changed.
  private func rest(until deadline: Timestamp?) async throws {
    guard let source else { return }
    let waits = lanes.filter { !ended.contains($0) }.map { ($0, positions[$0] ?? checkpoint.offsets[$0] ?? 0) }
    let clock = with.clock
    let changed = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    wakeUp = { changed.continuation.yield() }
    defer { wakeUp = nil }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (lane, offset) in waits { group.addTask { try await source.wait(lane, at: offset) } }
      group.addTask {
        for await _ in changed.stream { return }
        try Task.checkCancellation()
      }
      group.addTask {
        // Without records the shards are looked at again now and then.
        try await clock.sleep(until: deadline ?? clock.now() + Limits.shardListEvery)
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  // MARK: Measuring

  private func sample(_ name: String, _ value: Double, _ unit: String) -> MetricSample {
    MetricSample(
      "AWS/Firehose", name, dimensions: [(name: "DeliveryStreamName", value: record.name)], value: value, unit: unit,
      time: with.clock.now(), scope: scope)
  }

  /// How long the buffer's oldest record has waited, in seconds.
  private func age(of buffer: DeliveryBuffer) -> Double {
    max(0, Double((with.clock.now() - buffer.oldest).milliseconds) / 1000)
  }

  private func reportRead(_ batch: LaneBatch) {
    guard record.kinesis != nil else { return }
    let bytes = batch.records.reduce(0) { $0 + $1.data.readableBytes }
    with.metrics.record([
      sample("DataReadFromKinesisStream.Bytes", Double(bytes), "Bytes"),
      sample("DataReadFromKinesisStream.Records", Double(batch.records.count), "Count"),
      sample("KinesisMillisBehindLatest", Double(batch.millisBehind), "Milliseconds"),
    ])
  }

  private func report(_ processed: ProcessingOutcome) -> [MetricSample] {
    var samples: [MetricSample] = []
    if processed.calls > 0 {
      samples += [
        sample("ExecuteProcessing.Duration", Double(processed.callDuration.milliseconds), "Milliseconds"),
        sample("ExecuteProcessing.Success", processed.failedCalls == 0 ? 1 : 0, "Count"),
        sample("SucceedProcessing.Records", Double(processed.succeededRecords), "Count"),
        sample("SucceedProcessing.Bytes", Double(processed.succeededBytes), "Bytes"),
      ]
    }
    if record.destination.partitioning?.isEnabled == true {
      samples += [
        sample("PartitionCount", Double(processed.partitions), "Count"),
        sample("PartitionCountExceeded", processed.exceeded ? 1 : 0, "Count"),
        sample("ActivePartitionsLimit", Double(Limits.activePartitionsMax), "Count"),
        sample("JQProcessing.Duration", Double(processed.queryDuration.milliseconds), "Milliseconds"),
      ]
    }
    return samples
  }

  private func report(_ outcome: Delivery.Outcome, _ buffer: DeliveryBuffer) {
    let age = age(of: buffer)
    let delivered = outcome.processed?.delivered ?? buffer.records - outcome.failedRecords
    var samples = [
      sample("DeliveryToS3.Bytes", Double(outcome.bytes), "Bytes"),
      sample("DeliveryToS3.Records", Double(delivered), "Count"),
      sample("DeliveryToS3.ObjectCount", Double(outcome.objects), "Count"),
      sample("DeliveryToS3.Success", 1, "Count"),
      sample("DeliveryToS3.DataFreshness", age, "Seconds"),
    ]
    if outcome.converted {
      samples += [
        sample("SucceedConversion.Records", Double(buffer.records - outcome.failedRecords), "Count"),
        sample("SucceedConversion.Bytes", Double(buffer.plainBytes - outcome.failedBytes), "Bytes"),
        sample("FailedConversion.Records", Double(outcome.failedRecords), "Count"),
        sample("FailedConversion.Bytes", Double(outcome.failedBytes), "Bytes"),
      ]
    }
    if let processed = outcome.processed { samples += report(processed) }
    if outcome.backedUp {
      samples += [
        sample("BackupToS3.Bytes", Double(buffer.plainBytes), "Bytes"),
        sample("BackupToS3.Records", Double(buffer.records), "Count"),
        sample("BackupToS3.DataFreshness", age, "Seconds"),
        sample("BackupToS3.Success", 1, "Count"),
      ]
    }
    with.metrics.record(samples)
  }
}
