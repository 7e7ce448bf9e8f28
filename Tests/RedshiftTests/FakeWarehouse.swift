import Engine
import Kernel
import LakeTesting
import NIOCore
import PostgresWire
import Redshift

/// A warehouse without tables, whose SELECTs the engine runs as they are: what the endpoint's tests speak to.
final class FakeWarehouse: EndpointDirectory {
  static let engine = LakeEngine(
    options: LakeEngine.Options(memoryBytes: 256 << 20, threads: 2, temporaryFolder: "/tmp/tarn-endpoint-tests"),
    files: MemoryLake(), clock: SystemClock())

  let verifier = PasswordVerifier(password: "pw", user: "ada", random: SeededRandomSource(seed: 5))
  let log = Locked<[String]>([])

  func login(user: String, database: String) async throws(SQLFailure) -> EndpointLogin? {
    user == "ada" ? EndpointLogin(name: user, user: user, password: verifier) : nil
  }

  func session(
    for login: EndpointLogin, database: String, settings: [String: String]
  ) async throws(SQLFailure) -> any SQLSession {
    guard database == "dev" else { throw SQLFailure("3D000", "database \"\(database)\" does not exist") }
    return FakeSession(log)
  }
}

final class FakeSession: SQLSession {
  private let log: Locked<[String]>
  private let state = Locked(TransactionState.idle)
  private let settings = Locked(["server_version": "8.0.2"])
  private let running = Locked<EngineSession?>(nil)

  init(_ log: Locked<[String]>) { self.log = log }

  func split(_ text: String) throws(SQLFailure) -> [String] {
    text.split(separator: ";").map { $0.trimmingPrefix { $0 == " " } }.filter { !$0.isEmpty }.map(String.init)
  }

  func prepare(_ text: String, parameterTypes: [PostgresType?]) async throws(SQLFailure) -> PreparedSQL {
    if text.hasPrefix("bad") { throw SQLFailure("42601", "syntax error at or near \"bad\"", position: 1) }
    let isQuery = text.lowercased().hasPrefix("select")
    let parameters = text.count { $0 == "$" }
    let types = (0..<parameters).map { $0 < parameterTypes.count ? parameterTypes[$0] ?? .varchar : .varchar }
    return PreparedSQL(
      text: text, parameterTypes: types, columns: isQuery ? [SQLColumn(name: "a", type: Self.type(text))] : nil)
  }

  private static func type(_ text: String) -> PostgresType {
    text.contains("decimal") ? PostgresType(oid: 1700, size: -1, modifier: 10 << 16 | 6)
      : text.contains("range") ? .int8 : .varchar
  }

  func execute(_ statement: PreparedSQL, parameters: [String?]) async throws(SQLFailure) -> SQLOutcome {
    if statement.text.hasPrefix("bad") { throw SQLFailure("42601", "syntax error at or near \"bad\"", position: 1) }
    log.withLock { $0.append(([statement.text] + parameters.map { $0 ?? "NULL" }).joined(separator: "|")) }
    let word = statement.text.split(separator: " ").first.map(String.init) ?? ""
    switch word.uppercased() {
    case "BEGIN": state.withLock { $0 = .open }
    case "COMMIT", "ROLLBACK": state.withLock { $0 = .idle }
    case "SET": settings.withLock { $0["DateStyle"] = "ISO, MDY" }
    case "FAIL":
      state.withLock { if $0 == .open { $0 = .failed } }
      throw SQLFailure("22012", "division by zero")
    case "SELECT":
      do {
        let session = FakeWarehouse.engine.session(for: Fake.caller)
        running.withLock { $0 = session }
        var sql = statement.text
        for (index, value) in parameters.enumerated() {
          sql = sql.replacing("$\(index + 1)", with: value.map { "'\($0)'" } ?? "NULL")
        }
        let result = try await session.run(sql)
        return .rows(FakeRows(result, [SQLColumn(name: "a", type: Self.type(statement.text))]))
      } catch { throw SQLFailure("57014", "\(error)") }
    default: break
    }
    return .done(tag: word.uppercased())
  }

  var transaction: TransactionState { get async { state.withLock { $0 } } }
  var reportedParameters: [(name: String, value: String)] {
    get async { settings.withLock { $0 }.map { (name: $0.key, value: $0.value) } }
  }
  func takeNotices() async -> [SQLNotice] { [] }
  func cancel() { running.withLock { $0 }?.cancel() }
  func close() async { log.withLock { $0.append("closed") } }
}

enum Fake {
  private struct Open: Authorizer {
    func authorize(_ request: AuthorizationRequest) async throws {}
  }

  static let caller = RequestContext(
    requestID: "test", scope: Scope(account: .standard, region: .usEast1),
    principal: Principal(
      kind: .user(name: "ada"), account: .standard,
      arn: ARN(service: "iam", region: "", account: AccountID.standard.digits, resource: "user/ada"), userID: "ada",
      accessKeyID: ""),
    time: Timestamp(seconds: 0), authorizer: Open())
}

final class FakeRows: SQLRows {
  let columns: [SQLColumn]
  private let result: QueryResult
  private let count = Locked(0)

  init(_ result: QueryResult, _ columns: [SQLColumn]) {
    self.result = result
    self.columns = columns
  }

  func next() async throws(SQLFailure) -> DataChunk? {
    do {
      let chunk = try await result.next()
      count.withLock { $0 += chunk?.rows ?? 0 }
      return chunk
    } catch { throw SQLFailure("57014", "canceling statement due to user request") }
  }

  func text(_ chunk: DataChunk, column: Int, row: Int) -> String? { "\(chunk.columns[column][row])" }
  var tag: String { "SELECT \(count.withLock { $0 })" }
  func close() async { await result.close() }
}
