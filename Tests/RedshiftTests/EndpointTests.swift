import Kernel
import NIOCore
import PostgresWire
import Redshift
import Testing

/// What clients of the endpoint see, over a warehouse that is none.
@Suite struct EndpointTests {
  private let warehouse = FakeWarehouse()

  private func endpoint(_ options: EndpointOptions = .init()) -> WarehouseEndpoint {
    WarehouseEndpoint(
      directory: warehouse, options: options, offersTLS: false, clock: SystemClock(),
      random: SeededRandomSource(seed: 2))
  }

  /// Logs in, sends `messages`, and gives what came back after the login.
  private func talk(
    _ messages: [[UInt8]], startup: [(String, String)] = [], options: EndpointOptions = .init()
  ) async -> Spoken {
    let transport = ScriptedTransport(
      [Frontend.startup([("user", "ada"), ("database", "dev")] + startup)], password: "pw", then: messages)
    await endpoint(options).serve(transport)
    return transport.spoken
  }

  @Test func aQueryGivesRows() async {
    let spoken = await talk([Frontend.query("select 'x' union all select null order by 1")])
    #expect(spoken.types == "TDDCZ")
    #expect(spoken.rows == [["x"], [nil]])
    #expect(spoken.tags == ["SELECT 2"])
    #expect(warehouse.log.withLock { $0.last } == "closed")
  }

  @Test func severalStatementsSucceedOrFailTogether() async {
    let good = await talk([Frontend.query("insert 1; insert 2; select 'x'")])
    #expect(good.types == "CCTDCZ")
    #expect(
      warehouse.log.withLock { $0 } == ["BEGIN", "insert 1", "insert 2", "select 'x'", "COMMIT", "closed"])
    warehouse.log.withLock { $0 = [] }

