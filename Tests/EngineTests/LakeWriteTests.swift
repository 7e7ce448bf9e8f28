import Engine
import LakeFiles
import LakeTesting
import Testing

@Suite struct LakeWriteTests {
  @Test(arguments: ["parquet", "csv", "json"])
  func whatIsWrittenCanBeRead(_ format: String) async throws {
    let fixture = Fixture()
    let paths = try await fixture.write(
      "COPY (SELECT i AS id, 'n' || i AS name FROM range(5000) t(i)) TO 's3://lake/out.\(format)' (FORMAT \(format))")
    #expect(paths == [LakePath(bucket: "lake", key: "out.\(format)")])
    #expect(
      try await fixture.rows("SELECT count(*), sum(id), max(name) FROM 's3://lake/out.\(format)'")[0][0] == .int(5000))
  }

  @Test func nothingIsVisibleBeforeTheCommit() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    try await session.execute("COPY (SELECT 1 AS x) TO 's3://lake/a.parquet' (FORMAT parquet)")
    try await session.execute("COPY (SELECT 2 AS x) TO 's3://lake/b.parquet' (FORMAT parquet)")
    #expect(fixture.lake.paths == [])
    try await session.commitWrites()
    #expect(fixture.lake.paths == ["s3://lake/a.parquet", "s3://lake/b.parquet"])
    #expect(fixture.lake.openWriters == 0)
  }

  @Test(arguments: ["", ", PARTITION_BY (p)"])
  func aFailedQueryLeavesNothing(_ options: String) async throws {
    let fixture = Fixture()
    fixture.lake["s3://lake/out"] = Array("precious".utf8)
    let session = fixture.session()
    await #expect(throws: EngineError.self) {
      try await session.execute(
        """
        COPY (SELECT i % 5 AS p, CASE WHEN i = 900000 THEN error('stop')::INTEGER ELSE i END AS v
              FROM range(1000000) t(i))
        TO 's3://lake/out' (FORMAT parquet, ROW_GROUP_SIZE 10000\(options))
        """)
    }
    await #expect(throws: EngineError.self) { try await session.commitWrites() }
    #expect(fixture.lake.paths == ["s3://lake/out"])
    #expect(fixture.lake["s3://lake/out"] == Array("precious".utf8))
    #expect(fixture.lake.openWriters == 0)
  }

  @Test func aDroppedSessionLeavesNothing() async throws {
    let fixture = Fixture()
    do {
      let session = fixture.session()
      try await session.execute("COPY (SELECT 1 AS x) TO 's3://lake/a.parquet' (FORMAT parquet)")
      session.abortWrites()
    }
    #expect(fixture.lake.paths == [])
    #expect(fixture.lake.openWriters == 0)
  }

  @Test func partitionsGetHivesNames() async throws {
    let fixture = Fixture()
    try await fixture.write(
      """
      COPY (SELECT * FROM (VALUES (1, 'a/b'), (2, 'c d=e'), (3, NULL), (4, 'ü')) t(v, p)) TO 's3://lake/t'
      (FORMAT parquet, PARTITION_BY (p), FILENAME_PATTERN 'part-{i}')
      """)
    #expect(
      fixture.lake.paths.map { $0.split(separator: "/").dropFirst(2).first.map(String.init) ?? "" }.sorted() == [
        "t", "t", "t", "t",
      ])
    let rows = try await fixture.rows(
      "SELECT v, p FROM read_parquet('s3://lake/t/**/*.parquet', hive_partitioning = true) ORDER BY v")
    #expect(
      rows == [
        [.int(1), .string("a/b")], [.int(2), .string("c d=e")], [.int(3), .null], [.int(4), .string("ü")],
      ])
  }

  @Test func manyPartitionsAreWrittenWithFewOpenFiles() async throws {
    let fixture = Fixture()
    let paths = try await fixture.write(
      """
      COPY (SELECT i % 300 AS p, i AS v FROM range(30000) t(i)) TO 's3://lake/many' (FORMAT parquet, PARTITION_BY (p))
      """)
    #expect(paths.count >= 300)
    #expect(
      try await fixture.rows(
        "SELECT count(*), count(DISTINCT p) FROM read_parquet('s3://lake/many/**/*.parquet', hive_partitioning = true)")
        == [[.int(30_000), .int(300)]])
  }

  @Test func aSessionHasFilesOfItsOwn() async throws {
    let fixture = Fixture()
    let session = fixture.session()
    let json = "{\"id\": 1, \"tags\": [\"a\", \"b\"]}\n{\"id\": 2, \"tags\": null}\n"
    let input = session.attach(MemoryLakeFile(Array(json.utf8)), as: "batch.json")
    try await session.execute(
      """
      COPY (SELECT * FROM read_json('\(input)', format = 'newline_delimited', auto_detect = false,
                                    columns = {id: 'BIGINT', tags: 'VARCHAR[]'}))
      TO '\(session.outputPath("batch.parquet"))' (FORMAT parquet, COMPRESSION snappy)
      """)
    let parquet = try #require(session.takeOutput("batch.parquet"))
    #expect(parquet.prefix(4) == Array("PAR1".utf8)[...])
    #expect(session.takeOutput("batch.parquet") == nil)
    #expect(try await session.commitWrites() == [])

    let other = fixture.session()
    await #expect(throws: EngineError.self) { try await other.execute("SELECT * FROM '\(input)'") }
    let path = other.attach(MemoryLakeFile(parquet), as: "x.parquet")
    #expect(
      try await fixture.rows(of: other.run("SELECT * FROM read_parquet('\(path)')")) == [
        [.int(1), .list([.string("a"), .string("b")])], [.int(2), .null],
      ])
  }
}
