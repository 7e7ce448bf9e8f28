import PostgresWire
import Redshift
import Testing

/// Blocks, failures within them, conflicts and locks.
@Suite struct TransactionTests {
  @Test func aBlockIsTakenBackAsAWhole() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER)")
    try await session.run("BEGIN")
    #expect(await session.transaction == .open)
    try await session.run("INSERT INTO t VALUES (1)")
    try await session.run("CREATE TABLE u (a INTEGER)")
    try await session.run("CREATE SCHEMA s")
    try await session.run("ALTER TABLE t RENAME TO v")
    #expect(try await session.run("SELECT count(*) FROM v") == ["1"])
    #expect(try await session.run("ROLLBACK") == ["ROLLBACK"])
    #expect(try await session.run("SELECT count(*) FROM t") == ["0"])
    #expect(await session.failure("SELECT * FROM u") == "42P01")
    #expect(await session.failure("CREATE TABLE s.x (a INTEGER)") == "3F000")
  }

  @Test func afterAFailureABlockTakesOnlyItsEnd() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("BEGIN")
    try await session.run("CREATE TABLE t (a INTEGER)")
    #expect(await session.failure("SELECT 1/0") == "22012")
    #expect(await session.transaction == .failed)
    #expect(await session.failure("SELECT 1") == "25P02")
    #expect(try await session.run("COMMIT") == ["ROLLBACK"])
    #expect(await session.transaction == .idle)
    #expect(await session.failure("SELECT * FROM t") == "42P01")
  }

  @Test func theSecondToChangeARowIsToldOfTheConflict() async throws {
    let fixture = WarehouseFixture()
    let one = try await fixture.session()
    let two = try await fixture.session()
    try await one.run("CREATE TABLE t (a INTEGER)")
    try await one.run("INSERT INTO t VALUES (1)")
    try await two.run("BEGIN")
    try await two.run("SELECT * FROM t")
    try await one.run("UPDATE t SET a = 2")
    #expect(await two.failure("UPDATE t SET a = 3") == "XX000")
    try await two.run("ROLLBACK")
    #expect(try await two.run("SELECT a FROM t") == ["2"])
  }

  @Test func whoChangesATableWaitsForTheOneBefore() async throws {
    let fixture = WarehouseFixture()
    let one = try await fixture.session()
    let two = try await fixture.session()
    try await one.run("CREATE TABLE t (a INTEGER)")
    try await one.run("INSERT INTO t VALUES (1)")
    try await one.run("BEGIN")
    try await one.run("UPDATE t SET a = a + 1")
    async let second = two.run("UPDATE t SET a = a + 10")
    try await one.run("COMMIT")
    #expect(try await second == ["UPDATE 1"])
    #expect(try await one.run("SELECT a FROM t") == ["12"])
  }

  @Test func truncateCommits() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER)")
    try await session.run("INSERT INTO t VALUES (1)")
    try await session.run("BEGIN")
    #expect(try await session.run("TRUNCATE t") == ["TRUNCATE TABLE"])
    #expect(await session.transaction == .idle)
    #expect(try await session.run("SELECT count(*) FROM t") == ["0"])
  }

  @Test func cursorsGiveRowsInPieces() async throws {
    let session = try await WarehouseFixture().session()
    #expect(await session.failure("DECLARE c CURSOR FOR SELECT 1") == "25P01")
    try await session.run("BEGIN")
    try await session.run("DECLARE c CURSOR FOR SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY a")
    #expect(try await session.run("FETCH 2 FROM c") == ["1", "2"])
    #expect(try await session.run("FETCH ALL FROM c") == ["3"])
    #expect(try await session.run("FETCH NEXT FROM c") == [])
    try await session.run("CLOSE c")
    try await session.run("COMMIT")
  }

  @Test func preparedStatementsAndParameters() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER, b VARCHAR)")
    try await session.run("INSERT INTO t VALUES ($1, $2)", ["7", "seven"])
    let prepared = try await session.prepare("SELECT b FROM t WHERE a = $1", parameterTypes: [])
    #expect(prepared.parameterTypes.map(\.oid) == [23])
    #expect(prepared.columns?.map(\.name) == ["b"])
    #expect(try await session.run("SELECT b FROM t WHERE a = $1", ["7"]) == ["seven"])
    try await session.run("PREPARE p (int) AS SELECT b FROM t WHERE a = $1")
    #expect(try await session.run("EXECUTE p(7)") == ["seven"])
    try await session.run("DEALLOCATE p")
    #expect(await session.failure("EXECUTE p(7)") == "26000")
    try await session.run("SET search_path TO x, public")
    #expect(try await session.run("SHOW search_path") == ["x, public"])
    #expect(await session.failure("SET nonsense TO 1") == "42704")
  }
}
