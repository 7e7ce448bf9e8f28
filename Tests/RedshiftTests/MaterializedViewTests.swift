import Engine
import Foundation
import Kernel
import Kinesis
import KinesisModel
import NIOCore
import PostgresWire
import Redshift
import StorageTesting
import Testing

/// Materialized views: which refreshes follow new rows, which compute anew, and which nobody has to ask for.
@Suite struct MaterializedViewTests {
  private func refresh(_ view: String, _ session: any SQLSession) async throws -> String {
    _ = await session.takeNotices()
    try await session.run("REFRESH MATERIALIZED VIEW \(view)")
    let messages = await session.takeNotices().map(\.message).joined()
    return messages.contains("incrementally") ? "followed" : messages.contains("recomputed") ? "anew" : "current"
  }

  @Test func newRowsAreFollowedAndChangedOnesComputedAnew() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER, b VARCHAR)")
    try await session.run("INSERT INTO t VALUES (1, 'x'), (5, 'y')")
    try await session.run("CREATE MATERIALIZED VIEW v AS SELECT a + 1 AS a, upper(b) AS b FROM t WHERE a < 10")
    #expect(try await session.run("SELECT a, b FROM v ORDER BY a") == ["2|X", "6|Y"])
    #expect(try await session.run("SELECT is_stale, state FROM stv_mv_info") == ["f|1"])
    #expect(try await refresh("v", session) == "current")
    try await session.run("INSERT INTO t VALUES (7, 'z'), (70, 'z')")
    #expect(try await session.run("SELECT is_stale FROM stv_mv_info") == ["t"])
    #expect(try await refresh("v", session) == "followed")
    #expect(try await session.run("SELECT a, b FROM v ORDER BY a") == ["2|X", "6|Y", "8|Z"])
    try await session.run("UPDATE t SET b = 'new' WHERE a = 1")
    #expect(try await refresh("v", session) == "anew")
    #expect(try await session.run("SELECT b FROM v ORDER BY a") == ["NEW", "Y", "Z"])
    try await session.run("DELETE FROM t WHERE a = 5")
    try await session.run("INSERT INTO t VALUES (2, 'w')")
    #expect(try await refresh("v", session) == "anew")
    #expect(try await session.run("SELECT a FROM v ORDER BY a") == ["2", "3", "8"])
    try await session.run("INSERT INTO t VALUES (3, 'q')")
    #expect(try await refresh("v", session) == "followed")
    #expect(try await session.run("SELECT count(*) FROM v") == ["4"])
    try await session.run("TRUNCATE t")
    #expect(try await refresh("v", session) == "anew")
    #expect(try await session.run("SELECT count(*) FROM v") == ["0"])
    #expect(
      try await session.run("SELECT DISTINCT status FROM svl_mv_refresh_status ORDER BY 1") == [
        "MV was already updated", "Refresh successfully recomputed MV from scratch",
        "Refresh successfully updated MV incrementally",
      ])
  }

  @Test func groupsAndJoinsAreFollowed() async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE sales (product INTEGER, amount DECIMAL(10,2))")
    try await session.run("CREATE TABLE products (id INTEGER, name VARCHAR)")
    try await session.run("INSERT INTO products VALUES (1, 'tea'), (2, 'cup')")
    try await session.run("INSERT INTO sales VALUES (1, 2.5), (1, 1), (2, 7)")
    try await session.run(
      """
      CREATE MATERIALIZED VIEW totals AS SELECT p.name, sum(s.amount) AS total, count(*) AS n, min(s.amount) AS least,
      max(s.amount) AS most FROM sales s JOIN products p ON p.id = s.product GROUP BY p.name
      """)
    let query = "SELECT name, total, n, least, most FROM totals ORDER BY name"
    #expect(try await session.run(query) == ["cup|7.00|1|7.00|7.00", "tea|3.50|2|1.00|2.50"])
    // New rows on both sides, some of which meet.
    try await session.run("INSERT INTO products VALUES (3, 'pot')")
    try await session.run("INSERT INTO sales VALUES (3, 20), (1, 0.25), (4, 9)")
    #expect(try await refresh("totals", session) == "followed")
    #expect(
      try await session.run(query) == ["cup|7.00|1|7.00|7.00", "pot|20.00|1|20.00|20.00", "tea|3.75|3|0.25|2.50"])
    try await session.run("INSERT INTO products VALUES (4, 'pot')")
    #expect(try await refresh("totals", session) == "followed")
    #expect(try await session.run("SELECT total, n FROM totals WHERE name = 'pot'") == ["29.00|2"])
  }

  @Test(arguments: [
    "SELECT DISTINCT a FROM t", "SELECT a, avg(a) AS m FROM t GROUP BY a", "SELECT count(DISTINCT a) AS n FROM t",
    "SELECT a, getdate() AS g FROM t", "SELECT t.a FROM t LEFT JOIN u ON u.a = t.a",
    "SELECT a FROM t UNION ALL SELECT a FROM u",
    "SELECT x.a FROM t x JOIN t y ON x.a = y.a", "SELECT row_number() OVER (ORDER BY a) AS n FROM t",
    "SELECT a FROM t WHERE a IN (SELECT a FROM u)", "SELECT a + 1 AS b, count(*) AS n FROM t GROUP BY a",
  ])
  func whatCannotBeFollowedIsComputedAnew(_ query: String) async throws {
    let session = try await WarehouseFixture().session()
    try await session.run("CREATE TABLE t (a INTEGER)")
    try await session.run("CREATE TABLE u (a INTEGER)")
    try await session.run("INSERT INTO t VALUES (1), (2)")
    try await session.run("INSERT INTO u VALUES (2), (3)")
    try await session.run("CREATE MATERIALIZED VIEW v AS \(query)")
    #expect(try await session.run("SELECT state FROM svv_mv_info") == ["0"])
    try await session.run("INSERT INTO t VALUES (3), (3)")
    #expect(try await refresh("v", session) == "anew")
    let rows = try await session.run("SELECT count(*) FROM v")
    #expect(rows == (try await session.run("SELECT count(*) FROM (\(query))")))
  }

  @Test func autoRefreshFollowsByItself() async throws {
    let fixture = WarehouseFixture()
    let warehouse = try #require(try await fixture.warehouse() as? Warehouse)
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t (a INTEGER)")
    try await session.run("CREATE MATERIALIZED VIEW v AUTO REFRESH YES AS SELECT sum(a) AS s FROM t")
    try await session.run("CREATE MATERIALIZED VIEW w AS SELECT sum(a) AS s FROM t")
    try await session.run("INSERT INTO t VALUES (1), (2)")
    await warehouse.refreshDueViews()
    #expect(try await session.run("SELECT s FROM v") == ["3"])
    #expect(try await session.run("SELECT s FROM w") == ["NULL"])
    try await session.run("ALTER MATERIALIZED VIEW w AUTO REFRESH YES")
    await warehouse.refreshDueViews()
    #expect(try await session.run("SELECT s FROM w") == ["3"])
    #expect(
      try await session.run("SELECT DISTINCT mv_name, refresh_type FROM svl_mv_refresh_status ORDER BY 1") == [
        "v|Auto", "w|Auto",
      ])
  }

  // MARK: Streams

  private struct River {
    let kinesis: KinesisService
    let context: RequestContext

    init(_ name: String, shards: Int = 2) async throws {
      kinesis = try await KinesisService.open(
        keys: MemoryKeyStore(), logs: MemoryLogStore(clock: SystemClock()), clock: SystemClock(),
        random: SeededRandomSource(seed: 5), options: KinesisOptions(liftShardLimits: true))
      context = RequestContext(
        requestID: "test", scope: Scope(account: .standard, region: .usEast1), principal: .root(of: .standard),
        time: SystemClock().now(), authorizer: OpenAuthorizer())
      _ = try await kinesis.createStream(CreateStreamInput(streamName: name, shardCount: shards), context)
    }

    func put(_ name: String, _ texts: [String]) async throws {
      for text in texts {
        _ = try await kinesis.putRecord(
          PutRecordInput(streamName: name, data: ByteBuffer(string: text), partitionKey: text), context)
      }
    }
  }

  @Test func aStreamIsIngestedOnceAcrossRestarts() async throws {
    let river = try await River("My_Clicks")
    let fixture = WarehouseFixture(kinesis: river.kinesis)
    var session = try await fixture.session()
    try await session.run("CREATE EXTERNAL SCHEMA kds FROM KINESIS IAM_ROLE '\(WarehouseFixture.role)'")
    #expect(await session.failure("CREATE MATERIALIZED VIEW n AS SELECT * FROM kds.nothing") == "XX000")
    try await river.put("My_Clicks", (0..<50).map { "{\"id\":\($0),\"n\":\"é\"}" })
    try await session.run(
      """
      CREATE MATERIALIZED VIEW clicks AUTO REFRESH NO AS SELECT approximate_arrival_timestamp, partition_key, shard_id,
      sequence_number, refresh_time, JSON_PARSE(kinesis_data) AS payload FROM kds."My_Clicks"
      WHERE CAN_JSON_PARSE(kinesis_data)
      """)
    #expect(await session.failure("SELECT * FROM kds.\"My_Clicks\"") == "0A000")
    #expect(try await session.run("SELECT count(*) FROM clicks") == ["0"])
    #expect(try await session.run("SELECT is_stale, state FROM stv_mv_info") == ["t|1"])
    #expect(try await refresh("clicks", session) == "followed")
    let check = "SELECT count(*), count(DISTINCT payload.id::int), count(DISTINCT shard_id) FROM clicks"
    #expect(try await session.run(check) == ["50|50|2"])
    #expect(try await session.run("SELECT payload.n::varchar FROM clicks WHERE payload.id = 7") == ["é"])
    #expect(try await session.run("SELECT is_stale FROM stv_mv_info") == ["f"])
    try await river.put("My_Clicks", ["{\"id\":50}", "not json", "{\"id\":51}"])
    await session.close()
    await fixture.warehouses.closeAll()
    session = try await fixture.session()
    #expect(try await refresh("clicks", session) == "followed")
    #expect(try await session.run(check) == ["52|52|2"])
    #expect(try await refresh("clicks", session) == "followed")
    #expect(try await session.run(check) == ["52|52|2"])
    #expect(
      try await session.run("SELECT status FROM svl_mv_refresh_status ORDER BY starttime DESC LIMIT 1") == [
        "Refresh successfully updated MV incrementally (Stream returned no new data)"
      ])
    await session.close()
  }

  @Test func recordsThatTheQueryCannotTakeAreLeftOut() async throws {
    let river = try await River("events", shards: 1)
    let fixture = WarehouseFixture(kinesis: river.kinesis)
    let session = try await fixture.session()
    try await session.run("CREATE EXTERNAL SCHEMA kds FROM KINESIS IAM_ROLE '\(WarehouseFixture.role)'")
    try await session.run(
      "CREATE MATERIALIZED VIEW v AS SELECT from_varbyte(kinesis_data, 'utf8')::int AS n FROM kds.events")
    try await river.put("events", ["1", "2", "three", "4", "five", "6"])
    #expect(try await refresh("v", session) == "followed")
    #expect(try await session.run("SELECT sum(n), count(*) FROM v") == ["13|4"])
    #expect(try await session.run("SELECT count(*) FROM sys_stream_scan_errors") == ["2"])
    #expect(
      try await session.run("SELECT scanned_rows, skipped_rows FROM sys_stream_scan_states") == ["4|2"])
    await session.close()
  }

  @Test func groupsOfAStreamGrow() async throws {
    let river = try await River("events", shards: 1)
    let fixture = WarehouseFixture(kinesis: river.kinesis)
    let warehouse = try #require(try await fixture.warehouse() as? Warehouse)
    let session = try await fixture.session()
    try await session.run("CREATE EXTERNAL SCHEMA kds FROM KINESIS IAM_ROLE '\(WarehouseFixture.role)'")
    try await session.run(
      """
      CREATE MATERIALIZED VIEW v AUTO REFRESH YES AS SELECT json_extract_path_text(kinesis_data, 'k') AS k,
      count(*) AS n, sum(json_extract_path_text(kinesis_data, 'v')::int) AS s FROM kds.events GROUP BY 1
      """)
    for round in 1...3 {
      try await river.put("events", ["{\"k\":\"a\",\"v\":\(round)}", "{\"k\":\"b\",\"v\":1}"])
      await warehouse.refreshDueViews()
    }
    #expect(try await session.run("SELECT k, n, s FROM v ORDER BY k") == ["a|3|6", "b|3|3"])
    #expect(await session.failure("CREATE MATERIALIZED VIEW w AS SELECT DISTINCT shard_id FROM kds.events") == "0A000")
    await session.close()
  }
}
