import AWSWire
import Athena
import AthenaModel
import CloudWatch
import CloudWatchModel
import Engine
import Firehose
import FirehoseModel
import Foundation
import Glue
import GlueModel
import IAM
import IAMModel
import Kernel
import Kinesis
import KinesisModel
import Lambda
import LambdaModel
import Logging
import Logs
import LogsModel
import NIOPosix
import Redshift
import RedshiftDataModel
import RedshiftModel
import RedshiftServerlessModel
import S3
import S3Model
import SQL
import STSModel
import ServiceLifecycle
import Storage

/// All services, built over one storage and handed their collaborators.
struct House: Sendable {
  var services: [String: any WireService] = [:]
  var credentials: any CredentialSource
  var authorizer: any Authorizer
  var audit: AuditTrail
  var tools: GlueTools
  var background: Background
  /// Told where the server is found, once it listens.
  var found: @Sendable (String) -> Void
  /// Run first when the server is told to stop: ends what requests would otherwise wait for long.
  var leave: @Sendable () async -> Void
  /// Run in order when the server stops, before storage closes.
  var stop: @Sendable () async -> Void

  /// Builds the services in the order of their dependence, and ends what a crash had interrupted in each.
  static func build(
    _ settings: ServerSettings, storage: EmbeddedStorage, clock: any WallClock, logger: Logger
  ) async throws -> House {
    let random = SystemRandomSource()
    let (keys, logs, blobs) = (storage.keys, storage.logs, storage.blobs)
    let iam = IAMService(
      keys: keys, clock: clock, random: random,
      rootCredentials: [
        .init(accessKeyID: settings.accessKeyID, secret: settings.secretAccessKey, account: .standard)
      ]
        + settings.accounts.map { .init(accessKeyID: $0.accessKeyID, secret: $0.secretAccessKey, account: $0.id) })
    let audit = AuditTrail(logs: logs, clock: clock, random: random, logger: logger)
    let cloudWatch = CloudWatchService(keys: keys, clock: clock, logger: logger)
    let logTargets = LogTargets()
    let logEvents = try await LogsService.open(
      keys: keys, logs: logs, clock: clock, random: random, roles: iam.roles, authorizer: iam.authorizer,
      metrics: cloudWatch, targets: logTargets, log: logger)
    let bucketEvents = BucketEventFunctions(authorizer: iam.authorizer, clock: clock, random: random)
    let s3 = S3Service(
      keys: keys, blobs: blobs, clock: clock, random: random, metrics: cloudWatch,
      knowsPrincipal: { try await iam.authorizer.knows($0) },
      othersBlobs: { try await LambdaService.markBlobs(keys, $0) }, eventTargets: bucketEvents, logger: logger)
    let kinesis = try await KinesisService.open(
      keys: keys, logs: logs, clock: clock, random: random, metrics: cloudWatch,
      options: KinesisOptions(liftShardLimits: settings.liftShardLimits), log: logger)
    let engine = LakeEngine(
      options: LakeEngine.Options(
        memoryBytes: settings.engineMemoryMiB << 20, threads: ProcessInfo.processInfo.activeProcessorCount,
        temporaryFolder: settings.dataFolder + "/spill"),
      files: S3Lake(s3), functions: EngineFunctions(macros: TrinoMacros.databaseStatements), clock: clock)
    let glue = GlueService(
      keys: keys, clock: clock, random: random,
      crawls: CrawlGround(
        s3: s3, engine: engine, roles: iam.roles, authorizer: iam.authorizer, lines: logEvents, logger: logger),
      jobs: JobGround(
        s3: s3, roles: iam.roles, sessions: iam.sessions, authorizer: iam.authorizer, lines: logEvents,
        runtime: JobRuntime.find(
          root: ProcessInfo.processInfo.environment["TARN_ROOT"],
          master: ProcessInfo.processInfo.environment["TARN_SPARK_MASTER"]),
        folder: settings.dataFolder + "/jobs", logger: logger),
      quality: QualityGround(
        s3: s3, engine: engine, roles: iam.roles, authorizer: iam.authorizer, metrics: cloudWatch, logger: logger))
    try await glue.recover()
    let athena = AthenaService(
      keys: keys, clock: clock, random: random, metrics: cloudWatch, glue: glue, s3: s3,
      executor: LakeExecutor(glue: glue, s3: s3, engine: engine, clock: clock), logger: logger)
    try await athena.recover()
    let functions = DeliveryFunctions()
    let firehose = try await FirehoseService.open(
      keys: keys, logs: logs, s3: s3, glue: glue, kinesis: kinesis, engine: engine, roles: iam.roles,
      authorizer: iam.authorizer, clock: clock, random: random, metrics: cloudWatch, functions: functions,
      lines: logEvents, scratchFolder: settings.dataFolder + "/spill", log: logger)
    let lambda = try await LambdaService.open(
      keys: keys, blobs: blobs, s3: s3, kinesis: kinesis, roles: iam.roles, sessions: iam.sessions,
      authorizer: iam.authorizer, clock: clock, random: random, metrics: cloudWatch, lines: logEvents,
      folder: settings.dataFolder + "/sandboxes",
      interpreters: ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", log: logger)
    functions.set(lambda)
    bucketEvents.set(lambda)
    logTargets.set(kinesis: kinesis, firehose: firehose, lambda: lambda)
    let databases = Warehouses(
      WarehouseGround(
        folder: settings.dataFolder + "/warehouses", spillFolder: settings.dataFolder + "/spill",
        memoryBytes: settings.engineMemoryMiB << 20, threads: ProcessInfo.processInfo.activeProcessorCount,
        files: S3Lake(s3), glue: glue, kinesis: kinesis, roles: iam.roles,
        identities: WarehouseIdentities(iam: iam, clock: clock), authorizer: iam.authorizer, clock: clock,
        random: random, logs: logs))
    let warehouses = WarehouseHouse(
      keys: keys, keeping: databases,
      listener: WarehouseListener(
        settings, group: MultiThreadedEventLoopGroup.singleton, clock: clock, random: random),
      host: settings.host, clock: clock, random: random, metrics: cloudWatch, logger: logger, roles: iam.roles,
      authorizer: iam.authorizer)
    let redshift = RedshiftService(warehouses)
    let serverless = ServerlessService(warehouses)
    let redshiftData = DataService(warehouses, logs: logs)
    try await redshift.recover()
    try await serverless.recover()
    try await redshiftData.recover()
    let watch = WarehouseWatch(
      warehouses, clusters: redshift, serverless: serverless, data: redshiftData,
      processors: ProcessInfo.processInfo.activeProcessorCount,
      processorSeconds: { Double(Foundation.clock()) / Double(CLOCKS_PER_SEC) })

    let routers: [any WireService] = [
      IAMRouter(iam.api), STSRouter(iam.sts), S3Endpoint(s3), KinesisRouter(kinesis), GlueRouter(glue),
      AthenaRouter(athena), CloudWatchRouter(cloudWatch), FirehoseRouter(firehose), RedshiftRouter(redshift),
      RedshiftServerlessRouter(serverless), RedshiftDataRouter(redshiftData),
      LambdaRouter(lambda), LogsRouter(logEvents),
    ]
    return House(
      services: Dictionary(uniqueKeysWithValues: routers.map { ($0.signingName, $0) }),
      credentials: iam.credentials, authorizer: iam.authorizer, audit: audit, tools: GlueTools(glue: glue),
      background: Background(
        logger: logger,
        loops: [
          .init(name: "s3") { await s3.run() },
          .init(name: "kinesis") { await kinesis.run() },
          .init(name: "firehose") { await firehose.run() },
          .init(name: "glue") { await glue.run() },
          .init(name: "lambda") { await lambda.run() },
          .init(name: "logs") { await logEvents.run() },
          .init(name: "metrics") { try await cloudWatch.run() },
          .init(name: "audit") { await audit.run() },
          .init(name: "redshift") { await watch.run() },
        ]),
      found: { address in
        lambda.found(at: address)
        glue.found(at: address)
      },
      leave: {
        await lambda.endFunctions()
        await glue.endRuns()
      },
      stop: {
        await glue.stop()
        await lambda.stop()
        await athena.stop()
        await redshiftData.stop()
        await warehouses.stop()
        await logEvents.flush()
        try? await cloudWatch.flush()
        try? await audit.flush()
      })
  }
}

extension CredentialDirectory: CredentialSource {}

/// Acts as soon as the server is told to stop, before requests are waited for.
struct Farewell: Service {
  let leave: @Sendable () async -> Void

  func run() async throws {
    try? await gracefulShutdown()
    await leave()
  }
}

/// Loops that run beside the requests: deliveries, trimming, metrics.
struct Background: Service {
  struct Loop: Sendable {
    let name: String
    let run: @Sendable () async throws -> Void
  }
  let logger: Logger
  let loops: [Loop]

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        for loop in loops {
          group.addTask {
            do {
              try await loop.run()
            } catch is CancellationError {
            } catch {
              logger.error("a background loop ended", metadata: ["loop": "\(loop.name)", "error": "\(error)"])
            }
          }
        }
        // With no loops, or once they have ended, wait for the stop all the same: a service that ends stops the server.
        group.addTask { try? await Task.sleep(for: .seconds(Int64(Int32.max))) }
        await group.waitForAll()
      }
    }
  }
}
