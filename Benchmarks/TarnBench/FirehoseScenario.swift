import Foundation
import Kernel
import NIOCore

/// Firehose's conversion of JSON to Parquet beside DuckDB's own COPY of the same JSON on the same threads.
///
/// The events are put into delivery streams whose buffers are never full and never old, so that nothing is delivered
/// while they come. Then UpdateDestination shortens the interval: each stream reads its records from its log again,
/// lays them out, converts them and stores the object. From that call to the last object is the delivery's time.
extension Scenarios {
  /// Each stream's events stay below the 128 MiB at which a buffer would be delivered.
  /// As many as keep two cores busy to the end.
  private static let streams = 4
  private static let recordsPerCall = 500
  private static var eventsPerStream: Int {
    ProcessInfo.processInfo.environment["TARN_BENCH_EVENTS"].flatMap { Int($0) }.map { $0 / streams } ?? 300_000
  }

  func firehose(_ report: inout Report) async throws {
    let threads = ProcessInfo.processInfo.activeProcessorCount
    let json = "\(folder)/events.json"
    let bytes = try writeEvents(to: json)
    defer { unlink(json) }
    let alone = try baseline(json, threads: threads)
    let aloneRate = Double(bytes) / alone.seconds
    report.row(
      "DuckDB COPY of \(bytes / 1_000_000) MB of JSON", String(format: "%.0f MB/s", aloneRate / 1e6),
      String(format: "%d threads, %.2f s of CPU", threads, alone.processorSeconds))

    try await onServer("firehose") { server, requests in
      let client = APIClient(endpoint: server.endpoint)
      try await prepare(requests)
      let idle = server.residentBytes
      let taken = try await ingest(server)
      report.row(
        "Firehose PutRecordBatch, 500 records", String(format: "%.0f MB/s", Double(bytes) / taken / 1e6),
        "resident \(idle / 1_000_000) MB before, \(server.residentBytes / 1_000_000) MB with all records buffered")
      try await quiet(server)
      let before = server.processorSeconds
      let began = ContinuousClock.now
      for stream in 0..<Self.streams {
        _ = try await client.call(
          "firehose", "Firehose_20150804.UpdateDestination",
          [
            "DeliveryStreamName": "bench-\(stream)", "CurrentDeliveryStreamVersionId": "1",
            "DestinationId": "destinationId-000000000001",
            "ExtendedS3DestinationUpdate": ["BufferingHints": ["SizeInMBs": 128, "IntervalInSeconds": 0]],
          ])
      }
      var peak = server.residentBytes
      while try await client.keys(in: "bench", prefix: "rows/").count < Self.streams {
        peak = max(peak, server.residentBytes)
        try await Task.sleep(for: .milliseconds(25))
      }
      let seconds = Double((ContinuousClock.now - began).nanoseconds) / 1e9
      let processor = server.processorSeconds - before
      let rate = Double(bytes) / seconds
      guard try await client.keys(in: "bench", prefix: "errors/").isEmpty else {
        throw BenchFailure("events were not converted")
      }
      report.row(
        "Firehose JSON to Parquet, log to S3", String(format: "%.0f MB/s", rate / 1e6),
        String(
          format: "%.0f%% of DuckDB by time (to reach: 50%%), %.0f%% by CPU (%.2f s); resident %d MB at most",
          rate / aloneRate * 100, alone.processorSeconds / processor * 100, processor, peak / 1_000_000))
      await client.close()
    }
  }

  private func writeEvents(to path: String) throws -> Int {
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
    else { throw BenchFailure("cannot write \(path)") }
    var total = 0
    for stream in 0..<Self.streams {
      let events = ClickEvents(seed: UInt64(stream))
      var text = ""
      for index in 0..<Self.eventsPerStream {
        text += events.next() + "\n"
        if index % 10_000 == 9_999 || index == Self.eventsPerStream - 1 {
          total += text.utf8.count
          try file.write(contentsOf: Data(text.utf8))
          text = ""
        }
      }
    }
    try file.close()
    return total
  }

  /// The better of two runs.
  private func baseline(_ json: String, threads: Int) throws -> DuckDBAlone.Cost {
    let types = ClickEvents.columns.map { "\($0.name): '\($0.duckDB)'" }.joined(separator: ", ")
    let copy =
      "COPY (SELECT * FROM read_json('\(json)', format = 'newline_delimited', columns = {\(types)})) "
      + "TO '\(folder)/alone.parquet' (FORMAT parquet, COMPRESSION snappy)"
    defer { unlink("\(folder)/alone.parquet") }
    let runs = try (0..<2).map { _ in try DuckDBAlone.run(["SET threads = \(threads)", copy]) }
    return runs.min { $0.seconds < $1.seconds } ?? runs[0]
  }

