import Firehose
import Kernel
import NIOCore
import SQL
import Testing

@Suite struct DeserializerTests {
  func laidOut(_ record: String, _ deserializer: JSONDeserializer = JSONDeserializer(kind: .openX)) -> String? {
    var lines = ObjectLines(deserializer)
    var out = ByteBuffer()
    lines.add(ByteBuffer(string: record), to: &out)
    return lines.isSuspicious ? nil : String(buffer: out)
  }

  @Test func objectsComeOneALine() {
    #expect(laidOut(#"{"a":1}"#) == "{\"a\":1}\n")
    #expect(laidOut("{\"a\":1}\n") == "{\"a\":1}\n")
    #expect(laidOut(#"{"a":1}{"a":2} {"a":{"b":[1,{}]}}"#) == "{\"a\":1}\n{\"a\":2}\n{\"a\":{\"b\":[1,{}]}}\n")
    #expect(laidOut("{\n  \"a\": \"x}{\\\"\"\n}") == "{   \"a\": \"x}{\\\"\" }\n")
  }

  @Test func keysAreFolded() {
    #expect(laidOut(#"{"EventId":"AbC","In":{"Ner":1}}"#) == "{\"eventid\":\"AbC\",\"in\":{\"ner\":1}}\n")
    #expect(laidOut(#"{"A.b" : 1}"#) == "{\"a.b\" : 1}\n")
    let dots = JSONDeserializer(kind: .openX, caseInsensitive: false, dotsToUnderscores: true)
    #expect(laidOut(#"{"A.b":"c.d"}"#, dots) == "{\"A_b\":\"c.d\"}\n")
  }

  @Test(arguments: ["", " ", "[1]", "x", "{", "{\"a", "{\"a\":1}x", "{\"a\u{1}\":1}", "{\"\\u0041\":1}", "{\"ä\":1}"])
  func whatIsNotPlainIsLeftToTheSlowWay(record: String) { #expect(laidOut(record) == nil) }

  func rows(
    _ record: String, _ columns: [(String, String)], _ deserializer: JSONDeserializer = JSONDeserializer(kind: .openX)
  ) throws -> String {
    let shape = try RowShape(columns.map { (name: $0.0, type: $0.1) }, deserializer)
    return String(decoding: try shape.lines(of: Array(record.utf8)), as: UTF8.self)
  }

  @Test func valuesTakeTheirColumnsType() throws {
    #expect(
      try rows(#"{"A":"12","b":3.5,"c":true,"x":9}"#, [("a", "int"), ("b", "string"), ("c", "boolean")])
        == "{\"a\":12,\"b\":\"3.5\",\"c\":true}\n")
    #expect(try rows(#"{"a":12.0}"#, [("a", "bigint")]) == "{\"a\":12}\n")
    #expect(try rows(#"{"a":{"k":[1,2]}}"#, [("a", "string")]) == "{\"a\":\"{\\\"k\\\":[1,2]}\"}\n")
    #expect(try rows(#"{"a":[1,"2"]}"#, [("a", "array<int>")]) == "{\"a\":[1,2]}\n")
    #expect(
      try rows(#"{"a":{"B":1,"z":2}}"#, [("a", "struct<b:int,c:string>")]) == "{\"a\":{\"b\":1}}\n")
    #expect(try rows(#"{"a":null}{}"#, [("a", "int")]) == "{\"a\":null}\n{}\n")
    #expect(try rows(#"{"d":"12.345"}"#, [("d", "decimal(10,2)")]) == "{\"d\":\"12.345\"}\n")
  }

  @Test(arguments: [
    (#"{"a":"x"}"#, "int"), (#"{"a":3000000000}"#, "int"), (#"{"a":"x"}"#, "double"), (#"{"a":1}"#, "boolean"),
    (#"{"a":1}"#, "array<int>"), (#"{"a":"yesterday"}"#, "timestamp"), (#"{"a":"2026-02-30 00:00:00"}"#, "timestamp"),
    (#"{"a":123}"#, "decimal(4,2)"), ("[1]", "int"),
  ])
  func valuesThatDoNotFit(record: String, type: String) {
    #expect(throws: RowShape.Mismatch.self) { try rows(record, [("a", type)]) }
  }

  @Test(arguments: ["", "{", "{\"a\":}", "{\"a\":01}", "{'a':1}", "{\"a\":1,}", "nul", "{\"a\":\"\\x\"}"])
  func whatIsNoJSON(record: String) {
    #expect(throws: RowShape.Unreadable.self) { try rows(record, [("a", "string")]) }
  }

  @Test func deepNestingIsRefusedAndHarmless() {
    #expect(throws: RowShape.Unreadable.self) {
      try rows(String(repeating: "[", count: 1_000_000), [("a", "string")])
    }
  }

  @Test(arguments: [
    (#""2026-05-19 12:00:00""#, "2026-05-19 12:00:00.000000"),
    (#""2017-02-07T15:13:01.39256Z""#, "2017-02-07 15:13:01.392560"),
    (#""2026-5-9 1:02:03.5""#, "2026-05-09 01:02:03.500000"), ("1518033528", "2018-02-07 19:58:48.000000"),
    ("1518033528123", "2018-02-07 19:58:48.123000"), ("1518033528.5", "2018-02-07 19:58:48.500000"),
    (#""1518033528""#, "2018-02-07 19:58:48.000000"), (#""2026-05-19T12:00:00+02:00""#, "2026-05-19 10:00:00.000000"),
    (#""2026-05-19""#, "2026-05-19 00:00:00.000000"),
  ])
  func timestampsOfEveryForm(value: String, text: String) throws {
    #expect(try rows("{\"t\":\(value)}", [("t", "timestamp")]) == "{\"t\":\"\(text)\"}\n")
  }

  @Test(arguments: [
    ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2017-04-07T15:04:05.123+0200", "2017-04-07 13:04:05.123000"),
    ("EEE, dd MMM yyyy hh:mm:ss a", "Fri, 07 Apr 2017 03:04:05 PM", "2017-04-07 15:04:05.000000"),
    ("yyyyMMddHHmmss", "20170407150405", "2017-04-07 15:04:05.000000"),
    ("millis", "1491577445123", "2017-04-07 15:04:05.123000"),
  ])
  func hivesPatterns(pattern: String, value: String, text: String) throws {
    let hive = JSONDeserializer(kind: .hive, timestampFormats: ["dd/MM/yyyy", pattern])
    #expect(try rows("{\"T\":\"\(value)\"}", [("t", "timestamp")], hive) == "{\"t\":\"\(text)\"}\n")
  }

  @Test func columnsMayHaveOtherKeys() throws {
    let mapped = JSONDeserializer(kind: .openX, keyOfColumn: ["ts": "timestamp"])
    #expect(try rows(#"{"Timestamp":"x"}"#, [("ts", "string")], mapped) == "{\"timestamp\":\"x\"}\n")
    let shape = try RowShape([(name: "ts", type: "string")], mapped)
    #expect(shape.select(from: "f", longestLine: 9).contains("\"timestamp\" AS \"ts\""))
  }
}
