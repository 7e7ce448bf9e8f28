import Engine
import Foundation
import Kernel
import LakeFiles
import LakeTesting

/// An engine over a lake in memory.
struct Fixture: Sendable {
  let lake = MemoryLake()
  let engine: LakeEngine
  let folder: String

  init(
    memoryBytes: Int = 512 << 20, threads: Int = 2, functions: EngineFunctions = EngineFunctions(),
    concurrentQueriesMax: Int = 4
  ) {
    folder = NSTemporaryDirectory() + "tarn-engine-\(UUID().uuidString)"
    engine = LakeEngine(
      options: LakeEngine.Options(
        memoryBytes: memoryBytes, threads: threads, temporaryFolder: folder,
        concurrentQueriesMax: concurrentQueriesMax),
      files: lake, functions: functions, clock: SystemClock())
  }

  func session(_ name: String = "ada") -> EngineSession { engine.session(for: caller(name)) }

  func caller(_ name: String) -> RequestContext {
    let account = AccountID.standard
    return RequestContext(
      requestID: "test", scope: Scope(account: account, region: .usEast1),
      principal: Principal(
        kind: .user(name: name), account: account,
        arn: ARN(service: "iam", region: "", account: account.digits, resource: "user/\(name)"), userID: name,
        accessKeyID: ""),
      time: Timestamp(seconds: 0), authorizer: Open())
  }

  private struct Open: Authorizer {
    func authorize(_ request: AuthorizationRequest) async throws {}
  }

  /// The rows of a query, each a list of values.
  func rows(_ sql: String, _ parameters: [EngineParameter] = []) async throws -> [[EngineValue]] {
    try await rows(of: session().run(sql, parameters))
  }

  func rows(of result: QueryResult) async throws -> [[EngineValue]] {
    var rows: [[EngineValue]] = []
    for try await chunk in result {
      for row in 0..<chunk.rows { rows.append(chunk.columns.map { $0[row] }) }
    }
    return rows
  }

  /// Runs a statement that writes, and publishes what it wrote.
  @discardableResult
  func write(_ sql: String) async throws -> [LakePath] {
    let session = session()
    try await session.execute(sql)
    return try await session.commitWrites()
  }
}
