import Foundation
import Kernel
import NIOCore

/// How soon functions are at work: a warm one that is called, and one that a stream's record comes to.
extension Scenarios {
  private static let records = 300
  /// Notes how long each record was under way, on this machine's one clock, and tells when it is asked.
  private static let handler = """
    import base64, time
    spans = []
    def handler(event, context):
        now = time.time_ns()
        for record in event.get("Records", []):
            spans.append(now - int(base64.b64decode(record["kinesis"]["data"])))
        return spans if event.get("ask") else None
    """

  func functions(_ report: inout Report) async throws {
    try await onServer("functions") { server, requests in
      let client = APIClient(endpoint: server.endpoint)
      try await makeFunction(requests)
      let call = requests.request(
        "lambda", "POST", "/2015-03-31/functions/bench/invocations", body: ByteBuffer(string: "{}"))
      try await requests.once(call)
      let warm = try await load(server, connections: 1) { _, _ in call }
      report.load(
        "Lambda warm invoke, 1 connection", warm,
        figure: String(format: "p50 %.2f ms", warm.latency.milliseconds(at: 0.5)), beside: "to reach: 3 ms")
      let spans = try await streamSpans(requests, client)
      report.row(
        "Kinesis put to handler, window 0", String(format: "p50 %.1f ms", spans.milliseconds(at: 0.5)),
        String(format: "p99 %.1f ms; to reach: 50 ms", spans.milliseconds(at: 0.99)))
      await client.close()
    }
  }

  private func makeFunction(_ requests: SignedRequests) async throws {
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"#
      + #""Action":"sts:AssumeRole"}]}"#
    try await role("bench", trust: trust, requests)
    let archive = Data(StoredZip.archive("app.py", Array(Self.handler.utf8))).base64EncodedString()
    try await requests.once(
      requests.request(
        "lambda", "POST", "/2015-03-31/functions",
        body: ByteBuffer(
          string: #"{"FunctionName":"bench","Runtime":"\#(try Self.python())","Handler":"app.handler","Timeout":30,"#
            + #""Role":"arn:aws:iam::000000000000:role/bench","Code":{"ZipFile":"\#(archive)"}}"#)))
    // One process: it has all spans.
    try await requests.once(
      requests.request(
        "lambda", "PUT", "/2017-10-31/functions/bench/concurrency",
        body: ByteBuffer(string: #"{"ReservedConcurrentExecutions":1}"#)))
  }

  /// Puts records one after the other, each once the one before has had time to arrive.
  private func streamSpans(_ requests: SignedRequests, _ client: APIClient) async throws -> Histogram {
    _ = try await client.call("kinesis", "Kinesis_20131202.CreateStream", ["StreamName": "bench", "ShardCount": 1])
    try await requests.once(
      requests.request(
        "lambda", "POST", "/2015-03-31/event-source-mappings",
        body: ByteBuffer(
          string: #"{"EventSourceArn":"arn:aws:kinesis:us-east-1:000000000000:stream/bench","FunctionName":"bench","#
            + #""StartingPosition":"TRIM_HORIZON","MaximumBatchingWindowInSeconds":0}"#)))
    for _ in 0..<Self.records {
      let data = Data("\(SystemClock().now().nanoseconds)".utf8).base64EncodedString()
      _ = try await client.call(
        "kinesis", "Kinesis_20131202.PutRecord", ["StreamName": "bench", "PartitionKey": "k", "Data": data])
      try await Task.sleep(for: .milliseconds(20))
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      // The function refuses a second caller while it works on a batch.
      if let spans = try? await client.invoke("bench", #"{"ask":true}"#) as? [Int], spans.count >= Self.records {
        var histogram = Histogram()
        for span in spans { histogram.add(nanoseconds: UInt64(max(0, span))) }
        return histogram
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw BenchFailure("the function did not get all records of the stream")
  }

  /// The Python that the server finds, in its own order.
  private static func python() throws -> String {
    for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    where !folder.hasSuffix("/shims") {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: String(folder))) ?? []
      let found = names.filter { $0.hasPrefix("python3.") && $0.dropFirst(8).allSatisfy(\.isNumber) }.sorted()
      if let name = found.last { return name }
    }
    throw BenchFailure("functions need a python3.N in the PATH")
  }
}

/// An archive of one file as it is.
enum StoredZip {
  static func archive(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let sum = checksum(content)
    let sizes = word(sum) + word(UInt32(content.count)) + word(UInt32(content.count)) + half(name.utf8.count) + half(0)
    // Version 2.0, no flags, stored, the first day that the format knows.
    let common = half(20) + half(0) + half(0) + half(0) + half(33) + sizes
    let local = word(0x0403_4b50) + common + Array(name.utf8) + content
    let directory =
      word(0x0201_4b50) + half(20) + common + half(0) + half(0) + half(0) + word(0) + word(0) + Array(name.utf8)
    return local + directory + word(0x0605_4b50) + half(0) + half(0) + half(1) + half(1)
      + word(UInt32(directory.count)) + word(UInt32(local.count)) + half(0)
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0) }
    }
  }

  private static func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
  private static func half(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt16(value).littleEndian, Array.init) }
}
