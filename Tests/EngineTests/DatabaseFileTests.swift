import Engine
import Foundation
import Kernel
import LakeTesting
import Testing

/// Tables that are kept in a file: transactions, what a stop leaves, and the walls around the machine's files.
@Suite struct DatabaseFileTests {
  private static func folder() throws -> String {
    let folder = NSTemporaryDirectory() + "tarn-database-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func engine(_ folder: String, key: String? = nil) -> LakeEngine {
    LakeEngine(
      options: LakeEngine.Options(
        memoryBytes: 256 << 20, threads: 2, temporaryFolder: folder + "/spill",
        database: DatabaseFile(path: folder + "/main.db", name: "warehouse", key: key)),
      files: MemoryLake(), clock: SystemClock())
  }

  private func session(_ engine: LakeEngine) async throws -> EngineSession {
    let session = engine.session(for: Fixture().caller("ada"), isLasting: true)
    try await session.execute("SET search_path = 'warehouse.main'", policy: .everything)
    return session
  }

  private func value(_ session: EngineSession, _ sql: String) async throws -> EngineValue? {
    try await Fixture().rows(of: session.run(sql, policy: .everything)).first?.first
  }

  @Test func memoryIsLimitedWhileItRuns() async throws {
    let engine = Self.engine(try Self.folder())
    let heavy = "SELECT len(list(i)) FROM range(4000000) r(i)"
    #expect(try await value(try await session(engine), heavy) == .int(4_000_000))
    try await engine.limitMemory(to: 16 << 20)
    let session = try await session(engine)
    let failure = await #expect(throws: EngineError.self) { try await value(session, heavy) }
    #expect(failure?.kind == .outOfMemory)
    session.renew()
    try await engine.limitMemory(to: 256 << 20)
    #expect(try await value(session, heavy) == .int(4_000_000))
    await session.close()
    await engine.stop()
  }

  @Test(arguments: [nil, "secret"])
  func whatWasCommittedIsThereAfterAStop(_ key: String?) async throws {
    let folder = try Self.folder()
    let engine = Self.engine(folder, key: key)
    let session = try await session(engine)
    try await session.execute("CREATE TABLE t AS SELECT 'needle' AS s, i FROM range(100000) r(i)", policy: .everything)
    try await session.execute("BEGIN", policy: .everything)
    #expect(session.isInTransaction)
    try await session.execute("DELETE FROM t", policy: .everything)
    #expect(try await value(session, "SELECT count(*) FROM t") == .int(0))
    await session.close()
    await engine.stop()

    let file = try #require(FileManager.default.contents(atPath: folder + "/main.db"))
    #expect((file.range(of: Data("needle".utf8)) == nil) == (key != nil))
    let again = try await self.session(engine)
    #expect(try await value(again, "SELECT count(*) FROM t") == .int(100_000))
    await again.close()
    await engine.stop()
    if key != nil {
      let without = Self.engine(folder)
      await #expect(throws: EngineError.self) { try await without.start() }
    }
  }

  @Test func sessionsSeeOnlyWhatWasCommittedAndConflictsAreTold() async throws {
    let engine = Self.engine(try Self.folder())
    let (one, two) = (try await session(engine), try await session(engine))
    try await one.execute("CREATE TABLE t AS SELECT 1 AS a", policy: .everything)
    try await one.execute("BEGIN", policy: .everything)
    try await one.execute("UPDATE t SET a = 2", policy: .everything)
    #expect(try await value(two, "SELECT a FROM t") == .int(1))
    await #expect(throws: EngineError.self) { try await two.execute("UPDATE t SET a = 3", policy: .everything) }
    two.renew()
    try await one.execute("COMMIT", policy: .everything)
    #expect(try await value(two, "SELECT a FROM t") == .int(2))
    await one.close()
    await two.close()
  }

  @Test func aCancelledStatementDoesNotSpoilALastingSession() async throws {
    let engine = Self.engine(try Self.folder())
    let session = try await session(engine)
    session.cancel()
    let result = try await session.run("SELECT i FROM range(10000000000) t(i)", policy: .everything)
    _ = try await result.next()
    session.cancel()
    await #expect(throws: EngineError.self) { while try await result.next() != nil {} }
    await result.close()
    session.renew()
    #expect(try await value(session, "SELECT 42") == .int(42))
    await session.close()
  }

  @Test func aStatementIsDescribedWithoutRunningIt() async throws {
    let engine = Self.engine(try Self.folder())
    let session = try await session(engine)
    try await session.execute("CREATE TABLE t (a INTEGER, b DATE)", policy: .everything)
    let description = try await session.describe("SELECT a, b AS day FROM t WHERE a = $1 AND b > $2")
    #expect(description.columns.map(\.name) == ["a", "day"])
    #expect(description.columns.map(\.type) == [.integer, .date])
    #expect(description.parameters == [.integer, .date])
    try await session.execute(
      "INSERT INTO t VALUES ($1, $2)", [.untyped("7"), .untyped("2026-01-02")], policy: .everything)
    #expect(
      try await Fixture().rows(
        of: session.run("SELECT a FROM t WHERE b = $1", [.untyped("2026-01-02")], policy: .everything)) == [[.int(7)]])
    #expect(try await session.lookUp(catalog: "warehouse", schema: "main", name: "t") == .table)
    #expect(try await session.lookUp(catalog: "warehouse", schema: "main", name: "u") == nil)
    #expect(try await session.lookUp(catalog: "warehouse", schema: "main", name: nil) == .schema)
    await session.close()
  }

  @Test func aCopyOfHeldFilesIsWhole() async throws {
    let folder = try Self.folder()
    let engine = Self.engine(folder)
    let session = try await session(engine)
    try await session.execute("CREATE TABLE t AS SELECT i FROM range(200000) r(i)", policy: .everything)
    try await session.execute("INSERT INTO t VALUES (-1)", policy: .everything)
    let copy = try Self.folder()
    try await engine.withFilesHeld {
      if FileManager.default.fileExists(atPath: folder + "/main.db.wal") {
        try FileManager.default.copyItem(atPath: folder + "/main.db.wal", toPath: copy + "/main.db.wal")
      }
      try FileManager.default.copyItem(atPath: folder + "/main.db", toPath: copy + "/main.db")
    }
    try await session.execute("DELETE FROM t", policy: .everything)
    try await engine.checkpoint()
    let restored = Self.engine(copy)
    let other = try await self.session(restored)
    #expect(try await value(other, "SELECT count(*) FROM t") == .int(200_001))
    await session.close()
    await other.close()
  }

  @Test(arguments: [
    "SELECT * FROM read_text('FOLDER/main.db')", "ATTACH 'FOLDER/other.db'", "COPY (SELECT 1) TO 'FOLDER/main.db.x'",
    "COPY (SELECT 1) TO 'FOLDER/spill/x'", "SET enable_external_access = true", "SET lock_configuration = false",
    "SET allowed_configs = ['memory_limit']", "SET memory_limit = '1GB'", "PRAGMA database_list", "INSTALL httpfs",
    "EXPORT DATABASE 'FOLDER/x'", "DETACH warehouse",
  ])
  func theMachinesFilesAreOutOfReach(_ sql: String) async throws {
    let folder = try Self.folder()
    let engine = Self.engine(folder)
    let session = try await session(engine)
    await #expect(throws: EngineError.self) {
      try await session.execute(sql.replacing("FOLDER", with: folder), policy: .everything)
    }
    await session.close()
  }
}
