public import Kernel
public import KinesisModel
import Logging
import NIOCore
import Storage

extension KinesisService {
  public func putRecords(_ input: PutRecordsInput, _ context: RequestContext) async throws -> PutRecordsOutput {
    let began = clock.now()
    let live = try await stream(input.streamName, input.streamARN, for: "PutRecords", context)
    let result = try await put(input.records, to: live)
    reportPut("PutRecords", live, result, began: began)
    return PutRecordsOutput(
      failedRecordCount: result.throttled + result.failed,
      records: result.outcomes.map { outcome in
        switch outcome {
        case .stored(let shard, let sequence):
          PutRecordsResultEntry(sequenceNumber: sequence.text, shardId: shard.id)
        case .throttled(let shard):
          PutRecordsResultEntry(
            errorCode: "ProvisionedThroughputExceededException", errorMessage: Self.rateExceeded(shard, live.id))
        case .failed:
          PutRecordsResultEntry(errorCode: "InternalFailure", errorMessage: "Internal service failure.")
        }
      }, encryptionType: result.encryption)
  }

  public func putRecord(_ input: PutRecordInput, _ context: RequestContext) async throws -> PutRecordOutput {
    let began = clock.now()
    let live = try await stream(input.streamName, input.streamARN, for: "PutRecord", context)
    if let text = input.sequenceNumberForOrdering {
      // The order itself holds for every record of a shard; what is checked is that the number can be one of ours.
      guard let number = SequenceNumber(text), number.seconds <= began.seconds else {
        throw KinesisError.invalidArgumentException(
          "ExclusiveMinimumSequenceNumber \(text) used in PutRecord on stream \(live.id.name) under account "
            + "\(live.id.scope.account) is invalid.")
      }
    }
    let entry = PutRecordsRequestEntry(
      data: input.data, explicitHashKey: input.explicitHashKey, partitionKey: input.partitionKey)
    let result = try await put([entry], to: live)
    reportPut("PutRecord", live, result, began: began)
    switch result.outcomes.first {
    case .stored(let shard, let sequence):
      return PutRecordOutput(shardId: shard.id, sequenceNumber: sequence.text, encryptionType: result.encryption)
    case .throttled(let shard):
      throw KinesisError.provisionedThroughputExceededException(Self.rateExceeded(shard, live.id))
    case .failed, nil: throw AWSError.internalFailure("Internal service failure.")
    }
  }

  static func rateExceeded(_ shard: ShardHandle, _ id: StreamID) -> String {
    "Rate exceeded for shard \(shard.id) in stream \(id.name) under account \(id.scope.account)."
  }

  /// What became of one record.
  enum PutOutcome {
    case stored(ShardHandle, SequenceNumber)
    case throttled(ShardHandle)
    case failed(ShardHandle)
  }

  struct PutResult {
    var outcomes: [PutOutcome] = []
    /// AWS names the encryption only where there is one.
    var encryption: EncryptionType?
    /// Records and bytes (data and partition keys) that were stored.
    var records = 0
    var bytes = 0
    var throttled = 0
    var failed = 0
    /// Filled only for streams with shard-level metrics.
    var bytesByShard: [String: Int] = [:]
  }

