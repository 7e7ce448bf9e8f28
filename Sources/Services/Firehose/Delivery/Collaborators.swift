import Engine
import GlueModel
import Kernel
import Kinesis
import Logging
import S3Model
import Storage

/// All that deliveries reach out to.
struct Collaborators: Sendable {
  var keys: any KeyStore
  var logs: any LogStore
  var s3: any S3API
  var glue: any GlueAPI
  var kinesis: KinesisService
  var engine: LakeEngine
  var roles: any RoleBroker
  var authorizer: any Authorizer
  var clock: any WallClock
  var random: any RandomSource
  var metrics: any MetricTap
  /// Functions that transform records.
  var functions: any RecordFunctions
  /// Takes what CloudWatchLoggingOptions ask for.
  var lines: any LogEventTap
  var log: Logger
  /// Where buffers that have outgrown memory lie.
  var scratchFolder: String
  /// Writes and reads those.
  var files: BlockingPool
  /// Waits for the processes of queries.
  var queries: BlockingPool
  /// Conversions take turns.
  var conversions: ConversionTurns

  static let serviceName = "firehose.amazonaws.com"

  /// A query for partition keys.
  func query(_ program: String) -> KeyQuery { KeyQuery(program: program, folder: scratchFolder, pool: queries) }

  /// A context in which calls have the rights of `role`.
  func acting(as role: String, in scope: Scope, for stream: String) async throws -> RequestContext {
    guard let arn = ARN(role) else {
      throw AWSError("InvalidArgumentException", "Role ARN \(role) is not valid.")
    }
    let principal = try await roles.assume(role: arn, for: Self.serviceName, session: stream)
    return RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: clock.now(), userAgent: Self.serviceName,
      authorizer: authorizer)
  }
}

/// Lets a few conversions run at a time.
actor ConversionTurns {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(atOnce: Int) { free = atOnce }

  /// Runs `body` once it is its turn.
  nonisolated func inTurn<T>(_ body: () async throws -> T) async rethrows -> T {
    await take()
    do {
      let result = try await body()
      await giveBack()
      return result
    } catch {
      await giveBack()
      throw error
    }
  }

  private func take() async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  private func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
