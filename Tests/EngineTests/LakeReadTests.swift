import Engine
import Kernel
import LakeFiles
import LakeTesting
import Testing

@Suite struct LakeReadTests {
  private static func sales(_ fixture: Fixture) async throws {
    try await fixture.write(
      """
      COPY (SELECT i AS id, 'name ' || i AS name, (i % 100)::DOUBLE AS price, 2024 + i % 2 AS year, 1 + i % 3 AS month
            FROM range(60000) t(i))
      TO 's3://lake/sales' (FORMAT parquet, PARTITION_BY (year, month))
      """)
  }

  private static func scan(_ fixture: Fixture, _ sql: String) async throws -> (rows: [[EngineValue]], bytes: Int64) {
    _ = fixture.lake.takeReads()
    let session = fixture.session()
    let rows = try await fixture.rows(of: session.run(sql))
    let served = fixture.lake.takeReads().reduce(0) { $0 + Int64($1.count) }
    #expect(session.counters.bytesRead == served, "every byte served is counted")
    return (rows, session.counters.bytesRead)
  }

  @Test func partitionsArePrunedAndColumnsChosen() async throws {
    let fixture = Fixture()
    try await Self.sales(fixture)
    #expect(fixture.lake.paths.count == 6)
    let all = try await Self.scan(
      fixture, "SELECT count(*), sum(id), max(name), sum(price) FROM read_parquet('s3://lake/sales/**/*.parquet')")
    #expect(all.rows[0][0] == .int(60_000))
    let one = try await Self.scan(
      fixture,
      """
      SELECT count(*), sum(id), max(name), sum(price)
      FROM read_parquet('s3://lake/sales/*/*/*.parquet', hive_partitioning = true) WHERE year = 2024 AND month = 2
      """)
    #expect(one.rows[0][0] == .int(10_000))
    #expect(one.bytes * 5 < all.bytes)
    let column = try await Self.scan(fixture, "SELECT sum(price) FROM read_parquet('s3://lake/sales/**/*.parquet')")
    #expect(column.bytes * 3 < all.bytes)
  }

  @Test(arguments: [1, 100, 1_000, 10_000, 100_000])
  func aScanAsksForNoByteTwice(_ rows: Int) async throws {
    let fixture = Fixture()
    try await fixture.write(
      """
      COPY (SELECT i AS id, md5(i::VARCHAR) AS name FROM range(\(rows)) t(i))
      TO 's3://lake/a.parquet' (FORMAT parquet, ROW_GROUP_SIZE 20000)
      """)
    let size = Int64(fixture.lake["s3://lake/a.parquet"]?.count ?? 0)
    let scan = try await Self.scan(fixture, "SELECT count(*), max(id), max(name) FROM 's3://lake/a.parquet'")
    #expect(scan.rows[0][0] == .int(Int64(rows)))
    #expect(scan.bytes <= size)
    let footer = try await Self.scan(fixture, "SELECT count(*) FROM 's3://lake/a.parquet'")
    #expect(footer.bytes <= min(size, 16 << 10))
  }

  @Test func everyQueryReadsAnew() async throws {
    let fixture = Fixture()
    try await Self.sales(fixture)
    let sql = "SELECT sum(id) FROM read_parquet('s3://lake/sales/**/*.parquet')"
    let first = try await Self.scan(fixture, sql)
    let second = try await Self.scan(fixture, sql)
    #expect(first.bytes == second.bytes)
    #expect(first.bytes > 0)
  }

  @Test func anOverwrittenObjectIsReadFresh() async throws {
    let fixture = Fixture()
    for value in 1...3 {
      try await fixture.write("COPY (SELECT \(value) AS v) TO 's3://lake/one.parquet' (FORMAT parquet)")
      #expect(try await fixture.rows("SELECT v FROM 's3://lake/one.parquet'") == [[.int(Int64(value))]])
    }
  }

  @Test func textFilesCostTheirSize() async throws {
    let fixture = Fixture()
    let csv = "1,one\n2,two\n3,three\n"
    let json = "{\"id\": 1, \"name\": \"one\"}\n{\"id\": 2, \"name\": \"two\"}\n"
    fixture.lake["s3://lake/a.csv"] = Array(csv.utf8)
    fixture.lake["s3://lake/a.json"] = Array(json.utf8)
    let columns = "columns = {id: 'BIGINT', name: 'VARCHAR'}"
    let fromCSV = try await Self.scan(
      fixture, "SELECT * FROM read_csv('s3://lake/a.csv', header = false, auto_detect = false, \(columns))")
    #expect(fromCSV.rows.count == 3)
    #expect(fromCSV.bytes == Int64(csv.utf8.count))
    let fromJSON = try await Self.scan(
      fixture,
      "SELECT * FROM read_json('s3://lake/a.json', format = 'newline_delimited', auto_detect = false, \(columns))")
    #expect(fromJSON.rows == [[.int(1), .string("one")], [.int(2), .string("two")]])
    #expect(fromJSON.bytes == Int64(json.utf8.count))
  }

