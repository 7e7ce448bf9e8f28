import Foundation
import Kernel
import NIOCore

/// The lab's six tasks, with a shorter buffer so that nobody waits five minutes.
struct DemoPipeline {
  static let stream = "demo-events"
  static let delivery = "demo-events-to-s3"
  static let bucket = "demo-lake"
  static let role = "demo-firehose-role"
  static let database = "demo"
  static let table = "events_parquet"
  static let curated = "events_by_hour"
  static let workGroup = "demo"
  static let account = AccountID.standard
  static let recordsPerCall = 500
  static let bufferSeconds = 5
  static let dollarsPerTerabyte = 5.0
  static let deliverySecondsMax = 120

  let client: APIClient
  let clock: any WallClock
  let events: Int

  func run() async throws {
    Terminal.step("1  A stream, a bucket, and a role for the delivery")
    try await prepare()
    Terminal.step("2  A Glue table, and a schema that producers must keep to")
    try await makeCatalog()
    Terminal.step("3  A delivery stream: Kinesis to Parquet in S3")
    try await makeDelivery()
    Terminal.step("4  \(events) events")
    let began = clock.now()
    try await produce()
    try await makeWorkGroup()
    Terminal.step("5  Delivery (buffers of \(Self.bufferSeconds) seconds), then SQL over what landed")
    try await awaitDelivery()
    Terminal.note("from the first record to the last one queryable: \((clock.now() - began).milliseconds) ms")
    let source = "\(Self.database).\(Self.table)"
    let hourly = try await query(
      "SELECT count(*) AS events, date_trunc('hour', ts) AS event_hour FROM \(source) GROUP BY 2 ORDER BY 2")
    Terminal.table(["events", "hour"], Array(hourly.rows.dropFirst()).map { [$0[0] ?? "", $0[1] ?? ""] })
    guard let hour = hourly.rows.dropFirst().first?[1] else { throw DemoFailure("no rows were delivered") }

    Terminal.step("6  The same, partitioned by hour")
    _ = try await query(
      """
      CREATE TABLE \(Self.database).\(Self.curated)
      WITH (format = 'PARQUET', parquet_compression = 'SNAPPY', partitioned_by = ARRAY['event_hour'],
        external_location = 's3://\(Self.bucket)/events/curated/events_by_hour/') AS
      SELECT event_id, ts, tenant_id, device_id, event_type, amount, date_trunc('hour', ts) AS event_hour FROM \(source)
      """)
    let condition = "= TIMESTAMP '\(hour)'"
    let columns = "count(*) AS events, sum(amount) AS amount"
    let before = try await query(
      "SELECT \(columns) FROM \(source) WHERE date_trunc('hour', ts) \(condition)")
    let after = try await query(
      "SELECT \(columns) FROM \(Self.database).\(Self.curated) WHERE event_hour \(condition)")
    guard before.rows.last == after.rows.last else {
      throw DemoFailure("the partitioned table answers differently: \(before.rows) and \(after.rows)")
    }
    Terminal.note("one hour's events and amount: \(after.rows.last?.compactMap { $0 }.joined(separator: ", ") ?? "")")
    Terminal.table(
      ["query of one hour", "bytes scanned", "price at $5 per TB", "time"],
      [("whole table", before), ("partitioned", after)].map { name, result in
        [name, Terminal.bytes(result.scannedBytes), Self.price(result.scannedBytes), "\(result.milliseconds) ms"]
      })
  }

  // MARK: - The tasks

  private func prepare() async throws {
    _ = try await kinesis(
      "CreateStream", ["StreamName": Self.stream, "StreamModeDetails": ["StreamMode": "ON_DEMAND"]])
    _ = try await client.s3("PUT", "/\(Self.bucket)")
    let trust =
      #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#
    try await client.query(
      "iam",
      [
        ("Action", "CreateRole"), ("Version", "2010-05-08"), ("RoleName", Self.role),
        ("AssumeRolePolicyDocument", trust),
      ])
    let policy = """
      {"Version":"2012-10-17","Statement":[
       {"Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:GetBucketLocation","s3:GetObject","s3:ListBucket",
        "s3:ListBucketMultipartUploads","s3:PutObject"],
        "Resource":["arn:aws:s3:::\(Self.bucket)","arn:aws:s3:::\(Self.bucket)/*"]},
       {"Effect":"Allow","Action":["kinesis:DescribeStream","kinesis:DescribeStreamSummary","kinesis:GetRecords",
        "kinesis:GetShardIterator","kinesis:ListShards"],"Resource":"\(streamARN)"},
       {"Effect":"Allow","Action":["glue:GetDatabase","glue:GetTable","glue:GetTableVersion","glue:GetTableVersions"],
        "Resource":"*"}]}
      """
    try await client.query(
      "iam",
      [
        ("Action", "PutRolePolicy"), ("Version", "2010-05-08"), ("RoleName", Self.role), ("PolicyName", "delivery"),
        ("PolicyDocument", policy),
      ])
    try await until("the stream is active") {
      let answer = try await kinesis("DescribeStreamSummary", ["StreamName": Self.stream])
      return (answer["StreamDescriptionSummary"] as? [String: Any])?["StreamStatus"] as? String == "ACTIVE"
    }
  }

