import Engine
import Firehose
import FirehoseModel
import Foundation
import GlueModel
import Kernel
import LakeTesting
import Testing

/// Records that name their schema's version in Glue's Schema Registry.
@Suite struct RegistryConversionTests {
  static let columns = [("id", "bigint"), ("name", "string")]
  static let known = "10111213-1415-1617-1819-1a1b1c1d1e1f"
  static let avro = #"""
    {"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"}]}
    """#

  private func frame(_ payload: [UInt8], version: [UInt8] = Array(0x10...0x1F)) -> [UInt8] {
    [3, 0] + version + payload
  }

  private func house(_ definition: String, _ format: String) async throws -> House {
    let house = try await House(columns: Self.columns)
    house.catalog.schemas.withLock { $0[Self.known] = (definition, DataFormat(rawValue: format)) }
    try await house.create("d", ConversionTests().converting(house))
    return house
  }

  @Test func avroRecordsAreDecodedAndBrokenOnesAreKept() async throws {
    let house = try await house(Self.avro, "AVRO")
    let unknown = frame([2, 2, 120], version: [UInt8](repeating: 0, count: 16))
    let records: [[UInt8]] = [
      frame([2, 2, 120]), frame([4, 2, 121]), Array(#"{"id":3,"name":"z"}"#.utf8), unknown, frame([4, 200]), [3, 9],
    ]
    try await house.put(bytes: records)
    try await ConversionTests().deliver(house)
    let path = try #require(house.lake.paths.first)
    let rows = try await ConversionTests().query(house, "SELECT id, name FROM '\(path)' ORDER BY id")
    #expect(rows == [[.int(1), .string("x")], [.int(2), .string("y")], [.int(3), .string("z")]])
    let errors = house.bucket.text(try #require(house.bucket.keys.first)).split(separator: "\n")
    let documents = try errors.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(
      documents.map { $0["lastErrorCode"] as? String } == [
        "DataFormatConversion.EntityNotFound", "DataFormatConversion.ParseError", "DataFormatConversion.ParseError",
      ])
    #expect(documents[0]["rawData"] as? String == Data(unknown).base64EncodedString())
  }

  @Test func queriesForPartitionKeysReadThemToo() async throws {
    let house = try await House(columns: Self.columns)
    house.catalog.schemas.withLock { $0[Self.known] = (Self.avro, .avro) }
    var destination = ConversionTests().converting(house)
    destination.prefix = "n=!{partitionKeyFromQuery:n}/"
    destination.dynamicPartitioningConfiguration = DynamicPartitioningConfiguration(enabled: true)
    destination.processingConfiguration = ProcessingConfiguration(
      enabled: true,
      processors: [
        Processor(
          type: .metadataExtraction,
          parameters: [
            ProcessorParameter(parameterName: .metadataExtractionQuery, parameterValue: "{n: .name}"),
            ProcessorParameter(parameterName: .jsonParsingEngine, parameterValue: "JQ-1.6"),
          ])
      ])
    try await house.create("d", destination)
    try await house.put(bytes: [frame([2, 2, 120]), frame([4, 2, 121]), frame([4, 200])])
    try await ConversionTests().deliver(house)
    #expect(house.lake.paths.map { $0.prefix(13) }.sorted() == ["s3://lake/n=x", "s3://lake/n=y"])
    let errors = house.bucket.text(try #require(house.bucket.keys.first))
    #expect(house.bucket.keys.count == 1 && errors.contains("DataFormatConversion.ParseError"))
  }

  @Test func jsonAndProtobufRecordsAreDecoded() async throws {
    let json = try await house(#"{"type":"object"}"#, "JSON")
    try await json.put(bytes: [frame(Array(#"{"id":7,"name":"j"}"#.utf8))])
    try await ConversionTests().deliver(json)
    let path = try #require(json.lake.paths.first)
    #expect(try await ConversionTests().query(json, "SELECT * FROM '\(path)'") == [[.int(7), .string("j")]])

    let proto = try await house(#"syntax = "proto3"; message R { int64 id = 1; string name = 2; }"#, "PROTOBUF")
    try await proto.put(bytes: [frame([0, 8, 9, 18, 1, 112])])
    try await ConversionTests().deliver(proto)
    let other = try #require(proto.lake.paths.first)
    #expect(try await ConversionTests().query(proto, "SELECT * FROM '\(other)'") == [[.int(9), .string("p")]])
  }
}
