import Kernel
import Logging
import NIOCore
import Storage

/// Subscriptions: what matches goes to a destination, at least once, from where the last delivery ended.
extension LogsService {
  static let serviceName = "logs.amazonaws.com"

  func deliverForever() async {
    await withDiscardingTaskGroup { group in
      for await job in deliveries.incoming {
        group.addTask {
          await self.deliver(job)
          self.deliveries.rest(job)
        }
      }
      group.cancelAll()
    }
  }

  /// Delivers what is due now: for tests.
  package func settleDeliveries() async {
    for id in directory.groups(of: nil) {
      for job in jobs(of: id) { await deliver(job) }
    }
  }

  func jobs(of id: GroupID) -> [DeliveryDesk.Job] {
    guard let record = directory.record(id) else { return [] }
    return record.subscriptions.map { .init(group: id, groupUID: record.uid, subscription: $0.uid) }
  }

  private func deliver(_ job: DeliveryDesk.Job) async {
    do {
      let cursors = try await cursors(of: job)
      guard let group = directory.group(job.group), group.record.uid == job.groupUID,
        let subscription = group.subscriptions.first(where: { $0.record.uid == job.subscription })
      else { return }
      for stream in group.streams.values {
        var next = cursors[stream.number] ?? 0
        while next < stream.note.next, !Task.isCancelled, deliveries.isWanted(job) {
          next = try await deliver(stream, from: next, subscription, job)
        }
      }
    } catch is CancellationError {
    } catch {
      log.warning("a subscription could not be served", metadata: ["group": "\(job.group.arn)", "error": "\(error)"])
    }
  }

  private func cursors(of job: DeliveryDesk.Job) async throws -> [UInt64: UInt64] {
    if let known = deliveries.cursors(job) { return known }
    let prefix = LogsKeys.cursors(job.group, job.groupUID, subscription: job.subscription)
    let kept = try await keys.read { reader in
      var cursors: [UInt64: UInt64] = [:]
      try reader.scan(prefix.subtree) { key, value in
        if let number = key.elements?.last?.integer {
          cursors[UInt64(clamping: number)] = UInt64(String(decoding: value, as: UTF8.self)) ?? 0
        }
        return true
      }
      return cursors
    }
    deliveries.setCursors(job, kept)
    return kept
  }

  /// Delivers what one read of a stream gives.
  /// - Returns: the offset to go on from.
  private func deliver(
    _ stream: StreamRecord, from offset: UInt64, _ subscription: LiveSubscription, _ job: DeliveryDesk.Job
  ) async throws -> UInt64 {
    let batches: [LogRecord]
    do {
      batches = try await logs.read(
        LogsKeys.log(job.group, job.groupUID, stream.number), from: offset, recordsMax: Limits.readBatchesMax,
        bytesMax: Limits.readBytesMax)
    } catch StorageError.noSuchLog {
      return .max
    }
    guard let last = batches.last else { return .max }
    let messages = try await searches.run { try self.messages(of: batches, stream, subscription, job.group) }
    for message in messages { try await send(message, subscription.record, job) }
    let next = last.offset + 1
    let key = LogsKeys.cursors(job.group, job.groupUID, subscription: job.subscription)
      .appending(Int64(clamping: stream.number))
    let group = LogsKeys.group(job.group)
    try await keys.write { transaction in
      // A group that is gone leaves no cursors behind.
      guard try transaction.get(group, as: GroupRecord.self)?.uid == job.groupUID else { return }
      try transaction.set(key, Array(String(next).utf8))
    }
    deliveries.advance(job, stream: stream.number, to: next)
    return next
  }