  private func makeCatalog() async throws {
    _ = try await glue("CreateDatabase", ["DatabaseInput": ["Name": Self.database]])
    let columns = [
      ("event_id", "string"), ("ts", "timestamp"), ("tenant_id", "string"), ("device_id", "string"),
      ("event_type", "string"), ("amount", "double"),
    ]
    _ = try await glue(
      "CreateTable",
      [
        "DatabaseName": Self.database,
        "TableInput": [
          "Name": Self.table, "TableType": "EXTERNAL_TABLE",
          "Parameters": ["classification": "parquet", "compressionType": "snappy"],
          "StorageDescriptor": [
            "Columns": columns.map { ["Name": $0.0, "Type": $0.1] },
            "Location": "s3://\(Self.bucket)/events/raw/",
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": [
              "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
            ],
          ] as [String: Any],
        ] as [String: Any],
      ])
    let properties = columns.map { "\"\($0.0)\":{\"type\":\"\($0.1 == "double" ? "number" : "string")\"}" }
    let schema =
      #"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"#
      + properties.joined(separator: ",") + #"},"required":["event_id","ts"],"additionalProperties":false}"#
    _ = try await glue("CreateRegistry", ["RegistryName": "demo"])
    _ = try await glue(
      "CreateSchema",
      [
        "RegistryId": ["RegistryName": "demo"], "SchemaName": "event", "DataFormat": "JSON",
        "Compatibility": "BACKWARD", "SchemaDefinition": schema,
      ])
  }

  private func makeDelivery() async throws {
    let schema: [String: Any] = [
      "RoleARN": roleARN, "DatabaseName": Self.database, "TableName": Self.table, "Region": "us-east-1",
      "VersionId": "LATEST",
    ]
    let conversion: [String: Any] = [
      "Enabled": true, "SchemaConfiguration": schema,
      "InputFormatConfiguration": ["Deserializer": ["OpenXJsonSerDe": [String: String]()]],
      "OutputFormatConfiguration": ["Serializer": ["ParquetSerDe": ["Compression": "SNAPPY"]]],
    ]
    let destination: [String: Any] = [
      "RoleARN": roleARN, "BucketARN": "arn:aws:s3:::\(Self.bucket)", "Prefix": "events/raw/",
      "ErrorOutputPrefix": "events/errors/!{firehose:error-output-type}/",
      "BufferingHints": ["SizeInMBs": 128, "IntervalInSeconds": Self.bufferSeconds],
      "DataFormatConversionConfiguration": conversion,
    ]
    _ = try await client.json(
      "firehose", "Firehose_20150804.CreateDeliveryStream",
      [
        "DeliveryStreamName": Self.delivery, "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": ["KinesisStreamARN": streamARN, "RoleARN": roleARN],
        "ExtendedS3DestinationConfiguration": destination,
      ])
    try await until("the delivery stream is active") {
      let answer = try await client.json(
        "firehose", "Firehose_20150804.DescribeDeliveryStream", ["DeliveryStreamName": Self.delivery])
      let description = answer["DeliveryStreamDescription"] as? [String: Any]
      return description?["DeliveryStreamStatus"] as? String == "ACTIVE"
    }
  }

  private func produce() async throws {
    let source = DemoEvents(count: events, start: clock.now() - DemoEvents.span, seed: 42)
    var sent = 0
    let began = clock.now()
    while sent < events {
      let size = min(Self.recordsPerCall, events - sent)
      var records = (sent..<sent + size).map { index -> [String: Any] in
        let event = source.event(index)
        return ["Data": Data(event.json.utf8).base64EncodedString(), "PartitionKey": event.device]
      }
      // As a careful producer does: what a shard refused is sent again, and only that.
      while !records.isEmpty {
        let answer = try await kinesis("PutRecords", ["StreamName": Self.stream, "Records": records])
        let results = answer["Records"] as? [[String: Any]] ?? []
        records = zip(records, results).filter { $1["ErrorCode"] != nil }.map(\.0)
        if !records.isEmpty { try await clock.sleep(for: .milliseconds(200)) }
      }
      sent += size
      let seconds = max(1, (clock.now() - began).milliseconds)
      Terminal.progress("\(sent) events, \(Int64(sent) * 1000 / seconds) a second, each on disk", sent, of: events)
    }
  }

  private func awaitDelivery() async throws {
    let deadline = clock.now() + .seconds(Int64(Self.deliverySecondsMax))
    while true {
      let result = try await query("SELECT count(*) FROM \(Self.database).\(Self.table)")
      let delivered = Int(result.rows.last?.first.flatMap { $0 } ?? "") ?? 0
      Terminal.progress("\(delivered) events delivered as Parquet", delivered, of: events)
      if delivered >= events { return }
      guard clock.now() < deadline else {
        throw DemoFailure("only \(delivered) of \(events) events came through in \(Self.deliverySecondsMax) s")
      }
      try await clock.sleep(for: .milliseconds(500))
    }
  }

  // MARK: - Calls

  private var streamARN: String { "arn:aws:kinesis:us-east-1:\(Self.account):stream/\(Self.stream)" }
  private var roleARN: String { "arn:aws:iam::\(Self.account):role/\(Self.role)" }

  private func kinesis(_ operation: String, _ input: [String: Any]) async throws -> [String: Any] {
    try await client.json("kinesis", "Kinesis_20131202.\(operation)", input)
  }

  private func glue(_ operation: String, _ input: [String: Any]) async throws -> [String: Any] {
    try await client.json("glue", "AWSGlue.\(operation)", input)
  }

  private struct QueryResult {
    let rows: [[String?]]
    let scannedBytes: Int64
    let milliseconds: Int64
  }

  private func query(_ sql: String) async throws -> QueryResult {
    let started = try await client.json(
      "athena", "AmazonAthena.StartQueryExecution",
      ["QueryString": sql, "WorkGroup": Self.workGroup, "QueryExecutionContext": ["Database": Self.database]])
    guard let id = started["QueryExecutionId"] as? String else { throw DemoFailure("Athena gave no execution id") }
    while true {
      let answer = try await client.json("athena", "AmazonAthena.GetQueryExecution", ["QueryExecutionId": id])
      let execution = answer["QueryExecution"] as? [String: Any]
      let status = execution?["Status"] as? [String: Any]
      switch status?["State"] as? String {
      case "SUCCEEDED":
        let statistics = execution?["Statistics"] as? [String: Any]
        return QueryResult(
          rows: try await rows(id), scannedBytes: (statistics?["DataScannedInBytes"] as? NSNumber)?.int64Value ?? 0,
          milliseconds: (statistics?["TotalExecutionTimeInMillis"] as? NSNumber)?.int64Value ?? 0)
      case "FAILED", "CANCELLED": throw DemoFailure("\(sql)\n\(status?["StateChangeReason"] ?? "")")
      default: try await clock.sleep(for: .milliseconds(10))
      }
    }
  }

  private func rows(_ id: String) async throws -> [[String?]] {
    let answer = try await client.json("athena", "AmazonAthena.GetQueryResults", ["QueryExecutionId": id])
    let rows = (answer["ResultSet"] as? [String: Any])?["Rows"] as? [[String: Any]] ?? []
    return rows.map { row in
      (row["Data"] as? [[String: Any]] ?? []).map { $0["VarCharValue"] as? String }
    }
  }

  private func makeWorkGroup() async throws {
    _ = try await client.json(
      "athena", "AmazonAthena.CreateWorkGroup",
      [
        "Name": Self.workGroup,
        "Configuration": [
          "ResultConfiguration": ["OutputLocation": "s3://\(Self.bucket)/athena-results/"],
          "BytesScannedCutoffPerQuery": 10_737_418_240,
        ] as [String: Any],
      ])
  }

  private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = clock.now() + .seconds(60)
    while try await !condition() {
      guard clock.now() < deadline else { throw DemoFailure("waited a minute, and not yet: \(what)") }
      try await clock.sleep(for: .milliseconds(50))
    }
  }

  private static func price(_ bytes: Int64) -> String {
    let dollars = Double(bytes) / 1e12 * dollarsPerTerabyte
    return String(format: "$%.9f", dollars)
  }
}

/// The demo did not show what it promises.
struct DemoFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
