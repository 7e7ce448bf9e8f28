import Kernel
import Lambda
import NIOCore
import Testing

/// The language of filters, by the examples of Lambda's developer guide and their opposites.
@Suite struct EventPatternTests {
  @Test(arguments: [
    (#"{"a":["x"]}"#, #"{"a":"x"}"#, true), (#"{"a":["x"]}"#, #"{"a":"y"}"#, false), (#"{"a":["x"]}"#, "{}", false),
    (#"{"a":["x","y"]}"#, #"{"a":"y"}"#, true), (#"{"a":[""]}"#, #"{"a":""}"#, true),
    (#"{"a":[null]}"#, #"{"a":null}"#, true), (#"{"a":[null]}"#, "{}", false), (#"{"a":[5]}"#, #"{"a":5.0}"#, true),
    (#"{"a":[5]}"#, #"{"a":"5"}"#, false), (#"{"a":[true]}"#, #"{"a":true}"#, true),
    (#"{"a":["x"],"b":["y"]}"#, #"{"a":"x","b":"z"}"#, false), (#"{"a":{"b":["x"]}}"#, #"{"a":{"b":"x"}}"#, true),
    (#"{"a":{"b":["x"]}}"#, #"{"a":[{"b":"w"},{"b":"x"}]}"#, true), (#"{"a":["x"]}"#, #"{"a":["w","x"]}"#, true),
    (#"{"$or":[{"a":["x"]},{"b":["y"]}]}"#, #"{"b":"y"}"#, true),
    (#"{"$or":[{"a":["x"]},{"b":["y"]}],"c":[1]}"#, #"{"b":"y"}"#, false),
    (#"{"a":[{"anything-but":["x"]}]}"#, #"{"a":"y"}"#, true),
    (#"{"a":[{"anything-but":["x"]}]}"#, #"{"a":"x"}"#, false),
    (#"{"a":[{"anything-but":"x"}]}"#, "{}", false),
    (#"{"a":[{"anything-but":{"prefix":"x"}}]}"#, #"{"a":"xy"}"#, false),
    (#"{"a":[{"numeric":["=",100]}]}"#, #"{"a":1e2}"#, true),
    (#"{"a":[{"numeric":[">",10,"<=",20]}]}"#, #"{"a":20}"#, true),
    (#"{"a":[{"numeric":[">",10,"<=",20]}]}"#, #"{"a":10}"#, false),
    (#"{"a":[{"exists":true}]}"#, #"{"a":0}"#, true), (#"{"a":[{"exists":false}]}"#, #"{"b":0}"#, true),
    (#"{"a":[{"exists":false}]}"#, #"{"a":null}"#, false), (#"{"a":{"b":[{"exists":false}]}}"#, "{}", true),
    (#"{"a":[{"prefix":"us-"}]}"#, #"{"a":"us-east-1"}"#, true), (#"{"a":[{"prefix":"us-"}]}"#, #"{"a":1}"#, false),
    (#"{"a":[{"suffix":".png"}]}"#, #"{"a":"x.png"}"#, true),
    (#"{"a":[{"equals-ignore-case":"aLiCe"}]}"#, #"{"a":"ALICE"}"#, true),
    (#"{"a":["x"]}"#, "[]", false), (#"{"a":["x"]}"#, #""x""#, false),
  ])
  func `patterns match as documented`(_ pattern: String, _ value: String, _ expected: Bool) throws {
    #expect(try EventPattern(pattern).matches(JSONNode(Array(value.utf8))) == expected)
  }

  @Test(arguments: [
    "", "x", "[]", "{}", #"{"a":"x"}"#, #"{"a":[]}"#, #"{"a":{}}"#, #"{"a":[[1]]}"#, #"{"a":[{}]}"#,
    #"{"a":[{"prefix":1}]}"#, #"{"a":[{"prefix":"x","suffix":"y"}]}"#, #"{"a":[{"wildcard":"*"}]}"#,
    #"{"a":[{"numeric":["~",1]}]}"#, #"{"a":[{"numeric":[]}]}"#, #"{"a":[{"numeric":["<",1,">",2]}]}"#,
    #"{"a":[{"exists":"yes"}]}"#, #"{"$or":[]}"#, #"{"$or":[{"a":[1]}]}"#, #"{"a":[{"anything-but":[]}]}"#,
  ])
  func `what is no pattern is told`(_ text: String) {
    #expect(throws: EventPattern.Malformed.self) { try EventPattern(text) }
  }

  private func item(_ data: String) -> StreamItem {
    StreamItem(
      offset: 1, time: Timestamp(seconds: 1), sequenceNumber: "49", partitionKey: "k", data: ByteBuffer(string: data))
  }

  @Test func `records whose data is no JSON are dropped by patterns of data alone`() throws {
    let ofData = try RecordFilter([#"{"data":{"a":[{"exists":false}]}}"#])
    #expect(ofData.wants(item(#"{"b":1}"#)) && !ofData.wants(item("plain")))
    let ofKey = try RecordFilter([#"{"partitionKey":["k"]}"#])
    #expect(ofKey.wants(item("plain")))
    #expect(try RecordFilter([]).wants(item("plain")))
    let either = try RecordFilter([#"{"partitionKey":["z"]}"#, #"{"data":{"b":[1]}}"#])
    #expect(either.wants(item(#"{"b":1}"#)) && !either.wants(item("plain")))
  }

  @Test func `data is matched as JSON, and there are five patterns at most`() throws {
    #expect(throws: AWSError.self) { try RecordFilter([#"{"data":["text"]}"#]) }
    let five = Array(repeating: #"{"partitionKey":["k"]}"#, count: 5)
    #expect(throws: Never.self) { try RecordFilter(five) }
    #expect(throws: AWSError.self) { try RecordFilter(five + five[..<1]) }
  }
}
