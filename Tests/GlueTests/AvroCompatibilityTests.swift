import Glue
import Testing

/// Avro's rules of schema resolution, one row a rule.
@Suite struct AvroCompatibilityTests {
  static func record(_ fields: String) -> String { #"{"type":"record","name":"R","fields":[\#(fields)]}"# }
  static let a = #"{"name":"a","type":"string"}"#

  /// Written with the first, read with the second.
  static let rows: [(written: String, reading: String, readable: Bool)] = [
    (#""int""#, #""long""#, true), (#""long""#, #""int""#, false), (#""int""#, #""double""#, true),
    (#""float""#, #""double""#, true), (#""double""#, #""float""#, false), (#""string""#, #""bytes""#, true),
    (#""string""#, #""int""#, false),
    (#""string""#, #"["null","string"]"#, true), (#"["null","string"]"#, #""string""#, false),
    (#"["int","string"]"#, #"["string","long"]"#, true),
    (record(a), record(a + #",{"name":"b","type":"int"}"#), false),
    (record(a), record(a + #",{"name":"b","type":"int","default":0}"#), true),
    (record(a + #",{"name":"b","type":"int"}"#), record(a), true),
    (record(a), record(#"{"name":"z","aliases":["a"],"type":"string"}"#), true),
    (record(a), #"{"type":"record","name":"S","fields":[\#(a)]}"#, false),
    (record(a), #"{"type":"record","name":"S","aliases":["R"],"fields":[\#(a)]}"#, true),
    (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["A"]}"#, false),
    (
      #"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["A"],"default":"A"}"#,
      true
    ),
    (#"{"type":"fixed","name":"F","size":4}"#, #"{"type":"fixed","name":"F","size":8}"#, false),
    (#"{"type":"array","items":"int"}"#, #"{"type":"array","items":"long"}"#, true),
    (#"{"type":"map","values":"int"}"#, #"{"type":"map","values":"string"}"#, false),
    (#"{"type":"int","logicalType":"date"}"#, #""int""#, true),
    (
      record(#"{"name":"n","type":["null","R"]},{"name":"v","type":"int"}"#),
      record(#"{"name":"n","type":["null","R"]},{"name":"v","type":"long"}"#), true
    ),
  ]

  @Test(arguments: rows) func resolution(_ row: (written: String, reading: String, readable: Bool)) {
    #expect(SchemaCompatibility.problem(with: row.written, format: .avro) == nil)
    #expect(SchemaCompatibility.problem(with: row.reading, format: .avro) == nil)
    #expect(SchemaCompatibility.canRead(row.written, with: row.reading, format: .avro) == row.readable)
  }

  @Test(arguments: [
    "", "{}", #""strin""#, #"{"type":"record","name":"R"}"#, #"{"type":"enum","name":"E","symbols":["A","A"]}"#,
    #"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#,
    #"{"type":"record","name":"1R","fields":[]}"#, #"["int","int"]"#, #"{"type":"fixed","name":"F"}"#,
  ]) func malformed(_ definition: String) {
    #expect(SchemaCompatibility.problem(with: definition, format: .avro) != nil)
  }
}
