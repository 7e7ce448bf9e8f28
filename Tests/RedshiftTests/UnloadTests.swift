import LakeTesting
import PostgresWire
import Redshift
import Testing

/// UNLOAD's options: names, formats, what is removed and what is said of it.
@Suite struct UnloadTests {
  private static let role = "IAM_ROLE '\(WarehouseFixture.role)'"

  private func fixture() async throws -> (MemoryLake, any SQLSession) {
    let fixture = WarehouseFixture()
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t (a INTEGER, b VARCHAR(40))")
    try await session.run(
      "INSERT INTO t VALUES (1, 'x|y'), (2, NULL), (3, 'line\nbreak'), (4, 'back\\\\slash'), (5, '')")
    return (fixture.lake, session)
  }

  private func text(_ lake: MemoryLake, _ path: String) -> String? {
    lake[path].map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func everySliceWritesAFile() async throws {
    let (lake, session) = try await fixture()
    try await session.run(
      "UNLOAD ('SELECT a FROM t ORDER BY a') TO 's3://lake/o/v_' \(Self.role) MANIFEST VERBOSE HEADER")
    #expect(lake.paths == ["s3://lake/o/v_0000_part_00", "s3://lake/o/v_0001_part_00", "s3://lake/o/v_manifest"])
    #expect(text(lake, "s3://lake/o/v_0000_part_00") == "a\n1\n3\n5\n")
    #expect(text(lake, "s3://lake/o/v_0001_part_00") == "a\n2\n4\n")
    let manifest = text(lake, "s3://lake/o/v_manifest") ?? ""
    #expect(
      manifest.hasPrefix(
        "{\"entries\":[{\"url\":\"s3://lake/o/v_0000_part_00\",\"meta\":{\"content_length\":8,\"record_count\":3}},"))
    #expect(manifest.contains("\"meta\":{\"content_length\":14,\"record_count\":5}"))
    try await session.run("CREATE TABLE back (a INTEGER)")
    try await session.run("COPY back FROM 's3://lake/o/v_manifest' \(Self.role) MANIFEST IGNOREHEADER 1")
    #expect(try await session.run("SELECT count(*), sum(a) FROM back") == ["5|15"])
    try await session.run(
      "UNLOAD ('SELECT a FROM t ORDER BY a') TO 's3://lake/s/' \(Self.role) PARALLEL OFF EXTENSION 'txt'")
    #expect(text(lake, "s3://lake/s/000.txt") == "1\n2\n3\n4\n5\n")
    try await session.run("UNLOAD ('SELECT a FROM t WHERE false') TO 's3://lake/none/' \(Self.role)")
    #expect(text(lake, "s3://lake/none/0000_part_00")?.isEmpty == true)
  }

  @Test func escapedAndQuotedRowsCanBeLoaded() async throws {
    let (lake, session) = try await fixture()
    try await session.run("UNLOAD ('SELECT * FROM t') TO 's3://lake/e/' \(Self.role) ESCAPE PARALLEL OFF")
    #expect(text(lake, "s3://lake/e/000") == "1|x\\|y\n2|\\N\n3|line\\\nbreak\n4|back\\\\slash\n5|\n")
    try await session.run("CREATE TABLE back (LIKE t)")
    for options in ["ESCAPE", "ESCAPE BZIP2", "ESCAPE GZIP", "ADDQUOTES ESCAPE ZSTD", "CSV", "CSV BZIP2"] {
      let prefix = "s3://lake/\(options.count)\(options.first ?? "x")/"
      try await session.run("UNLOAD ('SELECT * FROM t') TO '\(prefix)' \(Self.role) \(options)")
      let loading = options.replacing("ADDQUOTES", with: "REMOVEQUOTES")
      try await session.run("TRUNCATE back")
      try await session.run("COPY back FROM '\(prefix)' \(Self.role) \(loading)")
      let missing = try await session.run("SELECT a, b FROM t EXCEPT SELECT a, b FROM back")
      #expect(missing.isEmpty || (options.hasPrefix("CSV") && missing == ["2|NULL"]), "\(options)")
      #expect(try await session.run("SELECT count(*) FROM back") == ["5"], "\(options)")
    }
    #expect(lake.paths.contains { $0.hasSuffix("/0000_part_00.bz2") })
  }

