import Foundation
public import Kernel
public import Kinesis
public import LambdaModel
public import Logging
public import S3Model
public import Storage

/// AWS Lambda: functions, their versions and aliases, and the processes that run them.
///
/// `open` reads what is kept, `run` works on asynchronous events and event sources until its task is cancelled; without
/// `run` functions can be invoked and events wait.
public final class LambdaService: LambdaAPI {
  let keys: any KeyStore
  let blobs: any BlobStore
  let code: CodeStore
  let pool: SandboxPool
  let roles: any RoleBroker
  let authorizer: any Authorizer
  let clock: any WallClock
  let random: any RandomSource
  let metrics: any MetricTap
  let lines: any LogEventTap
  let log: Logger
  let address: Locked<String>
  let failures: FailureObjects
  let events: EventQueue
  let mappings: MappingHouse
  private let folder: String

  private init(
    keys: any KeyStore, blobs: any BlobStore, code: CodeStore, pool: SandboxPool, roles: any RoleBroker,
    authorizer: any Authorizer, clock: any WallClock, random: any RandomSource, metrics: any MetricTap,
    lines: any LogEventTap, log: Logger, address: Locked<String>, kinesis: KinesisService, folder: String
  ) {
    self.keys = keys
    self.blobs = blobs
    self.code = code
    self.pool = pool
    self.roles = roles
    self.authorizer = authorizer
    self.clock = clock
    self.random = random
    self.metrics = metrics
    self.lines = lines
    self.log = log
    self.address = address
    self.folder = folder
    failures = FailureObjects(s3: code.s3, roles: roles, authorizer: authorizer, clock: clock, random: random)
    events = EventQueue(keys: keys, clock: clock, random: random, log: log)
    mappings = MappingHouse(
      MappingTools(
        keys: keys, kinesis: kinesis, roles: roles, authorizer: authorizer, clock: clock, random: random,
        failures: failures, metrics: metrics, log: log))
  }

  /// - Parameters:
  ///   - sessions: gives the processes of functions the credentials of their roles.
  ///   - lines: takes what functions write.
  ///   - folder: where sandboxes have their folders; emptied here, nothing in it outlives the process.
  ///   - interpreters: folders in which interpreters are looked for, as in `PATH`.
  public static func open(
    keys: any KeyStore, blobs: any BlobStore, s3: any S3API, kinesis: KinesisService,
    roles: any RoleBroker, sessions: any RoleSessions, authorizer: any Authorizer, clock: any WallClock,
    random: any RandomSource,
    metrics: any MetricTap = SilentTap(), lines: any LogEventTap = SilentTap(), folder: String, interpreters: String,
    log: Logger = Logger(label: "tarn.lambda")
  ) async throws -> LambdaService {
    let files = BlockingPool(name: "lambda-files", threads: 2, queueLimit: 10_000)
    let catalog = try await files.run {
      // A crash leaves the folders of its sandboxes.
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(
        atPath: folder + "/runtime", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      return try RuntimeCatalog(path: interpreters, folder: folder + "/runtime")
    }
    let address = Locked("http://127.0.0.1:4566")
    let code = CodeStore(blobs: blobs, s3: s3, files: files, random: random, folder: folder)
    let tools = SandboxTools(
      code: code, catalog: catalog, sessions: sessions, clock: clock, random: random, folder: folder,
      starter: BlockingPool(name: "lambda-start", threads: 1, queueLimit: 1_000),
      endpoint: { address.withLock { $0 } })
    return LambdaService(
      keys: keys, blobs: blobs, code: code, pool: SandboxPool(tools, log: log), roles: roles, authorizer: authorizer,
      clock: clock, random: random, metrics: metrics, lines: lines, log: log, address: address, kinesis: kinesis,
      folder: folder)
  }

  /// Tells where this server is found, once that is known: SDKs in functions speak to it.
  public func found(at endpoint: String) { address.withLock { $0 = endpoint } }

  /// Works in the background until the task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.tidyForever()
        // The others wait for functions at work.
        await self.pool.stop()
      }
      group.addTask { await self.events.run { await self.work(on: $0) } }
      group.addTask { await self.mappings.run { try await self.handle($0, $1, $2) } }
    }
  }

  private func tidyForever() async {
    while (try? await clock.sleep(for: Limits.watchIdle)) != nil { await pool.tidy() }
  }

  /// Ends all functions at work, and starts none from now on: a server that stops does not wait for them.
  public func endFunctions() async { await pool.stop() }

  /// Ends all sandboxes.
  public func stop() async {
    await pool.stop()
    try? await code.files.run { [folder] in try FileManager.default.removeItem(atPath: folder) }
  }

  /// Marks every blob that Lambda names, for `BlobStore.collectOrphans`.
  public static func markBlobs(_ keys: any KeyStore, _ mark: @escaping @Sendable (BlobRef) -> Void) async throws {
    try await keys.read { reader in
      try reader.scan(LambdaKeys.all) { key, value in
        guard let parts = key.elements, parts.count > 3 else { return true }
        switch parts[3].string {
        case "function": mark(try KeyRecord.decode(FunctionRecord.self, value).latest.code)
        case "version": mark(try KeyRecord.decode(VersionRecord.self, value).code)
        case "layer-version": mark(try KeyRecord.decode(LayerVersionRecord.self, value).code)
        default: break
        }
        // Layers that functions have are theirs too, whether or not the layer's version is still there.
        for layer in try layers(of: key, value) { mark(layer.code) }
        return true
      }
    }
  }
}

extension LambdaError {
  /// Lambda says no more about a role than this.
  static let roleNotUsable = invalidParameterValueException(
    "The role defined for the function cannot be assumed by Lambda.")

  static func noFunction(_ name: FunctionName) -> AWSError {
    resourceNotFoundException("Function not found: \(name.qualifiedARN)")
  }
}
