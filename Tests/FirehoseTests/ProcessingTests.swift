import AWSWire
import Firehose
import FirehoseModel
import Foundation
import Kernel
import NIOCore
import Storage
import StorageTesting
import Testing

/// Functions, deaggregation and dynamic partitioning.
@Suite struct ProcessingTests {
  private static let function = "arn:aws:lambda:us-east-1:000000000000:function:f"

  private func processor(_ type: ProcessorType, _ parameters: [(String, String)] = []) -> Processor {
    Processor(
      type: type,
      parameters: parameters.map {
        ProcessorParameter(parameterName: ProcessorParameterName(rawValue: $0.0), parameterValue: $0.1)
      })
  }

  private func transforming(_ parameters: [(String, String)] = []) -> Processor {
    processor("Lambda", [("LambdaArn", Self.function)] + parameters)
  }

  private func query(_ text: String) -> Processor {
    processor("MetadataExtraction", [("MetadataExtractionQuery", text), ("JsonParsingEngine", "JQ-1.6")])
  }

  private func destination(
    _ house: House, _ processors: [Processor], prefix: String? = "in/", partitioned: Bool = false
  ) -> ExtendedS3DestinationConfiguration {
    var destination = house.destination(prefix: prefix, errors: "bad/", size: partitioned ? 64 : 1, seconds: 0)
    destination.processingConfiguration = ProcessingConfiguration(enabled: true, processors: processors)
    if partitioned {
      destination.dynamicPartitioningConfiguration = DynamicPartitioningConfiguration(
        retryOptions: RetryOptions(durationInSeconds: 60), enabled: true)
    }
    return destination
  }

  /// Answers each record by what `result` makes of its text.
  private func answer(
    _ house: House,
    _ result: @escaping @Sendable (String) -> (status: String, text: String, keys: [String: String])
  ) {
    house.functions.script.withLock {
      $0 = { payload in
        let event = try JSONSerialization.jsonObject(with: Data(payload.readableBytesView)) as? [String: Any] ?? [:]
        let records = (event["records"] as? [[String: Any]] ?? []).map { record -> [String: Any] in
          let data = Data(base64Encoded: record["data"] as? String ?? "") ?? Data()
          let (status, text, keys) = result(String(decoding: data, as: UTF8.self))
          return [
            "recordId": record["recordId"] as? String ?? "", "result": status,
            "data": Data(text.utf8).base64EncodedString(), "metadata": ["partitionKeys": keys],
          ]
        }
        let body = try JSONSerialization.data(withJSONObject: ["records": records])
        return RecordAnswer(payload: ByteBuffer(bytes: body), isError: false)
      }
    }
  }

  private func lines(_ house: House, _ prefix: String) throws -> [[String: Any]] {
    try house.bucket.keys.filter { $0.hasPrefix(prefix) }.flatMap { key in
      try house.bucket.text(key).split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }
  }

