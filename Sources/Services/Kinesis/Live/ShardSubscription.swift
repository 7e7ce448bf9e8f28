import AWSWire
import Kernel
import KinesisModel
import Storage

/// What SubscribeToShard pushes to one consumer from one shard: records as they come, and now and then an event
/// without any, so that the consumer knows how far it is and both sides that the other is there.
actor ShardSubscription {
  private let service: KinesisService
  private let live: LiveStream
  private let uid: String
  private let consumer: ConsumerRecord
  private let place: SubscriptionPlace
  private let ticket: UInt64
  private let reader: StreamConsumer
  private let endsAt: Timestamp
  private var offset: UInt64
  /// When an event is due though there is nothing to tell.
  private var heartbeatAt: Timestamp
  /// When the shard's rate lets the next event pass.
  private var readyAt: Timestamp
  private var isOver = false

  init(
    service: KinesisService, live: LiveStream, uid: String, consumer: ConsumerRecord, place: SubscriptionPlace,
    ticket: UInt64, offset: UInt64, context: RequestContext, began: Timestamp
  ) {
    self.service = service
    self.live = live
    self.uid = uid
    self.consumer = consumer
    self.place = place
    self.ticket = ticket
    self.offset = offset
    reader = StreamConsumer(service: service, live: live, uid: uid, context: context)
    endsAt = began + Limits.subscriptionLife
    heartbeatAt = began
    readyAt = began
  }

  /// The next event; `nil` after five minutes and at the end of a closed shard.
  /// - Throws: ResourceInUseException once another subscription has taken this one's place, ResourceNotFoundException
  ///   when stream, consumer or shard are gone.
  func next() async throws -> EventStream.Event? {
    while !isOver {
      let now = service.clock.now()
      guard now < endsAt else { break }
      let (shard, handle) = try check()
      if readyAt > now {
        try await service.clock.sleep(until: min(readyAt, endsAt))
        continue
      }
      let batch = try await service.read(
        shard, handle, live, from: offset, recordsMax: Limits.recordsPerGetMax,
        bytesMax: Limits.subscriptionEventBytesMax)
      offset = batch.nextOffset
      guard !batch.records.isEmpty || batch.isEnd || now >= heartbeatAt else {
        try await waitForRecords(until: min(heartbeatAt, endsAt))
        continue
      }
      heartbeatAt = now + Limits.subscriptionHeartbeatEvery
      if !service.options.liftShardLimits {
        let share = Double(batch.bytes) / Double(Limits.shardReadBytesPerSecond)
        readyAt = now + .milliseconds(Int64(share * 1000))
      }
      if batch.isEnd { isOver = true }
      service.reportSubscriptionEvent(live, consumer.name, batch)
      return EventStream.Event("SubscribeToShardEvent", event(batch, shard, at: now))
    }
    isOver = true
    return nil
  }

  private func check() throws -> (ShardRecord, ShardHandle) {
    let state = live.snapshot
    do {
      guard service.subscriptions.holds(place, ticket) else {
        throw KinesisError.resourceInUseException(
          "The subscription was taken over by another one of consumer \(consumer.name).")
      }
      guard state.record.uid == uid, service.directory[live.id] === live else { throw KinesisService.notFound(live.id) }
      try KinesisService.requireReady(live, state)
      guard state.consumers[consumer.name]?.createdAt == consumer.createdAt else {
        throw KinesisError.resourceNotFoundException(
          "Consumer \(consumer.name) under stream \(live.id.name) not found for account \(live.id.scope.account).")
      }
      guard let shard = state.shard(place.shard), let handle = state.handles[place.shard] else {
        throw KinesisService.noSuchShard(ShardRecord.id(place.shard), live.id)
      }
      return (shard, handle)
    } catch {
      isOver = true
      throw error
    }
  }

  private func waitForRecords(until deadline: Timestamp) async throws {
    let (reader, clock, shard, offset) = (reader, service.clock, place.shard, offset)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reader.waitForRecords(shard, at: offset) }
      group.addTask { try await clock.sleep(until: deadline) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func event(_ batch: ShardBatch, _ shard: ShardRecord, at now: Timestamp) -> SubscribeToShardEvent {
    // The number of the record before the next one; it may be that of none that is still there.
    let reached =
      offset == 0
      ? SequenceNumber.start(of: shard)
      : SequenceNumber(offset: offset - 1, time: batch.records.last?.time ?? now, of: shard)
    return SubscribeToShardEvent(
      records: batch.records.map(KinesisService.wire),
      continuationSequenceNumber: batch.isEnd ? nil : reached.text, millisBehindLatest: batch.millisBehindLatest,
      childShards: batch.isEnd ? KinesisService.children(of: shard, in: live.snapshot) : nil)
  }
}
