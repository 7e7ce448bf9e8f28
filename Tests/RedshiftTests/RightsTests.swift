import PostgresWire
import Redshift
import Testing

/// Who may do what.
@Suite struct RightsTests {
  @Test func rightsAreNeededAndGranted() async throws {
    let fixture = WarehouseFixture()
    let admin = try await fixture.session()
    try await admin.run("CREATE TABLE t (a INTEGER, secret VARCHAR)")
    try await admin.run("INSERT INTO t VALUES (1, 's')")
    try await admin.run("CREATE USER alice PASSWORD 'Secret456'")
    let alice = try await fixture.session(user: "alice")
    #expect(await alice.failure("SELECT * FROM t") == "42501")
    #expect(await alice.failure("DROP TABLE t") == "42501")
    #expect(await alice.failure("CREATE USER bob PASSWORD 'Secret456'") == "42501")
    try await admin.run("GRANT SELECT (a) ON t TO alice")
    #expect(try await alice.run("SELECT a FROM t") == ["1"])
    #expect(await alice.failure("SELECT secret FROM t") != "no failure")
    try await admin.run("GRANT SELECT, INSERT ON t TO alice")
    #expect(try await alice.run("SELECT * FROM t") == ["1|s"])
    #expect(try await alice.run("INSERT INTO t VALUES (2, 'x')") == ["INSERT 0 1"])
    #expect(await alice.failure("DELETE FROM t") == "42501")
    try await admin.run("REVOKE ALL ON t FROM alice")
    #expect(await alice.failure("SELECT * FROM t") == "42501")
    #expect(await admin.failure("DROP USER nobody") == "42704")
    try await admin.run("DROP USER alice")
  }

  @Test func groupsAndRolesCarryRights() async throws {
    let fixture = WarehouseFixture()
    let admin = try await fixture.session()
    try await admin.run("CREATE SCHEMA s")
    try await admin.run("CREATE TABLE s.t (a INTEGER)")
    try await admin.run("CREATE USER alice PASSWORD 'Secret456'")
    try await admin.run("CREATE GROUP readers WITH USER alice")
    try await admin.run("CREATE ROLE writer")
    try await admin.run("CREATE ROLE boss")
    let alice = try await fixture.session(user: "alice")
    try await admin.run("GRANT SELECT ON ALL TABLES IN SCHEMA s TO GROUP readers")
    #expect(await alice.failure("SELECT * FROM s.t") == "42501")
    try await admin.run("GRANT USAGE ON SCHEMA s TO GROUP readers")
    #expect(try await alice.run("SELECT * FROM s.t") == [])
    try await admin.run("GRANT INSERT ON s.t TO ROLE writer")
    try await admin.run("GRANT ROLE writer TO ROLE boss")
    #expect(await alice.failure("INSERT INTO s.t VALUES (1)") == "42501")
    try await admin.run("GRANT ROLE boss TO alice")
    #expect(try await alice.run("INSERT INTO s.t VALUES (1)") == ["INSERT 0 1"])
  }

  @Test func viewsReadWithTheirOwnersRights() async throws {
    let fixture = WarehouseFixture()
    let admin = try await fixture.session()
    try await admin.run("CREATE TABLE t (a INTEGER, b INTEGER)")
    try await admin.run("INSERT INTO t VALUES (1, 2)")
    try await admin.run("CREATE VIEW v AS SELECT a FROM t")
    try await admin.run("CREATE VIEW late AS SELECT * FROM public.t WITH NO SCHEMA BINDING")
    try await admin.run("CREATE USER alice PASSWORD 'Secret456'")
    try await admin.run("GRANT SELECT ON v TO alice")
    let alice = try await fixture.session(user: "alice")
    #expect(try await alice.run("SELECT * FROM v") == ["1"])
    #expect(await alice.failure("SELECT * FROM t") == "42501")
    #expect(await admin.failure("DROP TABLE t") == "2BP01")
    try await admin.run("DROP TABLE t CASCADE")
    #expect(await admin.failure("SELECT * FROM v") == "42P01")
    #expect(await admin.failure("SELECT * FROM late") == "42P01")
    try await admin.run("CREATE TABLE t (z INTEGER)")
    #expect(try await admin.run("SELECT * FROM late") == [])
  }

