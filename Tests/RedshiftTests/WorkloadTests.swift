import Kernel
import Redshift
import Storage
import StorageTesting
import Testing

/// Workload queues: which one a statement waits in, how many run at once, and what ends them.
struct WorkloadTests {
  static let million =
    "SELECT a.n FROM many a, many b, many c"

  private func fixture(_ configuration: String, clock: any WallClock = SystemClock()) -> WarehouseFixture {
    WarehouseFixture(clock: clock, parameters: ["wlm_json_configuration": configuration])
  }

  /// A table of 128 rows: three of it joined are two million.
  private func fill(_ session: any SQLSession) async throws {
    try await session.run("CREATE TABLE many (n int)")
    try await session.run("INSERT INTO many VALUES (1), (2)")
    for _ in 0..<6 { try await session.run("INSERT INTO many SELECT n FROM many") }
    try await session.run("GRANT SELECT ON many TO PUBLIC")
  }

  /// Begins a query and leaves its rows.
  private func begin(_ session: any SQLSession, _ sql: String) async throws -> any SQLRows {
    let prepared = PreparedSQL(text: sql, parameterTypes: [], columns: nil)
    guard case .rows(let rows) = try await session.execute(prepared, parameters: []) else {
      throw SQLFailure("XX000", "there are no rows")
    }
    return rows
  }

  /// Waits until a query of the catalog gives these rows.
  private func wait(_ session: any SQLSession, _ sql: String, for rows: [String]) async throws {
    while try await session.run(sql) != rows { await Task.yield() }
  }

