public import Kernel
public import KinesisModel
import Logging
import Storage

extension KinesisService {
  public func getRecords(_ input: GetRecordsInput, _ context: RequestContext) async throws -> GetRecordsOutput {
    let began = clock.now()
    guard let position = IteratorPosition(input.shardIterator, sealer: sealer) else {
      throw KinesisError.invalidArgumentException("Invalid ShardIterator.")
    }
    let id = StreamID(scope: position.scope, name: position.stream)
    let live = directory[id]
    try await authorize("GetRecords", on: id, live, context)
    if let arn = input.streamARN, arn != id.arn.description {
      throw KinesisError.invalidArgumentException("Invalid ShardIterator.")
    }
    guard began - position.issuedAt <= .milliseconds(Limits.iteratorLifeMs) else {
      throw KinesisError.expiredIteratorException(
        "Iterator expired. The iterator was created at time \(JavaDate.text(position.issuedAt)) while right now it is "
          + "\(JavaDate.text(began)) which is further in the future than the tolerated delay of "
          + "\(Limits.iteratorLifeMs) milliseconds.")
    }
    guard let live, case let state = live.snapshot, state.record.uid == position.uid,
      let shard = state.shard(position.shard), let handle = state.handles[position.shard]
    else {
      throw KinesisError.resourceNotFoundException(
        "Shard \(ShardRecord.id(position.shard)) in stream \(id.name) under account \(id.scope.account) does not exist")
    }
    guard options.liftShardLimits || handle.reads.withLock({ $0.admit(at: began) }) else {
      reportThrottledRead(live, handle, at: began)
      throw KinesisError.provisionedThroughputExceededException(Self.rateExceeded(handle, id))
    }
    let batch = try await read(
      shard, handle, live, from: position.offset, recordsMax: input.limit ?? Limits.recordsPerGetMax,
      bytesMax: Limits.bytesPerGetMax)
    if !options.liftShardLimits { handle.reads.withLock { $0.took(batch.bytes) } }
    reportGet(live, handle, batch, began: began)

    var next: String?
    if !batch.isEnd {
      var after = position
      after.offset = batch.nextOffset
      after.issuedAt = began
      next = try after.sealed(by: sealer)
    }
    return GetRecordsOutput(
      records: batch.records.map(Self.wire), nextShardIterator: next, millisBehindLatest: batch.millisBehindLatest,
      childShards: batch.isEnd ? Self.children(of: shard, in: state) : nil)
  }

  /// Reads a shard from `offset` on, records past the stream's retention left out.
  func read(
    _ shard: ShardRecord, _ handle: ShardHandle, _ live: LiveStream, from offset: UInt64, recordsMax: Int, bytesMax: Int
  ) async throws -> ShardBatch {
    // What the shard is told before the log is read: records that come later are read by the next call.
    let now = clock.now()
    let horizon = live.snapshot.record.horizon(at: now)
    var (stored, bounds) = try await reading(shard, live.id) {
      let bounds = try await self.logs.bounds(handle.log)
      guard offset < bounds.next else { return ([LogRecord](), bounds) }
      return (
        try await self.logs.read(handle.log, from: offset, recordsMax: recordsMax, bytesMax: bytesMax), bounds
      )
    }
    if let oldest = stored.first, oldest.time < horizon {
      // Trimming runs now and then; a reader must not see what it has yet to take away.
      stored = try await reading(shard, live.id) {
        let kept = try await self.logs.offset(handle.log, atOrAfter: horizon)
        guard kept < bounds.next else { return [] }
        return try await self.logs.read(handle.log, from: kept, recordsMax: recordsMax, bytesMax: bytesMax)
      }
      if stored.isEmpty { bounds.first = bounds.next }
    }
    var batch = ShardBatch(records: [], nextOffset: max(offset, bounds.first), millisBehindLatest: 0, isEnd: false)
    batch.records.reserveCapacity(stored.count)
    for record in stored {
      batch.nextOffset = record.offset + 1
      guard let frame = RecordFrame(record.payload) else {
        log.error("a stored record cannot be read", metadata: ["shard": "\(handle.log)", "offset": "\(record.offset)"])
        continue
      }
      batch.bytes += frame.size
      batch.records.append(
        ConsumedRecord(offset: record.offset, time: record.time, shard: shard, frame: frame))
    }
    if let last = stored.last, batch.nextOffset < bounds.next {
      batch.millisBehindLatest = max(1, (now - last.time).milliseconds)
    }
    batch.isEnd = shard.endOffset.map { batch.nextOffset >= $0 } ?? false
    return batch
  }

  static func wire(_ record: ConsumedRecord) -> Record {
    Record(
      sequenceNumber: record.sequenceNumber, approximateArrivalTimestamp: record.time.wholeMilliseconds,
      data: record.data, partitionKey: record.partitionKey, encryptionType: record.encrypted ? .kms : nil)
  }

  static func children(of shard: ShardRecord, in state: StreamState) -> [ChildShard] {
    state.shards.filter { $0.parent == shard.index || $0.adjacentParent == shard.index }.map { child in
      ChildShard(
        shardId: child.id, parentShards: [child.parent, child.adjacentParent].compactMap { $0.map(ShardRecord.id) },
        hashKeyRange: wire(child.range))
    }
  }
}

/// Moments as Java's `Date` prints them, which AWS's message on an expired iterator shows.
package enum JavaDate {
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Thu Jan 22 01:22:02 UTC 2015`
  package static func text(_ moment: Timestamp) -> String {
    let time = CivilTime(moment)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(days[time.weekday - 1]) \(months[time.month - 1]) \(two(time.day)) \(two(time.hour)):\(two(time.minute)):"
      + "\(two(time.second)) UTC \(time.year)"
  }
}
