import Engine
import Foundation
import Kernel
import Lake
import LakeFiles
import LakeTesting
import SQL
import Testing

/// Tables of each SerDe, read by a real engine over a lake in memory.
@Suite struct TableScanTests {
  static let parquet = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
  static let openX = "org.openx.data.jsonserde.JsonSerDe"
  static let hiveJSON = "org.apache.hive.hcatalog.data.JsonSerDe"
  static let lazy = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
  static let openCSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
  static let regex = "org.apache.hadoop.hive.serde2.RegexSerDe"

  let lake = MemoryLake()
  let engine: LakeEngine

  init() {
    engine = LakeEngine(
      options: .init(
        memoryBytes: 256 << 20, threads: 2, temporaryFolder: NSTemporaryDirectory() + "tarn-lake-\(UUID().uuidString)"),
      files: lake, functions: EngineFunctions(), clock: SystemClock())
  }

  private func session() -> EngineSession {
    engine.session(
      for: RequestContext(
        requestID: "test", scope: Scope(account: .standard, region: .usEast1), principal: .root(of: .standard),
        time: Timestamp(seconds: 0), authorizer: OpenAuthorizer()))
  }

  private func write(_ sql: String) async throws {
    let session = session()
    try await session.execute(sql)
    try await session.commitWrites()
  }

  private func scan(
    _ serde: String, _ columns: [(String, String)], keys: [(String, String)] = [], parameters: [String: String] = [:],
    table: [String: String] = [:]
  ) throws -> TableScan {
    TableScan(
      columns: try columns.map { .init($0.0, try HiveType.parse($0.1)) },
      partitionColumns: try keys.map { .init($0.0, try HiveType.parse($0.1)) }, serde: serde,
      serdeParameters: parameters, inputFormat: "", tableParameters: table)
  }

