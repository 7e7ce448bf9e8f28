import Engine
import Testing

@Suite struct TypeTests {
  @Test(arguments: [
    ("true", EngineType.boolean, EngineValue.bool(true)),
    ("(-5)::TINYINT", .tinyInt, .int(-5)),
    ("(-500)::SMALLINT", .smallInt, .int(-500)),
    ("70000", .integer, .int(70_000)),
    ("9223372036854775807", .bigInt, .int(.max)),
    ("255::UTINYINT", .unsignedTinyInt, .uint(255)),
    ("18446744073709551615::UBIGINT", .unsignedBigInt, .uint(.max)),
    ("(-170141183460469231731687303715884105728)::HUGEINT", .hugeInt, .hugeInt(.min)),
    ("340282366920938463463374607431768211455::UHUGEINT", .unsignedHugeInt, .unsignedHugeInt(.max)),
    ("1.25::DECIMAL(4,2)", .decimal(width: 4, scale: 2), .decimal(125, scale: 2)),
    ("(-1.25)::DECIMAL(9,2)", .decimal(width: 9, scale: 2), .decimal(-125, scale: 2)),
    ("1.25::DECIMAL(18,2)", .decimal(width: 18, scale: 2), .decimal(125, scale: 2)),
    ("1.25::DECIMAL(38,2)", .decimal(width: 38, scale: 2), .decimal(125, scale: 2)),
    ("1.5::FLOAT", .float, .float(1.5)),
    ("1.5::DOUBLE", .double, .double(1.5)),
    ("'short'", .varchar, .string("short")),
    ("'twelve bytes'", .varchar, .string("twelve bytes")),
    ("'thirteen byte'", .varchar, .string("thirteen byte")),
    ("''", .varchar, .string("")),
    ("'{\"a\": 1}'::JSON", .json, .string("{\"a\": 1}")),
    ("'\\x00\\xFF'::BLOB", .blob, .bytes([0, 255])),
    ("DATE '1969-12-31'", .date, .date(-1)),
    ("TIME '00:00:01.5'", .time, .time(1_500_000)),
    ("TIMETZ '12:00:00+02'", .timeTZ, .timeTZ(43_200_000_000, offsetSeconds: 7_200)),
    ("TIMESTAMP_S '1970-01-01 00:00:01'", .timestampSeconds, .timestamp(1_000_000)),
    ("TIMESTAMP_MS '1970-01-01 00:00:01.001'", .timestampMilliseconds, .timestamp(1_001_000)),
    ("TIMESTAMP '1970-01-01 00:00:01.000001'", .timestamp, .timestamp(1_000_001)),
    ("TIMESTAMP_NS '1970-01-01 00:00:01.000000001'", .timestampNanoseconds, .timestampNS(1_000_000_001)),
    ("TIMESTAMPTZ '1970-01-01 02:00:00+02'", .timestampTZ, .timestampTZ(0)),
    ("INTERVAL '14 months 3 days 4 seconds'", .interval, .interval(months: 14, days: 3, microseconds: 4_000_000)),
    ("UUID '00000000-0000-0000-0000-0000000000ff'", .uuid, .uuid(255)),
    ("'b'::ENUM('a', 'b')", .enumeration(["a", "b"]), .string("b")),
    ("[1, NULL, 3]", .list(.integer), .list([.int(1), .null, .int(3)])),
    ("[[1], [], NULL]", .list(.list(.integer)), .list([.list([.int(1)]), .list([]), .null])),
    ("[1, 2]::INTEGER[2]", .array(.integer, size: 2), .list([.int(1), .int(2)])),
    (
      "{a: 1, b: ['x']}",
      .structure([EngineType.Field("a", .integer), EngineType.Field("b", .list(.varchar))]),
      .structure([EngineValue.Member("a", .int(1)), EngineValue.Member("b", .list([.string("x")]))])
    ),
    (
      "MAP {'k': 1, 'l': NULL}", .map(key: .varchar, value: .integer),
      .map([
        EngineValue.Entry(key: .string("k"), value: .int(1)), EngineValue.Entry(key: .string("l"), value: .null),
      ])
    ),
    (
      "union_value(n := 3)::UNION(n INTEGER, s VARCHAR)",
      .union([EngineType.Field("n", .integer), EngineType.Field("s", .varchar)]), .int(3)
    ),
    ("NULL::DATE", .date, .null),
  ])
  func valuesComeOutAsTheyAre(_ sql: String, _ type: EngineType, _ value: EngineValue) async throws {
    let fixture = Fixture()
    let result = try await fixture.session().run("SELECT \(sql) AS v")
    #expect(result.columns.map(\.type) == [type])
    #expect(try await fixture.rows(of: result) == [[value]])
  }

  @Test func nestedValuesOfManyRowsAreFoundInTheirPlaces() async throws {
    let fixture = Fixture()
    let rows = try await fixture.rows(
      """
      SELECT i, range(i % 4), {n: i, l: [{s: 'row ' || i || ' of many'}]}, list_filter([i, 1, 2], x -> x > 1)
      FROM range(5000) t(i) ORDER BY i
      """)
    for (index, row) in rows.enumerated() {
      let number = Int64(index)
      #expect(
        row == [
          .int(number), .list((0..<number % 4).map { .int($0) }),
          .structure([
            EngineValue.Member("n", .int(number)),
            EngineValue.Member(
              "l", .list([.structure([EngineValue.Member("s", .string("row \(index) of many"))])])),
          ]),
          .list([number, 1, 2].filter { $0 > 1 }.map { .int($0) }),
        ])
    }
    #expect(rows.count == 5000)
  }

  @Test func typesSurviveParquet() async throws {
    let fixture = Fixture()
    let select =
      """
      SELECT 1::TINYINT a, 2::BIGINT b, 1.5::DECIMAL(10,2) c, DATE '2024-02-29' d,
        TIMESTAMP '2024-02-29 01:02:03.004' e, 'x' f, '\\x01'::BLOB g, [1, 2] h,
        MAP {'k': 1.0::DOUBLE} i, {p: {q: true}} j, NULL::VARCHAR k
      """
    try await fixture.write("COPY (\(select)) TO 's3://lake/types.parquet' (FORMAT parquet)")
    let kept = try await fixture.rows("SELECT * FROM 's3://lake/types.parquet'")
    #expect(kept == (try await fixture.rows(select)))
  }
}
