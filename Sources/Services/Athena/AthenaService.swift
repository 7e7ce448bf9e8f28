import AWSWire
public import AthenaModel
public import GlueModel
public import Kernel
public import Logging
public import S3Model
public import Storage

/// Amazon Athena: workgroups, saved queries and query executions over the Glue catalog and S3.
///
/// The handlers stand in extensions, one file an idea. State is kept in `keys`, per account and region.
public final class AthenaService: AthenaAPI {
  let keys: any KeyStore
  let clock: any WallClock
  let random: any RandomSource
  let glue: any GlueAPI
  let s3: any S3API
  let runner: QueryRunner

  /// - Parameters:
  ///   - glue: the catalog that queries see.
  ///   - s3: where results are kept.
  ///   - executor: what runs a statement.
  ///   - logger: where it is told what no caller learns.
  public init(
    keys: any KeyStore, clock: any WallClock, random: any RandomSource, metrics: any MetricTap,
    glue: any GlueAPI, s3: any S3API, executor: any StatementExecutor, logger: Logger
  ) {
    self.keys = keys
    self.clock = clock
    self.random = random
    self.glue = glue
    self.s3 = s3
    runner = QueryRunner(keys: keys, clock: clock, metrics: metrics, executor: executor, logger: logger)
  }

  /// Closes the books on executions that a crash or a stop left open.
  ///
  /// A query that was running has left nothing visible (its output is committed at its end), so it is failed and
  /// not run again: its caller may have gone, and running an INSERT twice would be worse than failing it.
  public func recover() async throws { try await runner.failInterrupted() }

  /// Stops taking queries and cancels those that run.
  public func stop() async { await runner.stop() }
}

/// Pages through a sorted list: a token is the last item seen.
struct Page<Item> {
  let items: [Item]
  let nextToken: String?

  init(_ sorted: [Item], after token: String?, limit: Int?, name: (Item) -> String) {
    let start = token.map { token in sorted.firstIndex { name($0) > token } ?? sorted.endIndex } ?? sorted.startIndex
    let end = min(sorted.endIndex, start + max(1, limit ?? AthenaLimits.listPageDefault))
    items = Array(sorted[start..<end])
    nextToken = end < sorted.endIndex ? items.last.map(name) : nil
  }
}