  @Test func fixedWidthCutsNothingOff() async throws {
    let (lake, session) = try await fixture()
    try await session.run(
      "UNLOAD ('SELECT a, b FROM t WHERE a < 3') TO 's3://lake/f/' \(Self.role) FIXEDWIDTH 'a:3,b:5' PARALLEL OFF")
    #expect(text(lake, "s3://lake/f/000") == "1  x|y  \n2       \n")
    #expect(
      await session.failure("UNLOAD ('SELECT a, b FROM t') TO 's3://lake/g/' \(Self.role) FIXEDWIDTH 'a:3,b:5'")
        == "22001")
    #expect(
      await session.failure("UNLOAD ('SELECT a, b FROM t') TO 's3://lake/g/' \(Self.role) FIXEDWIDTH 'a:3'") == "42601")
    #expect(!lake.paths.contains { $0.hasPrefix("s3://lake/g/") })
  }

  @Test func cleanPathRemovesWhatWasThere() async throws {
    let (lake, session) = try await fixture()
    for path in ["s3://lake/c/old", "s3://lake/c/0000_part_00", "s3://lake/other"] { lake[path] = [1] }
    #expect(await session.failure("UNLOAD ('SELECT a FROM t') TO 's3://lake/c/' \(Self.role)") == "XX000")
    #expect(
      await session.failure("UNLOAD ('SELECT a FROM t') TO 's3://lake/c/' \(Self.role) CLEANPATH ALLOWOVERWRITE")
        == "42601")
    #expect(await session.failure("UNLOAD ('SELECT 1/0 FROM t') TO 's3://lake/c/' \(Self.role) CLEANPATH") == "22012")
    #expect(lake["s3://lake/c/old"] == [1])
    try await session.run("UNLOAD ('SELECT a FROM t') TO 's3://lake/c/' \(Self.role) CLEANPATH")
    #expect(lake.paths == ["s3://lake/c/0000_part_00", "s3://lake/c/0001_part_00", "s3://lake/other"])
    for path in ["s3://lake/p/a=1/old", "s3://lake/p/a=9/old"] { lake[path] = [1] }
    try await session.run(
      "UNLOAD ('SELECT a, b FROM t WHERE a < 3') TO 's3://lake/p' \(Self.role) PARTITION BY (a) CLEANPATH")
    #expect(
      lake.paths.filter { $0.hasPrefix("s3://lake/p/") } == [
        "s3://lake/p/a=1/0000_part_00", "s3://lake/p/a=2/0000_part_00", "s3://lake/p/a=9/old",
      ])
  }

  @Test func optionsThatExcludeEachOtherAreRefused() async throws {
    let (_, session) = try await fixture()
    for options in [
      "CSV ADDQUOTES", "CSV ESCAPE", "FORMAT PARQUET HEADER", "FORMAT JSON DELIMITER '|'", "GZIP BZIP2",
      "KMS_KEY_ID 'x'", "ROWGROUPSIZE 64 MB", "FORMAT PARQUET ROWGROUPSIZE 1 MB", "MAXFILESIZE 1 MB",
      "FIXEDWIDTH '1,2' HEADER",
    ] {
      #expect(
        await session.failure("UNLOAD ('SELECT a, b FROM t') TO 's3://lake/x/' \(Self.role) \(options)") == "42601",
        "\(options)")
    }
    try await session.run(
      "UNLOAD ('SELECT a, b FROM t') TO 's3://lake/k/' \(Self.role) KMS_KEY_ID '1234' ENCRYPTED FORMAT PARQUET "
        + "ROWGROUPSIZE 64 MB")
  }
}
