import Engine
import Firehose
import FirehoseModel
import Foundation
import Kernel
import LakeFiles
import LakeTesting
import NIOCore
import Testing

@Suite struct ConversionTests {
  static let columns = [
    ("event_id", "string"), ("ts", "timestamp"), ("tenant_id", "string"), ("amount", "double"),
    ("tags", "array<string>"), ("geo", "struct<lat:double,lon:double>"),
  ]

  func converting(
    _ house: House, deserializer: Deserializer = Deserializer(openXJsonSerDe: OpenXJsonSerDe())
  ) -> ExtendedS3DestinationConfiguration {
    var destination = house.destination(
      prefix: "raw/", errors: "errors/!{firehose:error-output-type}/", size: 128, seconds: 60)
    destination.dataFormatConversionConfiguration = DataFormatConversionConfiguration(
      schemaConfiguration: SchemaConfiguration(
        roleARN: House.role, databaseName: "db", tableName: "events", region: "us-east-1", versionId: "LATEST"),
      inputFormatConfiguration: InputFormatConfiguration(deserializer: deserializer),
      outputFormatConfiguration: OutputFormatConfiguration(
        serializer: Serializer(parquetSerDe: ParquetSerDe(compression: .snappy))), enabled: true)
    return destination
  }

  func deliver(_ house: House) async throws {
    house.clock.advance(by: .seconds(60))
    try await house.firehose.settle()
  }

  func query(_ house: House, _ sql: String) async throws -> [[EngineValue]] {
    let session = house.engine.session(for: house.context)
    let result = try await session.run(sql)
    var rows: [[EngineValue]] = []
    while let chunk = try await result.next() {
      for row in 0..<chunk.rows { rows.append(chunk.columns.map { $0[row] }) }
    }
    return rows
  }

  @Test func jsonBecomesParquet() async throws {
    let house = try await House(columns: Self.columns)
    try await house.makeStream(shards: 2)
    try await house.create("d", kinesis: true, converting(house))
    try await house.produce(
      (0..<1000).map {
        #"{"Event_Id":"e\#($0)","ts":"2026-05-19 12:00:00","tenant_id":"t","amount":\#($0).5,"tags":["a"],"geo":{"lat":1,"lon":2}}"#
      })
    try await deliver(house)
    let path = try #require(house.lake.paths.first)
    #expect(path.hasPrefix("s3://lake/raw/2026/05/19/12/d-1-") && path.hasSuffix(".parquet"))
    let rows = try await query(
      house,
      "SELECT count(*), count(DISTINCT event_id), min(ts), sum(amount), max(tags[1]), max(geo.lon) FROM '\(path)'")
    #expect(rows[0][0] == .int(1000) && rows[0][1] == .int(1000))
    #expect(rows[0][2] == .timestamp(1_779_192_000_000_000))
    #expect(house.bucket.keys.isEmpty, "no errors")
    #expect(house.taps.sum("SucceedConversion.Records") == 1000)
  }

  @Test func recordsThatDoNotConvertGoToTheErrorPrefix() async throws {
    let house = try await House(columns: Self.columns)
    try await house.makeStream(shards: 1)
    try await house.create("d", kinesis: true, converting(house))
    let bad = [#"{"event_id":"bad","ts":"no time"}"#, "not json", #"{"event_id":"worse","amount":"much"}"#]
    try await house.produce((0..<20).map { #"{"event_id":"e\#($0)","ts":1518033528}"# } + bad)
    try await deliver(house)
    let path = try #require(house.lake.paths.first)
    #expect(try await query(house, "SELECT count(*) FROM '\(path)'") == [[.int(20)]])
    let key = try #require(house.bucket.keys.first)
    #expect(key.hasPrefix("lake/errors/format-conversion-failed/d-1-2026-05-19-12-00-00-"))
    let lines = house.bucket.text(key).split(separator: "\n")
    #expect(lines.count == 3)
    for line in lines {
      let document = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(document["attemptsMade"] as? Int == 1)
      #expect(document["arrivalTimestamp"] as? Int == 1_779_192_000_000)
      let encoded = try #require(document["rawData"] as? String)
      let raw = try #require(Data(base64Encoded: encoded))
      let text = String(decoding: raw, as: UTF8.self)
      #expect(bad.contains(text))
      #expect(
        document["lastErrorCode"] as? String
          == (text == "not json" ? "DataFormatConversion.ParseError" : "DataFormatConversion.MalformedData"))
      #expect((document["sequenceNumber"] as? String)?.count == 56)
      let table = try #require(document["dataCatalogTable"] as? [String: Any])
      #expect(table["databaseName"] as? String == "db" && table["versionId"] as? String == "LATEST")
    }
    #expect(house.taps.sum("FailedConversion.Records") == 3)
  }

  @Test func onlyErrorsMakeNoParquet() async throws {
    let house = try await House(columns: Self.columns)
    try await house.create("d", converting(house))
    try await house.put(["nonsense"])
    try await deliver(house)
    #expect(house.lake.paths.isEmpty && house.bucket.keys.count == 1)
  }

  @Test func severalObjectsInOneRecord() async throws {
    let house = try await House(columns: Self.columns)
    try await house.create("d", converting(house))
    try await house.put([#"{"event_id":"a"}{"event_id":"b"}"#, "{\n\"event_id\":\n\"c\"}\n"])
    try await deliver(house)
    let path = try #require(house.lake.paths.first)
    #expect(
      try await query(house, "SELECT event_id FROM '\(path)' ORDER BY 1") == [
        [.string("a")], [.string("b")], [.string("c")],
      ])
  }

  @Test func epochsAndTextMakeTheSameMoment() async throws {
    let house = try await House(columns: Self.columns)
    try await house.create("d", converting(house))
    try await house.put([
      #"{"ts":1779192000}"#, #"{"ts":1779192000000}"#, #"{"ts":"2026-05-19 12:00:00"}"#,
      #"{"ts":"2026-05-19T12:00:00Z"}"#,
      #"{"ts":1779192000.0}"#, #"{"ts":null}"#, "{}",
    ])
    try await deliver(house)
    let path = try #require(house.lake.paths.first)
    #expect(
      try await query(house, "SELECT count(*), count(ts), count(DISTINCT ts) FROM '\(path)'") == [
        [.int(7), .int(5), .int(1)]
      ])
    #expect(house.bucket.keys.isEmpty)
  }

  @Test func conversionIsRefusedWhereAWSRefusesIt() async throws {
    let house = try await House(columns: Self.columns)
    var small = converting(house)
    small.bufferingHints = BufferingHints(sizeInMBs: 63, intervalInSeconds: 60)
    #expect(
      await failure { try await house.create("d", small) }.message
        == "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.")
    var packed = converting(house)
    packed.compressionFormat = .gzip
    #expect(await failure { try await house.create("d", packed) }.code == "InvalidArgumentException")
    house.catalog.denied.withLock { $0 = true }
    #expect(
      await failure { try await house.create("d", converting(house)) }.message.hasPrefix(
        "Access was denied when calling Glue."))
  }
}
