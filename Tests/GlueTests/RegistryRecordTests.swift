import Glue
import Testing

/// Records as AWS's serializers write them.
@Suite struct RegistryRecordTests {
  private func json(_ payload: [UInt8], _ definition: String, _ format: String) throws -> String {
    String(decoding: try RecordDecoder(definition: definition, format: format).json(payload), as: UTF8.self)
  }

  @Test func theHeaderNamesTheVersion() throws {
    let id: [UInt8] = Array(0x10...0x1F)
    let record = try RegistryRecord([3, 0] + id + Array("{}".utf8))
    #expect(record.versionID == "10111213-1415-1617-1819-1a1b1c1d1e1f")
    #expect(record.payload == Array("{}".utf8))
    // zlib.compress(b'{"a": 1}')
    let zlib: [UInt8] = [120, 156, 171, 86, 74, 84, 178, 82, 48, 172, 5, 0, 9, 229, 2, 41]
    #expect(try RegistryRecord([3, 5] + id + zlib).payload == Array(#"{"a": 1}"#.utf8))
    #expect(throws: RegistryRecord.Unreadable.self) { try RegistryRecord([3, 5] + id + zlib.dropLast(6)) }
    #expect(throws: RegistryRecord.Unreadable.self) { try RegistryRecord([3, 1] + id) }
    #expect(throws: RegistryRecord.Unreadable.self) { try RegistryRecord([3, 0, 1]) }
    #expect(!RegistryRecord.begins(Array("{}".utf8)))
  }

  static let order = #"""
    {"type":"record","name":"Order","fields":[
      {"name":"id","type":"long"},{"name":"name","type":["null","string"]},
      {"name":"tags","type":{"type":"array","items":"string"}},
      {"name":"scores","type":{"type":"map","values":"double"}},
      {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"]}},
      {"name":"day","type":{"type":"int","logicalType":"date"}},
      {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
      {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
      {"name":"next","type":["null","Order"]}]}
    """#

  @Test func avroIsReadWithItsWritersSchema() throws {
    var bytes: [UInt8] = [0x54]  // 42
    bytes += [2, 4] + Array("hi".utf8)
    bytes += [2, 2, UInt8(ascii: "x"), 1, 4, 2, UInt8(ascii: "y"), 0]  // a block of one, one with its size, the end
    bytes += [2, 2, UInt8(ascii: "k"), 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0]  // 1.5
    bytes += [2]  // B
    bytes += [1]  // the day before 1970
    bytes += [0x80, 0x89, 0x7A]  // 1 000 000 ms
    bytes += [4, 0xFF, 0x38]  // -200
    bytes += [0]
    #expect(
      try json(bytes, Self.order, "AVRO")
        == #"{"id":42,"name":"hi","tags":["x","y"],"scores":{"k":1.5},"kind":"B","day":"1969-12-31","#
        + #""at":"1970-01-01 00:16:40.000000","price":-2.00,"next":null}"#)
    #expect(throws: RegistryRecord.Unreadable.self) { try json(bytes + [0], Self.order, "AVRO") }
    for length in bytes.indices {
      #expect(throws: RegistryRecord.Unreadable.self) { try json(Array(bytes.prefix(length)), Self.order, "AVRO") }
    }
  }

  @Test func smallRecordsCannotAskForMuch() {
    let nulls = #"{"type":"array","items":"null"}"#
    let many: [UInt8] = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    #expect(throws: RegistryRecord.Unreadable.self) { try json(many + [0], nulls, "AVRO") }
    let endless = #"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#
    #expect(throws: RegistryRecord.Unreadable.self) { try json([], endless, "AVRO") }
    let chain = #"{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}"#
    #expect(throws: RegistryRecord.Unreadable.self) {
      try json([UInt8](repeating: 2, count: 5_000) + [0], chain, "AVRO")
    }
  }

  static let proto = #"""
    syntax = "proto3"; import "google/protobuf/timestamp.proto";
    message B { message C {} message A { int32 a = 1; } }
    message Order {
      sint64 id = 1; string name = 2; repeated int32 packed = 3; map<string, B.A> named = 4; State state = 5;
      optional bool seen = 6; google.protobuf.Timestamp at = 7; B.A inner = 8; bytes raw = 9; double x = 10;
    }
    enum State { NEW = 0; OLD = 1; }
    """#

  @Test func protobufIsReadByItsIndexAmongTheMessages() throws {
    // B, B.A, B.C, Order
    var bytes: [UInt8] = [3, 8, 3, 18, 2, 104, 105, 26, 3, 1, 0xAC, 0x02]
    bytes += [34, 7, 10, 1, UInt8(ascii: "k"), 18, 2, 8, 5]
    bytes += [40, 1, 58, 6, 8, 0x80, 0xA3, 0x05, 16, 0, 66, 2, 8, 1, 66, 2, 8, 2, 74, 2, 1, 2, 0xF8, 0x7F, 0]
    #expect(
      try json(bytes, Self.proto, "PROTOBUF")
        == #"{"id":-2,"name":"hi","packed":[1,300],"named":{"k":{"a":5}},"state":"OLD","at":"1970-01-02 00:00:00.000000","#
        + #""inner":{"a":2},"raw":"AQI=","x":0}"#)
    #expect(try json([1], Self.proto, "PROTOBUF") == #"{"a":0}"#)
    #expect(throws: RegistryRecord.Unreadable.self) { try json([4], Self.proto, "PROTOBUF") }
    #expect(throws: RegistryRecord.Unreadable.self) { try json([3, 18, 200, 1], Self.proto, "PROTOBUF") }
    #expect(throws: RegistryRecord.Unreadable.self) { try json([3, 13, 1, 2, 3, 4], Self.proto, "PROTOBUF").isEmpty }
  }
}
