import Kernel
import Kinesis
import LambdaModel
import Logging
import NIOCore
import Storage

/// What mappings reach out to.
struct MappingTools: Sendable {
  var keys: any KeyStore
  var kinesis: KinesisService
  var roles: any RoleBroker
  var authorizer: any Authorizer
  var clock: any WallClock
  var random: any RandomSource
  var failures: FailureObjects
  var metrics: any MetricTap
  var log: Logger

  /// The stream, read with the rights of the function's role.
  func consumer(of stream: ARN, role: String, scope: Scope, function: String) async throws -> StreamConsumer {
    guard let arn = ARN(role) else { throw LambdaError.roleNotUsable }
    let principal = try await roles.assume(role: arn, for: SandboxTools.serviceName, session: function)
    let context = RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(),
      userAgent: SandboxTools.serviceName, authorizer: authorizer)
    return try await kinesis.consumer(of: stream, context)
  }
}

/// Reads a mapping's stream and hands its records to the function: every shard in order, a shard after those that it
/// came from. How far it has come is on disk before it goes on.
actor MappingReader {
  private let mapping: MappingRecord
  private let role: String
  private let tools: MappingTools
  private let handle: MappingHouse.Handler
  private let note: @Sendable (String) -> Void
  private let filter: RecordFilter
  private var checkpoint: MappingCheckpoint
  private var ended: Set<Int> = []
  private var reading: Set<Int> = []

  init(
    _ mapping: MappingRecord, role: String, checkpoint: MappingCheckpoint, tools: MappingTools,
    handle: @escaping MappingHouse.Handler, note: @escaping @Sendable (String) -> Void
  ) throws {
    filter = try RecordFilter(mapping.filters ?? [])
    self.mapping = mapping
    self.role = role
    self.checkpoint = checkpoint
    self.tools = tools
    self.handle = handle
    self.note = note
  }

  /// Reads until the task is cancelled.
  /// - Throws: what reading the stream throws; the caller begins anew.
  func run() async throws {
    let consumer = try await tools.consumer(
      of: mapping.stream, role: role, scope: mapping.scope, function: mapping.function)
    if checkpoint.streamUID != consumer.streamUID {
      // Another stream under the old name: all of it is new.
      checkpoint = MappingCheckpoint(streamUID: consumer.streamUID)
    }
    try await withThrowingTaskGroup(of: Int?.self) { group in
      defer { group.cancelAll() }
      try await startShards(consumer, &group)
      let clock = tools.clock
      group.addTask {
        try await clock.sleep(for: Limits.shardListEvery)
        return nil
      }
      while let finished = try await group.next() {
        if let finished {
          ended.insert(finished)
        } else {
          group.addTask {
            try await clock.sleep(for: Limits.shardListEvery)
            return nil
          }
        }
        try await startShards(consumer, &group)
      }
    }
  }

  /// Begins to read the shards whose parents have been read to their end.
  private func startShards(
    _ consumer: StreamConsumer, _ group: inout ThrowingTaskGroup<Int?, any Error>
  ) async throws {
    let shards = try await consumer.shards()
    let known = Set(shards.map(\.index))
    for shard in shards where !reading.contains(shard.index) {
      guard shard.parents.allSatisfy({ !known.contains($0) || ended.contains($0) }) else { continue }
      reading.insert(shard.index)
      group.addTask {
        try await self.read(shard, consumer)
        return shard.index
      }
    }
  }

  /// Reads one shard to its end.
  private func read(_ shard: ConsumerShard, _ consumer: StreamConsumer) async throws {
    var offset: UInt64
    if let reached = checkpoint.offsets[shard.index] {
      offset = reached
    } else {
      offset = try await consumer.offset(of: shard.index, at: .trimHorizon)
    }
    while true {
      let (items, next, isEnd) = try await collect(shard, consumer, from: offset)
      if !items.isEmpty {
        try await work(on: items, shard)
      }
      if next != offset { try await save(shard.index, next) }
      offset = next
      if isEnd { return try await save(shard.index, next) }
    }
  }

  /// Waits for records, and for as many of them as make a batch or as long as the window is open.
  private func collect(
    _ shard: ConsumerShard, _ consumer: StreamConsumer, from start: UInt64
  ) async throws -> (items: [StreamItem], next: UInt64, isEnd: Bool) {
    let wanted = mapping.batchSize * mapping.parallel
    var items: [StreamItem] = []
    var bytes = 0
    var seen = 0
    var next = start
    var deadline: Timestamp?
    while true {
      let batch = try await consumer.read(
        shard.index, from: next, recordsMax: wanted - items.count, bytesMax: Limits.batchReadBytesMax)
      for record in batch.records {
        let item = StreamItem(record)
        guard filter.wants(item) else { continue }
        // What no longer fits into one event begins the next batch.
        if bytes + item.eventBytes > Limits.payloadBytesMax - Limits.batchFrameBytes, !items.isEmpty {
          return (items, item.offset, false)
        }
        bytes += item.eventBytes
        items.append(item)
      }
      next = batch.nextOffset
      seen += batch.records.count
      if items.isEmpty, seen >= Limits.filteredRecordsMax { return (items, next, batch.isEnd) }
      if batch.isEnd || items.count >= wanted { return (items, next, batch.isEnd) }
      if let first = items.first, deadline == nil {
        deadline = max(tools.clock.now(), first.time + .seconds(mapping.windowSeconds))
      }
      if !items.isEmpty, tools.clock.now() >= deadline ?? .init(nanoseconds: 0) { return (items, next, false) }
      if batch.records.isEmpty { try await wait(shard, consumer, at: next, until: deadline) }
    }
  }

  private func wait(
    _ shard: ConsumerShard, _ consumer: StreamConsumer, at offset: UInt64, until deadline: Timestamp?
  ) async throws {
    let clock = tools.clock
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await consumer.waitForRecords(shard.index, at: offset) }
      if let deadline { group.addTask { try await clock.sleep(until: deadline) } }
      try await group.next()
    }
    // Whoever returns at once, such as the wait for a stream that is being deleted, must not make this loop spin.
    try Task.checkCancellation()
  }

  /// Lets the function work on a batch; several at once share it by partition key, so that a key's order stays.
  private func work(on items: [StreamItem], _ shard: ConsumerShard) async throws {
    let (mapping, role, handle, tools) = (mapping, role, handle, tools)
    let work = BatchWork(
      mapping: mapping, clock: tools.clock,
      call: { items in
        let event = try StreamItem.event(items, shard: shard.id, stream: mapping.stream, role: role)
        return try await handle(mapping, event, items.last?.time)
      },
      giveUp: { items, about in
        tools.log.warning(
          "records of a stream were given up",
          metadata: ["mapping": "\(mapping.id)", "records": "\(items.count)", "reason": "\(about.reason)"])
        await tools.keep(items, about, of: mapping, shard: shard.id, role: role)
      }, note: note)
    guard mapping.parallel > 1 else { return try await work.run(items) }
    let lanes = Dictionary(grouping: items) { Self.lane($0.partitionKey, of: mapping.parallel) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in lanes.values {
        group.addTask {
          for start in stride(from: 0, to: lane.count, by: mapping.batchSize) {
            try await work.run(Array(lane[start..<min(start + mapping.batchSize, lane.count)]))
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// The same for a key at all times (FNV-1a).
  private static func lane(_ key: String, of count: Int) -> Int {
    let hash = key.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return Int(hash % UInt64(count))
  }

  private func save(_ shard: Int, _ offset: UInt64) async throws {
    try Task.checkCancellation()
    checkpoint.offsets[shard] = offset
    let saved = checkpoint
    let key = LambdaKeys.checkpoint(mapping.id)
    try await tools.keys.write { try $0.set(key, record: saved) }
  }
}
