import Foundation
import LakeTesting
import PostgresWire
import Redshift
import Testing

/// COPY's formats and options beyond plain text.
@Suite struct LoadFormatTests {
  private static let role = "IAM_ROLE '\(WarehouseFixture.role)'"

  private func fixture(_ files: [String: [UInt8]]) async throws -> any SQLSession {
    let fixture = WarehouseFixture()
    for (path, bytes) in files { fixture.lake[path] = bytes }
    let session = try await fixture.session()
    try await session.run("CREATE TABLE t (a INTEGER, b VARCHAR(20))")
    return session
  }

  private func bytes(_ base64: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: base64))) }

  @Test func bzip2OfSeveralStreamsIsRead() async throws {
    let packed = try bytes(
      "QlpoOTFBWSZTWXkIycwAAAFIgAAQMAAAZCAAMMAIY0A+sRcLuSKcKEg8hGTmAEJaaDkxQVkmU1lo5p4+AAAAyIAAEAgAABQgACGaaDNNMLxdyRTh"
        + "QkGjmnj4")
    let session = try await fixture(["s3://lake/a.bz2": packed, "s3://lake/cut.bz2": Array(packed.dropLast(7))])
    try await session.run("COPY t FROM 's3://lake/a' \(Self.role) BZIP2")
    #expect(try await session.run("SELECT * FROM t ORDER BY a") == ["1|x", "2|yy", "3|z"])
    #expect(await session.failure("COPY t FROM 's3://lake/cut' \(Self.role) BZIP2").hasPrefix("XX"))
    #expect(await session.failure("COPY t FROM 's3://lake/a' \(Self.role) LZOP").hasPrefix("XX"))
    #expect(try await session.run("SELECT count(*) FROM t") == ["3"])
  }

  @Test func lzopIsRead() async throws {
    // Written by lzop 1.04 -9.
    let packed = try bytes(
      "iUxaTwANChoKEEAgoAlAAwkDAAANAAAAAGsB7VcAAAAAACwaAyYAAAGaAAAAvecYetEbMHxhCjF8YWIKMlMAYwozdwBkCjSbAGUKNVUDNnUDN5UD"
        + "OLUDOdUDMZAHlQcxuQcx3Qcx4QgxZQgxiQgxrQgx0Qgx9QgydQgyrBC1CDLVCDL1CDJ1CDKVCDK1CDLVCDL1CDN1CDOVCDPIG"
        + "dUIM/UIM3UIM5UI"
        + "M7UIM9UIM/UINHUINJUINLUINOQi9Qg0dQg0lQg0tQg01Qg09Qg1dQg1lQg1tQg11Qg1J2AFdQg1lQg1tQg11Qg19AgRAAAAAAAA")
    let session = try await fixture(["s3://lake/a.lzo": packed])
    try await session.run("COPY t FROM 's3://lake/a' \(Self.role) LZOP")
    #expect(try await session.run("SELECT count(*), sum(a), min(b), max(b) FROM t") == ["60|1770|a|abcde"])
  }

  @Test func lzopOfBlocksThatAreStoredIsRead() async throws {
    let packed = try bytes(
      "iUxaTwANChoKEDAgoAlAAQUAAAABAAABpAAAAAAAAAAAAAAAAAAAAAAZAAAADGIbB2MWMXxhYgoyEAARAAAAAAAEAAAABAMsASo"
        + "yfHEKAAAAAA==")
    let session = try await fixture(["s3://lake/a.lzo": packed, "s3://lake/none.lzo": Array("1|x\n".utf8)])
    try await session.run("COPY t FROM 's3://lake/a' \(Self.role) LZOP")
    #expect(try await session.run("SELECT a, b, count(*) FROM t GROUP BY 1, 2 ORDER BY 1") == ["1|ab|5", "2|q|1"])
    #expect(await session.failure("COPY t FROM 's3://lake/none' \(Self.role) LZOP").hasPrefix("XX"))
  }

  @Test func escapesAreUndone() async throws {
    let session = try await fixture([
      "s3://lake/e.txt": Array("1|a\\|b\n2|line\\\nbreak\n3|back\\\\slash\n4|\\N\n5|\\\\N\n6|\n7|\"quoted\"\n".utf8)
    ])
    try await session.run("COPY t FROM 's3://lake/e' \(Self.role) ESCAPE")
    #expect(
      try await session.run("SELECT a, b FROM t ORDER BY a") == [
        "1|a|b", "2|line\nbreak", "3|back\\slash", "4|NULL", "5|\\N", "6|", "7|\"quoted\"",
      ])
  }

  @Test func quotesAreRemoved() async throws {
    let session = try await fixture([
      "s3://lake/q.txt": Array(
        "1,\"The delimiter, kept\"\r\n2,'Black'\r\n3,Blue'\r\n4,''' Black '''\r\n5,' '\r\n6,\r\n".utf8),
      "s3://lake/bad.txt": Array("1,ok\n2,'Blue\n3,\"Blue\n4,fine\n".utf8),
    ])
    try await session.run("COPY t FROM 's3://lake/q' \(Self.role) DELIMITER ',' REMOVEQUOTES")
    #expect(
      try await session.run("SELECT a, b FROM t ORDER BY a") == [
        "1|The delimiter, kept", "2|Black", "3|Blue'", "4|'' Black ''", "5| ", "6|",
      ])
    #expect(await session.failure("COPY t FROM 's3://lake/bad' \(Self.role) DELIMITER ',' REMOVEQUOTES") == "XX000")
    let why = try await session.run("SELECT line_number, err_code, raw_line FROM stl_load_errors ORDER BY query")
    #expect(why == ["2|1214|2,'Blue"])
    try await session.run("TRUNCATE t")
    try await session.run("COPY t FROM 's3://lake/bad' \(Self.role) DELIMITER ',' REMOVEQUOTES MAXERROR 2")
    #expect(try await session.run("SELECT a FROM t ORDER BY a") == ["1", "4"])
    #expect(await session.failure("COPY t FROM 's3://lake/q' \(Self.role) CSV REMOVEQUOTES") == "42601")
    #expect(await session.failure("COPY t FROM 's3://lake/q' \(Self.role) FIXEDWIDTH '1,2' ESCAPE") == "42601")
  }

  @Test func invalidCharactersAreReplacedOrErrors() async throws {
    let files: [String: [UInt8]] = [
      "s3://lake/i.txt": Array("1|a".utf8) + [0xFF] + Array("b\n2|".utf8) + [0xED, 0xA0, 0x80]
        + Array("\n3|ü€\n".utf8)
    ]
    let session = try await fixture(files)
    #expect(await session.failure("COPY t FROM 's3://lake/i' \(Self.role)") == "XX000")
    let codes = try await session.run("SELECT DISTINCT err_code FROM stl_load_errors")
    #expect(codes == ["1220"])
    try await session.run("COPY t FROM 's3://lake/i' \(Self.role) ACCEPTINVCHARS")
    #expect(try await session.run("SELECT b FROM t ORDER BY a") == ["a?b", "???", "ü€"])
    try await session.run("TRUNCATE t")
    try await session.run("COPY t FROM 's3://lake/i' \(Self.role) CSV DELIMITER '|' ACCEPTINVCHARS AS '^'")
    #expect(try await session.run("SELECT b FROM t ORDER BY a") == ["a^b", "^^^", "ü€"])
    #expect(await session.failure("COPY t FROM 's3://lake/i' \(Self.role) ACCEPTINVCHARS '??'") == "22023")
  }

  /// Written by fastavro: names in lower case and upper case, a union with null, a logical type, a list.
  @Test func avroIsLoadedByNameAndPath() async throws {
    let packed = try bytes(RecordSamples.avro)
    let session = try await fixture([
      "s3://lake/r.avro": packed, "s3://lake/cut.avro": Array(packed.dropLast(20)),
      "s3://lake/paths": Array("{\"jsonpaths\": [\"$.id\", \"$.tags[1]\"]}".utf8),
    ])
    try await session.run("CREATE TABLE r (id BIGINT, name VARCHAR(10), day DATE, price DECIMAL(8,2), tags SUPER)")
    try await session.run("COPY r FROM 's3://lake/r.avro' \(Self.role) FORMAT AS AVRO 'auto'")
    #expect(
      try await session.run("SELECT * FROM r ORDER BY id") == [
        "1|NULL|2026-01-02|1.50|[\"x\",\"y\"]", "2|NULL|NULL|-20.25|[]",
      ])
    try await session.run("TRUNCATE r")
    try await session.run("COPY r FROM 's3://lake/r.avro' \(Self.role) AVRO 'auto ignorecase'")
    #expect(try await session.run("SELECT name FROM r ORDER BY id") == ["ada", "grace"])
    try await session.run("COPY t FROM 's3://lake/r.avro' \(Self.role) AVRO 's3://lake/paths'")
    #expect(try await session.run("SELECT * FROM t ORDER BY a") == ["1|y", "2|NULL"])
    #expect(await session.failure("COPY r FROM 's3://lake/cut' \(Self.role) AVRO 'auto'").hasPrefix("XX"))
    #expect(try await session.run("SELECT count(*) FROM r") == ["2"])
  }

  /// Written by pyarrow, compressed with zstd.
  @Test func orcIsLoadedByPosition() async throws {
    let session = try await fixture(["s3://lake/r.orc": try bytes(RecordSamples.orc)])
    try await session.run("CREATE TABLE r (i BIGINT, n VARCHAR(10), d DATE, p DECIMAL(8,2), l SUPER)")
    try await session.run("COPY r FROM 's3://lake/r.orc' \(Self.role) FORMAT AS ORC")
    #expect(
      try await session.run("SELECT * FROM r ORDER BY i") == [
        "1|ada|2026-01-02|1.50|[\"x\",\"y\"]", "2|grace|NULL|-20.25|[]",
      ])
    #expect(await session.failure("COPY t FROM 's3://lake/r.orc' \(Self.role) ORC") == "XX000")
  }
}
