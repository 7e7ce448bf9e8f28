import AWSWire
import AthenaModel
import IAMModel
import Kernel
import KinesisModel
import Testing

/// What breaks a model's constraints is answered in AWS's words.
@Suite struct ConstraintTests {
  struct NoHandlers: KinesisAPI, AthenaAPI, IAMAPI {}

  func refusal(_ operation: String, _ body: String) async throws -> String {
    let response = await KinesisRouter(NoHandlers()).respond(
      to: Fixtures.json("Kinesis_20131202.\(operation)", body), context: Fixtures.context)
    return try await response.text()
  }

  func kinesis(_ message: String) -> String { #"{"__type":"ValidationException","message":"\#(message)"}"# }

  @Test func `a missing member`() async throws {
    #expect(
      try await refusal("GetShardIterator", #"{"StreamName":"s","ShardId":"x"}"#)
        == kinesis(
          "1 validation error detected: Value null at 'shardIteratorType' failed to satisfy constraint: Member must "
            + "not be null"
        ))
  }

  @Test func `null is missing`() async throws {
    #expect(
      try await refusal("GetRecords", #"{"ShardIterator":null}"#)
        == kinesis(
          "1 validation error detected: Value null at 'shardIterator' failed to satisfy constraint: Member must not be "
            + "null"
        ))
  }

  @Test func `several at once`() async throws {
    let text = try await refusal("PutRecord", #"{"StreamName":""}"#)
    #expect(text.contains("4 validation errors detected: "))
    #expect(
      text.contains(
        "Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1; "))
    #expect(text.contains("Value null at 'data' failed to satisfy constraint: Member must not be null"))
    #expect(text.contains("Value null at 'partitionKey' failed to satisfy constraint: Member must not be null"))
  }

  @Test func `a string too long, at its limit and past it`() async throws {
    let limit = String(repeating: "a", count: 128)
    #expect(try await refusal("DeleteStream", #"{"StreamName":"\#(limit)"}"#).contains("NotImplemented"))
    #expect(
      try await refusal("DeleteStream", #"{"StreamName":"\#(limit)a"}"#)
        == kinesis(
          "1 validation error detected: Value '\(limit)a' at 'streamName' failed to satisfy constraint: Member must "
            + "have length less than or equal to 128"
        ))
  }

  @Test func `length counts characters, not bytes`() async throws {
    let key = String(repeating: "é", count: 256)
    let record = #"{"StreamName":"s","Data":"","PartitionKey":"\#(key)"}"#
    #expect(try await refusal("PutRecord", record).contains("NotImplemented"))
    #expect(try await refusal("PutRecord", record.replacing("é\"", with: "éé\"")).contains("less than or equal to 256"))
  }

  @Test func `a pattern`() async throws {
    #expect(
      try await refusal("DeleteStream", #"{"StreamName":"a b"}"#)
        == kinesis(
          "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy "
            + "regular expression pattern: [a-zA-Z0-9_.-]+"
        ))
  }

  @Test func `an enumeration`() async throws {
    let text = try await refusal(
      "GetShardIterator", #"{"StreamName":"s","ShardId":"x","ShardIteratorType":"SOON"}"#)
    #expect(
      text.contains(
        "Value 'SOON' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: "
          + "[AT_SEQUENCE_NUMBER, "
      ))
  }

  @Test func `numbers`() async throws {
    #expect(
      try await refusal("GetRecords", #"{"ShardIterator":"i","Limit":10001}"#)
        == kinesis(
          "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value "
            + "less than or equal to 10000"
        ))
    #expect(
      try await refusal("GetRecords", #"{"ShardIterator":"i","Limit":0}"#).contains(
        "Member must have value greater than or equal to 1"))
    #expect(try await refusal("GetRecords", #"{"ShardIterator":"i","Limit":10000}"#).contains("NotImplemented"))
  }

  @Test func `the place of a value within lists`() async throws {
    let text = try await refusal(
      "PutRecords", #"{"StreamName":"s","Records":[{"Data":"","PartitionKey":"k"},{"Data":""},{"PartitionKey":""}]}"#)
    #expect(text.contains("3 validation errors detected"))
    #expect(text.contains("Value null at 'records.2.member.partitionKey' failed"))
    #expect(text.contains("Value '' at 'records.3.member.partitionKey' failed"))
    #expect(text.contains("Value null at 'records.3.member.data' failed"))
  }

  @Test func `a list too long`() async throws {
    let record = #"{"Data":"","PartitionKey":"k"}"#
    func body(_ count: Int) -> String {
      #"{"StreamName":"s","Records":["# + [String](repeating: record, count: count).joined(separator: ",") + "]}"
    }
    #expect(try await refusal("PutRecords", body(500)).contains("NotImplemented"))
    #expect(
      try await refusal("PutRecords", body(501))
        == kinesis(
          "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less "
            + "than or equal to 500"
        ))
  }

  @Test func `a thousand violations make a short answer`() async throws {
    let records = [String](repeating: "{}", count: 1000).joined(separator: ",")
    let text = try await refusal("PutRecords", #"{"StreamName":"s","Records":[\#(records)]}"#)
    #expect(text.contains("2001 validation errors detected"))
    #expect(text.utf8.count < 8000)
  }

  @Test func `IAM has sentences of its own for names and paths`() async throws {
    func refusal(_ form: String) async throws -> String {
      let response = await IAMRouter(NoHandlers()).respond(
        to: Fixtures.form("Version=2010-05-08&" + form), context: Fixtures.context)
      #expect(response.status == 400)
      return try await response.text()
    }
    let name = try await refusal("Action=CreateUser&UserName=a%20b")
    #expect(name.contains("<Code>ValidationError</Code>"))
    #expect(
      name.contains(
        "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the "
          + "following: +=,.@_-"
      ))
    #expect(
      try await refusal("Action=ListPolicies&PathPrefix=a").contains(
        "The specified value for pathPrefix is invalid. It must begin with the / character"))
    let long = try await refusal("Action=CreateUser&UserName=" + String(repeating: "a", count: 65))
    #expect(long.contains("1 validation error detected: Value "))
    #expect(
      long.contains("at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64"))
  }
}
