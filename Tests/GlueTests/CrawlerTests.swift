import Glue
import Lake
import SQL
import Testing

@Suite struct CrawlerTests {
  @Test(arguments: [
    ("**/*.tmp", "a.tmp", true), ("**/*.tmp", "x/y/a.tmp", true), ("*.tmp", "x/a.tmp", false),
    ("*.{csv,tsv}", "a.tsv", true), ("*.{csv,tsv}", "a.txt", false), ("logs/**", "logs/a/b", true),
    ("logs/*", "logs/a/b", false), ("f?.[a-c]", "f1.b", true), ("f?.[!a-c]", "f1.b", false),
  ])
  func `exclusions are globs`(pattern: String, path: String, matches: Bool) {
    #expect(Exclusion(pattern).matches(path) == matches)
  }

  @Test func `a pattern of stars does not take for ever`() {
    #expect(!Exclusion(String(repeating: "**a", count: 20)).matches(String(repeating: "a", count: 60) + "b"))
  }

  @Test func `types widen and text wins`() {
    #expect(HiveType.int.merged(with: .double) == .double)
    #expect(HiveType.smallint.merged(with: .bigint) == .bigint)
    #expect(HiveType.int.merged(with: .string) == .string)
    #expect(HiveType.boolean.merged(with: .int) == .string)
    #expect(HiveType.date.merged(with: .timestamp) == .timestamp)
    #expect(
      HiveType.decimal(precision: 10, scale: 2).merged(with: .decimal(precision: 8, scale: 4))
        == .decimal(precision: 12, scale: 4))
    let other = HiveType.structure([.init("A", .double), .init("b", .date)])
    let merged = HiveType.structure([.init("a", .int)]).merged(with: other)
    #expect(merged.description == "struct<a:double,b:date>")
    #expect(HiveType.array(.unseen).settled == .array(.string))
  }

  @Test func `a header differs from what is below`() throws {
    func header(_ lines: [Substring]) -> Bool? {
      DelimitedText(lines, delimiter: ",", quote: "\"").map(\.hasHeader)
    }
    #expect(header(["id,name", "1,a"]) == true)
    #expect(header(["id,name", "x,a"]) == false)
    #expect(header(["1,name", "2,a"]) == false)
    #expect(header(["id,id", "2,a"]) == false)
    #expect(header(["id,name", "2"]) == nil)
    let quoted = try #require(DelimitedText(["a,\"b, \"\"c\"\"\""], delimiter: ",", quote: "\""))
    #expect(quoted.rows == [["a", "b, \"c\""]] && quoted.isQuoted)
  }

  @Test func `documents keep the order of their members`() throws {
    var sample = JSONSample(Array(#"{"z": 1, "a": [{"q": null}, {"q": 1.5}], "e\u0041": {}}"#.utf8))
    #expect(try sample.document().settled.description == "struct<z:int,a:array<struct<q:double>>,eA:string>")
    var cut = JSONSample(Array(#"{"z": 1, "a": "#.utf8))
    #expect(throws: JSONSample.Malformed.self) { try cut.document() }
  }

  @Test(arguments: [
    (
      #"10.0.0.1 - - [22/Nov/2026:06:00:00 +0000] "GET /a HTTP/1.1" 200 12 "http://x/" "curl/8""#, "combined_apache",
      "clientip,ident,auth,timestamp,verb,request,httpversion,rawrequest,response,bytes,referrer,agent"
    ),
    (
      #"example.com - bob [22/Nov/2026:06:00:00 +0000] "GET /a HTTP/1.1" 304 -"#, "apache",
      "clientip,ident,auth,timestamp,verb,request,httpversion,rawrequest,response,bytes"
    ),
    ("Nov  2 06:00:00 host kernel: [   12.345678] eth0: up", "linux_kernel", "timestamp,host,uptime,message"),
    ("Nov 22 06:00:00 host kernel: eth0: up", "linux_kernel", "timestamp,host,uptime,message"),
    (
      "2026-11-22 06:00:00 10.0.0.5 GET /index.html a=1 80 - 10.0.0.1 Mozilla/5.0+(Windows) - 200 0 0 15",
      "microsoft_log",
      "date,time,s_ip,cs_method,cs_uri_stem,cs_uri_query,s_port,cs_username,c_ip,cs_user_agent,cs_referer,sc_status,"
        + "sc_substatus,sc_win32_status,time_taken"
    ),
    (
      "I, [2026-11-22T06:00:00.123456 #1234]  INFO -- worker: done: 1", "ruby_logger",
      "timestamp,pid,loglevel,progname,message"
    ),
    ("W, [2026-11-22T06:00:00.123456 #1]  WARN -- : late", "ruby_logger", "timestamp,pid,loglevel,progname,message"),
    (
      "1763791200.123     45 10.0.0.1 TCP_MISS/200 1234 GET http://x/a - HIER_DIRECT/10.0.0.2 text/html", "squid",
      "timestamp,duration,client_address,cache_result,status_code,bytes,request_method,url,user,hierarchy_code,server,"
        + "content_type"
    ),
    (#"1763791200.123456 [0 127.0.0.1:5000] "SET" "a" "1""#, "redismonlog", "timestamp,database,client,command,params"),
    (
      "4018:M 22 Nov 2026 06:00:00.119 * Background saving terminated", "redislog",
      "pid,role,monthday,month,year,time,message"
    ),
    ("[4018] 22 Nov 06:00:00.119 # Warning", "redislog", "pid,role,monthday,month,year,time,message"),
  ])
  func `logs are known by their lines`(line: String, classification: String, columns: String) throws {
    let found = try #require(LogClassifier.schema(of: ["#Software: x", line[...]]))
    #expect(found.format.classification == classification)
    #expect(found.columns.map(\.name).joined(separator: ",") == columns)
  }

  @Test(arguments: [
    "", "#", "a,b,c", "2026-11-22,06:00:00,x/y", "[1] \"a\" b", "I, [x] -- y", "1.5 [x] \"y\"", "12:34 5 6",
    " kernel: ", "2026-11-22T06:00:00 INFO server started on http://x:80/",
  ])
  func `other lines are no logs`(line: String) {
    #expect(LogClassifier.schema(of: [line[...]]) == nil)
  }

  @Test func `nonsense is no document and ends nothing`() {
    for text in ["{", "{\"", "[[[[[", "{\"a\":}", "nul", "-", "{\"a\":1,,}", "\"\\", "{\"a\\"] {
      var sample = JSONSample(Array(text.utf8))
      #expect(throws: JSONSample.Malformed.self, "\(text)") { try sample.document() }
    }
  }

  @Test func `paths lead into documents`() throws {
    let document = HiveType.structure([.init("records", .array(.structure([.init("x", .int)])))])
    #expect(JSONPath("$.records[*]")?.type(in: document) == .structure([.init("x", .int)]))
    #expect(JSONPath("$['records'][0].x")?.type(in: document) == .int)
    #expect(JSONPath("$.other")?.type(in: document) == nil)
    #expect(JSONPath("records") == nil && JSONPath("$.") == nil && JSONPath("$[") == nil)
  }

  @Test func `grok patterns name fields and their types`() throws {
    let grok = try GrokPattern("%{IP:client} %{WORD:verb} %{NUMBER:took:double} %{MINE:own}", custom: "MINE x+")
    #expect(grok.fields.map(\.name) == ["client", "verb", "took", "own"])
    #expect(grok.fields.map(\.type) == [.string, .string, .double, .string])
    #expect(grok.matches("10.0.0.1 GET 0.5 xx") && !grok.matches("10.0.0.1 GET fast xx"))
    #expect(try GrokPattern("(a|b) %{MINE:own}", custom: "MINE (x|(?<n>y))+").expression == "(?:a|b) ((?:x|(?:y))+)")
    #expect(throws: GrokPattern.Invalid.self) { try GrokPattern("%{LOOP:a}", custom: "LOOP %{LOOP}") }
    #expect(throws: GrokPattern.Invalid.self) { try GrokPattern("%{NOBODY:a}", custom: nil) }
  }

  // MARK: Folders

  private func tables(
    _ keys: [String: [String]], _ rules: GroupingRules = GroupingRules()
  ) throws -> [String: [String]] {
    var tree = FolderTree(bucket: "b", root: "r/", rules: rules)
    for key in keys.keys.sorted() {
      _ = try tree.enter("r/" + key)
      let columns = (keys[key] ?? []).map { CrawledColumn($0, .int) }
      let schema = FileSchema(format: FileFormat(classification: "json", rows: .json(path: nil)), columns: columns)
      try tree.add("r/" + key, schema, FileCounts(objects: 1, bytes: 10, records: 1))
    }
    return Dictionary(uniqueKeysWithValues: try tree.finish().map { ($0.key, $0.partitionNames) })
  }

  @Test func `folders that are alike are partitions`() throws {
    #expect(try tables(["y=1/m=1/f": ["a", "b"], "y=1/m=2/f": ["a", "b"]]) == ["r/": ["y", "m"]])
    #expect(try tables(["2026/01/f": ["a"], "2026/02/f": ["a"]]) == ["r/": ["partition_0", "partition_1"]])
    #expect(try tables(["y=1/data/f": ["a"]]) == ["r/": ["y", "partition_1"]])
  }

  @Test func `folders that differ are tables`() throws {
    #expect(try tables(["one/f": ["a", "b"], "two/f": ["c", "d"]]) == ["r/one/": [], "r/two/": []])
    #expect(try tables(["one/dt=1/f": ["a"], "one/dt=2/f": ["a"], "two/f": ["z"]]) == ["r/one/": ["dt"], "r/two/": []])
    #expect(try tables(["only/f": ["a"]]) == ["r/only/": []])
    #expect(try tables(["f": ["a"], "g": ["z"]]) == ["r/f": [], "r/g": []])
  }

  @Test func `rules bring folders together`() throws {
    let files = ["one/f": ["a", "b"], "two/f": ["c", "d"]]
    #expect(try tables(files, GroupingRules(combinesCompatible: true)) == ["r/": ["partition_0"]])
    #expect(try tables(files, GroupingRules(tableLevel: 2)) == ["r/": ["partition_0"]])
    #expect(try tables(files, GroupingRules(tableLevel: 3)) == ["r/one/": [], "r/two/": []])
    #expect(try tables(["s/dt=2/f": ["a"]], GroupingRules(knownRoots: ["r/s/"])) == ["r/s/": ["dt"]])
  }
}
