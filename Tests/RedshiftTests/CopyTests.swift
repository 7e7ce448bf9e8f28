import LakeTesting
import PostgresWire
import Redshift
import Testing

/// COPY and UNLOAD over a lake in memory.
@Suite struct CopyTests {
  private static let role = "IAM_ROLE '\(WarehouseFixture.role)'"

  private func fixture(_ files: [String: String]) async throws -> (WarehouseFixture, any SQLSession) {
    let fixture = WarehouseFixture()
    for (path, text) in files { fixture.lake[path] = Array(text.utf8) }
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t (a INTEGER, b VARCHAR(5), c NUMERIC(8,2), d DATE, e BOOLEAN)")
    return (fixture, session)
  }

  @Test func delimitedAndCSVFilesAreLoaded() async throws {
    let (_, session) = try await fixture([
      "s3://lake/in/1.txt": "1|x|1.239|2026-01-02|t\n2|\\N||2026-01-03|no\n",
      "s3://lake/in/2.txt": "3|y|-4|2026-01-04|Y\n", "s3://lake/in.csv": "a,b,c,d,e\n4,\"q,\"\"\",5,2026-01-05,0\n",
    ])
    #expect(try await session.run("COPY t FROM 's3://lake/in/' \(Self.role)") == ["COPY"])
    #expect(try await session.run("COPY t FROM 's3://lake/in.csv' \(Self.role) CSV IGNOREHEADER 1") == ["COPY"])
    #expect(
      try await session.run("SELECT * FROM t ORDER BY a") == [
        "1|x|1.23|2026-01-02|t", "2|NULL|NULL|2026-01-03|f", "3|y|-4.00|2026-01-04|t", "4|q,\"|5.00|2026-01-05|f",
      ])
    #expect(
      await session.takeNotices().last?.message == "Load into table 't' completed, 1 record(s) loaded successfully.")
    #expect(await session.failure("COPY t FROM 's3://lake/none' \(Self.role)") == "XX000")
    #expect(
      await session.failure("COPY t FROM 's3://lake/in' IAM_ROLE 'arn:aws:iam::000000000000:role/other'") == "XX000")
  }

  @Test func aFailedCopyLoadsNothingAndSaysWhy() async throws {
    let (_, session) = try await fixture([
      "s3://lake/bad.txt": "1|x|1|2026-01-02|t\n2|toolong|1|2026-01-02|t\nx|y|1|2026-01-02|t\n4|z|1|20260102x|t\n"
    ])
    #expect(await session.failure("COPY t FROM 's3://lake/bad' \(Self.role)") == "XX000")
    #expect(try await session.run("SELECT count(*) FROM t") == ["0"])
    #expect(
      try await session.run("SELECT line_number, colname, err_code, raw_field_value FROM stl_load_errors")
        == ["2|b|1204|toolong"])
    #expect(try await session.run("COPY t FROM 's3://lake/bad' \(Self.role) MAXERROR 3") == ["COPY"])
    #expect(try await session.run("SELECT a FROM t") == ["1"])
    #expect(try await session.run("SELECT count(*) FROM sys_load_error_detail") == ["4"])
    #expect(await session.failure("COPY t FROM 's3://lake/bad' \(Self.role) MAXERROR 2") == "XX000")
    #expect(try await session.run("SELECT count(*) FROM t") == ["1"])
    #expect(try await session.run("COPY t FROM 's3://lake/bad' \(Self.role) TRUNCATECOLUMNS MAXERROR 2") == ["COPY"])
    #expect(try await session.run("SELECT b FROM t WHERE a = 2") == ["toolo"])
  }

  @Test func aFailedCopyFailsItsBlock() async throws {
    let (_, session) = try await fixture(["s3://lake/bad.txt": "x|x|1|2026-01-02|t\n"])
    try await session.run("BEGIN")
    try await session.run("INSERT INTO t (a) VALUES (1)")
    #expect(await session.failure("COPY t FROM 's3://lake/bad' \(Self.role)") == "XX000")
    try await session.run("ROLLBACK")
    #expect(try await session.run("SELECT count(*) FROM t") == ["0"])
  }

  @Test func rowsWithTooManyFieldsAreErrors() async throws {
    let (_, session) = try await fixture([
      "s3://lake/wide.txt": "1|x|1|2026-01-02|t|more\n", "s3://lake/short.txt": "1|x\n",
      "s3://lake/many.txt": "1|x\n2|y\n7|z|1|2026-01-02|t\n3|\n",
    ])
    #expect(await session.failure("COPY t FROM 's3://lake/wide' \(Self.role)") == "XX000")
    #expect(await session.failure("COPY t FROM 's3://lake/short' \(Self.role)") == "XX000")
    #expect(try await session.run("SELECT err_code FROM stl_load_errors ORDER BY query") == ["1202", "1201"])
    #expect(try await session.run("COPY t FROM 's3://lake/short' \(Self.role) FILLRECORD") == ["COPY"])
    #expect(await session.failure("COPY t FROM 's3://lake/many' \(Self.role) MAXERROR 2") == "XX000")
    #expect(try await session.run("COPY t FROM 's3://lake/many' \(Self.role) MAXERROR 3") == ["COPY"])
    #expect(try await session.run("SELECT a FROM t ORDER BY a") == ["1", "7"])
  }

  @Test func jsonIsLoadedByNamesAndPaths() async throws {
    let (_, session) = try await fixture([
      "s3://lake/a.json": "{\"a\": 1, \"b\": \"x\", \"d\": \"2026-01-02\", \"other\": [1]}\n{\"a\": 2}",
      "s3://lake/i.json": "{\"A\": 3, \"B\": \"I\"}", "s3://lake/p.json": "{\"deep\": {\"x\": [7, 8]}, \"n\": \"p\"}",
      "s3://lake/paths": "{\"jsonpaths\": [\"$['deep']['x'][1]\", \"$.n\"]}",
    ])
    try await session.run("COPY t FROM 's3://lake/a.json' \(Self.role) JSON 'auto'")
    try await session.run("COPY t FROM 's3://lake/i.json' \(Self.role) FORMAT JSON 'auto ignorecase'")
    try await session.run("COPY t (a, b) FROM 's3://lake/p.json' \(Self.role) JSON 's3://lake/paths'")
    #expect(
      try await session.run("SELECT a, b, d FROM t ORDER BY a") == [
        "1|x|2026-01-02", "2|NULL|NULL", "3|I|NULL", "8|p|NULL",
      ])
  }

  @Test func timesAreReadAsTheStatementSays() async throws {
    let fixture = WarehouseFixture()
    fixture.lake["s3://lake/t.txt"] = Array("1609459200000|01/02/2026\n".utf8)
    fixture.lake["s3://lake/u.txt"] = Array("2026-01-02T03:04:05Z|Jan 02, 2026\n".utf8)
    let session = try await fixture.session()
    try await session.run("CREATE TABLE m (t TIMESTAMP, d DATE)")
    try await session.run(
      "COPY m FROM 's3://lake/t' \(Self.role) TIMEFORMAT 'epochmillisecs' DATEFORMAT 'MM/DD/YYYY'")
    try await session.run(
      "COPY m FROM 's3://lake/u' CREDENTIALS 'aws_iam_role=\(WarehouseFixture.role)' "
        + "timeformat 'auto' dateformat 'auto'"
    )
    #expect(
      try await session.run("SELECT * FROM m ORDER BY t") == [
        "2021-01-01 00:00:00|2026-01-02", "2026-01-02 03:04:05|2026-01-02",
      ])
  }

  @Test func whatIsUnloadedCanBeLoaded() async throws {
    let (fixture, session) = try await fixture([:])
    try await session.run("INSERT INTO t VALUES (1, 'x', 1.5, '2026-01-02', true), (2, NULL, NULL, NULL, false)")
    for format in ["", "CSV", "FORMAT PARQUET"] {
      let prefix = "s3://lake/out\(format.count)/"
      #expect(
        try await session.run("UNLOAD ('SELECT * FROM t ORDER BY a') TO '\(prefix)' \(Self.role) \(format)") == [
          "UNLOAD"
        ])
      #expect(
        await session.failure("UNLOAD ('SELECT * FROM t') TO '\(prefix)' \(Self.role) \(format)") == "XX000")
      try await session.run("CREATE TABLE back (LIKE t)")
      try await session.run(
        "COPY back FROM '\(prefix)' \(Self.role) \(format == "CSV" ? "CSV EMPTYASNULL" : format)")
      #expect(
        try await session.run("SELECT * FROM back ORDER BY a") == [
          "1|x|1.50|2026-01-02|t", "2|NULL|NULL|NULL|f",
        ])
      try await session.run("DROP TABLE back")
    }
    #expect(fixture.lake.paths.contains("s3://lake/out0/0000_part_00"))
    try await session.run(
      "UNLOAD ('SELECT a, b FROM t') TO 's3://lake/p/' \(Self.role) FORMAT PARQUET PARTITION BY (a) MANIFEST")
    #expect(fixture.lake.paths.contains { $0.hasPrefix("s3://lake/p/a=1/") })
    #expect(fixture.lake.paths.contains("s3://lake/p/manifest"))
  }
}