  private func messages(
    of batches: [LogRecord], _ stream: StreamRecord, _ subscription: LiveSubscription, _ id: GroupID
  ) throws -> [SubscriptionMessage] {
    var messages: [SubscriptionMessage] = []
    var bytes = 0
    for batch in batches {
      try EventBatch.visit(batch.payload) { place, time, _, message in
        guard message.withUnsafeReadableBytes({ subscription.pattern.matches($0) }) else { return }
        let position = EventPosition(time: time, stream: stream.number, offset: batch.offset, place: place + 1)
        let count = messages.last?.events.count ?? 0
        if messages.isEmpty || count == Limits.messageEventsMax
          || count > 0 && bytes + message.readableBytes > Limits.messageBytesMax
        {
          messages.append(
            SubscriptionMessage(
              owner: id.scope.account.digits, group: id.name, stream: stream.name,
              filters: [subscription.record.name], events: []))
          bytes = 0
        }
        bytes += message.readableBytes
        messages[messages.count - 1].events.append((position.id, time, String(buffer: message)))
      }
    }
    return messages
  }

  /// Hands one message over. What the destination refuses for now is tried again for a day; what it refuses for good is
  /// dropped and counted, as AWS does.
  private func send(
    _ message: SubscriptionMessage, _ subscription: SubscriptionRecord, _ job: DeliveryDesk.Job
  ) async throws {
    let packed = try message.packed()
    let key = subscription.distribution == "Random" ? random.uuid() : message.stream
    let began = clock.now()
    var pause = Limits.deliveryPauseFirst
    while true {
      do {
        let context = try await context(of: subscription, job.group)
        try await targets.deliver(packed, to: subscription.destination, partitionKey: key, context)
        count(
          subscription, job.group,
          [
            ("ForwardedBytes", Double(packed.readableBytes), "Bytes"),
            ("ForwardedLogEvents", Double(message.events.count), "None"),
          ])
        return
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        let isPassing = Self.isPassing(error)
        count(subscription, job.group, [(isPassing ? "DeliveryThrottling" : "DeliveryErrors", 1, "None")])
        log.debug(
          "a subscription's destination refused",
          metadata: ["destination": "\(subscription.destination)", "error": "\(error)"])
        guard isPassing, clock.now() - began < .seconds(Limits.deliveryHoursMax * 3600), deliveries.isWanted(job) else {
          return
        }
        try await clock.sleep(for: pause)
        pause = min(pause * 2, Limits.deliveryPauseMax)
      }
    }
  }

  private static func isPassing(_ error: any Error) -> Bool {
    guard let error = error as? AWSError else { return !(error is CancellationError) }
    return error.fault == .receiver && error.code != "NotImplemented" || error.code.contains("Throttl")
      || ["ProvisionedThroughputExceededException", "TooManyRequestsException", "LimitExceededException"]
        .contains(error.code)
  }

  /// With the rights of the subscription's role; a function is called by CloudWatch Logs itself.
  func context(of subscription: SubscriptionRecord, _ id: GroupID) async throws -> RequestContext {
    let principal: Principal
    if let role = subscription.role {
      principal = try await roles.assume(role: role, for: Self.serviceName, session: "logs")
    } else {
      principal = Principal(
        kind: .service(Self.serviceName), account: id.scope.account,
        arn: ARN(service: "iam", region: "", account: id.scope.account.digits, resource: Self.serviceName),
        userID: Self.serviceName, accessKeyID: "")
    }
    var context = RequestContext(
      requestID: random.uuid(), scope: id.scope, principal: principal, time: clock.now(),
      userAgent: Self.serviceName, authorizer: authorizer)
    context.sourceARN = id.arnOfAll
    return context
  }

  private func count(
    _ subscription: SubscriptionRecord, _ id: GroupID, _ values: [(name: String, value: Double, unit: String)]
  ) {
    let type = ["kinesis": "Kinesis", "firehose": "Firehose", "lambda": "Lambda"][subscription.destination.service]
    let dimensions = [
      (name: "LogGroupName", value: id.name), (name: "DestinationType", value: type ?? ""),
      (name: "FilterName", value: subscription.name),
    ]
    let now = clock.now()
    metrics.record(
      values.map {
        MetricSample(
          "AWS/Logs", $0.name, dimensions: dimensions, value: $0.value, unit: $0.unit, time: now, scope: id.scope)
      })
  }
}
