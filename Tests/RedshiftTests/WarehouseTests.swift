import PostgresWire
import Redshift
import Testing

/// A namespace from its making to its end.
@Suite struct WarehouseTests {
  @Test func statementsRunFromEndToEnd() async throws {
    let session = try await WarehouseFixture().session()
    #expect(try await session.run("SELECT 1") == ["1"])
    #expect(
      try await session.run("CREATE TABLE t (a INTEGER, b VARCHAR(10), c NUMERIC(8,2), d BOOLEAN)") == ["CREATE TABLE"])
    #expect(
      try await session.run("INSERT INTO t VALUES (1, 'x', 1.5, true), (2, NULL, 2.25, false)") == ["INSERT 0 2"])
    #expect(try await session.run("SELECT * FROM t ORDER BY a") == ["1|x|1.50|t", "2|NULL|2.25|f"])
    #expect(try await session.run("UPDATE t SET b = 'y' WHERE a = 2") == ["UPDATE 1"])
    #expect(try await session.run("DELETE FROM public.t WHERE a = 1") == ["DELETE 1"])
    #expect(try await session.run("SELECT b FROM dev.public.t") == ["y"])
    #expect(try await session.run("DROP TABLE t") == ["DROP TABLE"])
    #expect(await session.failure("SELECT * FROM t") == "42P01")
    await session.close()
  }

  @Test func whatWasCommittedOutlivesAStop() async throws {
    for key in [nil, [UInt8](repeating: 7, count: 32)] {
      let fixture = WarehouseFixture(key: key)
      let session = try await fixture.session()
      try await session.run("CREATE TABLE t (id INTEGER IDENTITY(5, 2), v VARCHAR) DISTKEY(v) SORTKEY(id)")
      try await session.run("INSERT INTO t (v) VALUES ('a'), ('b')")
      await fixture.warehouses.close(fixture.settings.id)
      let again = try await fixture.session()
      #expect(try await again.run("SELECT * FROM t ORDER BY id") == ["5|a", "7|b"])
      #expect(
        try await again.run("SELECT \"column\", type, distkey, sortkey FROM pg_table_def WHERE tablename = 't'")
          == ["id|integer|f|1", "v|character varying(256)|t|0"])
      await again.close()
      await fixture.warehouses.closeAll()
    }
  }

  @Test func openNamespacesShareTheMemory() async throws {
    let fixture = WarehouseFixture()
    let heavy = "SELECT count(*) FROM (SELECT DISTINCT a.n * 1000 + b.n FROM t a, t b) x"
    var names: [String] = []
    for number in 0..<5 {
      var settings = fixture.settings
      settings.id = "00000000-0000-0000-0000-00000000000\(number)"
      names.append(settings.id)
      try await fixture.warehouses.create(settings)
      let session = try await fixture.warehouses.open(settings).session(user: "awsuser", database: "dev", settings: [:])
      try await session.run("CREATE TABLE t AS SELECT n FROM generate_series(0, 299) g(n)")
      #expect(try await session.run(heavy) == ["90000"])
      await session.close()
    }
    // What the closed ones had goes to the one that is left.
    for name in names.dropLast() { await fixture.warehouses.close(name) }
    var settings = fixture.settings
    settings.id = names[4]
    let session = try await fixture.warehouses.open(settings).session(user: "awsuser", database: "dev", settings: [:])
    #expect(try await session.run(heavy) == ["90000"])
    await session.close()
    await fixture.warehouses.closeAll()
  }

  @Test func namespacesThatAreMadeAtOnceDoNotTakeEachOthersMemory() async throws {
    let fixture = WarehouseFixture()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        var settings = fixture.settings
        settings.id = "00000000-0000-0000-0000-00000000001\(number)"
        let named = settings
        group.addTask {
          try await fixture.warehouses.create(named)
          _ = try await fixture.warehouses.open(named)
        }
      }
      try await group.waitForAll()
    }
    await fixture.warehouses.closeAll()
  }

  @Test func aSnapshotIsRestored() async throws {
    let fixture = WarehouseFixture()
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t AS SELECT 1 AS a")
    #expect(try await fixture.warehouses.snapshot(fixture.settings, as: "snap-1") > 0)
    try await session.run("INSERT INTO t VALUES (2)")
    var other = fixture.settings
    other.id = "restored"
    try await fixture.warehouses.restore("snap-1", encryptionKey: nil, as: other)
    let restored = try await fixture.warehouses.open(other).session(user: "awsuser", database: "dev", settings: [:])
    #expect(try await restored.run("SELECT * FROM t") == ["1"])
    #expect(try await session.run("SELECT count(*) FROM t") == ["2"])
    try await fixture.warehouses.drop(other.id)
    try await fixture.warehouses.dropSnapshot("snap-1")
    await #expect(throws: SQLFailure.self) { try await fixture.warehouses.open(other) }
  }

  @Test(arguments: [false, true]) func aNamespaceGetsAnotherKey(wasEncrypted: Bool) async throws {
    let key = [UInt8](repeating: 7, count: 32)
    let (former, next) = wasEncrypted ? (key, nil) : (nil, key)
    let fixture = WarehouseFixture(key: former)
    let first = try await fixture.session()
    try await first.run("CREATE TABLE t (id INTEGER IDENTITY(10, 5), a DECIMAL(38, 2) DEFAULT 1.5 NOT NULL, s SUPER)")
    try await first.run("INSERT INTO t (s) VALUES (JSON_PARSE('{\"x\": [1, 2]}')), (NULL)")
    try await first.run("CREATE FUNCTION twice (INTEGER) RETURNS INTEGER IMMUTABLE AS $$ SELECT $1 * 2 $$ LANGUAGE sql")
    try await first.run("CREATE VIEW v AS SELECT twice(id) AS id FROM t")
    try await first.run("CREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n FROM t GROUP BY a")
    try await first.run("DELETE FROM t WHERE id = 10")
    await first.close()

    var changed = fixture.settings
    changed.encryptionKey = next
    try await fixture.warehouses.encrypt(changed, from: former)
    // As after a crash that came before it was written down.
    try await fixture.warehouses.encrypt(changed, from: former)
    await #expect(throws: (any Error).self) { try await fixture.warehouses.open(fixture.settings) }

    let session = try await fixture.warehouses.open(changed).session(user: "awsuser", database: "dev", settings: [:])
    try await session.run("INSERT INTO t (s) VALUES (NULL)")
    #expect(try await session.run("SELECT id, a, s FROM t ORDER BY id") == ["15|1.50|NULL", "20|1.50|NULL"])
    #expect(try await session.run("SELECT id FROM v ORDER BY 1") == ["30", "40"])
    try await session.run("REFRESH MATERIALIZED VIEW m")
    #expect(try await session.run("SELECT n FROM m") == ["2"])
    await session.close()
    await fixture.warehouses.closeAll()
  }

  @Test func aSnapshotInClearIsRestoredEncrypted() async throws {
    let fixture = WarehouseFixture()
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t AS SELECT 1 AS a")
    _ = try await fixture.warehouses.snapshot(fixture.settings, as: "snap-1")
    var other = fixture.settings
    other.id = "restored"
    other.encryptionKey = [UInt8](repeating: 3, count: 32)
    try await fixture.warehouses.restore("snap-1", encryptionKey: nil, as: other)
    let restored = try await fixture.warehouses.open(other).session(user: "awsuser", database: "dev", settings: [:])
    #expect(try await restored.run("SELECT * FROM t") == ["1"])
    await restored.close()
    await fixture.warehouses.closeAll()
    other.encryptionKey = nil
    let inClear = other
    await #expect(throws: (any Error).self) { try await fixture.warehouses.open(inClear) }
  }

  @Test func tablesAreAltered() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER)")
    try await session.run("INSERT INTO t VALUES (2), (1)")
    try await session.run("ALTER TABLE t ADD COLUMN b VARCHAR(5) DEFAULT 'e' NOT NULL")
    try await session.run("INSERT INTO t (a) VALUES (0)")
    try await session.run("ALTER TABLE t RENAME COLUMN b TO c")
    try await session.run("ALTER TABLE t ALTER COLUMN c TYPE VARCHAR(50)")
    try await session.run("ALTER TABLE t ALTER SORTKEY (a)")
    #expect(try await session.run("SELECT * FROM t") == ["0|e", "1|e", "2|e"])
    try await session.run("VACUUM t")
    try await session.run("ALTER TABLE t DROP COLUMN c")
    try await session.run("COMMENT ON TABLE t IS 'hello'")
    #expect(try await session.run("SELECT obj_description(oid) FROM pg_class WHERE relname = 't'") == ["hello"])
    #expect(try await session.run("SELECT has_table_privilege('awsuser', 't', 'select')") == ["t"])
    try await session.run("CREATE TABLE u (LIKE t)")
    #expect(try await session.run("ALTER TABLE u APPEND FROM t") == ["ALTER TABLE APPEND"])
    #expect(try await session.run("SELECT count(*) FROM u") == ["3"])
  }

  @Test func usersLogInWithWhatChecksTheirPasswords() async throws {
    let fixture = WarehouseFixture()
    let session = try await fixture.session()
    try await session.run("CREATE USER alice PASSWORD 'Secret456'")
    let warehouse = try await fixture.warehouse()
    let login = try #require(try await warehouse.login(user: "alice"))
    #expect(login.password.accepts("Secret456", user: "alice"))
    #expect(!login.password.accepts("secret456", user: "alice"))
    #expect(try await warehouse.login(user: "awsuser")?.isSuperuser == true)
    #expect(try await warehouse.login(user: "bob")?.name == nil)
    await #expect(throws: SQLFailure.self) { try await warehouse.session(user: "alice", database: "x", settings: [:]) }
  }
}
