import PostgresWire
import Redshift
import Testing

/// Transactions that no order of one after the other could have given.
@Suite struct SerialOrderTests {
  @Test func twoThatReadWhatTheOtherWritesCannotBothCommit() async throws {
    let fixture = WarehouseFixture()
    let one = try await fixture.session()
    let two = try await fixture.session()
    try await one.run("CREATE TABLE a (x INTEGER)")
    try await one.run("CREATE TABLE b (x INTEGER)")
    try await one.run("BEGIN")
    try await two.run("BEGIN")
    try await one.run("INSERT INTO b SELECT count(*) FROM a")
    try await two.run("INSERT INTO a SELECT count(*) FROM b")
    #expect(try await one.run("COMMIT") == ["COMMIT"])
    do {
      try await two.run("COMMIT")
      Issue.record("both committed")
    } catch let failure as SQLFailure {
      #expect(failure.sqlState == "XX000")
      #expect(failure.message == "1023")
      #expect(failure.detail?.contains("Serializable isolation violation on table - ") == true)
      #expect(failure.detail?.contains("transactions forming the cycle are: ") == true)
    }
    #expect(try await one.run("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == ["0|1"])
    // Tried again it goes through.
    #expect(try await two.run("INSERT INTO a SELECT count(*) FROM b") == ["INSERT 0 1"])
  }

  @Test func oneThatOnlyReadsMayCloseTheCircle() async throws {
    let fixture = WarehouseFixture()
    let reader = try await fixture.session()
    let batch = try await fixture.session()
    let clerk = try await fixture.session()
    try await clerk.run("CREATE TABLE batches (n INTEGER)")
    try await clerk.run("CREATE TABLE receipts (n INTEGER)")
    // A receipt of the open batch, a report after the batch was closed: the report must not miss the receipt.
    try await clerk.run("BEGIN")
    try await clerk.run("INSERT INTO receipts SELECT count(*) FROM batches")
    try await batch.run("INSERT INTO batches VALUES (1)")
    try await reader.run("BEGIN")
    #expect(try await reader.run("SELECT (SELECT count(*) FROM batches), (SELECT count(*) FROM receipts)") == ["1|0"])
    try await clerk.run("COMMIT")
    #expect(await reader.failure("COMMIT") == "XX000")
  }

  @Test func rowsThatAreOnlyAddedAreInNobodysWay() async throws {
    let fixture = WarehouseFixture()
    let one = try await fixture.session()
    let two = try await fixture.session()
    try await one.run("CREATE TABLE a (x INTEGER)")
    try await one.run("CREATE TABLE s (x INTEGER)")
    try await one.run("BEGIN")
    try await two.run("BEGIN")
    try await one.run("INSERT INTO a SELECT 1 FROM s")
    try await two.run("INSERT INTO a SELECT 2 FROM s")
    try await one.run("INSERT INTO a VALUES (1)")
    try await two.run("INSERT INTO a VALUES (2)")
    #expect(try await one.run("COMMIT") == ["COMMIT"])
    #expect(try await two.run("COMMIT") == ["COMMIT"])
    #expect(try await one.run("SELECT count(*) FROM a") == ["2"])
  }

  @Test func atSnapshotIsolationWritesAloneCount() async throws {
    let fixture = WarehouseFixture()
    let one = try await fixture.session()
    try await one.run("ALTER DATABASE dev ISOLATION LEVEL SNAPSHOT")
    let two = try await fixture.session()
    try await one.run("CREATE TABLE a (x INTEGER)")
    try await one.run("CREATE TABLE b (x INTEGER)")
    try await one.run("BEGIN")
    try await two.run("BEGIN")
    try await one.run("INSERT INTO b SELECT count(*) FROM a")
    try await two.run("INSERT INTO a SELECT count(*) FROM b")
    #expect(try await one.run("COMMIT") == ["COMMIT"])
    #expect(try await two.run("COMMIT") == ["COMMIT"])
  }
}
