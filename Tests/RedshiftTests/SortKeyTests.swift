import PostgresWire
import Redshift
import Testing

/// What sort keys do: scans skip blocks whose values lie elsewhere.
@Suite struct SortKeyTests {
  private static let query = "SELECT sum(b) FROM t WHERE a BETWEEN 1000 AND 2000"
  private static let rows = 1_000_000
  /// Rows in no order of `a`.
  private static let shuffled = "SELECT (i * 7919) % 1000000 AS a, i AS b FROM generate_series(0, 999999) AS g(i)"

  @Test func vacuumLetsScansSkip() async throws {
    let fixture = WarehouseFixture()
    let warehouse = try #require(try await fixture.warehouse() as? Warehouse)
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t (a BIGINT SORTKEY, b BIGINT)")
    try await session.run("INSERT INTO t \(Self.shuffled)")
    let sum = try await session.run(Self.query)
    let before = try await warehouse.rowsScanned(Self.query, database: "dev")
    try await session.run("VACUUM SORT ONLY t")
    let after = try await warehouse.rowsScanned(Self.query, database: "dev")
    #expect(before == Self.rows)
    #expect(after <= Self.rows / 4)
    #expect(try await session.run(Self.query) == sum)
  }

  @Test func whatIsLoadedAsAWholeIsSorted() async throws {
    let fixture = WarehouseFixture()
    let warehouse = try #require(try await fixture.warehouse() as? Warehouse)
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t SORTKEY (a) AS \(Self.shuffled)")
    #expect(try await warehouse.rowsScanned(Self.query, database: "dev") <= Self.rows / 4)
    try await session.run("DROP TABLE t")
    try await session.run("CREATE TABLE t AS \(Self.shuffled)")
    #expect(try await warehouse.rowsScanned(Self.query, database: "dev") == Self.rows)
    try await session.run("ALTER TABLE t ALTER SORTKEY (a)")
    #expect(try await warehouse.rowsScanned(Self.query, database: "dev") <= Self.rows / 4)
  }

  @Test func appendMovesRowsWhole() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER NOT NULL, b VARCHAR(5))")
    try await session.run("CREATE TABLE s (a INTEGER NOT NULL, b VARCHAR(5))")
    try await session.run("INSERT INTO s VALUES (1, 'x'), (2, 'y')")
    try await session.run("ALTER TABLE t APPEND FROM s")
    #expect(try await session.run("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM s)") == ["2|0"])
    try await session.run("INSERT INTO s VALUES (3, 'z')")
    try await session.run("ALTER TABLE t APPEND FROM s")
    try await session.run("INSERT INTO t VALUES (4, 'w')")
    #expect(try await session.run("SELECT a FROM t ORDER BY a") == ["1", "2", "3", "4"])
    #expect(await session.failure("INSERT INTO t VALUES (NULL, 'w')") == "23502")
    try await session.run("DROP TABLE s")
    try await session.run("CREATE TABLE s (a INTEGER)")
    #expect(try await session.run("SELECT count(*) FROM t") == ["4"])
  }
}
