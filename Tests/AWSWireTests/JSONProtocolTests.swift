import AWSWire
import Kernel
import KinesisModel
import NIOCore
import Testing

/// The way of a JSON request through Kinesis' router.
@Suite struct JSONProtocolTests {
  /// Answers from what it was asked, so that tests see what arrived.
  struct Echo: KinesisAPI {
    func putRecords(_ input: PutRecordsInput, _ context: RequestContext) async throws -> PutRecordsOutput {
      PutRecordsOutput(
        failedRecordCount: 0,
        records: input.records.map { record in
          PutRecordsResultEntry(sequenceNumber: String(buffer: record.data), shardId: record.partitionKey)
        })
    }
    func describeStreamSummary(_ input: DescribeStreamSummaryInput, _ context: RequestContext) async throws
      -> DescribeStreamSummaryOutput
    {
      throw KinesisError.resourceNotFoundException("Stream \(input.streamName ?? "") under account 1 not found.")
    }
    func deleteStream(_ input: DeleteStreamInput, _ context: RequestContext) async throws -> DeleteStreamOutput {
      DeleteStreamOutput()
    }
    func listStreams(_ input: ListStreamsInput, _ context: RequestContext) async throws -> ListStreamsOutput {
      throw AWSError("AccessDenied", "no", httpStatus: 403)
    }
    func getRecords(_ input: GetRecordsInput, _ context: RequestContext) async throws -> GetRecordsOutput {
      GetRecordsOutput(records: [
        Record(
          sequenceNumber: "1", approximateArrivalTimestamp: Timestamp(milliseconds: 1_700_000_000_250),
          data: ByteBuffer(string: "a\u{1}"), partitionKey: "p\"\\\n\u{1}é😀")
      ])
    }
  }
  let router = KinesisRouter(Echo())

  func answer(_ operation: String, _ body: String) async throws -> (status: Int, body: String) {
    let response = await router.respond(
      to: Fixtures.json("Kinesis_20131202.\(operation)", body), context: Fixtures.context)
    return (response.status, try await response.text())
  }