  @Test func largeTextFilesCostTheirSizeToo() async throws {
    let fixture = Fixture()
    let source = "(SELECT i AS id, md5(i::VARCHAR) AS name FROM range(1000000) t(i))"
    try await fixture.write("COPY \(source) TO 's3://lake/big.csv' (FORMAT csv, HEADER false)")
    try await fixture.write("COPY \(source) TO 's3://lake/big.json' (FORMAT json)")
    let columns = "columns = {id: 'BIGINT', name: 'VARCHAR'}"
    let csv = try await Self.scan(
      fixture,
      "SELECT count(*), sum(id) FROM read_csv('s3://lake/big.csv', header = false, auto_detect = false, \(columns))")
    #expect(csv.rows[0][0] == .int(1_000_000))
    #expect(csv.bytes == Int64(fixture.lake["s3://lake/big.csv"]?.count ?? 0))
    let json = try await Self.scan(
      fixture,
      """
      SELECT count(*), sum(id)
      FROM read_json('s3://lake/big.json', format = 'newline_delimited', auto_detect = false, \(columns))
      """)
    #expect(json.rows[0][0] == .int(1_000_000))
    #expect(json.bytes == Int64(fixture.lake["s3://lake/big.json"]?.count ?? 0))
  }

  @Test func compressedTextCostsItsCompressedSize() async throws {
    let fixture = Fixture()
    try await fixture.write(
      "COPY (SELECT i AS id, 'x' AS name FROM range(100000) t(i)) TO 's3://lake/a.csv.gz' (FORMAT csv, HEADER false)")
    let scan = try await Self.scan(
      fixture,
      """
      SELECT count(*) FROM read_csv('s3://lake/a.csv.gz', header = false, auto_detect = false,
        columns = {id: 'BIGINT', name: 'VARCHAR'})
      """)
    #expect(scan.rows == [[.int(100_000)]])
    #expect(scan.bytes == Int64(fixture.lake["s3://lake/a.csv.gz"]?.count ?? 0))
  }

  @Test func hiddenAndEmptyObjectsAreNoFilesOfATable() async throws {
    let fixture = Fixture()
    for (key, text) in [
      ("t/a.csv", "1\n"), ("t/_SUCCESS", ""), ("t/_temporary/b.csv", "2\n"), ("t/.c.csv", "3\n"), ("t/", ""),
      ("t/sub/d.csv", "4\n"), ("t/empty.csv", ""),
    ] {
      fixture.lake["s3://lake/\(key)"] = Array(text.utf8)
    }
    let options = "header = false, auto_detect = false, columns = {x: 'BIGINT'}"
    let below = try await fixture.rows("SELECT x FROM read_csv('s3://lake/t/**', \(options)) ORDER BY x")
    #expect(below == [[.int(1)], [.int(4)]])
    #expect(try await fixture.rows("SELECT x FROM read_csv('s3://lake/t/*', \(options))") == [[.int(1)]])
    #expect(try await fixture.rows("SELECT x FROM read_csv('s3://lake/t/.c.csv', \(options))") == [[.int(3)]])
  }

  @Test func oddKeysAreReadByTheirPattern() async throws {
    let fixture = Fixture()
    for key in ["a b/ü*.csv", "a b/ü?.csv", "a b/[x].csv", "a b/üz.csv", "a b/'q%2F.csv"] {
      let path = LakePath(bucket: "lake", key: key)
      fixture.lake[path.description] = Array("\(key)\n".utf8)
      let quoted = path.pattern.replacing("'", with: "''")
      let rows = try await fixture.rows(
        """
        SELECT x
        FROM read_csv(['\(quoted)'], header = false, auto_detect = false, delim = '|', columns = {x: 'VARCHAR'})
        """)
      #expect(rows == [[.string(key)]])
    }
  }

  @Test func aMissingObjectIsSaidToBeMissing() async throws {
    let fixture = Fixture()
    await #expect { try await fixture.rows("SELECT * FROM read_parquet('s3://lake/none.parquet')") } throws: { error in
      (error as? EngineError)?.kind == .io
    }
  }

  @Test func whatTheLakeThrowsIsTheCause() async throws {
    struct Broken: Error {}
    let fixture = Fixture()
    fixture.lake["s3://lake/a.csv"] = Array("x\n1\n".utf8)
    fixture.lake.beforeRead { _ in throw Broken() }
    await #expect { try await fixture.rows("SELECT * FROM read_csv('s3://lake/a.csv')") } throws: { error in
      (error as? EngineError)?.cause is Broken
    }
  }

  @Test func theCallersRightsAreKept() async throws {
    let fixture = Fixture()
    fixture.lake["s3://lake/a.csv"] = Array("x\n1\n".utf8)
    fixture.lake.deny { action, _, caller in
      caller.principal.userID == "eve" || (caller.principal.userID == "bob" && action == "s3:PutObject")
    }
    let read = "SELECT * FROM read_csv('s3://lake/a.csv')"
    try await fixture.session("ada").execute(read)
    await #expect { try await fixture.session("eve").execute(read) } throws: { error in
      guard let error = error as? EngineError, case LakeError.accessDenied? = error.cause as? LakeError else {
        return false
      }
      return error.kind == .permission && error.message.contains("user/eve may not do s3:")
    }
    await #expect(throws: EngineError.self) {
      try await fixture.session("eve").execute("SELECT * FROM read_csv('s3://lake/*.csv')")
    }
    await #expect(throws: EngineError.self) {
      try await fixture.session("bob").execute("COPY (SELECT 1) TO 's3://lake/b.csv'")
    }
  }
}