  /// Stores records: one append for all shards they fall into, so that a call costs one group commit.
  func put(_ entries: [PutRecordsRequestEntry], to live: LiveStream) async throws -> PutResult {
    await live.gate.enter()
    defer { live.gate.leave() }
    let state = live.snapshot
    try Self.requireReady(live, state)
    let places = try place(entries, in: state)
    let now = clock.now()

    var result = PutResult()
    result.encryption = state.record.encryptionKey == nil ? nil : .kms
    result.outcomes.reserveCapacity(entries.count)
    let total = entries.reduce(0) { $0 + $1.data.readableBytes + $1.partitionKey.utf8.count }
    let shardLevel = !state.record.shardLevelMetrics.isEmpty
    var frames = ByteBuffer()
    frames.reserveCapacity(total + entries.count * RecordFrame.overheadMax)
    var batches: [LogBatch] = []
    /// Records in each batch.
    var counts: [Int32] = []
    var batchOfShard = [Int32](repeating: -1, count: state.routes.shards.count)
    // For each record, its batch and its place there; a negative batch for one that the shard's rate refused.
    var slots: [(batch: Int32, place: Int32)] = []
    slots.reserveCapacity(entries.count)
    // Where each stored record's frame ends. Slices are cut when all frames are written: a slice shares the buffer, and
    // the next write to a shared buffer would copy all of it.
    var ends: [Int] = []
    ends.reserveCapacity(entries.count)

    for (entry, route) in zip(entries, places) {
      let shard = state.routes.shards[route.place].handle
      let size = entry.data.readableBytes + entry.partitionKey.utf8.count
      guard options.liftShardLimits || shard.writes.withLock({ $0.admit(size, at: now) }) else {
        slots.append((-1, 0))
        result.throttled += 1
        continue
      }
      RecordFrame.write(
        partitionKey: entry.partitionKey, explicitHash: route.explicit, encrypted: state.record.encryptionKey != nil,
        data: entry.data, to: &frames)
      ends.append(frames.writerIndex)
      if batchOfShard[route.place] < 0 {
        batchOfShard[route.place] = Int32(batches.count)
        batches.append(LogBatch(log: shard.log, payloads: []))
        counts.append(0)
      }
      let batch = batchOfShard[route.place]
      slots.append((batch, counts[Int(batch)]))
      counts[Int(batch)] += 1
      result.records += 1
      result.bytes += size
      if shardLevel { result.bytesByShard[shard.id, default: 0] += size }
    }

    for (index, count) in counts.enumerated() { batches[index].payloads.reserveCapacity(Int(count)) }
    var start = frames.readerIndex
    for (slot, end) in zip(slots.lazy.filter { $0.batch >= 0 }, ends) {
      batches[Int(slot.batch)].payloads.append(frames.getSlice(at: start, length: end - start) ?? ByteBuffer())
      start = end
    }

    let positions: [LogPosition]?
    do {
      positions = batches.isEmpty ? [] : try await logs.append(batches)
    } catch {
      log.error("records were not stored", metadata: ["stream": "\(live.id.arn)", "error": "\(error)"])
      (positions, result.failed) = (nil, result.records)
      (result.records, result.bytes, result.bytesByShard) = (0, 0, [:])
    }
    for (route, slot) in zip(places, slots) {
      let shard = state.routes.shards[route.place]
      if slot.batch < 0 {
        result.outcomes.append(.throttled(shard.handle))
      } else if let position = positions?[Int(slot.batch)] {
        result.outcomes.append(
          .stored(
            shard.handle,
            SequenceNumber(
              offset: position.firstOffset + UInt64(slot.place), time: position.time, of: shard.record)))
      } else {
        result.outcomes.append(.failed(shard.handle))
      }
    }
    live.noteTraffic(bytes: result.bytes, records: result.records + result.throttled)
    return result
  }

  /// Checks the records' sizes and finds each one's open shard.
  private func place(
    _ entries: [PutRecordsRequestEntry], in state: StreamState
  ) throws -> [(place: Int, explicit: HashKey?)] {
    let recordMax = state.record.maxRecordKiB << 10
    var total = 0
    var places: [(place: Int, explicit: HashKey?)] = []
    places.reserveCapacity(entries.count)
    for entry in entries {
      guard entry.data.readableBytes <= recordMax else {
        throw KinesisError.validationException(
          "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less "
            + "than or equal to \(recordMax)")
      }
      total += entry.data.readableBytes + entry.partitionKey.utf8.count
      let explicit = try entry.explicitHashKey.map { text in
        guard let key = HashKey(decimal: text) else {
          throw KinesisError.invalidArgumentException(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was \(text)")
        }
        return key
      }
      places.append((state.routes.place(of: explicit ?? HashKey(partitionKey: entry.partitionKey)), explicit))
    }
    // A single record may be as large as its stream allows, its partition key beside it.
    guard total <= Limits.bytesPerPutMax || entries.count == 1 else {
      throw KinesisError.invalidArgumentException("Records size exceeds 10 MB limit")
    }
    return places
  }
}