  @Test func queuesAreFoundByGroups() async throws {
    let fixture = fixture(
      """
      [{"query_group": ["load*"], "query_group_wild_card": 1, "query_concurrency": 2, "memory_percent_to_use": 50},
       {"user_group": ["analysts"], "query_concurrency": 3, "max_execution_time": 5000},
       {"query_concurrency": 4}, {"short_query_queue": false}]
      """)
    let admin = try await fixture.session()
    try await fill(admin)
    try await admin.run("CREATE USER ada PASSWORD 'Secret123'")
    try await admin.run("CREATE GROUP analysts WITH USER ada")
    let ada = try await fixture.session(user: "ada")
    try await ada.run("SELECT count(*) FROM many")
    try await ada.run("SET query_group TO 'Loading'")
    try await ada.run("SELECT max(n) FROM many")
    try await admin.run("SET query_group TO 'superuser'")
    try await admin.run("SELECT min(n) FROM many")
    try await admin.run("RESET query_group")
    try await admin.run("SELECT sum(n) FROM many")
    #expect(
      try await admin.run(
        """
        SELECT service_class, slot_count, trim(final_state) FROM stl_wlm_query w JOIN stl_query q USING (query)
        WHERE querytxt LIKE '%(%) FROM many' ORDER BY q.query
        """) == ["7|1|Completed", "6|1|Completed", "5|1|Completed", "8|1|Completed"])
    #expect(
      try await admin.run(
        """
        SELECT service_class, num_query_tasks, max_execution_time, query_group_wild_card
        FROM stv_wlm_service_class_config ORDER BY 1
        """) == ["5|1|0|f", "6|2|0|t", "7|3|5000|f", "8|4|0|f"])
    #expect(
      try await admin.run("SELECT trim(condition) FROM stv_wlm_classification_config ORDER BY id") == [
        "(super user) and (query group: superuser)", "(query group: load*)", "(user group: analysts)",
        "(querytype: any)",
      ])
  }

  @Test func oneMoreThanTheSlotsWaits() async throws {
    let fixture = fixture(#"[{"query_concurrency": 1}]"#)
    let (admin, first, second) = (
      try await fixture.session(), try await fixture.session(), try await fixture.session()
    )
    try await fill(admin)
    let rows = try await begin(first, Self.million)
    let waiting = Task { try await second.run("SELECT count(*) FROM many") }
    try await wait(
      admin, "SELECT trim(state), service_class FROM stv_wlm_query_state ORDER BY 1",
      for: ["QueuedWaiting|6", "Returning|6"])
    #expect(
      try await admin.run("SELECT status FROM sys_query_history WHERE query_text LIKE 'SELECT count(*) FROM many'")
        == ["queued"])
    // What asks the catalog only needs no slot, and neither does a query without tables.
    #expect(try await admin.run("SELECT 1") == ["1"])
    await rows.close()
    #expect(try await waiting.value == ["128"])
    #expect(try await admin.run("SELECT num_queued_queries, num_executing_queries FROM stv_wlm_service_class_state "
      + "WHERE service_class = 6") == ["0|0"])
  }

  @Test func whoWaitsCanBeCancelled() async throws {
    let fixture = fixture(#"[{"query_concurrency": 1}]"#)
    let (admin, first, second) = (
      try await fixture.session(), try await fixture.session(), try await fixture.session()
    )
    try await fill(admin)
    let rows = try await begin(first, Self.million)
    let waiting = Task { await second.failure("SELECT count(*) FROM many") }
    try await wait(admin, "SELECT count(*) FROM stv_wlm_query_queue_state", for: ["1"])
    let process = try #require(second.processID)
    #expect(try await admin.run("SELECT pg_cancel_backend(\(process))") == ["1"])
    #expect(await waiting.value == "57014")
    await rows.close()
    #expect(try await second.run("SELECT count(*) FROM many") == ["128"])
  }

  @Test func locksAreWaitedForWithoutASlot() async throws {
    let fixture = fixture(#"[{"query_concurrency": 1}]"#)
    let (admin, first, second) = (
      try await fixture.session(), try await fixture.session(), try await fixture.session()
    )
    try await fill(admin)
    try await first.run("BEGIN")
    try await first.run("DELETE FROM many WHERE n = 1")
    let waiting = Task { try await second.run("DELETE FROM many") }
    try await wait(admin, "SELECT count(*) FROM stv_inflight WHERE text LIKE 'DELETE%'", for: ["1"])
    // It would wait for ever if the other held the only slot.
    try await first.run("UPDATE many SET n = 3")
    try await first.run("COMMIT")
    #expect(try await waiting.value == ["DELETE 64"])
  }

  @Test func aRuleEndsWhatRunsTooLong() async throws {
    let clock = ManualClock()
    let fixture = fixture(
      """
      [{"query_concurrency": 5, "rules": [
        {"rule_name": "seen", "predicate": [{"metric_name": "query_execution_time", "operator": ">", "value": 1}],
         "action": "log"},
        {"rule_name": "long", "predicate": [{"metric_name": "query_execution_time", "operator": ">", "value": 5}],
         "action": "abort"}]}]
      """, clock: clock)
    let (admin, session) = (try await fixture.session(), try await fixture.session())
    try await fill(admin)
    let rows = try await begin(session, Self.million)
    while try await admin.run("SELECT count(*) FROM stl_wlm_rule_action WHERE action = 'abort'") != ["1"] {
      clock.advance(by: .seconds(1))
      await Task.yield()
    }
    await #expect(throws: SQLFailure.self) { while try await rows.next() != nil {} }
    #expect(
      try await admin.run("SELECT trim(rule), trim(action), service_class FROM stl_wlm_rule_action ORDER BY 2, 1") == [
        "long|abort|6", "seen|log|6",
      ])
    let message = try await admin.run("SELECT error_message FROM sys_query_history WHERE status = 'canceled'")
    #expect(message.count == 1)
    #expect(message.first?.hasSuffix("cancelled by WLM abort action of Query Monitoring Rule \"long\".") == true)
    #expect(
      try await admin.run("SELECT rule_name, metric_operator, metric_value FROM stv_wlm_qmr_config ORDER BY 1") == [
        "long|>|5", "seen|>|1",
      ])
    #expect(try await session.run("SELECT count(*) FROM many") == ["128"])
  }

  /// The limit is met again and again until the statement is over: its transaction must end nonetheless.
  @Test func whatAQueueEndsLeavesItsSessionUsable() async throws {
    let fixture = fixture(
      #"[{"query_group": ["brief"], "query_concurrency": 5, "max_execution_time": 5}, {"query_concurrency": 5}]"#)
    let session = try await fixture.session()
    try await fill(session)
    for _ in 0..<20 {
      try await session.run("SET query_group TO 'brief'")
      #expect(await session.failure("CREATE TABLE endless AS \(Self.million), many d, many e") == "57014")
      try await session.run("RESET query_group")
      #expect(try await session.run("SELECT count(*) FROM many") == ["128"])
    }
    #expect(try await session.run("SELECT count(*) FROM pg_class WHERE relname = 'endless'") == ["0"])
  }

  @Test func aRuleLetsAQueryHopToTheNextQueueOfItsGroup() async throws {
    let clock = ManualClock()
    let rule = { (name: String, seconds: Int) in
      """
      {"rule_name": "\(name)", "action": "hop",
       "predicate": [{"metric_name": "query_execution_time", "operator": ">", "value": \(seconds)}]}
      """
    }
    let fixture = fixture(
      """
      [{"query_group": ["reports"], "query_concurrency": 1, "rules": [\(rule("first", 1))]},
       {"query_group": ["rep*"], "query_group_wild_card": 1, "query_concurrency": 1, "rules": [\(rule("second", 5))]},
       {"query_concurrency": 5}]
      """, clock: clock)
    let (admin, session, next) = (
      try await fixture.session(), try await fixture.session(), try await fixture.session()
    )
    try await fill(admin)
    for session in [session, next] { try await session.run("SET query_group TO 'reports'") }
    let rows = try await begin(session, Self.million)
    let waiting = Task { try await next.run("SELECT count(*) FROM many") }
    while try await admin.run("SELECT rule FROM stl_wlm_rule_action WHERE rule = 'first'").isEmpty {
      clock.advance(by: .seconds(1))
      await Task.yield()
    }
    // Its slot is free for the one behind it.
    #expect(try await waiting.value == ["128"])
    #expect(try await admin.run("SELECT service_class FROM stv_wlm_query_state") == ["7"])
    // The default queue takes none that hops.
    while try await admin.run("SELECT rule FROM stl_wlm_rule_action WHERE rule = 'second'").isEmpty {
      clock.advance(by: .seconds(1))
      await Task.yield()
    }
    await #expect(throws: SQLFailure.self) { while try await rows.next() != nil {} }
  }

  @Test func otherSessionsEndByTheirOwnersAndSuperusersOnly() async throws {
    let fixture = WarehouseFixture()
    let (admin, other) = (try await fixture.session(), try await fixture.session())
    try await admin.run("CREATE USER ada PASSWORD 'Secret123'")
    try await admin.run("CREATE USER bob PASSWORD 'Secret123'")
    let (ada, bob) = (try await fixture.session(user: "ada"), try await fixture.session(user: "bob"))
    let process = try #require(ada.processID)
    #expect(await bob.failure("SELECT pg_terminate_backend(\(process))") == "42501")
    #expect(await bob.failure("CANCEL \(process)") == "42501")
    #expect(try await admin.run("SELECT pg_terminate_backend(99999)") == ["0"])
    #expect(try await admin.run("SELECT pg_terminate_backend(\(process))") == ["1"])
    while await ada.failure("SELECT 1") != "57P01" { await Task.yield() }
    #expect(try await other.run("SELECT 1") == ["1"])
  }

  /// Sorts, joins and aggregates that need more than their share, at once: all end well, and so does what follows.
  @Test func bigStatementsAtOnceAllEnd() async throws {
    let fixture = WarehouseFixture(memoryBytes: 96 << 20)
    let admin = try await fixture.session()
    try await admin.run("CREATE TABLE big (n bigint, t varchar(64))")
    try await admin.run("INSERT INTO big VALUES (1, md5('1'))")
    for step in 0..<19 {
      try await admin.run("INSERT INTO big SELECT n + \(1 << step), md5((n + \(1 << step))::varchar) FROM big")
    }
    let statements = [
      "SELECT count(*) FROM (SELECT n, t, row_number() OVER (ORDER BY t, n) AS r FROM big) WHERE r > 0",
      "SELECT count(*) FROM big a JOIN big b ON a.t = b.t",
      "SELECT count(*) FROM (SELECT t, count(*) AS c, max(n) AS m FROM big GROUP BY t)",
      "SELECT count(*) FROM (SELECT a.t, b.n FROM big a JOIN big b ON a.n = b.n ORDER BY a.t DESC LIMIT 400000)",
    ]
    try await withThrowingTaskGroup(of: [String].self) { group in
      for statement in statements + statements {
        group.addTask {
          let session = try await fixture.session()
          return try await session.run(statement)
        }
      }
      for try await answer in group { #expect(answer == ["524288"] || answer == ["400000"]) }
    }
    #expect(try await admin.run("SELECT count(*) FROM big") == ["524288"])
  }
}
