public import Kernel
public import KinesisModel
import NIOCore
import Storage

extension KinesisService {
  public func registerStreamConsumer(
    _ input: RegisterStreamConsumerInput, _ context: RequestContext
  ) async throws -> RegisterStreamConsumerOutput {
    let live = try await stream(nil, input.streamARN, for: "RegisterStreamConsumer", context)
    let id = live.id
    let tags = input.tags ?? [:]
    try TagRules.check(keys: tags.keys, values: tags.values, verb: "add tags to", id)
    guard tags.count <= Limits.tagsPerStreamMax else { throw TagRules.tooMany(id) }
    let consumer = try await live.changes.pass {
      var state = live.snapshot
      try Self.requireActive(live, state)
      guard state.consumers[input.consumerName] == nil else {
        throw KinesisError.resourceInUseException(
          "Consumer \(input.consumerName) under stream \(id.name) already exists for account \(id.scope.account).")
      }
      guard state.consumers.count < Limits.consumersPerStreamMax else {
        throw KinesisError.limitExceededException(
          "Stream \(id.name) under account \(id.scope.account) has reached its limit of "
            + "\(Limits.consumersPerStreamMax) registered consumers.")
      }
      var consumer = ConsumerRecord(name: input.consumerName, createdAt: clock.now())
      consumer.tags = tags
      state.consumers[consumer.name] = consumer
      let stored = consumer
      try await keys.write { try $0.set(StreamKeys.consumer(id, stored.name), record: stored) }
      live.show(state)
      return consumer
    }
    return RegisterStreamConsumerOutput(consumer: Self.wire(consumer, id))
  }

  public func deregisterStreamConsumer(
    _ input: DeregisterStreamConsumerInput, _ context: RequestContext
  ) async throws -> DeregisterStreamConsumerOutput {
    let (live, consumer) = try await named(
      input.consumerARN, input.streamARN, input.consumerName, for: "DeregisterStreamConsumer", context)
    let id = live.id
    try await live.changes.pass {
      var state = live.snapshot
      state.consumers[consumer.name] = nil
      try await keys.write { try $0.delete(StreamKeys.consumer(id, consumer.name)) }
      live.show(state)
    }
    return DeregisterStreamConsumerOutput()
  }

  public func describeStreamConsumer(
    _ input: DescribeStreamConsumerInput, _ context: RequestContext
  ) async throws -> DescribeStreamConsumerOutput {
    let (live, consumer) = try await named(
      input.consumerARN, input.streamARN, input.consumerName, for: "DescribeStreamConsumer", context)
    return DescribeStreamConsumerOutput(
      consumerDescription: ConsumerDescription(
        consumerName: consumer.name, consumerARN: Self.arn(of: consumer, live.id).description, consumerStatus: .active,
        consumerCreationTimestamp: consumer.createdAt.wholeMilliseconds, streamARN: live.id.arn.description))
  }

  public func listStreamConsumers(
    _ input: ListStreamConsumersInput, _ context: RequestContext
  ) async throws -> ListStreamConsumersOutput {
    let live = try await stream(nil, input.streamARN, for: "ListStreamConsumers", context)
    if let made = input.streamCreationTimestamp, made.seconds != live.snapshot.record.createdAt.seconds {
      throw Self.notFound(live.id)
    }
    var after = ""
    if let token = input.nextToken {
      guard let content = sealer.open(token, for: .consumerList) else {
        throw KinesisError.invalidArgumentException("Invalid NextToken.")
      }
      after = String(buffer: content)
    }
    let listed = live.snapshot.consumers.values.filter { $0.name > after }.sorted { $0.name < $1.name }
    let limit = input.maxResults ?? Limits.listConsumersDefault
    let page = listed.prefix(limit)
    var next: String?
    if listed.count > limit, let last = page.last {
      next = try sealer.seal(ByteBuffer(string: last.name), for: .consumerList)
    }
    return ListStreamConsumersOutput(consumers: page.map { Self.wire($0, live.id) }, nextToken: next)
  }

  // MARK: Finding and changing

  static func arn(of consumer: ConsumerRecord, _ id: StreamID) -> ARN {
    var arn = id.arn
    arn.resource += "/consumer/\(consumer.name):\(consumer.createdAt.seconds)"
    return arn
  }

  private static func wire(_ consumer: ConsumerRecord, _ id: StreamID) -> Consumer {
    Consumer(
      consumerName: consumer.name, consumerARN: arn(of: consumer, id).description, consumerStatus: .active,
      consumerCreationTimestamp: consumer.createdAt.wholeMilliseconds)
  }

  /// The stream, and the consumer where the ARN names one.
  func resource(
    _ arn: String, for action: String, _ context: RequestContext
  ) async throws -> (LiveStream, ConsumerRecord?) {
    guard let parsed = ARN(arn), let account = AccountID(parsed.account), parsed.service == "kinesis" else {
      throw KinesisError.invalidArgumentException("ResourceARN \(arn) is not valid.")
    }
    let parts = parsed.resource.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 || (parts.count == 4 && parts[2] == "consumer"), parts[0] == "stream" else {
      throw KinesisError.invalidArgumentException("ResourceARN \(arn) is not valid.")
    }
    let id = StreamID(scope: Scope(account: account, region: Region(parsed.region)), name: parts[1])
    let live = directory[id]
    var judged = context
    judged.scope = id.scope
    guard parts.count == 4 else {
      try await authorize(action, on: id, live, context)
      guard let live else { throw Self.notFound(id) }
      return (live, nil)
    }
    let consumer = live?.snapshot.consumers.values.first { Self.arn(of: $0, id).description == arn }
    try await judged.authorize("kinesis:\(action)", on: [arn], resourcePolicy: consumer?.policy)
    guard let live, let consumer else {
      throw KinesisError.resourceNotFoundException("Consumer \(arn) not found.")
    }
    return (live, consumer)
  }

  private func named(
    _ consumerARN: String?, _ streamARN: String?, _ name: String?, for action: String, _ context: RequestContext
  ) async throws -> (LiveStream, ConsumerRecord) {
    if let consumerARN {
      guard case (let live, let consumer?) = try await resource(consumerARN, for: action, context) else {
        throw KinesisError.invalidArgumentException("ConsumerARN \(consumerARN) is not valid.")
      }
      return (live, consumer)
    }
    guard let streamARN, let name else {
      throw KinesisError.invalidArgumentException(
        "Either ConsumerARN or both StreamARN and ConsumerName should be provided.")
    }
    let id = try Self.streamID(name: nil, arn: streamARN, context)
    guard let live = directory[id], let consumer = live.snapshot.consumers[name] else {
      try await authorize(action, on: id, directory[id], context)
      throw KinesisError.resourceNotFoundException(
        "Consumer \(name) under stream \(id.name) not found for account \(id.scope.account).")
    }
    return try await named(Self.arn(of: consumer, live.id).description, nil, nil, for: action, context)
  }

  func changeConsumer(
    _ consumer: ConsumerRecord, of live: LiveStream, _ body: (inout ConsumerRecord) throws -> Void
  ) async throws {
    try await live.changes.pass {
      var state = live.snapshot
      guard var record = state.consumers[consumer.name] else {
        throw KinesisError.resourceNotFoundException("Consumer \(consumer.name) not found.")
      }
      try body(&record)
      state.consumers[record.name] = record
      let stored = record
      let key = StreamKeys.consumer(live.id, record.name)
      try await keys.write { try $0.set(key, record: stored) }
      live.show(state)
    }
  }
}
