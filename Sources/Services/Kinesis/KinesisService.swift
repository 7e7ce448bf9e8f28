public import Kernel
public import KinesisModel
public import Logging
public import Storage

/// What an operator may set.
public struct KinesisOptions: Sendable {
  /// Takes the limits off what a shard takes and gives a second.
  public var liftShardLimits: Bool

  public init(liftShardLimits: Bool = false) { self.liftShardLimits = liftShardLimits }
}

/// Amazon Kinesis Data Streams over a key store (streams, shards, consumers) and a log store (records).
public final class KinesisService: KinesisAPI {
  let keys: any KeyStore
  let logs: any LogStore
  let clock: any WallClock
  let random: any RandomSource
  let metrics: any MetricTap
  let options: KinesisOptions
  let log: Logger
  let directory: StreamDirectory
  let sealer: TokenSealer
  let subscriptions = SubscriptionDesk()

  private init(
    keys: any KeyStore, logs: any LogStore, clock: any WallClock, random: any RandomSource, metrics: any MetricTap,
    options: KinesisOptions, log: Logger, directory: StreamDirectory, sealer: TokenSealer
  ) {
    self.keys = keys
    self.logs = logs
    self.clock = clock
    self.random = random
    self.metrics = metrics
    self.options = options
    self.log = log
    self.directory = directory
    self.sealer = sealer
  }

  /// Reads the streams into memory and ends what a stop had interrupted: streams half made or half deleted.
  ///
  /// Call `run` to let old records be forgotten and on-demand streams grow.
  public static func open(
    keys: any KeyStore, logs: any LogStore, clock: any WallClock, random: any RandomSource,
    metrics: any MetricTap = SilentTap(), options: KinesisOptions = KinesisOptions(),
    log: Logger = Logger(label: "tarn.kinesis")
  ) async throws -> KinesisService {
    let fresh = random.bytes(32)
    let secret = try await keys.write { transaction in
      if let kept = try transaction.get(StreamKeys.secret) { return kept }
      try transaction.set(StreamKeys.secret, fresh)
      return fresh
    }
    let service = KinesisService(
      keys: keys, logs: logs, clock: clock, random: random, metrics: metrics, options: options, log: log,
      directory: try await StreamDirectory.load(from: keys), sealer: TokenSealer(secret: secret, random: random))
    for stream in service.directory.all {
      switch stream.snapshot.record.status {
      case .creating: try await service.finishCreating(stream)
      case .deleting: try await service.finishDeleting(stream)
      case .active, .updating: break
      }
    }
    return service
  }

  // MARK: Finding a stream

  /// The stream that a call names by name, ARN or both, after the caller was authorised for `action` on it.
  func stream(
    _ name: String?, _ arn: String?, for action: String, _ context: RequestContext
  ) async throws -> LiveStream {
    let id = try Self.streamID(name: name, arn: arn, context)
    let live = directory[id]
    try await authorize(action, on: id, live, context)
    guard let live else { throw Self.notFound(id) }
    return live
  }

  func authorize(
    _ action: String, on id: StreamID, _ live: LiveStream?, _ context: RequestContext
  ) async throws {
    // A stream of another account is judged in that account's scope: its root's rights do not reach here.
    var context = context
    context.scope = id.scope
    try await context.authorize(
      "kinesis:\(action)", on: [id.arn.description], resourcePolicy: live?.snapshot.record.policy)
  }

  static func streamID(name: String?, arn: String?, _ context: RequestContext) throws -> StreamID {
    guard let arn else {
      guard let name else {
        throw KinesisError.invalidArgumentException("Either StreamName or StreamARN should be provided.")
      }
      return StreamID(scope: context.scope, name: name)
    }
    guard let parsed = ARN(arn), parsed.service == "kinesis", let account = AccountID(parsed.account),
      parsed.resource.hasPrefix("stream/")
    else { throw KinesisError.invalidArgumentException("StreamARN \(arn) is not valid.") }
    let inARN = String(parsed.resource.dropFirst("stream/".count))
    if let name, name != inARN {
      throw KinesisError.invalidArgumentException("StreamName \(name) does not match the stream of StreamARN \(arn).")
    }
    return StreamID(scope: Scope(account: account, region: Region(parsed.region)), name: inARN)
  }

  // MARK: Changing a stream

  /// Changes a stream's record: checks that it is ACTIVE, lets `body` change it, and shows the change once it is on
  /// disk. What `body` throws changes nothing.
  @discardableResult
  func change<Result>(
    _ live: LiveStream, _ body: (inout StreamRecord) throws -> Result
  ) async throws -> Result {
    try await live.changes.pass {
      var state = live.snapshot
      try Self.requireActive(live, state)
      let result = try body(&state.record)
      let record = state.record
      let key = StreamKeys.stream(live.id)
      try await keys.write { try $0.set(key, record: record) }
      live.show(state)
      return result
    }
  }

  static func requireActive(_ live: LiveStream, _ state: StreamState) throws {
    guard state.record.status == .active else {
      throw KinesisError.resourceInUseException(
        "Stream \(live.id.name) under account \(live.id.scope.account) not ACTIVE, instead in state "
          + state.record.status.wire.rawValue)
    }
  }

  // MARK: Errors that several operations share

  static func notFound(_ id: StreamID) -> AWSError {
    KinesisError.resourceNotFoundException("Stream \(id.name) under account \(id.scope.account) not found.")
  }

  static func noSuchShard(_ shard: String, _ id: StreamID) -> AWSError {
    KinesisError.resourceNotFoundException(
      "Could not find shard \(shard) in stream \(id.name) under account \(id.scope.account).")
  }

  /// Reads and writes need a stream that is ACTIVE or UPDATING; AWS calls any other one missing.
  static func requireReady(_ live: LiveStream, _ state: StreamState) throws {
    switch state.record.status {
    case .active, .updating: return
    case .creating, .deleting: throw notFound(live.id)
    }
  }
}

extension StreamRecord.Status {
  var wire: StreamStatus {
    switch self {
    case .creating: .creating
    case .active: .active
    case .updating: .updating
    case .deleting: .deleting
    }
  }
}

extension StreamRecord.Mode {
  var wire: StreamModeDetails { StreamModeDetails(streamMode: self == .onDemand ? .onDemand : .provisioned) }
}