  // MARK: The server's side

  private func prepare(_ requests: SignedRequests) async throws {
    try await requests.once(requests.request("s3", "PUT", "/bench"))
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},"#
      + #""Action":"sts:AssumeRole"}]}"#
    try await role("bench", trust: trust, requests)
    let columns = ClickEvents.columns.map { #"{"Name":"\#($0.name)","Type":"\#($0.hive)"}"# }.joined(separator: ",")
    try await requests.once(
      requests.json("glue", "AWSGlue.CreateDatabase", #"{"DatabaseInput":{"Name":"bench"}}"#))
    try await requests.once(
      requests.json(
        "glue", "AWSGlue.CreateTable",
        #"{"DatabaseName":"bench","TableInput":{"Name":"events","StorageDescriptor":{"Columns":[\#(columns)]}}}"#))
    let role = "arn:aws:iam::000000000000:role/bench"
    for stream in 0..<Self.streams {
      try await requests.once(
        requests.json(
          "firehose", "Firehose_20150804.CreateDeliveryStream",
          #"{"DeliveryStreamName":"bench-\#(stream)","ExtendedS3DestinationConfiguration":{"RoleARN":"\#(role)","#
            + #""BucketARN":"arn:aws:s3:::bench","Prefix":"rows/","ErrorOutputPrefix":"errors/","#
            + #""BufferingHints":{"SizeInMBs":128,"IntervalInSeconds":900},"DataFormatConversionConfiguration":{"#
            + #""Enabled":true,"SchemaConfiguration":{"RoleARN":"\#(role)","DatabaseName":"bench","TableName":"events"},"#
            + #""InputFormatConfiguration":{"Deserializer":{"OpenXJsonSerDe":{}}},"#
            + #""OutputFormatConfiguration":{"Serializer":{"ParquetSerDe":{}}}}}}"#))
    }
  }

  /// Makes a role that may do all.
  func role(_ name: String, trust: String, _ requests: SignedRequests) async throws {
    func iam(_ fields: [(String, String)]) async throws {
      let allowed = CharacterSet.alphanumerics
      let body = fields.map { "\($0.0)=\($0.1.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")" }
      try await requests.once(
        requests.request(
          "iam", "POST", "/", headers: [("content-type", "application/x-www-form-urlencoded")],
          body: ByteBuffer(string: (body + ["Version=2010-05-08"]).joined(separator: "&"))))
    }
    let all = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#
    try await iam([("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", trust)])
    try await iam([("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", all)])
  }

  /// Puts all events, a connection for each stream. Gives the seconds it took.
  private func ingest(_ server: ServerProcess) async throws -> Double {
    let requests = SignedRequests(port: server.port)
    let sources = (0..<Self.streams).map { ClickEvents(seed: UInt64($0)) }
    let calls = (Self.eventsPerStream + Self.recordsPerCall - 1) / Self.recordsPerCall
    let outcome = try await HTTPLoad(host: "127.0.0.1", port: server.port, connections: Self.streams)
      .run(seconds: 600) { stream, call in
        guard call < calls else { return nil }
        let count = min(Self.recordsPerCall, Self.eventsPerStream - call * Self.recordsPerCall)
        let records = (0..<count).map { _ in
          #"{"Data":"\#(Data((sources[stream].next() + "\n").utf8).base64EncodedString())"}"#
        }
        return requests.json(
          "firehose", "Firehose_20150804.PutRecordBatch",
          #"{"DeliveryStreamName":"bench-\#(stream)","Records":[\#(records.joined(separator: ","))]}"#)
      }
    guard outcome.failures == 0 else { throw BenchFailure(outcome.firstFailure ?? "a call failed") }
    return outcome.seconds
  }

  /// Waits until the server has nothing left to do, so that what follows is not charged with it.
  private func quiet(_ server: ServerProcess) async throws {
    var calm = 0
    while calm < 5 {
      let before = server.processorSeconds
      try await Task.sleep(for: .milliseconds(100))
      calm = server.processorSeconds - before < 0.02 ? calm + 1 : 0
    }
  }
}