    let bad = await talk([Frontend.query("insert 1; fail; insert 2"), Frontend.query("insert 3")])
    #expect(bad.types == "CEZCZ")
    #expect(bad.states == "II")
    #expect(warehouse.log.withLock { $0 } == ["BEGIN", "insert 1", "fail", "ROLLBACK", "insert 3", "closed"])
  }

  @Test func aTransactionThatTheClientBeginsStaysItsOwn() async {
    let spoken = await talk([
      Frontend.query("insert 1; begin; insert 2"), Frontend.query("fail"), Frontend.query("rollback"),
    ])
    #expect(spoken.types == "CCCZEZCZ")
    #expect(spoken.states == "TEI")
    #expect(warehouse.log.withLock { $0 } == ["BEGIN", "insert 1", "insert 2", "fail", "rollback", "closed"])
  }

  @Test func anEmptyQueryIsAnswered() async {
    #expect(await talk([Frontend.query(" ; ")]).types == "IZ")
  }

  @Test func changedParametersAreTold() async {
    #expect(await talk([Frontend.query("set x"), Frontend.query("set x")]).types == "CSZCZ")
  }

  @Test func aPreparedStatementRunsWithValues() async {
    let spoken = await talk([
      Frontend.parse("select $1 as a", name: "s", types: [23]), Frontend.describe("S", "s"), Frontend.sync,
      Frontend.bind("s", values: [[0, 0, 0, 42]], format: 1), Frontend.execute(), Frontend.sync,
    ])
    #expect(spoken.types == "1tTZ2DCZ")
    #expect(spoken.rows == [["42"]])
  }

  @Test func rowsComeInPortions() async {
    let spoken = await talk([
      Frontend.query("begin"), Frontend.parse("select range a from range(5000)"),
      Frontend.bind(portal: "p"), Frontend.execute("p", rowsMax: 3000), Frontend.execute("p", rowsMax: 1999),
      Frontend.parse("select 'between'"), Frontend.bind(), Frontend.execute(), Frontend.execute("p", rowsMax: 10),
      Frontend.sync, Frontend.query("commit"), Frontend.execute("p"), Frontend.sync,
    ])
    #expect(spoken.types.filter { $0 != "D" } == "CZ12ss12CCZCZEZ")
    #expect(spoken.rows.count == 5001)
    #expect(spoken.rows.last == ["4999"])
    #expect(spoken.errors == ["34000"])
  }

  @Test func aSequenceSucceedsOrFailsTogether() async {
    _ = await talk([
      Frontend.parse("insert 1"), Frontend.bind(), Frontend.execute(), Frontend.parse("insert 2"), Frontend.bind(),
      Frontend.execute(), Frontend.sync,
    ])
    #expect(warehouse.log.withLock { $0 } == ["BEGIN", "insert 1", "insert 2", "COMMIT", "closed"])
    warehouse.log.withLock { $0 = [] }
    let spoken = await talk([
      Frontend.parse("insert 1"), Frontend.bind(), Frontend.execute(), Frontend.parse("fail"), Frontend.bind(),
      Frontend.execute(), Frontend.parse("insert 2"), Frontend.sync,
    ])
    #expect(spoken.types == "12C12EZ")
    #expect(warehouse.log.withLock { $0 } == ["BEGIN", "insert 1", "fail", "ROLLBACK", "closed"])
  }

  @Test func mistakesAreNamed() async {
    let spoken = await talk([
      Frontend.bind("nobody"), Frontend.sync, Frontend.execute("nobody"), Frontend.sync,
      Frontend.parse("select 1; select 2"), Frontend.sync, Frontend.parse("select $1"), Frontend.bind(), Frontend.sync,
      Frontend.parse("select 1", name: "s"), Frontend.parse("select 1", name: "s"), Frontend.sync,
      Frontend.query("bad"),
    ])
    #expect(spoken.errors == ["26000", "34000", "42601", "08P01", "42P05", "42601"])
    #expect(spoken.states == "IIIIII")
  }

  @Test func binaryResultsInPostgresAndInRedshiftForm() async {
    let messages = [
      Frontend.parse("select 1.50::decimal(10,2)"), Frontend.bind(result: 1), Frontend.execute(), Frontend.sync,
    ]
    let postgres = await talk(messages)
    #expect(postgres.values == [[0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0x13, 0x88]])
    let redshift = await talk(messages, startup: [("client_protocol_version", "2")])
    #expect(redshift.values == [[0, 0, 0, 0, 0, 0, 0, 150]])
  }

  @Test func theWrongPasswordAndTheWrongDatabaseEndTheConnection() async {
    for (user, password, database, code) in [
      ("ada", "no", "dev", "28000"), ("eve", "pw", "dev", "28000"), ("ada", "pw", "none", "3D000"),
    ] {
      let transport = ScriptedTransport(
        [Frontend.startup([("user", user), ("database", database)])], password: password, user: user, then: [])
      await endpoint().serve(transport)
      #expect(transport.spoken.errors == [code])
    }
  }

  @Test func connectionsAreLimited() async {
    var options = EndpointOptions()
    options.connectionsMax = 0
    let transport = ScriptedTransport(
      [Frontend.startup([("user", "ada"), ("database", "dev")])], password: "pw", then: [])
    await endpoint(options).serve(transport)
    #expect(transport.spoken.errors == ["53300"])
  }

  @Test func aStatementThatIsTooLongIsRefused() async {
    let long = String(repeating: "x", count: EndpointLimits.statementBytesMax + 1)
    let spoken = await talk([Frontend.query(long), Frontend.query("select 'x'")])
    #expect(spoken.types == "EZTDCZ")
    #expect(spoken.errors == ["54001"])
  }

  @Test func aStoppedEndpointTakesNobody() async {
    let endpoint = endpoint()
    endpoint.stop()
    let transport = ScriptedTransport([Frontend.query("x")], password: "pw", then: [])
    await endpoint.serve(transport)
    #expect(transport.spoken.types == "")
  }
}
