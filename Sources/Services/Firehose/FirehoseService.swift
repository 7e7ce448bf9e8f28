public import Engine
public import FirehoseModel
public import GlueModel
public import Kernel
public import Kinesis
public import Logging
public import S3Model
public import Storage

/// Amazon Data Firehose: delivery streams from DirectPut or a Kinesis stream to S3.
///
/// `open` reads what is kept, `run` delivers until its task is cancelled; without `run` records are taken in and wait.
public final class FirehoseService: FirehoseAPI {
  let with: Collaborators
  let streams = Locked<[StreamID: DeliveryStreamRecord]>([:])
  private let pumps = Locked(Pumps())
  /// Delivery streams are made, changed and deleted one at a time.
  let changes = Turnstile()

  /// Names a delivery stream.
  struct StreamID: Hashable, Sendable {
    var scope: Scope
    var name: String
    var arn: ARN { ARN(service: "firehose", scope.region, scope.account, "deliverystream/\(name)") }
  }

  private struct Pumps {
    var byID: [StreamID: DeliveryPump] = [:]
    var tasks: [StreamID: Task<Void, Never>] = [:]
    var running = false
  }

  private init(_ with: Collaborators) { self.with = with }

  /// - Parameters:
  ///   - scratchFolder: where buffers that outgrow memory lie; emptied by nobody, its files have no names.
  ///   - roles: gives deliveries the rights of their roles.
  ///   - functions: transforms records.
  ///   - lines: takes errors of deliveries, for the log streams that destinations name.
  public static func open(
    keys: any KeyStore, logs: any LogStore, s3: any S3API, glue: any GlueAPI, kinesis: KinesisService,
    engine: LakeEngine, roles: any RoleBroker, authorizer: any Authorizer, clock: any WallClock,
    random: any RandomSource, metrics: any MetricTap = SilentTap(), functions: any RecordFunctions = NoFunctions(),
    lines: any LogEventTap = SilentTap(), scratchFolder: String,
    log: Logger = Logger(label: "tarn.firehose")
  ) async throws -> FirehoseService {
    let service = FirehoseService(
      Collaborators(
        keys: keys, logs: logs, s3: s3, glue: glue, kinesis: kinesis, engine: engine, roles: roles,
        authorizer: authorizer, clock: clock, random: random, metrics: metrics, functions: functions, lines: lines,
        log: log,
        scratchFolder: scratchFolder, files: BlockingPool(name: "firehose-files", threads: 2, queueLimit: 10_000),
        queries: BlockingPool(name: "firehose-queries", threads: Limits.queriesAtOnce, queueLimit: 10_000),
        conversions: ConversionTurns(atOnce: Limits.conversionsAtOnce)))
    for (id, kept) in try await load(from: keys) {
      if kept.stream.status == .deleting {
        try await service.finishDeleting(id, kept.stream)
      } else {
        service.add(id, kept.stream, kept.checkpoint)
      }
    }
    return service
  }

  private struct Kept: Sendable {
    var stream: DeliveryStreamRecord
    var checkpoint: DeliveryCheckpoint
  }

  private static func load(from keys: any KeyStore) async throws -> [StreamID: Kept] {
    try await keys.read { reader in
      var kept: [StreamID: Kept] = [:]
      try reader.scan(FirehoseKeys.all) { key, value in
        guard let parts = key.elements, parts.count == 5, parts[3].string == "stream",
          let account = parts[1].string.flatMap({ AccountID($0) }), let region = parts[2].string,
          let name = parts[4].string
        else { return true }
        let scope = Scope(account: account, region: Region(region))
        kept[StreamID(scope: scope, name: name)] = Kept(
          stream: try KeyRecord.decode(DeliveryStreamRecord.self, value),
          checkpoint: try reader.get(FirehoseKeys.checkpoint(scope, name), as: DeliveryCheckpoint.self)
            ?? DeliveryCheckpoint())
        return true
      }
      return kept
    }
  }

  // MARK: Pumps

  /// Delivers until the task is cancelled. What is not delivered by then is kept and delivered after the next start.
  public func run() async {
    let all = pumps.withLock { pumps in
      pumps.running = true
      return pumps.byID.map { ($0.key, $0.value) }
    }
    for (id, pump) in all { start(id, pump) }
    // Sleeps until it is cancelled.
    let (stream, _) = AsyncStream<Void>.makeStream()
    for await _ in stream {}
    let tasks = pumps.withLock { pumps in
      pumps.running = false
      let tasks = Array(pumps.tasks.values)
      pumps.tasks = [:]
      return tasks
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  private func start(_ id: StreamID, _ pump: DeliveryPump) {
    pumps.withLock { pumps in
      guard pumps.running, pumps.tasks[id] == nil else { return }
      pumps.tasks[id] = Task { await pump.run() }
    }
  }

  func add(_ id: StreamID, _ record: DeliveryStreamRecord, _ checkpoint: DeliveryCheckpoint) {
    let pump = DeliveryPump(record, id.scope, checkpoint: checkpoint, with: with)
    streams.withLock { $0[id] = record }
    pumps.withLock { $0.byID[id] = pump }
    start(id, pump)
  }

  func change(_ id: StreamID, to record: DeliveryStreamRecord, delivery changes: Bool) async {
    streams.withLock { $0[id] = record }
    guard changes, let pump = pumps.withLock({ $0.byID[id] }) else { return }
    await pump.update(record)
  }

  func remove(_ id: StreamID) async {
    streams.withLock { $0[id] = nil }
    let task = pumps.withLock { pumps in
      pumps.byID[id] = nil
      return pumps.tasks.removeValue(forKey: id)
    }
    task?.cancel()
    await task?.value
  }

  /// Lets every delivery stream read and deliver what is due now: for tests, which move the clock by hand.
  package func settle() async throws {
    for pump in pumps.withLock({ Array($0.byID.values) }) {
      while try await pump.step().delivered {}
    }
  }

  // MARK: Finding

  func find(
    _ name: String, for action: String, _ context: RequestContext
  ) async throws -> (StreamID, DeliveryStreamRecord) {
    let id = StreamID(scope: context.scope, name: name)
    try await context.authorize("firehose:\(action)", on: id.arn)
    guard let record = streams.withLock({ $0[id] }) else {
      throw FirehoseError.resourceNotFoundException("Firehose \(name) under account \(context.account) not found.")
    }
    return (id, record)
  }

  /// Writes a changed record, then shows it.
  func save(_ id: StreamID, _ record: DeliveryStreamRecord, delivery changes: Bool = false) async throws {
    let key = FirehoseKeys.stream(id.scope, id.name)
    try await with.keys.write { try $0.set(key, record: record) }
    await change(id, to: record, delivery: changes)
  }
}
