import AWSWire
public import Kernel
public import KinesisModel
import Storage

extension KinesisService {
  public func subscribeToShard(
    _ input: SubscribeToShardInput, _ context: RequestContext
  ) async throws -> SubscribeToShardOutput {
    guard case (let live, let consumer?) = try await resource(input.consumerARN, for: "SubscribeToShard", context)
    else {
      throw KinesisError.invalidArgumentException("ConsumerARN \(input.consumerARN) is not valid.")
    }
    let id = live.id
    let state = live.snapshot
    try Self.requireReady(live, state)
    let index = try Self.shardIndex(input.shardId, id)
    guard let shard = state.shard(index), let handle = state.handles[index] else {
      throw KinesisError.resourceNotFoundException(
        "Shard \(ShardRecord.id(index)) in stream \(id.name) under account \(id.scope.account) does not exist")
    }
    let now = clock.now()
    let position = input.startingPosition
    let offset = try await start(
      GetShardIteratorInput(
        streamName: id.name, shardId: input.shardId, shardIteratorType: position.type,
        startingSequenceNumber: position.sequenceNumber, timestamp: position.timestamp), shard, handle, id, now: now)
    let place = SubscriptionPlace(consumer: Self.arn(of: consumer, id).description, shard: index)
    guard let ticket = subscriptions.take(place, at: now) else {
      reportSubscription(live, consumer.name, isSuccess: false)
      throw KinesisError.resourceInUseException(
        "Another active subscription exists for this consumer: \(id.scope.account):\(id.name):\(consumer.name):"
          + "\(shard.id)")
    }
    reportSubscription(live, consumer.name, isSuccess: true)
    let subscription = ShardSubscription(
      service: self, live: live, uid: state.record.uid, consumer: consumer, place: place, ticket: ticket,
      offset: offset, context: context, began: now)
    return SubscribeToShardOutput(eventStream: EventStream { { try await subscription.next() } })
  }
}