  @Test func theCatalogShowsWhatThereIs() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run(
      "CREATE TABLE orders (id INTEGER NOT NULL, total NUMERIC(10,2) ENCODE zstd, PRIMARY KEY (id))")
    try await session.run("INSERT INTO orders VALUES (1, 2)")
    #expect(
      try await session.run(
        "SELECT column_name, data_type, numeric_precision FROM information_schema.columns "
          + "WHERE table_schema = 'public' AND table_name = 'orders' ORDER BY ordinal_position")
        == ["id|integer|32", "total|numeric|10"])
    #expect(
      try await session.run(
        "SELECT n.nspname, c.relname, a.attname, t.typname FROM pg_catalog.pg_class c "
          + "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
          + "JOIN pg_type t ON t.oid = a.atttypid WHERE c.relname = 'orders' AND a.attnum > 0 ORDER BY a.attnum")
        == ["public|orders|id|int4", "public|orders|total|numeric"])
    #expect(
      try await session.run("SELECT \"schema\", \"table\", tbl_rows FROM svv_table_info") == ["public|orders|1"])
    #expect(try await session.run("SELECT conname, contype FROM pg_constraint") == ["orders_pkey|p"])
    #expect(
      try await session.run("SELECT query_type, status FROM sys_query_history WHERE query_type = 'INSERT'")
        == ["INSERT|success"])
  }
}

/// Rows and columns that policies hide.
@Suite struct PolicyTests {
  @Test func policiesHideRowsAndMaskColumns() async throws {
    let fixture = WarehouseFixture()
    let admin = try await fixture.session()
    try await admin.run("CREATE TABLE people (name VARCHAR(20), country VARCHAR(2), card VARCHAR(20))")
    try await admin.run("INSERT INTO people VALUES ('a', 'de', '1111222233334444'), ('b', 'fr', '5555666677778888')")
    try await admin.run("CREATE USER alice PASSWORD 'Secret456'")
    try await admin.run("GRANT SELECT ON people TO alice")
    let alice = try await fixture.session(user: "alice")
    try await admin.run("CREATE RLS POLICY germans WITH (country VARCHAR(2)) USING (country = 'de')")
    try await admin.run("ATTACH RLS POLICY germans ON people TO alice")
    #expect(try await alice.run("SELECT count(*) FROM people") == ["2"])
    try await admin.run("ALTER TABLE people ROW LEVEL SECURITY ON")
    #expect(try await alice.run("SELECT name FROM people") == ["a"])
    try await admin.run("CREATE RLS POLICY bs WITH (name VARCHAR(20)) USING (name = 'b')")
    try await admin.run("ATTACH RLS POLICY bs ON people TO alice")
    #expect(try await alice.run("SELECT name FROM people") == [])
    try await admin.run("ALTER TABLE people ROW LEVEL SECURITY ON CONJUNCTION TYPE OR")
    #expect(try await alice.run("SELECT name FROM people ORDER BY 1") == ["a", "b"])
    try await admin.run("DETACH RLS POLICY bs ON people FROM alice")
    #expect(try await admin.run("SELECT count(*) FROM people") == ["2"])
    try await admin.run(
      "CREATE MASKING POLICY last WITH (card VARCHAR(20)) USING ('XXXX' || right(card, 4)::VARCHAR(20))")
    try await admin.run("ATTACH MASKING POLICY last ON people(card) TO PUBLIC")
    #expect(try await alice.run("SELECT card FROM people WHERE card LIKE 'X%'") == ["XXXX4444"])
    try await admin.run("DETACH RLS POLICY germans ON people FROM alice")
    #expect(try await alice.run("SELECT name FROM people") == [])
  }

  @Test func newTablesAreBornWithDefaultRights() async throws {
    let fixture = WarehouseFixture()
    let admin = try await fixture.session()
    try await admin.run("CREATE USER alice PASSWORD 'Secret456'")
    try await admin.run("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO alice")
    try await admin.run("CREATE TABLE t AS SELECT 1 AS a")
    let alice = try await fixture.session(user: "alice")
    #expect(try await alice.run("SELECT a FROM t") == ["1"])
    #expect(try await admin.run("SHOW TABLES FROM SCHEMA dev.public").map { $0.split(separator: "|")[2] } == ["t"])
  }
}
