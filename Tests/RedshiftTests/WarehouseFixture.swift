import Engine
import Foundation
import Kernel
import Kinesis
import LakeTesting
import PostgresWire
import Redshift
import Storage
import StorageTesting

/// A namespace over a lake in memory.
struct WarehouseFixture: Sendable {
  let lake = MemoryLake()
  let warehouses: Warehouses
  let settings: NamespaceSettings
  let folder: String
  /// What statements may act as.
  static let role = "arn:aws:iam::000000000000:role/lake"

  init(
    folder: String? = nil, key: [UInt8]? = nil, clock: any WallClock = SystemClock(), logs: (any LogStore)? = nil,
    parameters: [String: String] = [:], kinesis: KinesisService? = nil, memoryBytes: Int = 256 << 20
  ) {
    self.folder = folder ?? NSTemporaryDirectory() + "tarn-warehouse-\(UUID().uuidString)"
    let random = SystemRandomSource()
    settings = NamespaceSettings(
      id: "11111111-2222-3333-4444-555555555555", scope: Scope(account: .standard, region: .usEast1), name: "test",
      database: "dev", adminUser: "awsuser",
      adminPassword: PasswordVerifier(password: "Secret123", user: "awsuser", random: random), encryptionKey: key,
      roles: [Self.role], parameters: parameters)
    warehouses = Warehouses(
      WarehouseGround(
        folder: self.folder, spillFolder: self.folder + "/spill", memoryBytes: memoryBytes, threads: 2, files: lake,
        glue: nil, kinesis: kinesis, roles: AnyRole(), authorizer: OpenAuthorizer(), clock: clock, random: random,
        logs: logs))
  }

  /// Takes on every role.
  private struct AnyRole: RoleBroker {
    func assume(role: ARN, for service: String, session: String) async throws -> Principal {
      Principal(
        kind: .assumedRole(name: role.resource, session: session), account: .standard, arn: role, userID: "AROA",
        accessKeyID: "")
    }
    func checkPass(role: ARN, to service: String, context: RequestContext) async throws {}
  }

  func warehouse() async throws -> any NamespaceWarehouse {
    try await warehouses.create(settings)
    return try await warehouses.open(settings)
  }

  func session(user: String = "awsuser", database: String = "dev") async throws -> any SQLSession {
    try await warehouse().session(user: user, database: database, settings: [:])
  }
}

extension SQLSession {
  /// Runs a statement: its rows as text, parted by `|`, or its tag.
  @discardableResult
  func run(_ text: String, _ parameters: [String?] = []) async throws -> [String] {
    let prepared = PreparedSQL(text: text, parameterTypes: [], columns: nil)
    switch try await execute(prepared, parameters: parameters) {
    case .empty: return []
    case .done(let tag): return [tag]
    case .rows(let rows):
      var lines: [String] = []
      while let chunk = try await rows.next() {
        for row in 0..<chunk.rows {
          lines.append(
            rows.columns.indices.map { rows.text(chunk, column: $0, row: row) ?? "NULL" }.joined(separator: "|"))
        }
      }
      return lines
    }
  }

  /// Runs a statement that fails: its code.
  func failure(_ text: String) async -> String {
    do {
      return "no failure: \(try await run(text))"
    } catch {
      return (error as? SQLFailure)?.sqlState ?? "\(error)"
    }
  }
}