  @Test func `a function transforms, drops and fails records`() async throws {
    let house = try await House()
    answer(house) { text in
      text == "drop" ? ("Dropped", "", [:]) : text == "fail" ? ("ProcessingFailed", text, [:]) : ("Ok", text + "!", [:])
    }
    try await house.create("d", destination(house, [transforming(), processor("AppendDelimiterToRecord")]))
    try await house.put(["a", "drop", "fail", "b"])
    try await house.firehose.settle()
    let good = try #require(house.bucket.keys.first { $0.hasPrefix("lake/in/") })
    #expect(house.bucket.text(good) == "a!\nb!\n")
    let failed = try lines(house, "lake/bad/processing-failed/2026/05/19/12/")
    #expect(failed.count == 1)
    #expect(failed[0]["errorCode"] as? String == "Lambda.ProcessingFailedStatus")
    #expect(failed[0]["lambdaArn"] as? String == Self.function && failed[0]["attemptsMade"] as? Int == 1)
    #expect(failed[0]["rawData"] as? String == Data("fail".utf8).base64EncodedString())
    #expect(house.taps.sum("SucceedProcessing.Records") == 2)
    #expect(house.taps.last("ExecuteProcessing.Success") == 1)
    let call = try #require(house.functions.calls.withLock { $0.first })
    #expect(call.principal == "arn:aws:sts::000000000000:assumed-role/firehose/d")
    let event = try #require(
      try JSONSerialization.jsonObject(with: Data(call.payload.readableBytesView)) as? [String: Any])
    #expect(event["deliveryStreamArn"] as? String == "arn:aws:firehose:us-east-1:000000000000:deliverystream/d")
    #expect(event["region"] as? String == "us-east-1" && event["invocationId"] is String)
    let records = try #require(event["records"] as? [[String: Any]])
    #expect(records.count == 4 && records[0]["approximateArrivalTimestamp"] as? Int == 1_779_192_000_000)
  }

  @Test func `records of a stream carry its metadata`() async throws {
    let house = try await House()
    try await house.makeStream(shards: 1)
    answer(house) { ("Ok", $0, [:]) }
    try await house.create("d", kinesis: true, destination(house, [transforming()]))
    try await house.produce(["key"])
    try await house.firehose.settle()
    let call = try #require(house.functions.calls.withLock { $0.first })
    let event = try #require(
      try JSONSerialization.jsonObject(with: Data(call.payload.readableBytesView)) as? [String: Any])
    #expect(event["sourceKinesisStreamArn"] as? String == House.stream)
    let metadata = try #require(
      (event["records"] as? [[String: Any]])?.first?["kinesisRecordMetadata"] as? [String: Any])
    #expect(metadata["shardId"] as? String == "shardId-000000000000" && metadata["partitionKey"] as? String == "key")
  }

  @Test func `a function that fails is tried again, then its records go to the error prefix`() async throws {
    let house = try await House()
    house.functions.script.withLock {
      $0 = { _ in RecordAnswer(payload: ByteBuffer(string: "{}"), isError: true) }
    }
    try await house.create("d", destination(house, [transforming([("NumberOfRetries", "2")])]))
    try await house.put(["a"])
    try await house.firehose.settle()
    #expect(house.functions.calls.withLock { $0.count } == 3)
    let failed = try lines(house, "lake/bad/processing-failed/")
    #expect(failed.first?["errorCode"] as? String == "Lambda.FunctionError")
    #expect(failed.first?["attemptsMade"] as? Int == 3)
    #expect(house.bucket.keys.count == 1, "no object without a record")

    house.functions.script.withLock { $0 = { _ in throw AWSError("AccessDeniedException", "no") } }
    try await house.put(["b"])
    try await house.firehose.settle()
    #expect(house.functions.calls.withLock { $0.count } == 4, "what is not allowed is not tried again")
    #expect(try lines(house, "lake/bad/").map { $0["errorCode"] as? String }.contains("Lambda.InvokeAccessDenied"))
  }

  @Test func `a function that runs out of time has a code of its own`() async throws {
    let house = try await House()
    let error = #"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r Error: Task timed out"}"#
    house.functions.script.withLock { $0 = { _ in RecordAnswer(payload: ByteBuffer(string: error), isError: true) } }
    try await house.create("d", destination(house, [transforming([("NumberOfRetries", "0")])]))
    try await house.put(["a"])
    try await house.firehose.settle()
    #expect(
      try lines(house, "lake/bad/processing-failed/").map { $0["errorCode"] as? String } == ["Lambda.FunctionTimedOut"])
  }

  @Test(arguments: [
    ("nothing", "Lambda.JsonProcessingException"), (#"{"records":[]}"#, "Lambda.MissingRecordId"),
    (#"{"records":[{"recordId":"x","result":"Ok"},{"recordId":"x","result":"Ok"}]}"#, "Lambda.DuplicatedRecordId"),
  ]) func `an answer that does not follow the protocol fails its records`(text: String, code: String) async throws {
    let house = try await House()
    house.functions.script.withLock { $0 = { _ in RecordAnswer(payload: ByteBuffer(string: text), isError: false) } }
    try await house.create("d", destination(house, [transforming([("NumberOfRetries", "0")])]))
    try await house.put(["a", "b"])
    try await house.firehose.settle()
    #expect(try lines(house, "lake/bad/").map { $0["errorCode"] as? String } == [code, code])
  }

  @Test func `calls hold as much as the hint says`() async throws {
    let house = try await House()
    answer(house) { ("Ok", $0, [:]) }
    try await house.create("d", destination(house, [transforming([("BufferSizeInMBs", "0.2")])]))
    let text = String(repeating: "x", count: 100_000)
    try await house.put([text, text, text, text, text])
    try await house.firehose.settle()
    #expect(house.functions.calls.withLock { $0.count } == 3)
    #expect(house.bucket.keys.map { house.bucket.text($0).utf8.count } == [500_000])
  }

  @Test func `aggregated records are cut`() async throws {
    let house = try await House()
    try await house.create(
      "json",
      destination(
        house, [processor("RecordDeAggregation", [("SubRecordType", "JSON")]), processor("AppendDelimiterToRecord")]))
    try await house.put([#"{"a":"}{"}{"b":{}}"# + "\n" + #"{"c":1}"#, "no json", #"{"open":"#], to: "json")
    let delimited = [("SubRecordType", "DELIMITED"), ("Delimiter", Data("####".utf8).base64EncodedString())]
    try await house.create(
      "text",
      destination(
        house, [processor("RecordDeAggregation", delimited), processor("AppendDelimiterToRecord")], prefix: "text/"))
    try await house.put(["one####two####", "three"], to: "text")
    try await house.firehose.settle()
    let json = try #require(house.bucket.keys.first { $0.hasPrefix("lake/in/") })
    #expect(house.bucket.text(json) == "{\"a\":\"}{\"}\n{\"b\":{}}\n{\"c\":1}\n")
    #expect(
      try lines(house, "lake/bad/").map { $0["errorCode"] as? String }
        == Array(repeating: "Deaggregation.ParseError", count: 2))
    let text = try #require(house.bucket.keys.first { $0.hasPrefix("lake/text/") })
    #expect(house.bucket.text(text) == "one\ntwo\nthree\n")
  }

  @Test func `records go to the partitions that a query finds`() async throws {
    let house = try await House()
    try await house.create(
      "d",
      destination(
        house,
        [query(#"{customer: .customer_id, year: .at | strftime("%Y")} # keys"#), processor("AppendDelimiterToRecord")],
        prefix: "c=!{partitionKeyFromQuery:customer}/y=!{partitionKeyFromQuery:year}/h=!{timestamp:HH}/",
        partitioned: true))
    try await house.put([
      #"{"customer_id":"a","at":0}"#, #"{"customer_id":7,"at":1700000000}"#, #"{"customer_id":"a","at":1}"#,
      #"{"at":1}"#, #"{"customer_id":"a"}"#, "broken", #"{"customer_id":"","at":0}"#,
    ])
    try await house.firehose.settle()
    let good = house.bucket.keys.filter { $0.hasPrefix("lake/c=") }
    #expect(good.count == 2)
    #expect(good[0].hasPrefix("lake/c=7/y=2023/h=12/d-1-") && good[1].hasPrefix("lake/c=a/y=1970/h=12/d-1-"))
    #expect(house.bucket.text(good[1]) == "{\"customer_id\":\"a\",\"at\":0}\n{\"customer_id\":\"a\",\"at\":1}\n")
    let failed = try lines(house, "lake/bad/processing-failed/")
    #expect(failed.count == 4)
    #expect(failed.allSatisfy { $0["errorCode"] as? String == "DynamicPartitioning.MetadataExtractionFailed" })
    #expect(failed[0]["errorMessage"] as? String == "partitionKeys values must not be null or empty")
    #expect(house.taps.last("PartitionCount") == 2 && house.taps.last("PartitionCountExceeded") == 0)
    #expect(house.taps.sum("DeliveryToS3.Records") == 3)
  }

  @Test func `records go to the partitions that the function says`() async throws {
    let house = try await House()
    answer(house) { ("Ok", $0 + ";", $0 == "x" ? [:] : ["first": String($0.prefix(1))]) }
    try await house.create(
      "d",
      destination(house, [transforming()], prefix: "f=!{partitionKeyFromLambda:first}/", partitioned: true))
    try await house.put(["ab", "ac", "bd", "x"])
    try await house.firehose.settle()
    let good = house.bucket.keys.filter { $0.hasPrefix("lake/f=") }
    #expect(good.map { house.bucket.text($0) } == ["ab;ac;", "bd;"])
    #expect(good[0].hasPrefix("lake/f=a/d-1-"), "no hour goes behind a partition")
    #expect(try lines(house, "lake/bad/").count == 1)
  }

  @Test func `the size of a buffer counts for each partition`() async throws {
    let house = try await House()
    try await house.create(
      "d",
      destination(
        house, [query("{c: .c}")], prefix: "c=!{partitionKeyFromQuery:c}/", partitioned: true))
    let filling = String(repeating: "x", count: 1_000_000)
    for start in stride(from: 0, to: 96, by: 4) {
      try await house.put((start..<start + 4).map { #"{"c":"\#($0 % 4 == 0 ? "b" : "a")","n":"\#(filling)"}"# })
    }
    try await house.firehose.settle()
    let sizes = house.bucket.keys.map { key in
      (key.prefix(8), house.bucket.text(key).split(separator: "}").count)
    }
    #expect(sizes.map(\.0) == ["lake/c=a", "lake/c=a", "lake/c=b"])
    #expect(sizes.map(\.1).sorted() == [4, 24, 68], "the record that reaches 64 MiB is an object's last one")
  }

  @Test func `past the limit of partitions records go to the error prefix`() async throws {
    let house = try await House()
    answer(house) { ("Ok", $0, ["k": $0]) }
    try await house.create(
      "d", destination(house, [transforming()], prefix: "!{partitionKeyFromLambda:k}/", partitioned: true))
    for start in stride(from: 0, to: 502, by: 251) { try await house.put((start..<start + 251).map { "k\($0)" }) }
    try await house.firehose.settle()
    #expect(house.bucket.keys.filter { $0.hasPrefix("lake/k") }.count == 500)
    let failed = try lines(house, "lake/bad/")
    #expect(
      failed.map { $0["errorCode"] as? String }
        == Array(repeating: "DynamicPartitioning.ActivePartitionsLimitExceeded", count: 2))
    #expect(house.taps.last("PartitionCountExceeded") == 1)
  }

  @Test func `a program without end is ended, and its records are kept`() async throws {
    let pool = BlockingPool(name: "queries", threads: 1, queueLimit: 10)
    func keys(_ program: String) async throws -> [KeyQuery.Keys] {
      let folder = NSTemporaryDirectory() + "firehose-queries-\(ProcessInfo.processInfo.processIdentifier)"
      return try await KeyQuery(program: program, folder: folder, pool: pool).keys(of: [ByteBuffer(string: "{}")])
    }
    let answers = try await keys("[range(1e12)] | {a: .[0]}")
    guard case .failed? = answers.first else { return #expect(Bool(false), "\(answers)") }
    let secrets = try await keys("{a: (env | tostring)}")
    guard case .keys(let told)? = secrets.first else { return #expect(Bool(false), "\(secrets)") }
    #expect(told["a"]?.contains("HOME") == false, "the environment is not told")
  }

  @Test func `a delivery that is made again takes the first one's place`() async throws {
    let house = try await House()
    answer(house) { ("Ok", $0, ["k": $0]) }
    try await house.create(
      "d", destination(house, [transforming()], prefix: "!{partitionKeyFromLambda:k}/", partitioned: true))
    try await house.put(["a", "b"])
    try await house.firehose.settle()
    let keys = house.bucket.keys
    try await house.keys.write { transaction in
      try transaction.set(FirehoseKeys.checkpoint(House.scope, "d"), record: DeliveryCheckpoint())
    }
    let again = try await House(after: house)
    answer(again) { ("Ok", $0, ["k": $0]) }
    try await again.firehose.settle()
    #expect(house.bucket.keys == keys)
  }

  @Test func `what does not go together is refused`() async throws {
    let house = try await House()
    func refused(_ destination: ExtendedS3DestinationConfiguration) async -> String {
      let error = await failure { try await house.create("d", destination) }
      #expect(error.code == "InvalidArgumentException")
      return error.message
    }
    let key = "!{partitionKeyFromQuery:a}/"
    #expect(
      await refused(destination(house, [], prefix: key)).hasPrefix("Dynamic Partitioning Namespaces can only be part"))
    #expect(
      await refused(destination(house, [query("{a:.a}")])).hasPrefix(
        "MetadataExtraction processor should be present only"))
    #expect(
      await refused(destination(house, [], prefix: key, partitioned: true))
        .hasPrefix("MetadataExtraction processor should be present when"))
    #expect(
      await refused(destination(house, [query("{a:.a}")], prefix: "!{partitionKeyFromLambda:a}/", partitioned: true))
        .hasPrefix("Lambda processor should be present"))
    #expect(
      await refused(destination(house, [query("{a:.a}")], partitioned: true))
        .hasPrefix("S3 Prefix should contain Dynamic Partitioning namespaces"))
    #expect(
      await refused(destination(house, [query("{a:.a")], prefix: key, partitioned: true))
        .hasPrefix("MetadataExtractionQuery is not valid: "))
    var small = destination(house, [query("{a:.a}")], prefix: key, partitioned: true)
    small.bufferingHints = BufferingHints(sizeInMBs: 63, intervalInSeconds: 60)
    #expect(await refused(small).hasPrefix("BufferingHints.SizeInMBs must be at least 64"))
    var open = destination(house, [query("{a:.a}")], prefix: key, partitioned: true)
    open.errorOutputPrefix = nil
    #expect(await refused(open).hasPrefix("ErrorOutputPrefix cannot be null"))
    for parameters in [[], [("LambdaArn", "x")], [("LambdaArn", Self.function), ("BufferSizeInMBs", "4")]] {
      _ = await refused(destination(house, [processor("Lambda", parameters)]))
    }
    #expect(await refused(destination(house, [transforming(), transforming()])).contains("Duplicate"))
  }

  @Test func `errors are told to the stream that the destination names`() async throws {
    let house = try await House()
    var destination = house.destination(seconds: 0)
    destination.cloudWatchLoggingOptions = CloudWatchLoggingOptions(
      enabled: true, logGroupName: "/aws/kinesisfirehose/d", logStreamName: "DestinationDelivery")
    try await house.create("d", destination)
    house.bucket.refusal.withLock { $0 = AWSError("AccessDenied", "no", httpStatus: 403) }
    try await house.put(["a"])
    let running = Task { await house.firehose.run() }
    while house.lines.batches.withLock({ $0.isEmpty }) { await Task.yield() }
    running.cancel()
    await running.value
    let batch = try #require(house.lines.batches.withLock { $0.first })
    #expect(batch.group == "/aws/kinesisfirehose/d" && !batch.makesGroup)
    #expect(batch.events.first?.message.contains("\"errorCode\":\"S3.AccessDenied\"") == true)
  }
}
