import Kernel
import LakeTesting
import Redshift
import Storage
import StorageTesting
import Testing

/// What happened stays known when a namespace is closed and opened again.
struct HistoryTests {
  let logs = MemoryLogStore(clock: SystemClock())

  @Test func statementsSurviveARestart() async throws {
    let before = WarehouseFixture(logs: logs)
    let session = try await before.session()
    try await session.run("CREATE TABLE kept (a int)")
    try await session.run("SET query_group TO 'reports'")
    try await session.run("SELECT count(*) FROM kept")
    _ = await session.failure("SELECT nothing FROM kept")
    let first = try #require(try await session.run("SELECT max(query) FROM stl_query").first.flatMap { Int($0) })
    await session.close()
    await before.warehouses.closeAll()

    let after = WarehouseFixture(folder: before.folder, logs: logs)
    let again = try await after.session()
    #expect(
      try await again.run("SELECT trim(label), aborted FROM stl_query WHERE querytxt = 'SELECT count(*) FROM kept'")
        == ["reports|0"])
    #expect(
      try await again.run("SELECT text FROM stl_querytext WHERE text LIKE 'SELECT nothing%'")
        == ["SELECT nothing FROM kept"])
    #expect(
      try await again.run("SELECT status FROM sys_query_history WHERE query_text LIKE 'SELECT nothing%'") == ["failed"])
    #expect(try await again.run("SELECT text FROM stl_ddltext") == ["CREATE TABLE kept (a int)"])
    let next = try #require(try await again.run("SELECT max(query) FROM stl_query").first.flatMap { Int($0) })
    #expect(next > first)
    #expect(
      try await again.run("SELECT event FROM stl_connection_log ORDER BY recordtime, event").filter {
        $0.contains("disconnecting")
      } == ["disconnecting session"])
    #expect(try await again.run("SELECT status FROM sys_session_history ORDER BY session_id") == ["closed", "active"])
    await after.warehouses.closeAll()
    try await after.warehouses.drop(after.settings.id)
    #expect(try await logs.logs(prefix: "redshift/activity").isEmpty)
  }

  @Test func loadErrorsSurviveARestart() async throws {
    let before = WarehouseFixture(logs: logs)
    before.lake["s3://lake/bad.csv"] = Array("1,x\n2,y\n".utf8)
    let session = try await before.session()
    try await session.run("CREATE TABLE t (a int, b int)")
    let copy = "COPY t FROM 's3://lake/bad.csv' IAM_ROLE '\(WarehouseFixture.role)' CSV"
    #expect(await session.failure(copy) == "XX000")
    await before.warehouses.closeAll()

    let again = try await WarehouseFixture(folder: before.folder, logs: logs).session()
    #expect(
      try await again.run("SELECT line_number, trim(colname), trim(raw_field_value) FROM stl_load_errors")
        == ["1|b|x"])
    #expect(try await again.run("SELECT column_name FROM sys_load_error_detail") == ["b"])
  }

  @Test func changesOfUsersAreLogged() async throws {
    let session = try await WarehouseFixture(logs: logs).session()
    try await session.run("CREATE USER ada PASSWORD 'Secret123'")
    try await session.run("ALTER USER ada CREATEDB")
    try await session.run("ALTER USER ada RENAME TO lovelace")
    try await session.run("DROP USER lovelace")
    #expect(
      try await session.run("SELECT action, username, oldusername, usecreatedb FROM stl_userlog ORDER BY recordtime")
        == ["create|ada||0", "alter|ada||1", "rename|lovelace|ada|1", "drop|lovelace||1"])
  }

  @Test func usersSeeTheirOwnAndMonitorsAll() async throws {
    let fixture = WarehouseFixture(logs: logs)
    let admin = try await fixture.session()
    try await admin.run("CREATE USER ada PASSWORD 'Secret123'")
    let ada = try await fixture.session(user: "ada")
    let count = "SELECT count(*) FROM stl_utilitytext WHERE text LIKE 'CREATE USER%'"
    #expect(try await ada.run(count) == ["0"])
    try await admin.run("GRANT ROLE sys:monitor TO ada")
    #expect(try await ada.run(count) == ["1"])
    #expect(await ada.failure("CREATE SCHEMA mine") == "42501")
    try await admin.run("GRANT ROLE sys:dba TO ada")
    try await ada.run("CREATE SCHEMA mine")
    #expect(await ada.failure("CREATE USER eve PASSWORD 'Secret123'") == "42501")
    try await admin.run("GRANT ROLE \"sys:secadmin\" TO ada")
    try await ada.run("CREATE USER eve PASSWORD 'Secret123'")
    #expect(await ada.failure("GRANT ROLE sys:superuser TO eve") == "42501")
    #expect(await admin.failure("DROP ROLE sys:dba") == "42501")
    #expect(await admin.failure("CREATE ROLE sys:mine") == "42939")
    #expect(
      try await admin.run("SELECT role_name FROM svv_user_grants WHERE user_name = 'ada' ORDER BY 1")
        == ["sys:dba", "sys:monitor", "sys:secadmin"])
  }
}