  private func partition(_ values: [String?] = [], _ paths: String...) throws -> TableScan.Partition {
    TableScan.Partition(
      values: values, files: try paths.map { .init(path: try #require(LakePath($0)), bytes: 1) })
  }

  /// The rows as text, each value by DuckDB's own cast.
  private func rows(
    _ scan: TableScan, _ wanted: [String], _ partitions: [TableScan.Partition], where condition: String = "true"
  ) async throws -> [[String?]] {
    let relation = try scan.relation(columns: wanted, partitions: partitions)
    let casts = wanted.map { "CAST(\(DuckDBText.identifier($0)) AS VARCHAR)" }
    let items = casts.isEmpty ? "'a row'" : casts.joined(separator: ", ")
    var rows: [[String?]] = []
    for try await chunk in try await session().run("SELECT \(items) FROM \(relation) AS t WHERE \(condition)") {
      for row in 0..<chunk.rows {
        rows.append(chunk.columns.map { if case .string(let text) = $0[row] { text } else { nil } })
      }
    }
    return rows
  }

  private func text(_ path: String, _ lines: String...) {
    lake[path] = Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  // MARK: Parquet

  @Test func parquetGoesByName() async throws {
    try await write("COPY (SELECT 1 AS \"Id\", 'a' AS name, 9 AS extra) TO 's3://l/t/a.parquet' (FORMAT parquet)")
    try await write("COPY (SELECT 'b' AS name, 2::BIGINT AS id, 1.5 AS amt) TO 's3://l/t/b.parquet' (FORMAT parquet)")
    let table = try scan(Self.parquet, [("id", "int"), ("name", "string"), ("amt", "double"), ("none", "date")])
    let files = try partition([], "s3://l/t/a.parquet", "s3://l/t/b.parquet")
    #expect(
      try await rows(table, ["id", "name", "amt", "none"], [files]) == [
        ["1", "a", nil, nil], ["2", "b", "1.5", nil],
      ])
    #expect(try await rows(table, ["none"], [files]) == [[nil], [nil]])
    #expect(try await rows(table, ["$path", "id"], [files], where: "id = 2") == [["s3://l/t/b.parquet", "2"]])
    #expect(try await rows(table, [], [files]).count == 2)
    #expect(try await rows(table, ["id"], []).isEmpty)
  }

  @Test func partitionValuesAreTypedConstants() async throws {
    for day in 1...3 { try await write("COPY (SELECT \(day) AS id) TO 's3://l/p/\(day).parquet' (FORMAT parquet)") }
    let table = try scan(Self.parquet, [("id", "int")], keys: [("day", "date"), ("n", "int")])
    let parts = [
      try partition(["2026-01-01", "01"], "s3://l/p/1.parquet"),
      try partition(["2026-01-02", "2"], "s3://l/p/2.parquet"),
      try partition([nil, "3"], "s3://l/p/3.parquet"),
    ]
    #expect(
      try await rows(table, ["id", "day", "n"], parts) == [
        ["1", "2026-01-01", "1"], ["2", "2026-01-02", "2"], ["3", nil, "3"],
      ])
    _ = lake.takeReads()
    #expect(try await rows(table, ["id"], parts).count == 3)
    #expect(try await rows(table, ["id", "day"], parts, where: "day = DATE '2026-01-02'") == [["2", "2026-01-02"]])
    #expect(try await rows(table, ["n"], [parts[1]]) == [["2"]])
    #expect(throws: TableScan.Unreadable.self) {
      _ = try table.relation(columns: ["n"], partitions: [try partition(["x", "y"], "s3://l/p/1.parquet")])
    }
  }

  // MARK: JSON

  @Test func openXJSONIsLenient() async throws {
    text(
      "s3://l/j/a.json", #"{"eventId":"a","Amount":1.5,"tags":["x","y"],"inner":{"Deep":1},"n":"7"}"#, "",
      #"{"eventid":{"k":1},"amount":"2","n":"x","note":"tab\there é","extra":[1]}"#, #"{"note":null}"#)
    let table = try scan(
      Self.openX,
      [
        ("eventid", "string"), ("amount", "double"), ("n", "int"), ("note", "string"), ("tags", "array<string>"),
        ("inner", "struct<deep:int,none:string>"),
      ])
    #expect(
      try await rows(
        table, ["eventid", "amount", "n", "note", "tags", "inner"], [try partition([], "s3://l/j/a.json")]) == [
          ["a", "1.5", "7", nil, "[x, y]", "{'deep': 1, 'none': NULL}"],
          [#"{"k":1}"#, "2.0", nil, "tab\there é", nil, nil], [nil, nil, nil, nil, nil, nil],
        ])
  }

  @Test func openXJSONHasOptions() async throws {
    text("s3://l/j/o.json", #"{"a.b":1,"Key":2}"#, "no json", #"{"a.b":3}"#)
    let columns = [("a_b", "int"), ("k", "int")]
    let file = try partition([], "s3://l/j/o.json")
    let lenient = try scan(
      Self.openX, columns,
      parameters: ["dots.in.keys": "true", "mapping.k": "Key", "ignore.malformed.json": "TRUE"])
    #expect(try await rows(lenient, ["a_b", "k"], [file]) == [["1", "2"], [nil, nil], ["3", nil]])
    let strict = try scan(Self.openX, columns)
    await #expect {
      _ = try await rows(strict, ["k"], [file])
    } throws: {
      "\($0)".contains("HIVE_CURSOR_ERROR: Row is not a valid JSON Object")
    }
    let exact = try scan(
      Self.openX, columns,
      parameters: ["case.insensitive": "false", "mapping.k": "Key", "ignore.malformed.json": "true"])
    #expect(try await rows(exact, ["k"], [file]) == [["2"], [nil], [nil]])
  }

  @Test func hiveJSONIsStrict() async throws {
    text("s3://l/j/h.json", #"{"N":1}"#, #"{"n":"x"}"#)
    let table = try scan(Self.hiveJSON, [("n", "int")])
    await #expect {
      _ = try await rows(table, ["n"], [try partition([], "s3://l/j/h.json")])
    } throws: {
      "\($0)".contains("HIVE_BAD_DATA")
    }
  }

  @Test(arguments: [
    #"{"#, #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":"x"#, #"{"a":"\"#, #"{"a":"\u12"}"#, #"{"a":-}"#, #"{"a":tru}"#,
    "[1]",
    #"{"a":[1,]}"#, #"{a:1}"#, "\"\"", "null", #"{"a":1,}"#,
  ]) func brokenLinesBreakNothing(line: String) async throws {
    text("s3://l/j/b.json", line, #"{"a":"ok"}"#, #"{"x":"# + String(repeating: "[", count: 100_000) + "}")
    let table = try scan(Self.openX, [("a", "string")], parameters: ["ignore.malformed.json": "true"])
    #expect(try await rows(table, ["a"], [try partition([], "s3://l/j/b.json")]) == [[nil], ["ok"], [nil]])
  }

  // MARK: Delimited text

  @Test func lazyTextKnowsNoQuotes() async throws {
    text(
      "s3://l/c/a.csv", "id,name,amount", #"1,"a,2.5"#, "2", "3,b,x,more", #"\N,c\,d,4"#)
    let table = try scan(
      Self.lazy, [("id", "int"), ("name", "string"), ("amount", "double")],
      parameters: ["field.delim": ",", "escape.delim": "\\"], table: ["skip.header.line.count": "1"])
    #expect(
      try await rows(table, ["id", "name", "amount"], [try partition([], "s3://l/c/a.csv")]) == [
        ["1", "\"a", "2.5"], ["2", nil, nil], ["3", "b", nil], [nil, "c,d", "4.0"],
      ])
  }

  @Test func lazyTextHasCollections() async throws {
    text("s3://l/c/n.txt", "1\u{1}x\u{2}y\u{1}k\u{3}1\u{2}l\u{3}2\u{1}5\u{2}z")
    let table = try scan(
      Self.lazy,
      [("id", "int"), ("list", "array<string>"), ("pairs", "map<string,int>"), ("both", "struct<a:int,b:string>")])
    #expect(
      try await rows(table, ["list", "pairs", "both"], [try partition([], "s3://l/c/n.txt")]) == [
        ["[x, y]", "{k=1, l=2}", "{'a': 5, 'b': z}"]
      ])
  }

  @Test func openCSVReadsQuotes() async throws {
    text("s3://l/c/q.csv", #""1","a ""b"" c","2","#, #"3,"x,\"y\"",4,5"#)
    let table = try scan(Self.openCSV, [("id", "int"), ("name", "string"), ("n", "bigint"), ("more", "string")])
    let file = try partition([], "s3://l/c/q.csv")
    #expect(
      try await rows(table, ["id", "name", "n", "more"], [file]) == [
        ["1", #"a "b" c"#, "2", ""], ["3", #"x,"y""#, "4", "5"],
      ])
    let typed = try scan(Self.openCSV, [("id", "date"), ("name", "int")])
    #expect(try await rows(typed, ["id"], [file]) == [["1970-01-02"], ["1970-01-04"]])
    await #expect {
      _ = try await rows(typed, ["name"], [file])
    } throws: {
      "\($0)".contains("HIVE_BAD_DATA: Error parsing field value for field 1")
    }
  }

  @Test func regexGroupsAreColumns() async throws {
    text("s3://l/r/a.log", "#Version: 1.0", "GET 200 0.5", "GET two x y", "PUT 404 ", "", "get 1 2 3 no match")
    let columns = [("method", "string"), ("status", "int"), ("seconds", "double"), ("more", "string")]
    let file = try partition([], "s3://l/r/a.log")
    let wanted = ["method", "status", "seconds", "more"]
    let table = try scan(
      Self.regex, columns, parameters: ["input.regex": #"^(?!#)([A-Z]+)\s+(\w+) (\S*|x y)$"#],
      table: ["skip.header.line.count": "1"])
    #expect(
      try await rows(table, wanted, [file]) == [
        ["GET", "200", "0.5", nil], ["GET", nil, nil, nil], ["PUT", "404", nil, nil], [nil, nil, nil, nil],
        [nil, nil, nil, nil],
      ])
    let folding = try scan(
      Self.regex, columns,
      parameters: ["input.regex": #"(g)?(?:.*)( \d).*"#, "input.regex.case.insensitive": "true"])
    #expect(
      try await rows(folding, ["method"], [file], where: "method IS NOT NULL") == [["G"], ["g"]])
  }

  @Test(arguments: ["(", "(a+)+b"]) func patternsThatCannotBeUsedEndTheQuery(pattern: String) async throws {
    text("s3://l/r/b.log", String(repeating: "a", count: 60))
    let table = try scan(Self.regex, [("a", "string")], parameters: ["input.regex": pattern])
    await #expect {
      _ = try await rows(table, ["a"], [try partition([], "s3://l/r/b.log")])
    } throws: {
      "\($0)".contains("egular expression")
    }
    #expect(throws: TableScan.Unreadable.self) {
      _ = try scan(Self.regex, [("a", "string")]).relation(
        columns: ["a"], partitions: [try partition([], "s3://l/r/b.log")])
    }
    #expect(throws: TableScan.Unreadable.self) {
      _ = try scan(Self.regex, [("a", "array<int>")], parameters: ["input.regex": "(.*)"]).relation(
        columns: ["a"], partitions: [try partition([], "s3://l/r/b.log")])
    }
  }

  @Test func whatCannotBeReadIsRefused() throws {
    let file = try partition([], "s3://l/c/a.lz4")
    #expect(throws: TableScan.Unreadable.self) {
      _ = try scan(Self.lazy, [("a", "int")]).relation(columns: ["a"], partitions: [file])
    }
    #expect(throws: TableScan.Unreadable.self) {
      _ = try scan("com.amazonaws.glue.serde.GrokSerDe", [("a", "int")]).relation(columns: ["a"], partitions: [file])
    }
  }
}