  @Test func `records arrive as they were sent`() async throws {
    let (status, body) = try await answer(
      "PutRecords",
      #"""
       { "Records" : [ {"PartitionKey":"k\u0031\/","Data":"aGVsbG8="} , {"Data":"","PartitionKey":"\ud83d\ude00",
       "ExplicitHashKey":null, "Unknown":{"a":[1,{"b":"]}"}]}} ], "StreamName":"s" }
      """#)
    #expect(status == 200)
    #expect(
      body
        == #"{"FailedRecordCount":0,"Records":[{"SequenceNumber":"hello","ShardId":"k1/"},{"SequenceNumber":"","ShardId":"😀"}]}"#
    )
  }

  @Test func `what is written is JSON whatever it holds`() async throws {
    let (_, body) = try await answer("GetRecords", #"{"ShardIterator":"i"}"#)
    #expect(
      body
        == #"{"Records":[{"SequenceNumber":"1","ApproximateArrivalTimestamp":1700000000.250,"Data":"YQE=","PartitionKey":"p\"\\\n\u0001é😀"}]}"#
    )
  }

  @Test func `errors carry code, message and id`() async throws {
    let request = Fixtures.json("Kinesis_20131202.DescribeStreamSummary", #"{"StreamName":"x"}"#)
    let response = await router.respond(to: request, context: Fixtures.context)
    #expect(response.status == 400)
    #expect(response.headers["x-amzn-requestid"] == Fixtures.context.requestID)
    #expect(response.headers["content-type"] == "application/x-amz-json-1.1")
    #expect(
      try await response.text()
        == #"{"__type":"ResourceNotFoundException","message":"Stream x under account 1 not found."}"#)
  }

  @Test func `a denial is spelled as JSON services spell it`() async throws {
    #expect(try await answer("ListStreams", "{}") == (400, #"{"__type":"AccessDeniedException","message":"no"}"#))
  }

  @Test func `an output without members has no body`() async throws {
    #expect(try await answer("DeleteStream", #"{"StreamName":"s"}"#) == (200, ""))
  }

  @Test func `an empty body is an empty structure`() async throws {
    #expect(try await answer("DeleteStream", "") == (200, ""))
  }

  @Test func `operations that AWS has are named when they are missing here`() async throws {
    let (status, body) = try await answer("DescribeAccountSettings", "{}")
    #expect(status == 501)
    #expect(body.contains("Kinesis DescribeAccountSettings"))
    let (other, text) = try await answer("SplitShard", #"{"ShardToSplit":"a","NewStartingHashKey":"0"}"#)
    #expect(other == 501)
    #expect(text.contains("Kinesis SplitShard"))
  }

  @Test func `operations that AWS has not are unknown`() async throws {
    #expect(try await answer("MakeCoffee", "{}") == (400, #"{"__type":"UnknownOperationException"}"#))
  }

  @Test(arguments: [
    (#"{"StreamName":5}"#, "NUMBER_VALUE can not be converted to a String"),
    (#"{"StreamName":["a"]}"#, "Start of list found where not expected"),
    (#"{"StreamName":{}}"#, "Start of structure or map found where not expected."),
    (#"{"StreamName":true}"#, "TRUE_VALUE can not be converted to a String"),
    (#"{"EnforceConsumerDeletion":"yes"}"#, "STRING_VALUE can not be converted to a Boolean"),
  ]) func `values of the wrong type are refused by name`(body: String, message: String) async throws {
    #expect(
      try await answer("DeleteStream", body) == (400, #"{"__type":"SerializationException","message":"\#(message)"}"#))
  }

  @Test(arguments: [
    "{", "}", "[]", "null", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
    "{\"a\" 1}",
    "{\"StreamName\":\"a\"", "{\"StreamName\":\"a", "{\"StreamName\":\"a\\", "{\"StreamName\":\"\\u12\"}",
    "{\"StreamName\":\"\\ud800\"}", "{\"StreamName\":\"\\x\"}", "{\"StreamName\":tru}", "{\"StreamName\":-}",
    "{\"x\":[}]}", "{\"x\":nul}", "{} {}", "{}x", "\u{0}", "{\"StreamName\":\"a\nb\"}",
  ]) func `broken texts are refused and do no harm`(body: String) async throws {
    let (status, text) = try await answer("DeleteStream", body)
    #expect(status == 400)
    #expect(text.contains("SerializationException"))
  }

  @Test func `every beginning of a request is refused and does no harm`() async throws {
    let whole =
      #"{"StreamName":"s\u0041","Records":[{"Data":"aGVsbG8=","PartitionKey":"k","X":[1.5e3,null,{"a":false}]}]}"#
    for length in 1..<whole.utf8.count {
      let (status, _) = try await answer("PutRecords", String(whole.prefix(length)))
      #expect(status == 400)
    }
  }

  @Test func `ten megabytes of brackets are refused`() async throws {
    for text in ["[", "{\"a\":", "{\"Records\":[", "{\"Tags\":{"] {
      let body = String(repeating: text, count: (10 << 20) / text.utf8.count)
      let (status, _) = try await answer("PutRecords", body)
      #expect(status == 400)
      let (unknown, _) = try await answer("PutRecords", "{\"Unknown\":" + body)
      #expect(unknown == 400)
    }
  }

  @Test func `more than a body may hold is refused`() async throws {
    let body = String(repeating: " ", count: WireLimits.bodyBytesMax + 1)
    #expect(try await answer("PutRecords", body).status == 413)
    #expect(
      try await answer("DeleteStream", String(repeating: " ", count: WireLimits.bodyBytesMax - 2) + "{}").status == 200)
  }

  @Test(arguments: ["YQ", "YQ=", "Y===", "YQ==YQ==", "Y Q=", "Y\u{e9}==", "=", "===="])
  func `data that is no base64 is refused`(data: String) async throws {
    let (status, text) = try await answer(
      "PutRecords", #"{"StreamName":"s","Records":[{"Data":"\#(data)","PartitionKey":"k"}]}"#)
    #expect(status == 400)
    #expect(text.contains("SerializationException"))
  }

  @Test(arguments: [
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e400", "1e-400",
    "2147483648", "99999999999999999999999", "1.5", "--1", "1-1", "+1", "0x10", ".5", "1.", "1e", "NaN",
  ]) func `numbers past their type are refused`(number: String) async throws {
    let (status, _) = try await answer("GetRecords", #"{"ShardIterator":"i","Limit":\#(number)}"#)
    #expect(status == 400)
  }

  @Test func `a whole number may be written with an exponent`() async throws {
    #expect(try await answer("GetRecords", #"{"ShardIterator":"i","Limit":1e2}"#).status == 200)
    #expect(try await answer("GetRecords", #"{"ShardIterator":"i","Limit":5.0}"#).status == 200)
  }

  @Test func `text that is not UTF-8 is refused`() async throws {
    var bytes = ByteBuffer(string: "{\"StreamName\":\"")
    bytes.writeBytes([0xC3, 0x28])
    bytes.writeString("\"}")
    var request = Fixtures.json("Kinesis_20131202.DeleteStream", "")
    request.body = ByteStream(bytes)
    #expect(await router.respond(to: request, context: Fixtures.context).status == 400)
  }
}
