import Engine
import Testing

@Suite struct QueryTests {
  @Test func rowsComeInTheirOrder() async throws {
    let fixture = Fixture()
    let rows = try await fixture.rows("SELECT i FROM range(100000) t(i) ORDER BY i")
    #expect(rows.count == 100_000)
    #expect(rows.first == [.int(0)])
    #expect(rows.last == [.int(99_999)])
  }

  @Test func columnsAreKnownBeforeTheRows() async throws {
    let fixture = Fixture()
    let result = try await fixture.session().run("SELECT 1::BIGINT AS one, 'x' AS \"Two\", NULL AS three WHERE false")
    #expect(
      result.columns == [
        QueryResult.Column(name: "one", type: .bigInt), QueryResult.Column(name: "Two", type: .varchar),
        QueryResult.Column(name: "three", type: .integer),
      ])
    #expect(try await result.next() == nil)
    #expect(result.rows == 0)
  }

  @Test func parametersAreBound() async throws {
    let fixture = Fixture()
    let rows = try await fixture.rows(
      "SELECT $1 + 1, $2, $3, $4::DATE, $5, $6 IS NULL, $7",
      [
        .int(41), .string("it's"), .bytes([0, 255]), .date(19_000), .timestamp(1_000_001), .null, .double(0.5),
      ])
    #expect(
      rows == [
        [
          .int(42), .string("it's"), .bytes([0, 255]), .date(19_000), .timestamp(1_000_001), .bool(true), .double(0.5),
        ]
      ])
  }

  @Test func aResultIsReadInPieces() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    let result = try await session.run("SELECT * FROM range(10000000)")
    #expect(try await result.next()?.rows == 2048)
    #expect(result.rows < 1_000_000)
    await #expect(throws: EngineError.self) { try await session.run("SELECT 1") }
    await result.close()
    #expect(try await session.run("SELECT 1").next()?.rows == 1)
  }

  @Test func aSessionRunsOneStatementAfterTheOther() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    try await session.execute("CREATE TEMP VIEW v AS SELECT 7 AS x")
    #expect(try await fixture.rows(of: session.run("SELECT x FROM v")) == [[.int(7)]])
    // Another session has its own names.
    await #expect(throws: EngineError.self) { try await fixture.session().run("SELECT x FROM v") }
  }

  @Test func errorsTellTheirKindAndPlace() async throws {
    let fixture = Fixture()
    await #expect { try await fixture.rows("SELECT 1 +") } throws: { error in
      (error as? EngineError)?.kind == .parser
    }
    await #expect { try await fixture.rows("SELECT nothing FROM range(3)") } throws: { error in
      guard let error = error as? EngineError else { return false }
      return error.kind == .binder && error.position == 7 && !error.message.contains("LINE")
    }
    await #expect { try await fixture.rows("SELECT * FROM absent") } throws: { error in
      (error as? EngineError)?.kind == .catalog && (error as? EngineError)?.position == 14
    }
    await #expect { try await fixture.rows("SELECT CAST(x AS INTEGER) FROM (VALUES ('7'), ('x')) t(x)") } throws: {
      ($0 as? EngineError)?.kind == .conversion
    }
    await #expect { try await fixture.rows("SELECT 1; SELECT 2") } throws: { error in
      (error as? EngineError)?.kind == .invalidInput
    }
    await #expect { try await fixture.rows("") } throws: { $0 is EngineError }
  }

  @Test func anErrorAmidTheRowsEndsTheResult() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    await #expect(throws: EngineError.self) {
      let result = try await session.run(
        "SELECT CASE WHEN i = 500000 THEN error('stop') ELSE 'x' END FROM range(1000000) t(i)")
      for try await _ in result {}
    }
    #expect(try await fixture.rows(of: session.run("SELECT 1")) == [[.int(1)]])
  }

  @Test func whatDoesNotFitInMemoryIsSpilled() async throws {
    let fixture = Fixture(memoryBytes: 64 << 20)
    let rows = try await fixture.rows(
      """
      SELECT count(*), min(length(s)) FROM (
        SELECT repeat(md5(i::VARCHAR), 4) AS s FROM range(1500000) t(i) ORDER BY s)
      """)
    #expect(rows == [[.int(1_500_000), .int(128)]])
  }
}
